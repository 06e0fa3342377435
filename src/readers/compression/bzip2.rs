//! bzip2, also of several streams, as `pbzip2` makes it.

use bzip2::read::MultiBzDecoder;

use super::Compression;

pub(super) const COMPRESSION: Compression = Compression {
    name: "bzip2",
    extensions: &["bz2"],
    magic: b"BZh",
    decoder: |bytes| Ok(Box::new(MultiBzDecoder::new(bytes))),
};
