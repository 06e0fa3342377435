//! Evaluations as decisions see them: metrics become losses, and constraints on metrics become a violation.

use super::Settings;
use crate::preference::Scores;
use crate::space::{Configuration, Expression, Value};
use crate::trials::{Evaluation, Observation};
use crate::units::Loss;

impl Settings {
    /// Converts an evaluation into an observation, and into scores if more than the first metric counts.
    ///
    /// If a metric is missing or not a number, the observation gets the worst loss.
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

    /// The order of a trial's evaluations, the best first: by violation, then by loss. `None` for one without a result.
    pub fn order(&self, evaluation: &Evaluation) -> Option<(f64, f64)> {
        let (observation, scores) = self.measure(evaluation);
        let violation = scores.map_or(0.0, |scores| scores.violation);
        (observation.loss < Loss::WORST).then_some((violation, observation.loss.get()))
    }

    /// The sum of the violations of all constraints; infinite if a constraint depends on a missing metric.
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

    /// The names of all metrics that count: first the optimized ones in order, then those that only constraints name.
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
