//! The records of the user's files, as every task reads them: a task turns a [`Record`] into an example of its own
//! (`rows` for texts), and this file finds the columns, the places and the kinds of values.

use automl_readers::{Kind, Position, ReadOptions, Reader, Record, Source, Value, open};

use super::error::DataError;
use super::suggestion::closest;

/// Names of columns that identify records; such a column is always kept.
const IDENTIFIERS: [&str; 3] = ["id", "ID", "Id"];

/// The records of some files, one after the other.
#[derive(Debug)]
pub(super) struct Records {
    reader: Reader,
    file: Position,
    /// The place of the record before.
    last: Position,
    count: u64,
}

impl Records {
    /// # Errors
    /// If a file cannot be read.
    pub(super) fn open(sources: &[Source], options: &ReadOptions) -> Result<Self, DataError> {
        let mut reader = open(sources, options)?;
        // Without a column, what is wrong with the first record matters more than the names that are missing.
        if reader.columns().names().next().is_none() {
            reader.next().transpose()?;
        }
        Ok(Self {
            reader,
            file: Position::file(name(sources)),
            last: Position::file(name(sources)),
            count: 0,
        })
    }

    /// The next record, with its line; the number of the record where there are no lines. `None` behind the last.
    ///
    /// # Errors
    /// If the record is damaged.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Record)>, DataError> {
        let record = match self.reader.next() {
            Some(Ok(record)) => record,
            Some(Err(error)) => {
                self.last = error.position().clone();
                return Err(error.into());
            }
            None => return Ok(None),
        };
        self.count += 1;
        self.last = record.position.clone();
        let place = &record.position;
        Ok(Some((place.line().or(place.row()).unwrap_or(self.count), record)))
    }

    /// The place of the record that was read last, even if it is damaged.
    pub(super) fn place(&self) -> &Position {
        &self.last
    }

    /// Returns whether the next record of standard input has not arrived yet.
    pub(super) fn is_drained(&self) -> bool {
        self.reader.is_drained()
    }

    /// Returns whether the records are lines of text.
    pub(super) fn is_plain_text(&self) -> bool {
        self.reader.format().name == "text"
    }

    /// The columns to keep: those that are asked for, and one that identifies the records, but not those that are shown
    /// anyway. Of JSON a column may be a whole object.
    ///
    /// # Errors
    /// If a column that is asked for does not exist.
    pub(super) fn kept(&self, columns: &[String], shown: &[&str]) -> Result<Vec<String>, DataError> {
        let names = self.columns();
        let is_object = |name: &str| {
            let inside = |column: &String| column.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
            names.iter().any(inside)
        };
        if let Some(missing) = columns.iter().find(|name| !names.contains(name) && !is_object(name)) {
            return Err(self.unknown(missing));
        }
        self.readable(columns.iter().map(String::as_str))?;
        let ids = IDENTIFIERS.map(str::to_owned).into_iter();
        let ids = ids.filter(|id| names.contains(id) && !columns.contains(id));
        let kept = columns.iter().cloned().chain(ids);
        Ok(kept.filter(|name| !shown.contains(&name.as_str())).collect())
    }

    /// The names of the columns. Records of JSON may add further ones.
    pub(super) fn columns(&self) -> Vec<String> {
        self.reader.columns().names().map(str::to_owned).collect()
    }

    /// The named column, or the first of the usual ones. A column may be a list of objects with this part, such as the
    /// `start` of spans.
    ///
    /// # Errors
    /// If there is none. `what` and `key` say in the message what it is and which key of a spec names it.
    pub(super) fn find(
        &self,
        named: Option<&str>,
        (usual, part, what, key): (&[&str], &str, &'static str, &'static str),
    ) -> Result<String, DataError> {
        let columns = self.columns();
        let has = |name: &str| {
            let of_objects = format!("{name}.{part}");
            columns.iter().any(|column| column == name || *column == of_objects)
        };
        if let Some(named) = named {
            return if has(named) {
                Ok(named.to_owned())
            } else {
                Err(self.unknown(named))
            };
        }
        let found = usual.iter().find(|name| has(name)).map(|name| (*name).to_owned());
        found.ok_or_else(|| DataError::NoColumn {
            place: self.file.clone(),
            what,
            key,
            tried: usual.iter().map(|name| (*name).to_owned()).collect(),
            columns,
        })
    }

    /// Checks that there are columns with these names.
    ///
    /// # Errors
    /// Returns [`DataError::UnknownColumn`] for the first one that is missing.
    pub(super) fn require<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<(), DataError> {
        match names
            .into_iter()
            .find(|name| self.reader.columns().index(name).is_none())
        {
            Some(missing) => Err(self.unknown(missing)),
            None => Ok(()),
        }
    }

    /// Checks that the values of these columns can be read.
    ///
    /// # Errors
    /// Returns [`DataError::Unreadable`] for the first one whose type has no text or number.
    pub(super) fn readable<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> Result<(), DataError> {
        let fields = self.reader.fields();
        let is_odd = |name: &&str| {
            fields
                .iter()
                .any(|field| field.name == *name && field.kind == Kind::Unsupported)
        };
        names.find(is_odd).map_or(Ok(()), |column| {
            Err(DataError::Unreadable {
                place: self.file.clone(),
                column: column.to_owned(),
            })
        })
    }

    /// The error for a column that is missing.
    pub(super) fn unknown(&self, column: &str) -> DataError {
        let available = self.columns();
        DataError::UnknownColumn {
            place: self.file.clone(),
            column: column.to_owned(),
            suggestion: closest(column, &available),
            available,
        }
    }
}

/// The name of some sources in messages: that of the first one.
pub(super) fn name(sources: &[Source]) -> String {
    match sources.first() {
        Some(Source::Path(path) | Source::Rows { path, .. }) => path.display().to_string(),
        Some(Source::Pattern(pattern)) => pattern.clone(),
        Some(Source::Memory { name, .. }) => name.display().to_string(),
        Some(Source::StandardInput) | None => "standard input".to_owned(),
    }
}

/// A value of a column as a text; `None` if it is missing.
///
/// # Errors
/// If it is something else.
pub(super) fn text(record: &mut Record, column: &str) -> Result<Option<String>, DataError> {
    match record.take(column) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(other) => Err(wrong(record, column, &other, "a text")),
    }
}

/// A value of a column as a part of a text, such as a number; `None` if it is missing.
///
/// # Errors
/// If it is a list.
pub(super) fn spelling(record: &Record, column: &str) -> Result<Option<String>, DataError> {
    match record.get(column) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.spelling() {
            Some(spelling) => Ok(Some(spelling.into_owned())),
            None => Err(wrong(record, column, value, "a text, a number, `true` or `false`")),
        },
    }
}

/// The error for a value of the wrong kind.
pub(super) fn wrong(record: &Record, column: &str, value: &Value, wanted: &'static str) -> DataError {
    DataError::WrongKind {
        place: record.position.clone(),
        column: column.to_owned(),
        found: match value {
            Value::Null => "missing",
            Value::Boolean(_) => "true or false",
            Value::Number(number) if number.is_integer() => "a whole number",
            Value::Number(_) => "a number with a fraction",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
        },
        wanted,
    }
}

/// The value of a column with its type. An object, whose parts are columns with dotted names, is put together again.
pub(super) fn json(record: &Record, column: &str) -> serde_json::Value {
    if let Some(value) = record.get(column) {
        return of_value(value);
    }
    let mut object = serde_json::Map::new();
    for (name, value) in record.fields() {
        let inner = name.strip_prefix(column).and_then(|rest| rest.strip_prefix('.'));
        if let (Some(inner), false) = (inner, matches!(value, Value::Null)) {
            insert(&mut object, inner, of_value(value));
        }
    }
    if object.is_empty() {
        serde_json::Value::Null
    } else {
        object.into()
    }
}

fn insert(object: &mut serde_json::Map<String, serde_json::Value>, name: &str, value: serde_json::Value) {
    match name.split_once('.') {
        Some((outer, inner)) => {
            let entry = object.entry(outer).or_insert_with(|| serde_json::Map::new().into());
            if let Some(nested) = entry.as_object_mut() {
                insert(nested, inner, value);
            }
        }
        None => _ = object.insert(name.to_owned(), value),
    }
}

fn of_value(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Text(text) => text.as_str().into(),
        Value::Boolean(value) => (*value).into(),
        Value::List(values) => values.iter().map(of_value).collect(),
        Value::Number(number) => match (number.as_integer(), number.to_string().parse::<u64>()) {
            (Some(integer), _) => integer.into(),
            (None, Ok(integer)) => integer.into(),
            // Numbers that JSON cannot write keep their spelling.
            (None, Err(_)) => serde_json::Number::from_f64(number.as_float())
                .map_or_else(|| number.to_string().into(), serde_json::Value::Number),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_types_and_objects_their_shape() {
        let content = r#"{"id": 18446744073709551615, "x": 1.50, "ok": true, "tags": ["a", 2], "who": {"name": "ann", "at": {"city": "Ulm"}}, "none": null}"#;
        let source = Source::memory("a.jsonl", content);
        let mut records = Records::open(&[source], &ReadOptions::default()).unwrap();
        let (line, record) = records.next().unwrap().unwrap();
        let of = |column| json(&record, column).to_string();
        assert_eq!(line, 1);
        assert_eq!(of("id"), "18446744073709551615");
        assert_eq!(of("x"), "1.5");
        assert_eq!(of("ok"), "true");
        assert_eq!(of("tags"), r#"["a",2]"#);
        assert_eq!(of("who"), r#"{"at":{"city":"Ulm"},"name":"ann"}"#);
        assert_eq!((of("none").as_str(), of("other").as_str()), ("null", "null"));
    }
}
