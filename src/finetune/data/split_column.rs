//! The column that a split goes by: groups that stay on one side, or times.

use automl_readers::{Position, Record, Value};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::error::DataError;
use super::records::Records;

/// A column that a split goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SplitColumn {
    /// Rows with the same value stay on one side.
    Group(String),
    /// The latest rows are held out. The values are numbers, or dates and times as in ISO 8601.
    Time(String),
}

impl SplitColumn {
    /// Its name.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Group(name) | Self::Time(name) => name,
        }
    }
}

/// The value of a row in the column of the split.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SplitValue {
    Group(String),
    /// A time as a number.
    Number(f64),
    /// A date and time.
    Date(Timestamp),
}

impl SplitValue {
    /// The order of times of one kind.
    pub(super) fn compare(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Date(one), Self::Date(other)) => one.cmp(other),
            _ => std::cmp::Ordering::Equal,
        }
    }
}

/// Collects the values of the rows that are read.
#[derive(Debug)]
pub(super) struct SplitReader {
    column: SplitColumn,
    values: Vec<SplitValue>,
}

impl SplitReader {
    /// # Errors
    /// If the records have no such column.
    pub(super) fn new(column: &SplitColumn, records: &Records) -> Result<Self, DataError> {
        records.require([column.name()])?;
        records.readable([column.name()].into_iter())?;
        Ok(Self {
            column: column.clone(),
            values: Vec::new(),
        })
    }

    /// The value of a record.
    ///
    /// # Errors
    /// If it is missing, is neither a number nor a date where it must be, or is of another kind than the one before.
    pub(super) fn read(&self, record: &Record) -> Result<SplitValue, DataError> {
        let column = self.column.name();
        let value = record.get(column).unwrap_or(&Value::Null);
        let spelling = value.spelling().unwrap_or_default();
        let spelling = spelling.trim();
        if spelling.is_empty() {
            return Err(DataError::NoSplitValue {
                place: record.position.clone(),
                column: column.to_owned(),
            });
        }
        match &self.column {
            SplitColumn::Group(_) => Ok(SplitValue::Group(spelling.to_owned())),
            SplitColumn::Time(_) => self.time(spelling, &record.position),
        }
    }

    fn time(&self, spelling: &str, place: &Position) -> Result<SplitValue, DataError> {
        let refused = |wanted| DataError::NotATime {
            place: place.clone(),
            column: self.column.name().to_owned(),
            value: spelling.to_owned(),
            wanted,
        };
        let number = spelling.parse().ok().filter(|number: &f64| number.is_finite());
        let time = match number {
            // No zero is before another one.
            Some(number) => Some(SplitValue::Number(number + 0.0)),
            None => date(spelling).map(SplitValue::Date),
        };
        match (time, self.values.last()) {
            (None, _) => Err(refused(
                "a number, or a date such as `2024-05-31` or `2024-05-31T12:30:00Z`",
            )),
            (Some(SplitValue::Number(_)), Some(SplitValue::Date(_))) => Err(refused("a date, as in the rows before")),
            (Some(SplitValue::Date(_)), Some(SplitValue::Number(_))) => Err(refused("a number, as in the rows before")),
            (Some(time), _) => Ok(time),
        }
    }

    /// Adds the value of a row that is kept.
    pub(super) fn push(&mut self, value: SplitValue) {
        self.values.push(value);
    }

    /// The values of all rows that were kept.
    pub(super) fn into_values(self) -> Vec<SplitValue> {
        self.values
    }
}

/// A date, or a date with a time; without an offset in UTC.
fn date(text: &str) -> Option<Timestamp> {
    let here = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    let with_offset = text.parse::<Timestamp>().ok();
    with_offset.or_else(|| here().map(|zoned| zoned.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_with_and_without_times_and_offsets() {
        let seconds = |text: &str| date(text).map(Timestamp::as_second);
        let day = seconds("2024-05-31").unwrap();
        assert_eq!(seconds("2024-05-31T00:00:00Z"), Some(day));
        assert_eq!(seconds("2024-05-31 01:00:00+01:00"), Some(day));
        assert_eq!(seconds("2024-05-31 12:30"), Some(day + 12 * 3600 + 1800));
        assert_eq!(seconds("2024-05-31T00:00:07.5"), Some(day + 7));
        for wrong in ["31.05.2024", "yesterday", "2024-13-01", "05/31/2024", ""] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
