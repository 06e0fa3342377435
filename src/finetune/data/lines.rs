//! Reads a text file line by line: UTF-8, without a byte-order mark, within limits.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Stdin};
use std::path::{Path, PathBuf};

use super::error::DataError;
use super::suggestion::closest_sibling;

/// Size limits beyond which a file is rejected. Texts are held in memory, and a wrong path must not fill it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Largest file, in bytes.
    pub(super) file: u64,
    /// Longest line or quoted record, in bytes.
    pub(super) line: u64,
}

impl Limits {
    /// 4 GiB per file, 64 MiB per line: far above tables of texts, far below the memory of a machine for fine-tuning.
    pub(super) const DEFAULT: Self = Self {
        file: 4 << 30,
        line: 64 << 20,
    };
}

/// The path that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Returns whether a path stands for standard input.
pub(super) fn is_standard_input(path: &Path) -> bool {
    path == Path::new(STANDARD_INPUT)
}

/// The lines of one file, or of standard input.
#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    limits: Limits,
    reader: BufReader<Origin>,
    buffer: Vec<u8>,
    line: u64,
    /// True if the line in the buffer is to be returned again.
    is_peeked: bool,
}

#[derive(Debug)]
enum Origin {
    File(File),
    Input(Stdin),
}

impl Read for Origin {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(into),
            Self::Input(input) => input.read(into),
        }
    }
}

impl Lines {
    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    /// If the file is missing, cannot be opened, is a folder, or exceeds the limit.
    pub(super) fn open(path: &Path, limits: Limits) -> Result<Self, DataError> {
        if is_standard_input(path) {
            return Ok(Self::of(
                PathBuf::from("standard input"),
                Origin::Input(io::stdin()),
                limits,
            ));
        }
        let refused = |source: io::Error| match source.kind() {
            ErrorKind::NotFound => DataError::Missing {
                path: path.to_owned(),
                suggestion: closest_sibling(path),
            },
            _ => DataError::Read {
                path: path.to_owned(),
                source,
            },
        };
        let file = File::open(path).map_err(refused)?;
        let bytes = file.metadata().map_err(refused)?.len();
        if bytes > limits.file {
            return Err(DataError::FileTooLarge {
                path: path.to_owned(),
                bytes,
                limit: limits.file,
            });
        }
        Ok(Self::of(path.to_owned(), Origin::File(file), limits))
    }

    fn of(path: PathBuf, origin: Origin, limits: Limits) -> Self {
        Self {
            path,
            limits,
            reader: BufReader::new(origin),
            buffer: Vec::new(),
            line: 0,
            is_peeked: false,
        }
    }

    /// The file's path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether the next line of standard input has not arrived yet.
    pub(super) fn is_drained(&self) -> bool {
        matches!(self.reader.get_ref(), Origin::Input(_)) && self.reader.buffer().is_empty() && !self.is_peeked
    }

    /// The largest size of a line or record, in bytes.
    pub(super) fn longest(&self) -> u64 {
        self.limits.line
    }

    /// The next line's number and text, without its line break; `None` at the end.
    ///
    /// # Errors
    /// If the line is too long or not UTF-8, or if reading fails.
    pub(super) fn next_line(&mut self) -> Result<Option<(u64, &str)>, DataError> {
        if !std::mem::take(&mut self.is_peeked) {
            self.read_line()?;
        }
        self.text()
    }

    /// The next line that is not blank; the next read returns it again.
    ///
    /// # Errors
    /// The same as for [`Self::next_line`].
    pub(super) fn peek(&mut self) -> Result<Option<&str>, DataError> {
        if !std::mem::replace(&mut self.is_peeked, true) {
            self.read_line()?;
            while !self.buffer.is_empty() && self.buffer.trim_ascii().is_empty() {
                self.read_line()?;
            }
        }
        Ok(self.text()?.map(|(_, text)| text))
    }

    fn read_line(&mut self) -> Result<(), DataError> {
        self.buffer.clear();
        self.line += 1;
        let read = (&mut self.reader)
            .take(self.limits.line + 1)
            .read_until(b'\n', &mut self.buffer)
            .map_err(|source| DataError::Read {
                path: self.path.clone(),
                source,
            })?;
        if read as u64 > self.limits.line {
            return Err(DataError::LineTooLong {
                path: self.path.clone(),
                line: self.line,
                limit: self.limits.line,
            });
        }
        Ok(())
    }

    /// The line in the buffer.
    fn text(&self) -> Result<Option<(u64, &str)>, DataError> {
        if self.buffer.is_empty() {
            return Ok(None);
        }
        let text = str::from_utf8(&self.buffer).map_err(|_| DataError::NotUtf8 {
            path: self.path.clone(),
            line: self.line,
        })?;
        let text = if self.line == 1 {
            text.trim_start_matches('\u{feff}')
        } else {
            text
        };
        let text = text.strip_suffix('\n').unwrap_or(text);
        Ok(Some((self.line, text.strip_suffix('\r').unwrap_or(text))))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::file;
    use super::*;

    fn all(bytes: &[u8], limits: Limits) -> Result<Vec<String>, DataError> {
        let file = file(".txt", bytes);
        let mut lines = Lines::open(file.path(), limits)?;
        let mut all = Vec::new();
        while let Some((number, text)) = lines.next_line()? {
            all.push(format!("{number} {text}"));
        }
        Ok(all)
    }

    #[test]
    fn the_byte_order_mark_and_line_breaks_of_every_system_are_dropped() {
        assert_eq!(
            all("\u{feff}a\r\nb\n\nc".as_bytes(), Limits::DEFAULT).unwrap(),
            ["1 a", "2 b", "3 ", "4 c"]
        );
    }

    #[test]
    fn malformed_text_is_reported_with_its_line() {
        let error = all(b"a\nb\ncaf\xe9\nd\n", Limits::DEFAULT).unwrap_err();
        assert!(matches!(error, DataError::NotUtf8 { line: 3, .. }), "{error}");
    }

    #[test]
    fn a_long_line_and_a_large_file_are_refused() {
        let error = all(b"short\nmuch too long\n", Limits { file: 100, line: 8 }).unwrap_err();
        assert!(
            matches!(error, DataError::LineTooLong { line: 2, limit: 8, .. }),
            "{error}"
        );
        let error = all(b"short\n", Limits { file: 5, line: 8 }).unwrap_err();
        assert!(
            matches!(error, DataError::FileTooLarge { bytes: 6, limit: 5, .. }),
            "{error}"
        );
    }

    #[test]
    fn a_missing_file_names_the_one_that_was_meant() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("reviews.csv"), "").unwrap();
        let error = Lines::open(&folder.path().join("review.csv"), Limits::DEFAULT).unwrap_err();
        assert!(error.to_string().ends_with("; did you mean `reviews.csv`"), "{error}");
        let error = Lines::open(&folder.path().join("elsewhere/review.csv"), Limits::DEFAULT).unwrap_err();
        assert!(matches!(error, DataError::Missing { suggestion: None, .. }), "{error}");
    }
}
