//! `data`: a built-in data set, or a table file with its columns and shares.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::declared::{self, Field, at, field};
use super::diagnostics::Diagnostic;
use super::files::{FileCheck, Files};
use super::keys::{Kind, SEED, Section, key};
use super::objective::{BUILTIN, BUILTIN_DATA, builtin};
use super::raw::{Content, Node};
use super::reader::{self, Fields, Problems};
use super::resolved::{DataSpec, Truncation};
use crate::units::Seed;

/// The usual separator of several labels.
const SEPARATOR: &str = ";";

/// Leaves at least 1,000 of the 4,000 training images.
const MOST_BUILTIN_TEST: u64 = 3_000;

/// The shares of the training table that are held out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// Share for validation, in (0, 1).
    pub validation: f64,
    /// Share for the test, in [0, 1).
    pub test: f64,
    /// `true` to keep the share of every label.
    pub stratify: bool,
    /// The seed of the split. It is not the study's seed, so studies with other seeds use the same examples.
    pub seed: Seed,
}

impl Default for Split {
    fn default() -> Self {
        Self {
            validation: 0.2,
            test: 0.0,
            stratify: true,
            seed: Seed(1),
        }
    }
}

/// `data.split` in the schema.
pub(super) const SPLIT: Section = Section {
    name: "split",
    about: "The shares of the training table that are held out.",
    keys: || declared::keys(SPLIT_KEYS),
};

/// The keys of `data.split`.
pub(super) const SPLIT_KEYS: &[Field<Split>] = &[
    field(
        "validation",
        Kind::Number {
            min: 0.0,
            max: 1.0,
            open: (true, true),
        },
        at!(Split.validation),
        "The share on which trials are compared.",
    ),
    field(
        "test",
        Kind::Number {
            min: 0.0,
            max: 1.0,
            open: (false, true),
        },
        at!(Split.test),
        "The share for a test of the winner. No trial sees it.",
    ),
    field(
        "stratify",
        Kind::Boolean,
        at!(Split.stratify),
        "`true` to keep the share of every label.",
    ),
    field(
        "seed",
        SEED,
        at!(Split.seed),
        "The seed of the split. It is not the study's seed, so studies with other seeds use the same examples.",
    ),
];

/// `data` in the schema.
pub(super) const DATA: Section = Section {
    name: "data",
    about: "Labelled examples.",
    keys: || {
        vec![
            key(
                "train",
                Kind::Text,
                "Training examples: a `.csv`, `.tsv` or `.jsonl` file, or a built-in set.",
            )
            .examples(&["\"reviews.csv\"", "\"builtin:fashion-mini\""]),
            key(
                "validation",
                Kind::Text,
                "Validation examples; without it they are split off `train`.",
            ),
            key(
                "text",
                Kind::Any(&[Kind::Text, Kind::List(&Kind::Text)]),
                "The column of the text, or a list of the two columns of a pair of texts.",
            )
            .default("\"text\"")
            .examples(&["[\"premise\", \"hypothesis\"]"]),
            key("label", Kind::Text, "The column of the label.").default("\"label\""),
            key(
                "multi_label",
                Kind::Any(&[Kind::Boolean, Kind::Text]),
                "Allows several labels per row: `true` if `;` separates them, or another separator.",
            )
            .examples(&["true", "\",\""]),
            key(
                "truncation",
                Kind::Words(|| Truncation::ALL.map(|(name, _)| name).to_vec()),
                "The part that is kept of a text with more tokens than `max_length`: the beginning (`head`), or a quarter from the beginning and the rest from the end (`head_tail`). Of a pair the longer text is cut first.",
            )
            .default("\"head\""),
            key("split", Kind::Section(&SPLIT), "How examples are held out of `train`."),
            key(
                "train_limit",
                Kind::Integer {
                    min: 2,
                    max: u32::MAX.into(),
                },
                "Number of training examples to use, from the first one on. For built-in data only.",
            ),
            key(
                "test",
                Kind::Integer {
                    min: 2,
                    max: MOST_BUILTIN_TEST,
                },
                "Number of training examples that are held out for a test of the winner: the last ones. For built-in data only; for a table use `split.test`.",
            ),
        ]
    },
};

/// Reads `data`.
pub(super) fn read(node: &Node, files: Files<'_>, problems: &mut Problems) -> Option<DataSpec> {
    if matches!(node.content, Content::Scalar(_)) {
        let text = reader::text(node, "data", problems)?;
        return match text.strip_prefix(BUILTIN) {
            Some(name) => builtin_data(name, (None, None), node, problems),
            None => table(&text, node, None, files, problems),
        };
    }
    let fields = Fields::of(node, &DATA, problems)?;
    let Some(train) = fields.get("train") else {
        problems.error(
            Diagnostic::error(fields.place, "the data lacks `train`")
                .with_help("name a table file, or `builtin:fashion-mini`"),
        );
        return None;
    };
    let text = reader::text(train, "train", problems)?;
    let Some(name) = text.strip_prefix(BUILTIN) else {
        for key in ["train_limit", "test"] {
            if let Some(entry) = fields.entry(key) {
                let message = format!("`{key}` is for built-in data only");
                let mut error = Diagnostic::error(&entry.key_place, message);
                if key == "test" {
                    error = error.with_help("a share of the table is kept apart with `split: {test: 0.1}`");
                }
                problems.error(error);
            }
        }
        return table(&text, train, Some(&fields), files, problems);
    };
    for key in ["validation", "text", "label", "multi_label", "truncation", "split"] {
        if let Some(entry) = fields.entry(key) {
            problems.error(
                Diagnostic::error(&entry.key_place, format!("built-in data has no `{key}`"))
                    .with_help("it comes with its own validation examples; only `train_limit` and `test` can be set"),
            );
        }
    }
    let mut count = |key: &str, most: i64| match fields.get(key) {
        Some(node) => reader::integer(node, key, 2..=most, problems).map(|count| Some(count as usize)),
        None => Some(None),
    };
    let limit = count("train_limit", i64::from(u32::MAX));
    let apart = count("test", MOST_BUILTIN_TEST.cast_signed());
    builtin_data(name, (limit?, apart?), train, problems)
}

fn builtin_data(
    name: &str,
    (train_limit, test): (Option<usize>, Option<usize>),
    node: &Node,
    problems: &mut Problems,
) -> Option<DataSpec> {
    let names: Vec<&str> = BUILTIN_DATA.iter().map(|(name, _)| *name).collect();
    builtin(name, "data", &names, node, problems).map(|name| DataSpec::Builtin {
        name,
        train_limit,
        test,
    })
}

fn table(
    train: &str,
    node: &Node,
    fields: Option<&Fields<'_>>,
    files: Files<'_>,
    problems: &mut Problems,
) -> Option<DataSpec> {
    let get = |key: &str| fields.and_then(|fields| fields.get(key));
    let train = table_file(train, node, files, problems);
    let validation = get("validation").map(|node| {
        let path = reader::text(node, "validation", problems)?;
        table_file(&path, node, files, problems)
    });
    let text = get("text").map_or(Some(vec!["text".to_owned()]), |node| text_columns(node, problems));
    let label = get("label").map_or(Some("label".to_owned()), |node| reader::text(node, "label", problems));
    let separator = get("multi_label").map_or(Ok(None), |node| multi_label(node, problems));
    let truncation = get("truncation").map_or(Some(Truncation::default()), |node| {
        reader::one_of(node, "truncation", &Truncation::ALL, problems)
    });
    let split = split(get("split"), validation.is_some(), problems);
    let validation = match validation {
        Some(validation) => Some(validation?),
        None => None,
    };
    Some(DataSpec::Table {
        train: train?,
        validation,
        text: text?,
        label: label?,
        multi_label: separator.ok()?,
        truncation: truncation?,
        split: split?,
    })
}

/// The separator of several labels; `None` for one label a row.
///
/// # Errors
/// If the value is neither; the error has been reported.
fn multi_label(node: &Node, problems: &mut Problems) -> Result<Option<String>, ()> {
    match node.plain() {
        Some("true") => Ok(Some(SEPARATOR.to_owned())),
        Some("false") => Ok(None),
        _ => {
            let separator = reader::text(node, "multi_label", problems).ok_or(())?;
            if separator.is_empty() {
                problems.error(
                    Diagnostic::error(&node.place, "the separator of the labels is empty")
                        .with_help("write `multi_label: true` for `;`, or the text that separates labels"),
                );
                return Err(());
            }
            Ok(Some(separator))
        }
    }
}

/// One column of texts, or two for pairs.
fn text_columns(node: &Node, problems: &mut Problems) -> Option<Vec<String>> {
    let Content::Sequence(items) = &node.content else {
        return reader::text(node, "text", problems).map(|column| vec![column]);
    };
    let columns: Option<Vec<String>> = items.iter().map(|item| reader::text(item, "text", problems)).collect();
    let columns = columns?;
    match columns.as_slice() {
        [_] => Some(columns),
        [first, second] if first != second => Some(columns),
        [_, second] => {
            problems.error(
                Diagnostic::error(&items[1].place, format!("`text` names the column `{second}` twice"))
                    .with_help("a pair of texts has two columns, such as `text: [premise, hypothesis]`"),
            );
            None
        }
        _ => {
            problems.error(
                Diagnostic::error(&node.place, format!("`text` names {} columns", columns.len()))
                    .with_help("name one column, or two for pairs of texts"),
            );
            None
        }
    }
}

fn table_file(text: &str, node: &Node, files: Files<'_>, problems: &mut Problems) -> Option<PathBuf> {
    let path = files.join(node, text);
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    if !matches!(extension, "csv" | "tsv" | "jsonl") {
        problems.error(
            Diagnostic::error(&node.place, "not a table file")
                .with_help("data are `.csv`, `.tsv` or `.jsonl` files, or `builtin:fashion-mini`"),
        );
        return None;
    }
    if files.check != FileCheck::Skip && !path.is_file() {
        problems.error(files.missing(node, &path, "file"));
        return None;
    }
    Some(path)
}

fn split(node: Option<&Node>, has_validation_file: bool, problems: &mut Problems) -> Option<Split> {
    let Some(node) = node else {
        return Some(Split::default());
    };
    if let (true, Content::Mapping(entries)) = (has_validation_file, &node.content)
        && let Some(entry) = entries.iter().find(|entry| entry.key == "validation")
    {
        problems.error(
            Diagnostic::error(
                &entry.key_place,
                "`validation` already names a file of validation examples",
            )
            .with_help("remove this, or `validation` above"),
        );
        return None;
    }
    let split = declared::read(node, "split", SPLIT_KEYS, problems)?;
    if split.validation + split.test >= 1.0 {
        problems.error(Diagnostic::error(
            &node.place,
            "validation and test leave no examples to train on",
        ));
        return None;
    }
    Some(split)
}
