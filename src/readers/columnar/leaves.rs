//! The columns of a schema: structs become columns with dotted names, and lists of structs become lists.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StructArray};
use arrow_schema::{DataType, Field, Schema};

use super::cell::{Reading, cell, elements};
use super::classes::Features;
use crate::error::Fault;
use crate::field::Kind;
use crate::value::Value;

/// Deepest nesting of structs that become columns.
const DEEPEST: usize = 16;

/// A column of records and its way through the columns of a file.
pub(super) struct Leaf {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Index of the file's column, and then of fields in structs.
    path: Vec<usize>,
    /// Index of a field in the structs of a list.
    in_list: Option<usize>,
    classes: Option<Arc<[String]>>,
}

/// Plans the columns of a schema.
///
/// # Errors
/// If there are more than `limit`.
pub(super) fn leaves(schema: &Schema, metadata: Option<&str>, limit: usize) -> Result<Vec<Leaf>, Fault> {
    let mut plan = Plan {
        features: Features::new(metadata),
        leaves: Vec::new(),
        limit,
    };
    for (index, field) in schema.fields().iter().enumerate() {
        plan.add(field, &[index], &[field.name()])?;
    }
    Ok(plan.leaves)
}

struct Plan<'m> {
    features: Features<'m>,
    leaves: Vec<Leaf>,
    limit: usize,
}

impl Plan<'_> {
    fn add(&mut self, field: &Field, path: &[usize], names: &[&str]) -> Result<(), Fault> {
        match field.data_type() {
            DataType::Struct(fields) if path.len() < DEEPEST => {
                for (index, field) in fields.iter().enumerate() {
                    self.add(field, &[path, &[index]].concat(), &[names, &[field.name()]].concat())?;
                }
                Ok(())
            }
            DataType::List(inner) | DataType::LargeList(inner) | DataType::FixedSizeList(inner, _) => {
                let DataType::Struct(fields) = inner.data_type() else {
                    return self.push(path, None, names, kind(field.data_type()));
                };
                for (index, field) in fields.iter().enumerate() {
                    let kind = if is_readable(field.data_type()) {
                        Kind::List
                    } else {
                        Kind::Unsupported
                    };
                    self.push(path, Some(index), &[names, &[field.name()]].concat(), kind)?;
                }
                Ok(())
            }
            other => self.push(path, None, names, kind(other)),
        }
    }

    fn push(&mut self, path: &[usize], in_list: Option<usize>, names: &[&str], mut kind: Kind) -> Result<(), Fault> {
        let limit = self.limit;
        if self.leaves.len() == limit {
            return Err(Fault::TooManyColumns { limit });
        }
        let classes = self.features.classes(names);
        if classes.is_some() && kind == Kind::Number {
            kind = Kind::Text;
        }
        self.leaves.push(Leaf {
            name: names.join("."),
            kind,
            path: path.to_vec(),
            in_list,
            classes,
        });
        Ok(())
    }
}

fn is_readable(data: &DataType) -> bool {
    kind(data) != Kind::Unsupported
}

fn kind(data: &DataType) -> Kind {
    match data {
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Date32
        | DataType::Date64
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Timestamp(..) => Kind::Text,
        DataType::Boolean => Kind::Boolean,
        DataType::Null => Kind::Unknown,
        DataType::Dictionary(_, values) => kind(values),
        DataType::List(inner) | DataType::LargeList(inner) | DataType::FixedSizeList(inner, _) => {
            if is_readable(inner.data_type()) {
                Kind::List
            } else {
                Kind::Unsupported
            }
        }
        number if number.is_numeric() => Kind::Number,
        _ => Kind::Unsupported,
    }
}

impl Leaf {
    /// The value of a row.
    ///
    /// # Errors
    /// If a class has no name, or a value is too large.
    pub(super) fn value(&self, batch: &RecordBatch, row: usize, largest: usize) -> Result<Value, Fault> {
        if self.kind == Kind::Unsupported {
            return Ok(Value::Null);
        }
        let Some(array) = self.array(batch, row) else {
            return Ok(Value::Null);
        };
        let reading = Reading {
            column: &self.name,
            classes: self.classes.as_deref(),
            largest,
        };
        match self.in_list {
            None => cell(array, row, &reading),
            Some(field) => in_list(array, row, field, &reading),
        }
    }

    /// The array at the end of the path; `None` if a struct on the way is missing in this row.
    fn array<'b>(&self, batch: &'b RecordBatch, row: usize) -> Option<&'b ArrayRef> {
        let (first, rest) = self.path.split_first()?;
        let mut array = batch.columns().get(*first)?;
        for field in rest {
            let structs: &StructArray = array.as_struct_opt()?;
            if structs.is_null(row) {
                return None;
            }
            array = structs.columns().get(*field)?;
        }
        Some(array)
    }
}

/// The values of one field of the structs in a list.
fn in_list(array: &ArrayRef, row: usize, field: usize, reading: &Reading<'_>) -> Result<Value, Fault> {
    let Some(structs) = elements(array, row) else {
        return Ok(Value::Null);
    };
    let Some(structs) = structs.as_struct_opt() else {
        return Ok(Value::Null);
    };
    let Some(values) = structs.columns().get(field) else {
        return Ok(Value::Null);
    };
    let value = |row: usize| {
        if structs.is_null(row) {
            Ok(Value::Null)
        } else {
            cell(values, row, reading)
        }
    };
    (0..structs.len()).map(value).collect::<Result<_, _>>().map(Value::List)
}
