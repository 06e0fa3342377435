//! Shuffling that is the same in every version of all crates, because recorded studies depend on it.

use rand::Rng as _;

use crate::rng::Rng;

/// A uniform number below `bound`, which is at least 1.
pub(super) fn below(bound: usize, random: &mut Rng) -> usize {
    let bound = bound as u64;
    // The largest multiple of `bound` that fits: larger numbers would favour small results.
    let fair = u64::MAX - u64::MAX % bound;
    loop {
        let number = random.next_u64();
        if number < fair {
            return (number % bound) as usize;
        }
    }
}

/// Puts the items into a uniformly random order (Fisher and Yates; Durstenfeld 1964).
pub(super) fn shuffle<Item>(items: &mut [Item], random: &mut Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(last + 1, random));
    }
}

#[cfg(test)]
mod tests {
    use crate::rng::stream;
    use crate::units::Seed;

    use super::*;

    #[test]
    fn a_shuffle_is_the_same_in_every_version() {
        let mut items: Vec<u32> = (0..8).collect();
        shuffle(&mut items, &mut stream(Seed(7), "shuffle", &[]));
        insta::assert_snapshot!(format!("{items:?}"));
    }

    #[test]
    fn every_order_is_as_likely() {
        let mut random = stream(Seed(1), "orders", &[]);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..6000 {
            let mut items = [0, 1, 2];
            shuffle(&mut items, &mut random);
            *counts.entry(items).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
