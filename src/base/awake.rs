//! A clock that counts only the time in which this process could run, not the time in which it, its job or the machine
//! was suspended.

use std::time::{Duration, Instant};

/// Longest time between two polls that is counted. A longer gap means that the process was suspended.
const LONGEST: Duration = Duration::from_secs(2);

/// A clock for limits on how long something may take or be silent. It must be polled often.
#[derive(Debug)]
pub struct AwakeClock {
    spent: Duration,
    suspended: Duration,
    looked: Instant,
}

impl AwakeClock {
    /// A clock at zero.
    pub fn start() -> Self {
        Self {
            spent: Duration::ZERO,
            suspended: Duration::ZERO,
            looked: Instant::now(),
        }
    }

    /// Time counted since the start.
    pub fn look(&mut self) -> Duration {
        let now = Instant::now();
        self.look_at(now)
    }

    /// Time that was not counted because the process was suspended.
    pub fn suspended(&self) -> Duration {
        self.suspended
    }

    fn look_at(&mut self, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.looked);
        self.spent += passed.min(LONGEST);
        self.suspended += passed.saturating_sub(LONGEST);
        self.looked = now;
        self.spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_which_nobody_could_look_is_left_out() {
        let mut clock = AwakeClock::start();
        let begun = clock.looked;
        let after = |seconds| begun + Duration::from_millis((seconds * 1000.0) as u64);
        assert_eq!(clock.look_at(after(0.5)), Duration::from_millis(500));
        assert_eq!(clock.look_at(after(1.0)), Duration::from_secs(1));
        assert_eq!(
            clock.look_at(after(3601.0)),
            Duration::from_secs(3),
            "an hour's suspension"
        );
        assert_eq!(clock.look_at(after(3601.5)), Duration::from_millis(3500));
        assert_eq!(clock.suspended(), Duration::from_secs(3598));
    }
}
