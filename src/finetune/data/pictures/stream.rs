//! Pictures of any number in chunks, for predictions and evaluations.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};

use automl_readers::{Position, ReadOptions, Source};

use super::address::Picture;
use super::error::PictureError;
use super::list::{self, Layout};
use super::pack::in_memory;
use super::prepare::scale;
use super::rows::{self, Greys};
use super::table::{OnBadImage, PictureOptions};
use super::{idx, problem::Problem};
use crate::data::error::DataError;
use crate::data::examples::{Examples, Inputs};
use crate::data::labels::{self, Label};
use crate::data::missing::Missing;
use crate::data::pixels::{PixelBytes, Pixels};
use crate::data::rows::{Row, RowColumns, RowReader};
use crate::data::stream::{KnownLabels, UnknownLabel};
use crate::data::suggestion::closest;
use crate::data::targets::Targets;
use crate::preprocessing::ImageInput;

/// Pictures that are decoded at once: at 224 × 224 they take 38 MB, and as numbers four times as much.
const MOST_AT_ONCE: usize = 256;

/// Pictures in the order of their folder, table or list.
#[derive(Debug)]
pub struct PictureStream {
    rows: std::vec::IntoIter<Row>,
    greys: Greys,
    labels: Option<KnownLabels>,
    input: ImageInput,
    kept: Vec<String>,
    missing: Missing,
    on_bad: OnBadImage,
}

/// Some pictures.
#[derive(Debug)]
pub struct PictureChunk {
    /// The lines of the table, or the numbers of the pictures.
    pub lines: Vec<u64>,
    /// The paths as they were found.
    pub paths: Vec<String>,
    /// For each picture, the values of the columns to keep.
    pub kept: Vec<Vec<serde_json::Value>>,
    /// The pictures with their targets; without labels all classes are 0.
    pub examples: Examples,
    /// The pictures whose labels the model does not know.
    pub unknown: Vec<UnknownLabel>,
    /// The pictures that were left out because they cannot be used.
    pub bad: Vec<(String, Problem)>,
}

impl PictureStream {
    /// Opens a folder, a table, an IDX file, or a list of paths on standard input. `options` says how tables are read and
    /// which labels they have; its splits are not used. `keep` names further columns of a table.
    ///
    /// Without labels a folder gives all pictures in it and in its folders. A table of one column and no known header is a
    /// list of paths.
    ///
    /// # Errors
    /// If it cannot be read or has no pictures.
    pub fn open(
        source: &Source,
        (options, keep): (&PictureOptions, &[String]),
        labels: Option<KnownLabels>,
        input: ImageInput,
    ) -> Result<Self, DataError> {
        if ![1, 3].contains(&input.size.channels) {
            let channels = input.size.channels;
            return Err(PictureError::Channels { channels }.into());
        }
        let mut stream = Self {
            rows: Vec::new().into_iter(),
            greys: Greys::new(),
            labels,
            input,
            kept: Vec::new(),
            missing: Missing::default(),
            on_bad: options.on_bad,
        };
        let rows = match source {
            Source::Path(path) if stream.labels.is_none() && path.is_dir() => {
                stream.of_folder(path, (options, keep))?
            }
            Source::Path(path) if stream.labels.is_none() && idx::is_idx(path) => stream.of_idx(path)?,
            Source::Path(path) if stream.labels.is_none() && list::is_picture(path) && path.is_file() => {
                one(std::slice::from_ref(path))
            }
            Source::StandardInput if stream.labels.is_none() && keep.is_empty() && options.column.is_none() => {
                of_lines()?
            }
            _ if stream.labels.is_none() => stream.of_table(source, (options, keep))?,
            _ => {
                let source = held_out(source)?;
                let (rows, _, missing) = rows::read((&[source], None), options, (&mut stream.greys, &mut Vec::new()))?;
                stream.missing = missing;
                rows
            }
        };
        stream.rows = rows.into_iter();
        Ok(stream)
    }

    /// The columns to keep.
    pub fn kept(&self) -> &[String] {
        &self.kept
    }

    /// The rows of a table that were left out because their label or path is missing.
    pub fn missing(&self) -> &Missing {
        &self.missing
    }

    fn of_folder(&mut self, folder: &Path, options: (&PictureOptions, &[String])) -> Result<Vec<Row>, DataError> {
        match Layout::of(folder)? {
            Layout::Table(table) => self.of_table(&Source::Path(table), options),
            Layout::Idx(folders) => self.of_idx(&folders.train),
            Layout::Parts(_) | Layout::Classes | Layout::Flat | Layout::Other => Ok(one(&list::all(folder)?)),
        }
    }

    fn of_idx(&mut self, file: &Path) -> Result<Vec<Row>, DataError> {
        let found = idx::read(file, false)?;
        let place = |number: u64| Position {
            file: file.into(),
            at: automl_readers::At::Row(number),
        };
        let rows = (1..=found.labels.len() as u64).map(|number| Row {
            place: place(number),
            line: number,
            text: file.to_string_lossy().into_owned().into(),
            label: Label::None,
            kept: Vec::new(),
        });
        let rows = rows.collect();
        self.greys.insert(file.to_owned(), found.images);
        Ok(rows)
    }

    fn of_table(
        &mut self,
        source: &Source,
        (options, keep): (&PictureOptions, &[String]),
    ) -> Result<Vec<Row>, DataError> {
        let sources = std::slice::from_ref(source);
        let read: &ReadOptions = &options.table.read;
        let columns = RowColumns {
            text: rows::columns(sources, read, options.column.as_deref())?,
            label: Vec::new(),
            kind: options.table.labels.clone(),
            on_missing: options.table.on_missing,
        };
        let mut reader = RowReader::open(sources, read, columns)?;
        reader.keep(keep)?;
        self.kept = reader.kept().to_vec();
        let mut rows = Vec::new();
        loop {
            match reader.next_row() {
                Ok(Some(row)) => rows.push(rows::located(row)),
                Ok(None) => break,
                Err(error) if error.is_of_no_rows() => break,
                Err(error) => return Err(error),
            }
        }
        self.missing = reader.missing().clone();
        Ok(rows)
    }

    /// The next pictures, at most `count`; `None` after the last.
    ///
    /// # Errors
    /// If a picture cannot be used.
    pub fn next_chunk(&mut self, count: usize) -> Result<Option<PictureChunk>, DataError> {
        let all: Vec<Row> = self.rows.by_ref().take(count.clamp(1, MOST_AT_ONCE)).collect();
        if all.is_empty() {
            return Ok(None);
        }
        let mut unknown = Vec::new();
        let mut rows = Vec::new();
        for row in all {
            match self.unknown_label(&row) {
                Some(label) => unknown.push(label),
                None => rows.push(row),
            }
        }
        let pictures: Vec<Picture> = rows
            .iter()
            .map(|row| rows::picture((&row.place, &row.text), &self.greys))
            .collect();
        let packed = in_memory(&pictures, &self.input);
        if self.on_bad == OnBadImage::Error
            && let Some((&first, problem)) = packed.problems.first_key_value()
        {
            return Err(PictureError::Bad {
                picture: pictures[first as usize].name(),
                problem: problem.clone(),
                others: packed.problems.len() - 1,
            }
            .into());
        }
        let bad = packed.problems.iter();
        let bad = bad
            .map(|(&index, problem)| (pictures[index as usize].name(), problem.clone()))
            .collect();
        let (good, rows): (Vec<u32>, Vec<Row>) = (0..)
            .zip(rows)
            .filter(|(index, _)| !packed.problems.contains_key(index))
            .unzip();
        let targets = match &self.labels {
            Some(KnownLabels { names, kind, .. }) => labels::targets(&rows, names, kind)?,
            None => Targets::Classes(vec![0; rows.len()]),
        };
        let scale = scale(&self.input.preprocessing, self.input.size.channels);
        let paths = rows
            .iter()
            .map(|row| rows::picture((&row.place, &row.text), &self.greys).name());
        Ok(Some(PictureChunk {
            lines: rows.iter().map(|row| row.line).collect(),
            paths: paths.collect(),
            examples: Examples {
                inputs: Inputs::Images {
                    size: self.input.size,
                    pixels: Pixels::Bytes(PixelBytes::new(&packed.store, good, scale)),
                },
                targets,
            },
            kept: rows.into_iter().map(|row| row.kept).collect(),
            unknown,
            bad,
        }))
    }

    fn unknown_label(&self, row: &Row) -> Option<UnknownLabel> {
        let KnownLabels { names, .. } = self.labels.as_ref()?;
        let label = labels::unknown(row, names)?;
        Some(UnknownLabel {
            line: row.line,
            label: label.clone(),
            suggestion: closest(label, names),
        })
    }
}

/// The part of a folder of parts that no training has seen: the test, or else the validation.
fn held_out(source: &Source) -> Result<Source, PictureError> {
    let Source::Path(path) = source else {
        return Ok(source.clone());
    };
    if !path.is_dir() {
        return Ok(source.clone());
    }
    Ok(match Layout::of(path)? {
        Layout::Parts(folders) | Layout::Idx(folders) => {
            Source::Path(folders.test.or(folders.validation).unwrap_or(folders.train))
        }
        Layout::Classes | Layout::Flat | Layout::Table(_) | Layout::Other => source.clone(),
    })
}

/// A row for each path.
fn one(paths: &[PathBuf]) -> Vec<Row> {
    let row = |(path, line): (&PathBuf, u64)| Row {
        place: Position::file(path.clone()),
        line,
        text: path.to_string_lossy().into_owned().into(),
        label: Label::None,
        kept: Vec::new(),
    };
    paths.iter().zip(1..).map(row).collect()
}

/// The paths on standard input, one a line.
fn of_lines() -> Result<Vec<Row>, DataError> {
    let mut paths = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| DataError::Idx {
            name: "standard input".to_owned(),
            problem: error.to_string(),
        })?;
        let path = line.trim_end_matches('\r');
        if !path.trim().is_empty() {
            paths.push(PathBuf::from(path));
        }
    }
    Ok(one(&paths))
}
