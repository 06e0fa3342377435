//! Ask and tell as a Rust interface: the trials of a policy, run by the caller.

use std::borrow::Cow;

use crate::policies::{self, Decision, Lengths, Policy, Stop};
use crate::preference::{Preference, Scores};
use crate::searchers::{Random, Searcher as _};
use crate::space::{Configuration, Space};
use crate::spec::{SchedulerSpec, SearcherSpec};
use crate::trials::{Observation, Parent, PastTrial, Status, Trial, View};
use crate::units::{Goal, Loss, Samples, Seed, TrialId};

/// Options of a search.
#[derive(Clone, Debug)]
pub struct Options {
    /// Seed of all random decisions.
    pub seed: Seed,
    /// Goal of the value; with several values, goal of the first.
    pub goal: Goal,
    /// Goals of the values after the first. If there are any, the search looks for all trade-offs.
    pub others: Vec<Goal>,
    /// Steps of a complete trial; 1 means no learning curve.
    pub max_step: u64,
    /// Budget of the whole search in complete trials, if known.
    pub budget: Option<u64>,
    /// The searcher.
    pub searcher: SearcherSpec,
    /// The scheduler; without a learning curve it has no effect.
    pub scheduler: SchedulerSpec,
    /// Trials of earlier searches over the same space, with epochs counted in steps. Trials that do not fit are left
    /// out.
    pub past: Vec<PastTrial>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: Seed(0),
            goal: Goal::Minimize,
            others: Vec::new(),
            max_step: 1,
            budget: None,
            searcher: SearcherSpec::default(),
            scheduler: SchedulerSpec::default(),
            past: Vec::new(),
        }
    }
}

/// A search whose trials are run by the caller, any number of them in parallel.
pub struct AskTell {
    space: Space,
    policy: Box<dyn Policy>,
    past: Vec<Trial>,
    trials: Vec<Trial>,
    seed: Seed,
    goals: Vec<Goal>,
    max: Samples,
    budget: Option<Samples>,
}

/// A trial to run next.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The trial: a new one, or a paused one that resumes.
    pub id: TrialId,
    /// Its configuration.
    pub configuration: Configuration,
    /// The first step whose value has not been told: 1 for a new trial.
    pub from_step: u64,
    /// The last step to run; after it the runner is free again.
    pub to_step: u64,
    /// For a new trial: the trial and the step whose state it starts from; `None` if it starts from scratch.
    pub parent: Option<Parent>,
}

/// Why an ask or a tell failed. The search is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskTellError {
    /// Every configuration has been handed out.
    #[error("every configuration of the space has been tried: {0} trials")]
    Exhausted(usize),
    /// The trial was never handed out.
    #[error("there is no trial {0}")]
    NoTrial(u64),
    /// The trial is not running.
    #[error("trial {0} is not running: it was told to stop, or has ended")]
    NotRunning(u32),
    /// The number of values differs from the number of goals.
    #[error("trial {trial} was told {told} values, but the search expects {expected}")]
    Values {
        /// The trial.
        trial: u32,
        /// Number of values told.
        told: usize,
        /// Number of values expected.
        expected: usize,
    },
    /// The step was told already, or lies beyond the last step.
    #[error("step {step} of trial {trial} is not between {from} and {to}")]
    Step {
        /// The trial.
        trial: u32,
        /// The step told.
        step: u64,
        /// The next step.
        from: u64,
        /// The last step.
        to: u64,
    },
}

impl AskTell {
    /// A new search over `space`.
    pub fn new(space: Space, options: &Options) -> Self {
        let max = Samples(options.max_step.max(1));
        let (searcher, scheduler) = (options.searcher, options.scheduler);
        let lengths = Lengths {
            min: first_rung(max),
            max,
            epoch: Samples(1),
            reaches_min: false,
        };
        let preference = (!options.others.is_empty()).then_some(&Preference::Pareto);
        Self {
            policy: policies::build(searcher, scheduler, preference, lengths),
            past: PastTrial::to_trials(&options.past, &space, options.goal, Samples(1), max),
            space,
            trials: Vec::new(),
            seed: options.seed,
            goals: std::iter::once(options.goal)
                .chain(options.others.iter().copied())
                .collect(),
            max,
            budget: options.budget.map(|runs| Samples(runs.saturating_mul(max.0))),
        }
    }

    /// The trial to run next. Earlier trials may still be running.
    ///
    /// # Errors
    /// Returns [`AskTellError::Exhausted`] if a finite space has no configuration left.
    pub fn ask(&mut self) -> Result<Asked, AskTellError> {
        let decision = self.policy.decide(&self.view());
        let (id, to) = match decision {
            Decision::Continue { trial, to } | Decision::CoolDown { trial, to } => (trial, to),
            Decision::Start {
                configuration,
                origin,
                to,
                parent,
            } => (self.create(configuration, origin, parent), to),
            // The caller has a free slot now: a random configuration is better than none.
            Decision::Wait => {
                let drawn = Random.propose(&self.view(), 0);
                let to = self.policy.rungs()[0];
                (self.create(drawn.configuration, drawn.origin.to_owned(), None), to)
            }
            Decision::Finish => return Err(AskTellError::Exhausted(self.trials.len())),
        };
        self.start(id, to);
        Ok(self.asked(id, to))
    }

    /// Hands out a trial again when a recorded search is restored; `created` is set if the trial was new then.
    pub(super) fn hand_out(
        &mut self,
        id: TrialId,
        created: Option<(Configuration, String, Option<Parent>)>,
        to: Samples,
    ) {
        if let Some((configuration, origin, parent)) = created {
            self.create(configuration, origin, parent);
        }
        self.start(id, to);
    }

    /// The running trials: handed out and not told to their end.
    pub(super) fn running(&self) -> Vec<Asked> {
        let asked = |trial: &Trial| match trial.status {
            Status::Running { to } => Some(self.asked(trial.id, to)),
            Status::Paused | Status::Stopped | Status::Completed | Status::Failed => None,
        };
        self.trials.iter().filter_map(asked).collect()
    }

    /// The first step of a trial whose value has not been told.
    pub(super) fn next_step(&self, id: TrialId) -> u64 {
        let trial = self.trials.get(id.index());
        trial.map_or(1, |trial| last_step(trial).0 + 1)
    }

    pub(super) fn space(&self) -> &Space {
        &self.space
    }

    /// Steps of a complete trial.
    pub(super) fn max(&self) -> Samples {
        self.max
    }

    /// The first step at which trials are compared.
    pub(super) fn first_rung(&self) -> Samples {
        first_rung(self.max)
    }

    fn start(&mut self, id: TrialId, to: Samples) {
        self.trials[id.index()].status = Status::Running { to };
        self.observe(id);
    }

    fn asked(&self, id: TrialId, to: Samples) -> Asked {
        let trial = &self.trials[id.index()];
        Asked {
            id,
            configuration: trial.configuration.clone(),
            from_step: last_step(trial).0 + 1,
            to_step: to.0,
            parent: trial.parent.filter(|_| trial.segments == 0),
        }
    }

    /// Processes the value of a trial after a step; `None` if the run failed. Returns whether to stop the trial here.
    ///
    /// The trial may resume later. With `is_final` it ends, whatever its step.
    ///
    /// # Errors
    /// Returns [`AskTellError`] if the trial is not running, or if the step is not one of its remaining steps.
    pub fn tell(&mut self, id: TrialId, step: u64, value: Option<f64>, is_final: bool) -> Result<bool, AskTellError> {
        self.tell_all(id, step, value.as_slice(), is_final)
    }

    /// As [`Self::tell`], but with all values of a trial, in the order of the goals; empty if the run failed.
    ///
    /// # Errors
    /// As [`Self::tell`], and if the number of values is wrong.
    pub fn tell_all(&mut self, id: TrialId, step: u64, values: &[f64], is_final: bool) -> Result<bool, AskTellError> {
        let trial = self
            .trials
            .get_mut(id.index())
            .ok_or(AskTellError::NoTrial(u64::from(id.0)))?;
        let Status::Running { to } = trial.status else {
            return Err(AskTellError::NotRunning(id.0));
        };
        let last = last_step(trial);
        if step <= last.0 || step > self.max.0 {
            return Err(AskTellError::Step {
                trial: id.0,
                step,
                from: last.0 + 1,
                to: self.max.0,
            });
        }
        if !values.is_empty() && values.len() != self.goals.len() {
            return Err(AskTellError::Values {
                trial: id.0,
                told: values.len(),
                expected: self.goals.len(),
            });
        }
        let at = Samples(step);
        let losses = values.iter().zip(&self.goals).map(|(value, goal)| goal.loss(*value));
        let losses: Vec<Loss> = losses.collect();
        match losses.first() {
            Some(&loss) if losses.iter().all(|&loss| loss < Loss::WORST) => {
                trial.observations.push(Observation { at, loss });
                if losses.len() > 1 {
                    let violation = 0.0;
                    trial.scores.push(Scores { losses, violation });
                }
            }
            _ => trial.status = Status::Failed,
        }
        let ends = is_final || at >= to || trial.status == Status::Failed;
        if ends {
            trial.reached = at;
            trial.segments += 1;
            if trial.status != Status::Failed {
                let is_complete = is_final || at >= self.max;
                trial.status = if is_complete { Status::Completed } else { Status::Paused };
            }
            self.observe(id);
            self.prune(id);
        }
        Ok(ends)
    }

    /// Notifies the policy that a trial has changed.
    fn observe(&mut self, id: TrialId) {
        let view = View {
            space: &self.space,
            seed: self.seed,
            past: &self.past,
            trials: &self.trials,
            running: running(&self.trials),
            trials_left: None,
            min: first_rung(self.max),
            max: self.max,
            budget: self.budget,
            horizon: None,
            epoch: Samples(1),
            cost: &steps,
            memory: &|_| None,
        };
        self.policy.observe(&self.trials[id.index()], &view);
    }

    /// Prunes trials that will never resume, now that a trial has ended a segment.
    fn prune(&mut self, id: TrialId) {
        let mut stops = self.policy.prunes(&self.trials[id.index()], &self.view());
        while let Some(Stop { trial: id, .. }) = stops.pop() {
            let trial = &mut self.trials[id.index()];
            if trial.status == Status::Paused {
                trial.status = Status::Stopped;
                self.observe(id);
                stops.extend(self.policy.prunes(&self.trials[id.index()], &self.view()));
            }
        }
    }

    /// The Pareto front, best in the first value first; with one value, the best trial and those equal to it.
    pub fn front(&self) -> Vec<&Trial> {
        let judged = self.trials.iter().filter(|trial| trial.status != Status::Failed);
        let judged: Vec<(&Trial, Cow<'_, Scores>)> =
            judged.filter_map(|trial| Some((trial, trial.best_scores()?))).collect();
        let scores: Vec<&Scores> = judged.iter().map(|(_, scores)| scores.as_ref()).collect();
        let front = Preference::Pareto.best(&scores);
        front.into_iter().map(|index| judged[index].0).collect()
    }

    /// The best trial so far and its value; with several values, the first value decides.
    pub fn best(&self) -> Option<(&Trial, f64)> {
        let losses = self.trials.iter().filter_map(|trial| {
            let loss = trial.best_observation()?.loss;
            (trial.status != Status::Failed).then_some((loss, trial.id))
        });
        let (loss, id) = losses.min()?;
        Some((&self.trials[id.index()], self.goals[0].value(loss)))
    }

    /// All trials so far, ordered by number.
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    fn create(&mut self, configuration: Configuration, origin: String, parent: Option<Parent>) -> TrialId {
        let id = TrialId(self.trials.len() as u32);
        self.trials
            .push(Trial::new(id, configuration, &self.space, origin, parent));
        id
    }

    fn view(&self) -> View<'_> {
        View {
            space: &self.space,
            seed: self.seed,
            past: &self.past,
            trials: &self.trials,
            running: running(&self.trials),
            trials_left: None,
            min: first_rung(self.max),
            max: self.max,
            budget: self.budget,
            horizon: None,
            epoch: Samples(1),
            cost: &steps,
            memory: &|_| None,
        }
    }
}

/// The last step of a trial whose value was told.
fn last_step(trial: &Trial) -> Samples {
    trial.observations.last().map_or(trial.reached, |last| last.at)
}

fn running(trials: &[Trial]) -> usize {
    let is_running = |trial: &&Trial| matches!(trial.status, Status::Running { .. });
    trials.iter().filter(is_running).count()
}

/// The cost of steps: it is unknown, so every step costs the same.
fn steps(_configuration: &Configuration, from: Samples, to: Samples) -> f64 {
    (to.0 - from.0) as f64
}

/// The first step at which trials are compared: a 27th of a complete trial (three halvings by three), but at least 2.
///
/// The value after a single step often says more about the start than about the configuration.
fn first_rung(max: Samples) -> Samples {
    Samples((max.0 / 27).max(2).min(max.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Domain, Parameter, Value};
    use crate::trials::PastResult;

    fn space() -> Space {
        let domain = Domain::Int {
            min: 0,
            max: 4,
            log: false,
            step: 1,
        };
        Space::new(vec![Parameter::new("x", domain)], vec![]).unwrap()
    }

    fn value(configuration: &Configuration) -> f64 {
        configuration.get("x").and_then(Value::as_f64).unwrap()
    }

    #[test]
    fn every_configuration_is_handed_out_once_and_the_best_is_known() {
        let mut search = AskTell::new(space(), &Options::default());
        for _ in 0..5 {
            let asked = search.ask().unwrap();
            let told = value(&asked.configuration);
            assert!(search.tell(asked.id, 1, Some(told), true).unwrap());
        }
        assert_eq!(search.ask(), Err(AskTellError::Exhausted(5)));
        assert_eq!(search.best().unwrap().1, 0.0);
    }

    #[test]
    fn a_good_trial_is_handed_out_again_to_go_on() {
        let options = Options {
            max_step: 9,
            ..Options::default()
        };
        let mut search = AskTell::new(space(), &options);
        let mut handed_out = Vec::new();
        for _ in 0..4 {
            let asked = search.ask().unwrap();
            let goes_on = handed_out.contains(&asked.id);
            handed_out.push(asked.id);
            // The rungs of nine steps with a factor of three, without the one after a single step.
            let steps = if goes_on { 4..=9 } else { 1..=3 };
            assert_eq!(asked.to_step, *steps.end());
            for step in steps {
                let stop = search.tell(asked.id, step, Some(value(&asked.configuration)), false);
                assert_eq!(stop, Ok(step == asked.to_step));
            }
        }
        assert_eq!(handed_out.len(), 4);
        assert!(
            handed_out[..3].contains(&handed_out[3]),
            "one in three is promoted: {handed_out:?}"
        );
    }

    #[test]
    fn several_values_have_a_front() {
        let options = Options {
            others: vec![Goal::Maximize],
            searcher: SearcherSpec::named("nsga2").unwrap(),
            ..Options::default()
        };
        let mut search = AskTell::new(space(), &options);
        for _ in 0..5 {
            let asked = search.ask().unwrap();
            let x = value(&asked.configuration);
            // Both values grow together, except at 3, which every other beats.
            let values = [x.min(3.0), if x == 3.0 { 0.0 } else { x }];
            assert!(search.tell_all(asked.id, 1, &values, true).unwrap());
        }
        let front = search.front().into_iter().map(|trial| value(&trial.configuration));
        assert_eq!(front.collect::<Vec<_>>(), [0.0, 1.0, 2.0, 4.0]);
        assert_eq!(search.best().unwrap().1, 0.0);
    }

    #[test]
    fn what_is_known_from_earlier_informs_the_first_proposal_but_is_no_trial() {
        let domain = Domain::Float {
            min: 0.0,
            max: 1.0,
            log: false,
            step: None,
        };
        let space = Space::new(vec![Parameter::new("x", domain)], vec![]).unwrap();
        let past = (0..40).map(|step| {
            let x = f64::from(step) / 40.0;
            PastTrial {
                configuration: [("x", Value::Float(x))].into_iter().collect(),
                epochs: 1.0,
                best: Some(PastResult {
                    epoch: 1.0,
                    value: (x - 0.8).abs(),
                }),
            }
        });
        let options = Options {
            searcher: SearcherSpec::named("tpe").unwrap(),
            past: past.collect(),
            ..Options::default()
        };
        let mut search = AskTell::new(space, &options);
        let first = search.ask().unwrap();
        assert!((value(&first.configuration) - 0.8).abs() < 0.15, "{first:?}");
        assert_eq!((first.id, search.trials().len()), (TrialId(0), 1));
        assert_eq!(search.trials()[0].origin, "tpe");
        assert!(search.best().is_none());
    }

    #[test]
    fn what_does_not_fit_is_refused_and_changes_nothing() {
        let mut search = AskTell::new(space(), &Options::default());
        let asked = search.ask().unwrap();
        assert_eq!(
            search.tell(TrialId(7), 1, Some(1.0), true),
            Err(AskTellError::NoTrial(7))
        );
        assert!(matches!(
            search.tell(asked.id, 2, Some(1.0), true),
            Err(AskTellError::Step { step: 2, .. })
        ));
        assert!(matches!(
            search.tell_all(asked.id, 1, &[1.0, 2.0], true),
            Err(AskTellError::Values {
                told: 2,
                expected: 1,
                ..
            })
        ));
        assert_eq!(search.tell(asked.id, 1, None, true), Ok(true));
        assert_eq!(
            search.tell(asked.id, 1, Some(1.0), true),
            Err(AskTellError::NotRunning(0))
        );
        assert!(search.best().is_none());
    }
}
