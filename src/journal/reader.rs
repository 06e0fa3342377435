//! Reads a journal and tells a torn end from damage.

use std::path::{Path, PathBuf};

use super::Entry;

/// A journal's sound entries.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// All of them, in order.
    pub entries: Vec<Entry>,
    /// Bytes of the file that they take up.
    pub length: u64,
    /// What was wrong with the last line, if a crash tore it; it is not among the entries.
    pub torn: Option<String>,
}

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("cannot read the journal `{}`: {source}", path.display())]
    Io {
        /// The journal.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line before the last one is damaged.
    #[error("the journal `{}` is damaged in line {line}: {message}; the {sound} events before it are sound", path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// The first damaged line, counted from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
        /// Events before it.
        sound: usize,
    },
}

/// Reads the journal at `path`.
///
/// # Errors
/// When the file cannot be read, or is damaged anywhere but in its last line.
pub fn read(path: &Path) -> Result<Contents, ReadError> {
    let bytes = std::fs::read(path).map_err(|source| ReadError::Io {
        path: path.to_owned(),
        source,
    })?;
    parse(&bytes).map_err(|(line, message, sound)| ReadError::Damaged {
        path: path.to_owned(),
        line,
        message,
        sound,
    })
}

/// The entries of a journal's bytes.
///
/// # Errors
/// The damaged line's number, counted from 1, what is wrong with it, and how many entries came before.
pub fn parse(bytes: &[u8]) -> Result<Contents, (usize, String, usize)> {
    let mut contents = Contents::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let newline = rest.iter().position(|&byte| byte == b'\n');
        let (line, after) = newline.map_or((rest, &rest[rest.len()..]), |at| (&rest[..at], &rest[at + 1..]));
        let entry = Entry::from_line(line).and_then(|entry| {
            let expected = contents.entries.len() as u64;
            if entry.seq == expected {
                Ok(entry)
            } else {
                Err(format!("event {} follows event {expected}", entry.seq))
            }
        });
        match entry {
            Ok(entry) if newline.is_some() => contents.entries.push(entry),
            // Without its newline the line was never acknowledged: dropping it loses nothing.
            Ok(_) => contents.torn = Some("its newline is missing".into()),
            Err(message) if after.is_empty() => contents.torn = Some(message),
            Err(message) => return Err((contents.entries.len() + 1, message, contents.entries.len())),
        }
        if contents.torn.is_none() {
            contents.length = (bytes.len() - after.len()) as u64;
        }
        rest = after;
    }
    Ok(contents)
}
