use proptest::prelude::*;

use super::*;
use crate::space::{Domain, Parameter, Value};
use crate::trials::Observation;
use crate::trials::testing::view;
use crate::units::{Goal, TrialId};

/// A study on `workers` workers, whose segments end in the order in which they began.
struct Simulation {
    space: Space,
    seed: u64,
    limit: u32,
    policy: FreezeThaw,
    trials: Vec<Trial>,
    running: Vec<TrialId>,
}

type Curve<'a> = &'a dyn Fn(f64, u64) -> f64;

impl Simulation {
    fn new(space: Space, seed: u64, limit: u32) -> Self {
        Self {
            space,
            seed,
            limit,
            policy: FreezeThaw::new(Samples(1), MAX),
            trials: Vec::new(),
            running: Vec::new(),
        }
    }

    fn view(&self) -> View<'_> {
        View {
            trials_left: Some(self.limit - self.trials.len() as u32),
            max: MAX,
            ..view(&self.space, self.seed, &self.trials)
        }
    }

    fn decide(&self, policy: &FreezeThaw) -> Decision {
        policy.decide(&self.view())
    }

    /// Informs a policy about a trial that has changed.
    fn tell(&self, policy: &mut FreezeThaw, id: TrialId) {
        policy.observe(&self.trials[id.index()], &self.view());
    }

    /// Informs the study's own policy.
    fn observe(&mut self, id: TrialId) {
        let mut policy = std::mem::replace(&mut self.policy, FreezeThaw::new(Samples(1), MAX));
        self.tell(&mut policy, id);
        self.policy = policy;
    }

    /// Takes the next step; returns false when the study is over.
    fn step(&mut self, workers: usize, curve: Curve<'_>) -> bool {
        if self.running.len() < workers {
            match self.decide(&self.policy) {
                Decision::Start {
                    configuration,
                    origin,
                    to,
                    parent: None,
                } => {
                    let repeats = self.trials.iter().any(|trial| trial.configuration == configuration);
                    assert!(!repeats, "no configuration is run twice");
                    let id = TrialId(self.trials.len() as u32);
                    self.trials
                        .push(Trial::new(id, configuration, &self.space, origin, None));
                    self.run(id, to);
                    return true;
                }
                Decision::Continue { trial, to } | Decision::CoolDown { trial, to } => {
                    let paused = &self.trials[trial.index()];
                    assert_eq!(paused.status, Status::Paused);
                    assert!(to > paused.reached && self.policy.rungs().contains(&to));
                    self.run(trial, to);
                    return true;
                }
                Decision::Start { parent: Some(_), .. } => unreachable!("it clones nobody"),
                Decision::Wait => assert!(!self.running.is_empty(), "waits for nothing"),
                Decision::Finish => return !self.running.is_empty() && self.end(curve),
            }
        }
        self.end(curve)
    }

    fn run(&mut self, id: TrialId, to: Samples) {
        self.trials[id.index()].status = Status::Running { to };
        self.running.push(id);
        self.observe(id);
    }

    fn end(&mut self, curve: Curve<'_>) -> bool {
        let id = self.running.remove(0);
        let trial = &mut self.trials[id.index()];
        let Status::Running { to } = trial.status else {
            unreachable!("it runs")
        };
        let x = trial.configuration.get("x").and_then(Value::as_f64).unwrap();
        for at in trial.reached.0 + 1..=to.0 {
            let loss = Goal::Minimize.loss(curve(x, at));
            if loss.get().is_finite() {
                trial.observations.push(Observation { at: Samples(at), loss });
            } else {
                trial.status = Status::Failed;
            }
        }
        trial.reached = to;
        trial.segments += 1;
        if trial.status != Status::Failed {
            trial.status = if to == MAX { Status::Completed } else { Status::Paused };
        }
        self.observe(id);
        true
    }
}

const MAX: Samples = Samples(27);

fn continuous() -> Space {
    Space::new(vec![Parameter::new("x", Domain::float(0.0, 1.0))], vec![]).unwrap()
}

fn finite(count: i64) -> Space {
    Space::new(vec![Parameter::new("x", Domain::choice(0..count))], vec![]).unwrap()
}

/// Large `x` falls quickly and stays at 0.5; small `x` is behind at two rungs and ends at its distance from 0.1.
fn crossing(x: f64, at: u64) -> f64 {
    let share = at as f64 / MAX.0 as f64;
    if x > 0.4 {
        0.5 + 0.1 * (1.0 - x)
    } else {
        (x - 0.1).abs() + 1.5 * (1.0 - share).powi(6)
    }
}

#[test]
fn curves_that_cross_do_not_fool_it_for_ever() {
    let found = (0..3).filter(|&seed| {
        let mut simulation = Simulation::new(continuous(), seed, 50);
        while simulation.step(4, &crossing) {}
        let losses = simulation.trials.iter().filter_map(Trial::loss);
        losses.min().is_some_and(|best| best.get() < 0.4)
    });
    assert_eq!(found.count(), 3);
}

#[test]
fn what_the_user_wants_to_see_tried_comes_first() {
    let mut space = continuous();
    let listed = [("x", Value::Float(0.77))].into_iter().collect();
    space.add_point(&listed).unwrap();
    let mut simulation = Simulation::new(space, 1, 5);
    simulation.step(1, &crossing);
    assert_eq!(simulation.trials[0].configuration, listed);
}

#[test]
fn a_finite_space_is_exhausted_and_the_study_ends_with_a_complete_trial() {
    let mut simulation = Simulation::new(finite(7), 3, 100);
    while simulation.step(2, &|x, at| x + 1.0 / at as f64) {}
    assert_eq!(simulation.trials.len(), 7);
    let complete = simulation
        .trials
        .iter()
        .filter(|trial| trial.status == Status::Completed);
    assert!(complete.map(|trial| trial.loss().unwrap().get()).any(|loss| loss < 0.1));
    let is_paused = |trial: &Trial| trial.status == Status::Paused;
    assert!(simulation.trials.iter().any(is_paused), "the hopeless are left");
}

#[test]
fn a_study_in_which_everything_fails_ends() {
    let mut simulation = Simulation::new(continuous(), 1, 15);
    while simulation.step(3, &|_, _| f64::NAN) {}
    assert_eq!(simulation.trials.len(), 15);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// The simulation asserts that no configuration runs twice, that only paused trials continue, and only to higher
    /// rungs, and that the policy never waits while nothing runs.
    #[test]
    fn every_study_ends_with_something_complete(seed in 0u64..1000, workers in 1usize..6, limit in 1u32..30, failing in 0.0..0.5f64) {
        let mut simulation = Simulation::new(continuous(), seed, limit);
        let curve = |x: f64, at| if x < failing { f64::NAN } else { crossing(x, at) };
        let mut steps = 0;
        while simulation.step(workers, &curve) {
            steps += 1;
            prop_assert!(steps < 2_000);
        }
        let is = |status| simulation.trials.iter().any(|trial| trial.status == status);
        prop_assert!(is(Status::Completed) || !is(Status::Paused));
    }

    #[test]
    fn after_a_replay_it_decides_the_same(seed in 0u64..1000, steps in 1usize..120) {
        let mut simulation = Simulation::new(continuous(), seed, 100);
        let mut replayed = FreezeThaw::new(Samples(1), MAX);
        for _ in 0..steps {
            let before = simulation.trials.clone();
            simulation.step(3, &crossing);
            // Changed trials are observed again, without a single decision.
            for trial in &simulation.trials {
                let old = before.get(trial.id.index());
                if old.is_none_or(|old| old.status != trial.status) {
                    simulation.tell(&mut replayed, trial.id);
                }
            }
        }
        if simulation.running.len() < 3 {
            prop_assert_eq!(simulation.decide(&simulation.policy), simulation.decide(&replayed));
        }
    }
}
