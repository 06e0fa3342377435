//! Several files as one stream.

use std::fs;
use std::path::Path;

use automl_readers::{Fault, ReadOptions, Source};

use crate::support::{records, shown};

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, content) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

fn pattern(folder: &Path, pattern: &str) -> Vec<Source> {
    vec![Source::parse(&folder.join(pattern).display().to_string())]
}

#[test]
fn the_files_of_a_pattern_are_one_stream_with_the_columns_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            ("b/2.csv", "label;text\n1;b\n"),
            ("a/1.csv", "text,label\na,0\n"),
            ("a/notes.md", "x"),
        ],
    );
    let found = records(&pattern(folder.path(), "**/*.csv"), &ReadOptions::default()).unwrap();
    assert_eq!(
        found.iter().map(shown).collect::<Vec<_>>(),
        ["text=a label=0", "text=b label=1"]
    );
    assert!(found[1].position.to_string().ends_with("b/2.csv`, line 2"));
}

#[test]
fn files_with_other_columns_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[("1.csv", "text,label\na,0\n"), ("2.csv", "text,labels,id\nb,1,2\n")],
    );
    let error = records(&pattern(folder.path(), "*.csv"), &ReadOptions::default()).unwrap_err();
    assert!(matches!(error.fault(), Fault::OtherColumns { .. }));
    let message = error.to_string().replace(&folder.path().display().to_string(), "F");
    let expected = "`F/2.csv`: the columns differ from those of `F/1.csv`; missing: `label`; surplus: `labels`, `id`; give the \
                    files the same columns or read them one by one";
    assert_eq!(message, expected);
}

#[test]
fn json_files_may_add_columns() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[
            ("1.jsonl", "{\"a\": 1}\n"),
            ("2.jsonl", "{\"b\": 2}\n"),
            ("3.json", "[{\"b\": 3, \"a\": 4}]"),
        ],
    );
    let found = records(&pattern(folder.path(), "*.json*"), &ReadOptions::default()).unwrap();
    assert_eq!(
        found.iter().map(shown).collect::<Vec<_>>(),
        ["a=1", "a=null b=2", "a=4 b=3"]
    );
}

#[test]
fn a_fault_ends_the_stream_unless_it_is_of_one_record() {
    let sources = [
        Source::memory("1.csv", "a,b\n1,2\n3\n4,5\n"),
        Source::memory("2.csv", ""),
        Source::memory("3.csv", "a,b\n6,7\n"),
    ];
    let reader = automl_readers::open(&sources, &ReadOptions::default()).unwrap();
    let found: Vec<String> = reader
        .map(|record| record.map_or_else(|error| error.to_string(), |record| shown(&record)))
        .collect();
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!((&*found[0], &*found[2]), ("a=1 b=2", "a=4 b=5"));
    assert!(found[1].starts_with("`1.csv`, line 3: 1 fields") && found[3].starts_with("`2.csv`: the file is empty"));
}

#[test]
fn a_file_is_not_a_folder_and_a_folder_not_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let with_format = |format: &str| ReadOptions {
        format: Some(format.into()),
        ..ReadOptions::default()
    };
    let message = records(&[Source::Path(folder.path().into())], &with_format("csv"))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("a folder, and `csv` is a format of files"),
        "{message}"
    );
    let message = records(&[Source::memory("a", "x")], &with_format("text-folder"))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("a file, and `text-folder` is a format of folders"),
        "{message}"
    );
}
