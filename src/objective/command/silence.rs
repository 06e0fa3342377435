//! How long a program has said nothing: neither reported metrics nor anything else.

use std::time::Duration;

use super::failed;
use super::program::Program;
use crate::awake::AwakeClock;
use crate::objective::RunError;
use crate::trials::{FailureKind, Segment};

/// Watches over `trial_limits.silence`.
pub(super) struct Silence {
    /// Seconds of it that are too many.
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

    /// The program has said something.
    pub(super) fn is_broken(&mut self) {
        self.last_word = self.awake.look();
    }

    /// Looks whether the program has said anything, and whether its silence is too long.
    ///
    /// # Errors
    /// The trial's failure if it is.
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
