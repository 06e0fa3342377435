use super::*;
use crate::searchers::Random;
use crate::space::{Domain, Parameter, Space, Value};
use crate::trials::Observation;
use crate::trials::testing::view;
use crate::units::Goal;

const MAX: Samples = Samples(40);

/// A study of one parameter, on one slot, driven by hand.
struct Study {
    space: Space,
    policy: Pbt,
    trials: Vec<Trial>,
    trials_left: Option<u32>,
}

fn study(population: u32) -> Study {
    let spec = PbtSettings {
        population,
        interval: Some(1.0),
        quantile: 0.25,
        resample: 0.0,
    };
    let lengths = Lengths {
        min: Samples(1),
        max: MAX,
        epoch: Samples(10),
        reaches_min: false,
    };
    Study {
        space: Space::new(vec![Parameter::new("rate", Domain::float(1e-3, 1.0).log())], vec![]).unwrap(),
        policy: Pbt::new(spec, Box::new(Random), None, lengths),
        trials: Vec::new(),
        trials_left: None,
    }
}

fn seen<'a>(space: &'a Space, trials: &'a [Trial], trials_left: Option<u32>) -> View<'a> {
    View {
        trials_left,
        max: MAX,
        ..view(space, 3, trials)
    }
}

impl Study {
    fn decide(&self) -> Decision {
        self.policy.decide(&seen(&self.space, &self.trials, self.trials_left))
    }

    fn observe(&mut self, id: TrialId) {
        let view = seen(&self.space, &self.trials, self.trials_left);
        self.policy.observe(&self.trials[id.index()], &view);
    }

    /// Executes the next decision; returns the trial that runs now.
    fn begin(&mut self) -> Option<TrialId> {
        let (id, to) = match self.decide() {
            Decision::Start {
                configuration,
                origin,
                to,
                parent,
            } => {
                let id = TrialId(self.trials.len() as u32);
                self.trials
                    .push(Trial::new(id, configuration, &self.space, origin, parent));
                self.trials_left = self.trials_left.map(|left| left - 1);
                (id, to)
            }
            Decision::Continue { trial, to } | Decision::CoolDown { trial, to } => (trial, to),
            Decision::Wait | Decision::Finish => return None,
        };
        self.trials[id.index()].status = Status::Running { to };
        self.observe(id);
        Some(id)
    }

    /// Ends the segment of a trial; returns whether it was replaced.
    fn end(&mut self, id: TrialId, loss: f64) -> bool {
        let trial = &mut self.trials[id.index()];
        let Status::Running { to } = trial.status else {
            panic!("{id} is not running")
        };
        let loss = Goal::Minimize.loss(loss);
        trial.observations.push(Observation { at: to, loss });
        trial.reached = to;
        trial.segments += 1;
        trial.status = if to >= MAX { Status::Completed } else { Status::Paused };
        self.observe(id);
        let stops = self.policy.prunes(
            &self.trials[id.index()],
            &seen(&self.space, &self.trials, self.trials_left),
        );
        for stop in &stops {
            assert_eq!((stop.trial, stop.by), (id, "pbt"));
            self.trials[id.index()].status = Status::Stopped;
            self.observe(id);
        }
        !stops.is_empty()
    }

    fn rate(&self, id: u32) -> f64 {
        self.trials[id as usize]
            .configuration
            .get("rate")
            .and_then(Value::as_f64)
            .unwrap()
    }
}

#[test]
fn the_worst_makes_way_for_a_clone_of_the_best() {
    let mut study = study(4);
    for number in 0..4 {
        let id = study.begin().unwrap();
        assert_eq!(id, TrialId(number));
        assert!(!study.end(id, f64::from(number % 3)) || number == 3);
    }
    // Trial 2 is the worst, but was not when it ended its interval: among three trials none is replaced.
    assert!((0..4).all(|id| study.trials[id].status == Status::Paused));
    for number in 0..2 {
        let id = study.begin().unwrap();
        assert_eq!(id, TrialId(number), "who is least far goes on");
        study.end(id, f64::from(number));
    }
    let id = study.begin().unwrap();
    assert!(study.end(id, 2.0), "now it is");
    let Decision::Start { parent, to, origin, .. } = study.decide() else {
        panic!("a clone takes its slot")
    };
    assert_eq!(
        parent,
        Some(Parent {
            trial: TrialId(0),
            at: Samples(20)
        })
    );
    assert_eq!((to, origin.as_str()), (Samples(30), "pbt"));
    let clone = study.begin().unwrap();
    assert_eq!(clone, TrialId(4));
    assert_eq!(study.trials[4].spent(), Samples(0), "what it inherits costs nothing");
    let factor = study.rate(4) / study.rate(0);
    assert!(
        (factor - 0.8).abs() < 1e-9 || (factor - 1.2).abs() < 1e-9 || study.rate(4) == 1.0 || study.rate(4) == 1e-3
    );
    study.end(clone, 0.5);
    assert_eq!(study.trials[4].spent(), Samples(10));
}

#[test]
fn without_a_trial_left_nobody_is_replaced() {
    let mut study = study(4);
    study.trials_left = Some(4);
    let mut ends = 0;
    while let Some(id) = study.begin() {
        assert!(!study.end(id, f64::from(id.0)));
        ends += 1;
    }
    assert_eq!(ends, 16, "four members through four intervals");
    assert!(study.trials.iter().all(|trial| trial.status == Status::Completed));
    assert_eq!(study.decide(), Decision::Finish);
}

#[test]
fn a_population_is_followed_by_the_next_and_never_larger_than_it_may_be() {
    let mut study = study(8);
    study.trials_left = Some(60);
    let quality = |rate: f64| (rate.log10() + 1.5).abs();
    while let Some(id) = study.begin() {
        let loss = quality(study.rate(id.0)) + 1.0 / study.trials[id.index()].reached.0.max(1) as f64;
        study.end(id, loss);
        for population in &study.policy.populations {
            assert!(population.members.len() <= 8);
        }
    }
    assert_eq!(study.trials.len(), 60);
    assert!(study.policy.populations.len() >= 2);
    let first = study.policy.populations[0]
        .members
        .iter()
        .map(|id| &study.trials[id.index()]);
    assert!(first.clone().all(|trial| trial.status == Status::Completed));
    assert!(first.clone().any(|trial| trial.parent.is_some()));
    // Exploitation pays: the last generation is better than the initial draws.
    let mean = |rates: &mut dyn Iterator<Item = f64>| {
        let rates: Vec<f64> = rates.map(quality).collect();
        rates.iter().sum::<f64>() / rates.len() as f64
    };
    let drawn = mean(&mut (0..8).map(|id| study.rate(id)));
    let last = mean(&mut first.map(|trial| study.rate(trial.id.0)));
    assert!(last < drawn, "{last} and {drawn}");
}

#[test]
fn who_fails_is_replaced_by_a_clone_or_while_nobody_stands_out_by_something_new() {
    let mut study = study(4);
    let id = study.begin().unwrap();
    study.trials[0].status = Status::Failed;
    study.observe(id);
    let second = study.begin().unwrap();
    assert_eq!(study.trials[1].parent, None);
    study.end(second, 0.0);
    for number in 2..5 {
        let id = study.begin().unwrap();
        assert_eq!(id, TrialId(number));
        study.end(id, 9.0 - f64::from(number));
    }
    assert_eq!(study.policy.populations[0].members.len(), 4);
    let last = study.begin().unwrap();
    assert_eq!(last, second);
    study.trials[last.index()].status = Status::Failed;
    study.observe(last);
    let Decision::Start { parent, .. } = study.decide() else {
        panic!("a clone takes its slot")
    };
    assert_eq!(
        parent.map(|parent| parent.trial),
        Some(TrialId(4)),
        "the best of those left"
    );
}

#[test]
fn after_a_replay_it_decides_the_same() {
    let mut live = study(6);
    live.trials_left = Some(40);
    let mut replayed = study(6).policy;
    while let Some(id) = live.begin() {
        let space = live.space.clone();
        let tell = |replayed: &mut Pbt, live: &Study| {
            replayed.observe(&live.trials[id.index()], &seen(&space, &live.trials, live.trials_left));
        };
        tell(&mut replayed, &live);
        // Between the start and the end of a segment nothing else changes, but a trial that is replaced changes twice.
        let loss = f64::from(id.0 * 7 % 11) + 1.0 / live.trials[id.index()].reached.0.max(1) as f64;
        let is_replaced = live.end(id, loss);
        if is_replaced {
            live.trials[id.index()].status = Status::Paused;
            tell(&mut replayed, &live);
            live.trials[id.index()].status = Status::Stopped;
        }
        tell(&mut replayed, &live);
        assert_eq!(
            replayed.decide(&seen(&space, &live.trials, live.trials_left)),
            live.decide()
        );
    }
    assert_eq!(live.trials.len(), 40);
}
