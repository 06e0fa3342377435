//! The engine's clock: how long the study has run, and what time it is.

use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

/// Counts the seconds that a study runs, over all its resumptions.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    before: f64,
}

impl Clock {
    /// A clock that starts now: at the very beginning of a command, since people count reading the data as time too.
    pub fn start() -> Self {
        Self {
            started: Instant::now(),
            before: 0.0,
        }
    }

    /// The same clock for a study that had run `before` seconds already.
    #[must_use]
    pub fn carry_on(self, before: f64) -> Self {
        Self { before, ..self }
    }

    /// Seconds that the study has run.
    pub fn elapsed(&self) -> f64 {
        self.before + self.started.elapsed().as_secs_f64()
    }

    /// The instant at which the study will have run `seconds`; `None` if that is beyond what a clock can show.
    pub fn when(&self, seconds: f64) -> Option<Instant> {
        let left = Duration::try_from_secs_f64((seconds - self.before).max(0.0)).ok()?;
        self.started.checked_add(left)
    }

    /// The time of day, RFC 3339 in UTC to the millisecond; empty if no calendar has it: the year 9999 has come on some machines.
    #[expect(clippy::disallowed_methods, reason = "here is the engine's clock")]
    pub fn time_of_day() -> String {
        Self::shown(SystemTime::now())
    }

    /// A time that the system has noted, in the same form; empty if no calendar has it.
    pub(super) fn shown(time: SystemTime) -> String {
        Timestamp::try_from(time).map_or_else(|_| String::new(), |time| format!("{time:.3}"))
    }
}
