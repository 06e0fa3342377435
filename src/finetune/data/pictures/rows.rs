//! Pictures with labels as rows: their text is the path of the file, or the name of an IDX file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use automl_readers::{At, Position, ReadOptions, Source};

use super::address::Picture;
use super::error::PictureError;
use super::idx;
use super::list::{self, Folders, Layout};
use super::table::PictureOptions;
use crate::data::error::DataError;
use crate::data::images::GreyImages;
use crate::data::labels::{Label, LabelKind};
use crate::data::missing::{Missing, OnMissing};
use crate::data::records::{self, Records};
use crate::data::rows::{Row, RowColumns, RowReader};
use crate::data::split_column::SplitColumn;
use crate::data::table::ReadRows;
use crate::data::text::{RawText, TextColumns};

/// Usual names of the column of paths; `file_name` is that of Hugging Face's `imagefolder`.
const COLUMNS: [&str; 9] = [
    "image",
    "path",
    "file_name",
    "filename",
    "file",
    "image_path",
    "filepath",
    "picture",
    "img",
];

/// The pictures of IDX files by the name of the file.
pub(super) type Greys = BTreeMap<PathBuf, Arc<GreyImages>>;

/// Finds the parts in a folder that is named for training, such as `train/` and `val/` in it.
///
/// # Errors
/// If the folder cannot be read.
pub(super) fn find_parts(options: &mut PictureOptions) -> Result<(), PictureError> {
    let [Source::Path(folder)] = options.table.train.as_slice() else {
        return Ok(());
    };
    if !folder.is_dir() {
        return Ok(());
    }
    if let Layout::Parts(Folders {
        train,
        validation,
        test,
    })
    | Layout::Idx(Folders {
        train,
        validation,
        test,
    }) = Layout::of(folder)?
    {
        options.table.train = vec![Source::Path(train)];
        let parts = [
            (&mut options.table.validation, validation),
            (&mut options.table.test, test),
        ];
        for (part, found) in parts {
            if part.is_empty() {
                *part = found.into_iter().map(Source::Path).collect();
            }
        }
    }
    Ok(())
}

/// The way in which a source names pictures.
enum Kind {
    Folder(PathBuf),
    Idx(PathBuf),
    Table(Source),
}

fn kind(source: &Source) -> Result<Kind, PictureError> {
    let Source::Path(path) = source else {
        return Ok(Kind::Table(source.clone()));
    };
    if !path.is_dir() {
        return Ok(if idx::is_idx(path) {
            Kind::Idx(path.clone())
        } else {
            Kind::Table(source.clone())
        });
    }
    Ok(match Layout::of(path)? {
        Layout::Table(table) => Kind::Table(Source::Path(table)),
        Layout::Idx(folders) => Kind::Idx(folders.train),
        Layout::Parts(_) | Layout::Classes | Layout::Flat | Layout::Other => Kind::Folder(path.clone()),
    })
}

/// The folder that a source names, or in which it lies, without links.
pub(super) fn folder(source: &Source) -> Option<PathBuf> {
    let Source::Path(path) = source else { return None };
    let path = path.canonicalize().ok()?;
    if path.is_dir() {
        return Some(path);
    }
    path.parent().map(Path::to_owned)
}

/// Reads the pictures of a part with their labels.
///
/// # Errors
/// If a source cannot be read, has no pictures, or a label cannot be used.
pub(super) fn read(
    (sources, column): (&[Source], Option<&SplitColumn>),
    options: &PictureOptions,
    (greys, others): (&mut Greys, &mut Vec<PathBuf>),
) -> Result<ReadRows, DataError> {
    let (mut rows, mut tables) = (Vec::new(), Vec::new());
    for source in sources {
        let folder = match kind(source)? {
            Kind::Table(source) => {
                tables.push(source);
                continue;
            }
            Kind::Folder(folder) => {
                of_folder(&folder, &options.table.labels, (&mut rows, &mut *others))?;
                folder
            }
            Kind::Idx(file) => {
                of_idx(&file, &options.table.labels, (&mut rows, &mut *greys))?;
                file
            }
        };
        if let Some(column) = column {
            return Err(PictureError::NoColumns {
                column: column.name().to_owned(),
                source_name: folder,
            }
            .into());
        }
    }
    if tables.is_empty() {
        return Ok((rows, Vec::new(), Missing::default()));
    }
    let (mut of_tables, values, missing) = of_tables(&tables, column, options)?;
    rows.append(&mut of_tables);
    if rows.is_empty() {
        let file = records::name(&tables);
        return Err(DataError::NothingLeft { file, missing });
    }
    Ok((rows, values, missing))
}

/// A label of the kind that the task has.
fn label(name: &str, kind: &LabelKind) -> Option<Label> {
    Some(match kind {
        LabelKind::Class => Label::Class(name.to_owned()),
        LabelKind::Several { .. } => Label::Several(vec![name.to_owned()]),
        LabelKind::Number => Label::Numbers(vec![name.parse().ok().filter(|number: &f32| number.is_finite())?]),
    })
}

fn of_folder(
    folder: &Path,
    kind: &LabelKind,
    (rows, others): (&mut Vec<Row>, &mut Vec<PathBuf>),
) -> Result<(), PictureError> {
    let listing = list::of_classes(folder)?;
    others.extend(listing.others);
    for listed in listing.pictures {
        let Some(label) = label(listed.class.trim(), kind) else {
            let folder = folder.to_owned();
            return Err(PictureError::NotNumbers { folder });
        };
        rows.push(Row {
            text: listed.path.to_string_lossy().into_owned().into(),
            place: Position::file(listed.path),
            line: rows.len() as u64 + 1,
            label,
            kept: Vec::new(),
        });
    }
    Ok(())
}

fn of_idx(file: &Path, kind: &LabelKind, (rows, greys): (&mut Vec<Row>, &mut Greys)) -> Result<(), DataError> {
    let found = idx::read(file, true)?;
    let name: Arc<Path> = file.into();
    for (class, number) in found.labels.iter().zip(1..) {
        let label = label(&class.to_string(), kind);
        rows.push(Row {
            place: Position {
                file: Arc::clone(&name),
                at: At::Row(number),
            },
            line: number,
            text: file.to_string_lossy().into_owned().into(),
            label: label.unwrap_or_default(),
            kept: Vec::new(),
        });
    }
    greys.insert(file.to_owned(), found.images);
    Ok(())
}

/// The columns of a table of pictures.
pub(super) fn columns(tables: &[Source], read: &ReadOptions, named: Option<&str>) -> Result<TextColumns, DataError> {
    let column = Records::open(tables, read)?.find(named, (&COLUMNS, "path", "the paths of pictures", "image"))?;
    Ok(TextColumns::one(column))
}

fn of_tables(tables: &[Source], column: Option<&SplitColumn>, options: &PictureOptions) -> Result<ReadRows, DataError> {
    let table = &options.table;
    let columns = RowColumns {
        text: columns(tables, &table.read, options.column.as_deref())?,
        label: table.label.clone(),
        kind: table.labels.clone(),
        on_missing: table.on_missing.or(Some(OnMissing::Skip)),
    };
    let mut reader = RowReader::open(tables, &table.read, columns)?;
    if let Some(column) = column {
        reader.split_by(column)?;
    }
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        rows.push(located(row));
    }
    let missing = reader.missing().clone();
    Ok((rows, reader.into_split_values(), missing))
}

/// A row of a table with the path of its picture, which the table names from its own folder.
pub(super) fn located(row: Row) -> Row {
    let folder = row.place.file.parent().unwrap_or(Path::new(""));
    let path = folder.join(row.text.first.trim());
    Row {
        text: RawText::from(path.to_string_lossy().into_owned()),
        ..row
    }
}

/// The picture of a row.
pub(super) fn picture((place, text): (&Position, &RawText), greys: &Greys) -> Picture {
    match (place.at, greys.get(&*place.file)) {
        (At::Row(number), Some(images)) if Path::new(&text.first) == &*place.file => Picture::Grey {
            file: Arc::clone(&place.file),
            images: Arc::clone(images),
            index: number as usize - 1,
        },
        _ => Picture::File(PathBuf::from(&text.first)),
    }
}
