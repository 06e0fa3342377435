//! The trials that have reached one resource level, best first.

use std::collections::{BTreeMap, BTreeSet};

use crate::units::{Loss, TrialId};

/// The rank of a trial at a rung: by its loss, then by its number. The smallest is the best.
pub(super) type Rank = (Loss, TrialId);

/// The trials that have reached one rung. Every change takes logarithmic time.
#[derive(Clone, Debug, Default)]
pub(super) struct Rung {
    /// The best trials with their weights: as many as weigh at most `1/eta` of the total.
    top: BTreeMap<Rank, f64>,
    /// The other trials with their weights.
    rest: BTreeMap<Rank, f64>,
    /// The trials that are still paused here.
    paused: BTreeSet<Rank>,
    weight_of_top: f64,
    weight: f64,
}

impl Rung {
    /// Adds a trial that has reached the rung. With weights of 1, the top are the best `⌊n/eta⌋` of `n`. With the costs
    /// of the trials as weights, the top are the best trials that cost at most `1/eta` of the rung's total cost.
    pub(super) fn arrive(&mut self, rank: Rank, weight: f64, eta: u32) {
        let eta = f64::from(eta);
        self.weight += weight;
        if self.top.last_key_value().is_some_and(|(last, _)| rank < *last) {
            self.top.insert(rank, weight);
            self.weight_of_top += weight;
        } else {
            self.rest.insert(rank, weight);
        }
        while self.weight_of_top * eta > self.weight
            && let Some((rank, weight)) = self.top.pop_last()
        {
            self.weight_of_top -= weight;
            self.rest.insert(rank, weight);
        }
        while let Some(first) = self.rest.first_entry()
            && (self.weight_of_top + first.get()) * eta <= self.weight
        {
            let (rank, weight) = first.remove_entry();
            self.weight_of_top += weight;
            self.top.insert(rank, weight);
        }
    }

    /// Marks a trial that has arrived as paused here.
    pub(super) fn pause(&mut self, rank: Rank) {
        self.paused.insert(rank);
    }

    /// Marks a trial as no longer paused here. Its result stays.
    pub(super) fn leave(&mut self, rank: Rank) {
        self.paused.remove(&rank);
    }

    /// The best trial that is paused here.
    pub(super) fn best_paused(&self) -> Option<Rank> {
        self.paused.first().copied()
    }

    /// The best of all trials that have arrived.
    pub(super) fn best(&self) -> Option<Rank> {
        let best = self.top.first_key_value().or_else(|| self.rest.first_key_value());
        best.map(|(rank, _)| *rank)
    }

    /// All trials that have arrived, best first.
    pub(super) fn ranking(&self) -> impl Iterator<Item = Rank> {
        self.top.keys().chain(self.rest.keys()).copied()
    }

    /// Returns whether a trial that has arrived is among the top.
    pub(super) fn is_in_top(&self, rank: Rank) -> bool {
        self.top.last_key_value().is_some_and(|(last, _)| rank <= *last)
    }

    /// The same with the size of the top rounded up: `⌈n/eta⌉` of `n`.
    pub(super) fn is_in_top_rounded_up(&self, rank: Rank, eta: u32) -> bool {
        let is_cut = self.weight_of_top * f64::from(eta) < self.weight;
        let is_next = || self.rest.first_key_value().is_some_and(|(first, _)| rank <= *first);
        self.is_in_top(rank) || (is_cut && is_next())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::units::Goal;

    proptest! {
        #[test]
        fn the_top_are_the_best_that_weigh_no_more_than_their_share(
            arrivals in prop::collection::vec((0..20_u32, 1..50_u32), 1..60),
            eta in 2..5_u32,
        ) {
            let mut rung = Rung::default();
            let mut all = Vec::new();
            for (number, (loss, weight)) in (0..).zip(arrivals) {
                let rank = (Goal::Minimize.loss(f64::from(loss)), TrialId(number));
                rung.arrive(rank, f64::from(weight), eta);
                all.push((rank, weight));
                all.sort_unstable();
                let total: u32 = all.iter().map(|(_, weight)| weight).sum();
                let mut sum = 0;
                let mut is_cut = false;
                for &(rank, weight) in &all {
                    sum += weight;
                    let expected = sum * eta <= total;
                    prop_assert_eq!(rung.is_in_top(rank), expected);
                    // Rounded up, the top has one more if there is a remainder.
                    let is_next = !expected && !is_cut && (sum - weight) * eta < total;
                    prop_assert_eq!(rung.is_in_top_rounded_up(rank, eta), expected || is_next);
                    is_cut |= !expected;
                }
                prop_assert_eq!(rung.best(), all.first().map(|(rank, _)| *rank));
                prop_assert!(rung.ranking().eq(all.iter().map(|(rank, _)| *rank)));
            }
        }
    }
}
