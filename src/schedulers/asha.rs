//! Asynchronous successive halving by promotion (Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning",
//! algorithm 2): a trial pauses at every rung, and goes on when it is among the best 1/eta of those that have reached it.

use std::collections::BTreeSet;

use super::Scheduler;
use crate::trials::{Status, Trial, View};
use crate::units::{Loss, Samples, TrialId};

/// Asynchronous successive halving, promotion type.
#[derive(Clone, Debug)]
pub struct Asha {
    eta: usize,
    levels: Vec<Samples>,
    rungs: Vec<Rung>,
}

/// The trials that have reached one rung.
#[derive(Clone, Debug, Default)]
struct Rung {
    /// The best `⌊n/eta⌋` of the `n` trials that have reached this rung.
    top: BTreeSet<(Loss, TrialId)>,
    /// The others.
    rest: BTreeSet<(Loss, TrialId)>,
    /// Those still paused here.
    paused: BTreeSet<(Loss, TrialId)>,
}

impl Asha {
    /// Rungs at `max`, `max/eta`, `max/eta²`, … down to `min`.
    ///
    /// Levels are rounded to whole samples; rungs that would coincide are one.
    pub fn new(eta: u32, min: Samples, max: Samples) -> Self {
        let mut levels = vec![max];
        let mut level = max.0 as f64 / f64::from(eta);
        while level.round() as u64 >= min.0.max(1) && Samples(level.round() as u64) < levels[levels.len() - 1] {
            levels.push(Samples(level.round() as u64));
            level /= f64::from(eta);
        }
        levels.reverse();
        Self {
            eta: eta as usize,
            rungs: vec![Rung::default(); levels.len()],
            levels,
        }
    }

    /// The best paused trial of a rung, if it may be promoted.
    ///
    /// Once nothing new can come to a rung, it promotes `⌈n/eta⌉`: a short study must not end without a complete trial.
    fn promotable(&self, index: usize, is_final: bool) -> Option<TrialId> {
        let rung = &self.rungs[index];
        let best = rung.paused.first()?;
        let in_top = rung.top.last().is_some_and(|last| best <= last);
        let rounded_up = is_final
            && (rung.top.len() * self.eta < rung.top.len() + rung.rest.len())
            && rung.rest.first().is_some_and(|first| best <= first);
        (in_top || rounded_up).then_some(best.1)
    }
}

impl Scheduler for Asha {
    fn name(&self) -> &'static str {
        "asha"
    }

    fn rungs(&self) -> &[Samples] {
        &self.levels
    }

    fn observe(&mut self, trial: &Trial) {
        match trial.status {
            Status::Running { .. } => {
                let Some(index) = self.levels.iter().position(|&level| level == trial.reached) else {
                    return;
                };
                let Some(loss) = trial.loss() else { return };
                self.rungs[index].paused.remove(&(loss, trial.id));
            }
            Status::Paused | Status::Completed => {
                let Some(index) = self.levels.iter().position(|&level| level == trial.reached) else {
                    return;
                };
                let Some(loss) = trial.loss() else { return };
                self.rungs[index].arrive(loss, trial.id, self.eta);
                if trial.status == Status::Paused {
                    self.rungs[index].paused.insert((loss, trial.id));
                }
            }
            // A trial that failed on its way to a rung counts there as the worst.
            Status::Failed => {
                if let Some(index) = self.levels.iter().position(|&level| level > trial.reached) {
                    self.rungs[index].arrive(Loss::WORST, trial.id, self.eta);
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
}

impl Rung {
    fn arrive(&mut self, loss: Loss, trial: TrialId, eta: usize) {
        self.rest.insert((loss, trial));
        if (self.top.len() + self.rest.len()) / eta > self.top.len() {
            self.top.extend(self.rest.pop_first());
        } else if self.top.last() > self.rest.first() && !self.top.is_empty() {
            // The newcomer is better than the worst of the top: they change places.
            self.top.extend(self.rest.pop_first());
            self.rest.extend(self.top.pop_last());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::space::{Configuration, Space};
    use crate::trials::Observation;
    use crate::units::{Goal, Seed};

    fn trial(number: u32, reached: u64, loss: f64, status: Status) -> Trial {
        Trial {
            id: TrialId(number),
            configuration: Configuration::default(),
            point: vec![],
            origin: "test".into(),
            status,
            reached: Samples(reached),
            segments: 1,
            observations: vec![Observation {
                at: Samples(reached),
                loss: Goal::Minimize.loss(loss),
            }],
            scores: vec![],
        }
    }

    fn promote(asha: &Asha, trials_left: Option<u32>, running: usize) -> Option<(TrialId, Samples)> {
        let space = Space::new(vec![], vec![]).unwrap();
        let view = View {
            space: &space,
            seed: Seed(0),
            past: &[],
            trials: &[],
            running,
            trials_left,
            min: Samples(1),
            max: asha.levels[asha.levels.len() - 1],
            budget: None,
            cost: &|_, _, _| 1.0,
        };
        asha.promote(&view)
    }

    #[test]
    fn rungs_are_powers_of_eta_down_to_the_minimum() {
        // The paper's example: r = 1, R = 9, eta = 3.
        assert_eq!(Asha::new(3, Samples(1), Samples(9)).rungs(), [1, 3, 9].map(Samples));
        assert_eq!(
            Asha::new(3, Samples(500), Samples(8000)).rungs(),
            [889, 2667, 8000].map(Samples)
        );
        assert_eq!(Asha::new(2, Samples(1), Samples(3)).rungs(), [1, 2, 3].map(Samples));
        assert_eq!(Asha::new(4, Samples(9), Samples(9)).rungs(), [9].map(Samples));
    }

    #[test]
    fn the_papers_worked_example_comes_out() {
        // Nine trials with losses by number: one in three is promoted from each rung (figure 2).
        let mut asha = Asha::new(3, Samples(1), Samples(9));
        for number in 0..2 {
            asha.observe(&trial(number, 1, f64::from(number), Status::Paused));
            assert_eq!(promote(&asha, None, 0), None);
        }
        asha.observe(&trial(2, 1, 2.0, Status::Paused));
        assert_eq!(promote(&asha, None, 0), Some((TrialId(0), Samples(3))));
        asha.observe(&trial(0, 1, 0.0, Status::Running { to: Samples(3) }));
        for number in 3..6 {
            asha.observe(&trial(number, 1, f64::from(number), Status::Paused));
        }
        assert_eq!(promote(&asha, None, 1), Some((TrialId(1), Samples(3))));
    }

    #[test]
    fn the_highest_rung_is_served_first() {
        let mut asha = Asha::new(2, Samples(1), Samples(4));
        for number in 0..4 {
            asha.observe(&trial(number, 1, f64::from(number), Status::Paused));
        }
        for number in 0..2 {
            asha.observe(&trial(number, 1, f64::from(number), Status::Running { to: Samples(2) }));
            asha.observe(&trial(number, 2, f64::from(number), Status::Paused));
        }
        for number in 4..8 {
            asha.observe(&trial(number, 1, -f64::from(number), Status::Paused));
        }
        assert_eq!(promote(&asha, None, 0), Some((TrialId(0), Samples(4))));
    }

    #[test]
    fn a_short_study_still_completes_a_trial() {
        let mut asha = Asha::new(3, Samples(1), Samples(3));
        asha.observe(&trial(0, 1, 0.5, Status::Paused));
        asha.observe(&trial(1, 1, 0.4, Status::Paused));
        assert_eq!(promote(&asha, Some(1), 0), None, "a third trial may still come");
        assert_eq!(promote(&asha, Some(0), 1), None, "one is still running");
        assert_eq!(promote(&asha, Some(0), 0), Some((TrialId(1), Samples(3))));
        asha.observe(&trial(1, 1, 0.4, Status::Running { to: Samples(3) }));
        asha.observe(&trial(1, 3, 0.4, Status::Completed));
        assert_eq!(promote(&asha, Some(0), 0), None, "one in three is enough");
    }

    proptest! {
        #[test]
        fn a_rung_promotes_its_best_share_and_never_more(losses in prop::collection::vec(0.0..1.0f64, 1..60), eta in 2u32..5) {
            let mut asha = Asha::new(eta, Samples(1), Samples(u64::from(eta)));
            let mut promoted = Vec::new();
            for (number, &loss) in losses.iter().enumerate() {
                let newcomer = trial(number as u32, 1, loss, Status::Paused);
                asha.observe(&newcomer);
                while let Some((id, to)) = promote(&asha, None, 1) {
                    promoted.push(id);
                    asha.observe(&trial(id.0, 1, losses[id.index()], Status::Running { to }));
                }
                // Whoever is among the best share now has been promoted: nobody starves.
                let mut ranking: Vec<_> = (0..=number).collect();
                ranking.sort_by(|&a, &b| losses[a].total_cmp(&losses[b]).then(a.cmp(&b)));
                let share = (number + 1) / eta as usize;
                for &best in &ranking[..share] {
                    prop_assert!(promoted.contains(&TrialId(best as u32)));
                }
            }
            let unique: BTreeSet<_> = promoted.iter().collect();
            prop_assert_eq!(unique.len(), promoted.len(), "nobody is promoted twice");
        }
    }
}
