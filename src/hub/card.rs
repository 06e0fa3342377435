//! The files of a data set's configurations, as its author declares them in the card (`configs`).
//!
//! The hub sends the card as JSON. Its forms are those of `datasets`: <https://huggingface.co/docs/hub/datasets-manual-configuration>.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The split of files that are declared without one.
const DEFAULT_SPLIT: &str = "train";

/// The most configurations that are read; the largest data sets have a few thousand.
const MOST: usize = 10_000;

/// A configuration in the card of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CardConfig {
    pub(crate) name: String,
    /// True if it is meant where none is named.
    #[serde(default)]
    pub(crate) is_default: bool,
    /// Splits and the patterns of their files.
    pub(crate) files: Vec<(String, String)>,
}

/// The configurations that a card declares with their files.
pub(crate) fn configs(card: &Value) -> Vec<CardConfig> {
    let configs = card["configs"].as_array().into_iter().flatten().take(MOST);
    configs.filter_map(config).collect()
}

fn config(config: &Value) -> Option<CardConfig> {
    let folder = config["data_dir"].as_str().map(|folder| folder.trim_matches('/'));
    let inside = |pattern: String| match folder {
        Some(folder) if !folder.is_empty() => format!("{folder}/{pattern}"),
        Some(_) | None => pattern,
    };
    let files: Vec<(String, String)> = files(&config["data_files"])
        .into_iter()
        .map(|(split, pattern)| (split, inside(pattern)))
        .collect();
    (!files.is_empty()).then(|| CardConfig {
        name: config["config_name"].as_str().unwrap_or("default").to_owned(),
        is_default: config["default"].as_bool().unwrap_or(false),
        files,
    })
}

/// A pattern, a list of patterns, a list of splits with theirs, or a mapping from splits to theirs.
fn files(declared: &Value) -> Vec<(String, String)> {
    let of = |split: &str, paths: &Value| -> Vec<(String, String)> {
        let paths = patterns(paths).into_iter();
        paths.map(|path| (split.to_owned(), path)).collect()
    };
    match declared {
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let splits = items.iter().map(|item| {
                let split = item["split"].as_str().unwrap_or(DEFAULT_SPLIT);
                of(split, &item["path"])
            });
            splits.flatten().collect()
        }
        Value::Object(splits) => splits.iter().flat_map(|(split, paths)| of(split, paths)).collect(),
        other => of(DEFAULT_SPLIT, other),
    }
}

fn patterns(paths: &Value) -> Vec<String> {
    let plain = |path: &Value| path.as_str().map(|path| path.trim_start_matches("./").to_owned());
    match paths {
        Value::Array(paths) => paths.iter().filter_map(plain).collect(),
        path => plain(path).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn files_of(declared: &Value) -> Vec<String> {
        let card = json!({"configs": [{"config_name": "c", "data_files": declared}]});
        let configs = configs(&card);
        let files = configs.iter().flat_map(|config| &config.files);
        files.map(|(split, pattern)| format!("{split}:{pattern}")).collect()
    }

    #[test]
    fn files_are_declared_in_every_form_of_the_hub() {
        assert_eq!(files_of(&json!("data/*.csv")), ["train:data/*.csv"]);
        assert_eq!(files_of(&json!(["a.csv", "./b.csv"])), ["train:a.csv", "train:b.csv"]);
        let splits = json!([{"split": "train", "path": "a-*"}, {"split": "test", "path": ["b.csv", "c.csv"]}]);
        assert_eq!(files_of(&splits), ["train:a-*", "test:b.csv", "test:c.csv"]);
        assert_eq!(files_of(&json!({"dev": "d.jsonl"})), ["dev:d.jsonl"]);
    }

    #[test]
    fn a_folder_stands_before_its_patterns_and_configurations_without_files_are_left_out() {
        let card = json!({"configs": [
            {"config_name": "x", "data_dir": "en", "data_files": "*.csv", "default": true},
            {"config_name": "y"}, 3, null,
        ]});
        let configs = configs(&card);
        assert_eq!(configs.len(), 1);
        assert!(configs[0].is_default);
        assert_eq!(configs[0].files, [("train".to_owned(), "en/*.csv".to_owned())]);
        assert!(super::configs(&Value::Null).is_empty());
    }
}
