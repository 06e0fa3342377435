//! The journal file of Optuna: `optuna-dashboard` and `optuna.load_study` open a study of ours.
//!
//! The file has one operation a line. It only grows, because a running dashboard reads on from where it was, and writes
//! its notes into the same file. See `optuna/storages/journal/_storage.py` for the operations.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::facts::{Closed, SegmentFacts, StudyFacts, Times, begun, end_of, goal};
use super::summary::{outcome, results, settings};
use super::{Opened, Opening, Registered, Tracker, TrackerError};
use crate::files::replace;
use crate::journal::Entry;
use crate::report::TrialStatus;
use crate::space::{Configuration, Domain, Space, Value};
use crate::study::{Event, Settings, Study};
use crate::units::{Goal, TrialId};

/// Its row in the registry.
pub(super) const TRACKER: Registered = Registered {
    name: "optuna",
    open,
    check: |_| Ok(()),
};

/// Operations (`JournalOperation`).
const CREATE_STUDY: u8 = 0;
const DELETE_STUDY: u8 = 1;
const SET_STUDY_USER_ATTRIBUTE: u8 = 2;
const SET_STUDY_SYSTEM_ATTRIBUTE: u8 = 3;
const CREATE_TRIAL: u8 = 4;
const SET_TRIAL_STATE: u8 = 6;
const SET_INTERMEDIATE_VALUE: u8 = 7;
const SET_TRIAL_USER_ATTRIBUTE: u8 = 8;

/// States of trials (`TrialState`).
const RUNNING: u8 = 0;
const COMPLETE: u8 = 1;
const PRUNED: u8 = 2;
const FAIL: u8 = 3;

fn open(opening: &Opening<'_>) -> Result<Opened, TrackerError> {
    let facts = StudyFacts::read(opening.folder, opening.spec)?;
    let file = Lines {
        path: opening.target("file", "optuna.log"),
        worker: format!("automl-{}", facts.id),
        length: None,
        waiting: Vec::new(),
    };
    let tracker = Optuna {
        times: Times::new(facts.created),
        facts,
        file,
        trials: 0,
        ids: Vec::new(),
        has_repeats: false,
        is_ended: false,
        closed: Closed::default(),
    };
    Ok(Opened {
        tracker: Box::new(tracker),
        // The lines are compared with the journal from its beginning.
        is_continued: false,
    })
}

/// The journal file of one study.
struct Optuna {
    facts: StudyFacts,
    times: Times,
    file: Lines,
    /// Number of trials in the file.
    trials: u32,
    /// The number of every trial in the file.
    ids: Vec<u32>,
    /// `true` if the second study is there, which has the runs with fresh seeds.
    has_repeats: bool,
    is_ended: bool,
    closed: Closed,
}

impl Tracker for Optuna {
    fn record(&mut self, entry: &Entry, study: &Study) -> Result<(), TrackerError> {
        let time = self.times.of(entry);
        if matches!(entry.event, Event::StudyCreated { .. }) {
            let name = self.facts.name.clone();
            self.create_study(0, &name, study);
        }
        if let Some(trial) = begun(entry) {
            self.begin(trial, time, study);
        }
        if let Some(segment) = SegmentFacts::of(entry, study) {
            self.tell(&segment, study);
        }
        if let Some((trial, status)) = self.closed.by(entry, study) {
            self.end(trial, status, study);
        }
        Ok(())
    }

    fn flush(&mut self, study: &Study) -> Result<Json, TrackerError> {
        for (trial, status) in self.closed.by_the_end(study) {
            self.end(trial, status, study);
        }
        if let Some(reason) = study.ended().filter(|_| !self.is_ended) {
            self.is_ended = true;
            let told = results(study).into_iter();
            let told = told.chain([("stop_reason".to_owned(), json!(reason.name()))]);
            self.say_of_study(0, told.map(|(name, value)| (format!("automl.{name}"), value)));
        }
        self.file.write()?;
        Ok(Json::Null)
    }
}

impl Optuna {
    fn create_study(&mut self, id: u8, name: &str, study: &Study) {
        let goals = goals(study.settings());
        let directions: Vec<u8> = goals.iter().map(|(_, goal)| direction(*goal)).collect();
        let metrics: Vec<&str> = goals.iter().map(|(name, _)| *name).collect();
        self.file
            .push(CREATE_STUDY, &json!({"study_name": name, "directions": directions}));
        let names = json!({"study_id": id, "system_attr": {"study:metric_names": metrics}});
        self.file.push(SET_STUDY_SYSTEM_ATTRIBUTE, &names);
        let told = settings(&self.facts, study).into_iter();
        self.say_of_study(id, told.map(|(name, value)| (format!("automl.{name}"), value)));
    }

    fn say_of_study(&mut self, id: u8, values: impl IntoIterator<Item = (String, Json)>) {
        for (name, value) in values {
            let attribute = json!({"study_id": id, "user_attr": {name: value}});
            self.file.push(SET_STUDY_USER_ATTRIBUTE, &attribute);
        }
    }

    fn begin(&mut self, trial: TrialId, time: i64, study: &Study) {
        let is_repeat = study.repeat(trial).is_some();
        if is_repeat && !self.has_repeats {
            // Among the trials of the search they would count in the importance of parameters.
            self.has_repeats = true;
            let name = format!("{} (fresh seeds)", self.facts.name);
            self.create_study(1, &name, study);
        }
        let record = &study.trials()[trial.index()];
        let (params, distributions) = configuration(&record.configuration, &study.settings().space);
        let attributes = json!({
            "automl.trial": trial.0,
            "origin": record.origin,
            "config_hash": record.configuration.hash(),
            "seed": study.seed_of(trial).0,
        });
        let operation = json!({
            "study_id": u8::from(is_repeat),
            "datetime_start": date(time),
            "state": RUNNING,
            "value": null,
            "values": null,
            "params": params,
            "distributions": distributions,
            "user_attrs": attributes,
            "system_attrs": {},
            "intermediate_values": {},
        });
        self.file.push(CREATE_TRIAL, &operation);
        self.ids.resize(trial.index() + 1, 0);
        self.ids[trial.index()] = self.trials;
        self.trials += 1;
    }

    fn id(&self, trial: TrialId) -> u32 {
        self.ids.get(trial.index()).copied().unwrap_or(0)
    }

    fn tell(&mut self, segment: &SegmentFacts<'_>, study: &Study) {
        let id = self.id(segment.trial);
        for point in &segment.points {
            let mut values = point.values.iter().filter(|_| point.is_evaluation);
            let value = values.find(|(name, _)| *name == study.settings().metric);
            if let Some((_, value)) = value.filter(|(_, value)| value.is_finite()) {
                let operation = json!({"trial_id": id, "step": point.at.0, "intermediate_value": value});
                self.file.push(SET_INTERMEDIATE_VALUE, &operation);
            }
        }
    }

    fn end(&mut self, trial: TrialId, status: TrialStatus, study: &Study) {
        let id = self.id(trial);
        let values = values(trial, study);
        let state = match status {
            // A complete trial must have a value.
            TrialStatus::Completed if values.is_none() => FAIL,
            TrialStatus::Completed => COMPLETE,
            TrialStatus::Pruned | TrialStatus::Running | TrialStatus::Paused => PRUNED,
            TrialStatus::Failed => FAIL,
        };
        let status = ("automl.status", json!(status.name()));
        let told = outcome(trial, study).into_iter().filter(|(name, _)| *name != "status");
        for (name, value) in std::iter::once(status).chain(told) {
            let operation = json!({"trial_id": id, "user_attr": {name: value}});
            self.file.push(SET_TRIAL_USER_ATTRIBUTE, &operation);
        }
        // Nothing about a trial counts after this line.
        let end = date(end_of(trial, study, &self.facts));
        let values = values.filter(|_| state != FAIL);
        let operation = json!({"trial_id": id, "state": state, "values": values, "datetime_complete": end});
        self.file.push(SET_TRIAL_STATE, &operation);
    }
}

/// The metrics to optimize: the study's metric, or all of a Pareto front.
fn goals(settings: &Settings) -> Vec<(&str, Goal)> {
    let others = settings.criteria.others.iter();
    let others = others.filter(|_| settings.criteria.has_front());
    std::iter::once((settings.metric.as_str(), settings.goal))
        .chain(others.map(|metric| (metric.name.as_str(), metric.goal)))
        .collect()
}

fn direction(wanted: Goal) -> u8 {
    if goal(wanted) == "minimize" { 1 } else { 2 }
}

fn values(trial: TrialId, study: &Study) -> Option<Vec<f64>> {
    let goals = goals(study.settings());
    let values: Vec<f64> = if let Some(scores) = study.best_scores(trial) {
        let values = goals.iter().zip(&scores.losses);
        values.map(|((_, goal), loss)| goal.value(*loss)).collect()
    } else {
        // A run on the test examples is no result of the search.
        let last = study.record(trial).evaluations.last()?;
        let values = goals.iter().map(|(name, _)| last.metrics.get(*name).copied());
        values.collect::<Option<_>>()?
    };
    values.iter().all(|value| value.is_finite()).then_some(values)
}

/// Values and distributions of parameters. A category is the index of its value, and a distribution is a text.
fn configuration(configuration: &Configuration, space: &Space) -> (Json, Json) {
    let (mut params, mut distributions) = (serde_json::Map::new(), serde_json::Map::new());
    for (name, value) in configuration.iter() {
        let Some(parameter) = space.parameter(name) else {
            continue;
        };
        if let Some(internal) = internal(value, &parameter.domain) {
            params.insert(name.to_owned(), internal);
            let text = distribution(&parameter.domain).to_string();
            distributions.insert(name.to_owned(), text.into());
        }
    }
    (params.into(), distributions.into())
}

fn internal(value: &Value, domain: &Domain) -> Option<Json> {
    match domain {
        Domain::Choice { values, .. } | Domain::Weighted { values, .. } => {
            values.iter().position(|known| known.is_same(value)).map(Json::from)
        }
        Domain::Float { .. } | Domain::Int { .. } | Domain::Normal { .. } => value.as_f64().map(Json::from),
    }
}

/// A distribution of Optuna. A logarithmic one has no step there.
fn distribution(domain: &Domain) -> Json {
    match domain {
        Domain::Float { min, max, log, step } => {
            let step = step.filter(|_| !log);
            json!({"name": "FloatDistribution", "attributes": {"step": step, "low": min, "high": max, "log": log}})
        }
        Domain::Int { min, max, log, step } => {
            let step = if *log { 1 } else { *step };
            json!({"name": "IntDistribution", "attributes": {"log": log, "step": step, "low": min, "high": max}})
        }
        Domain::Normal { range, .. } => distribution(range),
        Domain::Choice { values, .. } | Domain::Weighted { values, .. } => {
            let choices: Vec<Json> = values.iter().map(choice).collect();
            json!({"name": "CategoricalDistribution", "attributes": {"choices": choices}})
        }
    }
}

fn choice(value: &Value) -> Json {
    match value {
        // Choices are scalars there.
        Value::Data(text) => text.as_str().into(),
        other => other.to_json(),
    }
}

fn date(time: i64) -> String {
    let time = Timestamp::from_millisecond(time).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}

/// A file of lines, into which other programs may write lines of their own.
struct Lines {
    path: PathBuf,
    /// The writer that every line names.
    worker: String,
    /// Length of the file after the last write; `None` before the first.
    length: Option<u64>,
    waiting: Vec<String>,
}

impl Lines {
    fn push(&mut self, code: u8, operation: &Json) {
        let mut line = serde_json::Map::new();
        line.insert("op_code".to_owned(), code.into());
        line.insert("worker_id".to_owned(), self.worker.as_str().into());
        line.extend(operation.as_object().cloned().unwrap_or_default());
        self.waiting.push(Json::Object(line).to_string());
    }

    fn write(&mut self) -> Result<(), TrackerError> {
        let kept = match self.length {
            None => self.compare()?,
            Some(_) => Some(0),
        };
        if let Some(kept) = kept {
            self.append(kept).map_err(|source| self.failed(source))?;
        }
        self.waiting.clear();
        Ok(())
    }

    /// Compares the lines with those in the file. Returns how many of them it has; `None` if the file is written anew.
    fn compare(&mut self) -> Result<Option<usize>, TrackerError> {
        let found = match std::fs::read(&self.path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(self.failed(source)),
        };
        let text = String::from_utf8_lossy(&found);
        // A crash may have cut off the last line.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for line in text[..whole].lines() {
            let json: Json = serde_json::from_str(line).unwrap_or_default();
            if json["worker_id"] == self.worker.as_str() {
                own.push(line);
                continue;
            }
            let code = json["op_code"].as_u64();
            if [CREATE_STUDY, DELETE_STUDY, CREATE_TRIAL]
                .map(u64::from)
                .map(Some)
                .contains(&code)
                || code.is_none()
            {
                let path = self.path.display();
                return Err(TrackerError::Options(format!(
                    "`{path}` has studies or trials of another program: give every study its own file"
                )));
            }
            others.push(line);
        }
        if self
            .waiting
            .starts_with(&own.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>())
        {
            if whole < found.len() {
                let file = OpenOptions::new().write(true).open(&self.path);
                file.and_then(|file| file.set_len(whole as u64))
                    .map_err(|source| self.failed(source))?;
            }
            return Ok(Some(own.len()));
        }
        // The study went on after its end, so trials that had ended are open again.
        let own = self.waiting.iter().map(String::as_str);
        let lines: String = own.chain(others).flat_map(|line| [line, "\n"]).collect();
        replace(&self.path, lines.as_bytes()).map_err(|source| self.failed(source))?;
        self.length = Some(lines.len() as u64);
        Ok(None)
    }

    /// Appends the lines after the first `kept` in one write, so that lines of another program do not come in between.
    fn append(&mut self, kept: usize) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        if file.metadata()?.len() < self.length.unwrap_or(0) {
            return Err(io::Error::other("another program has made it shorter: remove it"));
        }
        let lines: String = self.waiting[kept..]
            .iter()
            .flat_map(|line| [line.as_str(), "\n"])
            .collect();
        file.write_all(lines.as_bytes())?;
        self.length = Some(file.metadata()?.len());
        Ok(())
    }

    fn failed(&self, source: io::Error) -> TrackerError {
        TrackerError::File {
            path: self.path.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: PathBuf, count: usize) -> Lines {
        let mut lines = Lines {
            path,
            worker: "automl-1".to_owned(),
            length: None,
            waiting: Vec::new(),
        };
        for step in 0..count {
            lines.push(SET_INTERMEDIATE_VALUE, &json!({"step": step}));
        }
        lines
    }

    fn steps(path: &std::path::Path) -> Vec<Option<u64>> {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.ends_with('\n'));
        let step = |line: &str| serde_json::from_str::<Json>(line).unwrap()["step"].as_u64();
        text.lines().map(step).collect()
    }

    #[test]
    fn lines_are_there_once_beside_those_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below").join("optuna.log");
        lines(path.clone(), 2).write().unwrap();
        // The dashboard writes a note, and a crash cuts off a line.
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"op_code\": 2, \"worker_id\": \"dashboard\"}\n{\"op_co");
        std::fs::write(&path, text).unwrap();
        let mut again = lines(path.clone(), 3);
        again.write().unwrap();
        again.push(SET_INTERMEDIATE_VALUE, &json!({"step": 3}));
        again.write().unwrap();
        assert_eq!(steps(&path), [Some(0), Some(1), None, Some(2), Some(3)]);
        // A study that goes on after its end has fewer lines than before: notes stay.
        lines(path.clone(), 1).write().unwrap();
        assert_eq!(steps(&path), [Some(0), None]);
    }

    #[test]
    fn a_file_with_trials_of_others_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("optuna.log");
        let other = "{\"op_code\": 4, \"worker_id\": \"me\"}\n";
        std::fs::write(&path, other).unwrap();
        let error = lines(path.clone(), 1).write().unwrap_err().to_string();
        assert!(error.contains("its own file"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), other);
    }

    #[test]
    fn values_are_those_that_optuna_stores() {
        let choice = Domain::Choice {
            values: vec![
                Value::Text("a".to_owned()),
                Value::Bool(true),
                Value::Data("[1]".to_owned()),
            ],
            ordered: false,
        };
        assert_eq!(internal(&Value::Bool(true), &choice), Some(json!(1)));
        assert_eq!(internal(&Value::Int(7), &choice), None);
        let found = distribution(&choice);
        assert_eq!(found["attributes"]["choices"], json!(["a", true, "[1]"]));
        let rate = Domain::Float {
            min: 1e-5,
            max: 1e-1,
            log: true,
            step: Some(1e-5),
        };
        assert_eq!(distribution(&rate)["attributes"]["step"], Json::Null);
        assert_eq!(date(1_500), "1970-01-01T00:00:01.500000+00:00");
    }
}
