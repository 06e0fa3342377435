//! The scores of one result.

use crate::units::Loss;

/// One result: a loss for each metric, and the violation of the constraints on metrics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// One loss per metric, in the order of the spec; the same length for every result of a study.
    pub losses: Vec<Loss>,
    /// The total violation of the constraints; 0 for a feasible result, never NaN.
    pub violation: f64,
}

impl Scores {
    /// The scores of a result with one metric and no constraints.
    pub fn single(loss: Loss) -> Self {
        Self {
            losses: vec![loss],
            violation: 0.0,
        }
    }

    /// Returns whether every constraint is satisfied.
    pub fn is_feasible(&self) -> bool {
        self.violation <= 0.0
    }

    /// Returns whether every loss is a finite number.
    pub fn is_finite(&self) -> bool {
        self.losses.iter().all(|loss| loss.get().is_finite())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::units::Goal;

    pub(in crate::preference) fn scores(losses: &[f64], violation: f64) -> Scores {
        Scores {
            losses: losses.iter().map(|&loss| Goal::Minimize.loss(loss)).collect(),
            violation,
        }
    }

    pub(in crate::preference) fn feasible(losses: &[f64]) -> Scores {
        scores(losses, 0.0)
    }

    /// Scores from few values, so that ties occur; one in three is infeasible.
    pub(in crate::preference) fn any_scores(metrics: usize) -> impl Strategy<Value = Scores> {
        let losses = prop::collection::vec((0..6).prop_map(f64::from), metrics);
        let violation = prop_oneof![2 => Just(0.0), 1 => (1..4).prop_map(f64::from)];
        (losses, violation).prop_map(|(losses, violation)| scores(&losses, violation))
    }
}
