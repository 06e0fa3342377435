//! Zstandard (RFC 8878), also of several frames.

use super::Compression;

pub(super) const COMPRESSION: Compression = Compression {
    name: "zstd",
    extensions: &["zst", "zstd"],
    magic: b"\x28\xb5\x2f\xfd",
    decoder: |bytes| Ok(Box::new(zstd::stream::read::Decoder::new(bytes)?)),
};
