//! Event files for `TensorBoard`: curves, hyperparameters and texts, with one folder for the study and one for each trial.

mod events;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::json;

use self::events::{beginning, hparams, scalar, text};
use super::facts::{BestSoFar, Closed, SegmentFacts, StudyFacts, Times, begun, end_of};
use super::growing::Growing;
use super::protobuf::Message;
use super::summary::{kind_of, outcome, results, settings, table};
use super::{Opened, Opening, Registered, Tracker, TrackerError};
use crate::journal::Entry;
use crate::report::{Leaderboard, TrialStatus, markdown, plain, short};
use crate::space::{Domain, Space, Value};
use crate::study::{Event, Study};
use crate::units::TrialId;

/// Its row in the registry.
pub(super) const TRACKER: Registered = Registered {
    name: "tensorboard",
    open,
    check: |_| Ok(()),
};

/// Types of hyperparameters (`DataType` in `hparams/api.proto`).
const TYPE_TEXT: u64 = 1;
const TYPE_BOOLEAN: u64 = 2;
const TYPE_NUMBER: u64 = 3;

/// Number of trials in the leaderboard among the texts.
const MOST_ROWS: usize = 100;

fn open(opening: &Opening<'_>) -> Result<Opened, TrackerError> {
    let facts = StudyFacts::read(opening.folder, opening.spec)?;
    let folder = opening.target("folder", "tensorboard");
    let study = Run::new(&folder.join("study"), facts.created);
    let tracker = TensorBoard {
        times: Times::new(facts.created),
        facts,
        folder,
        study,
        trials: BTreeMap::new(),
        touched: BTreeSet::new(),
        closed: Closed::default(),
        best: BestSoFar::default(),
        has_metrics: false,
        is_ended: false,
    };
    Ok(Opened {
        tracker: Box::new(tracker),
        // The files are compared with the journal from its beginning.
        is_continued: false,
    })
}

/// The event files of one study.
struct TensorBoard {
    facts: StudyFacts,
    folder: PathBuf,
    times: Times,
    study: Run,
    trials: BTreeMap<TrialId, Run>,
    /// Trials with news since the last flush.
    touched: BTreeSet<TrialId>,
    closed: Closed,
    best: BestSoFar,
    /// `true` when the metrics are known and told.
    has_metrics: bool,
    is_ended: bool,
}

impl Tracker for TensorBoard {
    fn record(&mut self, entry: &Entry, study: &Study) -> Result<(), TrackerError> {
        let time = self.times.of(entry);
        if matches!(entry.event, Event::StudyCreated { .. }) {
            let spec = format!("```yaml\n{}```", self.facts.yaml);
            self.study.push(&text(self.facts.created, "study/spec", &spec));
            let told = settings(&self.facts, study);
            let about = table(told.iter().map(|(name, value)| (*name, value)));
            self.study.push(&text(self.facts.created, "study/settings", &about));
        }
        if let Some(trial) = begun(entry) {
            self.begin(trial, time, study);
        }
        if let Some(segment) = SegmentFacts::of(entry, study) {
            self.tell(&segment, study);
        }
        if let Some((results, value)) = self.best.by(entry, study) {
            let tag = format!("study/best_{}", study.settings().metric);
            self.study.push(&scalar(time, results, &tag, value));
        }
        if let Some((trial, status)) = self.closed.by(entry, study) {
            self.end(trial, status, study);
        }
        Ok(())
    }

    fn flush(&mut self, study: &Study) -> Result<serde_json::Value, TrackerError> {
        for (trial, status) in self.closed.by_the_end(study) {
            self.end(trial, status, study);
        }
        if study.ended().is_some() && !self.is_ended {
            self.is_ended = true;
            let last = study.trials().iter().map(|trial| end_of(trial.id, study, &self.facts));
            let time = last.max().unwrap_or(self.facts.created);
            self.study.push(&text(time, "study/leaderboard", &leaderboard(study)));
            let told = results(study);
            let about = table(told.iter().map(|(name, value)| (name.as_str(), value)));
            self.study.push(&text(time, "study/results", &about));
        }
        self.study.file.write()?;
        while let Some(trial) = self.touched.first().copied() {
            if let Some(run) = self.trials.get_mut(&trial) {
                run.file.write()?;
            }
            self.touched.remove(&trial);
        }
        Ok(serde_json::Value::Null)
    }
}

impl TensorBoard {
    fn run(&mut self, trial: TrialId) -> &mut Run {
        self.touched.insert(trial);
        let (folder, created) = (&self.folder, self.facts.created);
        let run = self.trials.entry(trial);
        run.or_insert_with(|| Run::new(&folder.join(run_name(trial)), created))
    }

    fn begin(&mut self, trial: TrialId, time: i64, study: &Study) {
        let configuration = &study.trials()[trial.index()].configuration;
        let mut session = Message::new();
        for (name, value) in configuration.iter() {
            let pair = Message::new().bytes(1, name).message(2, &any_value(value));
            session = session.message(1, &pair);
        }
        let session = session.bytes(4, run_name(trial)).double(5, time as f64 / 1e3);
        let begin = hparams(time, "session_start_info", &Message::new().message(3, &session));
        self.run(trial).push(&begin);
    }

    fn tell(&mut self, segment: &SegmentFacts<'_>, study: &Study) {
        let first = segment.points.iter().find(|point| point.is_evaluation);
        if let Some(first) = first.filter(|_| !self.has_metrics) {
            self.has_metrics = true;
            let metrics: Vec<&str> = first.values.iter().map(|(name, _)| *name).collect();
            let experiment = experiment(&self.facts, study, &metrics);
            self.study.push(&hparams(self.facts.created, "experiment", &experiment));
        }
        let run = self.run(segment.trial);
        for point in &segment.points {
            for (name, value) in &point.values {
                run.push(&scalar(point.time, point.at.0, name, *value));
            }
            if point.is_evaluation {
                run.push(&scalar(point.time, point.at.0, "epoch", point.epoch));
            }
        }
    }

    fn end(&mut self, trial: TrialId, status: TrialStatus, study: &Study) {
        let time = end_of(trial, study, &self.facts);
        let (is_failed, failure) = (status == TrialStatus::Failed, study.failure(trial));
        let session = Message::new()
            .integer(1, if is_failed { 2 } else { 1 })
            .double(2, time as f64 / 1e3);
        let end = hparams(time, "session_end_info", &Message::new().message(4, &session));
        let record = &study.trials()[trial.index()];
        let of_trial = [
            ("origin", json!(record.origin)),
            ("kind", json!(kind_of(trial, study))),
            ("config_hash", json!(record.configuration.hash())),
            ("seed", json!(study.seed_of(trial).0)),
        ];
        let told = of_trial.into_iter().chain(outcome(trial, study)).collect::<Vec<_>>();
        let run = self.run(trial);
        let about = table(told.iter().map(|(name, value)| (*name, value)));
        run.push(&text(time, "trial", &about));
        if let Some(failure) = failure {
            run.push(&text(time, "failure", &markdown(&failure.to_string())));
        }
        run.push(&end);
    }
}

/// A folder with one event file.
struct Run {
    file: Growing,
}

impl Run {
    fn new(folder: &Path, created: i64) -> Self {
        let name = format!("events.out.tfevents.{}.automl", created / 1_000);
        let mut file = Growing::new(folder.join(name));
        file.push(&beginning(created));
        Self { file }
    }

    fn push(&mut self, record: &[u8]) {
        self.file.push(record);
    }
}

fn run_name(trial: TrialId) -> String {
    format!("trial-{:04}", trial.0)
}

/// The columns of the page of hyperparameters. The study's metric comes first: the page sorts and colours by it.
fn experiment(facts: &StudyFacts, study: &Study, metrics: &[&str]) -> Message {
    let settings = study.settings();
    let mut experiment = Message::new()
        .bytes(6, &facts.name)
        .double(3, facts.created as f64 / 1e3);
    for parameter in settings.space.parameters() {
        let info = Message::new()
            .bytes(1, &parameter.name)
            .integer(4, type_of(&parameter.name, &settings.space));
        experiment = experiment.message(4, &info);
    }
    let (own, others): (Vec<&str>, Vec<&str>) = metrics.iter().partition(|metric| **metric == settings.metric);
    for metric in own.into_iter().chain(others) {
        let name = Message::new().bytes(2, metric);
        experiment = experiment.message(5, &Message::new().message(1, &name));
    }
    Message::new().message(2, &experiment)
}

fn type_of(name: &str, space: &Space) -> u64 {
    let domain = space.parameter(name).map(|parameter| &parameter.domain);
    match domain {
        Some(Domain::Choice { values, .. } | Domain::Weighted { values, .. }) => {
            if values.iter().all(|value| matches!(value, Value::Bool(_))) {
                TYPE_BOOLEAN
            } else if values.iter().all(|value| value.as_f64().is_some()) {
                TYPE_NUMBER
            } else {
                TYPE_TEXT
            }
        }
        Some(Domain::Float { .. } | Domain::Int { .. } | Domain::Normal { .. }) | None => TYPE_NUMBER,
    }
}

/// A `google.protobuf.Value`.
fn any_value(value: &Value) -> Message {
    match value {
        Value::Bool(truth) => Message::new().integer(4, u64::from(*truth)),
        Value::Int(number) => Message::new().double(2, *number as f64),
        Value::Float(number) => Message::new().double(2, *number),
        Value::Text(text) | Value::Data(text) => Message::new().bytes(3, text),
    }
}

/// The best trials as a table in Markdown.
fn leaderboard(study: &Study) -> String {
    let mut leaderboard = Leaderboard::new(study);
    leaderboard.truncate(MOST_ROWS);
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let header = leaderboard.header(false);
    let mut table = line(header.iter().map(|name| markdown(name)).collect());
    table.push_str(&line(vec!["---".to_owned(); header.len()]));
    for row in leaderboard.rows() {
        let cells = leaderboard.cells(row, false);
        table.push_str(&line(cells.iter().map(|cell| markdown(&short(&plain(cell)))).collect()));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::protobuf::reading::{all, text as text_of};

    #[test]
    fn a_value_keeps_its_type() {
        assert_eq!(any_value(&Value::Bool(false)).encoded(), [0x20, 0]);
        assert_eq!(any_value(&Value::Int(1)).encoded()[0], 0x11);
        assert_eq!(
            text_of(any_value(&Value::Text("a".to_owned())).encoded(), 3).unwrap(),
            "a"
        );
    }

    #[test]
    fn a_new_file_begins_with_its_version() {
        let run = Run::new(Path::new("runs"), 1_700_000_000_123);
        assert!(run.file.path().ends_with("events.out.tfevents.1700000000.automl"));
        let mut file = beginning(0);
        file.extend(hparams(0, "session_end_info", &Message::new().bytes(4, b"x")));
        let events = events::reading::events(&file);
        let value = all(&all(&events[1], 5)[0], 1).remove(0);
        assert_eq!(text_of(&value, 1).unwrap(), "_hparams_/session_end_info");
    }
}
