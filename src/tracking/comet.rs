//! Offline experiments of Comet, an archive for the study and one for each trial, which `comet upload` uploads.
//!
//! An archive cannot grow, so a trial's is written when the trial has ended. Its key follows from the study and the trial,
//! and Comet takes a key only once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;

use serde_json::{Value as Json, json};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::facts::{Closed, SegmentFacts, StudyFacts, Times, begun, end_of, goal};
use super::summary::{kind_of, last_end, outcome, results, settings};
use super::{Opened, Opening, Registered, Tracker, TrackerError, option};
use crate::files::replace_soon;
use crate::journal::Entry;
use crate::report::TrialStatus;
use crate::spec::TrackerSpec;
use crate::study::Study;
use crate::units::TrialId;

/// Its row in the registry.
pub(super) const TRACKER: Registered = Registered {
    name: "comet",
    open,
    check,
};

/// Longest message of a failure with an experiment.
const LONGEST_FAILURE: usize = 1_000;

/// Files of the study's folder that its experiment has.
const FILES: [&str; 4] = ["report.html", "leaderboard.csv", "best.yaml", "spec.yaml"];

fn check(tracker: &TrackerSpec) -> Result<(), TrackerError> {
    for name in ["project", "workspace"] {
        if option(tracker, name).is_some_and(|value| value.contains('/')) {
            return Err(TrackerError::Options(format!(
                "the `{name}` of `comet` has a `/`: give the workspace as `workspace` and the project as `project`"
            )));
        }
    }
    Ok(())
}

fn open(opening: &Opening<'_>) -> Result<Opened, TrackerError> {
    let facts = StudyFacts::read(opening.folder, opening.spec)?;
    let tracker = Comet {
        project: opening.option("project").unwrap_or_else(|| facts.name.clone()),
        workspace: opening.option("workspace"),
        folder: opening.target("folder", "comet"),
        study_folder: opening.folder.to_owned(),
        times: Times::new(facts.created),
        facts,
        open: BTreeMap::new(),
        ended: Vec::new(),
        closed: Closed::default(),
    };
    Ok(Opened {
        tracker: Box::new(tracker),
        // The archives are compared with the journal from its beginning.
        is_continued: false,
    })
}

/// The experiments of one study.
struct Comet {
    facts: StudyFacts,
    project: String,
    workspace: Option<String>,
    folder: PathBuf,
    study_folder: PathBuf,
    times: Times,
    /// Experiments of trials that have not ended.
    open: BTreeMap<TrialId, Experiment>,
    /// Experiments whose archive is not written.
    ended: Vec<Experiment>,
    closed: Closed,
}

impl Tracker for Comet {
    fn record(&mut self, entry: &Entry, study: &Study) -> Result<(), TrackerError> {
        let time = self.times.of(entry);
        if let Some(trial) = begun(entry) {
            self.begin(trial, time, study);
        }
        if let Some(segment) = SegmentFacts::of(entry, study)
            && let Some(experiment) = self.open.get_mut(&segment.trial)
        {
            for point in &segment.points {
                for (name, value) in &point.values {
                    // The epoch there is a whole number.
                    let metric = json!({
                        "metricName": name,
                        "metricValue": value,
                        "step": point.at.0,
                        "epoch": point.epoch as u64,
                    });
                    experiment.say("metric_msg", json!({"local_timestamp": point.time, "metric": metric}));
                }
            }
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
        while let Some(experiment) = self.ended.last() {
            self.write(experiment)?;
            self.ended.pop();
        }
        Ok(Json::Null)
    }

    fn finish(&mut self, study: &Study) -> Result<(), TrackerError> {
        let Some(reason) = study.ended() else { return Ok(()) };
        let mut experiment = self.experiment("study", &self.facts.name, study);
        for (name, value) in settings(&self.facts, study) {
            experiment.note(&format!("automl.{name}"), &value);
        }
        experiment.note("automl.stop_reason", &json!(reason.name()));
        for (name, value) in results(study) {
            experiment.note(&format!("automl.{name}"), &value);
        }
        (experiment.began, experiment.ended) = (self.facts.created, last_end(study, &self.facts));
        experiment.tags = vec!["study".to_owned()];
        for name in FILES {
            if let Ok(content) = std::fs::read(self.study_folder.join(name)) {
                let id = self.facts.key(&["comet", "file", name]);
                experiment.attach(name, content, &id);
            }
        }
        self.write(&experiment)
    }
}

impl Comet {
    /// An experiment with the keys that Comet has for searches: it has no nested experiments.
    fn experiment(&self, key: &str, name: &str, study: &Study) -> Experiment {
        let settings = study.settings();
        let mut experiment = Experiment {
            key: self.facts.key(&["comet", key]),
            ..Experiment::default()
        };
        for (name, value) in [
            ("offline_experiment", json!(true)),
            ("Name", json!(name)),
            ("optimizer_id", json!(self.facts.id)),
            ("optimizer_metric", json!(settings.metric)),
            ("optimizer_objective", json!(goal(settings.goal))),
        ] {
            experiment.note(name, &value);
        }
        experiment
    }

    fn begin(&mut self, trial: TrialId, time: i64, study: &Study) {
        let record = &study.trials()[trial.index()];
        let mut experiment = self.experiment(&trial.to_string(), &format!("trial {trial}"), study);
        experiment.began = time;
        experiment.note("optimizer_trial", &json!(trial.0));
        experiment.note("automl.config_hash", &json!(record.configuration.hash()));
        experiment.note("automl.seed", &json!(study.seed_of(trial).0));
        experiment.note("automl.version", &json!(self.facts.version));
        experiment.tags = vec![record.origin.clone(), kind_of(trial, study).to_owned()];
        for (name, value) in record.configuration.iter() {
            let value = match value.to_json() {
                structured @ (Json::Array(_) | Json::Object(_) | Json::Null) => json!(structured.to_string()),
                scalar => scalar,
            };
            let param = json!({"paramName": name, "paramValue": value, "step": null, "source": "manual"});
            experiment.say("parameter_msg", json!({"local_timestamp": time, "param": param}));
        }
        self.open.insert(trial, experiment);
    }

    fn end(&mut self, trial: TrialId, status: TrialStatus, study: &Study) {
        let Some(mut experiment) = self.open.remove(&trial) else {
            return;
        };
        for (name, value) in outcome(trial, study) {
            experiment.note(&format!("automl.{name}"), &value);
        }
        experiment.tags.push(status.name().to_owned());
        experiment.ended = end_of(trial, study, &self.facts);
        let failure = study.failure(trial).map(ToString::to_string);
        experiment.failure = failure.map(|text| text.chars().take(LONGEST_FAILURE).collect());
        self.ended.push(experiment);
    }

    /// Writes the archive of an experiment, unless it is there already.
    fn write(&self, experiment: &Experiment) -> Result<(), TrackerError> {
        let path = self.folder.join(format!("{}.zip", experiment.key));
        let failed = |source| TrackerError::File {
            path: path.clone(),
            source,
        };
        let packed = experiment.packed(&self.project, self.workspace.as_deref());
        let packed = packed.map_err(|error| failed(std::io::Error::other(error)))?;
        if std::fs::read(&path).is_ok_and(|known| known == packed) {
            return Ok(());
        }
        std::fs::create_dir_all(&self.folder)
            .and_then(|()| replace_soon(&path, &packed))
            .map_err(failed)
    }
}

/// One experiment: its description, its messages and its files.
#[derive(Debug, Default)]
struct Experiment {
    key: String,
    began: i64,
    ended: i64,
    tags: Vec<String>,
    failure: Option<String>,
    messages: Vec<Json>,
    files: Vec<(String, Vec<u8>)>,
}

impl Experiment {
    fn say(&mut self, kind: &str, mut payload: Json) {
        payload["message_id"] = json!(self.messages.len() + 1);
        self.messages.push(json!({"type": kind, "payload": payload}));
    }

    /// A value on the page of other values.
    fn note(&mut self, key: &str, value: &Json) {
        let value = match value {
            Json::Array(_) | Json::Object(_) => json!(value.to_string()),
            _ => value.clone(),
        };
        self.say("log_other", json!({"key": key, "value": value}));
    }

    fn attach(&mut self, name: &str, content: Vec<u8>, id: &str) {
        let inside = format!("asset-{}", self.files.len());
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let parameters = json!({
            "fileName": name,
            "extension": ending,
            "context": null,
            "step": null,
            "overwrite": false,
            "assetId": id,
        });
        self.say(
            "file_upload",
            json!({
                "file_path": inside,
                "upload_type": "asset",
                "local_timestamp": self.began,
                "clean": true,
                "metadata": {},
                "additional_params": parameters,
            }),
        );
        self.files.push((inside, content));
    }

    /// The archive.
    fn packed(&self, project: &str, workspace: Option<&str>) -> zip::result::ZipResult<Vec<u8>> {
        let about = json!({
            "offline_id": self.key,
            "project_name": project,
            "workspace": workspace,
            "start_time": self.began,
            "stop_time": self.ended.max(self.began),
            "tags": self.tags,
            // The server refuses a key that it has.
            "resume_strategy": "create",
            "user_provided_experiment_key": true,
            "comet_start_sourced": true,
            "customer_error_reported": self.failure.is_some(),
            "customer_error_message": self.failure,
        });
        let mut lines = String::new();
        for message in &self.messages {
            // Writing to memory cannot fail.
            let _ = writeln!(lines, "{message}");
        }
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        // The same time always, so that the same content makes the same bytes.
        let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
        let parts = [
            ("experiment.json", about.to_string().into_bytes()),
            ("messages.json", lines.into_bytes()),
        ];
        let parts = parts.iter().map(|(name, content)| (*name, content));
        let files = self.files.iter().map(|(name, content)| (name.as_str(), content));
        for (name, content) in parts.chain(files) {
            archive.start_file(name, options)?;
            archive.write_all(content)?;
        }
        Ok(archive.finish()?.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn an_archive_has_its_messages_in_order_and_is_always_the_same() {
        let mut experiment = Experiment {
            key: "0".repeat(32),
            ..Experiment::default()
        };
        experiment.note("automl.fingerprints", &json!({"train": "ab"}));
        experiment.attach("report.html", b"<p>".to_vec(), "id");
        let packed = experiment.packed("reviews", None).unwrap();
        assert_eq!(packed, experiment.packed("reviews", None).unwrap());
        let mut archive = zip::ZipArchive::new(Cursor::new(packed)).unwrap();
        let mut read = |name: &str| {
            let mut text = String::new();
            archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        let about: Json = serde_json::from_str(&read("experiment.json")).unwrap();
        assert_eq!(about["resume_strategy"], "create");
        let messages = read("messages.json");
        let messages: Vec<Json> = messages
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(messages[0]["payload"]["value"], r#"{"train":"ab"}"#);
        assert_eq!(messages[1]["payload"]["message_id"], 2);
        assert_eq!(messages[1]["payload"]["file_path"], "asset-0");
        assert_eq!(read("asset-0"), "<p>");
    }
}
