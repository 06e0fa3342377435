//! Evaluations as decisions see them: metrics become losses, conditions over metrics become a violation.

use super::Settings;
use crate::preference::Scores;
use crate::space::{Configuration, Expression, Value};
use crate::trials::{Evaluation, Observation};
use crate::units::Loss;

impl Settings {
    /// What an evaluation means: its observation, and all of its scores where more than the first metric counts.
    ///
    /// A metric that is missing or no number makes the observation worthless.
    pub(super) fn measure(&self, evaluation: &Evaluation) -> (Observation, Option<Scores>) {
        let value = |name: &str| evaluation.metrics.get(name).copied().unwrap_or(f64::NAN);
        let first = self.goal.loss(value(&self.metric));
        let mut observation = Observation {
            at: evaluation.at,
            loss: first,
        };
        if self.criteria.is_plain() {
            return (observation, None);
        }
        let others = self.criteria.others.iter();
        let others = others.map(|metric| metric.goal.loss(value(&metric.name)));
        let scores = Scores {
            losses: std::iter::once(first).chain(others).collect(),
            violation: self.violation(evaluation),
        };
        if !scores.is_finite() || !scores.violation.is_finite() {
            observation.loss = Loss::WORST;
        }
        (observation, Some(scores))
    }

    /// The sum of the violations of all constraints; infinite where one depends on a metric that is not there.
    fn violation(&self, evaluation: &Evaluation) -> f64 {
        if self.criteria.constraints.is_empty() {
            return 0.0;
        }
        let metrics = evaluation.metrics.iter();
        let metrics: Configuration = metrics.map(|(name, value)| (name, Value::Float(*value))).collect();
        let constraints = self.criteria.constraints.iter();
        constraints
            .map(|constraint| constraint.violation(&metrics).unwrap_or(f64::INFINITY))
            .sum()
    }

    /// The names of all metrics that count: those that are optimised, in order, then those that only constraints name.
    pub fn metrics(&self) -> Vec<&str> {
        let others = self.criteria.others.iter().map(|metric| metric.name.as_str());
        let constrained = self.criteria.constraints.iter().flat_map(Expression::references);
        let mut names = vec![self.metric.as_str()];
        for name in others.chain(constrained) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}
