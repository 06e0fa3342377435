//! What an evaluation measures.

use serde::{Deserialize, Serialize};

use super::loss::cross_entropy;

/// The quality of a classifier on some examples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// The share of examples whose highest score is their class, in 0..=1.
    pub accuracy: f64,
    /// The unweighted mean of the classes' F1 scores, in 0..=1; classes that neither occur nor are predicted do not
    /// count, as in scikit-learn.
    pub f1: f64,
    /// The mean cross-entropy in natural logarithms; NaN when a score is.
    pub loss: f64,
}

impl Metrics {
    /// Measures logits `[examples, classes]` against labels, which must be below `classes`.
    pub fn of(logits: &[f32], labels: &[u32], classes: usize) -> Self {
        let predicted: Vec<usize> = logits.chunks_exact(classes).map(highest).collect();
        let count = labels.len().max(1) as f64;
        let right = predicted
            .iter()
            .zip(labels)
            .filter(|&(&predicted, &label)| predicted == label as usize)
            .count();
        Self {
            accuracy: right as f64 / count,
            f1: macro_f1(&predicted, labels, classes),
            loss: cross_entropy(logits, labels, classes, 1.0).0 / count,
        }
    }
}

/// The place of the highest score, the first of equals.
pub(crate) fn highest(scores: &[f32]) -> usize {
    let better = |best: usize, place: usize| if scores[place] > scores[best] { place } else { best };
    (0..scores.len()).reduce(better).unwrap_or(0)
}

fn macro_f1(predicted: &[usize], labels: &[u32], classes: usize) -> f64 {
    let mut right = vec![0_u64; classes];
    // How often a class was predicted plus how often it occurs: F1 = 2 · right / this.
    let mut named = vec![0_u64; classes];
    for (&predicted, &label) in predicted.iter().zip(labels) {
        let label = label as usize;
        named[predicted] += 1;
        named[label] += 1;
        right[label] += u64::from(predicted == label);
    }
    let scores: Vec<f64> = right
        .iter()
        .zip(&named)
        .filter(|&(_, &named)| named > 0)
        .map(|(&right, &named)| 2.0 * right as f64 / named as f64)
        .collect();
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
    fn classes_that_never_show_do_not_lower_f1() {
        assert_eq!(Metrics::of(&scores(&[0, 1], 5), &[0, 1], 5).f1, 1.0);
    }

    #[test]
    fn a_nan_score_shows_in_the_loss() {
        assert!(Metrics::of(&[f32::NAN, 0.0], &[0], 2).loss.is_nan());
    }
}
