//! Errors in data, with messages that tell the user how to fix them.

use std::io;
use std::path::PathBuf;

use automl_tokenizer::TokenizerError;

use super::suggestion::{did_you_mean, listed};

/// The reason why data cannot be used. Lines are counted from 1, including the header.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The file does not exist.
    #[error("no file `{}`{}", path.display(), did_you_mean(suggestion.as_deref()))]
    Missing {
        /// The file looked for.
        path: PathBuf,
        /// A file beside it with a similar name.
        suggestion: Option<String>,
    },
    /// The operating system cannot read the file.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file's extension does not identify a supported format.
    #[error("`{}` cannot be read as a table: use a file that ends in `.csv`, `.tsv` or `.jsonl`", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file is too large to be held in memory.
    #[error("`{}` has {bytes} bytes; at most {limit} are read: take a part of it", path.display())]
    FileTooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The largest size that is read.
        limit: u64,
    },
    /// One line, or one quoted record, is too long.
    #[error(
        "`{}`, line {line}: more than {limit} bytes in one row; is a line break or a closing quote missing",
        path.display()
    )]
    LineTooLong {
        /// The file.
        path: PathBuf,
        /// The line where the row begins.
        line: u64,
        /// The longest row that is read, in bytes.
        limit: u64,
    },
    /// The file is empty.
    #[error("`{}` is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file has a header but no rows.
    #[error("`{}` has a header but no rows", path.display())]
    HeaderOnly {
        /// The file.
        path: PathBuf,
    },
    /// The file has bytes that are not valid UTF-8.
    #[error("`{}`, line {line}: not valid UTF-8; save the file as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
    },
    /// The table has no column, or the object no key, with this name.
    #[error(
        "`{}`, line {line}: no column `{column}`{}; there {}",
        path.display(),
        did_you_mean(suggestion.as_deref()),
        listed("column", available)
    )]
    UnknownColumn {
        /// The file.
        path: PathBuf,
        /// The line of the header, or of the object.
        line: u64,
        /// The name looked for.
        column: String,
        /// The names of all columns.
        available: Vec<String>,
        /// The closest of them.
        suggestion: Option<String>,
    },
    /// The header has the column more than once.
    #[error("`{}`: the column `{column}` is there more than once; rename one of them", path.display())]
    RepeatedColumn {
        /// The file.
        path: PathBuf,
        /// The name.
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
    #[error("{count} columns of texts are named; name one, or two for pairs of texts")]
    TextColumns {
        /// Number of columns.
        count: usize,
    },
    /// A row has more or fewer fields than the header.
    #[error(
        "`{}`, line {line}: {found} fields where the header has {expected}; {advice}",
        path.display()
    )]
    Ragged {
        /// The file.
        path: PathBuf,
        /// The line where the row begins.
        line: u64,
        /// Fields in the header.
        expected: usize,
        /// Fields in the row.
        found: usize,
        /// A possible fix, which depends on the format.
        advice: &'static str,
    },
    /// A quoted field is never closed.
    #[error("`{}`, line {line}: a quote is opened and never closed", path.display())]
    UnclosedQuote {
        /// The file.
        path: PathBuf,
        /// The line where the row begins.
        line: u64,
    },
    /// A row has no label.
    #[error("`{}`, line {line}: the label is empty; label the row or remove it", path.display())]
    EmptyLabel {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
    },
    /// A line is not a JSON object.
    #[error("`{}`, line {line}: not a JSON object: {message}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The parser's message.
        message: String,
    },
    /// A value has a type that the column cannot hold.
    #[error("`{}`, line {line}: `{column}` is {found}; it must be {wanted}", path.display())]
    WrongKind {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// The type of the value.
        found: &'static str,
        /// The allowed types.
        wanted: &'static str,
    },
    /// All rows have the same label.
    #[error("`{}`: every row has the label `{label}`; at least two labels are needed", path.display())]
    OneLabel {
        /// The file.
        path: PathBuf,
        /// The only label.
        label: String,
    },
    /// A row has a label that is not a number.
    #[error("`{}`, line {line}: the label `{label}` is not a number, and `task: regression` predicts numbers", path.display())]
    NotANumber {
        /// The file.
        path: PathBuf,
        /// The line where the row begins.
        line: u64,
        /// The label.
        label: String,
    },
    /// A validation row has a label that is not in the training data.
    #[error(
        "`{}`, line {line}: the label `{label}` is not in the training data{}; there {}",
        path.display(),
        did_you_mean(suggestion.as_deref()),
        listed("label", known)
    )]
    UnknownLabel {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
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
}
