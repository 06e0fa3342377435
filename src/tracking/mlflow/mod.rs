//! `MLflow`: a run for the study on a tracking server, and a nested run for each trial.
//!
//! [`runs`] sends what the server does not have, [`register`](mod@register) logs trained models, and [`client`] makes the
//! requests. News wait in memory until the server has taken them. After a crash the runs are found by their tags.

mod client;
mod datasets;
mod flavor;
mod model;
mod news;
mod register;
mod runs;

pub(super) use self::register::{check_names, register};

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value as Json, json};

use self::client::{Client, check};
use self::datasets::datasets;
use self::news::{Metric, Names, News, shortened};
use self::runs::{Experiment, Runs};
use super::facts::{BestSoFar, SegmentFacts, StudyFacts, Times, begun, end_of, goal};
use super::summary::{leaderboard, outcome, results};
use super::{Opened, Opening, Registered, Tracker, TrackerError, environment};
use crate::journal::Entry;
use crate::report::{Leaderboard, TrialStatus};
use crate::spec::Spec;
use crate::study::{EndReason, Event, Repeat, Study};
use crate::units::TrialId;

/// Its row in the registry.
pub(super) const TRACKER: Registered = Registered {
    name: "mlflow",
    open,
    check,
};

/// Files of the study's folder that are uploaded.
const FILES: [&str; 4] = ["report.html", "best.yaml", "incumbent.csv", "spec.yaml"];

/// Key of the study's own run. Trials have their numbers as keys.
const STUDY: &str = "study";

fn open(opening: &Opening<'_>) -> Result<Opened, TrackerError> {
    let (runs, facts, told) = connect(opening)?;
    let mut params = Names::default();
    for parameter in opening.spec.space.parameters() {
        params.of(&parameter.name);
    }
    let is_continued = opening.state == told && runs.has(STUDY);
    let tracker = MlFlow {
        times: Times::new(facts.created),
        folder: opening.folder.to_owned(),
        spec: opening.spec.clone(),
        facts,
        told,
        runs,
        news: BTreeMap::new(),
        statuses: BTreeMap::new(),
        best: BestSoFar::default(),
        params,
        metrics: Names::default(),
    };
    Ok(Opened {
        tracker: Box::new(tracker),
        is_continued,
    })
}

/// Finds the runs of a study. Returns them with the facts of the study, and with the server and the experiment.
fn connect(opening: &Opening<'_>) -> Result<(Runs, StudyFacts, Json), TrackerError> {
    let mut tracker = opening.tracker.clone();
    if let Some(out) = opening.out {
        tracker.options.insert("uri", out.display().to_string());
    }
    let client = Client::new(&tracker)?;
    let facts = StudyFacts::read(opening.folder, opening.spec)?;
    let named = opening.option("experiment");
    let id = environment("MLFLOW_EXPERIMENT_ID").filter(|_| named.is_none());
    let name = named.unwrap_or_else(|| facts.name.clone());
    let told = json!({"address": client.address(), "experiment": id.as_ref().unwrap_or(&name)});
    let runs = Runs::find(client, &id.map_or(Experiment::Named(name), Experiment::Id), &facts.id)?;
    Ok((runs, facts, told))
}

/// The runs of one study.
struct MlFlow {
    facts: StudyFacts,
    spec: Spec,
    folder: PathBuf,
    /// The state to keep: the server and the experiment.
    told: Json,
    times: Times,
    runs: Runs,
    /// News by run, those of the study first.
    news: BTreeMap<Option<TrialId>, News>,
    /// The status that was told of each trial.
    statuses: BTreeMap<TrialId, TrialStatus>,
    best: BestSoFar,
    params: Names,
    metrics: Names,
}

impl Tracker for MlFlow {
    fn record(&mut self, entry: &Entry, study: &Study) -> Result<(), TrackerError> {
        self.digest(entry, study);
        Ok(())
    }

    fn recall(&mut self, entry: &Entry, study: &Study) {
        self.digest(entry, study);
        self.news.clear();
    }

    fn flush(&mut self, _study: &Study) -> Result<Json, TrackerError> {
        while let Some(mut first) = self.news.first_entry() {
            let key = first.key().map_or_else(|| STUDY.to_owned(), |trial| trial.to_string());
            self.runs.send(&key, first.get_mut())?;
            first.remove();
        }
        Ok(self.told.clone())
    }

    fn finish(&mut self, study: &Study) -> Result<(), TrackerError> {
        let mut takes_files = self.upload_leaderboard(study)?;
        for name in FILES {
            // A study that was interrupted has no report yet.
            if let Ok(content) = std::fs::read(self.folder.join(name)) {
                takes_files &= self.runs.upload(name, content)?;
            }
        }
        if !takes_files {
            return Err(TrackerError::Refused(
                "the server does not take files for others, so the report and the leaderboard are missing there: start \
                 it with `--serve-artifacts`"
                    .to_owned(),
            ));
        }
        self.runs.left_out.take().map_or(Ok(()), Err)
    }
}

impl MlFlow {
    fn digest(&mut self, entry: &Entry, study: &Study) {
        let time = self.times.of(entry);
        match &entry.event {
            Event::StudyCreated { .. } => self.begin_study(study),
            Event::StudyResumed { .. } => self.news(None).state("RUNNING", None),
            Event::StudyEnded { reason } => self.end_study(*reason, time, study),
            Event::SegmentPlanned { trial, .. } | Event::SegmentDelivered { trial } => {
                if begun(entry).is_some() {
                    self.begin_trial(*trial, time, study);
                }
                self.tell_status(*trial, study);
            }
            _ => {}
        }
        if let Some(segment) = SegmentFacts::of(entry, study) {
            self.tell(&segment, study);
        }
        if let Some((step, value)) = self.best.by(entry, study) {
            let key = self.metrics.of(&format!("best_{}", study.settings().metric));
            self.news(None).metrics.push(Metric {
                key,
                value,
                timestamp: time,
                step,
            });
        }
    }

    fn news(&mut self, trial: Option<TrialId>) -> &mut News {
        self.news.entry(trial).or_default()
    }

    fn begin_study(&mut self, study: &Study) {
        let settings = study.settings();
        let (name, created, id) = (self.facts.name.clone(), self.facts.created, self.facts.id.clone());
        let (version, host) = (self.facts.version.clone(), self.facts.host.clone());
        let datasets = datasets(&self.spec, study);
        let news = self.news(None);
        news.begin = Some((name, created));
        news.tag("automl.trial", STUDY);
        news.tag("automl.metric", &settings.metric);
        news.tag("automl.goal", goal(settings.goal));
        news.tag("automl.seed", settings.seed.0);
        news.tag("automl.version", version);
        news.tag("automl.samples_per_epoch", settings.epoch.0);
        if !host.is_empty() {
            news.tag("automl.host", host);
        }
        for part in study.inputs() {
            news.tag(&format!("automl.fingerprint.{}", part.part), &part.fingerprint);
        }
        for (key, value) in common(&id) {
            news.tag(key, value);
        }
        news.datasets = datasets;
    }

    fn begin_trial(&mut self, trial: TrialId, time: i64, study: &Study) {
        let record = &study.trials()[trial.index()];
        let repeat = study.repeat(trial);
        let seed = study.seed_of(trial).0;
        let id = self.facts.id.clone();
        let values = record.configuration.iter();
        let params: Vec<(String, String)> = values
            .map(|(name, value)| (self.params.of(name), shortened(&value.to_string())))
            .collect();
        let news = self.news(Some(trial));
        news.begin = Some((format!("trial {trial}"), time));
        news.params = params;
        news.tag("automl.trial", trial);
        news.tag("automl.origin", &record.origin);
        news.tag("automl.config_hash", record.configuration.hash());
        news.tag("automl.seed", seed);
        match repeat {
            Some(Repeat::Reseed { of, .. }) => news.tag("automl.repeats", of),
            Some(Repeat::Test { of, .. }) => news.tag("automl.tests", of),
            None => {}
        }
        for (key, value) in common(&id) {
            news.tag(key, value);
        }
    }

    fn tell(&mut self, segment: &SegmentFacts<'_>, study: &Study) {
        let mut metrics = Vec::new();
        for point in &segment.points {
            let values = point.values.iter().map(|(name, value)| (self.metrics.of(name), *value));
            let values: Vec<(String, f64)> = values.collect();
            let epoch = (self.metrics.of("epoch"), point.epoch);
            metrics.extend(values.into_iter().chain([epoch]).map(|(key, value)| Metric {
                key,
                value,
                timestamp: point.time,
                step: point.at.0,
            }));
        }
        if let Some(report) = segment.report {
            let usage = &report.usage;
            // The servers' page of system metrics shows names that begin so.
            let busy = 100.0 * usage.cpu_seconds / usage.wall_seconds.max(1e-3);
            let usage = [
                ("system/train_seconds", Some(usage.train_seconds)),
                ("system/wall_seconds", Some(usage.wall_seconds)),
                ("system/peak_memory_mb", Some(usage.peak_memory_mb)),
                (
                    "system/cpu_utilization_percentage",
                    Some(busy).filter(|busy| *busy > 0.0),
                ),
            ];
            let known = usage.into_iter().filter_map(|(key, value)| Some((key, value?)));
            metrics.extend(known.map(|(key, value)| Metric {
                key: key.to_owned(),
                value,
                timestamp: segment.times.1,
                step: report.reached.0,
            }));
        }
        let device = study.record(segment.trial).device.clone();
        let news = self.news(Some(segment.trial));
        news.metrics.extend(metrics);
        news.tag("automl.device", device);
    }

    fn tell_status(&mut self, trial: TrialId, study: &Study) {
        let status = TrialStatus::of(trial, study);
        if self.statuses.insert(trial, status) == Some(status) {
            return;
        }
        let end = end_of(trial, study, &self.facts);
        let failure = study.failure(trial).map(ToString::to_string);
        let told = outcome(trial, study);
        let news = self.news(Some(trial));
        news.tag("automl.status", status.name());
        for name in ["stop_reason", "rung"] {
            let value = told.iter().find(|(known, _)| *known == name);
            match value.map(|(_, value)| value) {
                Some(Json::String(text)) => news.tag(&format!("automl.{name}"), text),
                Some(value) => news.tag(&format!("automl.{name}"), value),
                None => {}
            }
        }
        match status {
            TrialStatus::Running => news.state("RUNNING", None),
            TrialStatus::Paused => news.state("SCHEDULED", None),
            TrialStatus::Completed | TrialStatus::Pruned => news.state("FINISHED", Some(end)),
            TrialStatus::Failed => news.state("FAILED", Some(end)),
        }
        if let Some(failure) = failure {
            news.tag("automl.failure", failure);
        }
    }

    fn end_study(&mut self, reason: EndReason, time: i64, study: &Study) {
        for trial in study.trials() {
            self.tell_status(trial.id, study);
        }
        let told = results(study);
        let best = told
            .iter()
            .find(|(name, _)| name == "best_trial")
            .map(|(_, trial)| trial.to_string());
        // The best value is a curve already.
        let told = told.iter().filter(|(name, _)| !name.starts_with("best_"));
        let told: Vec<(String, f64)> = told
            .filter_map(|(name, value)| Some((self.metrics.of(name), value.as_f64()?)))
            .collect();
        let news = self.news(None);
        news.tag("automl.stop_reason", reason.name());
        if let Some(best) = best {
            news.tag("automl.best_trial", best);
        }
        news.metrics.extend(told.into_iter().map(|(key, value)| Metric {
            key,
            value,
            timestamp: time,
            step: 0,
        }));
        let status = match reason {
            EndReason::Failures => "FAILED",
            EndReason::Target | EndReason::Wall | EndReason::Trials | EndReason::Exhausted => "FINISHED",
        };
        news.state(status, Some(time));
    }

    /// Uploads the leaderboard as CSV and as a table that the server's page shows.
    fn upload_leaderboard(&mut self, study: &Study) -> Result<bool, TrackerError> {
        let leaderboard = Leaderboard::new(study);
        let mut csv = Vec::new();
        // Writing to memory cannot fail.
        let _ = leaderboard.write_csv(&mut csv, true);
        let (columns, rows) = self::leaderboard(study);
        let table = json!({"columns": columns, "data": rows});
        let takes_files = self.runs.upload("leaderboard.csv", csv)?
            && self.runs.upload("leaderboard.json", table.to_string().into_bytes())?;
        if takes_files {
            let mut news = News::default();
            news.tag(
                "mlflow.loggedArtifacts",
                json!([{"path": "leaderboard.json", "type": "table"}]),
            );
            self.runs.send(STUDY, &mut news)?;
        }
        Ok(takes_files)
    }
}

/// Tags of every run.
fn common(study: &str) -> Vec<(&'static str, String)> {
    let mut tags = vec![
        ("automl.study", study.to_owned()),
        ("mlflow.source.name", "automl search".to_owned()),
        ("mlflow.source.type", "LOCAL".to_owned()),
    ];
    let user = environment("USER").or_else(|| environment("LOGNAME"));
    tags.extend(user.map(|user| ("mlflow.user", user)));
    tags
}
