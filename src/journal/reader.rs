//! Reads a journal line by line, and distinguishes a torn end from damage.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::Entry;

/// All sound entries of a journal.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// The entries, in order.
    pub entries: Vec<Entry>,
    /// Length of the entries in the file, in bytes.
    pub length: u64,
    /// The damage of the last line, if a crash tore it; that line is not among the entries.
    pub torn: Option<String>,
}

/// The reasons why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("cannot read the journal `{}`: {source}", path.display())]
    Io {
        /// The journal.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// A line before the last one is damaged, or its event cannot have happened.
    #[error(
        "the journal `{}` is damaged in line {line}: {message}; {}",
        path.display(),
        what_is_sound(*line)
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// The first damaged line, counted from 1. All lines before it are sound.
        line: u64,
        /// A description of the damage.
        message: String,
    },
}

fn what_is_sound(line: u64) -> String {
    match line - 1 {
        0 => "nothing before it is sound: begin a new study".to_owned(),
        sound => {
            format!("the {sound} events before it are sound, and `automl resume --keep-sound` continues from there")
        }
    }
}

/// The position up to which a journal was read; the next reader continues from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Number of entries before it.
    pub entries: u64,
    /// Number of bytes before it.
    pub length: u64,
}

/// Iterator over the sound entries of a journal. Only one entry at a time is in memory.
#[derive(Debug)]
pub struct Reader<R> {
    path: PathBuf,
    bytes: R,
    /// Position after the last sound entry.
    position: Position,
    torn: Option<String>,
    is_over: bool,
}

impl Reader<BufReader<File>> {
    /// Opens the journal at `path` to read it from a position that another reader has reached.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn open(path: &Path, from: Position) -> Result<Self, ReadError> {
        let open = || {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(from.length))?;
            Ok(file)
        };
        let file = open().map_err(|source| ReadError::Io {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self::new(path.to_owned(), BufReader::new(file), from))
    }
}

impl<R: BufRead> Reader<R> {
    fn new(path: PathBuf, bytes: R, from: Position) -> Self {
        Self {
            path,
            bytes,
            position: from,
            torn: None,
            is_over: false,
        }
    }

    /// The end of the sound part, as far as it was read.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The damage of the last line, if a crash tore it; known only at the end.
    pub fn torn(&self) -> Option<&str> {
        self.torn.as_deref()
    }

    fn next_entry(&mut self) -> Result<Option<Entry>, ReadError> {
        let failed = |path: &Path, source| ReadError::Io {
            path: path.to_owned(),
            source,
        };
        let mut line = Vec::new();
        let read = self.bytes.read_until(b'\n', &mut line);
        let length = read.map_err(|source| failed(&self.path, source))? as u64;
        if length == 0 {
            return Ok(None);
        }
        let is_whole = line.pop_if(|last| *last == b'\n').is_some();
        let expected = self.position.entries;
        let entry = Entry::from_line(&line).and_then(|entry| {
            if entry.seq == expected {
                Ok(entry)
            } else {
                Err(format!("event {} follows event {expected}", entry.seq))
            }
        });
        match entry {
            Ok(entry) if is_whole => {
                self.position.entries += 1;
                self.position.length += length;
                Ok(Some(entry))
            }
            // A line without its newline was never acknowledged, so dropping it loses nothing.
            Ok(_) => {
                self.torn = Some("its newline is missing".into());
                Ok(None)
            }
            Err(message) => {
                let rest = self.bytes.fill_buf().map_err(|source| failed(&self.path, source))?;
                if !is_whole || rest.is_empty() {
                    self.torn = Some(message);
                    return Ok(None);
                }
                Err(ReadError::Damaged {
                    path: self.path.clone(),
                    line: expected + 1,
                    message,
                })
            }
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Entry, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = self.next_entry().transpose();
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}

/// Reads the whole journal at `path`.
///
/// # Errors
/// If the file cannot be read, or is damaged anywhere but in its last line.
pub fn read(path: &Path) -> Result<Contents, ReadError> {
    collect(Reader::open(path, Position::default())?)
}

/// The entries of a journal's bytes.
///
/// # Errors
/// If they are damaged anywhere but in the last line.
pub fn parse(bytes: &[u8]) -> Result<Contents, ReadError> {
    collect(Reader::new(PathBuf::new(), bytes, Position::default()))
}

fn collect<R: BufRead>(mut reader: Reader<R>) -> Result<Contents, ReadError> {
    let entries: Result<Vec<Entry>, ReadError> = reader.by_ref().collect();
    Ok(Contents {
        entries: entries?,
        length: reader.position().length,
        torn: reader.torn,
    })
}
