//! The data files of a data set's configuration and split.
//!
//! Authors declare them in the card (`card`), or name them so that they tell their split: in Parquet form
//! `data/split-00000-of-00001.parquet`, `config/split-00000-of-00001.parquet` and the like, in other forms by words such
//! as `train` (`splits`). The hub itself converts public data sets to Parquet, at the revision `refs/convert/parquet`:
//! `config/split/0000.parquet`, or `config/partial-split/0000.parquet` if only a part was converted.

use std::collections::BTreeMap;

use crate::card::CardConfig;
use crate::listing::Listing;
use crate::models::ChoiceError;
use crate::repository::{Kind, Repository};
use crate::splits::splits;
use crate::{Hub, HubError, Pattern, Progress, Snapshot, Wanted};

/// The revision at which the hub keeps its own conversion.
pub const PARQUET_REVISION: &str = "refs/convert/parquet";

/// The name of a configuration where there are no names.
const DEFAULT_CONFIG: &str = "default";

/// The data files of a configuration and split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// The configuration.
    pub config: String,
    /// The split.
    pub split: String,
    /// The paths, in the order of the rows.
    pub paths: Vec<String>,
    /// True if the hub converted only the first rows.
    pub is_partial: bool,
}

/// The configuration, split and completeness that a path stands for.
#[derive(Debug, PartialEq, Eq)]
struct TableKey<'a> {
    config: String,
    split: &'a str,
    is_partial: bool,
}

/// Configurations by name; each has its splits by name.
type Configs = BTreeMap<String, BTreeMap<String, Tables>>;

/// The data files of a configuration and split. Without `config`, the only one, the one that the card prefers, or the
/// one called `default`.
///
/// # Errors
/// If there is no such configuration or split; the error lists those that exist.
pub fn choose_tables(listing: &Listing, config: Option<&str>, split: &str) -> Result<Tables, ChoiceError> {
    let mut configs = configs(listing);
    if configs.is_empty() {
        return Err(ChoiceError::NoTables);
    }
    let available: Vec<String> = configs.iter().map(|(name, splits)| described(name, splits)).collect();
    let preferred = listing.configs.iter().find(|config| config.is_default);
    let preferred = preferred.map_or(DEFAULT_CONFIG, |config| config.name.as_str());
    let mut names = configs.keys();
    let config = match (config, names.next(), names.next()) {
        (Some(config), _, _) => config.to_owned(),
        (None, Some(only), None) => only.clone(),
        _ if configs.contains_key(preferred) => preferred.to_owned(),
        _ => return Err(ChoiceError::SeveralConfigurations { available }),
    };
    let Some(mut splits) = configs.remove(&config) else {
        return Err(ChoiceError::NoConfiguration { config, available });
    };
    splits.remove(split).ok_or_else(|| ChoiceError::NoSplit {
        config,
        split: split.to_owned(),
        available,
    })
}

fn described(config: &str, splits: &BTreeMap<String, Tables>) -> String {
    let splits: Vec<String> = splits.keys().map(|split| format!("`{split}`")).collect();
    format!("`{config}` (splits {})", splits.join(", "))
}

/// The configurations that the card declares, else those that the names of the files tell.
fn configs(listing: &Listing) -> Configs {
    let mut paths: Vec<&str> = listing.files.iter().map(|file| file.path.as_str()).collect();
    paths.sort_unstable();
    let declared = declared(&listing.configs, &paths);
    if !declared.is_empty() {
        return declared;
    }
    let tables = of_parquet(&paths);
    if !tables.is_empty() || has_script(listing) {
        return tables;
    }
    let mut configs = Configs::new();
    for (split, files) in splits(paths.into_iter()) {
        for path in files {
            add(&mut configs, (DEFAULT_CONFIG, split, false), path);
        }
    }
    configs
}

fn add(configs: &mut Configs, (config, split, is_partial): (&str, &str, bool), path: &str) {
    let splits = configs.entry(config.to_owned()).or_default();
    let tables = splits.entry(split.to_owned()).or_insert_with(|| Tables {
        config: config.to_owned(),
        split: split.to_owned(),
        paths: Vec::new(),
        is_partial: false,
    });
    tables.is_partial |= is_partial;
    if !tables.paths.iter().any(|known| known == path) {
        tables.paths.push(path.to_owned());
    }
}

fn declared(configs: &[CardConfig], paths: &[&str]) -> Configs {
    let mut found = Configs::new();
    for config in configs {
        for (split, pattern) in &config.files {
            for path in paths.iter().filter(|path| is_meant(pattern, path)) {
                add(&mut found, (&config.name, split, false), path);
            }
        }
    }
    found
}

/// True if a pattern of a card stands for a path: there `*` ends at a slash, and `**` does not.
fn is_meant(pattern: &str, path: &str) -> bool {
    if pattern.contains("**") {
        return Pattern::new(pattern.replace("**/", "*").replace("**", "*")).matches(path);
    }
    let (mut patterns, mut parts) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return true,
            (Some(pattern), Some(part)) if Pattern::new(pattern).matches(part) => {}
            _ => return false,
        }
    }
}

/// True if a program of the author makes the data of the files: it is never run, and only the hub's conversion of its
/// results can be read.
fn has_script(listing: &Listing) -> bool {
    let id = listing.repository.id();
    let name = id.rsplit('/').next().unwrap_or(id);
    listing.has(&format!("{name}.py"))
}

fn of_parquet(paths: &[&str]) -> Configs {
    let mut configs = Configs::new();
    for path in paths {
        if let Some(key) = table_key(path) {
            add(&mut configs, (&key.config, key.split, key.is_partial), path);
        }
    }
    configs
}

/// The configuration and split of a Parquet file, from its path.
fn table_key(path: &str) -> Option<TableKey<'_>> {
    let stem = path.strip_suffix(".parquet")?;
    let (folders, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    let (folders, split) = if is_number {
        // `config/split/0000.parquet`
        folders.rsplit_once('/').unwrap_or(("", folders))
    } else {
        // `data/split-00000-of-00001.parquet`, with or without a hash at the end
        (
            folders,
            name.split_once('-')
                .filter(|(_, rest)| is_shard(rest))
                .map_or(name, |(split, _)| split),
        )
    };
    let (split, is_partial) = match split.strip_prefix("partial-") {
        Some(split) => (split, true),
        None => (split, false),
    };
    let is_word = |character: char| character.is_alphanumeric() || "_.".contains(character);
    if split.is_empty() || !split.chars().all(is_word) {
        return None;
    }
    let config = folders.strip_prefix("data/").unwrap_or(folders);
    let config = if config.is_empty() || config == "data" {
        DEFAULT_CONFIG
    } else {
        config
    };
    Some(TableKey {
        config: config.to_owned(),
        split,
        is_partial,
    })
}

/// `00000-of-00001`, also with `-` and a hash.
fn is_shard(text: &str) -> bool {
    let mut parts = text.splitn(4, '-');
    let is_number =
        |part: Option<&str>| part.is_some_and(|part| part.len() >= 5 && part.bytes().all(|byte| byte.is_ascii_digit()));
    let has_numbers = is_number(parts.next()) && parts.next() == Some("of") && is_number(parts.next());
    has_numbers
        && parts
            .next()
            .is_none_or(|hash| hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

impl Hub {
    /// Brings the data files of a data set's configuration and split into the cache. If the repository's own files cannot
    /// be read, the hub's conversion at [`PARQUET_REVISION`] is taken.
    ///
    /// # Errors
    /// If there is no such configuration or split, and for the reasons of [`Hub::snapshot`].
    pub fn tables(
        &self,
        repository: &Repository,
        config: Option<&str>,
        split: &str,
        progress: &dyn Progress,
    ) -> Result<(Tables, Snapshot), HubError> {
        let own = self.tables_at(repository, config, split, progress);
        let is_convertible = repository.kind() == Kind::Dataset && repository.revision() != PARQUET_REVISION;
        let Some(error) = own.as_ref().err().filter(|_| is_convertible) else {
            return own;
        };
        let converted = Repository::new(Kind::Dataset, repository.id(), PARQUET_REVISION)?;
        let is_wanted = match error {
            HubError::Choice { source, .. } => *source == ChoiceError::NoTables,
            HubError::Stopped => false,
            // Without a network, an earlier download of the conversion must do.
            _ => self.is_cached(&converted),
        };
        if !is_wanted {
            return own;
        }
        match self.tables_at(&converted, config, split, progress) {
            // The hub has not converted it, or nothing was downloaded of it.
            Err(HubError::RevisionNotFound { .. } | HubError::NotCached { .. }) => own,
            Ok((tables, mut snapshot)) if snapshot.licence.is_none() => {
                // The card is only at the repository's own revision.
                snapshot.licence = self
                    .files(repository, progress)
                    .ok()
                    .and_then(|listing| listing.licence);
                Ok((tables, snapshot))
            }
            converted => converted,
        }
    }

    fn tables_at(
        &self,
        repository: &Repository,
        config: Option<&str>,
        split: &str,
        progress: &dyn Progress,
    ) -> Result<(Tables, Snapshot), HubError> {
        let chosen = std::cell::RefCell::new(None);
        let chooser = |listing: &Listing| {
            let tables = choose_tables(listing, config, split)?;
            let paths = tables.paths.clone();
            chosen.replace(Some(tables));
            Ok(paths)
        };
        let snapshot = self.snapshot(repository, Wanted::Chosen(&chooser), progress)?;
        // Every snapshot comes from a choice.
        let tables = chosen.into_inner().ok_or_else(|| HubError::Choice {
            repository: repository.to_string(),
            source: ChoiceError::NoTables,
        })?;
        Ok((tables, snapshot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(paths: &[&str]) -> Listing {
        let data = Repository::parse(Kind::Dataset, "org/data").unwrap();
        Listing::of_paths(&data, "c0", paths.iter().copied())
    }

    #[test]
    fn paths_tell_configuration_and_split() {
        let cases = [
            ("data/train-00000-of-00001.parquet", "default", "train", false),
            (
                "data/train-00000-of-00001-a09b74b3ef9c3b56.parquet",
                "default",
                "train",
                false,
            ),
            ("train-00001-of-00002.parquet", "default", "train", false),
            ("train.parquet", "default", "train", false),
            ("data/test.parquet", "default", "test", false),
            ("cola/validation-00000-of-00001.parquet", "cola", "validation", false),
            ("data/cola/train-00000-of-00001.parquet", "cola", "train", false),
            ("plain_text/train/0000.parquet", "plain_text", "train", false),
            ("en/partial-train/0003.parquet", "en", "train", true),
            ("train/0000.parquet", "default", "train", false),
        ];
        for (path, config, split, is_partial) in cases {
            let expected = TableKey {
                config: config.to_owned(),
                split,
                is_partial,
            };
            assert_eq!(table_key(path), Some(expected), "{path}");
        }
        for path in [
            "0000.parquet",
            "data/x.csv",
            "a/some-file.parquet",
            ".parquet",
            "x/partial-/0.parquet",
        ] {
            assert_eq!(table_key(path), None, "{path}");
        }
    }

    #[test]
    fn the_parts_of_a_split_come_in_order() {
        let listing = listing(&[
            "data/train-00001-of-00002.parquet",
            "README.md",
            "data/train-00000-of-00002.parquet",
            "data/test-00000-of-00001.parquet",
        ]);
        let tables = choose_tables(&listing, None, "train").unwrap();
        assert_eq!(
            tables.paths,
            ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"]
        );
        assert_eq!((tables.config.as_str(), tables.is_partial), ("default", false));
    }

    #[test]
    fn a_card_declares_files_and_the_preferred_configuration() {
        let mut listing = listing(&["a/x.csv", "a/deep/y.csv", "b/x.csv", "c.csv"]);
        let config = |name: &str, is_default, split: &str, pattern: &str| CardConfig {
            name: name.to_owned(),
            is_default,
            files: vec![(split.to_owned(), pattern.to_owned())],
        };
        listing.configs = vec![
            config("one", false, "train", "a/*.csv"),
            config("two", true, "train", "**/x.csv"),
            config("three", false, "dev", "none.csv"),
        ];
        let paths = |config, split| choose_tables(&listing, config, split).map(|tables| tables.paths);
        assert_eq!(paths(Some("one"), "train").unwrap(), ["a/x.csv"]);
        assert_eq!(paths(None, "train").unwrap(), ["a/x.csv", "b/x.csv"]);
        assert!(paths(Some("three"), "dev").is_err());
    }

    #[test]
    fn names_of_other_files_tell_the_split_unless_a_program_makes_the_data() {
        let tables = choose_tables(&listing(&["train.csv", "dev.csv"]), None, "validation").unwrap();
        assert_eq!(
            (tables.config.as_str(), tables.paths),
            ("default", vec!["dev.csv".to_owned()])
        );
        let scripted = choose_tables(&listing(&["train.csv", "data.py"]), None, "train");
        assert_eq!(scripted, Err(ChoiceError::NoTables));
    }

    #[test]
    fn what_exists_is_listed_when_something_else_was_asked_for() {
        let glue = listing(&[
            "cola/train-00000-of-00001.parquet",
            "cola/test-00000-of-00001.parquet",
            "sst2/train-00000-of-00001.parquet",
        ]);
        let message = |config, split| choose_tables(&glue, config, split).unwrap_err().to_string();
        let messages = [
            message(None, "train"),
            message(Some("mnli"), "train"),
            message(Some("cola"), "validation"),
            choose_tables(&listing(&["README.md"]), None, "train")
                .unwrap_err()
                .to_string(),
        ];
        insta::assert_snapshot!(messages.join("\n"));
        assert!(choose_tables(&glue, Some("sst2"), "train").is_ok());
    }
}
