//! Compressed data, recognised by their first bytes. One more compression is one file and one line here.

mod bzip2;
mod gzip;
mod xz;
mod zstd;

use std::fmt;
use std::io::{self, Cursor, ErrorKind, Read};

/// Bytes from anywhere.
pub(crate) type Bytes = Box<dyn Read + Send>;

/// A compression.
#[derive(Clone, Copy, Debug)]
pub struct Compression {
    /// The name in messages.
    pub name: &'static str,
    /// Endings of file names, without the dot.
    pub extensions: &'static [&'static str],
    /// The bytes that such data begin with.
    magic: &'static [u8],
    decoder: fn(Bytes) -> io::Result<Bytes>,
}

/// All compressions that are read.
pub const COMPRESSIONS: &[Compression] = &[
    gzip::COMPRESSION,
    zstd::COMPRESSION,
    bzip2::COMPRESSION,
    xz::COMPRESSION,
];

/// Longest of the magic bytes.
const MAGIC: usize = 6;

/// Decompresses data that are compressed and passes other data on unchanged.
///
/// # Errors
/// If reading fails or the compressed data begin with a malformed header.
pub(crate) fn decompressed(mut bytes: Bytes) -> io::Result<(Bytes, Option<&'static Compression>)> {
    let first = first_bytes(&mut bytes, MAGIC)?;
    let compression = COMPRESSIONS
        .iter()
        .find(|compression| first.starts_with(compression.magic));
    let all: Bytes = Box::new(Cursor::new(first).chain(bytes));
    match compression {
        None => Ok((all, None)),
        Some(compression) => {
            let damaged = |source| damage(compression.name, source);
            let decoder = (compression.decoder)(all).map_err(damaged)?;
            let name = compression.name;
            Ok((Box::new(Decoded { decoder, name }), Some(compression)))
        }
    }
}

/// The first bytes: `count` of them, or fewer if a line ends before, because a person may type the next one. No mark at
/// the beginning of a file has a line break in it.
///
/// # Errors
/// If reading fails.
pub(crate) fn first_bytes(bytes: &mut Bytes, count: usize) -> io::Result<Vec<u8>> {
    let mut first = vec![0; count];
    let mut length = 0;
    while length < count && !first[..length].contains(&b'\n') {
        match bytes.read(&mut first[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    first.truncate(length);
    Ok(first)
}

/// A file name without the ending of a compression.
pub(crate) fn plain_name(name: &str) -> &str {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let extension = extension.to_ascii_lowercase();
    let is_compressed = COMPRESSIONS
        .iter()
        .any(|compression| compression.extensions.contains(&&*extension));
    if is_compressed { stem } else { name }
}

/// Names the compression in the decoder's errors.
struct Decoded {
    decoder: Bytes,
    name: &'static str,
}

impl Read for Decoded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.decoder.read(into).map_err(|source| match source.kind() {
            ErrorKind::Interrupted | ErrorKind::WouldBlock => source,
            _ => damage(self.name, source),
        })
    }
}

fn damage(compression: &'static str, source: io::Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, Damage { compression, source })
}

/// A decoder's error with the name of the compression; it travels inside an [`io::Error`].
#[derive(Debug)]
pub(crate) struct Damage {
    pub(crate) compression: &'static str,
    pub(crate) source: io::Error,
}

impl fmt::Display for Damage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.compression, self.source)
    }
}

impl std::error::Error for Damage {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_a_compression_is_taken_off_a_name() {
        assert_eq!(plain_name("train.jsonl.GZ"), "train.jsonl");
        assert_eq!(plain_name("train.jsonl"), "train.jsonl");
        assert_eq!(plain_name("train"), "train");
    }

    #[test]
    fn data_shorter_than_any_magic_pass_unchanged() {
        for content in ["", "a", "BZ"] {
            let (mut plain, compression) = decompressed(Box::new(content.as_bytes())).unwrap();
            let mut read = String::new();
            plain.read_to_string(&mut read).unwrap();
            assert_eq!(read, content);
            assert!(compression.is_none());
        }
    }
}
