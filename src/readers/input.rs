//! The text of one source: decompressed, in UTF-8, in a window that moves over it.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use memchr::{memchr, memchr_iter, memrchr};

use crate::compression::{Bytes, Damage};
use crate::encoding::Malformed;
use crate::error::{Fault, ReadError};
use crate::position::{At, Position};

/// First size of the window.
const WINDOW: usize = 256 << 10;

/// Smallest free part of the window for which the system is asked.
const LEAST_READ: usize = 32 << 10;

/// A window over the text of one source. It grows to the largest record and never beyond the limit of a record.
pub(crate) struct Input {
    file: Arc<Path>,
    bytes: Bytes,
    window: Vec<u8>,
    start: usize,
    end: usize,
    is_ended: bool,
    /// True if data may arrive slowly, so that nothing is read ahead of need.
    is_live: bool,
    /// Line of the first byte of the window.
    line: u64,
    /// Number of characters before it in its line.
    column: u64,
    limit: usize,
}

/// Encodings to try for bytes that are not UTF-8.
const ENCODINGS_TO_TRY: &str = "`latin-1` or `cp1252` for most files of Western European languages";

impl Input {
    pub(crate) fn new(file: &Path, bytes: Bytes, is_live: bool, limit: usize) -> Self {
        Self {
            file: file.into(),
            bytes,
            window: vec![0; WINDOW],
            start: 0,
            end: 0,
            is_ended: false,
            is_live,
            line: 1,
            column: 0,
            limit,
        }
    }

    /// The line of the next byte.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The bytes in the window.
    pub(crate) fn available(&self) -> &[u8] {
        &self.window[self.start..self.end]
    }

    /// Returns whether live data has no whole line in the window.
    pub(crate) fn is_drained(&self) -> bool {
        self.is_live && !self.is_ended && memchr(b'\n', self.available()).is_none()
    }

    /// The position of the next byte's line.
    pub(crate) fn position(&self) -> Position {
        self.position_at(At::Line(self.line))
    }

    /// A position in this file.
    pub(crate) fn position_at(&self, at: At) -> Position {
        Position {
            file: Arc::clone(&self.file),
            at,
        }
    }

    /// The line and column of the byte at `offset` of the window.
    pub(crate) fn position_of(&self, offset: usize) -> Position {
        let (line, column) = self.after(offset);
        self.position_at(At::Column(line, column + 1))
    }

    /// An error at the byte at `offset` of the window.
    pub(crate) fn error_at(&self, offset: usize, fault: Fault) -> ReadError {
        ReadError::new(self.position_of(offset), fault)
    }

    /// An error of the file as a whole.
    pub(crate) fn error_of_file(&self, fault: Fault) -> ReadError {
        ReadError::new(self.position_at(At::File), fault)
    }

    /// Reads further bytes into the window; false at the end of the data.
    ///
    /// # Errors
    /// If reading fails, or if the window holds more than the largest record.
    pub(crate) fn more(&mut self) -> Result<bool, ReadError> {
        let limit = self.limit;
        self.more_within(limit)
    }

    fn more_within(&mut self, limit: usize) -> Result<bool, ReadError> {
        if self.is_ended {
            return Ok(false);
        }
        if self.end - self.start > limit {
            return Err(ReadError::new(self.position(), Fault::RecordTooLarge { limit }));
        }
        self.make_room();
        loop {
            match self.bytes.read(&mut self.window[self.end..]) {
                Ok(0) => {
                    self.is_ended = true;
                    return Ok(false);
                }
                Ok(count) => {
                    self.end += count;
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    /// Frees a part of the window: by moving the bytes to its beginning, or by doubling it.
    fn make_room(&mut self) {
        if self.window.len() - self.end >= LEAST_READ {
            return;
        }
        self.window.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.window.len() - self.end < self.window.len() / 2 {
            self.window.resize(self.window.len() * 2, 0);
        }
    }

    fn failed(&mut self, error: io::Error) -> ReadError {
        self.is_ended = true;
        let (line, column) = self.after(self.end - self.start);
        let inner = error.get_ref();
        if let Some(malformed) = inner.and_then(|inner| inner.downcast_ref::<Malformed>()) {
            let encoding = malformed.encoding;
            return ReadError::new(
                self.position_at(At::Column(line, column + 1)),
                Fault::Encoding { encoding },
            );
        }
        let position = self.position_at(if line == 1 { At::File } else { At::Line(line) });
        if !inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<Damage>) {
            return ReadError::new(position, Fault::Io(error));
        }
        let damage = error.into_inner().and_then(|inner| inner.downcast::<Damage>().ok());
        let fault = damage.map_or_else(
            || Fault::Io(ErrorKind::InvalidData.into()),
            |damage| Fault::Damaged {
                compression: damage.compression,
                source: damage.source,
            },
        );
        ReadError::new(position, fault)
    }

    /// Reads until the window has at least `wanted` bytes or the data end. Of live data, one line that is not blank is
    /// enough.
    ///
    /// # Errors
    /// The same as for [`Self::more`].
    pub(crate) fn fill(&mut self, wanted: usize) -> Result<&[u8], ReadError> {
        while self.end - self.start < wanted && !(self.is_live && self.has_line()) && self.more()? {}
        Ok(self.available())
    }

    /// Returns whether a line that is not blank is complete. The opening bracket of a document that is written over
    /// several lines says too little.
    fn has_line(&self) -> bool {
        let text = self.available().trim_ascii_start();
        let line = memchr(b'\n', text).map(|end| text[..end].trim_ascii());
        line.is_some_and(|line| !matches!(line, b"[" | b"{" | b"[{"))
    }

    /// Returns whether the data has ended, so that the window holds the rest of it.
    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Reads everything that is left, without passing over it.
    ///
    /// # Errors
    /// If reading fails, or if there are more than `limit` bytes.
    pub(crate) fn fill_all(&mut self, limit: usize, what: &'static str) -> Result<&[u8], ReadError> {
        while self.end - self.start <= limit && self.more_within(limit)? {}
        if self.end - self.start > limit {
            return Err(self.error_of_file(Fault::DocumentTooLarge { what, limit }));
        }
        Ok(self.available())
    }

    /// Takes the next bytes out of the data, which may be more than a record; fewer at the end of the data.
    ///
    /// # Errors
    /// If reading fails.
    #[cfg(feature = "columnar")]
    pub(crate) fn take(&mut self, count: usize) -> Result<Vec<u8>, ReadError> {
        let mut taken = Vec::new();
        loop {
            let part = (count - taken.len()).min(self.end - self.start);
            taken.extend_from_slice(&self.window[self.start..self.start + part]);
            self.start += part;
            if taken.len() == count || !self.more()? {
                return Ok(taken);
            }
        }
    }

    /// The end of the line that begins at `from`, behind its line break; `None` if no bytes are left there.
    ///
    /// # Errors
    /// The same as for [`Self::more`].
    pub(crate) fn line_end(&mut self, from: usize) -> Result<Option<usize>, ReadError> {
        let mut searched = from;
        loop {
            let available = &self.window[self.start..self.end];
            if let Some(found) = memchr(b'\n', &available[searched.min(available.len())..]) {
                return Ok(Some(searched + found + 1));
            }
            searched = available.len();
            if !self.more()? {
                let length = self.end - self.start;
                return Ok((length > from).then_some(length));
            }
        }
    }

    /// The first `length` bytes as text.
    ///
    /// # Errors
    /// If they are not UTF-8 or have a NUL byte.
    pub(crate) fn text(&self, length: usize) -> Result<&str, ReadError> {
        self.text_between(0, length)
    }

    /// The bytes from `from` to `end` as text.
    ///
    /// # Errors
    /// The same as for [`Self::text`].
    pub(crate) fn text_between(&self, from: usize, end: usize) -> Result<&str, ReadError> {
        let bytes = &self.available()[from..end];
        let text = str::from_utf8(bytes).map_err(|error| {
            let (byte, hint) = (bytes[error.valid_up_to()], ENCODINGS_TO_TRY);
            self.error_at(from + error.valid_up_to(), Fault::NotUtf8 { byte, hint })
        })?;
        match memchr(0, bytes) {
            None => Ok(text),
            Some(offset) => Err(self.error_at(from + offset, Fault::NulByte)),
        }
    }

    /// Checks the size of a record that is put together from several lines.
    ///
    /// # Errors
    /// If it is beyond the limit.
    pub(crate) fn check(&self, bytes: usize, line: u64) -> Result<(), ReadError> {
        let limit = self.limit;
        if bytes > limit {
            return Err(ReadError::new(
                self.position_at(At::Line(line)),
                Fault::RecordTooLarge { limit },
            ));
        }
        Ok(())
    }

    /// Moves on by `length` bytes, which hold any number of lines.
    pub(crate) fn advance(&mut self, length: usize) {
        (self.line, self.column) = self.after(length);
        self.start += length;
    }

    /// Moves on by `length` bytes, which are `lines` whole lines.
    pub(crate) fn advance_lines(&mut self, length: usize, lines: u64) {
        self.line += lines;
        self.column = 0;
        self.start += length;
    }

    /// The line, and the number of characters before in it, `length` bytes further on.
    fn after(&self, length: usize) -> (u64, u64) {
        let bytes = &self.available()[..length.min(self.end - self.start)];
        match memrchr(b'\n', bytes) {
            None => (self.line, self.column + characters(bytes)),
            Some(last) => {
                let lines = memchr_iter(b'\n', bytes).count() as u64;
                (self.line + lines, characters(&bytes[last + 1..]))
            }
        }
    }
}

/// Number of characters, also of bytes that are not valid UTF-8.
fn characters(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64
}

/// A line without its line break.
pub(crate) fn without_break(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

#[cfg(test)]
pub(crate) fn input(content: &[u8], limit: usize) -> Input {
    let bytes = Box::new(io::Cursor::new(content.to_vec()));
    Input::new(Path::new("FILE"), bytes, false, limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(content: &[u8], limit: usize) -> Result<Vec<String>, ReadError> {
        let mut input = input(content, limit);
        let mut lines = Vec::new();
        while let Some(length) = input.line_end(0)? {
            lines.push(format!("{}:{}", input.line(), without_break(input.text(length)?)));
            input.advance_lines(length, 1);
        }
        Ok(lines)
    }

    #[test]
    fn lines_end_with_or_without_a_carriage_return_and_the_last_needs_no_end() {
        assert_eq!(lines(b"a\r\n\nb\nc", 100).unwrap(), ["1:a", "2:", "3:b", "4:c"]);
        assert!(lines(b"", 100).unwrap().is_empty());
    }

    #[test]
    fn lines_longer_than_the_window_are_read_whole() {
        let long = "x".repeat(3 * WINDOW);
        let content = format!("a\n{long}\nb\n{long}");
        assert_eq!(lines(content.as_bytes(), 4 * WINDOW).unwrap().len(), 4);
        let error = lines(content.as_bytes(), WINDOW).unwrap_err();
        assert!(matches!(error.fault(), Fault::RecordTooLarge { .. }), "{error}");
        assert_eq!(error.position().line(), Some(2));
    }

    #[test]
    fn a_bad_byte_is_named_with_its_line_and_column() {
        let message = |content: &[u8]| lines(content, 100).unwrap_err().to_string();
        assert!(
            message(b"ok\nna\xc3\xafve caf\xe9\n")
                .starts_with("`FILE`, line 2, column 10: not valid UTF-8 (byte 0xe9)")
        );
        assert!(message(b"ok\na\0b\n").starts_with("`FILE`, line 2, column 2: a NUL byte"));
    }

    #[test]
    fn positions_count_lines_and_characters_across_advances() {
        let mut input = input("é1\né2é3".as_bytes(), 100);
        input.fill(100).unwrap();
        input.advance("é1\né2".len());
        assert_eq!(input.position_of(2).at, At::Column(2, 4));
    }
}
