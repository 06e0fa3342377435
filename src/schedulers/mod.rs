//! Schedulers decide which trial gets the next segment, and how long it is. Each is one file behind [`Scheduler`]
//! and one line in [`SCHEDULERS`].
//!
//! Conformance tests run over every scheduler of the registry.

mod asha;
mod audited;
mod hyperband;
pub(crate) mod levels;
mod median;
mod options;
mod pasha;
mod patient;
mod ranked;
mod registry;
mod rung;
mod successive_halving;
#[cfg(test)]
mod testing;
mod unscheduled;

pub use asha::{Asha, Mode};
pub use audited::{Audited, AuditedTrial};
pub use hyperband::Hyperband;
pub use levels::Lengths;
pub use median::Median;
pub use options::{DEFAULT_ETA, INTERVAL, OptionKind, OptionRow, OptionValue, Options};
pub use pasha::Pasha;
pub use patient::{Patience, Patient};
pub use ranked::Ranked;
pub use registry::{Configured, Conflict, Entry, Info, NONE, SCHEDULERS, build, no_conflict};
pub use successive_halving::SuccessiveHalving;
pub use unscheduled::Unscheduled;

use crate::trials::{Trial, View};
use crate::units::{Samples, TrialId};

/// Decides which trial gets the next segment.
///
/// Decisions are pure functions of the view and of what was observed: after the same changes, told in the same order,
/// a scheduler that was never asked decides the same as one that was.
pub trait Scheduler: Send {
    /// Its name in specs.
    fn name(&self) -> &'static str;

    /// The resource levels at which trials are compared, smallest first; the last is a complete trial.
    fn rungs(&self) -> &[Samples];

    /// Where the first segment of the next new trial ends.
    fn first(&self) -> Samples {
        self.rungs()[0]
    }

    /// Where the next segment of a trial that was observed ends, if it goes on: the first level above what it has reached
    /// at which it is compared with others.
    fn next(&self, trial: &Trial) -> Samples {
        levels::above(self.rungs(), trial.reached)
    }

    /// Takes note of a trial that changed: was created, started a segment, ended one, was given up. Where its segment is to
    /// end is none of what counts: it may be cut into pieces.
    fn observe(&mut self, _trial: &Trial, _view: &View<'_>) {}

    /// A paused trial that deserves to go on, and where its next segment ends.
    fn promote(&self, view: &View<'_>) -> Option<(TrialId, Samples)>;

    /// The paused trials that will never go on, now that this one has ended a segment and that was the last thing observed.
    fn prunes(&self, _trial: &Trial, _view: &View<'_>) -> Vec<Stop> {
        Vec::new()
    }

    /// The trials that run to their end whatever it says; `None` if there is no audit.
    fn audited(&self) -> Option<Vec<AuditedTrial>> {
        None
    }

    /// Another one that knows the same.
    fn boxed(&self) -> Box<dyn Scheduler>;
}

/// A trial that is given up for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The trial.
    pub trial: TrialId,
    /// The rule that gives it up, as the leaderboard's `stop_reason` shows it.
    pub by: &'static str,
}

#[cfg(test)]
pub(crate) mod conformance;
