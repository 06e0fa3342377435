//! The cost of deciding: a whole simulated study, and one proposal when many trials are known.

use std::collections::BTreeMap;
use std::hint::black_box;

use automl::engine::{Simulation, simulate};
use automl::policies;
use automl::space::{Domain, Parameter, Space, Value};
use automl::spec::{Criteria, SchedulerSpec, SearcherSpec};
use automl::study::{Flight, Outcome, Settings, Study};
use automl::trials::{Evaluation, SegmentReport, Trial, Usage};
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
        epoch: Samples(900),
        min,
        max,
        logical_workers: 8,
        is_deterministic: true,
    };
    let policy = policies::build(searcher, SchedulerSpec::Asha { eta: 3 }, min, max);
    Study::new(settings, policy, Box::new(|_, from, to| (to.0 - from.0) as f64))
}

fn outcome(trial: &Trial, flight: &Flight) -> Outcome {
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
        ("random, 10,000 trials", SearcherSpec::Random, 10_000),
        ("tpe, 300 trials", SearcherSpec::Tpe, 300),
        ("tpe, 1,000 trials", SearcherSpec::Tpe, 1_000),
    ] {
        let make = || study(searcher, trials);
        group.bench_function(name, |bencher| {
            bencher.iter_batched(make, |mut study| run(&mut study), BatchSize::LargeInput);
        });
    }
    group.finish();
}

criterion_group!(benches, ask_tell);
criterion_main!(benches);
