//! The pauses between attempts at a delivery that fail.

use std::time::Duration;

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
