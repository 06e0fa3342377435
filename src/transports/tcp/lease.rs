//! A pilot's count of its lease.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::os;

/// The share of the lease after which a worker stops. The rest is for killing it, and for clocks that run differently.
const SHARE: f64 = 0.8;

/// The time until which a pilot's worker may run. Threads share it.
#[derive(Debug, Default)]
pub(super) struct Lease(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// When the last heartbeat that was answered was sent.
    renewed: Duration,
    /// The whole lease.
    length: Duration,
}

impl Lease {
    /// Records that a message which was sent at `sent` was answered.
    pub(super) fn renew(&self, sent: Duration, length: Duration) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.renewed = sent.max(state.renewed);
        state.length = length;
    }

    /// The end of the time in which a worker may run, on this machine's clock ([`os::uptime`]).
    pub(super) fn until(&self) -> Duration {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.renewed + state.length.mul_f64(SHARE)
    }

    /// Returns whether that time is over.
    pub(super) fn is_expired(&self) -> bool {
        os::uptime() >= self.until()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_ends_at_four_fifths_after_the_last_answered_message() {
        let lease = Lease::default();
        assert!(lease.is_expired(), "before the first answer nothing may run");
        let now = os::uptime();
        lease.renew(now, Duration::from_secs(10));
        lease.renew(now.saturating_sub(Duration::from_secs(3)), Duration::from_secs(10));
        assert_eq!(
            lease.until(),
            now + Duration::from_secs(8),
            "answers may overtake each other"
        );
        assert!(!lease.is_expired());
    }
}
