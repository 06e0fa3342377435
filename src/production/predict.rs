//! Predictions: the class of every example with its probabilities, as rows of a file.

use std::io::{self, Write};
use std::path::Path;

use super::{Asked, ProductionError};
use crate::finetune::data::RawText;
use crate::finetune::metrics::highest;
use crate::report::{Cell, plain};

/// Number of examples in memory at a time.
const CHUNK: usize = 1024;

/// A format of predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PredictionFormat {
    /// Comma-separated, with a header.
    Csv,
    /// One JSON object per line.
    Jsonl,
}

impl PredictionFormat {
    /// The format for a file name's extension. Without an extension, as in `/dev/stdout`, it is CSV.
    ///
    /// # Errors
    /// If the extension belongs to another format.
    pub fn of_name(path: Option<&Path>) -> Result<Self, ProductionError> {
        let extension = path
            .and_then(Path::extension)
            .map(|extension| extension.to_string_lossy());
        match extension.as_deref() {
            None | Some("csv") => Ok(PredictionFormat::Csv),
            Some("jsonl" | "ndjson") => Ok(PredictionFormat::Jsonl),
            Some(other) => Err(ProductionError::Usage(format!(
                "predictions are not written as `.{other}`: name the file `.csv` or `.jsonl`, or say which it is with `--format`"
            ))),
        }
    }
}

/// Why predictions were interrupted.
#[derive(Debug)]
pub enum Broken {
    /// The model or the data failed.
    Input(ProductionError),
    /// The output failed.
    Output(io::Error),
}

impl From<io::Error> for Broken {
    fn from(source: io::Error) -> Self {
        Self::Output(source)
    }
}

impl From<ProductionError> for Broken {
    fn from(error: ProductionError) -> Self {
        Self::Input(error)
    }
}

/// Writes all predictions; returns their number.
///
/// # Errors
/// If the data cannot be read further, or the output cannot be written.
pub fn predict(asked: &mut Asked, format: PredictionFormat, output: &mut impl Write) -> Result<u64, Broken> {
    let labels = asked.model.labels().to_vec();
    let mut header: Vec<String> = ["row", "line"].map(str::to_owned).to_vec();
    header.extend(asked.repeated().iter().map(|name| repeated(name)));
    header.extend(["label", "probability"].map(str::to_owned));
    header.extend(labels.iter().map(|label| format!("p.{label}")));
    if format == PredictionFormat::Csv {
        write_csv(output, header.iter().map(String::as_str))?;
    }
    let mut rows = 0;
    while let Some(chunk) = asked.next(CHUNK)? {
        let logits = asked.model.logits(&chunk.examples.inputs);
        let logits = logits.map_err(|error| ProductionError::Train(error.into()))?;
        for (index, logits) in logits.chunks_exact(labels.len()).enumerate() {
            rows += 1;
            let probabilities = softmax(logits);
            let best = highest(logits);
            let mut cells: Vec<Cell> = vec![rows.into(), chunk.lines[index].into()];
            let kept = chunk.kept.get(index).into_iter().flatten();
            let texts = chunk.texts.get(index).into_iter().flat_map(RawText::texts);
            cells.extend(kept.map(String::as_str).chain(texts).map(Cell::from));
            cells.extend([labels[best].as_str().into(), rounded(probabilities[best])]);
            cells.extend(probabilities.iter().map(|&probability| rounded(probability)));
            match format {
                PredictionFormat::Csv => {
                    let cells: Vec<String> = cells.iter().map(plain).collect();
                    write_csv(output, cells.iter().map(String::as_str))?;
                }
                PredictionFormat::Jsonl => {
                    let object: serde_json::Map<String, Cell> = header.iter().cloned().zip(cells).collect();
                    writeln!(output, "{}", Cell::from(object))?;
                }
            }
        }
        output.flush()?;
    }
    Ok(rows)
}

/// The name of a repeated data column: its own, unless a column of the predictions has that name.
fn repeated(name: &str) -> String {
    let is_ours = ["row", "line", "label", "probability"].contains(&name) || name.starts_with("p.");
    if is_ours {
        format!("data.{name}")
    } else {
        name.to_owned()
    }
}

fn write_csv<'a>(output: &mut impl Write, cells: impl Iterator<Item = &'a str>) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().from_writer(output);
    writer.write_record(cells).map_err(io::Error::other)?;
    writer.flush()
}

/// Rounds a probability to the digits that single precision supports.
fn rounded(probability: f64) -> Cell {
    Cell::from((probability * 1e6).round() / 1e6)
}

/// Probabilities from logits, without overflow.
fn softmax(scores: &[f32]) -> Vec<f64> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = scores.iter().map(|score| f64::from(score - highest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_up_whatever_the_scores() {
        for scores in [&[0.0, 0.0][..], &[1e4, -1e4, 0.0], &[-3.5, 2.25, 7.0]] {
            let probabilities = softmax(scores);
            assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(
                probabilities
                    .iter()
                    .all(|probability| (0.0..=1.0).contains(probability))
            );
        }
        assert_eq!(softmax(&[1.0, 1.0]), [0.5, 0.5]);
    }
}
