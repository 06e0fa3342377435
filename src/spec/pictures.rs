//! The keys of `data` for pictures.

use serde::{Deserialize, Serialize};

use super::declared::{self, Field, Word, at, field};
use super::keys::Kind;

/// Where a table names pictures, and what happens to those that cannot be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pictures {
    /// The column of the paths.
    pub image: Option<String>,
    /// The treatment of pictures that cannot be used.
    pub on_bad_image: OnBadImage,
}

/// The treatment of pictures that cannot be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnBadImage {
    /// They are errors.
    #[default]
    Error,
    /// They are left out and counted.
    Skip,
}

impl Word for OnBadImage {
    fn names() -> Vec<(&'static str, Self)> {
        vec![("error", Self::Error), ("skip", Self::Skip)]
    }
}

/// The keys of [`Pictures`], among those of `data`.
pub(super) const PICTURE_KEYS: &[Field<Pictures>] = &[
    field(
        "image",
        Kind::Text,
        at!(Pictures.image),
        "The column with the paths of pictures, for tables. Paths begin at the folder of the table. Without it, a column with a usual name is taken, such as `image`, `path` or `file_name`. With `task: regression` it says that the examples are pictures.",
    )
    .examples(&["\"path\""]),
    field(
        "on_bad_image",
        Kind::Words(declared::words_of::<OnBadImage>),
        at!(Pictures.on_bad_image),
        "`error` to refuse pictures that are damaged, empty, too large or of another format, `skip` to leave them out and count them.",
    )
    .default("\"error\""),
];
