//! JSON by columns: `{"text": [...], "label": [...]}`, or with numbered rows as pandas' `to_json` writes it.

use std::vec::IntoIter;

use super::{Format, Open, Opening, Records, delimited};
use crate::error::{Fault, ReadError};
use crate::head::{Head, Match};
use crate::json::flatten::value;
use crate::json::outline::{Shape, outline};
use crate::json::{Json, located, parse};
use crate::position::{At, Position};
use crate::record::{Columns, Record};
use crate::value::Value;

pub(super) const FORMAT: Format = Format {
    name: "json-columns",
    extensions: &["json"],
    about: "a JSON object with a list of values for each column",
    recognise,
    open: Open::Stream(open),
};

fn recognise(head: &Head<'_>) -> Match {
    let keys = outline(head.text);
    let fits = |shape: Shape| matches!(shape, Shape::List | Shape::Numbered);
    match keys.first() {
        Some((_, first, _)) if fits(*first) && keys.iter().all(|(_, shape, _)| shape == first) => {
            if head.extension == "json" {
                Match::Strong
            } else {
                Match::Weak
            }
        }
        _ => Match::No,
    }
}

struct ByColumns {
    position: Position,
    columns: Columns,
    values: Vec<IntoIter<Value>>,
    row: u64,
    rows: usize,
}

fn open(opening: Opening<'_>) -> Result<Box<dyn Records>, ReadError> {
    let Opening { mut input, options, .. } = opening;
    let length = input.fill_all(options.limits.document, "JSON files by columns")?.len();
    let json = parse(input.text(length)?).map_err(|fault| located(&input, 0, fault))?;
    let found = json.kind();
    let Json::Object(entries) = json else {
        let problem = format!("{found} where an object of columns is expected");
        return Err(input.error_of_file(Fault::NoRecords { problem }));
    };
    let position = input.position_at(At::File);
    let columns: Vec<(String, Vec<Value>)> = entries
        .into_iter()
        .map(|(key, json)| Ok((key.clone().into_owned(), column(&key, json)?)))
        .collect::<Result<_, Fault>>()
        .map_err(|fault| input.error_of_file(fault))?;
    equal_lengths(&columns).map_err(|fault| input.error_of_file(fault))?;
    let rows = columns.first().map_or(0, |(_, values)| values.len());
    let (names, values): (Vec<String>, Vec<Vec<Value>>) = columns.into_iter().unzip();
    Ok(Box::new(ByColumns {
        columns: delimited::checked(names, options.limits.columns, &position)?,
        values: values.into_iter().map(Vec::into_iter).collect(),
        position,
        row: 0,
        rows,
    }))
}

/// The values of a column. The keys of numbered rows are in the order of the rows.
fn column(key: &str, json: Json<'_>) -> Result<Vec<Value>, Fault> {
    match json {
        Json::Array(values) => Ok(values.into_iter().map(value).collect()),
        Json::Object(entries) => Ok(entries.into_iter().map(|(_, json)| value(json)).collect()),
        other => {
            let problem = format!("the column `{key}` is {} and not a list", other.kind());
            Err(Fault::NoRecords { problem })
        }
    }
}

fn equal_lengths(columns: &[(String, Vec<Value>)]) -> Result<(), Fault> {
    let Some((other, first)) = columns.first() else {
        return Ok(());
    };
    match columns.iter().find(|(_, values)| values.len() != first.len()) {
        None => Ok(()),
        Some((column, values)) => Err(Fault::ColumnLengths {
            column: column.clone(),
            found: values.len(),
            other: other.clone(),
            expected: first.len(),
        }),
    }
}

impl Records for ByColumns {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        if self.row == self.rows as u64 {
            return Ok(None);
        }
        self.row += 1;
        let values = self
            .values
            .iter_mut()
            .map(|values| values.next().unwrap_or_default())
            .collect();
        let position = Position {
            at: At::Row(self.row),
            ..self.position.clone()
        };
        Ok(Some(Record::new(position, self.columns.clone(), values)))
    }

    fn columns(&self) -> Columns {
        self.columns.clone()
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{fault, rows};

    #[test]
    fn columns_are_turned_into_records() {
        let expected = ["row 1: text=a label=0", "row 2: text=b label=1"];
        assert_eq!(
            rows("a.json", "{\"text\": [\"a\", \"b\"],\n\"label\": [0, 1]}"),
            expected
        );
        let pandas = "{\"text\": {\"0\": \"a\", \"1\": \"b\"}, \"label\": {\"0\": 0, \"1\": 1}}";
        assert_eq!(rows("a.json", pandas), expected);
    }

    #[test]
    fn damage_is_named() {
        let uneven = fault("a.json", "{\"text\": [\"a\", \"b\"], \"label\": [0]}");
        let expected = "`a.json`: the column `label` has 1 values and `text` has 2; every column needs one per record";
        assert_eq!(uneven, expected);
        let cut = fault("a.json", "{\"text\": [\"a\",\n\"b\"");
        assert!(
            cut.contains("line 2, column 4: not valid JSON: a comma or `]` must follow"),
            "{cut}"
        );
        assert!(fault("a.json", "{\"text\": [],\"label\": []}").contains("there are no records"));
    }
}
