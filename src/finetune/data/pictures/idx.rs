//! IDX files (`LeCun`'s MNIST format) with or without gzip: pictures in one file and their labels in another.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::PictureError;
use super::list::Folders;
use crate::data::error::DataError;
use crate::data::images::{GreyImages, read_idx_images, read_idx_labels};

/// The first bytes: unsigned bytes with three dimensions, and those of gzip.
const IMAGES: [u8; 4] = [0, 0, 8, 3];
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The pictures of a file, each with its label, if they are read.
pub(super) struct Idx {
    pub(super) images: Arc<GreyImages>,
    pub(super) labels: Vec<u8>,
}

/// Returns whether a file holds pictures in IDX format.
pub(super) fn is_idx(path: &Path) -> bool {
    let mut first = [0; 4];
    let read = |reader: &mut dyn std::io::Read, first: &mut [u8; 4]| reader.read_exact(first).is_ok();
    let Ok(mut file) = File::open(path) else { return false };
    if !path.is_file() || !read(&mut file, &mut first) {
        return false;
    }
    if first.starts_with(&GZIP) {
        let Ok(file) = File::open(path) else { return false };
        let mut unpacked = flate2::read::GzDecoder::new(file);
        return read(&mut unpacked, &mut first) && first == IMAGES;
    }
    first == IMAGES
}

/// The file with the labels of a file of pictures, by the names that such files have: `train-images-idx3-ubyte.gz` and
/// `train-labels-idx1-ubyte.gz`.
fn labels_file(images: &Path) -> PathBuf {
    let name = images
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    images.with_file_name(name.replace("images", "labels").replace("idx3", "idx1"))
}

/// Reads the pictures of a file, and their labels.
///
/// # Errors
/// If one of the files cannot be read or is damaged.
pub(super) fn read(path: &Path, has_labels: bool) -> Result<Idx, DataError> {
    let images = read_idx_images(&path.display().to_string(), &bytes(path)?)?;
    let count = images.pixels.len() / (images.rows * images.columns).max(1);
    if count == 0 {
        let (folder, files) = (path.to_owned(), 0);
        return Err(PictureError::Empty { folder, files }.into());
    }
    let labels = if has_labels {
        let of_labels = labels_file(path);
        if of_labels == path || !of_labels.exists() {
            let images = path.to_owned();
            let labels = if of_labels == path {
                path.with_extension("labels")
            } else {
                of_labels
            };
            return Err(PictureError::NoIdxLabels { images, labels }.into());
        }
        let labels = read_idx_labels(&of_labels.display().to_string(), &bytes(&of_labels)?)?;
        if labels.len() != count {
            return Err(PictureError::IdxCounts {
                images: path.to_owned(),
                labels: of_labels,
                images_count: count,
                labels_count: labels.len(),
            }
            .into());
        }
        labels
    } else {
        vec![0; count]
    };
    Ok(Idx {
        images: Arc::new(images),
        labels,
    })
}

/// The bytes of a file, packed with gzip: the reader of built-in data expects them so.
fn bytes(path: &Path) -> Result<Vec<u8>, DataError> {
    let fault = |error: std::io::Error| DataError::Idx {
        name: path.display().to_string(),
        problem: error.to_string(),
    };
    let bytes = std::fs::read(path).map_err(fault)?;
    if bytes.starts_with(&GZIP) {
        return Ok(bytes);
    }
    let mut packed = Vec::new();
    let mut encoder = flate2::read::GzEncoder::new(bytes.as_slice(), flate2::Compression::none());
    encoder.read_to_end(&mut packed).map_err(fault)?;
    Ok(packed)
}

/// The IDX files of a folder by their names: those of training pictures, and of the test.
pub(super) fn of_folder(folder: &Path) -> Option<Folders> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| is_idx(path)).collect();
    files.sort();
    let has = |path: &PathBuf, words: &[&str]| {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        words.iter().any(|word| name.contains(word))
    };
    let find = |words: &[&str]| files.iter().find(|path| has(path, words)).cloned();
    let test = find(&["t10k", "test"]);
    let train = find(&["train"]).or_else(|| files.iter().find(|path| Some(*path) != test.as_ref()).cloned())?;
    Some(Folders {
        train,
        validation: find(&["valid"]),
        test,
    })
}
