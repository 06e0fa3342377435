//! Arrow IPC files and streams, Feather 2 among them: one record per row.

use super::{Format, Open};
use crate::head::{Head, Match};

pub(super) const FORMAT: Format = Format {
    name: "arrow",
    extensions: &["arrow", "feather", "ipc", "arrows"],
    about: "an Arrow IPC file or stream, as Feather and Hugging Face `datasets` write it",
    recognise,
    open: Open::Stream(open),
};

/// The first bytes of a file; a stream begins with a continuation mark and the small length of its schema.
pub(crate) const FILE: &[u8] = b"ARROW1";

fn recognise(head: &Head<'_>) -> Match {
    let is_stream = matches!(head.bytes, [0xff, 0xff, 0xff, 0xff, _, _, _, 0, ..]);
    if is_stream || head.bytes.starts_with(FILE) {
        Match::Certain
    } else {
        Match::No
    }
}

#[cfg(feature = "columnar")]
use crate::columnar::arrow::open;

#[cfg(not(feature = "columnar"))]
use super::without_columnar as open;
