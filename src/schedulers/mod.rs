//! Schedulers decide which trial gets the next segment, and how long it is. Each is one file behind [`Scheduler`].
//!
//! Imports `trials` and below.

mod asha;
mod ranked;
mod unscheduled;

pub use asha::Asha;
pub use ranked::Ranked;
pub use unscheduled::Unscheduled;

use crate::spec::SchedulerSpec;
use crate::trials::{Trial, View};
use crate::units::{Samples, TrialId};

/// Decides which trial gets the next segment.
///
/// Decisions are pure functions of the view and of what was observed.
pub trait Scheduler: Send {
    /// Its name in specs.
    fn name(&self) -> &'static str;

    /// The resource levels at which trials are compared, smallest first; the last is a complete trial.
    fn rungs(&self) -> &[Samples];

    /// Takes note of a trial that changed: was created, started a segment, ended one.
    fn observe(&mut self, _trial: &Trial) {}

    /// A paused trial that deserves to go on, and where its next segment ends.
    fn promote(&self, view: &View<'_>) -> Option<(TrialId, Samples)>;
}

/// The scheduler that a spec names, for trials of `min` to `max` samples.
pub fn build(spec: SchedulerSpec, min: Samples, max: Samples) -> Box<dyn Scheduler> {
    match spec {
        SchedulerSpec::None => Box::new(Unscheduled::new(max)),
        SchedulerSpec::Asha { eta } => Box::new(Asha::new(eta, min, max)),
    }
}
