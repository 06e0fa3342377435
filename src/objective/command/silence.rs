//! Measures how long a program has been silent: neither metrics nor any other output.

use std::time::Duration;

use super::failed;
use super::program::Program;
use crate::awake::AwakeClock;
use crate::objective::RunError;
use crate::trials::{FailureKind, Segment};

/// Enforces `trial_limits.silence`.
pub(super) struct Silence {
    /// Maximum silence in seconds.
    limit: Option<f64>,
    awake: AwakeClock,
    last_word: Duration,
    said: u64,
}

impl Silence {
    pub(super) fn begin(program: &Program, segment: &Segment) -> Self {
        Self {
            limit: segment.limits.silence,
            awake: AwakeClock::start(),
            last_word: Duration::ZERO,
            said: program.said(),
        }
    }

    /// Records that the program has printed something.
    pub(super) fn is_broken(&mut self) {
        self.last_word = self.awake.look();
    }

    /// Checks for new output and for a silence that is too long.
    ///
    /// # Errors
    /// Returns the trial's failure if the silence is too long.
    pub(super) fn check(&mut self, program: &Program, segment: &Segment) -> Result<(), RunError> {
        let Some(limit) = self.limit else { return Ok(()) };
        let (now, said) = (self.awake.look(), program.said());
        if said != self.said {
            (self.said, self.last_word) = (said, now);
        }
        if now.saturating_sub(self.last_word).as_secs_f64() <= limit {
            return Ok(());
        }
        let message = format!(
            "the program printed nothing for {limit} seconds; its log is `{}`",
            segment.log.display()
        );
        Err(failed(FailureKind::TimedOut, message))
    }
}
