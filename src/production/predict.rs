//! Predictions as rows of a file, one for each example.

use std::io::{self, Write};
use std::path::Path;

use super::layout::Layout;
use super::{Asked, ProductionError};
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
    let layout = Layout::new(asked);
    let mut header: Vec<String> = ["row", "line"].map(str::to_owned).to_vec();
    header.extend(asked.repeated().iter().map(|name| layout.repeated(name)));
    header.extend(layout.columns());
    if format == PredictionFormat::Csv {
        write_csv(output, header.iter().map(String::as_str))?;
    }
    let mut rows = 0;
    while let Some(chunk) = asked.next(CHUNK)? {
        let predictions = asked.model.predict(&chunk.examples);
        let predictions = predictions.map_err(|error| ProductionError::Train(error.into()))?;
        for (index, prediction) in predictions.iter().enumerate() {
            rows += 1;
            let mut cells: Vec<Cell> = vec![rows.into(), chunk.lines[index].into()];
            let repeated = chunk.repeated.get(index).map(Vec::as_slice).unwrap_or_default();
            cells.extend(repeated.iter().cloned());
            let text = repeated.last().and_then(Cell::as_str).unwrap_or_default();
            let words = chunk.words.get(index).map(Vec::as_slice).unwrap_or_default();
            cells.extend(layout.cells(prediction, (text, words)));
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

fn write_csv<'a>(output: &mut impl Write, cells: impl Iterator<Item = &'a str>) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().from_writer(output);
    writer.write_record(cells).map_err(io::Error::other)?;
    writer.flush()
}
