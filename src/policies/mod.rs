//! Policies answer one question: "this slot is free, what should it do?" Most pair a searcher with a scheduler.
//!
//! Imports `searchers`, `schedulers` and below. A new idea that is neither (freeze-thaw, population-based training)
//! is one more file here, and the engine never learns its name.

mod freeze_thaw;
mod paired;
mod untried;

pub use freeze_thaw::FreezeThaw;
pub use paired::Paired;

use crate::preference::Preference;
use crate::schedulers::Ranked;
use crate::space::Configuration;
use crate::spec::{SchedulerSpec, SearcherSpec, Spec};
use crate::trials::{Trial, View};
use crate::units::{Samples, TrialId};
use crate::{schedulers, searchers};

/// Says what a free slot should do.
pub trait Policy: Send {
    /// What to do next: a pure function of the view and of what was observed.
    fn decide(&self, view: &View<'_>) -> Decision;

    /// Takes note of a trial that changed.
    fn observe(&mut self, trial: &Trial);

    /// The resource levels at which trials pause, smallest first; the last is a complete trial.
    fn rungs(&self) -> &[Samples];
}

/// What a free slot should do.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Create a trial and train it to a resource level.
    Start {
        /// What to try.
        configuration: Configuration,
        /// Who proposed it.
        origin: String,
        /// Where the first segment ends.
        to: Samples,
    },
    /// Train a paused trial further.
    Continue {
        /// Which.
        trial: TrialId,
        /// Where the segment ends.
        to: Samples,
    },
    /// Nothing until a running trial ends its segment.
    Wait,
    /// Nothing any more.
    Finish,
}

/// The policy that a spec names, for trials of `min` to `max` samples.
pub fn build(searcher: SearcherSpec, scheduler: SchedulerSpec, min: Samples, max: Samples) -> Box<dyn Policy> {
    match searcher {
        SearcherSpec::FreezeThaw => Box::new(FreezeThaw::new(min, max)),
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
        | SearcherSpec::Nsga2 => Box::new(Paired::new(
            searchers::build(searcher),
            schedulers::build(scheduler, min, max),
        )),
    }
}

/// The policy of a whole spec, for trials of `min` to `max` samples.
pub fn for_spec(spec: &Spec, min: Samples, max: Samples) -> Box<dyn Policy> {
    if spec.criteria.is_plain() {
        build(spec.searcher, spec.scheduler, min, max)
    } else {
        build_for(spec.searcher, spec.scheduler, &spec.criteria.preference, min, max)
    }
}

/// The policy of searcher and scheduler for a study with several metrics or with constraints on metrics. Freeze-thaw, which
/// models one metric, is refused before: by the reader of specs and by the ask-tell protocol.
pub fn build_for(
    searcher: SearcherSpec,
    scheduler: SchedulerSpec,
    preference: &Preference,
    min: Samples,
    max: Samples,
) -> Box<dyn Policy> {
    Box::new(Paired::new(
        searchers::build_for(searcher, preference),
        Box::new(Ranked::new(scheduler, min, max, preference.clone())),
    ))
}
