//! A file that is being downloaded, in parts and in any order, and the journal of what it holds.
//!
//! `<blob>.parts.incomplete` has the content, with holes; `<blob>.parts.journal` is a text: a first line with the size
//! and the server's `ETag`, then a line `start end` for each stretch of bytes that was written. A line is added after its
//! bytes are written, so whenever a process is killed, the journal tells no more than the truth. After a power failure
//! it could; the checksum of the whole then notices, and the download starts again.
//!
//! The name differs from `huggingface_hub`'s `<blob>.incomplete`, since its older versions continue such a file at its
//! end and would take the holes for content. A file that they left behind is continued here.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The first word of a journal, with its version.
const MAGIC: &str = "parts-1";

/// A file that is being downloaded. Whoever makes one must hold the blob's lock.
#[derive(Debug)]
pub(crate) struct Partial {
    content: PathBuf,
    journal_path: PathBuf,
    journal: File,
    size: u64,
    /// The `ETag` of the host that the content comes from, for `If-Range`.
    etag: Option<String>,
    /// Written stretches, sorted, apart from each other.
    written: Vec<Range<u64>>,
}

impl Partial {
    /// Opens what an earlier attempt left behind, or begins a new file of `size` bytes.
    pub(crate) fn open(blob: &Path, size: u64) -> io::Result<Self> {
        let content = beside(blob, ".parts.incomplete");
        let journal_path = beside(blob, ".parts.journal");
        let left = read_journal(&journal_path, size);
        let (etag, written) = match left {
            Some((etag, written)) if holds(&content, &written) => (etag, written),
            _ => (None, adopt(blob, &content, size)?),
        };
        OpenOptions::new().create(true).append(true).open(&content)?;
        let journal = begin_journal(&journal_path, size, etag.as_deref(), &written)?;
        Ok(Self {
            content,
            journal_path,
            journal,
            size,
            etag,
            written,
        })
    }

    fn begin(&mut self, etag: Option<String>, written: Vec<Range<u64>>) -> io::Result<()> {
        self.journal = begin_journal(&self.journal_path, self.size, etag.as_deref(), &written)?;
        (self.etag, self.written) = (etag, written);
        Ok(())
    }

    /// The `ETag` that the written bytes belong to.
    pub(crate) fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// Notes the `ETag` of the host. It is kept only if it is strong, as `If-Range` demands (RFC 9110, §13.1.5).
    pub(crate) fn set_etag(&mut self, etag: &str) -> io::Result<()> {
        let is_strong = etag.starts_with('"') && !etag.contains(char::is_whitespace);
        if is_strong && self.etag.as_deref() != Some(etag) {
            let written = std::mem::take(&mut self.written);
            self.begin(Some(etag.to_owned()), written)?;
        }
        Ok(())
    }

    /// Throws everything away.
    pub(crate) fn reset(&mut self) -> io::Result<()> {
        self.begin(None, Vec::new())?;
        OpenOptions::new().write(true).open(&self.content)?.set_len(0)
    }

    /// The path of the content.
    pub(crate) fn content(&self) -> &Path {
        &self.content
    }

    /// A handle for writing the content at any position.
    pub(crate) fn writer(&self) -> io::Result<File> {
        OpenOptions::new().write(true).open(&self.content)
    }

    /// Notes that the bytes of a stretch are written.
    pub(crate) fn note(&mut self, range: Range<u64>) -> io::Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        self.journal.write_all(line(&range).as_bytes())?;
        insert(&mut self.written, range);
        Ok(())
    }

    /// The number of bytes that are written.
    pub(crate) fn present(&self) -> u64 {
        self.written.iter().map(|range| range.end - range.start).sum()
    }

    /// The stretches that are missing.
    pub(crate) fn gaps(&self) -> Vec<Range<u64>> {
        let mut gaps = Vec::new();
        let mut at = 0;
        for range in &self.written {
            if at < range.start {
                gaps.push(at..range.start);
            }
            at = range.end;
        }
        if at < self.size {
            gaps.push(at..self.size);
        }
        gaps
    }

    /// Makes the content durable, gives it its final name, and removes the journal.
    pub(crate) fn finish(self, blob: &Path) -> io::Result<()> {
        let content = self.writer()?;
        content.set_len(self.size)?;
        content.sync_all()?;
        fs::rename(&self.content, blob)?;
        fs::remove_file(&self.journal_path)
    }
}

/// Writes a journal beside and renames it, so that a kill leaves the old or the new one.
fn begin_journal(path: &Path, size: u64, etag: Option<&str>, written: &[Range<u64>]) -> io::Result<File> {
    let mut text = format!("{MAGIC} {size} {}\n", etag.unwrap_or_default());
    for range in written {
        text.push_str(&line(range));
    }
    let new = beside(path, ".new");
    let mut journal = File::create(&new)?;
    journal.write_all(text.as_bytes())?;
    fs::rename(new, path)?;
    Ok(journal)
}

/// The bytes that an earlier attempt left behind, without opening them for writing.
pub(crate) fn present(blob: &Path, size: u64) -> u64 {
    let left = read_journal(&beside(blob, ".parts.journal"), size);
    let written = left.map(|(_, written)| written).unwrap_or_default();
    written.iter().map(|range| range.end - range.start).sum()
}

/// Takes over the `<blob>.incomplete` of an older `huggingface_hub`, which holds the content's first bytes.
fn adopt(blob: &Path, content: &Path, size: u64) -> io::Result<Vec<Range<u64>>> {
    let other = beside(blob, ".incomplete");
    let length = fs::symlink_metadata(&other)
        .ok()
        .filter(fs::Metadata::is_file)
        .map_or(0, |facts| facts.len());
    if length == 0 || length > size {
        File::create(content)?;
        return Ok(Vec::new());
    }
    fs::rename(other, content)?;
    Ok(std::iter::once(0..length).collect())
}

fn beside(blob: &Path, ending: &str) -> PathBuf {
    let mut path = blob.as_os_str().to_owned();
    path.push(ending);
    PathBuf::from(path)
}

fn line(range: &Range<u64>) -> String {
    format!("{} {}\n", range.start, range.end)
}

/// The `ETag` and the stretches of a journal for a content of `size` bytes; `None` if it is for another size.
fn read_journal(path: &Path, size: u64) -> Option<(Option<String>, Vec<Range<u64>>)> {
    let text = fs::read_to_string(path).ok()?;
    // What follows the last newline was cut off by a kill.
    let (whole, _) = text.rsplit_once('\n')?;
    let mut lines = whole.split('\n');
    let mut head = lines.next()?.splitn(3, ' ');
    if head.next() != Some(MAGIC) || head.next()?.parse() != Ok(size) {
        return None;
    }
    let etag = head.next().filter(|etag| !etag.is_empty()).map(str::to_owned);
    let mut written = Vec::new();
    for line in lines {
        let (start, end) = line.split_once(' ')?;
        let range = start.parse().ok()?..end.parse().ok()?;
        if range.is_empty() || range.end > size {
            return None;
        }
        insert(&mut written, range);
    }
    Some((etag, written))
}

/// True if the content is long enough for what its journal tells.
fn holds(content: &Path, written: &[Range<u64>]) -> bool {
    let facts = fs::symlink_metadata(content).ok().filter(fs::Metadata::is_file);
    let end = written.last().map_or(0, |range| range.end);
    facts.is_some_and(|facts| facts.len() >= end)
}

/// Adds a stretch to sorted stretches and joins those that touch.
fn insert(written: &mut Vec<Range<u64>>, mut range: Range<u64>) {
    let first = written.partition_point(|other| other.end < range.start);
    let last = written.partition_point(|other| other.start <= range.end);
    if first < last {
        range = range.start.min(written[first].start)..range.end.max(written[last - 1].end);
    }
    written.splice(first..last, [range]);
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom};

    use proptest::prelude::*;

    use super::*;

    fn write(partial: &mut Partial, at: u64, bytes: &[u8]) {
        let mut writer = partial.writer().unwrap();
        writer.seek(SeekFrom::Start(at)).unwrap();
        writer.write_all(bytes).unwrap();
        partial.note(at..at + bytes.len() as u64).unwrap();
    }

    #[test]
    fn parts_are_continued_and_become_the_blob() {
        let folder = tempfile::tempdir().unwrap();
        let blob = folder.path().join("b0");
        let mut partial = Partial::open(&blob, 10).unwrap();
        partial.set_etag("\"e\"").unwrap();
        write(&mut partial, 6, b"gh");
        write(&mut partial, 0, b"ab");
        drop(partial);
        assert_eq!(present(&blob, 10), 4);
        let mut partial = Partial::open(&blob, 10).unwrap();
        assert_eq!(
            (partial.gaps(), partial.present(), partial.etag()),
            (vec![2..6, 8..10], 4, Some("\"e\""))
        );
        write(&mut partial, 2, b"cdef");
        write(&mut partial, 8, b"ij");
        assert!(partial.gaps().is_empty());
        partial.finish(&blob).unwrap();
        assert_eq!(fs::read(&blob).unwrap(), b"abcdefghij");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_journal_that_was_cut_off_or_belongs_to_something_else_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let blob = folder.path().join("b0");
        write(&mut Partial::open(&blob, 10).unwrap(), 0, b"abcd");
        let journal = folder.path().join("b0.parts.journal");
        let text = fs::read_to_string(&journal).unwrap();
        let gaps = |text: &str, size| {
            fs::write(&journal, text).unwrap();
            fs::write(folder.path().join("b0.parts.incomplete"), "abcd").unwrap();
            Partial::open(&blob, size).unwrap().gaps()
        };
        assert_eq!(gaps(&text, 10), std::slice::from_ref(&(4..10)));
        assert_eq!(gaps(&format!("{text}6 1"), 10), std::slice::from_ref(&(4..10)));
        for (text, size) in [
            (text.as_str(), 11),
            ("", 10),
            ("parts-1 10", 10),
            ("parts-2 10 \n0 4\n", 10),
            ("parts-1 10 \n0 11\n", 10),
            ("parts-1 10 \n0 9\n", 10),
            ("parts-1 10 \nx\n", 10),
        ] {
            assert_eq!(gaps(text, size), std::slice::from_ref(&(0..size)), "{text:?}");
        }
    }

    #[test]
    fn what_an_older_huggingface_hub_left_is_continued() {
        let folder = tempfile::tempdir().unwrap();
        let blob = folder.path().join("b0");
        fs::write(folder.path().join("b0.incomplete"), "abc").unwrap();
        assert_eq!(Partial::open(&blob, 10).unwrap().gaps(), std::slice::from_ref(&(3..10)));
        assert_eq!(Partial::open(&blob, 10).unwrap().gaps(), std::slice::from_ref(&(3..10)));
    }

    proptest! {
        #[test]
        fn any_journal_is_harmless(text in "(parts-1 70 (\"e\")?\n)?([0-9]{1,2} [0-9]{1,20}\n?|[a-z \n]){0,6}") {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("b0.parts.journal"), &text).unwrap();
            fs::write(folder.path().join("b0.parts.incomplete"), [0; 40]).unwrap();
            let partial = Partial::open(&folder.path().join("b0"), 70).unwrap();
            let missing: u64 = partial.gaps().iter().map(|gap| gap.end - gap.start).sum();
            prop_assert_eq!(partial.present() + missing, 70);
            // Nothing behind the content's end is believed to be written.
            prop_assert!(partial.gaps().last().is_some_and(|gap| gap.start <= 40 && gap.end == 70));
        }

        #[test]
        fn written_and_missing_stretches_make_the_whole(ranges in prop::collection::vec((0u64..50, 1u64..20), 0..12)) {
            let folder = tempfile::tempdir().unwrap();
            let mut partial = Partial::open(&folder.path().join("b0"), 70).unwrap();
            let mut bytes = [false; 70];
            for (start, length) in ranges {
                partial.note(start..start + length).unwrap();
                bytes[start as usize..(start + length) as usize].fill(true);
            }
            let mut missing = [false; 70];
            for gap in partial.gaps() {
                missing[gap.start as usize..gap.end as usize].fill(true);
            }
            prop_assert!(bytes.iter().zip(missing).all(|(written, missing)| *written != missing));
            prop_assert_eq!(partial.present(), bytes.iter().filter(|written| **written).count() as u64);
        }
    }
}
