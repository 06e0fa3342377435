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
/// Decisions are pure functions of the view and of the observed changes. A scheduler that observes the same changes in
/// the same order makes the same decisions, no matter whether it was asked for decisions in between.
pub trait Scheduler: Send {
    /// Its name in specs.
    fn name(&self) -> &'static str;

    /// The resource levels at which trials are compared, smallest first; the last is a complete trial.
    fn rungs(&self) -> &[Samples];

    /// The end of the first segment of the next new trial.
    fn first(&self) -> Samples {
        self.rungs()[0]
    }

    /// The end of the next segment of an observed trial, if it continues: the first level above the one it has reached
    /// at which it is compared with others.
    fn next(&self, trial: &Trial) -> Samples {
        levels::above(self.rungs(), trial.reached)
    }

    /// Records a trial that changed: it was created, started a segment, ended one, or was pruned. The planned end of
    /// its segment must not matter, because a segment may be split.
    fn observe(&mut self, _trial: &Trial, _view: &View<'_>) {}

    /// The paused trial to promote, and the end of its next segment.
    fn promote(&self, view: &View<'_>) -> Option<(TrialId, Samples)>;

    /// The paused trials that will never resume. Called when this trial was observed last, at the end of a segment.
    fn prunes(&self, _trial: &Trial, _view: &View<'_>) -> Vec<Stop> {
        Vec::new()
    }

    /// The trials that run to their end regardless of the scheduler; `None` without an audit.
    fn audited(&self) -> Option<Vec<AuditedTrial>> {
        None
    }

    /// A copy with the same observations.
    fn boxed(&self) -> Box<dyn Scheduler>;
}

/// A pruned trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The trial.
    pub trial: TrialId,
    /// The rule that prunes it, as the leaderboard's `stop_reason` shows it.
    pub by: &'static str,
}

#[cfg(test)]
mod conformance;
