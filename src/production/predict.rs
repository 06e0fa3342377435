//! Predictions: the class of every example with its probabilities, as rows of a file.

use std::io::{self, Write};
use std::path::Path;

use super::{Asked, ProductionError};
use crate::finetune::Prediction;
use crate::finetune::data::RawText;
use crate::metrics::Task as TaskKind;
use crate::report::{Cell, plain};

/// The text between several labels of a prediction.
const SEPARATOR: &str = ";";

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
    let (task, labels) = (asked.model.task(), asked.model.labels().to_vec());
    let mut header: Vec<String> = ["row", "line"].map(str::to_owned).to_vec();
    header.extend(asked.repeated().iter().map(|name| repeated(name)));
    header.extend(columns(task.kind(), &labels));
    if format == PredictionFormat::Csv {
        write_csv(output, header.iter().map(String::as_str))?;
    }
    let mut rows = 0;
    while let Some(chunk) = asked.next(CHUNK)? {
        let outputs = asked.model.logits(&chunk.examples.inputs);
        let outputs = outputs.map_err(|error| ProductionError::Train(error.into()))?;
        for (index, outputs) in outputs.chunks_exact(labels.len()).enumerate() {
            rows += 1;
            let mut cells: Vec<Cell> = vec![rows.into(), chunk.lines[index].into()];
            let kept = chunk.kept.get(index).into_iter().flatten();
            let texts = chunk.texts.get(index).into_iter().flat_map(RawText::texts);
            cells.extend(kept.map(String::as_str).chain(texts).map(Cell::from));
            cells.extend(predicted(&task.predict(outputs), &labels, asked.model.thresholds()));
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

/// The names of the columns that a prediction fills.
fn columns(kind: TaskKind, labels: &[String]) -> Vec<String> {
    let probabilities = labels.iter().map(|label| format!("p.{label}"));
    match kind {
        TaskKind::MultiLabel => std::iter::once("labels".to_owned()).chain(probabilities).collect(),
        TaskKind::Regression => match labels {
            [_] => vec!["prediction".to_owned()],
            _ => labels.iter().map(|label| format!("prediction.{label}")).collect(),
        },
        _ => ["label", "probability"]
            .map(str::to_owned)
            .into_iter()
            .chain(probabilities)
            .collect(),
    }
}

/// The cells of a prediction, one for each of [`columns`].
fn predicted(prediction: &Prediction, labels: &[String], thresholds: &[f64]) -> Vec<Cell> {
    match prediction {
        Prediction::Class { class, probabilities } => {
            let first = [labels[*class].as_str().into(), rounded(probabilities[*class])];
            let all = probabilities.iter().map(|&probability| rounded(probability));
            first.into_iter().chain(all).collect()
        }
        Prediction::Labels { probabilities } => {
            let each = labels.iter().zip(probabilities).enumerate();
            let threshold = |label: usize| thresholds.get(label).copied().unwrap_or(0.5);
            let likely = each.filter(|(index, (_, probability))| **probability >= threshold(*index));
            let names: Vec<&str> = likely.map(|(_, (label, _))| label.as_str()).collect();
            let all = probabilities.iter().map(|&probability| rounded(probability));
            std::iter::once(names.join(SEPARATOR).into()).chain(all).collect()
        }
        Prediction::Values(values) => values.iter().map(|&value| rounded(value)).collect(),
    }
}

/// The name of a repeated data column: its own, unless a column of the predictions has that name.
fn repeated(name: &str) -> String {
    let is_ours = ["row", "line", "label", "labels", "probability", "prediction"].contains(&name)
        || name.starts_with("p.")
        || name.starts_with("prediction.");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prediction_fills_its_columns() {
        let labels = ["a", "b"].map(str::to_owned);
        let predictions = [
            (
                TaskKind::Classification,
                Prediction::Class {
                    class: 1,
                    probabilities: vec![0.25, 0.75],
                },
            ),
            (
                TaskKind::MultiLabel,
                Prediction::Labels {
                    probabilities: vec![0.5, 0.9],
                },
            ),
            (TaskKind::Regression, Prediction::Values(vec![1.5, -2.0])),
        ];
        let rows = predictions.map(|(kind, prediction)| {
            let cells: Vec<String> = predicted(&prediction, &labels, &[]).iter().map(plain).collect();
            format!("{} | {}", columns(kind, &labels).join(","), cells.join(","))
        });
        insta::assert_snapshot!(rows.join("\n"), @r"
        label,probability,p.a,p.b | b,0.75,0.25,0.75
        labels,p.a,p.b | a;b,0.5,0.9
        prediction.a,prediction.b | 1.5,-2
        ");
    }

    #[test]
    fn a_label_is_predicted_from_its_threshold_on() {
        let labels = ["a", "b"].map(str::to_owned);
        let prediction = Prediction::Labels {
            probabilities: vec![0.3, 0.6],
        };
        let names = |thresholds: &[f64]| plain(&predicted(&prediction, &labels, thresholds)[0]);
        assert_eq!([names(&[]), names(&[0.3, 0.61]), names(&[0.1, 0.2])], ["b", "a", "a;b"]);
    }
}
