//! Built-in functions with a learning curve: exact and without data, for demonstrations and for testing whole studies.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, Instant};

use super::segment_progress::{SegmentProgress, evaluation_points, unwritable};
use super::{Control, Objective, RunError};
use crate::rng;
use crate::space::{Configuration, Space, Value};
use crate::spec::{Fault, FunctionSpec};
use crate::trials::{Evaluation, Failure, FailureKind, Part, Progress, Segment, SegmentReport, TrainingCurve};
use crate::units::Samples;

/// Steps in an epoch of a function.
pub(super) const EPOCH: Samples = Samples(100);

/// Maximum number of 64 MiB blocks that a function allocates to exhaust memory.
const MOST_TAKEN: usize = 64;

/// A built-in function: `sphere` or `branin`.
#[derive(Clone, Debug)]
pub struct Function {
    spec: FunctionSpec,
    space: Space,
}

impl Function {
    /// The function of a spec, over a space.
    pub fn new(spec: FunctionSpec, space: Space) -> Self {
        Self { spec, space }
    }

    /// The final value of a complete trial.
    fn value(&self, configuration: &Configuration) -> f64 {
        match self.spec.name.as_str() {
            "branin" => {
                let number = |name| configuration.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
                branin(number("x1"), number("x2"))
            }
            _ => self.sphere(configuration),
        }
    }

    /// Squared distance in the unit cube from the point at which every active parameter is 0.3.
    fn sphere(&self, configuration: &Configuration) -> f64 {
        self.squared_distance(configuration, 0.3)
    }

    /// A second metric, constant over the steps and in conflict with the first one.
    ///
    /// For the sphere, the Pareto front is the straight line between the points 0.3 and 0.7.
    fn cost(&self, configuration: &Configuration) -> f64 {
        self.squared_distance(configuration, 0.7)
    }

    fn squared_distance(&self, configuration: &Configuration, centre: f64) -> f64 {
        let point = self.space.encode(configuration).unwrap_or_default();
        let distances = point.iter().flatten().map(|coordinate| (coordinate - centre).powi(2));
        distances.sum()
    }

    /// The fault that this configuration triggers.
    fn fault(&self, configuration: &Configuration) -> Option<Fault> {
        let faults = self.spec.faults.iter();
        let mut fitting = faults.filter(|(_, condition)| condition.evaluate(configuration) == Some(true));
        fitting.next().map(|(fault, _)| *fault)
    }

    /// The noise in the loss: always the same for one seed and one part of the data.
    fn chance(&self, segment: &Segment, at: Samples) -> f64 {
        if self.spec.noise == 0.0 {
            return 0.0;
        }
        let part = u64::from(segment.part == Part::Test);
        let mut rng = rng::stream(segment.seed, "noise", &[part, at.0]);
        self.spec.noise * rng::normal(&mut rng)
    }

    fn evaluate(&self, segment: &Segment, at: Samples) -> Evaluation {
        let is_lost = at.0 * 2 > segment.max.0 && self.fault(&segment.configuration) == Some(Fault::Diverge);
        let learned = if is_lost { f64::NAN } else { unlearned(at, segment.max) };
        let loss = self.value(&segment.configuration) + learned + self.chance(segment, at);
        Evaluation {
            at,
            metrics: [("loss", loss), ("cost", self.cost(&segment.configuration))]
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
        }
    }
}

/// The part of the loss that training still reduces: falls from 1 as the inverse of the resource, to 0 at the end.
fn unlearned(at: Samples, max: Samples) -> f64 {
    let share = at.0 as f64 / max.0 as f64;
    0.1 * (1.0 / share.max(1e-3) - 1.0) / 10.0
}

/// Branin–Hoo (Dixon & Szegő 1978); its minimum is 0.397887.
fn branin(x1: f64, x2: f64) -> f64 {
    use std::f64::consts::PI;
    let valley = x2 - 5.1 / (4.0 * PI * PI) * x1 * x1 + 5.0 / PI * x1 - 6.0;
    valley * valley + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x1.cos() + 10.0
}

/// Triggers a fault that does more than return a bad number.
fn happen(fault: Fault, control: &dyn Control) -> Result<(), Failure> {
    match fault {
        Fault::Diverge => Ok(()),
        Fault::Panic => panic!("this function was to panic here"),
        Fault::Abort => std::process::abort(),
        Fault::Hang => loop {
            std::thread::sleep(Duration::from_secs(1));
        },
        Fault::ExhaustMemory => exhaust_memory(control),
    }
}

/// Allocates memory until there is none left or a stop is requested.
fn exhaust_memory(control: &dyn Control) -> Result<(), Failure> {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    while taken.len() < MOST_TAKEN {
        if control.is_stop_requested() {
            return Ok(());
        }
        // Every page is written, because the system allocates memory only when it is used.
        taken.push(vec![1; 64 << 20]);
        std::thread::sleep(Duration::from_millis(20));
    }
    let message = "memory was to run out, but there is more than 4 GiB of it".to_owned();
    let kind = FailureKind::Invalid;
    Err(Failure { kind, message })
}

/// Sleeps for a truly random time of up to `jitter` seconds.
fn be_late(jitter: f64) {
    if jitter > 0.0 {
        let chance = RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64;
        std::thread::sleep(Duration::from_secs_f64(jitter * chance));
    }
}

impl Objective for Function {
    fn run(&mut self, segment: &Segment, control: &mut dyn Control) -> Result<SegmentReport, RunError> {
        let begun = Instant::now();
        be_late(self.spec.jitter);
        let fault = self.fault(&segment.configuration);
        let resumed = SegmentProgress::load(&segment.checkpoints).filter(|saved| saved.from == segment.from);
        let mut done = resumed.unwrap_or_else(|| SegmentProgress::fresh(segment.from));
        let step_seconds = self.spec.trial_seconds / segment.max.0 as f64;
        for point in evaluation_points(segment.from, segment.to, EPOCH) {
            while done.reached < point && !control.is_stop_requested() {
                let steps = (point.0 - done.reached.0).min(10);
                if step_seconds > 0.0 {
                    std::thread::sleep(Duration::from_secs_f64(step_seconds * steps as f64));
                }
                let is_half_way = |at: Samples| at.0 * 2 >= segment.max.0;
                let was_before = !is_half_way(done.reached);
                done.reached.0 += steps;
                if let Some(fault) = fault.filter(|_| was_before && is_half_way(done.reached)) {
                    happen(fault, control)?;
                }
                control.progress(Progress {
                    at: done.reached,
                    train_loss: None,
                    evaluation: None,
                });
            }
            if done.reached < point {
                break;
            }
            if done.evaluations.last().is_none_or(|last| last.at < point) {
                let evaluation = self.evaluate(segment, point);
                control.progress(Progress {
                    at: point,
                    train_loss: None,
                    evaluation: Some(evaluation.clone()),
                });
                done.evaluations.push(evaluation);
            }
        }
        done.usage.wall_seconds += begun.elapsed().as_secs_f64();
        done.usage.train_seconds = done.usage.wall_seconds;
        done.save(&segment.checkpoints)
            .map_err(|error| RunError::Machine(unwritable(&segment.checkpoints, error)))?;
        Ok(SegmentReport {
            reached: done.reached,
            evaluations: done.evaluations,
            training: TrainingCurve::default(),
            trainable_parameters: 0,
            usage: done.usage,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Seed;

    struct StopAfter(std::cell::Cell<u32>);

    impl Control for StopAfter {
        fn is_stop_requested(&self) -> bool {
            let left = self.0.get();
            self.0.set(left.saturating_sub(1));
            left == 0
        }

        fn progress(&mut self, _progress: Progress) {}
    }

    fn run(segment: &Segment, questions: u32) -> SegmentReport {
        let spec = FunctionSpec {
            name: "sphere".into(),
            trial_seconds: 0.0,
            jitter: 0.0,
            noise: 0.0,
            faults: Vec::new(),
        };
        let mut function = Function::new(spec, Space::new(vec![], vec![]).unwrap());
        function.run(segment, &mut StopAfter(questions.into())).unwrap()
    }

    fn segment(folder: &std::path::Path) -> Segment {
        Segment {
            seed: Seed(1),
            stops: vec![Samples(50)],
            ..Segment::example(folder, (50, 300, 300))
        }
    }

    #[test]
    fn an_interrupted_segment_ends_like_an_uninterrupted_one() {
        let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let expected = run(&segment(whole.path()), u32::MAX);
        for questions in [3, 1, 9] {
            let part = run(&segment(parts.path()), questions);
            assert!(part.reached < Samples(300));
        }
        let report = run(&segment(parts.path()), u32::MAX);
        assert_eq!(
            (report.reached, &report.evaluations),
            (expected.reached, &expected.evaluations)
        );
        assert_eq!(
            report.evaluations.iter().map(|e| e.at.0).collect::<Vec<_>>(),
            [100, 200, 300]
        );
    }

    #[test]
    fn branin_has_its_known_minimum() {
        assert!((branin(std::f64::consts::PI, 2.275) - 0.397_887).abs() < 1e-5);
    }
}
