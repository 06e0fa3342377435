//! Random and damaged bytes: every file gives records and faults, and no panic.

use std::fs;

use automl_readers::{FORMATS, Limits, ReadOptions, Source, open};
use proptest::prelude::*;

use crate::support::testdata;

const JSONL: &[u8] = b"{\"text\": \"na\xc3\xafve \\ud83e\\udd80\", \"label\": 1.5e3, \"tags\": [\"a\", null]}\n{\"text\": \"\", \"m\": [{\"k\": true}]}\n";
const ARRAY: &[u8] = b"[{\"text\": \"a\", \"label\": [1, {\"x\": 2}]},\n {\"label\": null, \"text\": \"]}\"}]";
const COLUMNS: &[u8] = b"{\"text\": [\"a\", \"b\"], \"label\": [0, 1]}";
const SQUAD: &[u8] = b"{\"version\": \"v2.0\", \"data\": [{\"title\": \"T\", \"paragraphs\": [{\"context\": \"C\", \"qas\": [{\"id\": \"1\", \"question\": \"Q\", \"answers\": [{\"text\": \"C\", \"answer_start\": 0}]}]}]}]}";
const CSV: &[u8] = b"id,text,label\n1,\"say \"\"hi\"\",\nyou\",yes\n2,na\xc3\xafve,no\n";
const TSV: &[u8] = b"text\tlabel\r\na \"b\tyes\r\n\tno\r\n";
const CONLL: &[u8] = b"-DOCSTART- -X- O\n\nEU NNP B-ORG\nrejects VBZ O\n\nPeter NNP B-PER\n";
const TEXT: &[u8] = b"one\n\ntwo \xc3\xa9\n";

/// Valid contents: one or more of each format.
fn valid() -> Vec<(&'static str, Vec<u8>)> {
    let mut files: Vec<(&str, Vec<u8>)> = vec![
        ("jsonl", JSONL.to_vec()),
        ("json", ARRAY.to_vec()),
        ("json-columns", COLUMNS.to_vec()),
        ("json-wrapped", SQUAD.to_vec()),
        ("squad", SQUAD.to_vec()),
        ("csv", CSV.to_vec()),
        ("tsv", TSV.to_vec()),
        ("conll", CONLL.to_vec()),
        ("text", TEXT.to_vec()),
    ];
    for (format, name) in [
        ("parquet", "kinds-none.parquet"),
        ("parquet", "kinds-zstd.parquet"),
        ("parquet", "labels.parquet"),
        ("arrow", "kinds-lz4.feather"),
        ("arrow", "kinds-uncompressed.feather"),
        ("arrow", "kinds.arrows"),
        ("arrow", "labels.arrow"),
    ] {
        if cfg!(feature = "columnar") {
            files.push((format, fs::read(testdata(name)).unwrap()));
        }
    }
    files
}

/// Reads everything; the result does not matter, as long as there is one. Returns the number of items.
fn read(content: &[u8], format: Option<&str>) -> usize {
    let options = ReadOptions {
        format: format.map(str::to_owned),
        limits: Limits {
            record: 1 << 20,
            document: 1 << 22,
            columns: 100,
        },
        ..ReadOptions::default()
    };
    match open(&[Source::memory("a", content)], &options) {
        Err(error) => usize::from(!error.to_string().is_empty()),
        Ok(reader) => {
            // Each item takes at least one byte of the content or is the last one.
            let most = 100 * content.len() + 1000;
            let mut items = 0;
            for item in reader.take(most + 1) {
                items += 1;
                if let Err(error) = item {
                    assert!(!error.to_string().is_empty());
                }
            }
            assert!(items <= most, "the stream has no end");
            items
        }
    }
}

#[test]
fn every_format_of_files_is_covered_and_valid() {
    let files = valid();
    let is_columnar = |name: &str| matches!(name, "parquet" | "arrow");
    let is_covered = |name: &str| name != "text-folder" && (cfg!(feature = "columnar") || !is_columnar(name));
    for format in FORMATS.iter().filter(|format| is_covered(format.name)) {
        assert!(files.iter().any(|(name, _)| *name == format.name), "{}", format.name);
    }
    for (format, content) in &files {
        let options = ReadOptions {
            format: Some((*format).to_owned()),
            ..ReadOptions::default()
        };
        let reader = open(&[Source::memory("a", content.clone())], &options).unwrap();
        let records: Vec<_> = reader.collect::<Result<_, _>>().unwrap();
        assert!(!records.is_empty(), "{format}");
    }
}

#[test]
fn every_beginning_of_a_valid_file_is_read_or_refused() {
    for (format, content) in valid() {
        let step = content.len().div_ceil(500);
        for end in (0..content.len()).step_by(step) {
            read(&content[..end], Some(format));
            read(&content[..end], None);
        }
    }
}

/// A change of a file: bytes at a position are replaced, removed, inserted or repeated.
#[derive(Clone, Debug)]
enum Change {
    Flip(prop::sample::Index, u8),
    Remove(prop::sample::Index, usize),
    Insert(prop::sample::Index, Vec<u8>),
    Repeat(prop::sample::Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        4 => (index(), any::<u8>()).prop_map(|(at, byte)| Change::Flip(at, byte)),
        1 => (index(), 1_usize..40).prop_map(|(at, count)| Change::Remove(at, count)),
        1 => (index(), prop::collection::vec(any::<u8>(), 1..8)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        1 => (index(), prop::sample::select(b"\"{}[],:\\\n\t\0'-".to_vec())).prop_map(|(at, byte)| Change::Insert(at, vec![byte])),
        1 => (index(), 1_usize..200).prop_map(|(at, count)| Change::Repeat(at, count)),
    ]
}

fn changed(mut content: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if content.is_empty() {
            break;
        }
        match change {
            Change::Flip(at, byte) => {
                let at = at.index(content.len());
                content[at] ^= byte;
            }
            Change::Remove(at, count) => {
                let at = at.index(content.len());
                let end = (at + count).min(content.len());
                content.drain(at..end);
            }
            Change::Insert(at, bytes) => {
                let at = at.index(content.len());
                content.splice(at..at, bytes.iter().copied());
            }
            Change::Repeat(at, count) => {
                let at = at.index(content.len());
                let end = (at + count).min(content.len());
                let part = content[at..end].to_vec();
                content.splice(at..at, part);
            }
        }
    }
    content
}

/// Few steps of shrinking: a case reads many files.
fn cases() -> ProptestConfig {
    ProptestConfig {
        max_shrink_iters: 200,
        ..ProptestConfig::with_cases(256)
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn random_bytes_are_read_or_refused(content in prop::collection::vec(any::<u8>(), 0..300), format in 0..FORMATS.len()) {
        read(&content, None);
        read(&content, Some(FORMATS[format].name));
    }

    #[test]
    fn random_punctuation_is_read_or_refused(content in "[\\[\\]{},:;|\t\"\\\\ab01\n\r#é-]{0,60}", format in 0..FORMATS.len()) {
        read(content.as_bytes(), None);
        read(content.as_bytes(), Some(FORMATS[format].name));
    }

    #[test]
    fn changed_files_are_read_or_refused(changes in prop::collection::vec(change(), 1..5)) {
        for (format, content) in valid() {
            let content = changed(content, &changes);
            read(&content, Some(format));
            read(&content, None);
        }
    }

    #[test]
    fn bytes_behind_every_mark_are_read_or_refused(content in prop::collection::vec(any::<u8>(), 0..200)) {
        for mark in [b"PAR1".as_slice(), b"ARROW1\0\0", b"\xff\xff\xff\xff\x10\0\0\0", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"BZh9", b"\xfd7zXZ\0", b"\xff\xfe", b"\xfe\xff"] {
            read(&[mark, &content].concat(), None);
        }
    }
}
