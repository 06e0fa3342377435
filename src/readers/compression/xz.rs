//! XZ, also of several streams.

use lzma_rust2::XzReader;

use super::Compression;

/// Memory of the decoder in KiB. `xz -9` needs 65 MiB; a hostile header may ask for 4 GiB.
const MEMORY: u32 = 256 << 10;

pub(super) const COMPRESSION: Compression = Compression {
    name: "xz",
    extensions: &["xz"],
    magic: b"\xfd7zXZ\x00",
    decoder: |bytes| Ok(Box::new(XzReader::new_mem_limit(bytes, true, MEMORY))),
};
