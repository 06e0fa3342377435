//! Offline runs of Weights & Biases, one for the study and one for each trial, which `wandb sync` uploads.
//!
//! The runs of a study are a group. A run's log grows with its trial; the run of the study is complete when the study
//! ends. [`run`] has the records of a run, [`log`] their framing.

mod log;
mod run;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use self::run::{About, Run, Shared};
use self::sweep::sweep;
use super::facts::{BestSoFar, Closed, SegmentFacts, StudyFacts, Times, begun, end_of};
use super::summary::{kind_of, last_end, leaderboard, outcome, results, settings};
use super::{Opened, Opening, Registered, Tracker, TrackerError, environment, option};
use crate::journal::Entry;
use crate::report::TrialStatus;
use crate::spec::TrackerSpec;
use crate::study::{Event, Study};
use crate::units::TrialId;

/// Its row in the registry.
pub(super) const TRACKER: Registered = Registered {
    name: "wandb",
    open,
    check,
};

/// Longest tag that the server takes.
const LONGEST_TAG: usize = 64;

fn check(tracker: &TrackerSpec) -> Result<(), TrackerError> {
    let project = option(tracker, "project").unwrap_or_default();
    // The server's rule (`wandb/sdk/wandb_settings.py`).
    if project.chars().count() > 128 || project.contains(['/', '\\', '#', '?', '%', ':']) {
        return Err(TrackerError::Options(format!(
            "the `project` of `wandb` cannot be `{project}`: it has at most 128 letters, and none of `/\\#?%:`"
        )));
    }
    match tags(tracker).iter().find(|tag| tag.chars().count() > LONGEST_TAG) {
        Some(tag) => Err(TrackerError::Options(format!(
            "`tags` of `wandb` has `{tag}`, and tags have at most {LONGEST_TAG} letters"
        ))),
        None => Ok(()),
    }
}

fn tags(tracker: &TrackerSpec) -> Vec<String> {
    let tags = option(tracker, "tags").unwrap_or_default();
    let tags = tags.split(',').map(str::trim);
    tags.filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

fn open(opening: &Opening<'_>) -> Result<Opened, TrackerError> {
    let facts = StudyFacts::read(opening.folder, opening.spec)?;
    let is_chosen = opening.out.is_some() || opening.tracker.options.contains_key("folder");
    let folder = match environment("WANDB_DIR").filter(|_| !is_chosen) {
        Some(folder) => PathBuf::from(folder).join("wandb"),
        None => opening.target("folder", "wandb"),
    };
    let group = opening.option("group");
    let shared = Shared {
        folder,
        project: opening.option("project").unwrap_or_else(|| project_of(&facts.name)),
        entity: opening.option("entity"),
        group: group.unwrap_or_else(|| format!("{}-{}", facts.name, facts.id)),
        sweep: opening.option("sweep"),
        tags: tags(opening.tracker),
        notes: opening.option("notes"),
        facts,
    };
    let tracker = WandB {
        times: Times::new(shared.facts.created),
        study_folder: opening.folder.to_owned(),
        study: None,
        trials: BTreeMap::new(),
        touched: BTreeSet::new(),
        closed: Closed::default(),
        best: BestSoFar::default(),
        shared,
        is_ended: false,
    };
    Ok(Opened {
        tracker: Box::new(tracker),
        // The logs are compared with the journal from its beginning.
        is_continued: false,
    })
}

/// A study's name as the name of a project.
fn project_of(name: &str) -> String {
    let is_free = |letter: char| !"/\\#?%:".contains(letter);
    let letters = name.chars().take(128);
    letters
        .map(|letter| if is_free(letter) { letter } else { '-' })
        .collect()
}

/// The runs of one study.
struct WandB {
    shared: Shared,
    study_folder: PathBuf,
    times: Times,
    study: Option<Run>,
    /// Runs of trials whose log has no end yet, or is not written to it.
    trials: BTreeMap<TrialId, Run>,
    /// Trials with news since the last flush.
    touched: BTreeSet<TrialId>,
    closed: Closed,
    best: BestSoFar,
    is_ended: bool,
}

impl Tracker for WandB {
    fn record(&mut self, entry: &Entry, study: &Study) -> Result<(), TrackerError> {
        let time = self.times.of(entry);
        if matches!(entry.event, Event::StudyCreated { .. }) {
            self.study = Some(Run::begin(&self.shared, self.about_study(study)));
        }
        if let Some(trial) = begun(entry) {
            let about = self.about(trial, time, study);
            self.trials.insert(trial, Run::begin(&self.shared, about));
            self.touched.insert(trial);
        }
        if let Some(segment) = SegmentFacts::of(entry, study) {
            self.touched.insert(segment.trial);
            if let Some(run) = self.trials.get_mut(&segment.trial) {
                segment.points.iter().for_each(|point| run.evaluate(point));
            }
        }
        if let (Some((results, value)), Some(run)) = (self.best.by(entry, study), &mut self.study) {
            let best = format!("best_{}", study.settings().metric);
            run.row(vec![("results".to_owned(), json!(results)), (best, json!(value))], time);
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
        // The rest of the study's run is written at its end, or the file would become shorter for a moment.
        if let Some(run) = self.study.as_mut().filter(|_| study.ended().is_none()) {
            run.write()?;
        }
        while let Some(trial) = self.touched.first().copied() {
            if let Some(run) = self.trials.get_mut(&trial) {
                run.write()?;
            }
            self.touched.remove(&trial);
        }
        Ok(Json::Null)
    }

    fn finish(&mut self, study: &Study) -> Result<(), TrackerError> {
        let Some(reason) = study.ended() else { return Ok(()) };
        let Some(run) = &mut self.study else { return Ok(()) };
        if !self.is_ended {
            end_study(run, &self.study_folder, study, &self.shared)?;
            run.sum_up([("stop_reason", json!(reason.name()))]);
            run.end(None, 0, last_end(study, &self.shared.facts), &self.shared);
            self.is_ended = true;
        }
        run.write()
    }
}

/// Adds the results: the leaderboard as a table, the report, and files.
fn end_study(run: &mut Run, folder: &Path, study: &Study, shared: &Shared) -> Result<(), TrackerError> {
    run.forget_files();
    let (columns, rows) = leaderboard(study);
    let table = json!({"columns": columns, "data": rows}).to_string();
    let mut shown = run.media("table", ("leaderboard", "table.json"), table.as_bytes())?;
    shown["ncols"] = json!(columns.len());
    shown["nrows"] = json!(rows.len());
    let mut values = vec![("leaderboard".to_owned(), shown)];
    if let Ok(report) = std::fs::read(folder.join("report.html")) {
        values.push(("report".to_owned(), run.media("html", ("report", "html"), &report)?));
    }
    for name in ["spec.yaml", "best.yaml", "leaderboard.csv"] {
        if let Ok(content) = std::fs::read(folder.join(name)) {
            run.add_file(name, &content)?;
        }
    }
    let machine = json!({"host": shared.facts.host, "os": std::env::consts::OS, "program": "automl search"});
    run.add_file("wandb-metadata.json", machine.to_string().as_bytes())?;
    run.row(values, last_end(study, &shared.facts));
    let told = results(study);
    run.sum_up(told.iter().map(|(name, value)| (name.as_str(), value.clone())));
    Ok(())
}

impl WandB {
    fn about_study(&self, study: &Study) -> About {
        let told = settings(&self.shared.facts, study).into_iter();
        let told: serde_json::Map<String, Json> = told.map(|(name, value)| (name.to_owned(), value)).collect();
        About {
            key: "study".to_owned(),
            name: self.shared.facts.name.clone(),
            job: "study",
            tags: Vec::new(),
            config: vec![
                ("automl".to_owned(), Json::Object(told)),
                ("sweep".to_owned(), sweep(study)),
            ],
            began: self.shared.facts.created,
        }
    }

    fn about(&self, trial: TrialId, began: i64, study: &Study) -> About {
        let record = &study.trials()[trial.index()];
        let ours = json!({
            "study": self.shared.facts.id,
            "trial": trial.0,
            "config_hash": record.configuration.hash(),
            "seed": study.seed_of(trial).0,
        });
        let values = record.configuration.iter();
        let values = values.map(|(name, value)| (name.to_owned(), value.to_json()));
        About {
            key: trial.to_string(),
            name: format!("trial {trial}"),
            job: kind_of(trial, study),
            tags: vec![record.origin.clone()],
            config: values.chain([("automl".to_owned(), ours)]).collect(),
            began,
        }
    }

    fn end(&mut self, trial: TrialId, status: TrialStatus, study: &Study) {
        let time = end_of(trial, study, &self.shared.facts);
        self.touched.insert(trial);
        let Some(run) = self.trials.get_mut(&trial) else { return };
        run.sum_up(outcome(trial, study));
        let code = u64::from(status == TrialStatus::Failed);
        run.end(Some(status.name()), code, time, &self.shared);
    }
}
