//! The clock of the engine: how long the study has run, and the time of day.

use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

/// Counts the seconds that a study has run, over all its resumptions.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// `None` while it waits.
    started: Option<Instant>,
    before: f64,
}

impl Clock {
    /// Starts a clock now: at the very beginning of a command, because people count reading the data as time too.
    pub fn start() -> Self {
        Self {
            started: Some(Instant::now()),
            before: 0.0,
        }
    }

    /// The same clock standing still, until it begins.
    #[must_use]
    pub fn wait(self) -> Self {
        Self { started: None, ..self }
    }

    /// Returns whether it stands still.
    pub fn is_waiting(&self) -> bool {
        self.started.is_none()
    }

    /// The same clock, counting from now on.
    #[must_use]
    pub fn begin(self) -> Self {
        Self {
            started: Some(Instant::now()),
            ..self
        }
    }

    /// The same clock for a study that had already run `before` seconds.
    #[must_use]
    pub fn carry_on(self, before: f64) -> Self {
        Self { before, ..self }
    }

    /// Seconds that the study has run.
    pub fn elapsed(&self) -> f64 {
        self.before + self.started.map_or(0.0, |started| started.elapsed().as_secs_f64())
    }

    /// The instant at which the study will have run `seconds`; `None` if it is beyond the range of the clock, or if the
    /// clock stands still.
    pub fn when(&self, seconds: f64) -> Option<Instant> {
        let left = Duration::try_from_secs_f64((seconds - self.before).max(0.0)).ok()?;
        self.started?.checked_add(left)
    }

    /// The time of day, RFC 3339 in UTC to the millisecond; empty beyond the year 9999, which some machines report.
    #[expect(clippy::disallowed_methods, reason = "here is the engine's clock")]
    pub fn time_of_day() -> String {
        Self::shown(SystemTime::now())
    }

    /// A time recorded by the system, in the same form; empty if it cannot be shown.
    pub(super) fn shown(time: SystemTime) -> String {
        Timestamp::try_from(time).map_or_else(|_| String::new(), |time| format!("{time:.3}"))
    }
}
