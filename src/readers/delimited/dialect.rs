//! How a table is written: its delimiter, its quotes and its comments.

use std::collections::HashSet;

use super::row::{Fields, split_plain};
use crate::error::Fault;
use crate::head::Head;
use crate::options::ReadOptions;

/// The delimiters that are found by themselves, the usual first.
pub(crate) const DELIMITERS: [char; 4] = [',', '\t', ';', '|'];

/// Records by which the delimiter is found.
const SAMPLE: usize = 50;

/// Longest name of a column in a file that nothing but its content shows to be a table.
const LONGEST_NAME: usize = 40;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: char,
    /// True if double quotes protect a field.
    pub(crate) quotes: bool,
    /// The beginning of a line to skip.
    pub(crate) comment: Option<char>,
}

impl Dialect {
    /// # Errors
    /// If the delimiter is a quote or a line break, or the same as the comment.
    pub(crate) fn new(delimiter: char, options: &ReadOptions) -> Result<Self, Fault> {
        let refused = |option, problem: &str| {
            let problem = problem.to_owned();
            Err(Fault::Option { option, problem })
        };
        if matches!(delimiter, '"' | '\n' | '\r' | '\0') {
            return refused(
                "delimiter",
                "cannot be a quote or a line break; name the character between the fields",
            );
        }
        if options.comment == Some(delimiter) {
            return refused("comment", "is the same as the delimiter; use another character");
        }
        Ok(Self {
            delimiter,
            quotes: options.quotes.unwrap_or(delimiter != '\t'),
            comment: options.comment,
        })
    }
}

/// The delimiter of a table: the one that splits the most records into as many fields as the first.
pub(crate) fn delimiter(head: &Head<'_>, options: &ReadOptions) -> char {
    best(head, options).map_or(DELIMITERS[0], |found| found.delimiter)
}

/// Returns whether a file without a telling name is a table: all records have as many fields as the first, which looks
/// like a header. Prose with commas does not.
pub(crate) fn looks_like_table(head: &Head<'_>) -> bool {
    let Some(found) = best(head, &ReadOptions::default()) else {
        return false;
    };
    let names: HashSet<&String> = found.first.iter().collect();
    let is_name = |name: &String| !name.is_empty() && name.trim() == name && name.len() <= LONGEST_NAME;
    found.records > 1
        && found.alike == found.records
        && names.len() == found.first.len()
        && found.first.iter().all(is_name)
}

/// A delimiter and how well it fits.
struct Candidate {
    delimiter: char,
    first: Vec<String>,
    /// Records looked at.
    records: usize,
    /// Records with as many fields as the first.
    alike: usize,
}

impl Candidate {
    /// The share of records that are alike, and then the number of fields.
    fn fit(&self) -> (usize, usize) {
        (self.alike * 1000 / self.records.max(1), self.first.len())
    }
}

fn best(head: &Head<'_>, options: &ReadOptions) -> Option<Candidate> {
    let mut best: Option<Candidate> = None;
    for delimiter in DELIMITERS {
        let Ok(dialect) = Dialect::new(delimiter, options) else {
            continue;
        };
        let found = candidate(head, dialect);
        let is_better = best.as_ref().is_none_or(|best| found.fit() > best.fit());
        if found.first.len() > 1 && is_better {
            best = Some(found);
        }
    }
    best
}

fn candidate(head: &Head<'_>, dialect: Dialect) -> Candidate {
    let mut records: Vec<Vec<String>> = Vec::new();
    let mut open: Option<Fields> = None;
    // The last line of a head may be cut off; if it is all there is, it is better than nothing.
    let lines: Vec<&str> = head.lines().collect();
    let lines = if lines.is_empty() {
        head.text.lines().collect()
    } else {
        lines
    };
    for line in lines {
        if records.len() == SAMPLE {
            break;
        }
        if open.is_none() && (line.is_empty() || dialect.comment.is_some_and(|comment| line.starts_with(comment))) {
            continue;
        }
        if !dialect.quotes {
            records.push(split_plain(line, dialect.delimiter));
            continue;
        }
        let mut fields = open.take().unwrap_or_default();
        fields.take(line, dialect.delimiter);
        if fields.is_open() {
            open = Some(fields);
        } else {
            records.push(fields.finish());
        }
    }
    let first = records.first().cloned().unwrap_or_default();
    Candidate {
        delimiter: dialect.delimiter,
        records: records.len(),
        alike: records.iter().filter(|record| record.len() == first.len()).count(),
        first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(content: &str) -> char {
        delimiter(&Head::new(content.as_bytes(), true, ""), &ReadOptions::default())
    }

    #[test]
    fn the_delimiter_that_splits_all_records_alike_is_found() {
        assert_eq!(found("text;label\nwell, well, well;1\nno, thanks;0\n"), ';');
        assert_eq!(found("a|b|c\n1|2,5|3\n"), '|');
        assert_eq!(found("label\ttext\n1\ta, b; c\n0\td\n"), '\t');
        assert_eq!(found("a,b\n\"x;y;z\n;\",2\n"), ',');
        assert_eq!(found("text\nhello\n"), ',');
        assert_eq!(found(""), ',');
    }

    #[test]
    fn prose_is_no_table() {
        let looks = |content: &str| looks_like_table(&Head::new(content.as_bytes(), true, ""));
        assert!(looks("text,label\na,b\n"));
        assert!(!looks("text,label\n"));
        assert!(!looks("Yes, it is.\nNo, it is not.\n"));
        assert!(!looks("a,a\nb,c\n"));
    }
}
