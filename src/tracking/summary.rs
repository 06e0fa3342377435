//! Summaries of a study and of its trials, for trackers that show values by name.

use serde_json::{Value as Json, json};

use super::facts::{StudyFacts, end_of, goal};
use crate::report::{Best, Leaderboard, Row, markdown, plain};
use crate::study::{Repeat, Study};
use crate::units::TrialId;

/// The state of a trial by name: status, rung, cost and device. Values that are unknown are left out.
pub(super) fn outcome(trial: TrialId, study: &Study) -> Vec<(&'static str, Json)> {
    let Row {
        status,
        stop_reason,
        rung,
        epochs,
        best_epoch,
        trainable_parameters,
        timing,
        ..
    } = Row::of(trial, study);
    let text = |text: String| Some(text).filter(|text| !text.is_empty()).map(Json::from);
    let cpu_seconds = study.record(trial).usage.cpu_seconds;
    let size = Some(trainable_parameters).filter(|size| *size > 0);
    let all = [
        ("status", Some(json!(status.name()))),
        ("stop_reason", text(stop_reason)),
        ("rung", Some(json!(rung))),
        ("epochs", Some(json!(epochs))),
        ("best_epoch", best_epoch.map(Json::from)),
        ("trainable_parameters", size.map(Json::from)),
        ("train_seconds", Some(json!(timing.train_seconds))),
        ("wall_seconds", Some(json!(timing.wall_seconds))),
        ("peak_memory_mb", Some(json!(timing.peak_memory_mb))),
        (
            "cpu_seconds",
            Some(cpu_seconds).filter(|seconds| *seconds > 0.0).map(Json::from),
        ),
        ("device", text(timing.device)),
        (
            "failure",
            study.failure(trial).map(|failure| json!(failure.to_string())),
        ),
    ];
    all.into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

/// The settings of a study that trackers show with it.
pub(super) fn settings(facts: &StudyFacts, study: &Study) -> Vec<(&'static str, Json)> {
    let settings = study.settings();
    let data: serde_json::Map<String, Json> = study
        .inputs()
        .iter()
        .map(|part| (part.part.clone(), json!(part.fingerprint)))
        .collect();
    vec![
        ("study", json!(facts.id)),
        ("metric", json!(settings.metric)),
        ("goal", json!(goal(settings.goal))),
        ("seed", json!(settings.seed.0)),
        ("version", json!(facts.version)),
        ("samples_per_epoch", json!(settings.epoch.0)),
        ("fingerprints", Json::Object(data)),
    ]
    .into_iter()
    .chain(Some(("host", json!(facts.host))).filter(|_| !facts.host.is_empty()))
    .collect()
}

/// The results of a study that has ended: its winner, the means over fresh seeds, and every metric on the test examples.
pub(super) fn results(study: &Study) -> Vec<(String, Json)> {
    let Some(best) = Best::new(study) else {
        return Vec::new();
    };
    let metric = &best.metric;
    let mut results = vec![
        ("best_trial".to_owned(), json!(best.trial.0)),
        ("best_epoch".to_owned(), json!(best.best_epoch)),
        (format!("best_{metric}"), json!(best.value)),
    ];
    if let Some(expected) = best.expected {
        results.push((format!("selected_{metric}_mean"), json!(expected.mean)));
        let error = expected.standard_error.map(|error| json!(error));
        results.extend(error.map(|error| (format!("selected_{metric}_standard_error"), error)));
        results.push(("selected_seeds".to_owned(), json!(expected.seeds)));
    }
    let tested = study
        .tested()
        .and_then(|(_, test)| study.record(test).evaluations.last());
    let tested = tested.into_iter().flat_map(|tested| &tested.metrics);
    results.extend(tested.map(|(name, value)| (format!("test_{name}"), json!(value))));
    results
}

/// Names and values as a table in Markdown.
pub(super) fn table<'a>(values: impl IntoIterator<Item = (&'a str, &'a Json)>) -> String {
    let line = |(name, value): (&str, &Json)| format!("| {} | {} |\n", markdown(name), markdown(&plain(value)));
    let lines: String = values.into_iter().map(line).collect();
    format!("| | |\n|---|---|\n{lines}")
}

/// A table for trackers that show JSON: the leaderboard's columns and rows.
pub(super) fn leaderboard(study: &Study) -> (Vec<String>, Vec<Vec<Json>>) {
    let leaderboard = Leaderboard::new(study);
    let rows = leaderboard.rows().iter().map(|row| leaderboard.cells(row, true));
    (leaderboard.header(true), rows.collect())
}

/// The end of the study's last trial, in milliseconds since 1970.
pub(super) fn last_end(study: &Study, facts: &StudyFacts) -> i64 {
    let ends = study.trials().iter().map(|trial| end_of(trial.id, study, facts));
    ends.max().unwrap_or(facts.created)
}

/// The word for a run: of a trial of the search, or of a selection.
pub(super) fn kind_of(trial: TrialId, study: &Study) -> &'static str {
    match study.repeat(trial) {
        None => "trial",
        Some(Repeat::Reseed { .. }) => "reseed",
        Some(Repeat::Test { .. }) => "test",
    }
}
