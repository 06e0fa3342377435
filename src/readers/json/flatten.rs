//! From JSON values to records: nested objects become columns with dotted names.
//!
//! `{"answers": {"text": ["a"]}}` has the column `answers.text`. A list of objects becomes a list for each key, as in
//! Hugging Face `datasets`: `{"messages": [{"role": "user"}]}` has the column `messages.role`. Objects that lie deeper
//! in lists are kept as JSON texts.

use std::collections::HashMap;
use std::sync::Arc;

use super::Json;
use crate::error::Fault;
use crate::position::Position;
use crate::record::{Columns, Record};
use crate::value::{Number, Value};

/// Most keys of objects in a list that become columns.
const MOST_KEYS: usize = 64;

/// Most values of objects in a list that become columns: absent keys take memory too.
const MOST_VALUES: usize = 1 << 20;

/// The column of records that are not objects but texts.
const TEXT: &str = "text";

/// Makes records of JSON values. Keys that appear for the first time become further columns.
#[derive(Debug)]
pub(crate) struct Flattener {
    columns: Columns,
    names: Vec<Arc<str>>,
    index: HashMap<Arc<str>, usize>,
    /// Number of the record that set each column last.
    set_by: Vec<u64>,
    record: u64,
    limit: usize,
    /// Names for the values of records that are lists.
    of_lists: Option<Columns>,
}

/// The values of the record that is being made, and the column that is likely next.
#[derive(Default)]
struct Cells {
    values: Vec<Value>,
    next: usize,
}

impl Flattener {
    /// Begins with known columns; `of_lists` names the values of records that are lists instead of objects.
    pub(crate) fn new(columns: &Columns, of_lists: Option<&[String]>, limit: usize) -> Self {
        let mut flattener = Self {
            columns: Columns::default(),
            names: Vec::new(),
            index: HashMap::new(),
            set_by: Vec::new(),
            record: 0,
            limit,
            of_lists: of_lists.map(|names| Columns::new(names.iter().map(String::as_str))),
        };
        for name in columns.names() {
            flattener.add_column(name);
        }
        flattener.columns = columns.clone();
        flattener
    }

    /// The columns so far.
    pub(crate) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Makes a record.
    ///
    /// # Errors
    /// If the value is neither an object nor a list of named columns, if two of its columns have the same dotted name,
    /// or if there are too many columns.
    pub(crate) fn record(&mut self, json: Json<'_>, position: Position) -> Result<Record, Fault> {
        self.record += 1;
        let mut cells = Cells {
            values: Vec::with_capacity(self.names.len()),
            next: 0,
        };
        match json {
            Json::Object(entries) => self.object(&mut cells, &mut String::new(), entries)?,
            Json::Array(values) => self.list(&mut cells, values)?,
            Json::Text(text) if self.of_lists.is_none() => {
                self.set(&mut cells, TEXT, Value::Text(text.into_owned()))?;
            }
            other => {
                let (found, advice) = (other.kind(), "");
                return Err(Fault::NotAnObject { found, advice });
            }
        }
        if self.columns.len() < self.names.len() {
            self.columns = Columns::new(self.names.iter().cloned());
        }
        Ok(Record::new(position, self.columns.clone(), cells.values))
    }

    fn object(
        &mut self,
        cells: &mut Cells,
        path: &mut String,
        entries: Vec<(std::borrow::Cow<'_, str>, Json<'_>)>,
    ) -> Result<(), Fault> {
        let length = path.len();
        for (key, json) in entries {
            let is_nested = matches!(&json, Json::Object(_) | Json::Array(_));
            if path.is_empty() && !is_nested {
                self.set(cells, &key, value(json))?;
                continue;
            }
            path.push_str(&key);
            match json {
                Json::Object(entries) => {
                    path.push('.');
                    self.object(cells, path, entries)?;
                }
                Json::Array(values) if are_objects(&values) => self.objects(cells, path, values)?,
                other => self.set(cells, path, value(other))?,
            }
            path.truncate(length);
        }
        Ok(())
    }

    /// A list of objects: a list for each of their keys.
    fn objects(&mut self, cells: &mut Cells, path: &mut String, values: Vec<Json<'_>>) -> Result<(), Fault> {
        match transposed(values) {
            Err(texts) => self.set(cells, path, Value::List(texts)),
            Ok(lists) => {
                let length = path.len();
                for (key, list) in lists {
                    path.push('.');
                    path.push_str(&key);
                    self.set(cells, path, Value::List(list))?;
                    path.truncate(length);
                }
                Ok(())
            }
        }
    }

    fn list(&mut self, cells: &mut Cells, values: Vec<Json<'_>>) -> Result<(), Fault> {
        let Some(columns) = self.of_lists.clone() else {
            let (found, advice) = ("a list", "; if its values are the columns, name them with `columns`");
            return Err(Fault::NotAnObject { found, advice });
        };
        if values.len() != columns.len() {
            return Err(Fault::Ragged {
                reference: "option `columns`",
                expected: columns.len(),
                found: values.len(),
                advice: "give every column a name",
            });
        }
        for (name, json) in columns.names().zip(values) {
            self.set(cells, name, value(json))?;
        }
        Ok(())
    }

    fn set(&mut self, cells: &mut Cells, name: &str, value: Value) -> Result<(), Fault> {
        let index = match self.names.get(cells.next) {
            Some(expected) if **expected == *name => cells.next,
            _ => match self.index.get(name) {
                Some(&index) => index,
                None if self.names.len() >= self.limit => return Err(Fault::TooManyColumns { limit: self.limit }),
                None => self.add_column(name),
            },
        };
        if std::mem::replace(&mut self.set_by[index], self.record) == self.record {
            return Err(Fault::RepeatedKey { key: name.to_owned() });
        }
        if index >= cells.values.len() {
            cells.values.resize_with(index, Value::default);
            cells.values.push(value);
        } else {
            cells.values[index] = value;
        }
        cells.next = index + 1;
        Ok(())
    }

    fn add_column(&mut self, name: &str) -> usize {
        let name: Arc<str> = name.into();
        self.index.insert(Arc::clone(&name), self.names.len());
        self.names.push(name);
        self.set_by.push(0);
        self.names.len() - 1
    }
}

fn are_objects(values: &[Json<'_>]) -> bool {
    !values.is_empty() && values.iter().all(|value| matches!(value, Json::Object(_)))
}

/// The lists of the objects' values, key by key, with [`Value::Null`] for absent keys. If that were too many, the JSON
/// texts of the objects.
fn transposed(objects: Vec<Json<'_>>) -> Result<Vec<(String, Vec<Value>)>, Vec<Value>> {
    let mut keys: Vec<String> = Vec::new();
    for object in &objects {
        let Json::Object(entries) = object else { continue };
        for (key, _) in entries {
            if !keys.iter().any(|known| known == key) {
                keys.push(key.clone().into_owned());
            }
        }
        if keys.len() > MOST_KEYS {
            break;
        }
    }
    if keys.len() > MOST_KEYS || keys.len() * objects.len() > MOST_VALUES {
        return Err(objects.into_iter().map(value).collect());
    }
    let count = objects.len();
    let mut lists: Vec<(String, Vec<Value>)> = keys.into_iter().map(|key| (key, vec![Value::Null; count])).collect();
    for (row, object) in objects.into_iter().enumerate() {
        let Json::Object(entries) = object else { continue };
        for (key, json) in entries {
            if let Some((_, list)) = lists.iter_mut().find(|(known, _)| *known == key) {
                list[row] = value(json);
            }
        }
    }
    Ok(lists)
}

/// The value of a field; objects in it are kept as JSON texts.
pub(crate) fn value(json: Json<'_>) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Boolean(value) => Value::Boolean(value),
        Json::Number(text) => Value::Number(Number::written(text)),
        Json::Text(text) => Value::Text(text.into_owned()),
        Json::Array(values) => Value::List(values.into_iter().map(value).collect()),
        object @ Json::Object(_) => Value::Text(object.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn records(lines: &[&str]) -> Vec<String> {
        let mut flattener = Flattener::new(&Columns::default(), None, 5);
        let one = |line: &&str| {
            let record = flattener.record(parse(line).unwrap(), Position::file("a"));
            match record {
                Ok(record) => record
                    .fields()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect::<Vec<_>>()
                    .join(" "),
                Err(fault) => fault.to_string(),
            }
        };
        lines.iter().map(one).collect()
    }

    #[test]
    fn keys_in_any_order_and_new_keys_find_their_columns() {
        let records = records(&[
            r#"{"a": 1, "b": "x"}"#,
            r#"{"b": "y", "a": 2}"#,
            r#"{"c": true}"#,
            r#"{"a": 3}"#,
        ]);
        assert_eq!(
            records,
            ["a=1 b=x", "a=2 b=y", "a=null b=null c=true", "a=3 b=null c=null"]
        );
    }

    #[test]
    fn nested_objects_have_dotted_names() {
        let nested = records(&[r#"{"id": 1, "answers": {"text": ["a", "b"], "at": {"x": [[{"y": 1}]]}, "none": {}}}"#]);
        assert_eq!(nested, [r#"id=1 answers.text=[a, b] answers.at.x=[[{"y": 1}]]"#]);
        let messages = records(&[r#"{"m": [{"role": "user", "n": {"k": 1}}, {"role": "bot", "cost": 1}]}"#]);
        assert_eq!(
            messages,
            [r#"m.role=[user, bot] m.n=[{"k": 1}, null] m.cost=[null, 1]"#]
        );
    }

    #[test]
    fn what_cannot_be_a_record_is_said() {
        let faults = records(&[
            r#"{"a.b": 1, "a": {"b": 2}}"#,
            "[1]",
            "3",
            "\"a text\"",
            r#"{"1":1,"2":1,"3":1,"4":1,"5":1}"#,
        ]);
        assert!(faults[0].contains("`a.b` is there twice"), "{faults:?}");
        assert!(faults[1].contains("name them with `columns`"), "{faults:?}");
        assert!(faults[2].starts_with("a number where an object"), "{faults:?}");
        assert!(faults[3].contains("text=a text"), "{faults:?}");
        assert!(faults[4].starts_with("there are more than 5 columns"), "{faults:?}");
    }

    #[test]
    fn a_hostile_list_of_objects_takes_no_more_memory_than_its_text() {
        let objects: Vec<String> = (0..100).map(|index| format!("{{\"k{index}\": 1}}")).collect();
        let record = records(&[&format!("{{\"a\": [{}]}}", objects.join(","))]);
        assert!(record[0].starts_with(r#"a=[{"k0": 1}, {"k1": 1}"#), "{record:?}");
    }
}
