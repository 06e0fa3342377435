//! Files in other encodings than UTF-8.

use automl_readers::{ReadOptions, Source, sniff};

use crate::support::{read, shown};

fn with_encoding(name: &str) -> ReadOptions {
    ReadOptions {
        encoding: Some(name.into()),
        ..ReadOptions::default()
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn utf16_is_found_by_its_mark() {
    let content = utf16("\u{feff}text\tlabel\r\nnaïve 🦀\tyes\r\n");
    let description = sniff(&Source::memory("a.csv", content), &ReadOptions::default()).unwrap();
    assert_eq!((description.encoding, description.delimiter), ("UTF-16LE", Some('\t')));
    assert_eq!(shown(&description.rows[0]), "text=naïve 🦀 label=yes");
}

#[test]
fn a_declared_encoding_is_used_in_every_format() {
    for (name, content) in [
        ("a.csv", b"text\ncaf\xe9\n".as_slice()),
        ("a.jsonl", b"{\"text\": \"caf\xe9\"}"),
        ("a.json", b"[{\"text\": \"caf\xe9\"}]"),
        ("a.txt", b"caf\xe9"),
    ] {
        let records = read(name, content, &with_encoding("latin-1")).unwrap();
        assert_eq!(shown(&records[0]), "text=café", "{name}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_named_with_a_way_out() {
    let message = read(
        "a.csv",
        b"text\nok\nna\xefve caf\xe9\n".to_vec(),
        &ReadOptions::default(),
    )
    .unwrap_err()
    .to_string();
    let expected = "`a.csv`, line 3, column 3: not valid UTF-8 (byte 0xef); save the file as UTF-8, or set `encoding` \
                    (`latin-1` or `cp1252` for most files of Western European languages)";
    assert_eq!(message, expected);
}

#[test]
fn wrong_names_and_wrong_encodings_are_named() {
    let unknown = read("a.csv", "text\na\n", &with_encoding("latin-99"))
        .unwrap_err()
        .to_string();
    assert!(
        unknown.contains("unknown encoding `latin-99`; use a name such as"),
        "{unknown}"
    );
    let wrong = read("a.csv", b"text\nab\nc\xff\xff\n".to_vec(), &with_encoding("shift_jis"))
        .unwrap_err()
        .to_string();
    assert_eq!(
        wrong,
        "`a.csv`, line 3, column 2: not valid Shift_JIS; set `encoding` to the one that the file was written with"
    );
    let no_mark = read("a.csv", utf16("text\na\n"), &ReadOptions::default())
        .unwrap_err()
        .to_string();
    assert!(
        no_mark.contains("a NUL byte, which text files never have") && no_mark.contains("utf-16le"),
        "{no_mark}"
    );
}
