//! Policies answer one question: "this slot is free, what should it do?" Most pair a searcher with a scheduler.
//!
//! Imports `searchers`, `schedulers` and below. A new idea that is neither (freeze-thaw, population-based training)
//! is one more file here, and the engine never learns its name.

mod deadline;
mod freeze_thaw;
mod listed;
mod paired;
mod pbt;
mod untried;

pub use deadline::Deadline;
pub use freeze_thaw::FreezeThaw;
pub use listed::Listed;
pub use paired::Paired;
pub use pbt::Pbt;

pub use crate::schedulers::{AuditedTrial, Lengths, Stop};

use crate::preference::Preference;
use crate::searchers::Searcher;
use crate::space::Configuration;
use crate::spec::{EarlyTerminate, SchedulerSpec, SearcherSpec, Spec};
use crate::trials::{Parent, Trial, View};
use crate::units::{Samples, TrialId};
use crate::{schedulers, searchers};

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

/// The policy of a searcher and a scheduler, for one metric.
pub fn build(searcher: SearcherSpec, early: impl Into<EarlyTerminate>, lengths: Lengths) -> Box<dyn Policy> {
    let early = early.into();
    match searcher {
        SearcherSpec::FreezeThaw => Box::new(FreezeThaw::new(lengths.min, lengths.max)),
        SearcherSpec::Auto
        | SearcherSpec::Random
        | SearcherSpec::Tpe
        | SearcherSpec::Gp
        | SearcherSpec::Cfo
        | SearcherSpec::BlendSearch
        | SearcherSpec::CmaEs
        | SearcherSpec::Sobol
        | SearcherSpec::Grid
        | SearcherSpec::Bohb
        | SearcherSpec::Nsga2 => pair(searchers::build(searcher), early, None, lengths),
    }
}

/// The policy of a whole spec.
pub fn for_spec(spec: &Spec, lengths: Lengths) -> Box<dyn Policy> {
    if let Some(repeats) = spec.repeats {
        return Box::new(Listed::new(repeats, lengths.max));
    }
    let policy = if spec.criteria.is_plain() {
        build(spec.searcher, spec.early_terminate, lengths)
    } else {
        build_for(spec.searcher, spec.early_terminate, &spec.criteria.preference, lengths)
    };
    // A population ends together, whenever that is.
    if spec.budget.wall.is_some() && !policy.clones() {
        Box::new(Deadline::new(policy))
    } else {
        policy
    }
}

/// The policy of searcher and scheduler for a study with several metrics or with constraints on metrics. Freeze-thaw, which
/// models one metric, is refused before: by the reader of specs and by the ask-tell protocol.
pub fn build_for(
    searcher: SearcherSpec,
    early: impl Into<EarlyTerminate>,
    preference: &Preference,
    lengths: Lengths,
) -> Box<dyn Policy> {
    let searcher = searchers::build_for(searcher, preference);
    pair(searcher, early.into(), Some(preference), lengths)
}

/// A searcher with what decides who goes on.
fn pair(
    searcher: Box<dyn Searcher>,
    early: EarlyTerminate,
    preference: Option<&Preference>,
    lengths: Lengths,
) -> Box<dyn Policy> {
    match early.scheduler {
        SchedulerSpec::Pbt(spec) => Box::new(Pbt::new(spec, searcher, preference.cloned(), lengths)),
        SchedulerSpec::None
        | SchedulerSpec::Asha { .. }
        | SchedulerSpec::Hyperband { .. }
        | SchedulerSpec::SuccessiveHalving { .. }
        | SchedulerSpec::Pasha { .. }
        | SchedulerSpec::Median { .. } => {
            let scheduler = schedulers::build_whole(early, preference, lengths);
            Box::new(Paired::new(searcher, scheduler))
        }
    }
}
