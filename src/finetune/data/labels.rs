//! Labels: how they are read from a record, their names, their order, and the target of each row.

use std::collections::{BTreeMap, BTreeSet};

use automl_readers::{Record, Value};

use super::error::DataError;
use super::records::wrong;
use super::rows::Row;
use super::suggestion::closest;
use super::targets::Targets;

/// The kind of labels in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelKind {
    /// One class a row.
    Class,
    /// Any number of labels a row: a list, or a text with this text between them.
    Several {
        /// The separator.
        separator: String,
    },
    /// A number, or one for each label column.
    Number,
}

/// The label of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Label {
    /// Labels are not read.
    #[default]
    None,
    /// A class, trimmed and not empty.
    Class(String),
    /// Any number of labels, trimmed and not empty.
    Several(Vec<String>),
    /// A number for each label column.
    Numbers(Vec<f32>),
}

impl Label {
    /// The classes or labels.
    fn names(&self) -> &[String] {
        match self {
            Self::Class(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
            Self::None | Self::Numbers(_) => &[],
        }
    }
}

/// The label of a record; `None` if it is missing.
///
/// # Errors
/// If it is of the wrong kind.
pub(super) fn read(record: &Record, columns: &[String], kind: &LabelKind) -> Result<Option<Label>, DataError> {
    let Some(first) = columns.first() else {
        return Ok(Some(Label::None));
    };
    match kind {
        LabelKind::Class => Ok(class(record, first)?.map(Label::Class)),
        LabelKind::Several { separator } => Ok(several(record, first, separator)?.map(Label::Several)),
        LabelKind::Number => {
            let numbers: Result<Option<Vec<f32>>, DataError> =
                columns.iter().map(|column| number(record, column)).collect();
            Ok(numbers?.map(Label::Numbers))
        }
    }
}

fn class(record: &Record, column: &str) -> Result<Option<String>, DataError> {
    let wanted = "a text, a whole number, `true` or `false` (a list of labels needs `multi_label: true`, a number with a \
                  fraction `task: regression`)";
    match record.get(column) {
        None => Ok(None),
        Some(value) => match spelling(value) {
            Some(label) => Ok(present(&label)),
            None => Err(wrong(record, column, value, wanted)),
        },
    }
}

fn several(record: &Record, column: &str, separator: &str) -> Result<Option<Vec<String>>, DataError> {
    let wanted = "a text, or a list of texts and whole numbers";
    match record.get(column) {
        Some(Value::List(values)) => {
            let label = |value| spelling(value).ok_or_else(|| wrong(record, column, value, wanted));
            let labels: Result<Vec<String>, DataError> = values.iter().map(label).collect();
            Ok(Some(labels?.iter().filter_map(|label| present(label)).collect()))
        }
        Some(value) => {
            let text = spelling(value).ok_or_else(|| wrong(record, column, value, wanted))?;
            Ok(present(&text).map(|text| text.split(separator).filter_map(present).collect()))
        }
        None => Ok(None),
    }
}

fn number(record: &Record, column: &str) -> Result<Option<f32>, DataError> {
    let refused = |label: &str| DataError::NotANumber {
        place: record.position.clone(),
        label: label.to_owned(),
    };
    let text = match record.get(column) {
        None | Some(Value::Null) => return Ok(None),
        // A missing number of a columnar file.
        Some(Value::Number(number)) if number.as_float().is_nan() => return Ok(None),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Text(text)) => match present(text) {
            Some(text) => text,
            None => return Ok(None),
        },
        Some(other @ (Value::Boolean(_) | Value::List(_))) => return Err(refused(&other.to_string())),
    };
    let number = text.parse().ok().filter(|number: &f32| number.is_finite());
    number.map(Some).ok_or_else(|| refused(&text))
}

/// The spelling of a label, which is empty if it is missing; `None` if the value cannot be a label. Whole numbers that
/// a columnar file holds as floats, because some are missing, lose their fraction of zero.
fn spelling(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Boolean(_) => Some(value.to_string()),
        Value::Number(number) if number.is_integer() => Some(number.to_string()),
        Value::Number(number) => {
            let float = number.as_float();
            let is_whole = float.fract() == 0.0 && float.abs() < 1e15;
            match (float.is_nan(), is_whole) {
                (true, _) => Some(String::new()),
                (false, true) => Some(format!("{float:.0}")),
                (false, false) => None,
            }
        }
        Value::Null => Some(String::new()),
        Value::List(_) => None,
    }
}

/// A label without surrounding blanks, which would split one class into two; `None` if nothing is left.
fn present(label: &str) -> Option<String> {
    let label = label.trim();
    (!label.is_empty()).then(|| label.to_owned())
}

/// The value of a label that may be written in several ways: `True` of a table is `true` of JSON, and `1.0` is `1`.
/// `None` for other labels.
fn value(label: &str) -> Option<String> {
    let lower = label.to_ascii_lowercase();
    if ["true", "false"].contains(&lower.as_str()) {
        return Some(lower);
    }
    let number: f64 = label.parse().ok()?;
    (number.fract() == 0.0 && number.abs() < 1e15).then(|| format!("{number:.0}"))
}

/// One name for labels that are written in several ways, if all labels are truth values or whole numbers. A label with
/// one spelling keeps it.
fn unified(labels: &BTreeSet<&String>) -> Vec<String> {
    let mut spellings: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for label in labels {
        let Some(value) = value(label) else {
            return labels.iter().map(|label| (*label).clone()).collect();
        };
        spellings.entry(value).or_default().push(label);
    }
    let name = |(value, spellings): (String, Vec<&String>)| match spellings.as_slice() {
        [only] => (*only).clone(),
        _ => value,
    };
    spellings.into_iter().map(name).collect()
}

/// The index of a label among these names: as it is written, or by its value.
fn index_of(label: &str, names: &[String]) -> Option<usize> {
    let by_name = names.iter().position(|name| name == label);
    by_name.or_else(|| {
        let wanted = value(label)?;
        names.iter().position(|name| value(name).as_ref() == Some(&wanted))
    })
}

/// The names of the outputs, in an order that does not depend on the order of rows: by value if all are whole numbers,
/// otherwise by their characters. For numbers they are the names of the columns.
///
/// # Errors
/// Returns [`DataError::OneLabel`] if all rows have the same label.
pub(super) fn names(
    (file, columns): (&str, &[String]),
    rows: &[Row],
    kind: &LabelKind,
) -> Result<Vec<String>, DataError> {
    if *kind == LabelKind::Number {
        return Ok(columns.to_vec());
    }
    let distinct: BTreeSet<&String> = rows.iter().flat_map(|row| row.label.names()).collect();
    let mut names = unified(&distinct);
    if names.len() < 2 {
        let label = names.pop().unwrap_or_default();
        return Err(DataError::OneLabel {
            file: file.to_owned(),
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

/// The first label of a row that is not in `names`; a number is never unknown.
pub(super) fn unknown<'a>(row: &'a Row, names: &[String]) -> Option<&'a String> {
    row.label.names().iter().find(|label| index_of(label, names).is_none())
}

/// The target of each row.
///
/// # Errors
/// Returns [`DataError::UnknownLabel`] for the first row with a label that is not in `names`.
pub(super) fn targets(rows: &[Row], names: &[String], kind: &LabelKind) -> Result<Targets, DataError> {
    let known: BTreeMap<&str, usize> = names.iter().map(String::as_str).zip(0..).collect();
    let index = |label: &String, row: &Row| {
        let exact = known.get(label.as_str()).copied();
        exact
            .or_else(|| index_of(label, names))
            .ok_or_else(|| DataError::UnknownLabel {
                place: row.place.clone(),
                label: label.clone(),
                known: names.to_vec(),
                suggestion: closest(label, names),
            })
    };
    match kind {
        LabelKind::Class => {
            let labels = rows
                .iter()
                .flat_map(|row| row.label.names().iter().map(move |label| (label, row)));
            let classes = labels.map(|(label, row)| Ok(index(label, row)? as u32));
            Ok(Targets::Classes(classes.collect::<Result<_, DataError>>()?))
        }
        LabelKind::Several { .. } => {
            let width = names.len();
            let mut values = vec![false; rows.len() * width];
            for (row, values) in rows.iter().zip(values.chunks_exact_mut(width)) {
                for label in row.label.names() {
                    values[index(label, row)?] = true;
                }
            }
            Ok(Targets::Labels { width, values })
        }
        LabelKind::Number => {
            let numbers = rows.iter().flat_map(|row| match &row.label {
                Label::Numbers(numbers) => numbers.as_slice(),
                Label::None | Label::Class(_) | Label::Several(_) => &[],
            });
            Ok(Targets::Values {
                width: names.len(),
                values: numbers.copied().collect(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use automl_readers::{ReadOptions, Source, open};

    use super::super::rows::testing::row;
    use super::*;

    fn classes(labels: &[&str]) -> Vec<Row> {
        let row = |(label, line): (&&str, u64)| row(line, Label::Class((*label).to_owned()));
        labels.iter().zip(2..).map(row).collect()
    }

    #[test]
    fn one_class_has_one_name_however_it_is_written() {
        assert_eq!(ordered(&["True", "false", "true", "False"]), ["false", "true"]);
        assert_eq!(ordered(&["1.0", "0", "1", "2.0"]), ["0", "1", "2.0"]);
        assert_eq!(ordered(&["True", "False"]), ["False", "True"], "one spelling is kept");
        assert_eq!(ordered(&["1.0", "1", "x"]), ["1", "1.0", "x"], "not all are numbers");
        let names = ["0", "1"].map(str::to_owned);
        let rows = classes(&["1.0", "0"]);
        assert_eq!(
            targets(&rows, &names, &LabelKind::Class).unwrap(),
            Targets::Classes(vec![1, 0])
        );
        assert_eq!(unknown(&rows[0], &names), None);
        assert_eq!(unknown(&classes(&["1.5"])[0], &names).map(String::as_str), Some("1.5"));
    }

    fn ordered(labels: &[&str]) -> Vec<String> {
        names(("reviews.csv", &[]), &classes(labels), &LabelKind::Class).unwrap()
    }

    /// The label in one record of JSON.
    fn read_json(label: &str, kind: &LabelKind) -> Result<Option<Label>, DataError> {
        let source = Source::memory("t.jsonl", format!("{{\"label\": {label}, \"other\": 2}}"));
        let record = open(&[source], &ReadOptions::default())
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        read(&record, &["label".to_owned()], kind)
    }

    fn several() -> LabelKind {
        LabelKind::Several {
            separator: ";".to_owned(),
        }
    }

    #[test]
    fn labels_are_in_numeric_order_only_when_all_are_whole_numbers() {
        assert_eq!(ordered(&["10", "9", "-1", "10"]), ["-1", "9", "10"]);
        assert_eq!(ordered(&["10", "9", "x"]), ["10", "9", "x"]);
        assert_eq!(ordered(&["spam", "ham", "spam"]), ["ham", "spam"]);
    }

    #[test]
    fn one_label_is_nothing_to_learn() {
        let error = names(("reviews.csv", &[]), &classes(&["good", "good"]), &LabelKind::Class).unwrap_err();
        insta::assert_snapshot!(error, @"`reviews.csv`: every row has the label `good`; at least two labels are needed");
    }

    #[test]
    fn a_label_that_training_does_not_know_is_named_with_its_place() {
        let names = ordered(&["negative", "positive"]);
        let of = |labels: &[&str]| targets(&classes(labels), &names, &LabelKind::Class);
        assert_eq!(of(&["positive", "negative"]).unwrap(), Targets::Classes(vec![1, 0]));
        let error = of(&["positive", "Positive"]).unwrap_err();
        insta::assert_snapshot!(error, @"`t.csv`, line 3: the label `Positive` is not in the training data; did you mean `positive`; there are the labels `negative`, `positive`");
    }

    #[test]
    fn a_class_is_a_text_a_whole_number_or_a_truth_value() {
        let class = |label: &str| read_json(label, &LabelKind::Class).unwrap();
        for (label, expected) in [("\" a \"", "a"), ("-3", "-3"), ("1.0", "1"), ("true", "true")] {
            assert_eq!(class(label), Some(Label::Class(expected.to_owned())), "{label}");
        }
        assert_eq!((class("null"), class("\" \"")), (None, None));
        for label in ["0.5", "[\"a\"]"] {
            let error = read_json(label, &LabelKind::Class).unwrap_err().to_string();
            assert!(error.starts_with("`t.jsonl`, line 1: `label` is a"), "{error}");
        }
    }

    #[test]
    fn several_labels_are_a_list_or_separated_and_an_unknown_one_is_named() {
        let kind = several();
        let of = |label: &str| match read_json(label, &kind).unwrap() {
            Some(Label::Several(labels)) => Some(labels),
            _ => None,
        };
        assert_eq!(of("\"b; a;\"").unwrap(), ["b", "a"]);
        assert_eq!(of("[\"b\", \" \", 3]").unwrap(), ["b", "3"]);
        assert_eq!(of("[]").unwrap(), Vec::<String>::new());
        assert_eq!((of("null"), of("\"\"")), (None, None));
        let labels = |labels: &[&str]| Label::Several(labels.iter().map(|&label| label.to_owned()).collect());
        let rows = [row(2, labels(&["b", "a"])), row(3, labels(&["c"])), row(4, labels(&[]))];
        let names = names(("t.csv", &[]), &rows, &kind).unwrap();
        assert_eq!(names, ["a", "b", "c"]);
        let expected = Targets::Labels {
            width: 3,
            values: [true, true, false, false, false, true, false, false, false].to_vec(),
        };
        assert_eq!(targets(&rows, &names, &kind).unwrap(), expected);
        let error = targets(&[row(2, labels(&["a", "d"]))], &names, &kind).unwrap_err();
        assert!(
            error.to_string().contains("the label `d` is not in the training data"),
            "{error}"
        );
    }

    #[test]
    fn numbers_come_from_one_column_or_several_and_others_are_named_with_their_line() {
        let of = |label: &str| read_json(label, &LabelKind::Number);
        assert_eq!(of("1e-3").unwrap(), Some(Label::Numbers(vec![1e-3])));
        assert_eq!(of("\" -2 \"").unwrap(), Some(Label::Numbers(vec![-2.0])));
        assert_eq!((of("null").unwrap(), of("\"\"").unwrap()), (None, None));
        for label in ["\"good\"", "\"nan\"", "\"inf\"", "true"] {
            let error = of(label).unwrap_err().to_string();
            assert!(error.starts_with("`t.jsonl`, line 1: the label"), "{error}");
        }
        let columns = ["a".to_owned(), "b".to_owned()];
        let names = names(("t.csv", &columns), &[], &LabelKind::Number).unwrap();
        let rows = [
            row(2, Label::Numbers(vec![1.0, 2.0])),
            row(3, Label::Numbers(vec![3.0, 4.0])),
        ];
        let found = targets(&rows, &names, &LabelKind::Number).unwrap();
        assert_eq!((found.len(), names.len()), (2, 2));
    }
}
