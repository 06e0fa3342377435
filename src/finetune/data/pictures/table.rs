//! Labelled pictures: found, checked and split, then decoded for a model.

use std::collections::BTreeMap;
use std::path::PathBuf;

use automl_readers::{Position, ReadOptions, Source};

use super::address::Picture;
use super::error::PictureError;
use super::pack::{Packed, PictureCache, packed};
use super::prepare::scale;
use super::problem::Problem;
use super::rows::{self, Greys};
use super::stamps;
use crate::data::error::DataError;
use crate::data::examples::{Dataset, Examples, Inputs};
use crate::data::missing::Missing;
use crate::data::pixels::{PixelBytes, Pixels};
use crate::data::rows::Row;
use crate::data::split_column::SplitColumn;
use crate::data::table::{TableOptions, TextTable, assemble, read_parts};
use crate::data::targets::Targets;
use crate::data::text::RawText;
use crate::data::together::Together;
use crate::data::{DuplicateGroups, Held, ImageSize, LabelKind, SplitOptions, TextColumns};
use crate::preprocessing::ImageInput;
use crate::tasks::TaskKind;
use crate::units::Seed;

/// The names of the parts.
const PARTS: [&str; 3] = ["train", "validation", "test"];

/// Classes that a note names.
const NAMED: usize = 5;

/// Where pictures and their labels are.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureOptions {
    /// Folders of classes, tables and IDX files, and how they are split. The columns of texts are not used.
    pub table: TableOptions,
    /// The column of the paths; `None`: one of the usual names.
    pub column: Option<String>,
    /// The treatment of pictures that cannot be used.
    pub on_bad: OnBadImage,
}

impl PictureOptions {
    /// Reads pictures with one label each from these files, and splits nothing off.
    pub fn unsplit(train: Vec<Source>, read: ReadOptions) -> Self {
        Self {
            table: TableOptions {
                train,
                validation: Vec::new(),
                test: Vec::new(),
                read,
                text: TextColumns::one("image"),
                label: vec!["label".to_owned()],
                labels: LabelKind::Class,
                on_missing: None,
                train_limit: None,
                split: SplitOptions {
                    validation: Held::NONE,
                    test: Held::NONE,
                    stratify: false,
                    seed: Seed(0),
                },
                together: None,
                folds: None,
            },
            column: None,
            on_bad: OnBadImage::Error,
        }
    }
}

/// The treatment of pictures that cannot be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBadImage {
    /// They are errors.
    #[default]
    Error,
    /// They are left out and counted.
    Skip,
}

/// Labelled pictures that are not decoded yet.
#[derive(Clone, Debug)]
pub struct PictureTable {
    table: TextTable,
    greys: Greys,
    on_bad: OnBadImage,
    /// Files of other kinds beside the pictures.
    others: Vec<PathBuf>,
    cache: Option<PictureCache>,
}

/// Pictures for a model, and facts that a person should know.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The pictures, at the size of the model.
    pub data: Dataset,
    /// For example which pictures were left out.
    pub notes: Vec<String>,
}

impl PictureTable {
    /// Finds all pictures with their labels, and splits them. None is decoded.
    ///
    /// # Errors
    /// If there are no pictures, a label cannot be used, or there are too few for the split.
    pub fn load(mut options: PictureOptions, cache: Option<PictureCache>) -> Result<Self, DataError> {
        rows::find_parts(&mut options)?;
        if options.table.together.as_ref().is_some_and(|together| together.near) {
            return Err(PictureError::NearDuplicates.into());
        }
        let (mut greys, mut others) = (Greys::new(), Vec::new());
        let read = |sources: &[Source], column: Option<&SplitColumn>| {
            rows::read((sources, column), &options, (&mut greys, &mut others))
        };
        let rows = read_parts(&options.table, read)?;
        // Pictures with the same bytes are duplicates.
        let duplicates = |_: &Together, rows: &[Row]| {
            let pictures = rows.iter().map(|row| rows::picture((&row.place, &row.text), &greys));
            DuplicateGroups::of_keys(stamps::hashes(&pictures.collect::<Vec<_>>(), cache.as_ref()))
        };
        let table = assemble(&options.table, rows, &duplicates)?;
        Ok(Self {
            table,
            greys,
            on_bad: options.on_bad,
            others,
            cache,
        })
    }

    /// The kind of labels.
    pub fn task(&self) -> TaskKind {
        self.table.task()
    }

    /// The names of the classes, labels or numbers.
    pub fn labels(&self) -> &[String] {
        self.table.labels()
    }

    /// Number of training pictures.
    pub fn train_examples(&self) -> usize {
        self.table.train_examples()
    }

    /// The rows of tables that are left out of each part because their label or path is missing.
    pub fn missing(&self) -> &[(&'static str, Missing)] {
        self.table.missing()
    }

    /// The places and the paths of the validation pictures, in the order of their targets.
    pub fn compared_rows(&self) -> Vec<(&Position, &RawText)> {
        self.table.compared_rows()
    }

    /// The targets of the validation pictures.
    ///
    /// # Errors
    /// As [`TextTable::compared_targets`].
    pub fn compared_targets(&self) -> Result<Targets, DataError> {
        self.table.compared_targets()
    }

    /// Facts that a person should know.
    pub fn notes(&self) -> Vec<String> {
        let note = |(part, missing): &(&str, Missing)| format!("left out of the {part} pictures: {missing}");
        let mut notes: Vec<String> = self.table.missing().iter().map(note).collect();
        match self.table.repeated() {
            0 => {}
            1 => notes.push("1 picture is a copy of another: both are on one side of the split".to_owned()),
            repeated => notes.push(format!(
                "{repeated} pictures are copies of others: they are on one side of the split with them"
            )),
        }
        if let Some(first) = self.others.first() {
            let (count, are) = match self.others.len() {
                1 => ("1 file".to_owned(), "is"),
                count => (format!("{count} files"), "are"),
            };
            notes.push(format!(
                "{count} beside the pictures {are} not read, such as `{}`",
                first.display()
            ));
        }
        notes.extend(self.unseen_classes());
        notes
    }

    /// A note about classes without validation pictures: their recall cannot be measured.
    fn unseen_classes(&self) -> Option<String> {
        let Ok(Targets::Classes(classes)) = self.table.compared_targets() else {
            return None;
        };
        let is_unseen = |class: &usize| !classes.contains(&(*class as u32));
        let names = self.labels();
        let unseen: Vec<String> = (0..names.len())
            .filter(is_unseen)
            .map(|class| format!("`{}`", names[class]))
            .collect();
        let shown = unseen.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        match unseen.len() {
            0 => None,
            1 => Some(format!("the class {shown} has no validation pictures")),
            count if count <= NAMED => Some(format!("the classes {shown} have no validation pictures")),
            count => Some(format!("{count} classes have no validation pictures, such as {shown}")),
        }
    }

    /// Decodes all pictures for a model, or finds them in the cache.
    ///
    /// # Errors
    /// If a picture cannot be used, or if all of a part are left out.
    pub fn prepare(&self, input: &ImageInput) -> Result<Prepared, DataError> {
        let ImageSize { channels, .. } = input.size;
        if ![1, 3].contains(&channels) {
            return Err(PictureError::Channels { channels }.into());
        }
        let parts = self.table.parts();
        let rows = parts
            .iter()
            .flatten()
            .flat_map(|(places, texts, _)| places.iter().zip(*texts));
        let pictures: Vec<Picture> = rows.map(|row| rows::picture(row, &self.greys)).collect();
        let hashes = match &self.cache {
            Some(cache) => stamps::hashes(&pictures, Some(cache)),
            None => Vec::new(),
        };
        let packed = packed(&pictures, &hashes, input, self.cache.as_ref());
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
        let mut notes = Vec::new();
        let mut first = 0;
        let mut examples = BTreeMap::new();
        for (name, part) in PARTS.into_iter().zip(&parts) {
            let Some((places, _, targets)) = part else { continue };
            let range = first..first + places.len() as u32;
            first = range.end;
            let part = Part { name, range, targets };
            let (of_part, note) = part.examples(&packed, &pictures, input)?;
            notes.extend(note);
            examples.insert(name, of_part);
        }
        let mut take = |name: &str| examples.remove(name);
        let (Some(train), Some(validation)) = (take(PARTS[0]), take(PARTS[1])) else {
            return Err(DataError::NoTrainingExamples);
        };
        let data = Dataset {
            task: self.task(),
            train,
            validation,
            test: take(PARTS[2]),
            labels: self.labels().to_vec(),
        };
        Ok(Prepared { data, notes })
    }
}

/// A part of the pictures.
struct Part<'a> {
    name: &'static str,
    /// Its pictures among all.
    range: std::ops::Range<u32>,
    targets: &'a Targets,
}

impl Part<'_> {
    /// The pictures that can be used, and a note about the others.
    fn examples(
        &self,
        packed: &Packed,
        pictures: &[Picture],
        input: &ImageInput,
    ) -> Result<(Examples, Option<String>), DataError> {
        let problems: Vec<(&u32, &Problem)> = packed.problems.range(self.range.clone()).collect();
        let good = self
            .range
            .clone()
            .filter(|picture| !packed.problems.contains_key(picture));
        let good: Vec<u32> = good.collect();
        let note = match problems.first() {
            None => None,
            Some((first, problem)) if good.is_empty() => {
                return Err(PictureError::AllBad {
                    part: self.name,
                    count: problems.len(),
                    picture: pictures[**first as usize].name(),
                    problem: (*problem).clone(),
                }
                .into());
            }
            Some((first, problem)) => Some(format!(
                "left out of the {} pictures: {} that cannot be used, the first is `{}`: {problem}",
                self.name,
                problems.len(),
                pictures[**first as usize].name()
            )),
        };
        let places: Vec<u32> = good.iter().map(|picture| picture - self.range.start).collect();
        let scale = scale(&input.preprocessing, input.size.channels);
        let examples = Examples {
            inputs: Inputs::Images {
                size: input.size,
                pixels: Pixels::Bytes(PixelBytes::new(&packed.store, good, scale)),
            },
            targets: self.targets.pick(&places),
        };
        Ok((examples, note))
    }
}

#[cfg(test)]
mod tests;
