//! Filters and sorts the rows of a leaderboard.

use std::cmp::Ordering;

use super::{Cell, Leaderboard, Row};
use crate::space::{Configuration, Domain, Expression, ExpressionError, Value};
use crate::suggestion::did_you_mean;

/// An order of rows by one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortBy {
    column: String,
    is_descending: bool,
}

impl std::str::FromStr for SortBy {
    type Err = std::convert::Infallible;

    /// `column`, or `-column` for the largest first.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let column = text.strip_prefix('-');
        Ok(Self {
            column: column.unwrap_or(text).to_owned(),
            is_descending: column.is_some(),
        })
    }
}

/// A filter or sort order that is invalid.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// There is no such column.
    #[error("the leaderboard has no column `{column}`{}", suggestion.as_ref().map_or_else(String::new, |meant| format!("; did you mean `{meant}`?")))]
    NoColumn {
        /// The name that was given.
        column: String,
        /// A similar name.
        suggestion: Option<String>,
    },
    /// The condition is invalid.
    #[error("cannot read the condition `{condition}`: {error}{}", error.suggestion.as_ref().map_or_else(String::new, |suggestion| format!("; {suggestion}")))]
    Condition {
        /// The condition as it was given.
        condition: String,
        /// The error in it.
        error: ExpressionError,
    },
}

impl Leaderboard {
    /// Keeps the rows for which a condition is true.
    ///
    /// A condition has comparisons and arithmetic over columns, such as `accuracy > 0.8 and learning_rate < 1e-3`.
    /// Parameters are called by their own names. A comparison with an empty cell is not true.
    ///
    /// # Errors
    /// If the condition is invalid or names an unknown column.
    pub fn keep_where(&mut self, condition: &str) -> Result<(), RowsError> {
        let names = self.names();
        let cells: Vec<Vec<Cell>> = self.rows().iter().map(|row| self.cells(row, true)).collect();
        let domains: Vec<Domain> = (0..names.len())
            .map(|column| domain(cells.iter().map(|row| &row[column])))
            .collect();
        let columns: Vec<(&str, &Domain)> = names.iter().map(String::as_str).zip(&domains).collect();
        let expression = Expression::parse_of(condition, &columns, "column").map_err(|error| RowsError::Condition {
            condition: condition.to_owned(),
            error,
        })?;
        let is_wanted = |cells: &Vec<Cell>| {
            let values = names.iter().zip(cells);
            let values = values.filter_map(|(name, cell)| Some((name.as_str(), value(cell)?)));
            expression.is_true(&values.collect::<Configuration>())
        };
        let wanted: Vec<bool> = cells.iter().map(is_wanted).collect();
        let mut wanted = wanted.into_iter();
        self.retain(|_| wanted.next().unwrap_or(false));
        Ok(())
    }

    /// Sorts the rows by a column. Rows without a value come last; equal rows keep their order.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn sort_by(&mut self, order: &SortBy) -> Result<(), RowsError> {
        let names = self.names();
        let is_it = |name: &String| *name == order.column || format!("params.{name}") == order.column;
        let Some(column) = names.iter().position(is_it) else {
            return Err(RowsError::NoColumn {
                column: order.column.clone(),
                suggestion: did_you_mean(&order.column, names.iter().map(String::as_str)).map(str::to_owned),
            });
        };
        let mut keyed: Vec<(Cell, Row)> = self
            .rows()
            .iter()
            .map(|row| (self.cells(row, true).swap_remove(column), row.clone()))
            .collect();
        keyed.sort_by(|(one, _), (other, _)| match (one.is_null(), other.is_null()) {
            (false, false) if order.is_descending => compare(other, one),
            (false, false) => compare(one, other),
            (one, other) => one.cmp(&other),
        });
        self.replace_rows(keyed.into_iter().map(|(_, row)| row).collect());
        Ok(())
    }

    /// All column names. Parameters have no prefix, unless another column has the same name.
    fn names(&self) -> Vec<String> {
        let header = self.header(true);
        let name = |full: &String| match full.strip_prefix("params.") {
            Some(short) if !header.iter().any(|other| other == short) => short.to_owned(),
            _ => full.clone(),
        };
        header.iter().map(name).collect()
    }
}

fn compare(one: &Cell, other: &Cell) -> Ordering {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => super::plain(one).cmp(&super::plain(other)),
    }
}

fn value(cell: &Cell) -> Option<Value> {
    match cell {
        Cell::String(text) => Some(Value::Text(text.clone())),
        Cell::Bool(truth) => Some(Value::Bool(*truth)),
        Cell::Number(number) => number.as_i64().map(Value::Int).or(number.as_f64().map(Value::Float)),
        Cell::Null | Cell::Array(_) | Cell::Object(_) => None,
    }
}

/// The domain of a column's cells, for type checks of a condition.
fn domain<'a>(cells: impl Iterator<Item = &'a Cell>) -> Domain {
    let mut values: Vec<Value> = cells.filter_map(value).collect();
    if values.iter().all(|value| value.as_f64().is_some()) {
        return Domain::float(f64::MIN, f64::MAX);
    }
    values.sort_by_key(ToString::to_string);
    values.dedup();
    Domain::choice(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::testing;

    fn trials(leaderboard: &Leaderboard) -> Vec<u32> {
        leaderboard.rows().iter().map(|row| row.trial.0).collect()
    }

    #[test]
    fn rows_are_kept_by_conditions_over_columns_and_parameters() {
        let study = testing::ended_study();
        let whole = Leaderboard::new(&study);
        let mut some = whole.clone();
        some.keep_where("accuracy > 0.5 and status != 'failed'").unwrap();
        let expected: Vec<u32> = whole
            .rows()
            .iter()
            .filter(|row| {
                row.value.is_some_and(|value| value > 0.5) && row.status != crate::report::TrialStatus::Failed
            })
            .map(|row| row.trial.0)
            .collect();
        assert!(!expected.is_empty() && expected.len() < whole.rows().len());
        assert_eq!(trials(&some), expected);
    }

    #[test]
    fn a_wrong_condition_or_column_is_explained() {
        let mut leaderboard = Leaderboard::new(&testing::ended_study());
        let condition = leaderboard.keep_where("acuracy > 0.5").unwrap_err().to_string();
        assert!(condition.contains("accuracy"), "{condition}");
        let column = leaderboard.sort_by(&"epoch".parse().unwrap()).unwrap_err().to_string();
        insta::assert_snapshot!(column, @"the leaderboard has no column `epoch`; did you mean `epochs`?");
    }

    #[test]
    fn rows_are_sorted_with_empty_cells_last_in_both_directions() {
        let whole = Leaderboard::new(&testing::ended_study());
        for text in ["accuracy", "-accuracy"] {
            let mut sorted = whole.clone();
            sorted.sort_by(&text.parse().unwrap()).unwrap();
            let values: Vec<Option<f64>> = sorted.rows().iter().map(|row| row.value).collect();
            let known: Vec<f64> = values.iter().flatten().copied().collect();
            assert!(values[known.len()..].iter().all(Option::is_none));
            let ascending = known.is_sorted();
            let descending = known.iter().rev().is_sorted();
            assert_eq!((ascending, descending), (text == "accuracy", text != "accuracy"));
        }
    }
}
