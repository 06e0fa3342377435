//! One value of an Arrow array.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_cast::display::array_value_to_string;
use arrow_schema::DataType;

use crate::error::Fault;
use crate::value::{Number, Value};

/// Facts that reading a column's values needs.
pub(super) struct Reading<'c> {
    pub(super) column: &'c str,
    pub(super) classes: Option<&'c [String]>,
    /// Largest value, in bytes.
    pub(super) largest: usize,
}

/// The value of a row.
///
/// # Errors
/// If a class has no name, or a value is too large.
pub(super) fn cell(array: &ArrayRef, row: usize, reading: &Reading<'_>) -> Result<Value, Fault> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    match array.data_type() {
        DataType::Utf8 => text(array.as_string::<i32>().value(row), reading),
        DataType::LargeUtf8 => text(array.as_string::<i64>().value(row), reading),
        DataType::Utf8View => text(array.as_string_view().value(row), reading),
        DataType::Boolean => Ok(Value::Boolean(array.as_boolean().value(row))),
        DataType::Float16 => Ok(float(
            f64::from(array.as_primitive::<Float16Type>().value(row).to_f32()),
            true,
        )),
        DataType::Float32 => Ok(float(f64::from(array.as_primitive::<Float32Type>().value(row)), true)),
        DataType::Float64 => Ok(float(array.as_primitive::<Float64Type>().value(row), false)),
        DataType::Null => Ok(Value::Null),
        DataType::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            match integer(dictionary.keys(), row).and_then(|key| usize::try_from(key).ok()) {
                Some(key) if key < dictionary.values().len() => cell(dictionary.values(), key, reading),
                Some(_) | None => Ok(Value::Null),
            }
        }
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            let Some(values) = elements(array, row) else {
                return Ok(Value::Null);
            };
            let value = |row| cell(&values, row, reading);
            (0..values.len()).map(value).collect::<Result<_, _>>().map(Value::List)
        }
        _ => match integer(array.as_ref(), row) {
            Some(integer) => of_integer(integer, reading),
            None => Ok(displayed(array, row)),
        },
    }
}

/// The elements of a list; `None` if the list is missing or the array holds no lists.
pub(super) fn elements(array: &ArrayRef, row: usize) -> Option<ArrayRef> {
    if array.is_null(row) {
        return None;
    }
    match array.data_type() {
        DataType::List(_) => Some(array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => Some(array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => Some(array.as_fixed_size_list().value(row)),
        _ => None,
    }
}

fn text(text: &str, reading: &Reading<'_>) -> Result<Value, Fault> {
    let limit = reading.largest;
    if text.len() > limit {
        return Err(Fault::RecordTooLarge { limit });
    }
    Ok(Value::Text(text.to_owned()))
}

fn integer(array: &dyn Array, row: usize) -> Option<i128> {
    Some(match array.data_type() {
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).into(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).into(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).into(),
        _ => return None,
    })
}

/// A number, or the name of a class. In `datasets`, -1 stands for a row without a label.
fn of_integer(integer: i128, reading: &Reading<'_>) -> Result<Value, Fault> {
    let Some(classes) = reading.classes else {
        return Ok(Value::Number(
            i64::try_from(integer).map_or_else(|_| Number::from(integer as u64), Number::from),
        ));
    };
    if integer == -1 {
        return Ok(Value::Null);
    }
    let name = usize::try_from(integer).ok().and_then(|index| classes.get(index));
    name.map(|name| Value::Text(name.clone()))
        .ok_or_else(|| Fault::UnknownClass {
            column: reading.column.to_owned(),
            index: integer as i64,
            classes: classes.len(),
        })
}

/// The shortest spelling that gives the same float again.
fn float(value: f64, is_single: bool) -> Value {
    let spelling = if is_single {
        format!("{:?}", value as f32)
    } else {
        format!("{value:?}")
    };
    Value::Number(Number::written(&spelling))
}

/// Decimals, dates and times as Arrow writes them; times with a zone as the times of UTC.
fn displayed(array: &ArrayRef, row: usize) -> Value {
    if let DataType::Timestamp(unit, Some(_)) = array.data_type() {
        let naive = cast(&array.slice(row, 1), &DataType::Timestamp(*unit, None));
        let text = naive.and_then(|naive| array_value_to_string(&naive, 0));
        return text.map_or(Value::Null, |text| Value::Text(text + "Z"));
    }
    let is_number = array.data_type().is_numeric();
    match array_value_to_string(array, row) {
        Ok(text) if is_number => Value::Number(Number::written(&text)),
        Ok(text) => Value::Text(text),
        Err(_) => Value::Null,
    }
}
