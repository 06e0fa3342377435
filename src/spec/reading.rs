//! The keys of `data` that say how files are written. All of it is found without them, except what a file does not tell.

use serde::{Deserialize, Serialize};

use super::declared::{self, Field, Word, at, field};
use super::keys::Kind;
use crate::readers::FORMATS;

/// How the files of the data are written. What is not said is found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Name of the format.
    pub format: Option<String>,
    /// The character between the fields of a table.
    pub delimiter: Option<char>,
    /// `true` if double quotes protect the fields of a table.
    pub quotes: Option<bool>,
    /// The first character of lines that are skipped.
    pub comment: Option<char>,
    /// Names of the columns, for files without a header.
    pub columns: Option<Vec<String>>,
    /// The key of the list of records in a JSON document.
    pub records_key: Option<String>,
    /// Name of the encoding.
    pub encoding: Option<String>,
    /// The treatment of rows without a label or a text. `None`: rows without a label are left out, and an empty text
    /// is an example.
    pub on_missing: Option<OnMissing>,
}

/// The treatment of rows without a label or a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMissing {
    /// They are left out and counted.
    Skip,
    /// They are errors.
    Error,
}

impl Word for OnMissing {
    fn names() -> Vec<(&'static str, Self)> {
        vec![("skip", Self::Skip), ("error", Self::Error)]
    }
}

/// The keys of [`Reading`], among those of `data`.
pub(super) const READING_KEYS: &[Field<Reading>] = &[
    field(
        "format",
        Kind::Words(|| FORMATS.iter().map(|format| format.name).collect()),
        at!(Reading.format),
        "The format of the files, if neither their names nor their contents tell it.",
    ),
    field(
        "delimiter",
        Kind::Text,
        at!(Reading.delimiter),
        "The character between the fields of a table, or `tab`. Without it, it is found among `,`, `;`, tab and `|`.",
    )
    .examples(&["\";\"", "\"tab\""]),
    field(
        "quotes",
        Kind::Boolean,
        at!(Reading.quotes),
        "`true` if double quotes protect the fields of a table. Without it, they do unless tabs separate the fields.",
    ),
    field(
        "comment",
        Kind::Text,
        at!(Reading.comment),
        "Lines of a table that begin with this character are skipped.",
    )
    .examples(&["\"#\""]),
    field(
        "columns",
        Kind::List(&Kind::Text),
        at!(Reading.columns),
        "The names of all columns, for files without a header.",
    )
    .examples(&["[\"label\", \"text\"]"]),
    field(
        "records_key",
        Kind::Text,
        at!(Reading.records_key),
        "The key that holds the list of records in a JSON document. Without it, the first list of objects is taken.",
    )
    .examples(&["\"rows\""]),
    field(
        "encoding",
        Kind::Text,
        at!(Reading.encoding),
        "The encoding of the files, if it is neither UTF-8 nor UTF-16 with a byte-order mark.",
    )
    .examples(&["\"latin-1\"", "\"cp1252\""]),
    field(
        "on_missing",
        Kind::Words(declared::words_of::<OnMissing>),
        at!(Reading.on_missing),
        "`skip` to leave out and count rows whose label or text is empty, `error` to refuse them. Without it, rows without a label are left out, and rows with an empty text are used.",
    ),
];
