//! Counts per class, and the precision, recall and F1 that follow from them.

use serde::{Deserialize, Serialize};

/// The counts for one class, label or entity type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCounts {
    /// Number of examples of the class.
    pub examples: u64,
    /// Number of examples that were predicted to be of the class.
    pub predicted: u64,
    /// Number of examples of the class that were predicted correctly.
    pub right: u64,
}

impl ClassCounts {
    /// Measures logits `[examples, classes]` against labels. Returns one result per class; labels that are no class
    /// count as wrong predictions.
    pub fn of(logits: &[f32], labels: &[u32], classes: usize) -> Vec<Self> {
        let mut all = vec![Self::default(); classes];
        for (scores, &label) in logits.chunks_exact(classes.max(1)).zip(labels) {
            let (predicted, label) = (highest(scores), label as usize);
            if let Some(class) = all.get_mut(predicted) {
                class.predicted += 1;
            }
            if let Some(class) = all.get_mut(label) {
                class.examples += 1;
                class.right += u64::from(predicted == label);
            }
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

    /// True if the class occurs or is predicted.
    pub(crate) fn is_seen(&self) -> bool {
        self.examples + self.predicted > 0
    }
}

/// The index of the highest score; the first one if several are equal.
pub fn highest(scores: &[f32]) -> usize {
    let better = |best: usize, index: usize| if scores[index] > scores[best] { index } else { best };
    (0..scores.len()).reduce(better).unwrap_or(0)
}

/// The confusion matrix: one row per true class, one column per predicted class. Logits are `[examples, classes]`;
/// labels that are no class are left out.
pub fn confusion(logits: &[f32], labels: &[u32], classes: usize) -> Vec<Vec<u64>> {
    let mut counted = vec![vec![0; classes]; classes];
    for (scores, &label) in logits.chunks_exact(classes.max(1)).zip(labels) {
        if let Some(row) = counted.get_mut(label as usize) {
            row[highest(scores)] += 1;
        }
    }
    counted
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// How the scores of classes become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Average {
    /// The unweighted mean over the classes.
    Macro,
    /// From the summed counts of the classes.
    Micro,
    /// The mean over the classes, weighted by their examples; 0 without examples.
    Weighted,
}

impl Average {
    /// The averaged score of the classes; a class without a score has 0.
    pub(crate) fn of(self, classes: &[ClassCounts], score: fn(&ClassCounts) -> Option<f64>) -> f64 {
        let value = |class: &ClassCounts| score(class).unwrap_or(0.0);
        match self {
            Self::Macro => mean(classes.iter().map(value)).unwrap_or(0.0),
            Self::Micro => value(&total(classes)),
            Self::Weighted => {
                let examples: u64 = classes.iter().map(|class| class.examples).sum();
                let sum: f64 = classes.iter().map(|class| class.examples as f64 * value(class)).sum();
                if examples == 0 { 0.0 } else { sum / examples as f64 }
            }
        }
    }
}

fn total(classes: &[ClassCounts]) -> ClassCounts {
    classes.iter().fold(ClassCounts::default(), |sum, class| ClassCounts {
        examples: sum.examples + class.examples,
        predicted: sum.predicted + class.predicted,
        right: sum.right + class.right,
    })
}

/// The mean, summed in order; `None` of nothing.
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u64), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
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
    fn precision_and_recall_are_counted_by_class() {
        let seen = ClassCounts::of(&scores(&[0, 0, 1, 0], 3), &[0, 0, 1, 1], 3);
        let numbers = |class: &ClassCounts| (class.examples, class.precision(), class.recall());
        assert_eq!(numbers(&seen[0]), (2, Some(2.0 / 3.0), Some(1.0)));
        assert_eq!(numbers(&seen[1]), (2, Some(1.0), Some(0.5)));
        assert_eq!(numbers(&seen[2]), (0, None, None));
        assert_eq!(seen[0].f1(), Some(0.8));
    }

    #[test]
    fn rows_of_the_confusion_matrix_are_true_classes() {
        assert_eq!(confusion(&scores(&[1, 1, 0], 2), &[0, 1, 0], 2), [[1, 1], [0, 1]]);
    }

    #[test]
    fn the_first_of_equal_scores_is_predicted() {
        assert_eq!((highest(&[1.0, 2.0, 2.0]), highest(&[])), (1, 0));
    }

    #[test]
    fn labels_outside_the_classes_do_not_panic() {
        assert_eq!(ClassCounts::of(&[0.0, 1.0], &[7], 2)[1].predicted, 1);
        assert_eq!(confusion(&[0.0, 1.0], &[7], 2), [[0, 0], [0, 0]]);
        assert!(ClassCounts::of(&[], &[], 0).is_empty());
    }
}
