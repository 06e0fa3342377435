//! A failed attempt: its error, and whether another attempt could succeed.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::thread;
use std::time::{Duration, Instant};

use crate::settings::Retries;
use crate::{HubError, Progress};

/// The longest time between two looks at [`Progress::should_stop`].
const NAP: Duration = Duration::from_millis(50);

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: HubError,
    /// True if the same request may succeed later.
    pub(crate) is_transient: bool,
    /// The pause that the server asks for.
    pub(crate) pause: Option<Duration>,
}

impl Failure {
    pub(crate) fn transient(error: HubError) -> Self {
        Self {
            error,
            is_transient: true,
            pause: None,
        }
    }
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        Self {
            error,
            is_transient: false,
            pause: None,
        }
    }
}

/// The attempts of one request.
pub(crate) struct Attempts<'a> {
    retries: Retries,
    progress: &'a dyn Progress,
    failed: u32,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(retries: Retries, progress: &'a dyn Progress) -> Self {
        Self {
            retries,
            progress,
            failed: 0,
        }
    }

    /// Forgets earlier failures, since something was received.
    pub(crate) fn made_progress(&mut self) {
        self.failed = 0;
    }

    /// Pauses after a failure.
    ///
    /// # Errors
    /// If another attempt is useless or one too many, or if the download is to stop.
    pub(crate) fn pause_after(&mut self, failure: Failure) -> Result<(), HubError> {
        self.failed += 1;
        let asked = failure.pause.unwrap_or_default();
        if !failure.is_transient || self.failed >= self.retries.attempts || asked > self.retries.longest_pause {
            return Err(failure.error);
        }
        let pause = self.pause().max(asked);
        self.progress.retrying(&failure.error, pause);
        sleep(pause, self.progress)
    }

    /// The pause after the failures so far, doubled for each and up to a fifth shorter, so that several processes do
    /// not come back at the same time.
    fn pause(&self) -> Duration {
        let doubled = self.retries.first_pause.saturating_mul(1 << (self.failed - 1).min(16));
        // The standard library's source of chance: each state hashes differently.
        let chance = RandomState::new().build_hasher().finish();
        let share = (chance % 1_000) as f64 / 5_000.0;
        doubled.min(self.retries.longest_pause).mul_f64(1.0 - share)
    }
}

/// Runs a request until it succeeds or another attempt is useless.
pub(crate) fn with_retries<T>(
    retries: Retries,
    progress: &dyn Progress,
    mut attempt: impl FnMut() -> Result<T, Failure>,
) -> Result<T, HubError> {
    let mut attempts = Attempts::new(retries, progress);
    loop {
        match attempt() {
            Ok(value) => return Ok(value),
            Err(failure) => attempts.pause_after(failure)?,
        }
    }
}

fn sleep(pause: Duration, progress: &dyn Progress) -> Result<(), HubError> {
    let end = Instant::now() + pause;
    loop {
        if progress.should_stop() {
            return Err(HubError::Stopped);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(NAP));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Silent;

    const RETRIES: Retries = Retries {
        attempts: 4,
        first_pause: Duration::from_millis(100),
        longest_pause: Duration::from_millis(250),
    };

    fn failure(is_transient: bool, pause: Option<Duration>) -> Failure {
        Failure {
            error: HubError::NoCacheFolder,
            is_transient,
            pause,
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let mut attempts = Attempts::new(RETRIES, &Silent);
        for (failed, longest) in [(1, 100), (2, 200), (3, 250), (60, 250)] {
            attempts.failed = failed;
            let longest = Duration::from_millis(longest);
            assert!(
                attempts.pause() <= longest && attempts.pause() >= longest.mul_f64(0.8),
                "{failed}"
            );
        }
    }

    #[test]
    fn a_useless_attempt_is_not_made() {
        let pause_after = |failure| Attempts::new(RETRIES, &Silent).pause_after(failure);
        assert!(pause_after(failure(false, None)).is_err());
        assert!(pause_after(failure(true, Some(Duration::from_secs(1)))).is_err());
        assert!(pause_after(failure(true, Some(Duration::ZERO))).is_ok());
        let mut last = Attempts::new(RETRIES, &Silent);
        last.failed = 3;
        assert!(last.pause_after(failure(true, None)).is_err());
    }
}
