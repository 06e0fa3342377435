//! Where a picture is: a file of its own, or one of the pictures in an IDX file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::decode::{Decoded, decode, read};
use super::problem::Problem;
use crate::data::images::GreyImages;

/// A picture that is not decoded yet.
#[derive(Clone, Debug)]
pub(super) enum Picture {
    File(PathBuf),
    /// A picture of an IDX file.
    Grey {
        file: Arc<Path>,
        images: Arc<GreyImages>,
        index: usize,
    },
}

impl Picture {
    /// Its name in messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Grey { file, index, .. } => format!("{}, picture {}", file.display(), index + 1),
        }
    }

    /// The pixels.
    pub(super) fn decode(&self) -> Result<Decoded, Problem> {
        match self {
            Self::File(path) => decode(&read(path)?),
            Self::Grey { images, index, .. } => Ok(Decoded {
                height: images.rows,
                width: images.columns,
                pixels: grey(images, *index).iter().flat_map(|&grey| [grey; 3]).collect(),
            }),
        }
    }

    /// A hash of the content; of a file that cannot be read, of its name.
    pub(super) fn hash(&self) -> u128 {
        match self {
            Self::File(path) => match read(path) {
                Ok(bytes) => xxh3_128(&bytes),
                Err(problem) => xxh3_128(format!("{}: {problem}", path.display()).as_bytes()),
            },
            Self::Grey { images, index, .. } => {
                let mut hash = Xxh3::new();
                hash.update(&(images.rows as u64).to_le_bytes());
                hash.update(&(images.columns as u64).to_le_bytes());
                hash.update(grey(images, *index));
                hash.digest128()
            }
        }
    }
}

fn grey(images: &GreyImages, index: usize) -> &[u8] {
    let length = images.rows * images.columns;
    &images.pixels[index * length..][..length]
}
