//! Policies answer one question: "this slot is free, what should it do?" Most pair a searcher with a scheduler.
//!
//! A new idea that is neither (freeze-thaw, population-based training) is one more file here and one line in [`METHODS`] or
//! [`RULES`], and the engine never learns its name.

mod deadline;
mod freeze_thaw;
mod listed;
mod paired;
mod pbt;
mod registry;
mod untried;

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

/// Says what a free slot should do.
pub trait Policy: Send {
    /// What to do next: a pure function of the view and of what was observed.
    fn decide(&self, view: &View<'_>) -> Decision;

    /// Takes note of a trial that changed. The view is of now, with the trial as it is.
    fn observe(&mut self, trial: &Trial, view: &View<'_>);

    /// The paused trials that will never go on, now that this one has ended a segment and that was observed.
    fn prunes(&self, _trial: &Trial, _view: &View<'_>) -> Vec<Stop> {
        Vec::new()
    }

    /// The resource levels at which trials pause, smallest first; the last is a complete trial.
    fn rungs(&self) -> &[Samples];

    /// The trials that run to their end whatever the scheduler says; `None` if there is no audit.
    fn audited(&self) -> Option<Vec<AuditedTrial>> {
        None
    }

    /// Whether trials may begin as clones of others.
    fn clones(&self) -> bool {
        false
    }
}

/// What a free slot should do.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Create a trial and train it to a resource level.
    Start {
        /// What to try.
        configuration: Configuration,
        /// The searcher that proposed it.
        origin: String,
        /// Where the first segment ends.
        to: Samples,
        /// Whose state it begins with; `None`: the pretrained model's.
        parent: Option<Parent>,
    },
    /// Train a paused trial further.
    Continue {
        /// Which.
        trial: TrialId,
        /// Where the segment ends.
        to: Samples,
    },
    /// Train a paused trial to a level where it ends before its schedule would: the learning rate falls to 0 on the way.
    CoolDown {
        /// Which.
        trial: TrialId,
        /// Where it is complete.
        to: Samples,
    },
    /// Nothing until a running trial ends its segment.
    Wait,
    /// Nothing any more.
    Finish,
}
