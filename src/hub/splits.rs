//! The splits of data files whose card declares nothing, by the names of files and folders, as `datasets` finds them:
//! <https://huggingface.co/docs/hub/datasets-file-names-and-splits>.

use std::collections::BTreeMap;

/// Splits and the words in names that stand for them.
const WORDS: [(&str, &[&str]); 3] = [
    ("train", &["train", "training"]),
    ("validation", &["validation", "valid", "dev", "val"]),
    ("test", &["test", "testing", "eval", "evaluation"]),
];

/// The extensions of data files, the preferred ones first.
const EXTENSIONS: [&str; 8] = ["parquet", "csv", "jsonl", "ndjson", "tsv", "json", "arrow", "txt"];

/// The extensions of compressed files.
const COMPRESSED: [&str; 4] = ["gz", "bz2", "xz", "zst"];

/// JSON files that describe data.
const DESCRIPTIONS: [&str; 6] = [
    "dataset_info.json",
    "dataset_infos.json",
    "dataset_dict.json",
    "state.json",
    "config.json",
    "metadata.json",
];

/// The files of each split, sorted. Files of the most frequent kind count; without any word in the names, all of them
/// are training examples.
pub(crate) fn splits<'a>(paths: impl Iterator<Item = &'a str>) -> BTreeMap<&'static str, Vec<&'a str>> {
    let files = of_one_kind(paths);
    let in_folders = by_words(&files, |path| {
        let (folders, _) = path.rsplit_once('/')?;
        folders.split('/').find_map(split)
    });
    if !in_folders.is_empty() {
        return in_folders;
    }
    let in_names = by_words(&files, |path| split(path.rsplit('/').next()?));
    if !in_names.is_empty() || files.is_empty() {
        return in_names;
    }
    [("train", files)].into()
}

fn by_words<'a>(
    files: &[&'a str],
    split: impl Fn(&str) -> Option<&'static str>,
) -> BTreeMap<&'static str, Vec<&'a str>> {
    let mut splits = BTreeMap::<_, Vec<_>>::new();
    for file in files {
        if let Some(split) = split(file) {
            splits.entry(split).or_default().push(*file);
        }
    }
    splits
}

/// The data files with the most frequent extension.
fn of_one_kind<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut kinds = BTreeMap::<usize, Vec<&str>>::new();
    for path in paths {
        if let Some(kind) = kind(path) {
            kinds.entry(kind).or_default().push(path);
        }
    }
    let most = kinds
        .into_iter()
        .max_by_key(|(kind, files)| (files.len(), std::cmp::Reverse(*kind)));
    let mut files = most.map(|(_, files)| files).unwrap_or_default();
    files.sort_unstable();
    files
}

/// The index of a data file's extension.
fn kind(path: &str) -> Option<usize> {
    let is_hidden = path.split('/').any(|part| part.starts_with(['.', '_']));
    let name = path.rsplit('/').next()?;
    if is_hidden || DESCRIPTIONS.contains(&name) {
        return None;
    }
    let (stem, extension) = name.rsplit_once('.')?;
    let extension = if COMPRESSED.contains(&extension) {
        stem.rsplit_once('.')?.1
    } else {
        extension
    };
    EXTENSIONS.iter().position(|known| *known == extension)
}

/// The split that a name tells by one of its words.
fn split(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|letter: char| "-._ ".contains(letter) || letter.is_ascii_digit());
    words.find_map(|word| {
        WORDS
            .iter()
            .find(|(_, words)| words.contains(&word))
            .map(|(split, _)| *split)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(paths: &[&str]) -> String {
        let splits = splits(paths.iter().copied()).into_iter();
        let splits = splits.map(|(split, files)| format!("{split}: {}", files.join(" ")));
        splits.collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn names_tell_the_splits() {
        assert_eq!(
            told(&["train.csv", "dev.csv", "README.md"]),
            "train: train.csv; validation: dev.csv"
        );
        assert_eq!(
            told(&["data/my_train_2.jsonl.gz", "data/eval-1.jsonl.gz"]),
            "test: data/eval-1.jsonl.gz; train: data/my_train_2.jsonl.gz"
        );
        assert_eq!(
            told(&["training/a.csv", "training/b.csv", "test/trained.csv"]),
            "test: test/trained.csv; train: training/a.csv training/b.csv"
        );
    }

    #[test]
    fn files_without_such_words_are_training_examples() {
        assert_eq!(told(&["contest.csv", "latest.csv"]), "train: contest.csv latest.csv");
        assert_eq!(told(&["README.md", "dataset_infos.json", ".x/a.csv"]), "");
    }

    #[test]
    fn the_most_frequent_kind_counts() {
        assert_eq!(told(&["notes.txt", "a.csv", "b.csv", "c.json"]), "train: a.csv b.csv");
        assert_eq!(told(&["a.json", "a.csv"]), "train: a.csv");
    }
}
