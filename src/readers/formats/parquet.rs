//! Parquet: one record per row.

use super::{Format, Open};
use crate::head::Match;

pub(super) const FORMAT: Format = Format {
    name: "parquet",
    extensions: &["parquet", "pq"],
    about: "a Parquet file; class labels of Hugging Face `datasets` get their names",
    recognise: |head| {
        if head.bytes.starts_with(b"PAR1") {
            Match::Certain
        } else {
            Match::No
        }
    },
    open: Open::Stream(open),
};

#[cfg(feature = "columnar")]
use crate::columnar::parquet::open;

#[cfg(not(feature = "columnar"))]
use super::without_columnar as open;
