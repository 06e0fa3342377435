//! Labels: their names, their order, and the target of each row.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::error::DataError;
use super::rows::Row;
use super::suggestion::closest;
use super::table::LabelKind;
use super::targets::Targets;

/// The names of the outputs, in an order that does not depend on the order of rows: by value if all are whole numbers,
/// otherwise by their characters. For numbers it is the name of their column.
///
/// # Errors
/// Returns [`DataError::OneLabel`] if all rows have the same label.
pub(super) fn names((path, column): (&Path, &str), rows: &[Row], kind: &LabelKind) -> Result<Vec<String>, DataError> {
    if *kind == LabelKind::Number {
        return Ok(vec![column.to_owned()]);
    }
    let distinct: BTreeSet<&str> = rows.iter().flat_map(|row| parts(row, kind)).collect();
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

/// The labels of a row.
fn parts<'a>(row: &'a Row, kind: &'a LabelKind) -> Vec<&'a str> {
    match kind {
        LabelKind::Class | LabelKind::Number => vec![row.label.as_str()],
        LabelKind::Several { separator } => {
            let parts = row.label.split(separator.as_str()).map(str::trim);
            parts.filter(|part| !part.is_empty()).collect()
        }
    }
}

/// The first label of a row that is not in `names`; a number is never unknown.
pub(super) fn unknown<'a>(row: &'a Row, names: &[String], kind: &'a LabelKind) -> Option<&'a str> {
    if *kind == LabelKind::Number {
        return None;
    }
    let is_unknown = |label: &&str| !names.iter().any(|name| name == label);
    parts(row, kind).into_iter().find(is_unknown)
}

/// Each name with its number, if all names are whole numbers.
fn numbered(names: &[String]) -> Option<Vec<(i128, String)>> {
    names
        .iter()
        .map(|name| Some((name.parse().ok()?, name.clone())))
        .collect()
}

/// The target of each row.
///
/// # Errors
/// Returns [`DataError::UnknownLabel`] for the first row with a label that is not in `names`, and
/// [`DataError::NotANumber`] for the first one that should be a number.
pub(super) fn targets(path: &Path, rows: &[Row], names: &[String], kind: &LabelKind) -> Result<Targets, DataError> {
    let known: BTreeMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
    let index = |label: &str, line: u64| {
        known.get(label).copied().ok_or_else(|| DataError::UnknownLabel {
            path: path.to_owned(),
            line,
            label: label.to_owned(),
            known: names.to_vec(),
            suggestion: closest(label, names),
        })
    };
    match kind {
        LabelKind::Class => {
            let classes = rows.iter().map(|row| Ok(index(&row.label, row.line)? as u32));
            Ok(Targets::Classes(classes.collect::<Result<_, DataError>>()?))
        }
        LabelKind::Several { .. } => {
            let width = names.len();
            let mut values = vec![false; rows.len() * width];
            for (row, values) in rows.iter().zip(values.chunks_exact_mut(width)) {
                for label in parts(row, kind) {
                    values[index(label, row.line)?] = true;
                }
            }
            Ok(Targets::Labels { width, values })
        }
        LabelKind::Number => {
            let number = |row: &Row| {
                let number = row.label.parse::<f32>().ok().filter(|number| number.is_finite());
                number.ok_or_else(|| DataError::NotANumber {
                    path: path.to_owned(),
                    line: row.line,
                    label: row.label.clone(),
                })
            };
            let values = rows.iter().map(number).collect::<Result<_, _>>()?;
            Ok(Targets::Values { width: 1, values })
        }
    }
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
        names((Path::new("reviews.csv"), "label"), &rows(labels), &LabelKind::Class).unwrap()
    }

    #[test]
    fn labels_are_in_numeric_order_only_when_all_are_whole_numbers() {
        assert_eq!(ordered(&["10", "9", "-1", "10"]), ["-1", "9", "10"]);
        assert_eq!(ordered(&["10", "9", "x"]), ["10", "9", "x"]);
        assert_eq!(ordered(&["spam", "ham", "spam"]), ["ham", "spam"]);
    }

    #[test]
    fn one_label_is_nothing_to_learn() {
        let column = (Path::new("reviews.csv"), "label");
        let error = names(column, &rows(&["good", "good"]), &LabelKind::Class).unwrap_err();
        insta::assert_snapshot!(error, @"`reviews.csv`: every row has the label `good`; at least two labels are needed");
    }

    #[test]
    fn a_label_that_training_does_not_know_is_named_with_its_place() {
        let names = ordered(&["negative", "positive"]);
        let path = Path::new("held-out.csv");
        let of = |labels: &[&str]| targets(path, &rows(labels), &names, &LabelKind::Class);
        assert_eq!(of(&["positive", "negative"]).unwrap(), Targets::Classes(vec![1, 0]));
        let error = of(&["positive", "Positive"]).unwrap_err();
        insta::assert_snapshot!(error, @"`held-out.csv`, line 3: the label `Positive` is not in the training data; did you mean `positive`; there are the labels `negative`, `positive`");
    }
    #[test]
    fn several_labels_are_separated_and_an_unknown_one_is_named() {
        let kind = LabelKind::Several {
            separator: ";".to_owned(),
        };
        let rows = rows(&["b; a", "c", "a;"]);
        let names = names((Path::new("t.csv"), "label"), &rows, &kind).unwrap();
        assert_eq!(names, ["a", "b", "c"]);
        let expected = [true, true, false, false, false, true, true, false, false];
        let found = targets(Path::new("t.csv"), &rows, &names, &kind).unwrap();
        assert_eq!(
            found,
            Targets::Labels {
                width: 3,
                values: expected.to_vec()
            }
        );
        let error = targets(Path::new("t.csv"), &self::rows(&["a;d"]), &names, &kind).unwrap_err();
        assert!(
            error.to_string().contains("the label `d` is not in the training data"),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_number_is_named_with_its_line() {
        let of = |label: &str| targets(Path::new("t.csv"), &rows(&["1e-3", label]), &[], &LabelKind::Number);
        assert_eq!(
            of("-2").unwrap(),
            Targets::Values {
                width: 1,
                values: vec![1e-3, -2.0]
            }
        );
        for label in ["good", "nan", "inf"] {
            let error = of(label).unwrap_err().to_string();
            assert!(error.contains("line 3") && error.contains(label), "{error}");
        }
    }
}
