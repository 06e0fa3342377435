//! Tables without a header: their first row is data, and the reader takes it for names.

use automl_readers::{ReadOptions, Source};

use super::GuessError;
use super::sample::{Column, Sample};

/// Words from which on a name is a text.
const WORDS_OF_A_TEXT: usize = 6;

/// Most different values of a column in which a name may be one of them.
const FEW: usize = 50;

/// Reads a sample, and names the columns if the file does not.
///
/// # Errors
/// If the files cannot be read.
pub(super) fn sample(
    sources: &[Source],
    read: &ReadOptions,
) -> Result<(Sample, ReadOptions, Option<String>), GuessError> {
    let sample = Sample::read(sources, read)?;
    if read.columns.is_some() || !matches!(sample.format, "csv" | "tsv") {
        return Ok((sample, read.clone(), None));
    }
    let Some(telling) = sample.columns.iter().find(|column| is_data(column)) else {
        return Ok((sample, read.clone(), None));
    };
    let reason = format!("the first line is data: it has `{}`", short(&telling.name));
    let columns = (1..=sample.columns.len()).map(|number| format!("column_{number}"));
    let named = ReadOptions {
        columns: Some(columns.collect()),
        ..read.clone()
    };
    Ok((Sample::read(sources, &named)?, named, Some(reason)))
}

/// Returns whether the name of a column is one of its values, or a text.
fn is_data(column: &Column) -> bool {
    let name = column.name.trim();
    let is_number = name.parse::<f64>().is_ok();
    let is_value = column.distinct() <= FEW && column.values.iter().any(|(value, _)| value == name);
    let is_text = name.split_whitespace().count() >= WORDS_OF_A_TEXT && column.mean_words() >= 3.0;
    is_number && column.is_of_numbers() || is_value && column.filled > 1 || is_text
}

/// The beginning of a text for a message.
pub(super) fn short(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(LONGEST - 1).collect();
    format!("{}…", beginning.trim_end())
}
