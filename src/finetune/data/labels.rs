//! The classes: their names, their order, and the class of each row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::error::DataError;
use super::rows::Row;
use super::suggestion::closest;

/// The distinct labels of the training rows, in an order that does not depend on the order of rows: by value if all are
/// whole numbers, otherwise by their characters.
///
/// # Errors
/// Returns [`DataError::OneLabel`] if all rows have the same label.
pub(super) fn names(path: &Path, rows: &[Row]) -> Result<Vec<String>, DataError> {
    let distinct: BTreeSet<&str> = rows.iter().map(|row| row.label.as_str()).collect();
    let mut names: Vec<String> = distinct.into_iter().map(str::to_owned).collect();
    if names.len() < 2 {
        let label = names.pop().unwrap_or_default();
        return Err(DataError::OneLabel {
            path: path.to_owned(),
            label,
        });
    }
    if let Some(mut numbered) = numbered(&names) {
        numbered.sort();
        names = numbered.into_iter().map(|(_, name)| name).collect();
    }
    Ok(names)
}

/// Each name with its number, if all names are whole numbers.
fn numbered(names: &[String]) -> Option<Vec<(i128, String)>> {
    names
        .iter()
        .map(|name| Some((name.parse().ok()?, name.clone())))
        .collect()
}

/// The class of each row.
///
/// # Errors
/// Returns [`DataError::UnknownLabel`] for the first row with a label that is not in `names`.
pub(super) fn classes(path: &Path, rows: &[Row], names: &[String]) -> Result<Vec<u32>, DataError> {
    let class: BTreeMap<&str, u32> = names
        .iter()
        .zip(0..)
        .map(|(name, class)| (name.as_str(), class))
        .collect();
    rows.iter()
        .map(|row| {
            class
                .get(row.label.as_str())
                .copied()
                .ok_or_else(|| DataError::UnknownLabel {
                    path: path.to_owned(),
                    line: row.line,
                    label: row.label.clone(),
                    known: names.to_vec(),
                    suggestion: closest(&row.label, names),
                })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::text::RawText;
    use super::*;

    fn rows(labels: &[&str]) -> Vec<Row> {
        let row = |(&label, line): (&&str, u64)| Row {
            line,
            text: RawText::default(),
            kept: Vec::new(),
            label: label.to_owned(),
        };
        labels.iter().zip(2..).map(row).collect()
    }

    fn ordered(labels: &[&str]) -> Vec<String> {
        names(Path::new("reviews.csv"), &rows(labels)).unwrap()
    }

    #[test]
    fn labels_are_in_numeric_order_only_when_all_are_whole_numbers() {
        assert_eq!(ordered(&["10", "9", "-1", "10"]), ["-1", "9", "10"]);
        assert_eq!(ordered(&["10", "9", "x"]), ["10", "9", "x"]);
        assert_eq!(ordered(&["spam", "ham", "spam"]), ["ham", "spam"]);
    }

    #[test]
    fn one_label_is_nothing_to_learn() {
        let error = names(Path::new("reviews.csv"), &rows(&["good", "good"])).unwrap_err();
        insta::assert_snapshot!(error, @"`reviews.csv`: every row has the label `good`; at least two labels are needed");
    }

    #[test]
    fn a_label_that_training_does_not_know_is_named_with_its_place() {
        let names = ordered(&["negative", "positive"]);
        let path = Path::new("held-out.csv");
        assert_eq!(classes(path, &rows(&["positive", "negative"]), &names).unwrap(), [1, 0]);
        let error = classes(path, &rows(&["positive", "Positive"]), &names).unwrap_err();
        insta::assert_snapshot!(error, @"`held-out.csv`, line 3: the label `Positive` is not in the training data; did you mean `positive`; there are the labels `negative`, `positive`");
    }
}
