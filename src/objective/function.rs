//! Built-in functions: exact, without data, with a learning curve. For demonstrations, and for testing whole studies.

use std::time::{Duration, Instant};

use super::segment_progress::{SegmentProgress, evaluation_points, unwritable};
use super::{Control, Objective, RunError};
use crate::space::{Configuration, Space, Value};
use crate::spec::FunctionSpec;
use crate::trials::{Evaluation, Progress, Segment, SegmentReport, Usage};
use crate::units::Samples;

/// An epoch of a function, in steps.
pub(super) const EPOCH: Samples = Samples(100);

/// A built-in function: `sphere` or `branin`.
#[derive(Clone, Debug)]
pub struct Function {
    spec: FunctionSpec,
    space: Space,
}

impl Function {
    /// The function that a spec names, over a space.
    pub fn new(spec: FunctionSpec, space: Space) -> Self {
        Self { spec, space }
    }

    /// The value that a complete trial ends with.
    fn value(&self, configuration: &Configuration) -> f64 {
        match self.spec.name.as_str() {
            "branin" => {
                let number = |name| configuration.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
                branin(number("x1"), number("x2"))
            }
            _ => self.sphere(configuration),
        }
    }

    /// Squared distance in the unit cube from the point 0.3 of every active parameter.
    fn sphere(&self, configuration: &Configuration) -> f64 {
        self.squared_distance(configuration, 0.3)
    }

    /// A second metric, the same at every step and at odds with the first: of the sphere, the trade-offs are the straight
    /// line between the points 0.3 and 0.7.
    fn cost(&self, configuration: &Configuration) -> f64 {
        self.squared_distance(configuration, 0.7)
    }

    fn squared_distance(&self, configuration: &Configuration, centre: f64) -> f64 {
        let point = self.space.encode(configuration).unwrap_or_default();
        let distances = point.iter().flatten().map(|coordinate| (coordinate - centre).powi(2));
        distances.sum()
    }

    fn evaluate(&self, segment: &Segment, at: Samples) -> Evaluation {
        let loss = self.value(&segment.configuration) + unlearned(at, segment.max);
        Evaluation {
            at,
            metrics: [("loss", loss), ("cost", self.cost(&segment.configuration))]
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
        }
    }
}

/// What a trial still has to learn: falls from 1 as the inverse of the resource, to 0 at the end.
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

impl Objective for Function {
    fn run(&mut self, segment: &Segment, control: &mut dyn Control) -> Result<SegmentReport, RunError> {
        let begun = Instant::now();
        let resumed = SegmentProgress::load(&segment.checkpoints).filter(|saved| saved.from == segment.from);
        let mut done = resumed.unwrap_or_else(|| SegmentProgress {
            from: segment.from,
            reached: segment.from,
            evaluations: Vec::new(),
            usage: Usage::default(),
        });
        let step_seconds = self.spec.trial_seconds / segment.max.0 as f64;
        for point in evaluation_points(segment.from, segment.to, EPOCH) {
            while done.reached < point && !control.is_stop_requested() {
                let steps = (point.0 - done.reached.0).min(10);
                if step_seconds > 0.0 {
                    std::thread::sleep(Duration::from_secs_f64(step_seconds * steps as f64));
                }
                done.reached.0 += steps;
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
            trainable_parameters: 0,
            usage: done.usage,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Seed, TrialId};

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
        };
        let mut function = Function::new(spec, Space::new(vec![], vec![]).unwrap());
        function.run(segment, &mut StopAfter(questions.into())).unwrap()
    }

    fn segment(folder: &std::path::Path) -> Segment {
        Segment {
            trial: TrialId(0),
            configuration: Configuration::default(),
            seed: Seed(1),
            from: Samples(50),
            stops: vec![Samples(50)],
            to: Samples(300),
            max: Samples(300),
            checkpoints: folder.to_owned(),
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
