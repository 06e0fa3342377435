//! A searcher's state as a fold over the trials in the order of their numbers, cached between proposals.

use std::cell::RefCell;

use super::standing::{Rank, is_settled, rank};
use crate::trials::{Trial, View};
use crate::units::Seed;

/// Caches the state after the leading settled trials, so that a proposal only has to fold the new trials. The cache is
/// checked against the view: the state is the same as if all trials were folded again.
#[derive(Debug)]
pub(super) struct Folded<State> {
    kept: RefCell<Option<Kept<State>>>,
}

#[derive(Debug)]
struct Kept<State> {
    seed: Seed,
    seen: Vec<Seen>,
    state: State,
}

#[derive(Debug)]
struct Seen {
    rank: Rank,
    point: Vec<Option<f64>>,
}

impl<State> Default for Folded<State> {
    fn default() -> Self {
        Self {
            kept: RefCell::new(None),
        }
    }
}

impl<State: Clone> Folded<State> {
    /// The state after all trials of the view.
    pub(super) fn state(
        &self,
        view: &View<'_>,
        begin: impl FnOnce() -> State,
        take: impl Fn(&mut State, &Trial),
    ) -> State {
        let settled = view.trials.iter().take_while(|trial| is_settled(trial)).count();
        let mut slot = self.kept.borrow_mut();
        let mut kept = match slot.take().filter(|kept| kept.is_of(view, settled)) {
            Some(kept) => kept,
            None => Kept {
                seed: view.seed,
                seen: Vec::new(),
                state: begin(),
            },
        };
        for trial in &view.trials[kept.seen.len()..settled] {
            take(&mut kept.state, trial);
            kept.seen.push(Seen {
                rank: rank(trial),
                point: trial.point.clone(),
            });
        }
        let mut state = kept.state.clone();
        *slot = Some(kept);
        for trial in &view.trials[settled..] {
            take(&mut state, trial);
        }
        state
    }
}

impl<State> Kept<State> {
    fn is_of(&self, view: &View<'_>, settled: usize) -> bool {
        let seen = self.seen.len();
        seen <= settled
            && self.seed == view.seed
            && self
                .seen
                .iter()
                .zip(view.trials)
                .all(|(seen, trial)| seen.rank == rank(trial) && seen.point == trial.point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::searchers::testing::{cube, cube_trial};
    use crate::trials::Status;
    use crate::trials::testing::view;
    use crate::units::Samples;

    /// Returns the sum of the trials' numbers, and counts how often a trial was folded.
    fn fold(folded: &Folded<u32>, trials: &[Trial], taken: &std::cell::Cell<u32>) -> u32 {
        let space = cube(1);
        let take = |state: &mut u32, trial: &Trial| {
            taken.set(taken.get() + 1);
            *state += trial.id.0;
        };
        folded.state(&view(&space, 1, trials), || 0, take)
    }

    #[test]
    fn settled_trials_are_taken_once_and_others_every_time() {
        let mut trials: Vec<Trial> = (0..4).map(|number| cube_trial(number, &[0.5], 1.0, "cfo")).collect();
        trials[2].status = Status::Running { to: Samples(9) };
        let (folded, taken) = (Folded::default(), std::cell::Cell::new(0));
        assert_eq!((fold(&folded, &trials, &taken), taken.get()), (6, 4));
        assert_eq!((fold(&folded, &trials, &taken), taken.get()), (6, 6));
        trials[2].status = Status::Completed;
        assert_eq!((fold(&folded, &trials, &taken), taken.get()), (6, 8));
        assert_eq!((fold(&folded, &trials, &taken), taken.get()), (6, 8));
    }

    #[test]
    fn another_history_is_folded_from_its_beginning() {
        let mut trials: Vec<Trial> = (0..4).map(|number| cube_trial(number, &[0.5], 1.0, "cfo")).collect();
        let (folded, taken) = (Folded::default(), std::cell::Cell::new(0));
        fold(&folded, &trials, &taken);
        trials[1] = cube_trial(1, &[0.6], 1.0, "cfo");
        assert_eq!((fold(&folded, &trials, &taken), taken.get()), (6, 8));
        assert_eq!((fold(&folded, &trials[..2], &taken), taken.get()), (1, 10));
    }
}
