//! Every picture with what can be said about it, for the data doctor.

use automl_readers::Position;
use rayon::prelude::*;

use super::address::Picture;
use super::pack::PictureCache;
use super::problem::Problem;
use super::rows::{self, Greys};
use super::stamps;
use super::table::PictureOptions;
use crate::data::error::DataError;
use crate::data::labels::Label;

/// A picture.
pub(in crate::data) struct Seen {
    pub(in crate::data) place: Position,
    pub(in crate::data) label: Label,
    /// The same for pictures with the same bytes; the path if no picture was read.
    pub(in crate::data) identity: String,
    /// Rows and columns of pixels; `None` if no picture was read.
    pub(in crate::data) size: Option<Result<[usize; 2], Problem>>,
    /// True if it is a link to a file outside of the folder that was named.
    pub(in crate::data) leads_out: bool,
}

/// The pictures of each part. With `reads` every picture is decoded.
///
/// # Errors
/// If there are no pictures, or a label cannot be used.
pub(in crate::data) fn look(
    options: &mut PictureOptions,
    cache: Option<&PictureCache>,
    reads: bool,
) -> Result<Vec<(&'static str, Vec<Seen>)>, DataError> {
    rows::find_parts(options)?;
    let parts = [
        ("train", options.table.train.clone()),
        ("validation", options.table.validation.clone()),
        ("test", options.table.test.clone()),
    ];
    let mut all = Vec::new();
    for (name, sources) in parts {
        if sources.is_empty() {
            continue;
        }
        let mut greys = Greys::new();
        let (rows, _, _) = rows::read((&sources, None), options, (&mut greys, &mut Vec::new()))?;
        let pictures: Vec<Picture> = rows
            .iter()
            .map(|row| rows::picture((&row.place, &row.text), &greys))
            .collect();
        let hashes = if reads {
            stamps::hashes(&pictures, cache)
        } else {
            Vec::new()
        };
        let size = |picture: &Picture| picture.decode().map(|decoded| [decoded.height, decoded.width]);
        let sizes: Vec<_> = if reads {
            pictures.par_iter().map(size).collect()
        } else {
            Vec::new()
        };
        let folders: Vec<_> = sources.iter().filter_map(rows::folder).collect();
        let leads_out: Vec<bool> = pictures
            .par_iter()
            .map(|picture| match picture {
                Picture::File(path) if path.is_symlink() => path
                    .canonicalize()
                    .is_ok_and(|path| !folders.iter().any(|folder| path.starts_with(folder))),
                Picture::File(_) | Picture::Grey { .. } => false,
            })
            .collect();
        let mut hashes = hashes.into_iter();
        let mut sizes = sizes.into_iter();
        let seen = rows.into_iter().zip(leads_out).map(|(row, leads_out)| Seen {
            identity: hashes
                .next()
                .map_or_else(|| row.text.first.clone(), |hash| format!("picture {hash:032x}")),
            size: sizes.next(),
            place: row.place,
            label: row.label,
            leads_out,
        });
        all.push((name, seen.collect()));
    }
    Ok(all)
}
