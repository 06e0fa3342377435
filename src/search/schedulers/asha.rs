//! Asynchronous successive halving (Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning").
//!
//! In promotion mode (algorithm 2), a trial pauses at every rung. It resumes when it is among the best 1/eta of the
//! trials that have reached the rung.
//!
//! In stopping mode (the variant of Ray Tune and Syne Tune), a trial that is among the best on arrival continues
//! immediately, and the others are pruned. Then no trial ever waits, but an early arrival is compared with fewer
//! trials.

use super::options::{ETA, eta};
use super::rung::{Rank, Rung};
use super::{Conflict, Entry, Info, OptionKind, OptionRow, OptionValue, Options, Scheduler, Stop, levels};
use crate::trials::{Status, Trial, View};
use crate::units::{Loss, Samples, TrialId};

/// The registry entry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "asha",
        about: "a trial pauses at a rung and continues if it is among the best there: asynchronous successive halving",
        options: &[
            ETA,
            OptionRow {
                name: "mode",
                about: "A trial that is not among the best at a rung pauses there (`promotion`) or ends for good (`stopping`).",
                kind: OptionKind::Words(&["promotion", "stopping"]),
                default: Some(OptionValue::Word("promotion")),
            },
            OptionRow {
                name: "cost_aware",
                about: "The trials that continue from a rung may together cost `1/eta` of the rung's cost, however many they are. Only with `mode: promotion`.",
                kind: OptionKind::Boolean,
                default: Some(OptionValue::Boolean(false)),
            },
        ],
        prunes: true,
        conflict,
    },
    build: |options, lengths| {
        let mode = if options.is("mode", "stopping") {
            Mode::Stopping
        } else {
            Mode::Promotion
        };
        let eta = eta(options);
        let asha = Asha::over(eta, lengths.rungs(eta)).with_mode(mode);
        Box::new(if options.is("cost_aware", true) {
            asha.cost_aware()
        } else {
            asha
        })
    },
};

fn conflict(options: Options) -> Option<Conflict> {
    (options.is("mode", "stopping") && options.is("cost_aware", true)).then_some(Conflict {
        option: "cost_aware",
        message: "`cost_aware` is a rule of promotion, and with `mode: stopping` no trial is promoted",
        help: "keep one of the two",
    })
}

/// The treatment of a trial that is not among the best at a rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It waits there until it is among the best.
    Promotion,
    /// It is pruned. A trial that is among the best on arrival continues immediately.
    Stopping,
}

/// Asynchronous successive halving.
#[derive(Clone, Debug)]
pub struct Asha {
    eta: u32,
    mode: Mode,
    is_cost_aware: bool,
    levels: Vec<Samples>,
    rungs: Vec<Rung>,
}

impl Asha {
    /// Promotion mode, with rungs at `max`, `max/eta`, `max/eta²`, … down to `min`.
    ///
    /// Levels are rounded to whole samples; equal levels are merged.
    pub fn new(eta: u32, min: Samples, max: Samples) -> Self {
        Self::over(eta, levels::geometric(eta, min, max))
    }

    /// Promotion mode, with rungs at these levels.
    pub(super) fn over(eta: u32, levels: Vec<Samples>) -> Self {
        Self {
            eta,
            mode: Mode::Promotion,
            is_cost_aware: false,
            rungs: vec![Rung::default(); levels.len()],
            levels,
        }
    }

    /// Sets the mode.
    #[must_use]
    pub fn with_mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Limits the cost of the trials that are promoted from a rung to `1/eta` of the rung's cost, however many trials
    /// that is. (Ivkin et al. 2021, "Cost-aware adversarial best arm identification"; Syne Tune's `cost_promotion`.) If
    /// costs differ by configuration, as many cheap trials are promoted as their share of the resources allows.
    #[must_use]
    pub fn cost_aware(mut self) -> Self {
        self.is_cost_aware = true;
        self
    }

    /// The rungs, lowest first.
    pub(super) fn standings(&self) -> &[Rung] {
        &self.rungs
    }

    /// The index of the rung at which a trial is.
    pub(super) fn rung_of(&self, trial: &Trial) -> Option<usize> {
        self.levels.iter().position(|&level| level == trial.reached)
    }

    /// The best paused trial of a rung, if it may be promoted. Once no new trial can reach a rung (`is_final`), the
    /// promoted share is rounded up: a short study must not end without a complete trial.
    pub(super) fn promotable(&self, index: usize, is_final: bool) -> Option<TrialId> {
        let rung = &self.rungs[index];
        let best = rung.best_paused()?;
        let goes_on = match self.mode {
            Mode::Promotion if is_final => rung.is_in_top_rounded_up(best, self.eta),
            Mode::Promotion => rung.is_in_top(best),
            // The others were pruned on arrival.
            Mode::Stopping => true,
        };
        goes_on.then_some(best.1)
    }

    /// Adds a trial to a rung that it has reached, or would have reached.
    fn arrive(&mut self, index: usize, rank: Rank, trial: &Trial, view: &View<'_>) {
        let weight = if self.is_cost_aware {
            (view.cost)(&trial.configuration, Samples(0), self.levels[index])
        } else {
            1.0
        };
        self.rungs[index].arrive(rank, weight, self.eta);
    }
}

impl Scheduler for Asha {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn rungs(&self) -> &[Samples] {
        &self.levels
    }

    fn observe(&mut self, trial: &Trial, view: &View<'_>) {
        let Some(loss) = trial.loss() else { return };
        let rank = (loss, trial.id);
        let next = self.levels.iter().position(|&level| level > trial.reached);
        match (trial.status, self.rung_of(trial)) {
            (Status::Running { .. } | Status::Stopped, Some(index)) => self.rungs[index].leave(rank),
            (Status::Paused, Some(index)) => {
                self.arrive(index, rank, trial, view);
                self.rungs[index].pause(rank);
            }
            (Status::Completed, Some(index)) => self.arrive(index, rank, trial, view),
            (Status::Running { .. } | Status::Paused | Status::Completed, None) => {}
            // Between rungs: a trial that was pruned counts at the next rung with its result, a failed one as the
            // worst.
            (Status::Stopped, None) => {
                if let Some(index) = next {
                    self.arrive(index, rank, trial, view);
                }
            }
            (Status::Failed, _) => {
                if let Some(index) = next {
                    self.arrive(index, (Loss::WORST, trial.id), trial, view);
                }
            }
        }
    }

    fn promote(&self, view: &View<'_>) -> Option<(TrialId, Samples)> {
        let is_over = !view.may_start() && view.running == 0;
        // The highest rung first (algorithm 2); the last rung has nowhere to promote to.
        (0..self.levels.len() - 1).rev().find_map(|index| {
            self.promotable(index, is_over)
                .map(|trial| (trial, self.levels[index + 1]))
        })
    }

    fn prunes(&self, trial: &Trial, _view: &View<'_>) -> Vec<Stop> {
        let (Mode::Stopping, Status::Paused) = (self.mode, trial.status) else {
            return Vec::new();
        };
        let (Some(index), Some(loss)) = (self.rung_of(trial), trial.loss()) else {
            return Vec::new();
        };
        // Rounded up, so that the first arrival, the best of one, continues.
        if self.rungs[index].is_in_top_rounded_up((loss, trial.id), self.eta) {
            return Vec::new();
        }
        vec![Stop {
            trial: trial.id,
            by: self.name(),
        }]
    }

    fn boxed(&self) -> Box<dyn Scheduler> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::schedulers::testing::Stand;

    fn asha(eta: u32, max: u64) -> Stand<Asha> {
        Stand::new(Asha::new(eta, Samples(1), Samples(max)))
    }

    fn stopping(eta: u32, max: u64) -> Stand<Asha> {
        Stand::new(Asha::new(eta, Samples(1), Samples(max)).with_mode(Mode::Stopping))
    }

    #[test]
    fn the_papers_worked_example_comes_out() {
        // Nine trials with losses by number: one in three is promoted from each rung (figure 2).
        let mut asha = asha(3, 9);
        asha.run(0.0);
        asha.run(1.0);
        assert_eq!(asha.promoted(), None);
        asha.run(2.0);
        assert_eq!(asha.go_on(), Some((0, 3)));
        for number in 3..6 {
            asha.run(f64::from(number));
        }
        assert_eq!(asha.promoted(), Some((1, 3)));
    }

    #[test]
    fn the_highest_rung_is_served_first() {
        let mut asha = asha(2, 4);
        for number in 0..4 {
            asha.run(f64::from(number));
        }
        for number in 0..2 {
            assert_eq!(asha.go_on(), Some((number, 2)));
        }
        for number in 0..2 {
            asha.end(number, f64::from(number));
        }
        for number in 4..8 {
            asha.run(-f64::from(number));
        }
        assert_eq!(asha.promoted(), Some((0, 4)));
    }

    #[test]
    fn a_short_study_still_completes_a_trial() {
        let mut asha = asha(3, 3);
        asha.run(0.5);
        asha.trials_left = Some(1);
        asha.run(0.4);
        assert_eq!(asha.promoted(), None, "a third trial may still come");
        asha.trials_left = Some(0);
        let third = asha.start();
        assert_eq!(asha.promoted(), None, "one is still running");
        asha.fail(third);
        assert_eq!(asha.go_on(), Some((1, 3)));
        asha.end(1, 0.4);
        assert_eq!(asha.promoted(), None, "one in three is enough");
    }

    #[test]
    fn the_cheap_are_promoted_for_the_price_of_the_dear() {
        let mut asha = Stand::new(Asha::new(3, Samples(1), Samples(3)).cost_aware());
        // The rung cost six units in total, so promotions may cost two; by number it would be one of three.
        for (cost, loss) in [(4.0, 0.3), (1.0, 0.2), (1.0, 0.1)] {
            let trial = asha.start_at_cost(cost);
            asha.end(trial, loss);
        }
        assert_eq!(
            (asha.go_on(), asha.go_on(), asha.go_on()),
            (Some((2, 3)), Some((1, 3)), None)
        );
        // The best is too expensive for the share of twelve units, and no other trial is promoted instead.
        let dear = asha.start_at_cost(6.0);
        asha.end(dear, 0.0);
        asha.run(0.15);
        assert_eq!(asha.promoted(), None);
        // It is promoted once other trials have added enough cost.
        let payer = asha.start_at_cost(9.0);
        asha.end(payer, 0.9);
        assert_eq!(asha.promoted(), Some((dear, 3)));
    }

    #[test]
    fn by_stopping_a_trial_goes_on_at_once_or_never() {
        let mut asha = stopping(2, 4);
        assert_eq!(asha.run(5.0), [0; 0], "the first is the best of one");
        assert_eq!(asha.go_on(), Some((0, 2)));
        assert_eq!(asha.run(6.0), [1]);
        assert_eq!(asha.run(4.0), [0; 0]);
        assert_eq!(asha.go_on(), Some((2, 2)));
        assert_eq!(asha.run(4.5), [0; 0], "second of four");
        assert_eq!(
            asha.run(5.0),
            [4],
            "fourth of five, where three would go on only by rounding up"
        );
        assert_eq!(asha.status(4), Status::Stopped);
        assert_eq!(asha.go_on(), Some((3, 2)));
        asha.end(0, 3.0);
        assert_eq!(asha.go_on(), Some((0, 4)));
        assert_eq!(asha.go_on(), None);
    }

    #[test]
    fn a_trial_given_up_between_rungs_counts_with_its_result() {
        let mut asha = asha(2, 4);
        for loss in [1.0, 2.0, 3.0, 4.0] {
            asha.run(loss);
        }
        asha.go_on();
        asha.go_on();
        // Patience ends the best one on its way to the second rung.
        asha.trials[0].reached = Samples(1);
        asha.trials[0].status = Status::Stopped;
        let stopped = asha.trials[0].clone();
        let mut scheduler = asha.scheduler.clone();
        scheduler.observe(
            &Trial {
                reached: Samples(2),
                ..stopped.clone()
            },
            &asha.view(),
        );
        assert_eq!(scheduler.rungs[1].best(), None, "it stood there: nothing new arrives");
        let mut between = Asha::new(2, Samples(2), Samples(8));
        between.observe(
            &Trial {
                reached: Samples(3),
                ..stopped
            },
            &asha.view(),
        );
        assert_eq!(between.rungs[1].best().map(|(_, id)| id), Some(TrialId(0)));
    }

    proptest! {
        #[test]
        fn a_rung_promotes_its_best_share_and_never_more(losses in prop::collection::vec(0.0..1.0f64, 1..60), eta in 2u32..5) {
            let mut asha = asha(eta, u64::from(eta));
            let mut promoted = Vec::new();
            for (number, &loss) in losses.iter().enumerate() {
                asha.run(loss);
                while let Some((id, _)) = asha.go_on() {
                    promoted.push(id);
                }
                // Every trial that is now among the best share has been promoted, so none starves.
                let mut ranking: Vec<_> = (0..=number).collect();
                ranking.sort_by(|&a, &b| losses[a].total_cmp(&losses[b]).then(a.cmp(&b)));
                let share = (number + 1) / eta as usize;
                for &best in &ranking[..share] {
                    prop_assert!(promoted.contains(&(best as u32)));
                }
            }
            let unique: BTreeSet<_> = promoted.iter().collect();
            prop_assert_eq!(unique.len(), promoted.len(), "nobody is promoted twice");
        }

        #[test]
        fn by_stopping_who_was_among_the_best_share_goes_on_and_nobody_else(
            losses in prop::collection::vec(0..30_u32, 1..60),
            eta in 2u32..5,
        ) {
            let mut asha = stopping(eta, u64::from(eta));
            for (number, &loss) in losses.iter().enumerate() {
                let stopped = asha.run(f64::from(loss));
                let rank = losses[..number].iter().filter(|&&other| other <= loss).count();
                let share = (number + 1).div_ceil(eta as usize);
                prop_assert_eq!(stopped.is_empty(), rank < share);
                prop_assert_eq!(asha.go_on().is_some(), rank < share);
            }
        }
    }
}
