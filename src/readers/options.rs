//! Settings of reading.

/// Settings of reading. The default finds everything by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Name of the format; see [`FORMATS`](crate::FORMATS). `None` finds it by content and extension.
    pub format: Option<String>,
    /// The character between the fields of a table. `None` finds it among comma, semicolon, tab and `|`.
    pub delimiter: Option<char>,
    /// True if double quotes protect a field of a table. `None`: they do, except in tab-separated files, where real texts
    /// begin with unpaired quotes.
    pub quotes: Option<bool>,
    /// Lines of a table or `CoNLL` file that begin with this character are skipped.
    pub comment: Option<char>,
    /// Names of the columns of a table without a header, of a JSON file of lists, or of a `CoNLL` file.
    pub columns: Option<Vec<String>>,
    /// The key that holds the records of a JSON file such as `{"data": [...]}`. `None` takes the first list of objects.
    pub records_key: Option<String>,
    /// Name of the encoding, such as `latin-1`. `None` is UTF-8, or UTF-16 if the file begins with its mark.
    pub encoding: Option<String>,
    /// The format of text without a telling name.
    pub unnamed: Unnamed,
    /// Size limits.
    pub limits: Limits,
}

/// The format of text of a source without a telling name, such as that of standard input. JSON, columnar files and compressed
/// ones are recognised in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unnamed {
    /// The format that it looks like.
    #[default]
    Guess,
    /// A table if its first line names these columns, otherwise one text per line.
    TableWith(Vec<String>),
    /// A table.
    Table,
    /// A table. A JSON object with a list of objects and none of these columns holds the records.
    RecordsWith(Vec<String>),
}

/// Sizes beyond which data are refused, so that a wrong file cannot fill the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest record, in bytes after decompression.
    pub record: usize,
    /// Largest file of a format that is read as a whole, in bytes after decompression.
    pub document: usize,
    /// Most columns.
    pub columns: usize,
}

impl Default for Limits {
    /// 64 MiB per record, 1 GiB per file that is read as a whole, 10,000 columns: far above real training data, far
    /// below the memory of a machine for fine-tuning.
    fn default() -> Self {
        Self {
            record: 64 << 20,
            document: 1 << 30,
            columns: 10_000,
        }
    }
}
