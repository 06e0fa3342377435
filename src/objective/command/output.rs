//! A program's standard output: the program writes a file and its worker follows it, so no line is lost if the worker
//! dies.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::readings::LONGEST;
use crate::os;

/// Name of the file in the trial's folder.
const NAME: &str = "output";

/// Number of processed bytes after which their disk space is freed.
const FORGOTTEN: u64 = 8 << 20;

/// Number of bytes of disk space that are reserved ahead of the output. A program whose line does not fit on a full
/// disk loses it without an error.
const AHEAD: u64 = 64 << 10;

/// The standard output of a segment's programs: one program, or several one after the other if it was interrupted.
#[derive(Debug)]
pub(super) struct Output {
    path: PathBuf,
    reader: BufReader<File>,
    /// The part of an incomplete line that has been read so far.
    line: Vec<u8>,
    /// `true` if the line is so long that its beginning has been returned already.
    is_begun: bool,
    /// Byte offset of the next read.
    read: u64,
    /// Byte offset up to which disk space has been freed.
    forgotten: u64,
    /// Byte offset up to which disk space is reserved.
    reserved: u64,
}

impl Output {
    /// Creates an empty output in a trial's folder.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub(super) fn begin(folder: &Path) -> io::Result<()> {
        File::create(folder.join(NAME)).map(|_| ())
    }

    /// Removes the output of a segment that has ended.
    pub(super) fn remove(folder: &Path) {
        let _ = std::fs::remove_file(folder.join(NAME));
    }

    /// Follows the output in a trial's folder, starting at the byte offset `from`.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn follow(folder: &Path, from: u64) -> io::Result<Self> {
        let path = folder.join(NAME);
        // The file is missing only if something removed it, and then its lines are lost.
        let mut file = File::options().read(true).append(true).create(true).open(&path)?;
        let length = file.metadata()?.len();
        let read = file.seek(SeekFrom::Start(from.min(length)))?;
        let mut output = Self {
            path,
            reader: BufReader::with_capacity(1 << 16, file),
            line: Vec::new(),
            is_begun: false,
            read,
            forgotten: read,
            reserved: length,
        };
        output.reserve()?;
        Ok(output)
    }

    /// Reserves disk space ahead of the output that has been read, where the file system supports it.
    ///
    /// # Errors
    /// If the disk is full.
    pub(super) fn reserve(&mut self) -> io::Result<()> {
        while self.read + AHEAD > self.reserved {
            os::reserve(self.reader.get_ref(), self.reserved, AHEAD)?;
            self.reserved += AHEAD;
        }
        Ok(())
    }

    /// Standard output for a new program. An unfinished last line is ended first, so that lines do not merge.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn stdio(&self) -> io::Result<Stdio> {
        let mut file = File::options().read(true).append(true).open(&self.path)?;
        let mut last = [b'\n'];
        if file.metadata()?.len() > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        if last != [b'\n'] {
            file.write_all(b"\n")?;
        }
        Ok(file.into())
    }

    /// The next complete line, or a piece of a line that is too long; `None` if there is none yet.
    pub(super) fn line(&mut self) -> Option<Piece> {
        self.begin_anew_if_emptied();
        let room = LONGEST.saturating_sub(self.line.len()) as u64;
        let length = (&mut self.reader).take(room).read_until(b'\n', &mut self.line).ok()?;
        self.read += length as u64;
        (self.line.ends_with(b"\n") || self.line.len() >= LONGEST).then(|| self.piece())
    }

    /// The next line once no program writes any more: the last line may be incomplete.
    pub(super) fn rest(&mut self) -> Option<Piece> {
        self.line().or_else(|| (!self.line.is_empty()).then(|| self.piece()))
    }

    /// Number of bytes of the output that have been returned.
    pub(super) fn heard(&self) -> u64 {
        self.read - self.line.len() as u64
    }

    fn piece(&mut self) -> Piece {
        let bytes = std::mem::take(&mut self.line);
        let is_rest = std::mem::replace(&mut self.is_begun, !bytes.ends_with(b"\n"));
        Piece { bytes, is_rest }
    }

    /// A program that opens `/dev/stdout` again may truncate the file.
    fn begin_anew_if_emptied(&mut self) {
        let is_emptied = |file: &File| file.metadata().is_ok_and(|file| file.len() < self.read);
        if self.reader.buffer().is_empty() && is_emptied(self.reader.get_ref()) {
            let _ = self.reader.seek(SeekFrom::Start(0));
            (self.read, self.forgotten, self.reserved) = (0, 0, 0);
            self.line.clear();
        }
    }

    /// Returns whether the processed output's disk space should be freed: a program may print more than the disk holds.
    pub(super) fn is_long(&self) -> bool {
        self.heard() >= self.forgotten + FORGOTTEN
    }

    /// Frees the disk space of the output returned so far. Only the output from [`Self::heard`] on remains readable.
    pub(super) fn forget(&mut self) {
        os::free_range(self.reader.get_ref(), self.forgotten, self.heard() - self.forgotten);
        self.forgotten = self.heard();
    }
}

/// A line, or a piece of a line that is too long.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// `true` if this continues the previous piece and is not a line of its own.
    pub(super) is_rest: bool,
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    struct Case {
        folder: tempfile::TempDir,
        output: Output,
    }

    impl Case {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            Output::begin(folder.path()).unwrap();
            let output = Output::follow(folder.path(), 0).unwrap();
            Self { folder, output }
        }

        fn print(&self, text: &str) {
            let mut file = File::options()
                .append(true)
                .open(self.folder.path().join(NAME))
                .unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        fn lines(&mut self) -> Vec<String> {
            let lines = std::iter::from_fn(|| self.output.line());
            lines.map(|piece| String::from_utf8(piece.bytes).unwrap()).collect()
        }
    }

    #[test]
    fn a_line_is_heard_when_it_is_whole() {
        let mut case = Case::new();
        case.print("one\ntw");
        assert_eq!(case.lines(), ["one\n"]);
        assert_eq!(case.output.heard(), 4);
        case.print("o\nthree");
        assert_eq!(case.lines(), ["two\n"]);
        assert_eq!(case.output.rest().unwrap().bytes, b"three");
        assert!(case.output.rest().is_none());
    }

    #[test]
    fn another_worker_continues_where_the_first_one_was_and_a_torn_line_stays_torn() {
        let mut case = Case::new();
        case.print("one\n{\"epoch\": 1, \"lo");
        assert_eq!(case.lines(), ["one\n"]);
        let mut next = Output::follow(case.folder.path(), case.output.heard()).unwrap();
        drop(next.stdio().unwrap());
        case.print("{\"epoch\": 1, \"loss\": 2}\n");
        let pieces = std::iter::from_fn(|| next.line());
        let lines: Vec<_> = pieces.map(|piece| String::from_utf8(piece.bytes).unwrap()).collect();
        assert_eq!(lines, ["{\"epoch\": 1, \"lo\n", "{\"epoch\": 1, \"loss\": 2}\n"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn there_is_room_for_the_next_lines_before_they_are_written() {
        use std::os::unix::fs::MetadataExt as _;
        let mut case = Case::new();
        let room = |case: &Case| {
            let file = case.folder.path().join(NAME).metadata().unwrap();
            (file.len(), file.blocks() * 512)
        };
        if room(&case).1 == 0 {
            println!("skipped: this file system keeps no room");
            return;
        }
        assert!(room(&case).0 == 0 && room(&case).1 >= AHEAD, "{:?}", room(&case));
        case.print(&"x\n".repeat(100_000));
        assert_eq!(case.lines().len(), 100_000);
        case.output.reserve().unwrap();
        let (length, kept) = room(&case);
        assert!(length == 200_000 && kept >= length + AHEAD / 2, "{length} {kept}");
    }

    #[test]
    fn a_line_without_end_comes_in_pieces() {
        let mut case = Case::new();
        case.print(&"x".repeat(LONGEST + 10));
        let piece = case.output.line().unwrap();
        assert!(piece.bytes.len() == LONGEST && !piece.is_rest);
        case.print("\nnext\n");
        assert!(case.output.line().unwrap().is_rest);
        assert!(!case.output.line().unwrap().is_rest);
    }

    #[test]
    fn an_emptied_file_is_followed_from_its_beginning() {
        let mut case = Case::new();
        case.print("a long line before\n");
        assert_eq!(case.lines().len(), 1);
        File::create(case.folder.path().join(NAME)).unwrap();
        case.print("new\n");
        assert_eq!(case.lines(), ["new\n"]);
    }

    #[test]
    fn what_is_forgotten_takes_no_room_and_nothing_else_is_lost() {
        let mut case = Case::new();
        let line = format!("{}\n", "x".repeat(1 << 16));
        for _ in 0..200 {
            case.print(&line);
        }
        let mut heard = 0;
        while case.output.line().is_some() {
            heard += 1;
            if case.output.is_long() {
                case.output.forget();
            }
        }
        assert_eq!(heard, 200);
        case.print("after\n");
        let mut next = Output::follow(case.folder.path(), case.output.heard()).unwrap();
        assert_eq!(next.line().unwrap().bytes, b"after\n");
    }
}
