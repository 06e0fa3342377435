//! A recorded conversation: asks and tells, written to the journal of a study in a folder.
//!
//! The folder is that of any study, so `automl status`, `leaderboard`, `best`, `report` and the others read it. Every
//! line is on disk before its answer is given. After a crash, the same `init` continues from everything that was
//! answered.

use std::collections::BTreeMap;
use std::path::Path;

use super::search::{AskTell, Asked, Options};
use crate::engine::{Clock, Folder, FolderError, Opened};
use crate::journal::{Contents, Journal, JournalError};
use crate::preference::Preference;
use crate::spec::{self, AskTellSpec, Criteria, EpochRange, Metric, ObjectiveSpec, Spec};
use crate::study::{Created, Event, Identity, Outcome, Study};
use crate::trials::{Evaluation, Failure, FailureKind, SegmentReport, TrainingCurve, Usage};
use crate::units::{Goal, Samples, TrialId};

/// The files of a conversation.
pub(super) struct Recorded {
    folder: Folder,
    journal: Journal,
    clock: Clock,
    /// Names of the values, in the order in which they are told.
    names: Vec<String>,
    max: Samples,
    /// The running trials: when they were handed out, and the values told so far.
    out: BTreeMap<TrialId, Out>,
}

/// A trial that was handed out.
#[derive(Default)]
struct Out {
    worker: u32,
    started_at: String,
    evaluations: Vec<Evaluation>,
    /// The last step that was told, even if it has no evaluation.
    failed_at: u64,
}

/// Why a conversation cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Its folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Its journal cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A spec cannot express this search.
    #[error("this search cannot be recorded: {0}")]
    Spec(String),
    /// The folder contains another study.
    #[error("`{0}` holds another search: choose another folder with `--out`, or send the `init` that it began with")]
    Other(String),
}

impl Recorded {
    /// Starts recording a search in a folder, or continues the one recorded there and restores the state of `search`.
    pub(super) fn begin(path: &Path, search: &mut AskTell, options: &Options) -> Result<Self, RecordError> {
        let clock = Clock::start();
        let spec = spec_of(path, search, options)?;
        let yaml = spec.to_yaml();
        let names = spec.criteria.others.iter().map(|metric| &metric.name);
        let names = std::iter::once(&spec.metric.name).chain(names).cloned().collect();
        let identity = Identity {
            epoch: Samples(1),
            fingerprint: String::new(),
            parts: Vec::new(),
        };
        let max = search.max();
        match Folder::create(path, &yaml, spec.seed, &identity, Vec::new(), None) {
            Ok((folder, journal)) => Ok(Self {
                folder,
                journal,
                clock,
                names,
                max,
                out: BTreeMap::new(),
            }),
            Err(FolderError::SameStudy(_)) => {
                let Opened {
                    folder,
                    journal,
                    contents,
                    elapsed,
                } = Folder::open(path)?;
                // Checks that the events are valid, as for every resumed study.
                let mut study = Study::to_look_at(&spec, Samples(1));
                Folder::replay(path, &contents, &mut study)?;
                let mut recorded = Self {
                    folder,
                    journal,
                    clock: clock.carry_on(elapsed),
                    names,
                    max,
                    out: BTreeMap::new(),
                };
                recorded.restore(&contents, search)?;
                // Results that had arrived when the process died are delivered now.
                let arrived = study.flights().iter().filter(|(_, flight)| flight.has_arrived());
                let delivered = arrived.map(|(&trial, _)| Event::SegmentDelivered { trial });
                let events: Vec<Event> = [Event::StudyResumed { added_wall: 0.0 }]
                    .into_iter()
                    .chain(delivered)
                    .collect();
                recorded.write(&events)?;
                Ok(recorded)
            }
            Err(FolderError::OtherStudy(path)) => Err(RecordError::Other(path.display().to_string())),
            Err(error) => Err(error.into()),
        }
    }

    /// Replays all events of the journal to the search.
    fn restore(&mut self, contents: &Contents, search: &mut AskTell) -> Result<(), RecordError> {
        for entry in &contents.entries {
            match &entry.event {
                Event::SegmentPlanned {
                    trial,
                    created,
                    to,
                    worker,
                    ..
                } => {
                    let created = created.clone();
                    let created = created.map(|born| (born.configuration, born.origin, born.parent));
                    search.hand_out(*trial, created, *to);
                    let out = Out {
                        worker: *worker,
                        started_at: Clock::time_of_day(),
                        ..Out::default()
                    };
                    self.out.insert(*trial, out);
                }
                Event::SegmentInterrupted { trial, report } => {
                    self.retell(search, *trial, &report.evaluations, false)?;
                    let out = self.out.entry(*trial).or_default();
                    out.failed_at = report.reached.0;
                    out.evaluations.extend(report.evaluations.iter().cloned());
                }
                Event::SegmentEnded { trial, outcome, .. } => {
                    match outcome {
                        Outcome::Reached(report) => {
                            let is_final = report.reached >= self.max;
                            self.retell(search, *trial, &report.evaluations, is_final)?;
                        }
                        Outcome::Failed(_) => {
                            let step = self.out.get(trial).map_or(0, |out| out.failed_at);
                            let step = step.max(search.next_step(*trial));
                            self.tell_again(search, *trial, step, &[], true)?;
                        }
                    }
                    self.out.remove(trial);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn retell(
        &self,
        search: &mut AskTell,
        trial: TrialId,
        evaluations: &[Evaluation],
        is_final: bool,
    ) -> Result<(), RecordError> {
        let next = search.next_step(trial);
        let new = evaluations.iter().filter(|evaluation| evaluation.at.0 >= next);
        let new: Vec<&Evaluation> = new.collect();
        for (index, evaluation) in new.iter().enumerate() {
            let values: Vec<f64> = self
                .names
                .iter()
                .filter_map(|name| evaluation.metrics.get(name).copied())
                .collect();
            let is_final = is_final && index + 1 == new.len();
            self.tell_again(search, trial, evaluation.at.0, &values, is_final)?;
        }
        Ok(())
    }

    fn tell_again(
        &self,
        search: &mut AskTell,
        trial: TrialId,
        step: u64,
        values: &[f64],
        is_final: bool,
    ) -> Result<(), RecordError> {
        let told = search.tell_all(trial, step, values, is_final);
        told.map(drop).map_err(|error| {
            let folder = self.folder.path().display();
            RecordError::Spec(format!("the journal in `{folder}` does not fit the search: {error}"))
        })
    }

    /// Records that a trial was handed out.
    pub(super) fn asked(&mut self, search: &AskTell, asked: &Asked, is_new: bool) -> Result<(), RecordError> {
        // With one more worker than running trials, at least one is idle.
        let worker = (0..=self.out.len() as u32).find(|worker| self.out.values().all(|out| out.worker != *worker));
        let worker = worker.unwrap_or(0);
        let now = self.clock.elapsed();
        let created = is_new.then(|| {
            let trial = &search.trials()[asked.id.index()];
            Created {
                configuration: asked.configuration.clone(),
                origin: trial.origin.clone(),
                parent: trial.parent,
                repeat: None,
            }
        });
        self.write(&[Event::SegmentPlanned {
            trial: asked.id,
            created,
            to: Samples(asked.to_step),
            cools_down: false,
            worker,
            start: now,
            finish: now,
        }])?;
        let out = Out {
            worker,
            started_at: Clock::time_of_day(),
            ..Out::default()
        };
        self.out.insert(asked.id, out);
        Ok(())
    }

    /// Records the values told for a trial; if `ends`, the trial is no longer running.
    pub(super) fn told(
        &mut self,
        trial: TrialId,
        step: u64,
        values: &[f64],
        (is_final, ends): (bool, bool),
    ) -> Result<(), RecordError> {
        let is_failed = values.is_empty() || values.iter().any(|value| !value.is_finite());
        let evaluation = Evaluation {
            at: Samples(step),
            metrics: self.names.iter().cloned().zip(values.iter().copied()).collect(),
        };
        if !ends {
            self.write(&[Event::SegmentInterrupted {
                trial,
                report: report(Samples(step), vec![evaluation.clone()]),
            }])?;
            self.out.entry(trial).or_default().evaluations.push(evaluation);
            return Ok(());
        }
        let out = self.out.remove(&trial).unwrap_or_default();
        let outcome = if is_failed {
            Outcome::Failed(Failure {
                kind: FailureKind::Diverged,
                message: format!("no finite value was told after step {step}"),
            })
        } else {
            // A trial marked as final is complete, whatever its step.
            let reached = if is_final { self.max } else { Samples(step) };
            Outcome::Reached(report(
                reached,
                out.evaluations.into_iter().chain([evaluation]).collect(),
            ))
        };
        // A failure has no evaluation. Its step is recorded separately, so that the search knows it after a crash too.
        let failed_at = is_failed.then(|| Event::SegmentInterrupted {
            trial,
            report: report(Samples(step), Vec::new()),
        });
        let ended = [
            Event::SegmentEnded {
                trial,
                outcome,
                device: String::new(),
                started_at: out.started_at,
                finished_at: Clock::time_of_day(),
            },
            Event::SegmentDelivered { trial },
        ];
        let events: Vec<Event> = failed_at.into_iter().chain(ended).collect();
        self.write(&events)
    }

    fn write(&mut self, events: &[Event]) -> Result<(), RecordError> {
        let elapsed = self.clock.elapsed();
        for event in events {
            self.journal.append(event, elapsed)?;
        }
        Ok(self.journal.sync()?)
    }
}

fn report(reached: Samples, evaluations: Vec<Evaluation>) -> SegmentReport {
    SegmentReport {
        reached,
        evaluations,
        training: TrainingCurve::default(),
        trainable_parameters: 0,
        usage: Usage::default(),
    }
}

/// Maximum number of epochs in a spec.
const MOST_STEPS: u64 = 1_000_000;

/// The name of the study in a folder, or else the folder's name. A study whose folder was moved keeps its name.
fn name_of(folder: &Path) -> String {
    let known = std::fs::read_to_string(folder.join("spec.yaml")).ok();
    let known = known.and_then(|text| spec::from_text(&text, folder, &[]).ok());
    if let Some((spec, _)) = known {
        return spec.name;
    }
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let name = whole.file_name().map(|name| name.to_string_lossy().into_owned());
    name.and_then(|name| spec::folder_name(&name))
        .unwrap_or_else(|| "search".to_owned())
}

/// The search as the spec of a study.
fn spec_of(path: &Path, search: &AskTell, options: &Options) -> Result<Spec, RecordError> {
    let file = path.join("spec.yaml");
    let read = |text: &str| {
        let read = spec::from_text(text, &file, &[]);
        read.map(|(spec, _)| spec)
            .map_err(|errors| RecordError::Spec(errors.sentence()))
    };
    if search.max().0 > MOST_STEPS {
        return Err(RecordError::Spec(format!("`max_step` is above {MOST_STEPS}")));
    }
    // Settings that the search does not determine have their defaults.
    let open = read("ask_tell: {}\nmetric: {name: value, goal: minimize}\nparameters: {x: {values: [0, 1]}}\n")?;
    let metric = |name: String, goal: Goal| Metric {
        name,
        goal,
        target: None,
    };
    let others = options.others.iter().enumerate();
    let spec = Spec {
        name: name_of(path),
        objective: ObjectiveSpec::AskTell(AskTellSpec { budget: options.budget }),
        metric: metric(
            if options.others.is_empty() { "value" } else { "value1" }.to_owned(),
            options.goal,
        ),
        criteria: Criteria {
            others: others
                .map(|(index, goal)| metric(format!("value{}", index + 2), *goal))
                .collect(),
            preference: Preference::Pareto,
            constraints: Vec::new(),
        },
        searcher: options.searcher,
        early_terminate: options.scheduler.into(),
        space: search.space().clone(),
        epochs: EpochRange {
            min: search.first_rung().0 as f64,
            max: search.max().0 as f64,
            ..open.epochs.clone()
        },
        seed: options.seed,
        ..open
    };
    let written = read(&spec.to_yaml())?;
    if written.space == spec.space {
        Ok(spec)
    } else {
        Err(RecordError::Spec(
            "its space has no form in a spec; write it in the syntax of `parameters` instead of as a list".to_owned(),
        ))
    }
}
