//! Content that is often given by mistake, and what to do instead.

use crate::error::Fault;

/// A kind of content that cannot be read.
struct Foreign {
    offset: usize,
    magic: &'static [u8],
    what: &'static str,
    advice: &'static str,
}

const fn begins(magic: &'static [u8], what: &'static str, advice: &'static str) -> Foreign {
    Foreign {
        offset: 0,
        magic,
        what,
        advice,
    }
}

const FOREIGN: &[Foreign] = &[
    begins(
        b"version https://git-lfs.github.com/spec/",
        "a pointer of Git LFS instead of the data",
        "run `git lfs pull` to get the file itself",
    ),
    begins(
        b"<!DOCTYPE",
        "a web page",
        "download the file itself, not the page that shows it",
    ),
    begins(
        b"<!doctype",
        "a web page",
        "download the file itself, not the page that shows it",
    ),
    begins(
        b"<html",
        "a web page",
        "download the file itself, not the page that shows it",
    ),
    begins(b"<?xml", "an XML file", "convert it to CSV or JSONL"),
    begins(
        b"PK\x03\x04",
        "a ZIP file or an Excel workbook",
        "unpack it, or save the sheet as CSV",
    ),
    begins(b"PK\x05\x06", "an empty ZIP file", "name the data files themselves"),
    begins(
        b"\xd0\xcf\x11\xe0",
        "an old Excel or Word file",
        "save the sheet as CSV",
    ),
    begins(b"%PDF", "a PDF", "convert its text to a text file first"),
    begins(b"\x93NUMPY", "a NumPy array", "write the data as CSV, JSONL or Parquet"),
    begins(b"\x89HDF", "an HDF5 file", "write the data as CSV, JSONL or Parquet"),
    begins(b"SQLite format 3", "an SQLite database", "export the table as CSV"),
    begins(
        b"FEA1",
        "a Feather 1 file",
        "write it as Feather 2 or Parquet with a current pandas",
    ),
    begins(b"ORC", "an ORC file", "write the data as Parquet"),
    begins(b"Obj\x01", "an Avro file", "write the data as JSONL or Parquet"),
    begins(
        b"\x80\x02",
        "a Python pickle",
        "pickles can run code; write the data as CSV, JSONL or Parquet",
    ),
    begins(
        b"\x80\x03",
        "a Python pickle",
        "pickles can run code; write the data as CSV, JSONL or Parquet",
    ),
    begins(
        b"\x80\x04",
        "a Python pickle",
        "pickles can run code; write the data as CSV, JSONL or Parquet",
    ),
    begins(
        b"\x80\x05",
        "a Python pickle",
        "pickles can run code; write the data as CSV, JSONL or Parquet",
    ),
    begins(b"\x89PNG", "an image", "name a table with a column of texts"),
    begins(b"\xff\xd8\xff", "an image", "name a table with a column of texts"),
    begins(b"GIF8", "an image", "name a table with a column of texts"),
    begins(
        b"7z\xbc\xaf\x27\x1c",
        "a 7z archive",
        "unpack it and name the data files",
    ),
    begins(b"Rar!", "a RAR archive", "unpack it and name the data files"),
    Foreign {
        offset: 257,
        magic: b"ustar",
        what: "a tar archive",
        advice: "unpack it with `tar xf` and name the data files",
    },
];

/// The fault if the content is known and cannot be read.
pub(crate) fn fault(head: &[u8]) -> Option<Fault> {
    let begins = |foreign: &&Foreign| {
        head.get(foreign.offset..)
            .is_some_and(|rest| rest.starts_with(foreign.magic))
    };
    FOREIGN.iter().find(begins).map(|foreign| Fault::Foreign {
        what: foreign.what,
        advice: foreign.advice,
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::fault;

    #[test]
    fn what_is_given_by_mistake_is_named_with_a_way_out() {
        let message = fault("a.xlsx", "PK\x03\x04\0\0");
        assert_eq!(
            message,
            "`a.xlsx`: this is a ZIP file or an Excel workbook; unpack it, or save the sheet as CSV"
        );
        let pointer = fault(
            "a.csv",
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        );
        assert!(pointer.contains("run `git lfs pull`"), "{pointer}");
        let tar = format!("name{}ustar", "\0".repeat(253));
        assert!(fault("a.csv", &tar).contains("a tar archive"));
    }
}
