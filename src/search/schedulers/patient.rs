//! Patience: a trial that has not improved for a number of epochs is pruned, regardless of the scheduler. Its best
//! result counts, not its last.
//!
//! Decisions are made only at the ends of segments. So a segment ends at the level where patience may run out, which is
//! `Patience::epochs` after the last improvement. If the trial has improved meanwhile, it continues immediately, and
//! the scheduler does not observe the pause.

use std::collections::BTreeMap;

use super::{Lengths, Scheduler, Stop};
use crate::trials::{Status, Trial, View};
use crate::units::{Samples, TrialId};

/// The name of this rule on the leaderboard.
const NAME: &str = "patience";

/// The rule for ending trials that no longer improve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patience {
    /// Number of epochs without an improvement; greater than 0.
    pub epochs: f64,
    /// The least change, in units of the metric, that counts as an improvement; at least 0.
    pub min_delta: f64,
}

/// A scheduler whose trials end when they no longer improve.
pub struct Patient {
    scheduler: Box<dyn Scheduler>,
    patience: Samples,
    min_delta: f64,
    lengths: Lengths,
    /// The level to which the scheduler wants to train each trial.
    goals: BTreeMap<TrialId, Samples>,
    /// Trials that are paused before that level, with the ends of their next segments.
    going: BTreeMap<TrialId, Samples>,
}

impl Patient {
    /// Adds patience to a scheduler.
    pub fn new(scheduler: Box<dyn Scheduler>, patience: Patience, lengths: Lengths) -> Self {
        Self {
            scheduler,
            patience: Samples::from_epochs(patience.epochs, lengths.epoch),
            min_delta: patience.min_delta,
            lengths,
            goals: BTreeMap::new(),
            going: BTreeMap::new(),
        }
    }

    /// The level at which patience runs out, given the level of the last improvement.
    fn end_of_patience(&self, improved: Samples) -> Samples {
        Samples(improved.0.saturating_add(self.patience.0)).max(self.lengths.min)
    }

    /// The level of the last large enough improvement. With several metrics, an improvement in any of them counts.
    fn last_improvement(&self, trial: &Trial) -> Option<Samples> {
        let mut bests: Vec<f64> = Vec::new();
        let mut improved = None;
        for (index, observation) in trial.observations.iter().enumerate() {
            let alone = [observation.loss];
            let losses = trial.scores.get(index).map_or(&alone[..], |scores| &scores.losses);
            bests.resize(losses.len(), f64::INFINITY);
            for (best, loss) in bests.iter_mut().zip(losses) {
                let loss = loss.get();
                if loss < *best && *best - loss >= self.min_delta {
                    *best = loss;
                    improved = Some(observation.at);
                }
            }
        }
        improved
    }

    fn goal(&self, trial: &Trial) -> Samples {
        self.goals.get(&trial.id).copied().unwrap_or(trial.reached)
    }

    /// The end of the next segment of a trial on its way to `goal`: the goal, or the level where patience may run out.
    fn cut(&self, trial: &Trial, goal: Samples) -> Samples {
        // The first result counts as an improvement and comes after at most one epoch.
        let first = self.lengths.epoch.min(goal);
        let end = self.end_of_patience(self.last_improvement(trial).unwrap_or(first));
        if end > trial.reached { end.min(goal) } else { goal }
    }

    fn has_run_out(&self, trial: &Trial) -> bool {
        let improved = self.last_improvement(trial);
        let improved = improved.or_else(|| trial.observations.first().map(|first| first.at));
        improved.is_some_and(|improved| trial.reached >= self.end_of_patience(improved))
    }
}

impl Scheduler for Patient {
    fn name(&self) -> &'static str {
        self.scheduler.name()
    }

    fn rungs(&self) -> &[Samples] {
        self.scheduler.rungs()
    }

    fn first(&self) -> Samples {
        let goal = self.scheduler.first();
        goal.min(self.end_of_patience(self.lengths.epoch.min(goal)))
    }

    fn next(&self, trial: &Trial) -> Samples {
        let goal = self.goal(trial);
        let goal = if trial.reached < goal {
            goal
        } else {
            self.scheduler.next(trial)
        };
        self.cut(trial, goal)
    }

    fn observe(&mut self, trial: &Trial, view: &View<'_>) {
        let is_on_its_way = self.goals.get(&trial.id).is_some_and(|&goal| trial.reached < goal);
        match trial.status {
            Status::Running { .. } if is_on_its_way => {
                self.going.remove(&trial.id);
            }
            Status::Running { .. } => {
                self.scheduler.observe(trial, view);
                self.goals.insert(trial.id, self.scheduler.next(trial));
            }
            Status::Paused if is_on_its_way => {
                self.going.insert(trial.id, self.next(trial));
            }
            Status::Paused => self.scheduler.observe(trial, view),
            Status::Stopped | Status::Completed | Status::Failed => {
                self.going.remove(&trial.id);
                self.goals.remove(&trial.id);
                self.scheduler.observe(trial, view);
            }
        }
    }

    fn promote(&self, view: &View<'_>) -> Option<(TrialId, Samples)> {
        if let Some((&trial, &to)) = self.going.first_key_value() {
            return Some((trial, to));
        }
        let (id, to) = self.scheduler.promote(view)?;
        let cut = view.trials.get(id.index()).map(|trial| self.cut(trial, to));
        Some((id, cut.unwrap_or(to)))
    }

    fn prunes(&self, trial: &Trial, view: &View<'_>) -> Vec<Stop> {
        if trial.status == Status::Paused && self.has_run_out(trial) {
            // The scheduler is asked after it has observed this stop: another trial may take its slot.
            return vec![Stop {
                trial: trial.id,
                by: NAME,
            }];
        }
        // The scheduler does not observe trials between its levels.
        if self.going.contains_key(&trial.id) {
            return Vec::new();
        }
        self.scheduler.prunes(trial, view)
    }

    fn boxed(&self) -> Box<dyn Scheduler> {
        Box::new(Self {
            scheduler: self.scheduler.boxed(),
            goals: self.goals.clone(),
            going: self.going.clone(),
            ..*self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedulers::testing::Stand;
    use crate::schedulers::{Asha, SuccessiveHalving, Unscheduled};

    fn patient(scheduler: impl Scheduler + 'static, epochs: f64, min_delta: f64) -> Stand<Patient> {
        let max = *scheduler.rungs().last().unwrap();
        let lengths = Lengths {
            min: Samples(10),
            max,
            epoch: Samples(10),
            reaches_min: false,
        };
        let patience = Patience { epochs, min_delta };
        let mut stand = Stand::new(Patient::new(Box::new(scheduler), patience, lengths));
        stand.epoch = Some(10);
        stand
    }

    /// Runs a trial to its end; returns the ends of its segments.
    fn run(stand: &mut Stand<Patient>, loss: &dyn Fn(u64) -> f64) -> Vec<u64> {
        let id = stand.start();
        let mut ends = Vec::new();
        loop {
            stand.end_with(id, loss);
            ends.push(stand.trials[id as usize].reached.0);
            match stand.go_on() {
                Some((going, _)) => assert_eq!(going, id),
                None => return ends,
            }
        }
    }

    #[test]
    fn a_trial_ends_so_many_epochs_after_its_best() {
        let mut stand = patient(Unscheduled::new(Samples(100)), 2.0, 0.0);
        let valley = |at: u64| (at as f64 - 40.0).abs();
        assert_eq!(run(&mut stand, &valley), [30, 50, 60]);
        let trial = &stand.trials[0];
        assert_eq!(trial.status, Status::Stopped);
        assert_eq!(
            trial.best_observation().map(|best| best.at),
            Some(Samples(40)),
            "its best counts, not its last"
        );
        assert_eq!(
            run(&mut stand, &|_| 1.0),
            [30],
            "the first result is an improvement, and the only one"
        );
        assert_eq!(run(&mut stand, &|at| -(at as f64)), [30, 50, 70, 90, 100]);
        assert_eq!(stand.trials[2].status, Status::Completed);
    }

    #[test]
    fn less_than_the_least_difference_is_no_improvement() {
        let mut stand = patient(Unscheduled::new(Samples(100)), 2.0, 0.5);
        // Each epoch improves a little: half a unit in five epochs.
        assert_eq!(run(&mut stand, &|at| 1.0 - at as f64 / 100.0), [30]);
        assert_eq!(run(&mut stand, &|at| 1.0 - at as f64 / 20.0), [30, 50, 70, 90, 100]);
    }

    #[test]
    fn the_scheduler_sees_its_rungs_alone() {
        let asha = Asha::new(3, Samples(30), Samples(90));
        let mut stand = patient(asha, 1.0, 0.0);
        let falling = |at: u64| 1.0 / at as f64;
        let id = stand.start();
        stand.end_with(id, &falling);
        assert_eq!(stand.trials[0].reached, Samples(20));
        assert_eq!(stand.go_on(), Some((0, 30)));
        stand.end_with(id, &falling);
        assert_eq!(stand.go_on(), None, "it waits at its rung for two others");
        for _ in 0..2 {
            // They end before the rung and count there with their results.
            let id = stand.start();
            assert_eq!(stand.end(id, 1.0), [id]);
        }
        assert_eq!(stand.go_on(), Some((0, 40)), "one in three");
    }

    #[test]
    fn nobody_is_waited_for_whose_patience_ran_out() {
        let halving = SuccessiveHalving::new(2, Some(4), Samples(30), Samples(60));
        let mut stand = patient(halving, 1.0, 0.0);
        let all: Vec<u32> = (0..4).map(|_| stand.start()).collect();
        for &id in &all[..2] {
            assert_eq!(stand.end(id, 1.0), [id]);
        }
        let falling = |at: u64| 9.0 / at as f64;
        for &id in &all[2..] {
            stand.end_with(id, &falling);
            assert_eq!(stand.go_on(), Some((id, 30)));
            stand.end_with(id, &falling);
        }
        assert_eq!((stand.go_on(), stand.go_on()), (Some((2, 40)), Some((3, 40))));
    }

    #[test]
    fn the_next_best_goes_on_for_a_winner_whose_patience_has_run_out() {
        let halving = SuccessiveHalving::new(3, Some(3), Samples(30), Samples(90));
        let mut stand = patient(halving, 2.0, 0.0);
        let all: Vec<u32> = (0..3).map(|_| stand.start()).collect();
        for &id in &all[..2] {
            let falling = |at: u64| f64::from(9 + id) / at as f64;
            assert_eq!(stand.end_with(id, &falling), [0; 0]);
        }
        assert_eq!(
            stand.end(all[2], 0.1),
            [1, 2],
            "the best of all, but not for two epochs"
        );
        assert_eq!((stand.go_on(), stand.go_on()), (Some((0, 50)), None));
    }

    #[test]
    fn with_several_metrics_any_of_them_may_improve() {
        use crate::preference::Scores;
        use crate::units::Goal;
        let mut stand = patient(Unscheduled::new(Samples(100)), 2.0, 0.0);
        let id = stand.start();
        stand.end_with(id, &|_| 1.0);
        let mut trial = stand.trials[0].clone();
        let scores = |second: f64| Scores {
            losses: [1.0, second].map(|loss| Goal::Minimize.loss(loss)).to_vec(),
            violation: 0.0,
        };
        trial.scores = vec![scores(3.0), scores(2.0), scores(2.0)];
        assert_eq!(stand.scheduler.last_improvement(&trial), Some(Samples(20)));
        assert_eq!(stand.scheduler.last_improvement(&stand.trials[0]), Some(Samples(10)));
    }
}
