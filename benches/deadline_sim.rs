//! A simulation of results at the deadline: studies with wall budgets of a few full runs, on recorded learning curves.
//!
//! `cargo bench --bench deadline_sim -- benches/deadline_quality/curves/*.json [--seeds N] [--slots 1,2] [--budgets 0.5,1,2]
//! [--set KEY=VALUE] [--trace]`
//!
//! Curves are forests of regression trees over configuration, schedule length and epoch.
//! `benches/deadline_quality/fit_curves.py` fits them to real runs. A row is a budget and a number of slots. It shows
//! the winner's noise-free accuracy minus that of one ordinary complete run.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use automl::engine::{Simulation, simulate_within};
use automl::plan::{Recipe, believe};
use automl::rng;
use automl::space::{Configuration, Value};
use automl::spec::{self, Override, Spec};
use automl::study;
use automl::study::{InFlight, Outcome, Settings, Study};
use automl::trials::{Evaluation, SegmentReport, Status, TrainingCurve, Trial, Usage};
use automl::units::{Samples, Seed};

/// Number of samples in an epoch.
const EPOCH: u64 = 1000;

/// Maximum relative difference between predictions of the virtual clock and the simulated machine.
const JITTER: f64 = 0.1;

/// The command-line options.
struct Options {
    curves: Vec<PathBuf>,
    seeds: u64,
    slots: Vec<usize>,
    budgets: Vec<f64>,
    /// Overrides of the spec.
    changes: Vec<Override>,
    /// `true` to print every event.
    is_traced: bool,
}

impl Options {
    fn read() -> Self {
        let mut options = Self {
            curves: Vec::new(),
            seeds: 20,
            slots: vec![1, 2, 4, 8],
            budgets: vec![0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0],
            changes: Vec::new(),
            is_traced: false,
        };
        let mut arguments = std::env::args().skip(1).filter(|one| one != "--bench");
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().expect("an option has a value");
            match argument.as_str() {
                "--seeds" => options.seeds = value().parse().expect("a number of seeds"),
                "--slots" => options.slots = list(&value()),
                "--budgets" => options.budgets = list(&value()),
                "--set" => options.changes.push(value().parse().expect("KEY=VALUE")),
                "--trace" => options.is_traced = true,
                file => options.curves.push(file.into()),
            }
        }
        options
    }
}

fn list<T: std::str::FromStr>(text: &str) -> Vec<T> {
    text.split(',').filter_map(|one| one.parse().ok()).collect()
}

fn main() {
    let options = Options::read();
    println!("curves           slots budget  gain      se  unused trials complete cooled");
    for file in &options.curves {
        let curves = Arc::new(Curves::read(file));
        for &slots in &options.slots {
            for &budget in &options.budgets {
                let seeds = 0..options.seeds;
                let played: Vec<Played> = seeds.map(|seed| play(&curves, budget, slots, seed, &options)).collect();
                let mean = |of: &dyn Fn(&Played) -> f64| played.iter().map(of).sum::<f64>() / played.len() as f64;
                let gain = mean(&|one| one.gain);
                let variance = mean(&|one| (one.gain - gain).powi(2));
                println!(
                    "{:16} {slots:5} {budget:6} {gain:+.4} {:.4} {:7.3} {:6.1} {:8.1} {:6.1}",
                    curves.name,
                    (variance / played.len() as f64).sqrt(),
                    mean(&|one| one.unused),
                    mean(&|one| one.trials),
                    mean(&|one| one.complete),
                    mean(&|one| one.cooled),
                );
            }
        }
    }
}

/// The results of one study.
struct Played {
    gain: f64,
    unused: f64,
    trials: f64,
    complete: f64,
    cooled: f64,
}

fn play(curves: &Arc<Curves>, budget: f64, slots: usize, seed: u64, options: &Options) -> Played {
    let recipe = curves.recipe();
    // One second of the simulated machine is one unit of cost.
    let full = curves.cost(&recipe, 4.0);
    let wall = budget * full;
    // A budget below one complete run shortens the schedule, as the program does when a study begins.
    let max = (4.0 * budget.min(1.0) * 100.0 / 1.05).floor() / 100.0;
    let max = max.clamp(0.5, 4.0);
    let max = if budget >= 1.0 { 4.0 } else { max };
    let text = curves
        .spec
        .replace("WALL", &wall.to_string())
        .replace("MAX", &max.to_string());
    let (mut spec, _): (Spec, _) =
        spec::from_text(&text, Path::new("space.yaml"), &options.changes).expect("the spec is sound");
    spec.seed = Seed(seed);
    believe(&mut spec.space, &published(&recipe), &|configuration| {
        curves.cost(configuration, max)
    });
    spec.settle_logical_workers(slots);
    let mut settings = Settings::new(&spec, Samples(EPOCH));
    settings.can_cool_down = true;
    let policy = study::policy(&spec, settings.lengths());
    let clock = Arc::clone(curves);
    let cost = move |configuration: &Configuration, from: Samples, to: Samples| {
        clock.cost(configuration, (to.0 - from.0) as f64 / EPOCH as f64)
    };
    let mut study = Study::new(settings, policy, Box::new(cost));
    let mut rng = rng::stream(Seed(seed), "machine", &[]);
    let took = {
        let simulation = Simulation {
            workers: slots,
            seconds: &mut |trial, flight| {
                use rand::RngExt as _;
                let epochs = (flight.to.0 - flight.from.0) as f64 / EPOCH as f64;
                curves.cost(&trial.configuration, epochs) * rng.random_range(1.0 - JITTER..1.0 + JITTER)
            },
            outcome: &|trial, flight| curves.outcome(trial, flight, max, seed),
            journal: &mut |event| {
                if options.is_traced {
                    println!("  {event:?}");
                }
            },
        };
        simulate_within(&mut study, wall, simulation)
    };
    let value = study.winner().map_or(0.0, |winner| {
        let trial = &study.trials()[winner.trial.index()];
        curves.value(trial, winner.at, max)
    });
    let ordinary = curves.quality(&recipe, max, max);
    let count = |is: &dyn Fn(&Trial) -> bool| study.trials().iter().filter(|trial| is(trial)).count() as f64;
    Played {
        gain: value - ordinary,
        unused: 1.0 - took / wall,
        trials: study.trials().len() as f64,
        complete: count(&|trial| trial.status == Status::Completed),
        cooled: count(&|trial| trial.cooldown.is_some()),
    }
}

/// The recipe of the curves' model, in the program's format.
fn published(recipe: &Configuration) -> Recipe {
    let number = |name: &str| recipe.get(name).and_then(Value::as_f64).expect("the recipe has it");
    Recipe {
        model: "the curves' model",
        learning_rate: number("learning_rate"),
        batch_size: number("batch_size") as u32,
        epochs: 4.0,
        warmup_ratio: number("warmup_ratio"),
        weight_decay: number("weight_decay"),
        dropout: number("dropout"),
        source: "",
    }
}

/// Fitted curves of one data set.
struct Curves {
    name: String,
    spec: String,
    forest: Vec<Vec<Node>>,
    costs: BTreeMap<String, f64>,
    noise: f64,
    recipe: Configuration,
}

/// A node of a regression tree. A leaf has no feature.
struct Node {
    feature: Option<usize>,
    threshold: f64,
    left: usize,
    right: usize,
    value: f64,
}

impl Curves {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("the curves can be read");
        let json: serde_json::Value = serde_json::from_str(&text).expect("the curves are JSON");
        let number = |value: &serde_json::Value| value.as_f64().expect("a number");
        let node = |node: &serde_json::Value| Node {
            feature: usize::try_from(number(&node[0]) as i64).ok(),
            threshold: number(&node[1]),
            left: number(&node[2]) as usize,
            right: number(&node[3]) as usize,
            value: number(&node[4]),
        };
        let list = |value: &serde_json::Value| value.as_array().expect("a list").clone();
        Self {
            name: path
                .file_stem()
                .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            spec: json["spec"].as_str().expect("a text").to_owned(),
            forest: list(&json["forest"])
                .iter()
                .map(|tree| list(tree).iter().map(node).collect())
                .collect(),
            costs: serde_json::from_value(json["costs"].clone()).expect("costs by depth and batch size"),
            noise: number(&json["noise"]),
            recipe: serde_json::from_value(json["recipe"].clone()).expect("a configuration"),
        }
    }

    fn recipe(&self) -> Configuration {
        self.recipe.clone()
    }

    /// Duration of `epochs` epochs in seconds.
    fn cost(&self, configuration: &Configuration, epochs: f64) -> f64 {
        let number = |name: &str| configuration.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        let key = format!("{}/{}", number("freeze_depth") as i64, number("batch_size") as i64);
        self.costs.get(&key).copied().unwrap_or(1.0) * epochs
    }

    /// Noise-free accuracy after `epoch` epochs of a schedule of length `schedule`.
    fn quality(&self, configuration: &Configuration, schedule: f64, epoch: f64) -> f64 {
        let number = |name: &str| configuration.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        let word = configuration
            .get("scheduler")
            .and_then(Value::as_str)
            .unwrap_or("linear");
        let features = [
            number("learning_rate").log10(),
            number("batch_size").log2(),
            number("dropout"),
            number("weight_decay").log10(),
            number("freeze_depth"),
            f64::from(u8::from(word == "constant")),
            f64::from(u8::from(word == "cosine")),
            number("warmup_ratio"),
            schedule.log2(),
            epoch.log2(),
        ];
        let tree = |nodes: &Vec<Node>| {
            let mut node = &nodes[0];
            while let Some(feature) = node.feature {
                node = &nodes[if features[feature] <= node.threshold {
                    node.left
                } else {
                    node.right
                }];
            }
            node.value
        };
        self.forest.iter().map(tree).sum::<f64>() / self.forest.len() as f64
    }

    /// Noise-free accuracy of a trial after `at` samples. After a cooldown it counts as a schedule of that length.
    fn value(&self, trial: &Trial, at: Samples, max: f64) -> f64 {
        let epoch = at.0 as f64 / EPOCH as f64;
        let schedule = match trial.cooldown {
            // The last tenth before the end of the cooldown counts as cooled down.
            Some(cooldown) if at.0 as f64 > 0.9 * cooldown.to.0 as f64 => epoch,
            Some(_) | None => max,
        };
        self.quality(&trial.configuration, schedule, epoch)
    }

    fn outcome(&self, trial: &Trial, flight: &InFlight, max: f64, seed: u64) -> Outcome {
        let whole = flight.from.0 / EPOCH + 1..flight.to.0.div_ceil(EPOCH);
        let mut levels: Vec<u64> = whole.map(|epoch| epoch * EPOCH).collect();
        levels.push(flight.to.0);
        let evaluation = |at: u64| {
            let mut luck = rng::stream(Seed(seed), "luck", &[u64::from(trial.id.0)]);
            let mut more = rng::stream(Seed(seed), "more luck", &[u64::from(trial.id.0), at]);
            let noise = self.noise * (0.8 * rng::normal(&mut luck) + 0.6 * rng::normal(&mut more));
            let value = self.value(trial, Samples(at), max) + noise;
            Evaluation {
                at: Samples(at),
                metrics: BTreeMap::from([("accuracy".to_owned(), value.clamp(0.0, 1.0))]),
            }
        };
        Outcome::Reached(SegmentReport {
            reached: flight.to,
            evaluations: levels.into_iter().map(evaluation).collect(),
            training: TrainingCurve::default(),
            trainable_parameters: 1,
            usage: Usage::default(),
        })
    }
}
