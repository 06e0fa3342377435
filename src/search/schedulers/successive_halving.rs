//! Synchronous successive halving (Jamieson & Talwalkar 2016, "Non-stochastic Best Arm Identification and
//! Hyperparameter Optimization", algorithm 1). The trials of a bracket start together, and a rung is decided when all
//! of them have arrived. So later arrivals cannot prove a promotion wrong, at the price of waiting.
//!
//! Workers do not wait: while a bracket waits, the next bracket starts (as in Syne Tune's synchronous Hyperband). The
//! bracket at the highest rung gets a slot first.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::options::{ETA, eta};
use super::rung::Rank;
use super::{Entry, Info, OptionKind, OptionRow, Scheduler, Stop, levels, no_conflict};
use crate::trials::{Status, Trial, View};
use crate::units::{Samples, TrialId};

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "successive_halving",
        about: "a rung is decided when all trials of its bracket have arrived",
        options: &[
            ETA,
            OptionRow {
                name: "bracket",
                about: "Number of trials that start together. By default so many that one is left at the last rung.",
                kind: OptionKind::Integer(2, 1_000_000),
                default: None,
            },
        ],
        prunes: true,
        conflict: no_conflict,
    },
    build: |options, lengths| {
        Box::new(SuccessiveHalving::new(
            eta(options),
            options.integer("bracket"),
            lengths.min,
            lengths.max,
        ))
    },
};

/// Synchronous successive halving in brackets.
#[derive(Clone, Debug)]
pub struct SuccessiveHalving {
    eta: usize,
    /// Number of trials of a bracket.
    size: usize,
    levels: Vec<Samples>,
    brackets: Vec<Bracket>,
    /// The bracket of each trial, by the trial's number.
    members: Vec<usize>,
    /// The brackets with trials to promote, the highest rung first.
    ready: BTreeSet<(Reverse<usize>, usize)>,
    /// The bracket whose promotions were decided by the last observation.
    decided: Option<usize>,
}

/// Trials that started together.
#[derive(Clone, Debug, Default)]
struct Bracket {
    members: usize,
    /// True if no further trial joins.
    is_sealed: bool,
    /// The index of the rung to which its trials are training.
    rung: usize,
    /// Number of trials that reach this rung, or would have reached it.
    expected: usize,
    running: BTreeSet<TrialId>,
    /// The trials that wait at the rung before, best first. The first `quota` of them are promoted.
    waiting: BTreeSet<Rank>,
    quota: usize,
    /// The trials that have arrived at this rung and can continue.
    arrived: BTreeSet<Rank>,
}

impl SuccessiveHalving {
    /// Schedules trials of `min` to `max` samples in brackets of `size`; by default one of them reaches the last rung.
    pub fn new(eta: u32, size: Option<u32>, min: Samples, max: Samples) -> Self {
        let levels = levels::geometric(eta, min, max);
        let whole = (eta as usize).saturating_pow(levels.len() as u32 - 1);
        Self {
            eta: eta as usize,
            size: size.map_or(whole, |size| size as usize),
            levels,
            brackets: Vec::new(),
            members: Vec::new(),
            ready: BTreeSet::new(),
            decided: None,
        }
    }

    /// Adds a new trial to the bracket that is being filled.
    fn join(&mut self) {
        if self.brackets.last().is_none_or(|bracket| bracket.is_sealed) {
            self.brackets.push(Bracket::default());
        }
        let index = self.brackets.len() - 1;
        let bracket = &mut self.brackets[index];
        bracket.members += 1;
        bracket.expected += 1;
        bracket.is_sealed = bracket.members >= self.size;
        self.members.push(index);
    }

    /// Seals the bracket that is being filled: no further trial joins.
    fn seal(&mut self) {
        if let Some(bracket) = self.brackets.last_mut()
            && !bracket.is_sealed
        {
            bracket.is_sealed = true;
            self.settle(self.brackets.len() - 1);
        }
    }

    /// Decides the rung of a bracket once all its trials have arrived.
    fn settle(&mut self, index: usize) {
        let (eta, last) = (self.eta, self.levels.len() - 1);
        let bracket = &mut self.brackets[index];
        self.ready.remove(&(Reverse(bracket.rung), index));
        bracket.quota = bracket.quota.min(bracket.waiting.len());
        if bracket.is_sealed && bracket.running.is_empty() && bracket.quota == 0 && bracket.rung < last {
            bracket.decide(eta);
            self.decided = Some(index);
        }
        if bracket.quota > 0 {
            self.ready.insert((Reverse(bracket.rung), index));
        }
    }
}

impl Bracket {
    /// Number of trials that would be promoted if the rung were decided now: one in `eta`, and at least one.
    fn share(&self, eta: usize) -> usize {
        (self.expected / eta).max(1).min(self.arrived.len())
    }

    fn decide(&mut self, eta: usize) {
        self.quota = self.share(eta);
        self.expected = self.quota;
        self.waiting = std::mem::take(&mut self.arrived);
        self.rung += 1;
    }
}

impl Scheduler for SuccessiveHalving {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn rungs(&self) -> &[Samples] {
        &self.levels
    }

    fn observe(&mut self, trial: &Trial, view: &View<'_>) {
        self.decided = None;
        let is_new = trial.id.index() >= self.members.len();
        while self.members.len() <= trial.id.index() {
            self.join();
        }
        let index = self.members[trial.id.index()];
        let rank = trial.loss().map(|loss| (loss, trial.id));
        let goes_on = matches!(trial.status, Status::Running { .. }) && !is_new;
        if goes_on && !self.brackets[index].is_sealed {
            // A trial of an unfilled bracket was promoted, so there was no trial left to fill the bracket.
            self.seal();
        }
        let bracket = &mut self.brackets[index];
        match (trial.status, rank) {
            (Status::Running { .. }, rank) => {
                bracket.running.insert(trial.id);
                // After a replay with other losses, this trial may not be one that would be promoted, but the number is
                // the same.
                if let Some(rank) = rank {
                    bracket.waiting.remove(&rank);
                }
                bracket.quota = bracket.quota.saturating_sub(usize::from(goes_on));
            }
            (Status::Paused, Some(rank)) => {
                bracket.running.remove(&trial.id);
                bracket.arrived.insert(rank);
            }
            (Status::Stopped, Some(rank)) => {
                // A waiting trial is replaced by the next best; a trial that was on its way has not arrived.
                bracket.running.remove(&trial.id);
                bracket.arrived.remove(&rank);
                if bracket.waiting.remove(&rank) {
                    self.decided = Some(index);
                }
            }
            (Status::Completed | Status::Failed | Status::Paused | Status::Stopped, _) => {
                bracket.running.remove(&trial.id);
            }
        }
        self.settle(index);
        if !view.may_start() {
            self.seal();
        }
    }

    fn promote(&self, view: &View<'_>) -> Option<(TrialId, Samples)> {
        if let Some((Reverse(rung), index)) = self.ready.first() {
            let best = self.brackets[*index].waiting.first()?;
            return Some((best.1, self.levels[*rung]));
        }
        let unfilled = self.brackets.last().filter(|bracket| !bracket.is_sealed)?;
        let is_over = !view.may_start() && unfilled.running.is_empty();
        let best = unfilled.arrived.first().filter(|_| is_over)?;
        Some((best.1, *self.levels.get(1)?))
    }

    fn prunes(&self, _trial: &Trial, _view: &View<'_>) -> Vec<Stop> {
        let Some(bracket) = self.decided.map(|index| &self.brackets[index]) else {
            return Vec::new();
        };
        let others = bracket.waiting.iter().skip(bracket.quota);
        others.map(|&(_, trial)| Stop { trial, by: self.name() }).collect()
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

    fn halving(eta: u32, size: Option<u32>, max: u64) -> Stand<SuccessiveHalving> {
        Stand::new(SuccessiveHalving::new(eta, size, Samples(1), Samples(max)))
    }

    #[test]
    fn the_papers_worked_example_comes_out() {
        // The bracket s = 4 of Hyperband's table 1: 81 trials, then 27, 9, 3, 1.
        let mut stand = halving(3, None, 81);
        for number in 0..81 {
            assert_eq!(stand.promoted(), None);
            stand.run(f64::from(number * 37 % 81));
        }
        let mut reached = vec![81];
        loop {
            let mut going = Vec::new();
            while let Some((id, _)) = stand.go_on() {
                going.push(id);
            }
            if going.is_empty() {
                break;
            }
            for &id in &going {
                stand.end(id, f64::from(id * 37 % 81));
            }
            reached.push(going.len());
        }
        assert_eq!(reached, [81, 27, 9, 3, 1]);
        let completed = stand.trials.iter().filter(|trial| trial.status == Status::Completed);
        assert_eq!(
            completed.map(|trial| trial.id.0).collect::<Vec<_>>(),
            [0],
            "the best of all"
        );
        assert!(stand.trials.iter().all(|trial| trial.status != Status::Paused));
    }

    #[test]
    fn a_rung_is_decided_when_the_last_has_arrived_and_the_others_are_given_up_then() {
        let mut stand = halving(2, Some(4), 2);
        let all: Vec<u32> = (0..4).map(|_| stand.start()).collect();
        assert_eq!(stand.end(all[0], 1.0), [0; 0]);
        assert_eq!(stand.end(all[1], 2.0), [0; 0]);
        assert_eq!(stand.end(all[2], 3.0), [0; 0]);
        assert_eq!(stand.promoted(), None);
        assert_eq!(stand.end(all[3], 0.0), [1, 2]);
        assert_eq!(
            (stand.go_on(), stand.go_on(), stand.go_on()),
            (Some((3, 2)), Some((0, 2)), None)
        );
    }

    #[test]
    fn the_next_bracket_begins_while_one_waits_and_the_furthest_is_served_first() {
        let mut stand = halving(2, Some(2), 4);
        let slow = stand.start();
        stand.run(1.0);
        stand.run(5.0);
        assert_eq!(stand.run(6.0), [3], "the second bracket is decided by itself");
        stand.end(slow, 0.0);
        assert_eq!(stand.go_on(), Some((slow, 2)));
        stand.end(slow, 0.0);
        assert_eq!(stand.go_on(), Some((slow, 4)), "the last rung before another's second");
        assert_eq!(stand.go_on(), Some((2, 2)));
    }

    #[test]
    fn who_fails_is_not_waited_for() {
        let mut stand = halving(2, Some(4), 2);
        let all: Vec<u32> = (0..4).map(|_| stand.start()).collect();
        for &id in &all[..3] {
            stand.fail(id);
        }
        stand.end(all[3], 1.0);
        assert_eq!(stand.go_on(), Some((3, 2)), "two would go on, but one is left");
        assert_eq!(stand.go_on(), None);
    }

    #[test]
    fn a_short_study_decides_with_those_it_has() {
        let mut stand = halving(3, None, 9);
        stand.run(2.0);
        stand.trials_left = Some(1);
        stand.run(1.0);
        assert_eq!(stand.promoted(), None, "another may come");
        // The last trial fails, and no other trial joins.
        let last = stand.start();
        stand.trials_left = Some(0);
        assert_eq!(stand.promoted(), None);
        assert_eq!(stand.fail(last), [0]);
        assert_eq!(stand.go_on(), Some((1, 3)));
        stand.end(1, 1.0);
        assert_eq!(stand.go_on(), Some((1, 9)));
    }

    #[test]
    fn a_bracket_that_nobody_can_fill_is_decided_as_it_is() {
        let mut stand = halving(2, Some(9), 2);
        for loss in [4.0, 1.0, 3.0, 2.0] {
            stand.run(loss);
        }
        assert_eq!(stand.promoted(), None);
        // The space is exhausted: the policy asks as for a study that may start no trial.
        stand.trials_left = Some(0);
        assert_eq!(stand.go_on(), Some((1, 2)));
        stand.trials_left = None;
        assert_eq!(stand.go_on(), Some((3, 2)), "two of four");
        assert_eq!(stand.go_on(), None);
    }

    proptest! {
        #[test]
        fn each_rung_gets_its_share_of_the_best(
            losses in prop::collection::vec(0..1_000_u32, 1..80),
            eta in 2_u32..5,
            size in 2_u32..20,
        ) {
            let mut stand = halving(eta, Some(size), u64::from(eta));
            let mut complete = 0;
            for chunk in losses.chunks(size as usize) {
                let first = stand.trials.len();
                if chunk.len() < size as usize {
                    stand.trials_left = Some(chunk.len() as u32);
                }
                for &loss in chunk {
                    stand.trials_left = stand.trials_left.map(|left| left - 1);
                    stand.run(f64::from(loss));
                }
                let mut going = Vec::new();
                while let Some((id, _)) = stand.go_on() {
                    going.push(id);
                    stand.end(id, 0.0);
                }
                let mut ranking: Vec<(u32, u32)> = chunk.iter().copied().zip(first as u32..).collect();
                ranking.sort_unstable();
                let share = (chunk.len() / eta as usize).max(1);
                let expected: Vec<u32> = ranking[..share].iter().map(|(_, id)| *id).collect();
                prop_assert_eq!(&going, &expected);
                complete += share;
            }
            let is = |status| stand.trials.iter().filter(|trial| trial.status == status).count();
            prop_assert_eq!(is(Status::Completed), complete);
            prop_assert_eq!(is(Status::Stopped), losses.len() - complete);
        }
    }
}
