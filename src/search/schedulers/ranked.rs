//! Adapts any scheduler to several metrics: at a rung it compares positions in a ranking instead of losses.
//!
//! With asynchronous successive halving this is MO-ASHA (Schmucker et al. 2021, "Multi-objective asynchronous
//! successive halving", §3). The trials of a rung are sorted into fronts. If only a part of a front is promoted, it is
//! the part that covers the front best.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{Configured, Lengths, Scheduler, Stop};
use crate::preference::{Preference, Scores};
use crate::trials::{Observation, Story, Trial, View};
use crate::units::{Goal, Loss, Samples, TrialId};

/// A scheduler that observes positions as losses.
pub struct Ranked {
    configured: Configured,
    lengths: Lengths,
    preference: Preference,
    /// Answers questions that do not depend on losses. It observes every trial, with the first metric as its loss.
    outline: Box<dyn Scheduler>,
    story: Story<Then>,
    /// The scheduler after the recorded changes.
    told: RefCell<Option<Told>>,
}

/// The information besides the trials that a decision depends on.
#[derive(Clone, Copy)]
struct Then {
    running: usize,
    trials_left: Option<u32>,
}

struct Told {
    changes: usize,
    trials: Vec<Trial>,
    /// The trial that changed last, as the scheduler observed it.
    last: Option<Trial>,
    scheduler: Box<dyn Scheduler>,
}

impl Ranked {
    /// Wraps a scheduler of the registry under a preference.
    pub fn new(configured: Configured, lengths: Lengths, preference: Preference) -> Self {
        Self {
            outline: configured.build(lengths),
            configured,
            lengths,
            preference,
            story: Story::default(),
            told: RefCell::default(),
        }
    }

    /// Builds a scheduler that has observed everything so far. Positions shift with every result, so all is replayed.
    fn tell(&self, view: &View<'_>) -> Told {
        let mut scheduler = self.configured.build(self.lengths);
        let trials = self.with_positions(view.trials);
        // Only the latest position counts: positions at earlier levels were among other results.
        let newest = |all: &[Observation]| all.len().saturating_sub(1);
        let mut last = None;
        let listener = |trial: &Trial, then: Then| {
            let view = View {
                running: then.running,
                trials_left: then.trials_left,
                ..*view
            };
            scheduler.observe(trial, &view);
            last = Some(trial.clone());
        };
        self.story.tell(&trials, |all| &all[newest(all)..], listener);
        let trials = trials.into_iter().map(|mut trial| {
            trial.observations.drain(..newest(&trial.observations));
            trial
        });
        Told {
            changes: self.story.length(),
            trials: trials.collect(),
            last,
            scheduler,
        }
    }

    /// The trials with positions as losses: of each trial's best result so far, among all trials at the same level.
    fn with_positions(&self, trials: &[Trial]) -> Vec<Trial> {
        let mut levels: BTreeMap<Samples, Vec<(usize, usize, Scores)>> = BTreeMap::new();
        for (number, trial) in trials.iter().enumerate() {
            let mut best: Option<Scores> = None;
            for (index, observation) in trial.observations.iter().enumerate() {
                let scores = trial.scores.get(index).cloned();
                let scores = scores.unwrap_or_else(|| Scores::single(observation.loss));
                if best.as_ref().is_none_or(|best| stands_before(&scores, best)) {
                    best = Some(scores);
                }
                let best = best.clone().unwrap_or_default();
                levels.entry(observation.at).or_default().push((number, index, best));
            }
        }
        let mut ranked: Vec<Trial> = trials.to_vec();
        for results in levels.values() {
            let scores: Vec<&Scores> = results.iter().map(|(_, _, scores)| scores).collect();
            for ((number, index, scores), position) in results.iter().zip(self.preference.positions(&scores)) {
                // A result that is not finite keeps the worst loss.
                ranked[*number].observations[*index].loss = if scores.is_finite() {
                    Goal::Minimize.loss(position as f64)
                } else {
                    Loss::WORST
                };
            }
        }
        for trial in &mut ranked {
            trial.scores.clear();
        }
        ranked
    }
}

impl Ranked {
    /// Asks a scheduler that has observed everything so far.
    fn ask<T>(&self, view: &View<'_>, question: impl FnOnce(&Told, &View<'_>) -> T) -> T {
        let kept = self.told.take().filter(|told| told.changes == self.story.length());
        let told = kept.unwrap_or_else(|| self.tell(view));
        let answer = question(
            &told,
            &View {
                trials: &told.trials,
                ..*view
            },
        );
        self.told.replace(Some(told));
        answer
    }
}

/// Returns whether the first result represents a trial rather than the second, as in [`Trial::best_observation`].
fn stands_before(one: &Scores, other: &Scores) -> bool {
    let by_violation = one.violation.total_cmp(&other.violation);
    by_violation
        .then_with(|| one.losses.first().cmp(&other.losses.first()))
        .is_lt()
}

impl Scheduler for Ranked {
    fn name(&self) -> &'static str {
        self.outline.name()
    }

    fn rungs(&self) -> &[Samples] {
        self.outline.rungs()
    }

    fn first(&self) -> Samples {
        self.outline.first()
    }

    fn next(&self, trial: &Trial) -> Samples {
        self.outline.next(trial)
    }

    fn observe(&mut self, trial: &Trial, view: &View<'_>) {
        self.outline.observe(trial, view);
        let then = Then {
            running: view.running,
            trials_left: view.trials_left,
        };
        self.story.note(trial, then);
    }

    fn promote(&self, view: &View<'_>) -> Option<(TrialId, Samples)> {
        self.ask(view, |told, view| told.scheduler.promote(view))
    }

    fn prunes(&self, trial: &Trial, view: &View<'_>) -> Vec<Stop> {
        self.ask(view, |told, view| {
            let last = told.last.as_ref().filter(|last| last.id == trial.id);
            last.map_or_else(Vec::new, |last| told.scheduler.prunes(last, view))
        })
    }

    fn boxed(&self) -> Box<dyn Scheduler> {
        Box::new(Self {
            lengths: self.lengths,
            configured: self.configured,
            preference: self.preference.clone(),
            outline: self.outline.boxed(),
            story: self.story.clone(),
            told: RefCell::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies::SchedulerSpec;
    use crate::space::Space;
    use crate::trials::Status;
    use crate::trials::testing::{trial, view};

    fn lengths(max: u64) -> Lengths {
        Lengths {
            min: Samples(1),
            max: Samples(max),
            epoch: Samples(1),
            reaches_min: false,
        }
    }

    fn seen<'a>(space: &'a Space, trials: &'a [Trial], max: u64) -> View<'a> {
        View {
            max: Samples(max),
            cost: &|_, _, _| 1.0,
            ..view(space, 0, trials)
        }
    }

    fn asha(eta: u32) -> Configured {
        let rule = SchedulerSpec::default().with("eta", eta);
        rule.scheduler().unwrap()
    }

    /// The order of promotion if all of these wait at the first rung and one in three continues.
    fn promoted(results: &[([f64; 2], f64)], preference: Preference) -> Vec<u32> {
        let mut ranked = Ranked::new(asha(3), lengths(3), preference);
        let space = Space::new(vec![], vec![]).unwrap();
        let mut trials: Vec<Trial> = Vec::new();
        for (number, (losses, violation)) in results.iter().enumerate() {
            trials.push(trial(number as u32).scored(1, losses, *violation));
            ranked.observe(&trials[number], &seen(&space, &trials, 3));
        }
        let mut promoted = Vec::new();
        while let Some((id, to)) = ranked.promote(&seen(&space, &trials, 3)) {
            promoted.push(id.0);
            trials[id.index()].status = Status::Running { to };
            ranked.observe(&trials[id.index()], &seen(&space, &trials, 3));
        }
        promoted
    }

    #[test]
    fn the_front_goes_on_its_ends_before_its_middle() {
        let front = [[0.0, 4.0], [1.0, 3.0], [4.0, 0.0]].map(|losses| (losses, 0.0));
        let others = [[5.0, 5.0], [4.5, 4.5], [6.0, 4.0]].map(|losses| (losses, 0.0));
        assert_eq!(promoted(&[front, others].concat(), Preference::Pareto), [0, 2]);
    }

    #[test]
    fn a_trial_that_violates_a_constraint_waits_for_those_that_do_not() {
        let results = [([0.0, 0.0], 0.5), ([9.0, 9.0], 0.0), ([8.0, 9.5], 0.1)];
        assert_eq!(promoted(&results, Preference::Pareto), [1]);
    }

    #[test]
    fn a_lexicographic_order_promotes_its_first() {
        let levels = vec![
            crate::preference::Level {
                tolerance: crate::preference::Tolerance::Absolute(0.1),
                target: None,
            },
            crate::preference::Level::default(),
        ];
        let results = [[0.5, 9.0], [0.55, 1.0], [0.9, 0.0]].map(|losses| (losses, 0.0));
        assert_eq!(promoted(&results, Preference::Lexicographic(levels)), [1]);
    }

    #[test]
    fn with_one_metric_it_decides_as_the_scheduler_alone() {
        let mut ranked = Ranked::new(asha(2), lengths(4), Preference::Pareto);
        let mut alone = asha(2).build(lengths(4));
        let space = Space::new(vec![], vec![]).unwrap();
        let mut trials = Vec::new();
        for number in 0..20_u32 {
            let loss = f64::from(number * 7 % 20);
            trials.push(trial(number).observed(1, loss));
            let view = seen(&space, &trials, 4);
            let newest = &trials[number as usize];
            ranked.observe(newest, &view);
            alone.observe(newest, &view);
            assert_eq!(ranked.promote(&view), alone.promote(&view), "after trial {number}");
        }
    }
}
