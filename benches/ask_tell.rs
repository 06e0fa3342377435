//! The cost of decisions: a whole simulated study, and one proposal with many known trials.

use std::collections::BTreeMap;
use std::hint::black_box;

use automl::ask_tell::{AskTell, Options};
use automl::engine::{Simulation, simulate};
use automl::policies;
use automl::space::{Domain, Parameter, Space, Value};
use automl::spec::{Criteria, SchedulerSpec, SearcherSpec};
use automl::study::{InFlight, Outcome, Settings, Study};
use automl::trials::{Evaluation, SegmentReport, TrainingCurve, Trial, Usage};
use automl::units::{Goal, Samples, Seed};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

fn study(searcher: SearcherSpec, trials: u32) -> Study {
    let parameter = |name: &str, domain| Parameter::new(name, domain);
    let kinds = ["linear", "cosine", "constant"]
        .map(|kind| Value::Text(kind.into()))
        .to_vec();
    let parameters = vec![
        parameter(
            "learning_rate",
            Domain::Float {
                min: 1e-6,
                max: 1e-2,
                log: true,
                step: None,
            },
        ),
        parameter(
            "dropout",
            Domain::Float {
                min: 0.0,
                max: 0.5,
                log: false,
                step: Some(0.05),
            },
        ),
        parameter(
            "weight_decay",
            Domain::Float {
                min: 1e-5,
                max: 0.1,
                log: true,
                step: None,
            },
        ),
        parameter(
            "freeze_depth",
            Domain::Int {
                min: 0,
                max: 6,
                log: false,
                step: 1,
            },
        ),
        parameter(
            "batch_size",
            Domain::Choice {
                values: [8, 16, 32, 64].map(Value::Int).to_vec(),
                ordered: true,
            },
        ),
        parameter(
            "scheduler",
            Domain::Choice {
                values: kinds,
                ordered: false,
            },
        ),
    ];
    let (min, max) = (Samples(100), Samples(2700));
    let settings = Settings {
        space: Space::new(parameters, vec![]).expect("the parameters are sound"),
        seed: Seed(1),
        metric: "loss".into(),
        goal: Goal::Minimize,
        target: None,
        criteria: Criteria::default(),
        max_trials: Some(trials),
        wall: None,
        max_failures: None,
        selection: None,
        epoch: Samples(900),
        min,
        max,
        logical_workers: 8,
        is_deterministic: true,
        can_cool_down: false,
        folds: 1,
    };
    let policy = policies::build(searcher, SchedulerSpec::default(), None, settings.lengths());
    Study::new(settings, policy, Box::new(|_, from, to| (to.0 - from.0) as f64))
}

fn outcome(trial: &Trial, flight: &InFlight) -> Outcome {
    let rate = trial
        .configuration
        .get("learning_rate")
        .and_then(Value::as_f64)
        .unwrap_or(1.0);
    let loss = (rate.log10() + 4.0).powi(2) + 100.0 / flight.to.0 as f64;
    Outcome::Reached(SegmentReport {
        reached: flight.to,
        evaluations: vec![Evaluation {
            at: flight.to,
            metrics: BTreeMap::from([("loss".into(), loss)]),
        }],
        training: TrainingCurve::default(),
        trainable_parameters: 1,
        usage: Usage::default(),
    })
}

fn run(study: &mut Study) {
    let simulation = Simulation {
        workers: 8,
        seconds: &mut |_, flight| (flight.to.0 - flight.from.0) as f64,
        outcome: &outcome,
        journal: &mut |event| {
            black_box(event);
        },
    };
    simulate(study, simulation);
}

fn ask_tell(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("simulated study");
    group.sample_size(10);
    for (name, searcher, trials) in [
        ("random, 10,000 trials", SearcherSpec::by_chance(), 10_000),
        (
            "tpe, 300 trials",
            SearcherSpec::named("tpe").expect("it is in the registry"),
            300,
        ),
        (
            "tpe, 1,000 trials",
            SearcherSpec::named("tpe").expect("it is in the registry"),
            1_000,
        ),
    ] {
        let make = || study(searcher, trials);
        group.bench_function(name, |bencher| {
            bencher.iter_batched(make, |mut study| run(&mut study), BatchSize::LargeInput);
        });
    }
    group.finish();
}

/// Ten parameters that cover every kind that the estimator treats separately.
fn ten_parameters() -> Space {
    let float = |log| Domain::Float {
        min: 1e-4,
        max: 1.0,
        log,
        step: None,
    };
    let int = |log| Domain::Int {
        min: 8,
        max: 1024,
        log,
        step: 1,
    };
    let choice = |count| Domain::Choice {
        values: (0..count).map(Value::Int).collect(),
        ordered: false,
    };
    let domains = (0..6)
        .map(|index| float(index < 3))
        .chain([int(false), int(true), choice(3), choice(5)]);
    let parameters = domains
        .enumerate()
        .map(|(index, domain)| Parameter::new(format!("x{index}"), domain));
    Space::new(parameters.collect(), vec![]).expect("the parameters are sound")
}

/// Asks for `asks` proposals one by one, and tells the result of each before the next.
fn sequential(space: Space, asks: u64) {
    let mut search = AskTell::new(space, &Options::default());
    for _ in 0..asks {
        let asked = search.ask().expect("the space is endless");
        let loss = asked
            .configuration
            .iter()
            .filter_map(|(_, value)| value.as_f64())
            .map(|x| (x - 0.3).powi(2))
            .sum();
        search
            .tell(asked.id, asked.to_step, Some(loss), true)
            .expect("the trial is running");
    }
}

fn tpe_proposals(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tpe on 10 parameters, ask and tell");
    group.sample_size(10);
    for asks in [1_000, 5_000, 10_000] {
        group.bench_function(format!("{asks} times"), |bencher| {
            bencher.iter_batched(ten_parameters, |space| sequential(space, asks), BatchSize::LargeInput);
        });
    }
    group.finish();
}

criterion_group!(benches, ask_tell, tpe_proposals);
criterion_main!(benches);
