//! The pauses between attempts at a delivery that fail.

use std::thread::sleep;
use std::time::Duration;

use super::TrackerError;

/// Attempts of an export at one delivery, and the first and the longest pause between them.
const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Tries a few times while a server is unavailable.
pub(super) fn patiently<T>(mut attempt: impl FnMut() -> Result<T, TrackerError>) -> Result<T, TrackerError> {
    let mut pauses = Pauses::new(FIRST_PAUSE, LONGEST_PAUSE);
    for _ in 1..ATTEMPTS {
        match attempt() {
            Err(TrackerError::Unavailable { after, .. }) => sleep(pauses.next(after)),
            outcome => return outcome,
        }
    }
    attempt()
}

/// Pauses that double from the first to the longest one.
pub(super) struct Pauses {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Pauses {
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            next: first,
        }
    }

    /// The pause after one more failure. A server may ask for a longer one, but never for more than the longest.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let pause = self.next.max(asked.unwrap_or_default()).min(self.longest);
        self.next = self.next.saturating_mul(2).min(self.longest);
        pause
    }

    /// Begins again with the first pause, after a success.
    pub(super) fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let mut pauses = Pauses::new(Duration::from_secs(1), Duration::from_mins(1));
        let mut seconds = |asked: Option<u64>| pauses.next(asked.map(Duration::from_secs)).as_secs();
        let doubled: Vec<u64> = (0..9).map(|_| seconds(None)).collect();
        assert_eq!(doubled, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        pauses.reset();
        assert_eq!(pauses.next(Some(Duration::from_secs(5))), Duration::from_secs(5));
        assert_eq!(pauses.next(None), Duration::from_secs(2));
    }

    #[test]
    fn an_export_tries_again_only_if_that_may_help() {
        let unavailable = || TrackerError::Unavailable {
            message: String::new(),
            after: None,
        };
        let mut attempts = 0;
        let second = patiently(|| {
            attempts += 1;
            if attempts == 2 {
                Ok(attempts)
            } else {
                Err(unavailable())
            }
        });
        assert_eq!(second.ok(), Some(2));
        let mut attempts = 0;
        let refused: Result<(), _> = patiently(|| {
            attempts += 1;
            Err(TrackerError::Refused(String::new()))
        });
        assert!(refused.is_err());
        assert_eq!(attempts, 1);
    }

    proptest! {
        #[test]
        fn no_server_asks_for_more_than_the_longest(asked in prop::collection::vec(any::<Option<u64>>(), 1..80)) {
            let (first, longest) = (Duration::from_millis(500), Duration::from_secs(30));
            let mut pauses = Pauses::new(first, longest);
            for asked in asked {
                let pause = pauses.next(asked.map(Duration::from_secs));
                prop_assert!(first <= pause && pause <= longest);
            }
        }
    }
}
