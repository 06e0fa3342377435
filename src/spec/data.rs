//! `data`: a built-in data set, or files with their columns and shares.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::declared::{self, Field, at, field};
use super::diagnostics::Diagnostic;
use super::files::{FileCheck, Files};
use super::keys::{Kind, SEED, Section, key};
use super::objective::{BUILTIN, BUILTIN_DATA, BUILTIN_TABLES, builtin};
use super::raw::{Content, Node};
use super::reader::{self, Fields, Problems};
use super::reading::{READING_KEYS, Reading};
use super::resolved::{DataSpec, HeldOut, TableSpec, Truncation};
use crate::space::Value;
use crate::units::Seed;

/// The usual separator of several labels.
const SEPARATOR: &str = ";";

/// Leaves at least 1,000 of the 4,000 training images.
const MOST_BUILTIN_TEST: u64 = 3_000;

/// The largest `stride`; `max_length` has the same limit.
const MOST_STRIDE: i64 = 65_536;

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

/// One text, or a list of texts.
const TEXTS: [Kind; 2] = [Kind::Text, Kind::List(&Kind::Text)];

/// One file or several, or a number of examples.
const PART: [Kind; 3] = [
    Kind::Text,
    Kind::List(&Kind::Text),
    Kind::Integer {
        min: 2,
        max: u32::MAX as u64,
    },
];

/// `data` in the schema.
pub(super) const DATA: Section = Section {
    name: "data",
    about: "Labelled examples.",
    keys: || {
        let examples = [
            key(
                "train",
                Kind::Any(&TEXTS),
                "Training examples: a file, a folder, a pattern such as `data/*.csv`, a list of these, or a built-in set.",
            )
            .examples(&["\"reviews.csv\"", "[\"a.jsonl.gz\", \"b.jsonl.gz\"]", "\"builtin:fashion-mini\""]),
            key(
                "validation",
                Kind::Any(&PART),
                "Validation examples: files as in `train`, or a number of examples that are split off `train`. Without it, `split` says how many.",
            )
            .examples(&["\"held-out.csv\"", "500"]),
            key(
                "test",
                Kind::Any(&PART),
                "Examples for a test of the winner, which no trial sees: files as in `train`, or a number of examples that are held out of `train`. Of built-in data these are the last ones.",
            )
            .examples(&["\"test.csv\"", "500"]),
            key(
                "train_limit",
                Kind::Integer {
                    min: 2,
                    max: u32::MAX.into(),
                },
                "Number of training examples to use. Of files they are chosen by `split.seed` after validation and test examples, of built-in data they are the first ones.",
            ),
            key(
                "text",
                Kind::Any(&TEXTS),
                "The column of the text, a template that joins columns, or a list of two of these for pairs of texts. Of tagged words: the column of the words or of the text. Of questions: those of question and context. The last two are found without it.",
            )
            .default("\"text\"")
            .examples(&["\"{title}. {body}\"", "[\"premise\", \"hypothesis\"]"]),
            key(
                "label",
                Kind::Any(&TEXTS),
                "The column of the label; with `task: regression` several columns predict several numbers. Of tagged words: the column of the tags or of the named spans. Of questions: that of the answers. The last two are found without it.",
            )
            .default("\"label\"")
            .examples(&["[\"quality\", \"length\"]"]),
            key(
                "multi_label",
                Kind::Any(&[Kind::Boolean, Kind::Text]),
                "Allows several labels per row: `true` if the labels are lists or `;` separates them, or another separator.",
            )
            .examples(&["true", "\",\""]),
            key(
                "truncation",
                Kind::Words(|| Truncation::ALL.map(|(name, _)| name).to_vec()),
                "The part that is kept of a text with more tokens than `max_length`: the beginning (`head`), or a quarter from the beginning and the rest from the end (`head_tail`). Of a pair the longer text is cut first.",
            )
            .default("\"head\""),
            key(
                "stride",
                Kind::Integer {
                    min: 0,
                    max: MOST_STRIDE.unsigned_abs(),
                },
                "Tokens that a window of a long text repeats from the one before, where a task reads all of a text. Without it, a third of `max_length`.",
            )
            .examples(&["64"]),
            key("split", Kind::Section(&SPLIT), "How examples are held out of `train`."),
        ];
        examples.into_iter().chain(declared::keys(READING_KEYS)).collect()
    },
};

/// The keys of built-in data.
const OF_BUILTIN: [&str; 3] = ["train", "train_limit", "test"];

/// Reads `data`.
pub(super) fn read(node: &Node, files: Files<'_>, problems: &mut Problems) -> Option<DataSpec> {
    if matches!(node.content, Content::Scalar(_)) {
        let text = reader::text(node, "data", problems)?;
        return match text.strip_prefix(BUILTIN) {
            Some(name) if !is_table(name) => builtin_data(name, (None, None), node, problems),
            Some(_) | None => table(&[text], node, None, files, problems),
        };
    }
    let fields = Fields::of(node, &DATA, problems)?;
    let Some(train) = fields.get("train") else {
        problems.error(
            Diagnostic::error(fields.place, "the data lacks `train`")
                .with_help("name a file, `builtin:movie-reviews` or `builtin:fashion-mini`"),
        );
        return None;
    };
    let paths = reader::one_or_more(train, "train", problems)?;
    let name = match paths.as_slice() {
        [only] => only.strip_prefix(BUILTIN).filter(|name| !is_table(name)),
        _ => None,
    };
    let Some(name) = name else {
        return table(&paths, train, Some(&fields), files, problems);
    };
    let others = fields.entries().iter();
    for entry in others.filter(|entry| DATA.names().contains(&entry.key.as_str())) {
        if !OF_BUILTIN.contains(&entry.key.as_str()) {
            problems.error(
                Diagnostic::error(&entry.key_place, format!("built-in data has no `{}`", entry.key))
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

/// Returns whether a built-in set is a table, which is named in the place of a file.
fn is_table(name: &str) -> bool {
    BUILTIN_TABLES.contains(&name)
}

fn builtin_data(
    name: &str,
    (train_limit, test): (Option<usize>, Option<usize>),
    node: &Node,
    problems: &mut Problems,
) -> Option<DataSpec> {
    let images = BUILTIN_DATA.iter().map(|(name, _)| *name);
    let names: Vec<&str> = images.chain(BUILTIN_TABLES.iter().copied()).collect();
    builtin(name, "data", &names, node, problems).map(|name| DataSpec::Builtin {
        name,
        train_limit,
        test,
    })
}

fn table(
    train: &[String],
    node: &Node,
    fields: Option<&Fields<'_>>,
    files: Files<'_>,
    problems: &mut Problems,
) -> Option<DataSpec> {
    let get = |key: &str| fields.and_then(|fields| fields.get(key));
    let train = paths(train, node, files, problems);
    let validation = get("validation").map(|node| held_out(node, "validation", files, problems));
    let test = get("test").map(|node| held_out(node, "test", files, problems));
    let limit = get("train_limit").map(|node| reader::integer(node, "train_limit", 2..=i64::from(u32::MAX), problems));
    let texts = get("text").map_or(Some(Vec::new()), |node| text_columns(node, problems));
    let label = get("label").map_or(Some(Vec::new()), |node| label_columns(node, problems));
    let separator = get("multi_label").map_or(Ok(None), |node| multi_label(node, problems));
    let truncation = get("truncation").map_or(Some(Truncation::default()), |node| {
        reader::one_of(node, "truncation", &Truncation::ALL, problems)
    });
    let stride = get("stride").map(|node| reader::integer(node, "stride", 0..=MOST_STRIDE, problems));
    let reading = fields.map_or(Some(Reading::default()), |fields| {
        declared::fill(*fields, READING_KEYS, problems)
    });
    let split = split(
        get("split"),
        [("validation", validation.is_some()), ("test", test.is_some())],
        problems,
    );
    Some(DataSpec::Table(Box::new(TableSpec {
        train: train?,
        validation: inside(validation)?,
        test: inside(test)?,
        train_limit: inside(limit)?.map(|limit| limit as usize),
        text: texts?,
        label: label?,
        multi_label: separator.ok()?,
        truncation: truncation?,
        stride: inside(stride)?.map(|stride| stride as usize),
        reading: reading?,
        split: split?,
    })))
}

/// The value of an optional key; `None` after an error.
#[expect(
    clippy::option_option,
    reason = "a key may be missing, and its value may be an error"
)]
fn inside<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        Some(value) => value.map(Some),
        None => Some(None),
    }
}

/// The files of validation or test examples, or their number.
fn held_out(node: &Node, what: &str, files: Files<'_>, problems: &mut Problems) -> Option<HeldOut> {
    if let Some(Value::Int(_)) = node.scalar() {
        let count = reader::integer(node, what, 2..=i64::from(u32::MAX), problems)?;
        return Some(HeldOut::Count(count as usize));
    }
    if let Some(Value::Float(share)) = node.scalar() {
        problems.error(
            Diagnostic::error(&node.place, format!("`{what}` is files or a number of examples"))
                .with_help(format!("write a share as `split: {{{what}: {share}}}`")),
        );
        return None;
    }
    let names = reader::one_or_more(node, what, problems)?;
    paths(&names, node, files, problems).map(HeldOut::Files)
}

/// Files, folders and patterns of files.
fn paths(names: &[String], node: &Node, files: Files<'_>, problems: &mut Problems) -> Option<Vec<PathBuf>> {
    let nodes: Vec<&Node> = match &node.content {
        Content::Sequence(items) => items.iter().collect(),
        Content::Null | Content::Scalar(_) | Content::Mapping(_) => vec![node],
    };
    let mut is_clean = true;
    let mut found = Vec::new();
    for (name, node) in names.iter().zip(nodes) {
        if let Some(set) = name.strip_prefix(BUILTIN) {
            if is_table(set) {
                found.push(name.into());
                continue;
            }
            problems.error(
                Diagnostic::error(&node.place, "built-in data cannot be used together with files")
                    .with_help("name it alone, in `train`"),
            );
            is_clean = false;
            continue;
        }
        let path = files.join(node, name);
        // Which files a pattern stands for is found when they are read.
        let is_pattern = name.contains(['*', '?', '[']);
        if files.check != FileCheck::Skip && !is_pattern && !path.exists() {
            problems.error(files.missing(node, &path, "file"));
            is_clean = false;
        }
        found.push(path);
    }
    is_clean.then_some(found)
}

/// One column, or several different ones.
fn label_columns(node: &Node, problems: &mut Problems) -> Option<Vec<String>> {
    let columns = reader::one_or_more(node, "label", problems)?;
    let repeated = (1..columns.len()).find(|&index| columns[..index].contains(&columns[index]));
    if let Some(index) = repeated {
        let message = format!("`label` names the column `{}` twice", columns[index]);
        problems.error(Diagnostic::error(&node.place, message));
        return None;
    }
    Some(columns)
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
                    .with_help("name one column, two for pairs of texts, or join several with a template such as `\"{title}. {body}\"`"),
            );
            None
        }
    }
}

fn split(node: Option<&Node>, known: [(&str, bool); 2], problems: &mut Problems) -> Option<Split> {
    let Some(node) = node else {
        return Some(Split::default());
    };
    if let Content::Mapping(entries) = &node.content {
        for (part, _) in known.into_iter().filter(|(_, is_known)| *is_known) {
            if let Some(entry) = entries.iter().find(|entry| entry.key == part) {
                problems.error(
                    Diagnostic::error(
                        &entry.key_place,
                        format!("`{part}` above already says which examples these are"),
                    )
                    .with_help(format!("remove this, or `{part}` above")),
                );
                return None;
            }
        }
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
