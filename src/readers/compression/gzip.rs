//! Gzip (RFC 1952), also of several members, as `cat` and block-wise writers make it.

use flate2::read::MultiGzDecoder;

use super::Compression;

pub(super) const COMPRESSION: Compression = Compression {
    name: "gzip",
    extensions: &["gz", "gzip"],
    magic: b"\x1f\x8b\x08",
    decoder: |bytes| Ok(Box::new(MultiGzDecoder::new(bytes))),
};
