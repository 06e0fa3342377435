//! Summaries of a study and of its trials, for trackers that show values by name.

use serde_json::{Value as Json, json};

use super::facts::{StudyFacts, end_of, goal};
use crate::report::{Leaderboard, Row};
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
        ("fingerprints", Json::Object(data)),
    ]
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
