//! `data`: a built-in data set, or files with their columns and shares.

use std::path::PathBuf;

use super::declared;
use super::diagnostics::Diagnostic;
use super::files::{FileCheck, Files};
use super::hub_data::{self, HubData, TRAIN};
use super::keys::{Kind, Section, key};
use super::objective::{BUILTIN, builtin};
use super::pictures::{PICTURE_KEYS, Pictures};
use super::raw::{Content, Node};
use super::reader::{self, Fields, Problems};
use super::reading::{READING_KEYS, Reading};
use super::resolved::{DataSpec, HeldOut, TableSpec, Truncation};
use super::split::{self, Amount, SPLIT};
use crate::catalogue::{BUILTIN_IMAGES, BUILTIN_TABLES};
use crate::space::Value;

/// The usual separator of several labels.
const SEPARATOR: &str = ";";

/// Leaves at least 1,000 of the 4,000 training images.
const MOST_BUILTIN_TEST: u64 = 3_000;

/// The largest `stride`; `max_length` has the same limit.
const MOST_STRIDE: i64 = 65_536;

/// The largest `max_windows`.
const MOST_WINDOWS: i64 = 4_096;

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

/// A number of examples, or a share of them.
const LIMIT: [Kind; 2] = [
    split::COUNT,
    Kind::Number {
        min: 0.0,
        max: 1.0,
        open: (true, true),
    },
];

/// The examples that are held out, or a split of the hub.
const SPLITS: [Kind; 2] = [Kind::Section(&SPLIT), Kind::Text];

/// `data` in the schema.
pub(super) const DATA: Section = Section {
    name: "data",
    about: "Labelled examples.",
    keys: || {
        let examples = [
            key(
                "hub",
                Kind::Text,
                "A data set of the Hugging Face hub: its id, or its id and a revision after `@`. Then `train`, `validation` and `test` name its splits in place of files.",
            )
            .examples(&["\"imdb\"", "\"org/name@main\""]),
            key(
                "config",
                Kind::Text,
                "The configuration of a data set of the hub. Without it, the only one or the default one.",
            )
            .examples(&["\"plain_text\""]),
            key(
                "licence",
                Kind::Text,
                "The licence of a data set of the hub, for the model card. A study records here what the author says.",
            ),
            key(
                "train",
                Kind::Any(&TEXTS),
                "Training examples: a file, a folder, a pattern such as `data/*.csv`, a list of these, or a built-in set. Of pictures: a folder with a folder for each class, in which `train`, `val` and `test` may be folders of their own; a table of paths and labels; or an IDX file.",
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
                "Examples for a test of the winner, which no trial sees: files as in `train`, or a number of examples that are held out of `train`. From built-in data the last ones are held out.",
            )
            .examples(&["\"test.csv\"", "500"]),
            key(
                "train_limit",
                Kind::Any(&LIMIT),
                "Training examples to use: a number, or a share of those that are not held out. From files they are drawn at random with `split.seed`. From built-in data the first ones are taken.",
            )
            .examples(&["1000", "0.1"]),
            key(
                "text",
                Kind::Any(&TEXTS),
                "The column of the text, a template that joins columns, or a list of two of these for pairs of texts. For tagged words: the column of the words or of the text. For questions: the columns of question and context. For these two, usual names are found without it.",
            )
            .default("\"text\"")
            .examples(&["\"{title}. {body}\"", "[\"premise\", \"hypothesis\"]"]),
            key(
                "label",
                Kind::Any(&TEXTS),
                "The column of the label; with `task: regression` several columns predict several numbers. For tagged words: the column of the tags or of the named spans. For questions: the column of the answers. For these two, usual names are found without it.",
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
                "The treatment of a text with more tokens than `max_length`. `head` keeps its beginning, `head_tail` a quarter from the beginning and the rest from the end; of a pair the longer text is cut first. `windows` reads all of it in windows of `max_length` tokens and takes the mean of their outputs; of a pair the second text is cut into windows.",
            )
            .default("\"head\""),
            key(
                "stride",
                Kind::Integer {
                    min: 0,
                    max: MOST_STRIDE.unsigned_abs(),
                },
                "Tokens that a window of a long text repeats from the one before, with `truncation: windows` or where a task reads all of a text. Without it, a third of `max_length`.",
            )
            .examples(&["64"]),
            key(
                "max_windows",
                Kind::Integer {
                    min: 1,
                    max: MOST_WINDOWS.unsigned_abs(),
                },
                "The largest number of windows of a text with `truncation: windows`. What follows them is cut off. A training step takes memory for all windows of its texts.",
            )
            .default("16"),
            key(
                "split",
                Kind::Any(&SPLITS),
                "How examples are held out of `train`. With `hub` it may be the split of the training examples, another way to write `train`.",
            ),
        ];
        let pictures = declared::keys(PICTURE_KEYS);
        examples
            .into_iter()
            .chain(pictures)
            .chain(declared::keys(READING_KEYS))
            .collect()
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
            Some(_) | None => table(&[text], node, None, (files, None), problems),
        };
    }
    let fields = Fields::of(node, &DATA, problems)?;
    if let Some(hub) = hub_data::read(&fields, problems)? {
        let (splits, node) = training_splits(&fields, node, problems)?;
        return table(&splits, node, Some(&fields), (files, Some(hub)), problems);
    }
    let Some(train) = fields.get("train") else {
        problems.error(
            Diagnostic::error(fields.location, "the data lacks `train`")
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
        return table(&paths, train, Some(&fields), (files, None), problems);
    };
    let others = fields.entries().iter();
    for entry in others.filter(|entry| DATA.names().contains(&entry.key.as_str())) {
        if !OF_BUILTIN.contains(&entry.key.as_str()) {
            problems.error(
                Diagnostic::error(&entry.key_location, format!("built-in data has no `{}`", entry.key))
                    .with_help("it comes with its own validation examples; only `train_limit` and `test` can be set"),
            );
        }
    }
    let limit = inside(
        fields
            .get("train_limit")
            .map(|node| Amount::read_within(node, "train_limit", (true, u64::from(u32::MAX)), problems)),
    );
    let apart = inside(
        fields
            .get("test")
            .map(|node| Amount::read_within(node, "test", (true, MOST_BUILTIN_TEST), problems)),
    );
    builtin_data(name, (limit?, apart?), train, problems)
}

/// Returns whether a built-in set is a table, which is named in the place of a file.
fn is_table(name: &str) -> bool {
    BUILTIN_TABLES.iter().any(|table| table.name == name)
}

/// The splits of the training examples in a data set of the hub.
fn training_splits<'a>(
    fields: &Fields<'a>,
    data: &'a Node,
    problems: &mut Problems,
) -> Option<(Vec<String>, &'a Node)> {
    let split = fields.get("split").filter(|node| is_one_split(node));
    match (fields.get("train"), split) {
        (Some(_), Some(split)) => {
            problems.error(
                Diagnostic::error(&split.location, "`train` above already says which split this is")
                    .with_help("remove one of them; `split: {validation: 0.2}` says how examples are held out"),
            );
            None
        }
        (None, None) => Some((vec![TRAIN.to_owned()], data)),
        (Some(node), None) | (None, Some(node)) => Some((reader::one_or_more(node, "train", problems)?, node)),
    }
}

/// `true` if `split` names a split of the hub and not the shares that are held out.
fn is_one_split(node: &Node) -> bool {
    matches!(node.content, Content::Scalar(_))
}

fn builtin_data(
    name: &str,
    (train_limit, test): (Option<Amount>, Option<Amount>),
    node: &Node,
    problems: &mut Problems,
) -> Option<DataSpec> {
    let images = BUILTIN_IMAGES.iter().map(|images| images.name);
    let names: Vec<&str> = images.chain(BUILTIN_TABLES.iter().map(|table| table.name)).collect();
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
    (files, hub): (Files<'_>, Option<HubData>),
    problems: &mut Problems,
) -> Option<DataSpec> {
    let naming = if hub.is_some() {
        Naming::Splits
    } else {
        Naming::Files(files)
    };
    let get = |key: &str| fields.and_then(|fields| fields.get(key));
    let train = paths(train, node, naming, problems);
    let validation = get("validation").map(|node| held_out(node, "validation", naming, problems));
    let test = get("test").map(|node| held_out(node, "test", naming, problems));
    let limit =
        get("train_limit").map(|node| Amount::read_within(node, "train_limit", (true, u64::from(u32::MAX)), problems));
    let texts = get("text").map_or(Some(Vec::new()), |node| text_columns(node, problems));
    let label = get("label").map_or(Some(Vec::new()), |node| label_columns(node, problems));
    let separator = get("multi_label").map_or(Ok(None), |node| multi_label(node, problems));
    let truncation = get("truncation").map_or(Some(Truncation::default()), |node| {
        reader::one_of(node, "truncation", &Truncation::ALL, problems)
    });
    let stride = get("stride").map(|node| reader::integer(node, "stride", 0..=MOST_STRIDE, problems));
    let max_windows = get("max_windows").map(|node| reader::integer(node, "max_windows", 1..=MOST_WINDOWS, problems));
    let reading = fields.map_or(Some(Reading::default()), |fields| {
        declared::fill(*fields, READING_KEYS, problems)
    });
    let pictures = fields.map_or(Some(Pictures::default()), |fields| {
        declared::fill(*fields, PICTURE_KEYS, problems)
    });
    let split = split::read(
        get("split").filter(|node| hub.is_none() || !is_one_split(node)),
        [("validation", validation.is_some()), ("test", test.is_some())],
        problems,
    );
    Some(DataSpec::Table(Box::new(TableSpec {
        hub,
        train: train?,
        validation: inside(validation)?,
        test: inside(test)?,
        train_limit: inside(limit)?,
        text: texts?,
        label: label?,
        multi_label: separator.ok()?,
        truncation: truncation?,
        stride: inside(stride)?.map(|stride| stride as usize),
        max_windows: inside(max_windows)?.map(|windows| windows as usize),
        reading: reading?,
        pictures: pictures?,
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
fn held_out(node: &Node, what: &str, naming: Naming<'_>, problems: &mut Problems) -> Option<HeldOut> {
    if let Some(Value::Int(_)) = node.scalar() {
        let count = reader::integer(node, what, 2..=i64::from(u32::MAX), problems)?;
        return Some(HeldOut::Count(count as usize));
    }
    if let Some(Value::Float(share)) = node.scalar() {
        problems.error(
            Diagnostic::error(&node.location, format!("`{what}` is files or a number of examples"))
                .with_help(format!("write a share as `split: {{{what}: {share}}}`")),
        );
        return None;
    }
    let names = reader::one_or_more(node, what, problems)?;
    paths(&names, node, naming, problems).map(HeldOut::Files)
}

/// The meaning of the names of examples.
#[derive(Clone, Copy)]
enum Naming<'a> {
    Files(Files<'a>),
    /// Splits of a data set of the hub.
    Splits,
}

/// Files, folders and patterns of files, or splits of the hub.
fn paths(names: &[String], node: &Node, naming: Naming<'_>, problems: &mut Problems) -> Option<Vec<PathBuf>> {
    let nodes: Vec<&Node> = match &node.content {
        Content::Sequence(items) => items.iter().collect(),
        Content::Null | Content::Scalar(_) | Content::Mapping(_) => vec![node],
    };
    let mut is_clean = true;
    let mut found = Vec::new();
    for (name, node) in names.iter().zip(nodes.into_iter().cycle()) {
        let Naming::Files(files) = naming else {
            is_clean &= hub_data::is_split(name, node, problems);
            found.push(PathBuf::from(name));
            continue;
        };
        if let Some(set) = name.strip_prefix(BUILTIN) {
            if is_table(set) {
                found.push(name.into());
                continue;
            }
            problems.error(
                Diagnostic::error(&node.location, "built-in data cannot be used together with files")
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
        problems.error(Diagnostic::error(&node.location, message));
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
                    Diagnostic::error(&node.location, "the separator of the labels is empty")
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
                Diagnostic::error(&items[1].location, format!("`text` names the column `{second}` twice"))
                    .with_help("a pair of texts has two columns, such as `text: [premise, hypothesis]`"),
            );
            None
        }
        _ => {
            problems.error(
                Diagnostic::error(&node.location, format!("`text` names {} columns", columns.len()))
                    .with_help("name one column, two for pairs of texts, or join several with a template such as `\"{title}. {body}\"`"),
            );
            None
        }
    }
}
