//! Outcomes of regression.

use super::classes::{check_columns, check_length};
use crate::error::OutcomesError;

/// Predicted and true numbers, one or several in every row.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    predicted: &'a [f64],
    truth: &'a [f64],
    columns: usize,
    has_nan: bool,
}

impl<'a> Values<'a> {
    /// Takes predicted and true values, both `[rows, columns]`.
    ///
    /// # Errors
    /// Fails if there is no column or a length does not fit.
    pub fn new(predicted: &'a [f64], truth: &'a [f64], columns: usize) -> Result<Self, OutcomesError> {
        check_columns("columns", columns)?;
        check_length(
            "true values",
            truth.len(),
            (truth.len() / columns).saturating_mul(columns),
        )?;
        check_length("predicted values", predicted.len(), truth.len())?;
        let has_nan = predicted.iter().chain(truth).any(|value| value.is_nan());
        Ok(Self {
            predicted,
            truth,
            columns,
            has_nan,
        })
    }

    /// The true values, `[rows, columns]`.
    pub fn truth(&self) -> &'a [f64] {
        self.truth
    }

    /// The number of values of a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// True if a value is NaN.
    pub fn has_nan(&self) -> bool {
        self.has_nan
    }

    /// The predicted and true values of one column.
    pub(crate) fn column(&self, column: usize) -> impl Iterator<Item = (f64, f64)> + use<'a> {
        let pairs = self.predicted.iter().copied().zip(self.truth.iter().copied());
        pairs.skip(column).step_by(self.columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Values::new(&[0.0; 3], &[0.0; 3], 2).is_err());
        assert!(Values::new(&[0.0; 2], &[0.0; 4], 2).is_err());
        assert!(Values::new(&[], &[], 0).is_err());
    }

    #[test]
    fn a_column_takes_one_value_of_every_row() {
        let values = Values::new(&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0], 2).unwrap();
        assert_eq!(values.column(1).collect::<Vec<_>>(), [(2.0, 6.0), (4.0, 8.0)]);
    }
}
