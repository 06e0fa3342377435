//! A record and the names of its fields.

use std::sync::Arc;

use crate::position::Position;
use crate::value::Value;

/// The names of the fields, shared by the records that have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(Arc<[Arc<str>]>);

impl Columns {
    pub(crate) fn new(names: impl IntoIterator<Item = impl Into<Arc<str>>>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// The names in the file's order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// Number of columns.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are no columns.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The index of the column with this name.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|column| **column == *name)
    }
}

/// One record: a value for each of its columns, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The position where the record begins.
    pub position: Position,
    columns: Columns,
    values: Vec<Value>,
}

impl Record {
    pub(crate) fn new(position: Position, columns: Columns, mut values: Vec<Value>) -> Self {
        // A key that appeared in an earlier record may be absent in this one.
        values.resize(columns.len(), Value::Null);
        Self {
            position,
            columns,
            values,
        }
    }

    /// The names of the fields.
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The values in the order of [`columns`](Self::columns).
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The values in the order of [`columns`](Self::columns), without copying them.
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// The value of a field; `None` if there is no such column.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(self.columns.index(name)?)
    }

    /// Takes the value of a field out of the record and leaves [`Value::Null`] there.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.values.get_mut(self.columns.index(name)?).map(std::mem::take)
    }

    /// The names and values in the file's order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.columns.names().zip(&self.values)
    }

    /// Puts the values into the order of `columns`, which are a permutation of the record's own.
    pub(crate) fn reordered(mut self, columns: &Columns) -> Self {
        if self.columns != *columns {
            let values = columns
                .names()
                .map(|name| self.take(name).unwrap_or_default())
                .collect();
            self = Self::new(self.position, columns.clone(), values);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_value_is_null_and_an_unknown_column_is_none() {
        let columns = Columns::new(["text", "label"]);
        let record = Record::new(Position::file("a.jsonl"), columns, vec![Value::Text("a".into())]);
        assert_eq!(record.get("label"), Some(&Value::Null));
        assert_eq!(record.get("lable"), None);
        let turned = record.reordered(&Columns::new(["label", "text"]));
        assert_eq!(turned.values(), [Value::Null, Value::Text("a".into())]);
    }
}
