//! Policies answer one question: "this slot is free, what should it do?" Most pair a searcher with a scheduler.
//!
//! A method that is neither (freeze-thaw, population-based training) is one more file here and one line in [`METHODS`]
//! or [`RULES`]. The engine does not know its name.

mod deadline;
mod freeze_thaw;
mod listed;
mod paired;
mod pbt;
mod registry;
mod untried;
#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
pub mod variants;

pub use deadline::Deadline;
pub use freeze_thaw::FreezeThaw;
pub use listed::Listed;
pub use paired::Paired;
pub use pbt::{Pbt, PbtSettings};
pub use registry::{
    BuildRule, EarlyTerminate, METHODS, MethodEntry, RULES, RuleEntry, SchedulerSpec, SearcherSpec, build,
};

pub use crate::schedulers::{AuditedTrial, Lengths, Stop};

use crate::space::Configuration;
use crate::trials::{Parent, Trial, View};
use crate::units::{Samples, TrialId};

/// Decides what a free slot should do.
pub trait Policy: Send {
    /// Returns the next decision: a pure function of the view and of all observations.
    fn decide(&self, view: &View<'_>) -> Decision;

    /// Records a trial that changed. The view is current and contains the trial as it is now.
    fn observe(&mut self, trial: &Trial, view: &View<'_>);

    /// The paused trials to prune, now that this trial has ended a segment and was observed.
    fn prunes(&self, _trial: &Trial, _view: &View<'_>) -> Vec<Stop> {
        Vec::new()
    }

    /// The resource levels at which trials pause, smallest first; at the last one a trial is complete.
    fn rungs(&self) -> &[Samples];

    /// The trials that run to their end whatever the scheduler decides; `None` if there is no audit.
    fn audited(&self) -> Option<Vec<AuditedTrial>> {
        None
    }

    /// Returns whether trials may begin as clones of others.
    fn clones(&self) -> bool {
        false
    }
}

/// An action for a free slot.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Create a trial and train it to a resource level.
    Start {
        /// The configuration to try.
        configuration: Configuration,
        /// The searcher that proposed it.
        origin: String,
        /// The level at which the first segment ends.
        to: Samples,
        /// The trial whose state it begins with; `None` for the state of the pretrained model.
        parent: Option<Parent>,
    },
    /// Train a paused trial further.
    Continue {
        /// The trial to continue.
        trial: TrialId,
        /// The level at which the segment ends.
        to: Samples,
    },
    /// Train a paused trial to a level before the end of its schedule: the learning rate falls to 0 on the way.
    CoolDown {
        /// The trial to cool down.
        trial: TrialId,
        /// The level at which it is complete.
        to: Samples,
    },
    /// Wait until a running trial ends its segment.
    Wait,
    /// The study is finished: there is nothing left to do.
    Finish,
}
