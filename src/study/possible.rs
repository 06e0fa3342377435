//! Checks whether an event can have happened to a study. Checksums of a journal detect damage, but not nonsense.

use super::{Created, Event, Outcome, Repeat, Study};
use crate::trials::{SegmentReport, Status};
use crate::units::{Samples, TrialId};

/// More than 300 years. No study runs that long, and sums of such times and durations are safe.
const MOST_SECONDS: f64 = 1e10;

/// Whole numbers beyond this are not exact as decimals.
const MOST_SAMPLES: u64 = 1 << 53;

/// More slots and logical workers than any machine has.
const MOST_WORKERS: u32 = 1 << 20;

/// An event that cannot have happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Impossible(String);

fn check(is_possible: bool, problem: impl FnOnce() -> String) -> Result<(), Impossible> {
    if is_possible {
        Ok(())
    } else {
        Err(Impossible(problem()))
    }
}

fn seconds(what: &str, value: f64) -> Result<(), Impossible> {
    check((0.0..=MOST_SECONDS).contains(&value), || format!("{what} is {value} s"))
}

fn samples(what: &str, value: Samples) -> Result<(), Impossible> {
    check(value.0 <= MOST_SAMPLES, || format!("{what} is {} samples", value.0))
}

impl Event {
    /// Checks everything that does not depend on a study, such as whether a study can begin with this event.
    ///
    /// # Errors
    /// Returns [`Impossible`] if the event cannot have happened.
    pub fn check(&self) -> Result<(), Impossible> {
        match self {
            Self::StudyCreated { inputs, .. } => {
                samples("an epoch", inputs.epoch)?;
                check(inputs.epoch.0 > 0, || "an epoch has no samples".into())
            }
            Self::SlotsOpened { slots } => {
                check((1..=MOST_WORKERS).contains(slots), || format!("{slots} slots are open"))
            }
            Self::StudyResumed { added_wall } => seconds("the time added", *added_wall),
            Self::SegmentPlanned {
                worker, start, finish, ..
            } => {
                check(*worker < MOST_WORKERS, || {
                    format!("there is no logical worker {worker}")
                })?;
                check(0.0 <= *start && start <= finish, || {
                    format!("a segment begins at {start} and ends at {finish}")
                })
            }
            Self::SegmentEnded {
                outcome: Outcome::Reached(report),
                ..
            }
            | Self::SegmentInterrupted { report, .. } => check_report(report),
            Self::SegmentEnded { .. }
            | Self::SegmentLost { .. }
            | Self::SegmentDelivered { .. }
            | Self::SearchClosed { .. }
            | Self::DeadlineReached
            | Self::StudyEnded { .. } => Ok(()),
        }
    }
}

fn check_report(report: &SegmentReport) -> Result<(), Impossible> {
    samples("what a segment reached", report.reached)?;
    let usage = &report.usage;
    seconds("training", usage.train_seconds)?;
    seconds("a segment", usage.wall_seconds)?;
    seconds("a step", usage.longest_step)?;
    seconds("the processors", usage.cpu_seconds)?;
    let memory = usage.peak_memory_mb;
    check((0.0..=1e12).contains(&memory), || {
        format!("a segment took {memory} MiB")
    })?;
    let mut levels = report.evaluations.iter().map(|evaluation| evaluation.at);
    levels.try_for_each(|at| samples("the level of an evaluation", at))
}

impl Study {
    /// Applies a recorded event, if it can have happened.
    ///
    /// # Errors
    /// Returns [`Impossible`] if the event cannot have happened. Then nothing has changed.
    pub fn replay(&mut self, event: &Event, elapsed: f64) -> Result<(), Impossible> {
        self.check(event, elapsed)?;
        self.apply(event, elapsed);
        Ok(())
    }

    /// Checks that an event can happen now, `elapsed` seconds after the start of the study.
    ///
    /// # Errors
    /// Returns [`Impossible`] if the event cannot happen.
    pub fn check(&self, event: &Event, elapsed: f64) -> Result<(), Impossible> {
        seconds("the time of the event", elapsed)?;
        event.check()?;
        let is_first = matches!(event, Event::StudyCreated { .. });
        check(is_first != self.is_created(), || {
            if is_first {
                "the study is created a second time".into()
            } else {
                "something happens before the study is created".into()
            }
        })?;
        match event {
            Event::SegmentPlanned { trial, created, to, .. } => self.check_plan(*trial, created.as_ref(), *to),
            Event::SegmentEnded { trial, .. }
            | Event::SegmentInterrupted { trial, .. }
            | Event::SegmentLost { trial, .. } => self.known("a segment ends of", *trial),
            Event::SegmentDelivered { trial } => {
                let flight = self.flights.get(trial);
                check(flight.is_some_and(super::InFlight::has_arrived), || {
                    format!("trial {trial} is given a result that has not arrived")
                })
            }
            Event::SearchClosed { .. } => check(self.closed.is_none(), || "the search is over a second time".into()),
            Event::StudyCreated { .. }
            | Event::SlotsOpened { .. }
            | Event::StudyResumed { .. }
            | Event::DeadlineReached
            | Event::StudyEnded { .. } => Ok(()),
        }
    }

    fn known(&self, what: &str, trial: TrialId) -> Result<(), Impossible> {
        check(trial.index() < self.trials.len(), || {
            format!("{what} trial {trial}, which there is not")
        })
    }

    fn check_plan(&self, trial: TrialId, created: Option<&Created>, to: Samples) -> Result<(), Impossible> {
        check(to <= self.settings.max, || {
            format!(
                "trial {trial} must train to {} samples of {}",
                to.0, self.settings.max.0
            )
        })?;
        let from = if let Some(created) = created {
            let next = self.trials.len();
            check(trial.index() == next, || {
                format!("trial {trial} is created where trial {next} is next")
            })?;
            self.check_birth(created)?;
            created.parent.map_or(Samples(0), |parent| parent.at)
        } else {
            self.known("a segment is planned for", trial)?;
            let known = &self.trials[trial.index()];
            check(matches!(known.status, Status::Paused | Status::Stopped), || {
                format!("trial {trial} continues, but it was not paused")
            })?;
            known.reached
        };
        check(from < to, || {
            format!("trial {trial} must train from {} to {} samples", from.0, to.0)
        })
    }

    fn check_birth(&self, created: &Created) -> Result<(), Impossible> {
        if let Some(parent) = created.parent {
            self.known("a trial is a clone of", parent.trial)?;
            let reached = self.trials[parent.trial.index()].reached;
            check(parent.at <= reached, || {
                format!("a trial is a clone of trial {} where that has not been", parent.trial)
            })?;
        }
        match created.repeat {
            None => Ok(()),
            Some(Repeat::Reseed { of, .. }) => self.check_repeated(of),
            Some(Repeat::Test { of, run }) => {
                self.check_repeated(of)?;
                self.known("a trial repeats", run)
            }
        }
    }

    fn check_repeated(&self, of: TrialId) -> Result<(), Impossible> {
        self.known("a trial repeats", of)?;
        check(self.repeat(of).is_none(), || {
            format!("trial {of} is repeated, which is a repeat itself")
        })
    }
}
