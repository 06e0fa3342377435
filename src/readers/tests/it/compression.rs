//! Compressed files.

use std::io::Write;

use automl_readers::{Fault, Limits, ReadOptions, Source, sniff};

use crate::support::{read, shown, testdata};

const CONTENT: &str = "{\"text\": \"a\"}\n{\"text\": \"b\"}\n";

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn xz(content: &[u8]) -> Vec<u8> {
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 1).unwrap()
}

type Compress = fn(&[u8]) -> Vec<u8>;

const ALL: [(&str, Compress); 4] = [("gzip", gzip), ("zstd", zstd), ("bzip2", bzip2), ("xz", xz)];

#[test]
fn every_compression_is_found_by_its_content_with_any_name() {
    for (name, compress) in ALL {
        for file in ["a.jsonl.gz", "a.jsonl", "a"] {
            let description = sniff(
                &Source::memory(file, compress(CONTENT.as_bytes())),
                &ReadOptions::default(),
            )
            .unwrap();
            assert_eq!(
                (description.format, description.compression),
                ("jsonl", Some(name)),
                "{file}"
            );
            assert_eq!(
                description.rows.iter().map(shown).collect::<Vec<_>>(),
                ["text=a", "text=b"]
            );
        }
    }
}

#[test]
fn data_of_several_members_are_read_to_their_end() {
    for (name, compress) in ALL {
        let twice = [compress(CONTENT.as_bytes()), compress(CONTENT.as_bytes())].concat();
        assert_eq!(
            read("a.jsonl", twice, &ReadOptions::default()).unwrap().len(),
            4,
            "{name}"
        );
    }
}

#[test]
fn a_file_that_is_cut_off_is_named_with_its_line() {
    let content: String = (0..100_000)
        .map(|index| format!("{{\"text\": \"{}\"}}\n", index * 7919 % 100_003))
        .collect();
    for (name, compress) in ALL {
        let mut compressed = compress(content.as_bytes());
        compressed.truncate(compressed.len() / 2);
        let error = read("a.jsonl.gz", compressed, &ReadOptions::default()).unwrap_err();
        assert!(
            matches!(error.fault(), Fault::Damaged { compression, .. } if *compression == name),
            "{error}"
        );
        let message = error.to_string();
        assert!(message.contains("is damaged or cut off"), "{message}");
    }
}

#[test]
fn a_bomb_stops_at_the_limit_of_a_record() {
    let options = ReadOptions {
        limits: Limits {
            record: 1 << 20,
            document: 1 << 20,
            ..Limits::default()
        },
        ..ReadOptions::default()
    };
    let zeros = format!("{{\"text\": \"{}\"}}", "0".repeat(16 << 20));
    for (name, compress) in &ALL[..2] {
        for file in ["a.jsonl", "a.json", "a.csv", "a.txt"] {
            let error = read(file, compress(zeros.as_bytes()), &options).unwrap_err();
            assert!(
                matches!(error.fault(), Fault::RecordTooLarge { .. }),
                "{name} {file}: {error}"
            );
        }
    }
}

#[cfg(feature = "columnar")]
#[test]
fn a_compressed_parquet_file_is_read_from_memory() {
    let content = std::fs::read(testdata("labels.parquet")).unwrap();
    assert_eq!(
        read("a.parquet.gz", gzip(&content), &ReadOptions::default())
            .unwrap()
            .len(),
        3
    );
    let options = ReadOptions {
        limits: Limits {
            document: 1 << 10,
            ..Limits::default()
        },
        ..ReadOptions::default()
    };
    let error = read("a.parquet.gz", gzip(&content), &options).unwrap_err();
    assert!(matches!(error.fault(), Fault::DocumentTooLarge { .. }), "{error}");
}
