//! `data.split`: how validation and test examples are taken from the training files.

use serde::{Deserialize, Serialize};

use super::declared::{self, Field, Plain, Word, at, field};
use super::diagnostics::Diagnostic;
use super::keys::{Key, Kind, SEED, Section};
use super::raw::{Content, Node};
use super::reader::{self, Problems};
use super::write;
use crate::space::Value;
use crate::units::Seed;

/// How validation and test examples are taken from the training files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// The rule; `None`: the rule of `stratify`, and duplicates are not kept together.
    pub by: Option<SplitBy>,
    /// The column of groups or times.
    pub column: Option<String>,
    /// Number of folds of a cross-validation, which replace the validation examples; `None`: these are held out once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<u32>,
    /// Examples for validation.
    pub validation: Amount,
    /// Examples for the test; a share of 0 for none.
    pub test: Amount,
    /// `true` to keep the share of every label.
    pub stratify: bool,
    /// `true` to keep near duplicates on one side too.
    pub near_duplicates: bool,
    /// The seed of the split. It is not the study's seed, so studies with other seeds use the same examples.
    pub seed: Seed,
}

impl Default for Split {
    fn default() -> Self {
        Self {
            by: None,
            column: None,
            folds: None,
            validation: Amount::Share(0.2),
            test: Amount::Share(0.0),
            stratify: true,
            near_duplicates: false,
            seed: Seed(1),
        }
    }
}

impl Split {
    /// Returns whether duplicates stay on one side: if the split says by what it goes, asks for it, or has folds.
    pub fn keeps_together(&self) -> bool {
        self.by.is_some() || self.near_duplicates || self.folds.is_some()
    }

    /// Returns whether the share of every label is kept.
    pub fn is_stratified(&self) -> bool {
        match self.by {
            Some(SplitBy::Random | SplitBy::Time) => false,
            Some(SplitBy::Stratified | SplitBy::Group) => true,
            None => self.stratify,
        }
    }
}

/// The rule of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitBy {
    /// Rows at random.
    Random,
    /// Rows at random, with the share of every label.
    Stratified,
    /// Rows with the same value in a column stay on one side.
    Group,
    /// The latest rows are held out.
    Time,
}

impl Word for SplitBy {
    fn names() -> Vec<(&'static str, Self)> {
        vec![
            ("random", Self::Random),
            ("stratified", Self::Stratified),
            ("group", Self::Group),
            ("time", Self::Time),
        ]
    }
}

/// A share of some examples, or a number of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// A share in `0..1`.
    Share(f64),
    /// A number.
    Count(usize),
}

impl Amount {
    /// Returns whether it is nothing.
    pub fn is_none(self) -> bool {
        match self {
            Self::Share(share) => share <= 0.0,
            Self::Count(count) => count == 0,
        }
    }

    /// The number of examples among `examples`. A share above 0 is the nearest whole number, and at least one.
    pub fn of(self, examples: usize) -> usize {
        match self {
            Self::Share(0.0) => 0,
            Self::Share(share) => ((share * examples as f64).round() as usize).max(1),
            Self::Count(count) => count,
        }
    }

    /// Reads a share, or a number from 2 to `most`. A share of 0 is an error if it is `open`.
    pub(super) fn read_within(
        node: &Node,
        name: &str,
        (open, most): (bool, u64),
        problems: &mut Problems,
    ) -> Option<Self> {
        match node.scalar() {
            Some(Value::Int(count)) if count != 0 && (count != 1 || most < u64::from(u32::MAX)) => {
                let most = i64::try_from(most).unwrap_or(i64::MAX);
                reader::integer(node, name, 2..=most, problems).map(|count| Self::Count(count as usize))
            }
            _ => reader::number_within(node, name, (0.0, 1.0), (open, true), problems).map(Self::Share),
        }
    }
}

impl Plain for Amount {
    fn read(node: &Node, key: &Key, problems: &mut Problems) -> Option<Self> {
        let is_open = matches!(key.kind, Kind::Any([_, Kind::Number { open: (true, _), .. }]));
        Self::read_within(node, key.name, (is_open, u64::from(u32::MAX)), problems)
    }

    fn yaml(&self, _: &Key) -> Option<String> {
        Some(match self {
            Self::Share(share) => write::float(*share),
            Self::Count(count) => count.to_string(),
        })
    }
}

/// A number of examples.
pub(super) const COUNT: Kind = Kind::Integer {
    min: 2,
    max: u32::MAX as u64,
};

/// A number of examples, or a share.
const AMOUNT: [Kind; 2] = [
    COUNT,
    Kind::Number {
        min: 0.0,
        max: 1.0,
        open: (true, true),
    },
];

/// As [`AMOUNT`], or none.
const AMOUNT_OR_NONE: [Kind; 2] = [
    COUNT,
    Kind::Number {
        min: 0.0,
        max: 1.0,
        open: (false, true),
    },
];

/// `data.split` in the schema.
pub(super) const SPLIT: Section = Section {
    name: "split",
    about: "How validation and test examples are taken from `train`.",
    keys: || declared::keys(SPLIT_KEYS),
};

/// The largest number of folds.
const MOST_FOLDS: u64 = 100;

/// The keys of `data.split`.
pub(super) const SPLIT_KEYS: &[Field<Split>] = &[
    field(
        "by",
        Kind::Words(declared::words_of::<SplitBy>),
        at!(Split.by),
        "The rule: `random` rows; `stratified`, which keeps the share of every label; `group`, which keeps rows with the same value in `column` in the same part; or `time`, which holds out the latest rows by `column`. With any of them, rows with the same text stay in the same part; white space does not count. Without it, rows are split by `stratify`, and duplicates may be in two parts.",
    )
    .examples(&["\"group\""]),
    field(
        "column",
        Kind::Text,
        at!(Split.column),
        "The column of `by: group` or `by: time`. Times are numbers, or dates and times as in ISO 8601.",
    )
    .examples(&["\"user_id\"", "\"created_at\""]),
    field(
        "folds",
        Kind::Integer {
            min: 2,
            max: MOST_FOLDS,
        },
        at!(Split.folds),
        "Cross-validation in place of `validation`: every example is in one of so many folds, and is validated by the model that is trained on the others. A trial trains on the first fold until the last rung; there it trains on all of them, and counts with their mean. All trials have the same folds, and duplicates stay in one. For `task: text-classification` and `task: regression`.",
    )
    .examples(&["5"]),
    field(
        "validation",
        Kind::Any(&AMOUNT),
        at!(Split.validation),
        "The examples on which trials are compared: a share or a number.",
    ),
    field(
        "test",
        Kind::Any(&AMOUNT_OR_NONE),
        at!(Split.test),
        "The examples for a test of the winner: a share or a number. No trial sees them.",
    ),
    field(
        "stratify",
        Kind::Boolean,
        at!(Split.stratify),
        "`true` to keep the share of every label. `by` replaces it.",
    ),
    field(
        "near_duplicates",
        Kind::Boolean,
        at!(Split.near_duplicates),
        "`true` to keep near duplicates in the same part: texts that share 80 % of their pieces of five characters, without case and punctuation. Exact duplicates stay together too.",
    )
    .terse(),
    field(
        "seed",
        SEED,
        at!(Split.seed),
        "The seed of the split. It is not the study's seed, so studies with other seeds use the same examples.",
    ),
];

/// Reads `data.split`. `known` says which parts are told beside it.
pub(super) fn read(node: Option<&Node>, known: [(&str, bool); 2], problems: &mut Problems) -> Option<Split> {
    let Some(node) = node else {
        return Some(Split::default());
    };
    let entry = |name: &str| match &node.content {
        Content::Mapping(entries) => entries.iter().find(|entry| entry.key == name),
        Content::Null | Content::Scalar(_) | Content::Sequence(_) => None,
    };
    for (part, _) in known.into_iter().filter(|(_, is_known)| *is_known) {
        if let Some(entry) = entry(part) {
            problems.error(
                Diagnostic::error(
                    &entry.key_location,
                    format!("`{part}` above already says which examples these are"),
                )
                .with_help(format!("remove this, or `{part}` above")),
            );
            return None;
        }
    }
    let split = declared::read(node, "split", SPLIT_KEYS, problems)?;
    if let Some(folds) = entry("folds") {
        let [(_, is_validation_known), _] = known;
        let fault = if is_validation_known {
            Some((
                "`folds` validates every example of `train`, but `validation` above names other examples",
                "remove one of the two",
            ))
        } else if entry("validation").is_some() {
            Some((
                "`folds` already says which examples each model is validated on",
                "remove `validation`",
            ))
        } else if split.by == Some(SplitBy::Time) {
            let help =
                "use `by: time` with `validation`: a model may not learn from what comes after its validation examples";
            Some(("`by: time` has no folds", help))
        } else {
            None
        };
        if let Some((message, help)) = fault {
            problems.error(Diagnostic::error(&folds.key_location, message).with_help(help));
            return None;
        }
    }
    if let (Some(by), Some(stratify)) = (entry("by"), entry("stratify")) {
        let message = "`by` already says whether the share of every label is kept";
        problems.error(Diagnostic::error(&stratify.key_location, message).with_help(format!(
            "remove `stratify`; `by: {}` is enough",
            by.value.plain().unwrap_or("stratified")
        )));
        return None;
    }
    match (split.by, entry("column")) {
        (Some(SplitBy::Group), None) => {
            problems.error(
                Diagnostic::error(&node.location, "`by: group` lacks `column`")
                    .with_help("name the column of the groups, such as `column: user_id`"),
            );
            return None;
        }
        (Some(SplitBy::Time), None) => {
            problems.error(
                Diagnostic::error(&node.location, "`by: time` lacks `column`")
                    .with_help("name the column of the times, such as `column: created_at`"),
            );
            return None;
        }
        (Some(SplitBy::Random | SplitBy::Stratified) | None, Some(column)) => {
            problems.error(
                Diagnostic::error(
                    &column.key_location,
                    "`column` is only used by `by: group` and `by: time`",
                )
                .with_help("add one of them, or remove `column`"),
            );
            return None;
        }
        (Some(SplitBy::Group | SplitBy::Time), Some(_)) | (_, None) => {}
    }
    let share = |amount| match amount {
        Amount::Share(share) => share,
        Amount::Count(_) => 0.0,
    };
    let validation = if split.folds.is_some() {
        0.0
    } else {
        share(split.validation)
    };
    if validation + share(split.test) >= 1.0 {
        problems.error(Diagnostic::error(
            &node.location,
            "validation and test leave no examples to train on",
        ));
        return None;
    }
    Some(split)
}
