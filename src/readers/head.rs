//! The beginning of a file, by which its format is recognised.

use memchr::memchr;

/// Bytes of a file that are looked at.
pub(crate) const HEAD: usize = 64 << 10;

/// The beginning of a file, decompressed and in UTF-8.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'h> {
    /// The bytes.
    pub(crate) bytes: &'h [u8],
    /// The text up to the first invalid byte.
    pub(crate) text: &'h str,
    /// True if this is the whole file.
    pub(crate) is_whole: bool,
    /// The extension in lower case, without that of a compression; empty if there is none.
    pub(crate) extension: &'h str,
}

/// How well a file fits a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Match {
    /// The content is something else.
    No,
    /// The content may be of this format.
    Weak,
    /// The content looks like this format and unlike others.
    Strong,
    /// The content begins with the mark of this format.
    Certain,
}

impl<'h> Head<'h> {
    pub(crate) fn new(bytes: &'h [u8], is_whole: bool, extension: &'h str) -> Self {
        let text = match str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        };
        Self {
            bytes,
            text,
            is_whole,
            extension,
        }
    }

    /// The lines that are complete in the head, without their breaks; the last line of a whole file counts.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &'h str> + use<'h> {
        let end = if self.is_whole {
            self.text.len()
        } else {
            self.text.rfind('\n').map_or(0, |last| last + 1)
        };
        self.text[..end].lines()
    }

    /// The first byte that is not blank.
    pub(crate) fn first(&self) -> Option<u8> {
        self.text.bytes().find(|byte| !byte.is_ascii_whitespace())
    }

    /// Returns whether there is text, and no NUL byte in it.
    pub(crate) fn is_text(&self) -> bool {
        !self.text.is_empty() && memchr(0, self.bytes).is_none()
    }

    /// Returns whether lines end with a carriage return alone.
    pub(crate) fn has_old_line_ends(&self) -> bool {
        memchr(b'\n', self.bytes).is_none() && self.text.trim_end().contains('\r')
    }
}
