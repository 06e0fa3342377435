//! Metrics of an evaluation.

use serde::{Deserialize, Serialize};

use super::loss::cross_entropy;

/// The quality of a classifier on some examples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// The share of examples whose highest score is that of their class, in 0..=1.
    pub accuracy: f64,
    /// The unweighted mean of the classes' F1 scores, in 0..=1. Classes that neither occur nor are predicted are left
    /// out, as in scikit-learn.
    pub f1: f64,
    /// The mean cross-entropy in nats; NaN if a score is NaN.
    pub loss: f64,
}

impl Metrics {
    /// Measures logits `[examples, classes]` against labels, which must be below `classes`.
    pub fn of(logits: &[f32], labels: &[u32], classes: usize) -> Self {
        let by_class = ClassMetrics::of(logits, labels, classes);
        let count = labels.len().max(1) as f64;
        let right: u64 = by_class.iter().map(|class| class.right).sum();
        Self {
            accuracy: right as f64 / count,
            f1: macro_f1(&by_class),
            loss: cross_entropy(logits, labels, classes, 1.0).0 / count,
        }
    }
}

/// The index of the highest score; the first one if several are equal.
pub fn highest(scores: &[f32]) -> usize {
    let better = |best: usize, place: usize| if scores[place] > scores[best] { place } else { best };
    (0..scores.len()).reduce(better).unwrap_or(0)
}

/// The counts for one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassMetrics {
    /// Number of examples of the class.
    pub examples: u64,
    /// Number of examples that were predicted to be of the class.
    pub predicted: u64,
    /// Number of examples of the class that were predicted correctly.
    pub right: u64,
}

impl ClassMetrics {
    /// Measures logits `[examples, classes]` against labels, which must be below `classes`. Returns one result per
    /// class.
    pub fn of(logits: &[f32], labels: &[u32], classes: usize) -> Vec<Self> {
        let mut all = vec![Self::default(); classes];
        for (scores, &label) in logits.chunks_exact(classes).zip(labels) {
            let (predicted, label) = (highest(scores), label as usize);
            all[predicted].predicted += 1;
            all[label].examples += 1;
            all[label].right += u64::from(predicted == label);
        }
        all
    }

    /// The share of correct predictions among all predictions of the class; `None` if it was never predicted.
    pub fn precision(&self) -> Option<f64> {
        share(self.right, self.predicted)
    }

    /// The share of correct predictions among all examples of the class; `None` if it has no examples.
    pub fn recall(&self) -> Option<f64> {
        share(self.right, self.examples)
    }

    /// The harmonic mean of precision and recall; `None` for a class that neither occurs nor is predicted.
    pub fn f1(&self) -> Option<f64> {
        share(2 * self.right, self.predicted + self.examples)
    }
}

/// The confusion matrix: one row per true class, one column per predicted class. Logits are `[examples, classes]`,
/// labels must be below `classes`.
pub fn confusion(logits: &[f32], labels: &[u32], classes: usize) -> Vec<Vec<u64>> {
    let mut taken = vec![vec![0; classes]; classes];
    for (scores, &label) in logits.chunks_exact(classes).zip(labels) {
        taken[label as usize][highest(scores)] += 1;
    }
    taken
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn macro_f1(classes: &[ClassMetrics]) -> f64 {
    let scores: Vec<f64> = classes.iter().filter_map(ClassMetrics::f1).collect();
    if scores.is_empty() {
        0.0
    } else {
        scores.iter().sum::<f64>() / scores.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(predicted: &[usize], classes: usize) -> Vec<f32> {
        predicted
            .iter()
            .flat_map(|&class| (0..classes).map(move |other| f32::from(u8::from(other == class))))
            .collect()
    }

    #[test]
    fn metrics_equal_those_of_scikit_learn() {
        // f1_score([0,1,2,0,1,2], [0,2,1,0,0,1], average="macro") = 0.26666…
        let metrics = Metrics::of(&scores(&[0, 2, 1, 0, 0, 1], 3), &[0, 1, 2, 0, 1, 2], 3);
        assert!(
            (metrics.f1 - 0.8 / 3.0).abs() < 1e-12 && (metrics.accuracy - 2.0 / 6.0).abs() < 1e-12,
            "{metrics:?}"
        );
    }

    #[test]
    fn precision_and_recall_are_counted_by_class() {
        let seen = ClassMetrics::of(&scores(&[0, 0, 1, 0], 3), &[0, 0, 1, 1], 3);
        let numbers = |class: &ClassMetrics| (class.examples, class.precision(), class.recall());
        assert_eq!(numbers(&seen[0]), (2, Some(2.0 / 3.0), Some(1.0)));
        assert_eq!(numbers(&seen[1]), (2, Some(1.0), Some(0.5)));
        assert_eq!(numbers(&seen[2]), (0, None, None));
        assert_eq!(seen[0].f1(), Some(0.8));
    }

    #[test]
    fn classes_that_never_show_do_not_lower_f1() {
        assert_eq!(Metrics::of(&scores(&[0, 1], 5), &[0, 1], 5).f1, 1.0);
    }

    #[test]
    fn a_nan_score_shows_in_the_loss() {
        assert!(Metrics::of(&[f32::NAN, 0.0], &[0], 2).loss.is_nan());
    }
}
