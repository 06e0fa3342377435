//! Text encodings other than UTF-8.

use std::fmt;
use std::io::{self, Cursor, ErrorKind, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::compression::{Bytes, first_bytes};

/// Bytes of the longest byte-order mark.
const LONGEST_MARK: usize = 3;

/// The encoding with this name. `latin-1` is Windows-1252, as in browsers: the same letters, and quotes and dashes
/// in place of control characters that no text has.
pub(crate) fn named(name: &str) -> Option<&'static Encoding> {
    let name = name.trim().to_ascii_lowercase();
    let dashed = name.replace('_', "-");
    let spellings = [
        dashed.replace("cp", "windows-"),
        dashed.replace("utf-8-sig", "utf-8"),
        dashed.replace('-', ""),
        dashed,
    ];
    let label = |label: &str| Encoding::for_label_no_replacement(label.as_bytes());
    label(&name).or_else(|| spellings.iter().rev().find_map(|spelling| label(spelling)))
}

/// Passes UTF-8 on without its byte-order mark, and translates other encodings to UTF-8. A mark at the beginning
/// decides between the two byte orders of UTF-16.
///
/// # Errors
/// If reading fails.
pub(crate) fn as_utf8(mut bytes: Bytes, declared: Option<&'static Encoding>) -> io::Result<(Bytes, &'static Encoding)> {
    let mut first = first_bytes(&mut bytes, LONGEST_MARK)?;
    let marked = Encoding::for_bom(&first);
    let encoding = match (declared, marked) {
        (Some(declared), Some((marked, _))) if is_utf16(declared) && is_utf16(marked) => marked,
        (Some(declared), _) => declared,
        (None, Some((marked, _))) => marked,
        (None, None) => UTF_8,
    };
    if let Some((marked, length)) = marked
        && marked == encoding
    {
        first.drain(..length);
    }
    let all: Bytes = Box::new(Cursor::new(first).chain(bytes));
    if encoding == UTF_8 {
        return Ok((all, encoding));
    }
    Ok((Box::new(Translated::new(all, encoding)), encoding))
}

fn is_utf16(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

/// Size of the pieces that are translated at once.
const CHUNK: usize = 64 << 10;

/// Translates a stream of bytes to UTF-8.
struct Translated {
    bytes: Bytes,
    encoding: &'static Encoding,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_start: usize,
    raw_end: usize,
    text: Vec<u8>,
    text_start: usize,
    text_end: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Reading,
    LastBytes,
    Done,
    Malformed,
}

impl Translated {
    fn new(bytes: Bytes, encoding: &'static Encoding) -> Self {
        Self {
            bytes,
            encoding,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: vec![0; CHUNK],
            raw_start: 0,
            raw_end: 0,
            text: vec![0; CHUNK],
            text_start: 0,
            text_end: 0,
            state: State::Reading,
        }
    }

    /// Translates the next piece. Text before a malformed sequence is handed out first, so that its position is known.
    fn translate(&mut self) -> io::Result<()> {
        if self.state == State::Malformed {
            let encoding = self.encoding.name();
            return Err(io::Error::new(ErrorKind::InvalidData, Malformed { encoding }));
        }
        if self.raw_start == self.raw_end && self.state == State::Reading {
            self.raw_start = 0;
            self.raw_end = self.bytes.read(&mut self.raw)?;
            if self.raw_end == 0 {
                self.state = State::LastBytes;
            }
        }
        let is_last = self.state == State::LastBytes;
        let raw = &self.raw[self.raw_start..self.raw_end];
        let (result, read, written) = self
            .decoder
            .decode_to_utf8_without_replacement(raw, &mut self.text, is_last);
        self.raw_start += read;
        (self.text_start, self.text_end) = (0, written);
        match result {
            DecoderResult::Malformed(..) => self.state = State::Malformed,
            DecoderResult::InputEmpty if is_last => self.state = State::Done,
            DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
        }
        Ok(())
    }
}

impl Read for Translated {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.text_start == self.text_end && self.state != State::Done {
            self.translate()?;
        }
        let count = into.len().min(self.text_end - self.text_start);
        into[..count].copy_from_slice(&self.text[self.text_start..self.text_start + count]);
        self.text_start += count;
        Ok(count)
    }
}

/// Bytes that the encoding does not have; it travels inside an [`io::Error`].
#[derive(Debug)]
pub(crate) struct Malformed {
    pub(crate) encoding: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "not valid {}", self.encoding)
    }
}

impl std::error::Error for Malformed {}

/// Encodes a text; only tests of other modules write other encodings.
#[cfg(test)]
pub(crate) fn utf16(text: &str, is_big_endian: bool) -> Vec<u8> {
    let units = text.encode_utf16();
    units
        .flat_map(|unit| {
            if is_big_endian {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8], declared: Option<&str>) -> io::Result<String> {
        let declared = declared.map(|name| named(name).unwrap());
        let (mut bytes, _) = as_utf8(Box::new(Cursor::new(content.to_vec())), declared)?;
        let mut text = String::new();
        bytes.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn names_are_those_of_python_and_of_the_web() {
        for name in [
            "latin-1",
            "latin1",
            "ISO-8859-1",
            "iso8859_1",
            "cp1252",
            "windows-1252",
            "Latin_1",
        ] {
            assert_eq!(named(name).unwrap().name(), "windows-1252", "{name}");
        }
        for name in ["utf8", "UTF_8", "utf-8-sig"] {
            assert_eq!(named(name).unwrap(), UTF_8, "{name}");
        }
        for (name, expected) in [
            ("cp1251", "windows-1251"),
            ("shift_jis", "Shift_JIS"),
            ("utf-16", "UTF-16LE"),
            ("gbk", "GBK"),
        ] {
            assert_eq!(named(name).unwrap().name(), expected);
        }
        assert_eq!(named("klingon"), None);
    }

    #[test]
    fn the_mark_decides_and_is_taken_off() {
        let text = "naïve “quotes” 🦀\n".repeat(10_000);
        for is_big_endian in [false, true] {
            let marked = utf16(&format!("\u{feff}{text}"), is_big_endian);
            assert_eq!(read(&marked, None).unwrap(), text);
            assert_eq!(read(&marked, Some("utf-16")).unwrap(), text);
        }
        assert_eq!(read(format!("\u{feff}{text}").as_bytes(), None).unwrap(), text);
        assert_eq!(read(&utf16(&text, true), Some("utf-16be")).unwrap(), text);
    }

    #[test]
    fn a_declared_encoding_is_translated() {
        assert_eq!(read(b"caf\xe9 \x80", Some("latin-1")).unwrap(), "café €");
        assert_eq!(read(b"", Some("cp1252")).unwrap(), "");
    }

    #[test]
    fn bytes_that_an_encoding_does_not_have_are_an_error_behind_the_good_text() {
        let (mut bytes, _) = as_utf8(Box::new(Cursor::new(b"ab\xff\xffc".to_vec())), named("shift_jis")).unwrap();
        let mut buffer = [0; 100];
        assert_eq!(bytes.read(&mut buffer).unwrap(), 2);
        assert_eq!(bytes.read(&mut buffer).unwrap_err().to_string(), "not valid Shift_JIS");
    }
}
