//! Errors of reading, with messages that tell the user where the fault is and how to fix it.

use std::fmt;
use std::io;

use crate::position::Position;
use crate::suggestion::{did_you_mean, listed, quoted};

/// A fault in the data and its position.
#[derive(Debug)]
pub struct ReadError(Box<Located>);

#[derive(Debug)]
struct Located {
    position: Position,
    fault: Fault,
}

impl ReadError {
    pub(crate) fn new(position: Position, fault: Fault) -> Self {
        Self(Box::new(Located { position, fault }))
    }

    /// The position of the fault.
    pub fn position(&self) -> &Position {
        &self.0.position
    }

    /// The fault.
    pub fn fault(&self) -> &Fault {
        &self.0.fault
    }

    /// Returns whether the fault is in one record only, so that a [`Reader`](crate::Reader) goes on with the next.
    pub fn is_of_one_record(&self) -> bool {
        match self.fault() {
            Fault::NotUtf8 { .. }
            | Fault::NulByte
            | Fault::Ragged { .. }
            | Fault::Json { .. }
            | Fault::RepeatedKey { .. }
            | Fault::NotAnObject { .. }
            | Fault::Question { .. }
            | Fault::UnknownClass { .. } => true,
            Fault::Missing { .. }
            | Fault::Io(_)
            | Fault::Damaged { .. }
            | Fault::NoSources
            | Fault::NoMatch
            | Fault::Pattern { .. }
            | Fault::Empty
            | Fault::NoRows
            | Fault::Folder { .. }
            | Fault::Foreign { .. }
            | Fault::NoColumnar
            | Fault::UnknownFormat { .. }
            | Fault::UnknownEncoding { .. }
            | Fault::Option { .. }
            | Fault::Encoding { .. }
            | Fault::CarriageReturns
            | Fault::RecordTooLarge { .. }
            | Fault::DocumentTooLarge { .. }
            | Fault::TooManyColumns { .. }
            | Fault::RepeatedColumn { .. }
            | Fault::OtherColumns { .. }
            | Fault::UnclosedQuote
            | Fault::Document { .. }
            | Fault::ColumnLengths { .. }
            | Fault::NoRecords { .. }
            | Fault::Columnar { .. } => false,
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.0.position, self.0.fault)
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.fault {
            Fault::Io(source) | Fault::Damaged { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// The kind of a fault. The message says what happened, why, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The file does not exist.
    #[error("there is no such file{}", did_you_mean(suggestion.as_deref()))]
    Missing {
        /// A file beside it with a similar name.
        suggestion: Option<String>,
    },
    /// The operating system cannot read the file.
    #[error("cannot be read: {0}")]
    Io(io::Error),
    /// A compressed file is cut off or changed.
    #[error("the {compression} data is damaged or cut off ({source}); download or compress the file again")]
    Damaged {
        /// Name of the compression.
        compression: &'static str,
        /// The decoder's reason.
        source: io::Error,
    },
    /// No source is given.
    #[error("no file is given; name a file, a folder, a pattern such as `data/*.jsonl`, or `-` for standard input")]
    NoSources,
    /// No file matches a pattern.
    #[error("no file matches this pattern; `*` stands for any name, `**` for any folders")]
    NoMatch,
    /// A pattern of files is malformed.
    #[error("not a valid pattern of files: {message}")]
    Pattern {
        /// The reason.
        message: String,
    },
    /// The file has no content.
    #[error("the file is empty; is it the right one, and is it completely written")]
    Empty,
    /// There are no records.
    #[error("there are no records; add some (a table needs rows below its header, or `columns` if it has no header)")]
    NoRows,
    /// A folder has no readable layout.
    #[error("{problem}; use a folder with one subfolder of `.txt` files per class, or name the data files")]
    Folder {
        /// The thing that is there instead.
        problem: String,
    },
    /// The content is that of a known format that cannot be read.
    #[error("this is {what}; {advice}")]
    Foreign {
        /// The content, with an article.
        what: &'static str,
        /// A way to get readable data.
        advice: &'static str,
    },
    /// The program is built without columnar formats.
    #[error("this is a Parquet or Arrow file, and this build cannot read them; build with the feature `columnar`")]
    NoColumnar,
    /// No format has this name.
    #[error("unknown format `{name}`{}; there {}", did_you_mean(suggestion.as_deref()), listed("format", known))]
    UnknownFormat {
        /// The name in the options.
        name: String,
        /// The names of all formats.
        known: Vec<String>,
        /// The closest of them.
        suggestion: Option<String>,
    },
    /// There is no encoding with this name.
    #[error("unknown encoding `{name}`; use a name such as `utf-8`, `latin-1`, `cp1252` or `utf-16`")]
    UnknownEncoding {
        /// The name in the options.
        name: String,
    },
    /// An option has a value that cannot work.
    #[error("the option `{option}` {problem}")]
    Option {
        /// Name of the option.
        option: &'static str,
        /// The fault and the remedy, after the option's name.
        problem: String,
    },
    /// The bytes are not valid UTF-8.
    #[error("not valid UTF-8 (byte 0x{byte:02x}); save the file as UTF-8, or set `encoding` ({hint})")]
    NotUtf8 {
        /// The first invalid byte.
        byte: u8,
        /// Encodings to try.
        hint: &'static str,
    },
    /// The bytes are not valid in the declared encoding.
    #[error("not valid {encoding}; set `encoding` to the one that the file was written with")]
    Encoding {
        /// Name of the encoding.
        encoding: &'static str,
    },
    /// A text has a NUL byte.
    #[error("a NUL byte, which text files never have; is the file damaged, or is it UTF-16 (set `encoding: utf-16le`)")]
    NulByte,
    /// Lines end as on old Macs.
    #[error(
        "lines end with a carriage return alone; convert the line ends to line feeds (for example with `mac2unix`)"
    )]
    CarriageReturns,
    /// A record is too large.
    #[error("a record has more than {} MiB; is a line break or a closing quote missing", limit >> 20)]
    RecordTooLarge {
        /// The largest size, in bytes.
        limit: usize,
    },
    /// A file that must be held in memory is too large.
    #[error("{what} are read as a whole, and this one has more than {} MiB; convert it to JSONL or Parquet", limit >> 20)]
    DocumentTooLarge {
        /// Files of this kind.
        what: &'static str,
        /// The largest size, in bytes.
        limit: usize,
    },
    /// There are too many columns.
    #[error("there are more than {limit} columns; give every record the same keys, or set another `delimiter`")]
    TooManyColumns {
        /// The largest number.
        limit: usize,
    },
    /// Two columns have the same name.
    #[error("the columns {first} and {second} are both called `{column}`; rename one of them")]
    RepeatedColumn {
        /// The name.
        column: String,
        /// The index of the first column, counted from 1.
        first: usize,
        /// The index of the other column, counted from 1.
        second: usize,
    },
    /// Files that are read together have different columns.
    #[error(
        "the columns differ from those of `{first}`{}{}; give the files the same columns or read them one by one",
        quoted("; missing:", missing),
        quoted("; surplus:", surplus)
    )]
    OtherColumns {
        /// The first file.
        first: String,
        /// Columns of the first file that this file lacks.
        missing: Vec<String>,
        /// Columns that only this file has.
        surplus: Vec<String>,
    },
    /// A row has more or fewer fields than the header.
    #[error("{found} fields where the {reference} has {expected}; {advice}")]
    Ragged {
        /// The origin of the number of fields.
        reference: &'static str,
        /// Number of fields there.
        expected: usize,
        /// Number of fields in this row.
        found: usize,
        /// A possible fix, which depends on the format.
        advice: &'static str,
    },
    /// A quoted field is never closed.
    #[error("a quote is opened here and never closed; close it, or set `quotes: false` if quotes are plain characters")]
    UnclosedQuote,
    /// A record is not valid JSON.
    #[error("not valid JSON: {problem}")]
    Json {
        /// The fault and the fix.
        problem: String,
    },
    /// A JSON object has a key twice.
    #[error("the key `{key}` is there twice in one object; rename or remove one of them")]
    RepeatedKey {
        /// The key.
        key: String,
    },
    /// A record is something else than a JSON object.
    #[error("{found} where an object such as {{\"text\": \"…\"}} is expected{advice}")]
    NotAnObject {
        /// The kind of the value, with an article.
        found: &'static str,
        /// A possible fix; it begins with a semicolon or is empty.
        advice: &'static str,
    },
    /// A JSON document as a whole is malformed.
    #[error("not valid JSON: {problem}")]
    Document {
        /// The fault and the fix.
        problem: String,
    },
    /// The columns of a JSON document differ in length.
    #[error("the column `{column}` has {found} values and `{other}` has {expected}; every column needs one per record")]
    ColumnLengths {
        /// The column.
        column: String,
        /// Number of its values.
        found: usize,
        /// The first column.
        other: String,
        /// Number of the first column's values.
        expected: usize,
    },
    /// A JSON document has no list of records.
    #[error("{problem}; use a list of objects, or name the key of that list with `records_key`")]
    NoRecords {
        /// The thing that is there instead.
        problem: String,
    },
    /// A question of a `SQuAD` file is malformed.
    #[error("not in the SQuAD format: {problem}")]
    Question {
        /// The fault.
        problem: String,
    },
    /// A columnar file is malformed or uses an unsupported feature.
    #[error("the {format} data cannot be read: {message}; write or download the file again")]
    Columnar {
        /// Name of the format.
        format: &'static str,
        /// The decoder's reason.
        message: String,
    },
    /// A class index has no name.
    #[error("`{column}` has the class {index}, but names only {classes} classes (0 to {})", classes.saturating_sub(1))]
    UnknownClass {
        /// The column.
        column: String,
        /// The class in the row.
        index: i64,
        /// Number of names.
        classes: usize,
    },
}
