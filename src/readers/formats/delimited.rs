//! Tables with a delimiter between the fields (CSV, RFC 4180; TSV): one record per row.

use super::{Format, Open, Opening, Records};
use crate::delimited::dialect::{self, Dialect};
use crate::delimited::row::next_row;
use crate::error::{Fault, ReadError};
use crate::head::{HEAD, Head, Match};
use crate::input::Input;
use crate::position::{At, Position};
use crate::record::{Columns, Record};
use crate::value::Value;

pub(super) const COMMA: Format = Format {
    name: "csv",
    extensions: &["csv", "psv", "dat"],
    about: "a table with a header; the delimiter is found among comma, semicolon, tab and `|`",
    recognise,
    open: Open::Stream(|opening| open(opening, None)),
};

pub(super) const TAB: Format = Format {
    name: "tsv",
    extensions: &["tsv", "tab"],
    about: "a table with a header and tabs between the fields; quotes are plain characters",
    recognise: |head| {
        if head.is_text() && head.text.contains('\t') {
            Match::Weak
        } else {
            Match::No
        }
    },
    open: Open::Stream(|opening| open(opening, Some('\t'))),
};

fn recognise(head: &Head<'_>) -> Match {
    match head.is_text() {
        true if dialect::looks_like_table(head) => Match::Strong,
        true if head.extension.is_empty() => Match::No,
        true => Match::Weak,
        false => Match::No,
    }
}

struct Delimited {
    input: Input,
    dialect: Dialect,
    columns: Columns,
    /// The origin of the number of fields: the header or an option.
    reference: &'static str,
    /// A first row that is not a header, which is the first record.
    first: Option<(u64, Vec<String>)>,
}

fn open(opening: Opening<'_>, usual: Option<char>) -> Result<Box<dyn Records>, ReadError> {
    let Opening { mut input, options, .. } = opening;
    let delimiter = options.delimiter.or(usual);
    let sample = input.fill(HEAD)?.to_vec();
    let head = Head::new(&sample, false, "");
    let dialect = Dialect::new(delimiter.unwrap_or_else(|| dialect::delimiter(&head, options)), options)
        .map_err(|fault| input.error_of_file(fault))?;
    let Some((line, first)) = next_row(&mut input, &dialect)? else {
        return Err(input.error_of_file(Fault::Empty));
    };
    let position = input.position_at(At::Line(line));
    let table = match &options.columns {
        None => Delimited {
            columns: header(&first, options.limits.columns, &position)?,
            reference: "header",
            first: None,
            input,
            dialect,
        },
        Some(names) => Delimited {
            columns: checked(names.clone(), options.limits.columns, &position)?,
            reference: "option `columns`",
            first: (first != *names).then_some((line, first)),
            input,
            dialect,
        },
    };
    Ok(Box::new(table))
}

/// The names in a header; a column without a name, such as the index that pandas writes, is called by its number.
fn header(fields: &[String], limit: usize, position: &Position) -> Result<Columns, ReadError> {
    let name = |(index, field): (usize, &String)| match field.trim() {
        "" => format!("column_{}", index + 1),
        name => name.to_owned(),
    };
    checked(fields.iter().enumerate().map(name).collect(), limit, position)
}

/// Columns whose names are all different.
pub(crate) fn checked(names: Vec<String>, limit: usize, position: &Position) -> Result<Columns, ReadError> {
    let refused = |fault| Err(ReadError::new(position.clone(), fault));
    if names.len() > limit {
        return refused(Fault::TooManyColumns { limit });
    }
    let mut sorted: Vec<(&String, usize)> = names.iter().zip(1..).collect();
    sorted.sort_unstable();
    let repeated = sorted
        .windows(2)
        .filter(|pair| pair[0].0 == pair[1].0)
        .min_by_key(|pair| pair[1].1);
    if let Some(pair) = repeated {
        return refused(Fault::RepeatedColumn {
            column: pair[0].0.clone(),
            first: pair[0].1,
            second: pair[1].1,
        });
    }
    Ok(Columns::new(names))
}

impl Delimited {
    fn ragged(&self, found: usize) -> Fault {
        let expected = self.columns.len();
        let advice = match (self.dialect.quotes, found > expected) {
            (true, true) => "put a field that holds the delimiter into double quotes",
            (true, false) => "add the missing fields, or put a field with line breaks into double quotes",
            (false, true) => "take the delimiter out of the fields, or set `quotes: true` if quotes protect them",
            (false, false) => "add the missing fields, or set `quotes: true` if fields in quotes hold line breaks",
        };
        Fault::Ragged {
            reference: self.reference,
            expected,
            found,
            advice,
        }
    }
}

impl Records for Delimited {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        let row = match self.first.take() {
            Some(first) => Some(first),
            None => next_row(&mut self.input, &self.dialect)?,
        };
        let Some((line, fields)) = row else { return Ok(None) };
        let position = self.input.position_at(At::Line(line));
        if fields.len() != self.columns.len() {
            return Err(ReadError::new(position, self.ragged(fields.len())));
        }
        let values = fields.into_iter().map(Value::Text).collect();
        Ok(Some(Record::new(position, self.columns.clone(), values)))
    }

    fn columns(&self) -> Columns {
        self.columns.clone()
    }

    fn delimiter(&self) -> Option<char> {
        Some(self.dialect.delimiter)
    }

    fn is_drained(&self) -> bool {
        self.input.is_drained()
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{fault, read, rows};
    use crate::{ReadOptions, options};

    #[test]
    fn the_same_rows_are_read_with_every_delimiter() {
        for delimiter in [",", ";", "\t", "|"] {
            let content = "\u{feff}id, text ,label\r\n1,a b,yes\r\n\r\n2,,no".replace(',', delimiter);
            let expected = ["2: id=1 text=a b label=yes", "4: id=2 text= label=no"];
            assert_eq!(rows("a.csv", &content), expected, "{delimiter:?}");
        }
    }

    #[test]
    fn quoted_fields_hold_delimiters_quotes_and_line_breaks() {
        let content = "a,b\n\"1,5\",\"say \"\"hi\"\"\"\n\"two\r\nlines\",9\" tv\n";
        assert_eq!(
            rows("a.csv", content),
            ["2: a=1,5 b=say \"hi\"", "3: a=two\r\nlines b=9\" tv"]
        );
    }

    #[test]
    fn quotes_in_a_tab_separated_file_are_characters_unless_told_otherwise() {
        assert_eq!(rows("a.tsv", "a\tb\nx\t\"y\n"), ["2: a=x b=\"y"]);
        let options = ReadOptions {
            quotes: Some(true),
            ..ReadOptions::default()
        };
        assert_eq!(
            read("a.tsv", "a\tb\nx\t\"y\tz\"\n", &options).unwrap(),
            ["2: a=x b=y\tz"]
        );
    }

    #[test]
    fn a_table_without_a_header_gets_names_from_the_options() {
        let options = ReadOptions {
            columns: Some(vec!["label".into(), "text".into()]),
            ..ReadOptions::default()
        };
        assert_eq!(
            read("a.csv", "ham,hello\n", &options).unwrap(),
            ["1: label=ham text=hello"]
        );
        assert_eq!(
            read("a.csv", "label,text\nham,hello\n", &options).unwrap(),
            ["2: label=ham text=hello"]
        );
    }

    #[test]
    fn comment_lines_are_skipped_if_wished() {
        let options = ReadOptions {
            comment: Some('#'),
            ..ReadOptions::default()
        };
        let content = "# made by hand\na,b\n#c,d\n1,2\n";
        assert_eq!(read("a.csv", content, &options).unwrap(), ["4: a=1 b=2"]);
    }

    #[test]
    fn any_character_can_be_the_delimiter() {
        let options = ReadOptions {
            delimiter: Some('§'),
            ..ReadOptions::default()
        };
        assert_eq!(read("a.csv", "a§b\n\"1§2\"§é\n", &options).unwrap(), ["2: a=1§2 b=é"]);
        let options = ReadOptions {
            delimiter: Some('"'),
            ..options
        };
        assert!(
            read("a.csv", "a", &options)
                .unwrap_err()
                .to_string()
                .contains("the option `delimiter`")
        );
    }

    #[test]
    fn an_unnamed_column_is_called_by_its_number() {
        assert_eq!(rows("a.csv", ",text\n0,a\n"), ["2: column_1=0 text=a"]);
    }

    #[test]
    fn every_damage_is_named_with_its_line() {
        for (content, expected) in [
            ("", "`a.csv`: the file is empty"),
            ("a,b\n", "`a.csv`: there are no records"),
            ("a,b,a\n1,2,3\n", "line 1: the columns 1 and 3 are both called `a`"),
            (
                "a,b\n1,2\n1,2,3\n",
                "line 3: 3 fields where the header has 2; put a field that holds the delimiter",
            ),
            (
                "a,b\n1\n",
                "line 2: 1 fields where the header has 2; add the missing fields",
            ),
            ("a,b\n1,2\n3,\"4\n", "line 3: a quote is opened here and never closed"),
            ("a,b\n1,x\0\n", "line 2, column 4: a NUL byte"),
            ("a,b\r1,2\r", "lines end with a carriage return alone"),
        ] {
            let message = fault("a.csv", content);
            assert!(message.contains(expected), "{content:?}: {message}");
        }
    }

    #[test]
    fn an_open_quote_in_a_large_file_is_found_at_the_limit() {
        let options = ReadOptions {
            limits: options::Limits {
                record: 1 << 20,
                ..options::Limits::default()
            },
            ..ReadOptions::default()
        };
        let content = format!("a,b\n1,\"{}", "x\n".repeat(2 << 20));
        let message = read("a.csv", &content, &options).unwrap_err().to_string();
        assert!(message.contains("line 2: a record has more than 1 MiB"), "{message}");
    }
}
