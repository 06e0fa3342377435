//! A planned segment, and its position in the order of the virtual clock.

use super::Outcome;
use crate::units::{Samples, TrialId};

/// A planned segment whose outcome has not been delivered.
#[derive(Clone, Debug)]
pub struct InFlight {
    /// The level at which it begins.
    pub from: Samples,
    /// The level at which it ends.
    pub to: Samples,
    /// The logical worker it occupies.
    pub worker: u32,
    /// Its end on the virtual clock; outcomes are delivered in this order.
    pub finish: f64,
    /// Number of times that it was lost.
    pub lost: u32,
    /// Seconds that the study had run when a slot was free for it; `None` while it waits for a slot.
    pub(super) begun_at: Option<f64>,
    /// Its outcome, once that has arrived, with its number in the order of arrival.
    pub(super) arrived: Option<(u64, Outcome)>,
}

/// Position of a segment in the order of the virtual clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DueAt {
    /// Bits of its end. The bits of non-negative numbers sort like the numbers.
    finish: u64,
    worker: u32,
    pub(super) trial: TrialId,
}

impl DueAt {
    pub(super) fn of(trial: TrialId, flight: &InFlight) -> Self {
        Self {
            finish: flight.finish.max(0.0).to_bits(),
            worker: flight.worker,
            trial,
        }
    }
}

impl InFlight {
    /// Returns whether a slot works on it, as far as the study knows.
    pub(super) fn is_running(&self) -> bool {
        self.begun_at.is_some() && self.arrived.is_none()
    }

    /// Returns whether its outcome is known, even if not delivered yet.
    pub fn has_arrived(&self) -> bool {
        self.arrived.is_some()
    }
}
