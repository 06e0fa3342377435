//! Pictures: files in a folder for each class, files that a table names, or IDX files.
//!
//! Begin reading at [`PictureTable`]. `list` finds files, `decode` turns the bytes of one into pixels, `resample` and
//! `prepare` bring it to a model's size as Pillow does, and `pack` caches what they made on disk.

mod address;
mod convert;
mod decode;
mod error;
mod idx;
mod list;
mod look;
mod pack;
mod png;
mod prepare;
mod problem;
mod resample;
mod rows;
mod stamps;
mod stream;
mod table;

pub use convert::converted;
pub use decode::{Decoded, decode, decode_file, dimensions};
pub use error::PictureError;
pub use list::{EXTENSIONS, Layout, is_picture, is_picture_folder};
pub(super) use look::{Seen, look};
pub use pack::PictureCache;
pub use png::encode_png;
pub use prepare::{prepare, scale};
pub use problem::Problem;
pub use stream::{PictureChunk, PictureStream};
pub use table::{OnBadImage, PictureOptions, PictureTable, Prepared};
