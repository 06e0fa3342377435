//! Why an image cannot be used.

use serde::{Deserialize, Serialize};

/// The reason why an image cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file does not exist, or may not be read.
    #[error("{0}")]
    Access(String),
    /// It is a folder, a device or a pipe.
    #[error("it is not a file")]
    NotAFile,
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The file holds something else.
    #[error("it is not a JPEG, PNG, WebP, GIF, BMP or TIFF file")]
    NotAnImage,
    /// The end of the file is missing.
    #[error("the end of the file is missing")]
    Truncated,
    /// The image is too large to be decoded.
    #[error("{width} × {height} pixels are over the limit of {most} pixels")]
    TooLarge {
        /// Pixels in a row.
        width: u32,
        /// Rows of pixels.
        height: u32,
        /// The largest number of pixels.
        most: u64,
    },
    /// The file has more bytes than an image of that size can need.
    #[error("its {bytes} bytes are over the limit of {most} bytes")]
    TooLong {
        /// Bytes of the file.
        bytes: u64,
        /// The largest number of bytes.
        most: u64,
    },
    /// The file is damaged.
    #[error("it is damaged: {0}")]
    Damaged(String),
}
