//! No scheduler: every trial runs to its end in one segment.

use super::Scheduler;
use crate::trials::View;
use crate::units::{Samples, TrialId};

/// Every trial runs to its end.
#[derive(Clone, Copy, Debug)]
pub struct Unscheduled {
    rungs: [Samples; 1],
}

impl Unscheduled {
    /// For complete trials of `max` samples.
    pub fn new(max: Samples) -> Self {
        Self { rungs: [max] }
    }
}

impl Scheduler for Unscheduled {
    fn name(&self) -> &'static str {
        "none"
    }

    fn rungs(&self) -> &[Samples] {
        &self.rungs
    }

    fn promote(&self, _view: &View<'_>) -> Option<(TrialId, Samples)> {
        None
    }

    fn boxed(&self) -> Box<dyn Scheduler> {
        Box::new(*self)
    }
}
