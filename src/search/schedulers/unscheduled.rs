//! No scheduler: every trial runs to its end in one segment.

use super::{Entry, Info, Scheduler, no_conflict};
use crate::trials::View;
use crate::units::{Samples, TrialId};

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "none",
        about: "every trial runs to its end",
        options: &[],
        prunes: false,
        conflict: no_conflict,
    },
    build: |_, lengths| Box::new(Unscheduled::new(lengths.max)),
};

/// Every trial runs to its end.
#[derive(Clone, Copy, Debug)]
pub struct Unscheduled {
    rungs: [Samples; 1],
}

impl Unscheduled {
    /// Runs complete trials of `max` samples.
    pub fn new(max: Samples) -> Self {
        Self { rungs: [max] }
    }
}

impl Scheduler for Unscheduled {
    fn name(&self) -> &'static str {
        ENTRY.info.name
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
