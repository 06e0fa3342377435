//! The formats of data. One more format is one file and one line in [`FORMATS`].

pub(crate) mod arrow;
pub(crate) mod conll;
pub(crate) mod delimited;
pub(crate) mod json_array;
pub(crate) mod json_columns;
pub(crate) mod json_lines;
pub(crate) mod json_wrapped;
pub(crate) mod parquet;
pub(crate) mod plain_text;
pub(crate) mod squad;
pub(crate) mod text_folder;

use std::fmt;
use std::path::Path;

use crate::delimited::dialect;
use crate::error::{Fault, ReadError};
use crate::field::Kind;
use crate::head::{Head, Match};
use crate::input::Input;
use crate::json::outline::{Shape, outline};
use crate::options::{ReadOptions, Unnamed};
use crate::position::Position;
use crate::record::{Columns, Record};
use crate::source::Origin;

/// A format of data.
pub struct Format {
    /// The name in options and messages.
    pub name: &'static str,
    /// Endings of file names, without the dot.
    pub extensions: &'static [&'static str],
    /// The format in one sentence.
    pub about: &'static str,
    pub(crate) recognise: fn(&Head<'_>) -> Match,
    pub(crate) open: Open,
}

/// The records of a source that could be opened.
type Begun = Result<Box<dyn Records>, ReadError>;

/// The way to open a format.
#[derive(Clone, Copy)]
pub(crate) enum Open {
    /// From a stream of bytes.
    Stream(fn(Opening<'_>) -> Begun),
    /// From a folder.
    Folder(fn(&Path, &ReadOptions) -> Begun),
}

impl fmt::Debug for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Format")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// All formats. Where several fit equally well, the first is taken.
pub const FORMATS: &[Format] = &[
    parquet::FORMAT,
    arrow::FORMAT,
    json_lines::FORMAT,
    squad::FORMAT,
    json_wrapped::FORMAT,
    json_columns::FORMAT,
    json_array::FORMAT,
    conll::FORMAT,
    delimited::COMMA,
    delimited::TAB,
    plain_text::FORMAT,
    text_folder::FORMAT,
];

/// A source that is being opened.
#[cfg_attr(
    not(feature = "columnar"),
    expect(dead_code, reason = "only columnar files are opened a second time")
)]
pub(crate) struct Opening<'o> {
    pub(crate) input: Input,
    pub(crate) origin: &'o Origin,
    /// True if the bytes of the input are those of the file.
    pub(crate) is_plain: bool,
    pub(crate) options: &'o ReadOptions,
    /// The columns of the files before this one.
    pub(crate) columns: &'o Columns,
}

/// A stream of records from one source.
pub(crate) trait Records: Send {
    /// The next record; `None` behind the last.
    fn next(&mut self) -> Result<Option<Record>, ReadError>;

    /// The columns so far.
    fn columns(&self) -> Columns;

    /// Returns whether later records may have further columns.
    fn is_open_ended(&self) -> bool {
        false
    }

    /// The kinds of the columns, if the file declares them.
    fn kinds(&self) -> Option<Vec<Kind>> {
        None
    }

    /// The character between the fields of a table.
    fn delimiter(&self) -> Option<char> {
        None
    }

    /// Returns whether the next record of live data has not arrived yet.
    fn is_drained(&self) -> bool {
        false
    }
}

/// Opens nothing: this build cannot read columnar formats.
#[cfg(not(feature = "columnar"))]
#[expect(
    clippy::needless_pass_by_value,
    reason = "formats are opened through one type of function"
)]
fn without_columnar(opening: Opening<'_>) -> Result<Box<dyn Records>, ReadError> {
    Err(opening.input.error_of_file(Fault::NoColumnar))
}

/// The format with this name.
///
/// # Errors
/// If there is none.
pub(crate) fn named(name: &str, position: Position) -> Result<&'static Format, ReadError> {
    let by_name = FORMATS.iter().find(|format| format.name == name);
    let by_extension = || FORMATS.iter().find(|format| format.extensions.contains(&name));
    by_name.or_else(by_extension).ok_or_else(|| {
        let names = || FORMATS.iter().map(|format| format.name);
        let fault = Fault::UnknownFormat {
            name: name.to_owned(),
            known: names().map(str::to_owned).collect(),
            suggestion: automl_base::suggestion::did_you_mean(name, names()).map(str::to_owned),
        };
        ReadError::new(position, fault)
    })
}

/// The format of a file: by its mark; otherwise among the formats with its extension; otherwise by its content.
pub(crate) fn recognise(head: &Head<'_>, unnamed: &Unnamed) -> &'static Format {
    let best = |formats: &mut dyn Iterator<Item = &'static Format>, least: Match| {
        let mut best: Option<(Match, &'static Format)> = None;
        for format in formats {
            let found = (format.recognise)(head);
            if found >= least && best.is_none_or(|(other, _)| found > other) {
                best = Some((found, format));
            }
        }
        best.map(|(_, format)| format)
    };
    let has_extension = |format: &&Format| format.extensions.contains(&head.extension);
    best(&mut FORMATS.iter(), Match::Certain)
        .or_else(|| best(&mut FORMATS.iter().filter(has_extension), Match::Weak))
        .or_else(|| of_unnamed(head, unnamed).filter(|_| !FORMATS.iter().any(|format| has_extension(&format))))
        .or_else(|| best(&mut FORMATS.iter(), Match::Strong))
        .or_else(|| FORMATS.iter().find(has_extension))
        .or_else(|| best(&mut FORMATS.iter(), Match::Weak))
        .unwrap_or(&plain_text::FORMAT)
}

/// The format of text without a telling name, if it does not depend on what it looks like.
fn of_unnamed(head: &Head<'_>, unnamed: &Unnamed) -> Option<&'static Format> {
    let is_questions = (squad::FORMAT.recognise)(head) >= Match::Strong;
    if let Unnamed::TableWith(columns) | Unnamed::RecordsWith(columns) = unnamed
        && let Some(format) = of_one_object(head, columns)
        && !(is_questions && matches!(unnamed, Unnamed::RecordsWith(_)))
    {
        return Some(format);
    }
    let is_json = match head.first() {
        Some(b'{') => true,
        Some(b'[') => (json_array::FORMAT.recognise)(head) >= Match::Strong,
        _ => false,
    };
    if is_json || !head.is_text() {
        return None;
    }
    match unnamed {
        Unnamed::Guess => None,
        Unnamed::Table | Unnamed::RecordsWith(_) => Some(&delimited::COMMA),
        Unnamed::TableWith(columns) if names(head, columns) => Some(&delimited::COMMA),
        Unnamed::TableWith(_) => Some(&plain_text::FORMAT),
    }
}

/// The format of an object on one line that has a list of objects. It is the first record if it has one of the columns;
/// otherwise it holds the records.
fn of_one_object(head: &Head<'_>, columns: &[String]) -> Option<&'static Format> {
    let keys = outline(head.text);
    let list = keys.iter().find(|(_, shape, _)| *shape != Shape::Other);
    let is_alone = head.lines().filter(|line| !line.trim().is_empty()).nth(1).is_none();
    if !is_alone || !matches!(list, Some((_, Shape::Objects, _))) {
        return None;
    }
    let has = |column: &String| {
        let first = column.split('.').next().unwrap_or_default();
        keys.iter().any(|(key, ..)| *key == *column || *key == first)
    };
    Some(if columns.iter().any(has) {
        &json_lines::FORMAT
    } else {
        &json_wrapped::FORMAT
    })
}

/// Returns whether the first line that is not blank names all of these columns.
fn names(head: &Head<'_>, columns: &[String]) -> bool {
    let first = head.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    dialect::DELIMITERS.iter().any(|&delimiter| {
        let names: Vec<&str> = first
            .split(delimiter)
            .map(|name| name.trim().trim_matches('"'))
            .collect();
        columns.iter().all(|column| names.contains(&column.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(extension: &str, content: &str) -> &'static str {
        format_of(extension, content, &Unnamed::Guess)
    }

    fn format_of(extension: &str, content: &str, unnamed: &Unnamed) -> &'static str {
        recognise(&Head::new(content.as_bytes(), true, extension), unnamed).name
    }

    #[test]
    fn the_first_line_decides_whether_unnamed_text_is_a_table() {
        let with_text = Unnamed::TableWith(vec!["text".to_owned()]);
        for (content, expected) in [
            ("\n\"text\";label\na;b\n", "csv"),
            ("text\n", "csv"),
            ("a,b\nc,d\n", "text"),
            ("EU B-ORG\nrejects O\n\nGerman B-MISC\n", "text"),
            ("{\"text\": \"a\"}\n", "jsonl"),
            ("[sic] a text\n", "text"),
        ] {
            assert_eq!(format_of("", content, &with_text), expected, "{content:?}");
        }
        assert_eq!(format_of("", "a\nb\n", &Unnamed::Table), "csv");
        assert_eq!(format_of("txt", "text\na\n", &Unnamed::Table), "text");
    }

    #[test]
    fn names_are_unique_and_every_format_is_found_by_its_name() {
        for (index, one) in FORMATS.iter().enumerate() {
            assert!(
                FORMATS[..index].iter().all(|other| other.name != one.name),
                "{}",
                one.name
            );
            assert_eq!(named(one.name, Position::file("a")).unwrap().name, one.name);
            assert!(!one.about.is_empty());
        }
        let unknown = named("parket", Position::file("a")).unwrap_err().to_string();
        assert!(unknown.contains("did you mean `parquet`"), "{unknown}");
    }

    #[test]
    fn an_object_without_the_columns_holds_the_records() {
        let with_text = Unnamed::TableWith(vec!["text".to_owned()]);
        let of = |content| format_of("", content, &with_text);
        assert_eq!(
            of("{\"rows\": [{\"text\": \"a\"}, {\"text\": \"b\"}]}\n"),
            "json-wrapped"
        );
        assert_eq!(of("{\"text\": \"a\", \"spans\": [{\"start\": 0}]}\n"), "jsonl");
        let pairs = Unnamed::RecordsWith(vec!["premise".to_owned(), "hypothesis".to_owned()]);
        let of_pairs = |content: &str| format_of("", content, &pairs);
        let pair = "{\"premise\": \"a\", \"hypothesis\": \"b\"}";
        assert_eq!(of_pairs(&format!("{{\"rows\": [{pair}, {pair}]}}\n")), "json-wrapped");
        assert_eq!(of_pairs(&format!("{pair}\n")), "jsonl");
        assert_eq!(of_pairs("premise,hypothesis\na,b\n"), "csv");
    }

    #[test]
    fn json_documents_are_told_apart_by_their_content() {
        let lines = "{\"text\": \"a\"}\n{\"text\": \"b\"}\n";
        let pretty = "[\n  {\"text\": \"a\"},\n  {\"text\": \"b\"}\n]";
        let columns = "{\"text\": [\"a\", \"b\"], \"label\": [0, 1]}";
        let pandas = "{\"text\": {\"0\": \"a\", \"1\": \"b\"}}";
        let wrapped = "{\"version\": 1, \"data\": [{\"text\": \"a\"}]}";
        let squad = "{\"version\": \"v2.0\", \"data\": [{\"title\": \"T\", \"paragraphs\": []}]}";
        for extension in ["json", ""] {
            assert_eq!(format(extension, lines), "jsonl");
            assert_eq!(format(extension, pretty), "json");
            assert_eq!(format(extension, wrapped), "json-wrapped");
            assert_eq!(format(extension, squad), "squad");
        }
        assert_eq!(format("json", columns), "json-columns");
        assert_eq!(format("json", pandas), "json-columns");
        assert_eq!(format("json", "{\"text\": \"a\", \"label\": 1}"), "jsonl");
        assert_eq!(format("", "{\"tokens\": [\"a\", \"b\"], \"tags\": [0, 1]}"), "jsonl");
        assert_eq!(format("jsonl", pretty), "json");
        assert_eq!(format("jsonl", "{broken"), "jsonl");
    }

    #[test]
    fn the_content_decides_where_the_extension_says_nothing() {
        assert_eq!(format("", "text,label\na,b\nc,d\n"), "csv");
        assert_eq!(format("data", "text\tlabel\na\tb\nc\td\n"), "csv");
        assert_eq!(format("", "Hello, world.\nGood morning, all.\n"), "text");
        assert_eq!(format("txt", "text,label\na,b\nc,d\n"), "text");
        assert_eq!(format("txt", "EU B-ORG\nrejects O\n\nGerman B-MISC\n"), "conll");
        assert_eq!(format("csv", "text\na\n"), "csv");
    }
}
