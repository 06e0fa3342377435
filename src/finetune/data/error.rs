//! Errors in data, with messages that tell the user how to fix them.

use automl_readers::{Fault, Position, ReadError};
use automl_tokenizer::TokenizerError;

use super::answering::AnsweringError;
use super::image_size::ImageSize;
use super::missing::Missing;
use super::pictures::PictureError;
use super::suggestion::{did_you_mean, listed, quoted};
use super::tagging::TaggingError;

/// The reason why data cannot be used. Lines and rows are counted from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file cannot be read, or one of its records is damaged.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Sentences or their tags cannot be used.
    #[error(transparent)]
    Tagging(#[from] TaggingError),
    /// Pictures cannot be used.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// Questions or their answers cannot be used.
    #[error(transparent)]
    Answering(#[from] AnsweringError),
    /// The data has no column with this name.
    #[error("{place}: no column `{column}`{}; there {}", did_you_mean(suggestion.as_deref()), listed("column", available))]
    UnknownColumn {
        /// The file.
        place: Position,
        /// The name looked for.
        column: String,
        /// The names of all columns.
        available: Vec<String>,
        /// The closest of them.
        suggestion: Option<String>,
    },
    /// A column is not found.
    #[error(
        "{place}: no column of {what}: there is none of {}; the data has {}; name it with `{key}`",
        quoted(tried),
        quoted(columns)
    )]
    NoColumn {
        /// The file.
        place: Position,
        /// The kind of column.
        what: &'static str,
        /// The key of a spec that names it.
        key: &'static str,
        /// The names that were tried.
        tried: Vec<String>,
        /// The columns of the file.
        columns: Vec<String>,
    },
    /// A column has a type without texts and numbers.
    #[error(
        "{place}: the column `{column}` has values that are neither texts nor numbers, such as bytes; save it as text"
    )]
    Unreadable {
        /// The file.
        place: Position,
        /// The column.
        column: String,
    },
    /// Text and label are the same column.
    #[error("text and label are both taken from the column `{column}`; name two columns")]
    SameColumn {
        /// The name.
        column: String,
    },
    /// Both texts of a pair are the same column.
    #[error("both texts of a pair are taken from the column `{column}`; name two columns")]
    TextColumnTwice {
        /// The name.
        column: String,
    },
    /// There are too few or too many columns of texts.
    #[error(
        "{count} columns of texts are named; name one, two for pairs of texts, or join several with a template such as `\"{{title}}. {{body}}\"`"
    )]
    TextColumns {
        /// Number of columns.
        count: usize,
    },
    /// A template of texts is malformed.
    #[error(
        "the template `{template}` {problem}; write the names of columns in braces, such as `\"{{title}}. {{body}}\"`, and `{{{{` for a brace"
    )]
    Template {
        /// The template.
        template: String,
        /// The fault.
        problem: &'static str,
    },
    /// A row has no text.
    #[error("{place}: the text is empty; write one, remove the row, or leave such rows out with `on_missing: skip`")]
    EmptyText {
        /// The row.
        place: Position,
    },
    /// A row to predict has no text.
    #[error("{place}: `{column}` is missing; every row that is predicted needs a text")]
    NoText {
        /// The row.
        place: Position,
        /// The column.
        column: String,
    },
    /// A row has no label.
    #[error("{place}: the label is empty; label the row, remove it, or leave such rows out with `on_missing: skip`")]
    EmptyLabel {
        /// The row.
        place: Position,
    },
    /// No row has a label and a text.
    #[error("`{file}`: no row is left: {missing}")]
    NothingLeft {
        /// The file.
        file: String,
        /// The rows that are left out.
        missing: Missing,
    },
    /// A value has a type that the column cannot hold.
    #[error("{place}: `{column}` is {found}; it must be {wanted}")]
    WrongKind {
        /// The row.
        place: Position,
        /// The column.
        column: String,
        /// The type of the value.
        found: &'static str,
        /// The allowed types.
        wanted: &'static str,
    },
    /// All rows have the same label.
    #[error("`{file}`: every row has the label `{label}`; at least two labels are needed")]
    OneLabel {
        /// The file.
        file: String,
        /// The only label.
        label: String,
    },
    /// A row has a label that is not a number.
    #[error("{place}: the label `{label}` is not a number, and `task: regression` predicts numbers")]
    NotANumber {
        /// The row.
        place: Position,
        /// The label.
        label: String,
    },
    /// A validation row has a label that is not in the training data.
    #[error(
        "{place}: the label `{label}` is not in the training data{}; there {}",
        did_you_mean(suggestion.as_deref()),
        listed("label", known)
    )]
    UnknownLabel {
        /// The row.
        place: Position,
        /// The label.
        label: String,
        /// The training labels.
        known: Vec<String>,
        /// The closest of them.
        suggestion: Option<String>,
    },
    /// The shares leave no training examples.
    #[error("validation share {validation} and test share {test} must each be in 0..1 and together less than 1")]
    Shares {
        /// The requested validation share.
        validation: f64,
        /// The requested test share.
        test: f64,
    },
    /// A row has no value in the column that the split goes by.
    #[error("{place}: `{column}` is empty, but the split needs it; give every row a value")]
    NoSplitValue {
        /// The row.
        place: Position,
        /// The column.
        column: String,
    },
    /// A value cannot be compared as a time.
    #[error("{place}: `{column}` is `{value}`; it must be {wanted}")]
    NotATime {
        /// The row.
        place: Position,
        /// The column.
        column: String,
        /// The value.
        value: String,
        /// The forms that can be used.
        wanted: &'static str,
    },
    /// There are too few groups of rows that stay together.
    #[error(
        "rows that stay together, such as duplicates, leave {groups} {}, too few for {parts} parts of the data; add \
         examples, or hold out fewer parts",
        if *groups == 1 { "group" } else { "groups" }
    )]
    TooFewTogether {
        /// Number of groups.
        groups: usize,
        /// Number of parts.
        parts: usize,
    },
    /// A class would be missing from the training rows of its only fold.
    #[error(
        "the label `{label}` is in one group of rows only ({rows} {}), but cross-validation needs every label in two folds; \
         add rows of it, leave it out, or use `split: {{validation: 0.2}}` in place of `folds`",
        if *rows == 1 { "row" } else { "rows" }
    )]
    LabelInOneFold {
        /// The label.
        label: String,
        /// Number of rows of the group.
        rows: usize,
    },
    /// There are too few different times.
    #[error(
        "the rows have {times} different {}, too few for {parts} parts of the data: rows of one time stay together",
        if *times == 1 { "time" } else { "times" }
    )]
    TooFewTimes {
        /// Number of different times.
        times: usize,
        /// Number of parts.
        parts: usize,
    },
    /// There is nothing whose share could be kept.
    #[error("`split: {{by: stratified}}` keeps the share of every class, but numbers have none; use `by: random`")]
    NoStrata,
    /// There are too few sentences or contexts for the shares.
    #[error(
        "{groups} different sentences or contexts are too few to hold out {held_out}; add some, lower the shares or give a \
         validation file"
    )]
    TooFewGroups {
        /// Number of sentences, or of contexts that questions share.
        groups: usize,
        /// Number of those wanted for validation and test.
        held_out: usize,
    },
    /// There are too few examples for the shares.
    #[error(
        "{examples} examples of {labels} labels are too few to hold out {held_out}: every label keeps one for training; \
         add examples, lower the shares or give a validation file"
    )]
    TooFewExamples {
        /// Number of examples.
        examples: usize,
        /// Number of labels.
        labels: usize,
        /// Number of examples wanted for validation and test.
        held_out: usize,
    },
    /// The limit of training examples does not reach every label.
    #[error(
        "`train_limit: {limit}` is less than the {labels} labels: every label needs an example; use at least {labels}"
    )]
    LimitBelowLabels {
        /// The limit.
        limit: usize,
        /// Number of labels.
        labels: usize,
    },
    /// There are no built-in data with this name.
    #[error("no built-in data `{name}`{}; there {}", did_you_mean(suggestion.as_deref()), listed("set", available))]
    UnknownBuiltin {
        /// The name looked for.
        name: String,
        /// The names of all built-in data.
        available: Vec<String>,
        /// The closest of them.
        suggestion: Option<String>,
    },
    /// A limit leaves no training examples.
    #[error("the limit of 0 training examples leaves nothing to learn from; use at least 1")]
    NoTrainingExamples,
    /// An image or label file in IDX format does not match its own header.
    #[error("`{name}`: {problem}")]
    Idx {
        /// The file.
        name: String,
        /// The fault.
        problem: String,
    },
    /// The tokenizer cannot be read, or fails on a text.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// Texts and images are mixed in one set of examples.
    #[error("texts and images cannot be mixed in one set of examples")]
    MixedInputs,
    /// Images of two sizes are mixed in one set of examples.
    #[error("images of {one} and of {other} cannot be mixed in one set of examples")]
    MixedSizes {
        /// One size.
        one: ImageSize,
        /// Another size.
        other: ImageSize,
    },
}

impl DataError {
    /// Returns whether the data has no rows, such as a table with a header alone. That is not a fault if they should only
    /// be predicted.
    pub(super) fn is_of_no_rows(&self) -> bool {
        matches!(self, Self::Read(error) if matches!(error.fault(), Fault::NoRows))
    }
}
