//! A description of a source: what was found without being told.

use crate::error::ReadError;
use crate::field::Field;
use crate::options::ReadOptions;
use crate::reader::open;
use crate::record::Record;
use crate::source::Source;

/// Records in a description.
const ROWS: usize = 5;

/// A source's content and the way in which it is written.
#[derive(Clone, Debug)]
pub struct Description {
    /// Name of the format.
    pub format: &'static str,
    /// The format in one sentence.
    pub about: &'static str,
    /// Name of the compression.
    pub compression: Option<&'static str>,
    /// Name of the encoding.
    pub encoding: &'static str,
    /// The character between the fields of a table.
    pub delimiter: Option<char>,
    /// The columns and their kinds.
    pub fields: Vec<Field>,
    /// The first records that are valid.
    pub rows: Vec<Record>,
}

/// Describes a source by its first records.
///
/// # Errors
/// The same as for [`open`], and if there are no records.
pub fn sniff(source: &Source, options: &ReadOptions) -> Result<Description, ReadError> {
    let mut reader = open(std::slice::from_ref(source), options)?;
    let layout = reader.layout();
    let fields = reader.fields().to_vec();
    let mut rows = Vec::new();
    let mut first_fault = None;
    // Valid records are shown even if some before them are not.
    for record in reader.by_ref().take(10 * ROWS) {
        match record {
            Ok(record) => rows.push(record),
            Err(error) => _ = first_fault.get_or_insert(error),
        }
        if rows.len() == ROWS {
            break;
        }
    }
    match first_fault {
        Some(error) if rows.is_empty() => Err(error),
        _ => Ok(Description {
            format: layout.format.name,
            about: layout.format.about,
            compression: layout.compression.map(|compression| compression.name),
            encoding: layout.encoding,
            delimiter: layout.delimiter,
            fields,
            rows,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn a_table_is_described() {
        let source = Source::memory("a.csv", "text;label;score;ok\na;0;1.5;true\nb;1;;false\n");
        let description = sniff(&source, &ReadOptions::default()).unwrap();
        assert_eq!((description.format, description.delimiter), ("csv", Some(';')));
        assert_eq!((description.encoding, description.compression), ("UTF-8", None));
        let kinds: Vec<Kind> = description.fields.iter().map(|field| field.kind).collect();
        assert_eq!(kinds, [Kind::Text, Kind::Number, Kind::Number, Kind::Boolean]);
        assert_eq!(description.rows.len(), 2);
    }

    #[test]
    fn a_source_without_a_valid_record_has_no_description() {
        let source = Source::memory("a.csv", "a,b\n1\n");
        let message = sniff(&source, &ReadOptions::default()).unwrap_err().to_string();
        assert!(message.contains("line 2: 1 fields where the header has 2"), "{message}");
    }
}
