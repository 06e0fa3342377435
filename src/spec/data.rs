//! `data`: a built-in data set, or a table file with its columns and shares.

use std::path::PathBuf;

use super::diagnostics::Diagnostic;
use super::files::{FileCheck, Files};
use super::objective::{BUILTIN, BUILTIN_DATA, builtin};
use super::raw::{Content, Node};
use super::reader::{self, Fields, Problems};
use super::resolved::{DataSpec, Split};
use crate::units::Seed;

/// Leaves at least 1,000 of the 4,000 training images.
const MOST_BUILTIN_TEST: i64 = 3_000;

/// Reads `data`.
pub(super) fn read(node: &Node, files: Files<'_>, problems: &mut Problems) -> Option<DataSpec> {
    const KEYS: [&str; 7] = ["train", "validation", "text", "label", "split", "train_limit", "test"];
    if matches!(node.content, Content::Scalar(_)) {
        let text = reader::text(node, "data", problems)?;
        return match text.strip_prefix(BUILTIN) {
            Some(name) => builtin_data(name, (None, None), node, problems),
            None => table(&text, node, None, files, problems),
        };
    }
    let fields = Fields::read(node, "data", &KEYS, problems)?;
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
    for key in ["validation", "text", "label", "split"] {
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
    let apart = count("test", MOST_BUILTIN_TEST);
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
    let text = get("text").map_or(Some("text".to_owned()), |node| reader::text(node, "text", problems));
    let label = get("label").map_or(Some("label".to_owned()), |node| reader::text(node, "label", problems));
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
        split: split?,
    })
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
    let default = Split {
        validation: 0.2,
        test: 0.0,
        stratify: true,
        seed: Seed(1),
    };
    let Some(node) = node else { return Some(default) };
    let fields = Fields::read(node, "split", &["validation", "test", "stratify", "seed"], problems)?;
    if let Some(entry) = fields.entry("validation").filter(|_| has_validation_file) {
        problems.error(
            Diagnostic::error(
                &entry.key_place,
                "`validation` already names a file of validation examples",
            )
            .with_help("remove this, or `validation` above"),
        );
        return None;
    }
    let validation = fields.get("validation").map_or(Some(default.validation), |node| {
        reader::number_that(
            node,
            "validation",
            |share| share > 0.0 && share < 1.0,
            "a share between 0 and 1",
            problems,
        )
    });
    let test = fields.get("test").map_or(Some(default.test), |node| {
        reader::number_that(
            node,
            "test",
            |share| (0.0..1.0).contains(&share),
            "a share of at least 0 and less than 1",
            problems,
        )
    });
    let stratify = fields.get("stratify").map_or(Some(default.stratify), |node| {
        reader::boolean(node, "stratify", problems)
    });
    let seed = fields
        .get("seed")
        .map_or(Some(default.seed.0), |node| reader::seed(node, "seed", problems));
    let split = Split {
        validation: validation?,
        test: test?,
        stratify: stratify?,
        seed: Seed(seed?),
    };
    if split.validation + split.test >= 1.0 {
        problems.error(Diagnostic::error(
            fields.place,
            "validation and test leave no examples to train on",
        ));
        return None;
    }
    Some(split)
}
