//! Outcomes of classification.

use crate::{
    counts::{ClassCounts, confusion, highest},
    error::OutcomesError,
};

/// Logits of classes, and the class that is true, for every row.
#[derive(Clone, Copy, Debug)]
pub struct Classes<'a> {
    logits: &'a [f32],
    columns: usize,
    labels: &'a [u32],
    names: &'a [String],
    has_nan: bool,
}

impl<'a> Classes<'a> {
    /// Takes logits `[rows, classes]`, a label in `0..classes` for every row, and the classes' names, which may be
    /// empty: then a class is known by its number.
    ///
    /// # Errors
    /// Fails if there is no class, a length does not fit, or a label is not a class.
    pub fn new(
        logits: &'a [f32],
        classes: usize,
        labels: &'a [u32],
        names: &'a [String],
    ) -> Result<Self, OutcomesError> {
        check_columns("classes", classes)?;
        check_length("logits", logits.len(), labels.len().saturating_mul(classes))?;
        if !names.is_empty() {
            check_length("names of classes", names.len(), classes)?;
        }
        if let Some((row, &label)) = labels.iter().enumerate().find(|(_, label)| **label as usize >= classes) {
            return Err(OutcomesError::Label { row, label, classes });
        }
        let has_nan = logits.iter().any(|logit| logit.is_nan());
        Ok(Self {
            logits,
            columns: classes,
            labels,
            names,
            has_nan,
        })
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.columns
    }

    /// The true class of every row.
    pub fn labels(&self) -> &'a [u32] {
        self.labels
    }

    /// The names of the classes, or nothing.
    pub fn names(&self) -> &'a [String] {
        self.names
    }

    /// True if a logit is NaN.
    pub fn has_nan(&self) -> bool {
        self.has_nan
    }

    /// The counts of every class.
    pub fn counts(&self) -> Vec<ClassCounts> {
        ClassCounts::of(self.logits, self.labels, self.columns)
    }

    /// The confusion matrix: one row per true class, one column per predicted class.
    pub fn confusion(&self) -> Vec<Vec<u64>> {
        confusion(self.logits, self.labels, self.columns)
    }

    /// Every row's logits with its true class.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&'a [f32], usize)> + use<'a> {
        self.logits
            .chunks_exact(self.columns)
            .zip(self.labels.iter().map(|&label| label as usize))
    }

    /// Every row's predicted and true class.
    pub(crate) fn decisions(&self) -> impl Iterator<Item = (usize, usize)> + use<'a> {
        self.rows().map(|(logits, label)| (highest(logits), label))
    }
}

/// Refuses outcomes without columns.
pub(super) fn check_columns(what: &'static str, columns: usize) -> Result<(), OutcomesError> {
    if columns == 0 {
        Err(OutcomesError::NoColumns { what })
    } else {
        Ok(())
    }
}

/// Refuses a list of another length.
pub(super) fn check_length(what: &'static str, found: usize, expected: usize) -> Result<(), OutcomesError> {
    if found == expected {
        Ok(())
    } else {
        Err(OutcomesError::Length { what, found, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused() {
        let error = |logits: &[f32], classes, labels: &[u32]| Classes::new(logits, classes, labels, &[]).unwrap_err();
        assert_eq!(error(&[], 0, &[]), OutcomesError::NoColumns { what: "classes" });
        assert_eq!(
            error(&[0.0; 3], 2, &[0, 1]),
            OutcomesError::Length {
                what: "logits",
                found: 3,
                expected: 4
            }
        );
        assert_eq!(
            error(&[0.0; 4], 2, &[0, 2]),
            OutcomesError::Label {
                row: 1,
                label: 2,
                classes: 2
            }
        );
    }

    #[test]
    fn every_class_needs_its_name() {
        let names = ["only one".to_owned()];
        assert!(Classes::new(&[0.0; 2], 2, &[0], &names).is_err());
    }
}
