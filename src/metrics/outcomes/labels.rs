//! Outcomes of multi-label classification.

use super::classes::{check_columns, check_length};
use crate::{counts::ClassCounts, error::OutcomesError, softmax::sigmoid};

/// The threshold where none is given: a label is predicted if it is at least as probable as not.
const DEFAULT_THRESHOLD: f64 = 0.5;

/// Logits of labels, and whether each label is true, for every row.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a> {
    logits: &'a [f32],
    truth: &'a [bool],
    classes: usize,
    thresholds: &'a [f64],
    names: &'a [String],
    has_nan: bool,
}

impl<'a> Labels<'a> {
    /// Takes logits and labels, both `[rows, classes]`, a threshold per class, and the names of the labels. A label
    /// is predicted if the logistic function of its logit is at least its threshold. Empty thresholds mean 0.5;
    /// without names, a label is known by its number.
    ///
    /// # Errors
    /// Fails if there is no label or a length does not fit.
    pub fn new(
        logits: &'a [f32],
        labels: &'a [bool],
        classes: usize,
        thresholds: &'a [f64],
        names: &'a [String],
    ) -> Result<Self, OutcomesError> {
        check_columns("classes", classes)?;
        check_length("labels", labels.len(), (labels.len() / classes).saturating_mul(classes))?;
        check_length("logits", logits.len(), labels.len())?;
        if !thresholds.is_empty() {
            check_length("thresholds", thresholds.len(), classes)?;
        }
        if !names.is_empty() {
            check_length("names of labels", names.len(), classes)?;
        }
        let has_nan = logits.iter().any(|logit| logit.is_nan()) || thresholds.iter().any(|value| value.is_nan());
        Ok(Self {
            logits,
            truth: labels,
            classes,
            thresholds,
            names,
            has_nan,
        })
    }

    /// The number of labels of a row.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Every row's labels, `[rows, classes]`.
    pub fn labels(&self) -> &'a [bool] {
        self.truth
    }

    /// The names of the labels, or nothing.
    pub fn names(&self) -> &'a [String] {
        self.names
    }

    /// True if a logit or a threshold is NaN.
    pub fn has_nan(&self) -> bool {
        self.has_nan
    }

    /// The counts of every label.
    pub fn counts(&self) -> Vec<ClassCounts> {
        let mut all = vec![ClassCounts::default(); self.classes];
        for (class, predicted, label) in self.decisions() {
            all[class].add(predicted, label);
        }
        all
    }

    /// The counts of every row, over its labels.
    pub(crate) fn counts_of_rows(&self) -> impl Iterator<Item = ClassCounts> {
        let mut decisions = self.decisions();
        (0..self.truth.len() / self.classes).map(move |_| {
            let mut row = ClassCounts::default();
            for (_, predicted, label) in decisions.by_ref().take(self.classes) {
                row.add(predicted, label);
            }
            row
        })
    }

    /// The class, prediction and truth of every label, row by row.
    pub(crate) fn decisions(&self) -> impl Iterator<Item = (usize, bool, bool)> {
        self.cells().enumerate().map(|(index, (logit, label))| {
            let class = index % self.classes;
            let threshold = self.thresholds.get(class).copied().unwrap_or(DEFAULT_THRESHOLD);
            (class, sigmoid(logit) >= threshold, label)
        })
    }

    /// The logit and the truth of every label, row by row.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (f32, bool)> + use<'a> {
        self.logits.iter().copied().zip(self.truth.iter().copied())
    }

    /// The logit and the truth of one label in every row.
    pub(crate) fn column(&self, class: usize) -> impl Iterator<Item = (f32, bool)> + use<'a> {
        self.cells().skip(class).step_by(self.classes)
    }
}

impl ClassCounts {
    fn add(&mut self, predicted: bool, label: bool) {
        self.examples += u64::from(label);
        self.predicted += u64::from(predicted);
        self.right += u64::from(label && predicted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_predicted_at_its_threshold() {
        let labels = Labels::new(&[0.0, 0.0, -0.1, 5.0], &[true; 4], 2, &[0.5, 0.6], &[]).unwrap();
        let predicted: Vec<bool> = labels.decisions().map(|(_, predicted, _)| predicted).collect();
        assert_eq!(predicted, [true, false, false, true]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Labels::new(&[0.0; 3], &[true; 3], 2, &[], &[]).is_err());
        assert!(Labels::new(&[0.0; 4], &[true; 2], 2, &[], &[]).is_err());
        assert!(Labels::new(&[0.0; 2], &[true; 2], 2, &[0.5], &[]).is_err());
        assert!(Labels::new(&[], &[], 0, &[], &[]).is_err());
    }
}
