//! Everything that can be wrong with data, said so that the user can mend it.

use std::io;
use std::path::PathBuf;

use super::suggestion::{did_you_mean, listed};

/// Why data cannot be used. Lines are counted from 1, the header included.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// There is no such file.
    #[error("no file `{}`{}", path.display(), did_you_mean(suggestion.as_deref()))]
    Missing {
        /// The file looked for.
        path: PathBuf,
        /// A file beside it with a similar name.
        suggestion: Option<String>,
    },
    /// The operating system refuses.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// The file's extension says nothing about its format.
    #[error("`{}` cannot be read as a table: use a file that ends in `.csv`, `.tsv` or `.jsonl`", path.display())]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file is larger than can be held in memory with good sense.
    #[error("`{}` has {bytes} bytes; at most {limit} are read: take a part of it", path.display())]
    FileTooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The largest size that is read.
        limit: u64,
    },
    /// One line, or one quoted record, goes on for too long.
    #[error(
        "`{}`, line {line}: more than {limit} bytes in one row; is a line break or a closing quote missing",
        path.display()
    )]
    LineTooLong {
        /// The file.
        path: PathBuf,
        /// Where the row begins.
        line: u64,
        /// The longest row that is read, in bytes.
        limit: u64,
    },
    /// The file holds nothing.
    #[error("`{}` is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file holds a header and nothing else.
    #[error("`{}` has a header but no rows", path.display())]
    HeaderOnly {
        /// The file.
        path: PathBuf,
    },
    /// Bytes that are not UTF-8.
    #[error("`{}`, line {line}: not valid UTF-8; save the file as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Where.
        line: u64,
    },
    /// The table has no column, or the object no key, of that name.
    #[error(
        "`{}`, line {line}: no column `{column}`{}; there {}",
        path.display(),
        did_you_mean(suggestion.as_deref()),
        listed("column", available)
    )]
    UnknownColumn {
        /// The file.
        path: PathBuf,
        /// The header's line, or the object's.
        line: u64,
        /// The name looked for.
        column: String,
        /// The names there are.
        available: Vec<String>,
        /// The nearest of them.
        suggestion: Option<String>,
    },
    /// The header has the wanted name twice.
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
    /// A row with more or fewer fields than the header.
    #[error(
        "`{}`, line {line}: {found} fields where the header has {expected}; {advice}",
        path.display()
    )]
    Ragged {
        /// The file.
        path: PathBuf,
        /// Where the row begins.
        line: u64,
        /// Fields in the header.
        expected: usize,
        /// Fields in the row.
        found: usize,
        /// What may mend it, which depends on the format.
        advice: &'static str,
    },
    /// A quoted field that never ends.
    #[error("`{}`, line {line}: a quote is opened and never closed", path.display())]
    UnclosedQuote {
        /// The file.
        path: PathBuf,
        /// Where the row begins.
        line: u64,
    },
    /// A row without a label.
    #[error("`{}`, line {line}: the label is empty; label the row or remove it", path.display())]
    EmptyLabel {
        /// The file.
        path: PathBuf,
        /// Where.
        line: u64,
    },
    /// A line that is no JSON object.
    #[error("`{}`, line {line}: not a JSON object: {message}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where.
        line: u64,
        /// The parser's words.
        message: String,
    },
    /// A value of a kind that the column cannot hold.
    #[error("`{}`, line {line}: `{column}` is {found}; it must be {wanted}", path.display())]
    WrongKind {
        /// The file.
        path: PathBuf,
        /// Where.
        line: u64,
        /// The column.
        column: String,
        /// What stands there.
        found: &'static str,
        /// What may stand there.
        wanted: &'static str,
    },
    /// Nothing to tell apart.
    #[error("`{}`: every row has the label `{label}`; at least two labels are needed", path.display())]
    OneLabel {
        /// The file.
        path: PathBuf,
        /// The only label.
        label: String,
    },
    /// A validation row with a label that no training row has.
    #[error(
        "`{}`, line {line}: the label `{label}` is not in the training data{}; there {}",
        path.display(),
        did_you_mean(suggestion.as_deref()),
        listed("label", known)
    )]
    UnknownLabel {
        /// The file.
        path: PathBuf,
        /// Where.
        line: u64,
        /// The label.
        label: String,
        /// The training labels.
        known: Vec<String>,
        /// The nearest of them.
        suggestion: Option<String>,
    },
    /// Shares that leave nothing to learn from.
    #[error("validation share {validation} and test share {test} must each be in 0..1 and together less than 1")]
    Shares {
        /// The validation share asked for.
        validation: f64,
        /// The test share asked for.
        test: f64,
    },
    /// The shares need more examples than can be spared.
    #[error(
        "{examples} examples of {labels} labels are too few to hold out {held_out}: every label keeps one for training; \
         add examples, lower the shares or give a validation file"
    )]
    TooFewExamples {
        /// Examples there are.
        examples: usize,
        /// Labels among them.
        labels: usize,
        /// Examples wanted for validation and test.
        held_out: usize,
    },
    /// No built-in data of that name.
    #[error("no built-in data `{name}`{}; there {}", did_you_mean(suggestion.as_deref()), listed("set", available))]
    UnknownBuiltin {
        /// The name looked for.
        name: String,
        /// The names there are.
        available: Vec<String>,
        /// The nearest of them.
        suggestion: Option<String>,
    },
    /// A limit that leaves no training example.
    #[error("the limit of 0 training examples leaves nothing to learn from; use at least 1")]
    NoTrainingExamples,
    /// An image or label file in IDX format that is not as it says.
    #[error("`{name}`: {problem}")]
    Idx {
        /// The file.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A model folder without a tokeniser.
    #[error("no tokeniser in `{}`: neither `tokenizer.json` nor `vocab.txt` is there", folder.display())]
    NoTokenizer {
        /// The folder.
        folder: PathBuf,
    },
    /// A tokeniser's file that cannot be understood.
    #[error("`{}` is malformed: {message}", path.display())]
    MalformedTokenizer {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A vocabulary without a token that every text needs.
    #[error("`{}` has no `{token}` token; is it the vocabulary of a BERT model", path.display())]
    VocabularyWithout {
        /// The file.
        path: PathBuf,
        /// The token.
        token: &'static str,
    },
    /// No room for a token of the text.
    #[error("a longest length of {max_length} tokens leaves no room for text; use at least {least}")]
    MaxLength {
        /// The length asked for.
        max_length: usize,
        /// The least that leaves room.
        least: usize,
    },
    /// The tokeniser gave up on a text.
    #[error("the tokeniser failed: {message}")]
    Tokenize {
        /// Its words.
        message: String,
    },
    /// Texts and images in one set.
    #[error("texts and images cannot be mixed in one set of examples")]
    MixedInputs,
}
