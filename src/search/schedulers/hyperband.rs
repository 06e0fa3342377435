//! Asynchronous Hyperband (Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", §3.2): several
//! brackets of asynchronous successive halving. Each bracket has a later first rung than the one before, because it is
//! unknown how early results become informative.
//!
//! Hyperband (Li et al. 2018, algorithm 1) runs one bracket after the other. Here new trials are distributed over all
//! brackets in the proportions of the paper, so that even a short study uses every first rung.

use std::cmp::Reverse;

use super::options::{ETA, eta};
use super::{Asha, Entry, Info, Scheduler, levels, no_conflict};
use crate::trials::{Trial, View};
use crate::units::{Samples, TrialId};

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "hyperband",
        about: "several brackets of `asha`, each with a later first rung than the one before",
        options: &[ETA],
        prunes: true,
        conflict: no_conflict,
    },
    build: |options, lengths| Box::new(Hyperband::new(eta(options), lengths.min, lengths.max)),
};

/// Asynchronous Hyperband.
#[derive(Clone, Debug)]
pub struct Hyperband {
    levels: Vec<Samples>,
    /// The brackets, in ascending order of their first rung.
    brackets: Vec<Bracket>,
    /// The bracket of each trial, by the trial's number.
    members: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Bracket {
    asha: Asha,
    /// Number of its trials in one round over all brackets.
    size: u64,
    /// The trials that it is owed, in shares of a trial.
    credit: i64,
}

impl Hyperband {
    /// Schedules trials of `min` to `max` samples; the last bracket runs its trials to their end.
    pub fn new(eta: u32, min: Samples, max: Samples) -> Self {
        let levels = levels::geometric(eta, min, max);
        let bracket = |(first, size)| Bracket {
            asha: Asha::over(eta, levels[first..].to_vec()),
            size,
            credit: 0,
        };
        Self {
            brackets: (0..).zip(sizes(eta, levels.len())).map(bracket).collect(),
            levels,
            members: Vec::new(),
        }
    }

    /// The bracket of the next new trial: the one that is owed most (smooth weighted round-robin). After one round over
    /// all brackets, each bracket has had exactly its number of trials.
    fn next_bracket(&self) -> usize {
        let owed = |(index, bracket): (usize, &Bracket)| (bracket.credit + bracket.size as i64, Reverse(index));
        let owed = self.brackets.iter().enumerate().map(owed);
        owed.max().map_or(0, |(_, Reverse(index))| index)
    }

    fn assign(&mut self) {
        let next = self.next_bracket();
        let all: u64 = self.brackets.iter().map(|bracket| bracket.size).sum();
        for bracket in &mut self.brackets {
            bracket.credit += bracket.size as i64;
        }
        self.brackets[next].credit -= all as i64;
        self.members.push(next);
    }

    fn bracket_of(&self, trial: TrialId) -> &Asha {
        let index = self.members.get(trial.index()).copied();
        &self.brackets[index.unwrap_or_else(|| self.next_bracket())].asha
    }
}

/// The number of trials that start in each bracket, with as many brackets as rungs: `⌊(s_max + 1)/(s + 1)⌋ · eta^s`.
/// All brackets then cost about the same (Li et al. 2018, table 1).
fn sizes(eta: u32, rungs: usize) -> impl Iterator<Item = u64> {
    let halvings = (0..rungs as u32).rev();
    halvings.map(move |s| (rungs as u64 / u64::from(s + 1)).saturating_mul(u64::from(eta).saturating_pow(s)))
}

impl Scheduler for Hyperband {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn rungs(&self) -> &[Samples] {
        &self.levels
    }

    fn first(&self) -> Samples {
        self.brackets[self.next_bracket()].asha.first()
    }

    fn next(&self, trial: &Trial) -> Samples {
        self.bracket_of(trial.id).next(trial)
    }

    fn observe(&mut self, trial: &Trial, view: &View<'_>) {
        while self.members.len() <= trial.id.index() {
            self.assign();
        }
        self.brackets[self.members[trial.id.index()]].asha.observe(trial, view);
    }

    fn promote(&self, view: &View<'_>) -> Option<(TrialId, Samples)> {
        let brackets = self.brackets.iter().enumerate();
        let promoted = brackets.filter_map(|(index, bracket)| Some((bracket.asha.promote(view)?, index)));
        // The highest rung first, as within a bracket.
        let highest = promoted.max_by_key(|((_, to), index)| (*to, Reverse(*index)));
        highest.map(|(promoted, _)| promoted)
    }

    fn boxed(&self) -> Box<dyn Scheduler> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schedulers::testing::Stand;

    fn hyperband(max: u64) -> Stand<Hyperband> {
        Stand::new(Hyperband::new(3, Samples(1), Samples(max)))
    }

    /// Number of these trials that reached each level, by the level of their first rung.
    fn table(stand: &Stand<Hyperband>) -> Vec<Vec<usize>> {
        let brackets = &stand.scheduler.brackets;
        let reached = |index: usize, level: Samples| {
            let members = stand.trials.iter().zip(&stand.scheduler.members);
            members
                .filter(|(trial, bracket)| **bracket == index && trial.reached >= level)
                .count()
        };
        let row = |index: usize| {
            brackets[index]
                .asha
                .rungs()
                .iter()
                .map(|&level| reached(index, level))
                .collect()
        };
        (0..brackets.len()).map(row).collect()
    }

    #[test]
    fn the_papers_table_comes_out() {
        // Table 1 of Li et al. 2018: R = 81, eta = 3.
        let mut stand = hyperband(81);
        for number in 0..81 + 27 + 9 + 6 + 5 {
            // In ascending order of quality, so that no promotion is wrong: then it equals successive halving.
            let id = stand.start();
            stand.end(id, f64::from(number));
        }
        stand.trials_left = Some(0);
        while let Some((id, _)) = stand.go_on() {
            stand.end(id, f64::from(id));
        }
        assert_eq!(
            table(&stand),
            [
                vec![81, 27, 9, 3, 1],
                vec![27, 9, 3, 1],
                vec![9, 3, 1],
                vec![6, 2],
                vec![5]
            ]
        );
        let firsts = stand.scheduler.brackets.iter().map(|bracket| bracket.asha.first().0);
        assert_eq!(firsts.collect::<Vec<_>>(), [1, 3, 9, 27, 81]);
    }

    #[test]
    fn a_short_study_has_seen_every_first_rung() {
        let mut stand = hyperband(81);
        let firsts: Vec<u64> = (0..40)
            .map(|_| {
                let first = stand.scheduler.first().0;
                let id = stand.start();
                assert_eq!(stand.status(id), crate::trials::Status::Running { to: Samples(first) });
                first
            })
            .collect();
        for level in [1, 3, 9, 27, 81] {
            assert!(firsts.contains(&level), "{level} of {firsts:?}");
        }
    }

    #[test]
    fn trials_are_compared_within_their_bracket_only() {
        let mut stand = hyperband(3);
        // Brackets of 3 and 2 trials; those of the second run to their end.
        let mut first = Vec::new();
        for number in 0..5 {
            let id = stand.start();
            if stand.scheduler.members[id as usize] == 0 {
                first.push(id);
                stand.end(id, 9.0 - f64::from(number));
            } else {
                stand.end(id, 0.0);
            }
        }
        assert_eq!(stand.go_on(), Some((first[2], 3)));
        assert_eq!(stand.go_on(), None);
    }

    proptest! {
        #[test]
        fn brackets_add_up(eta in 2_u32..5, max in 1_u64..2_000, rounds in 1_usize..4) {
            let mut scheduler = Hyperband::new(eta, Samples(1), Samples(max));
            let sizes: Vec<u64> = scheduler.brackets.iter().map(|bracket| bracket.size).collect();
            let all: u64 = sizes.iter().sum();
            prop_assume!(all < 3_000);
            for round in 1..=rounds as u64 {
                for _ in 0..all {
                    scheduler.assign();
                }
                for (index, size) in sizes.iter().enumerate() {
                    let members = scheduler.members.iter().filter(|&&bracket| bracket == index).count();
                    prop_assert_eq!(members as u64, size * round);
                }
            }
        }
    }
}
