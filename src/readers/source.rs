//! Where data come from: files, folders, patterns of files, standard input, or memory.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::compression::plain_name;
use crate::error::{Fault, ReadError};
use crate::formats::FORMATS;
use crate::position::Position;

/// A source of data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, a folder of data files of one kind, or a folder with a subfolder of texts for each class.
    Path(PathBuf),
    /// A pattern of files, such as `data/**/*.jsonl.gz`; its files are read in the order of their names.
    Pattern(String),
    /// Some records of a file, counted from 0.
    Rows {
        /// The file.
        path: PathBuf,
        /// The records.
        rows: Range<u64>,
    },
    /// Standard input.
    StandardInput,
    /// Bytes in memory, with a name for messages. Its extension counts as that of a file.
    Memory {
        /// The name.
        name: PathBuf,
        /// The content.
        content: Arc<[u8]>,
    },
}

/// The argument that stands for standard input.
const STANDARD_INPUT: &str = "-";

impl Source {
    /// Returns the source that a user means by an argument: `-`, a path, or a pattern if it has `*`, `?` or `[` and
    /// no file is called so.
    pub fn parse(argument: &str) -> Self {
        if argument == STANDARD_INPUT {
            Self::StandardInput
        } else if argument.contains(['*', '?', '[']) && !Path::new(argument).exists() {
            Self::Pattern(argument.to_owned())
        } else {
            Self::Path(argument.into())
        }
    }

    /// Bytes in memory.
    pub fn memory(name: impl Into<PathBuf>, content: impl Into<Vec<u8>>) -> Self {
        Self::Memory {
            name: name.into(),
            content: content.into().into(),
        }
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }
}

/// One source that is opened by itself: a pattern stands for many.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    File(PathBuf),
    Rows { path: PathBuf, rows: Range<u64> },
    Folder(PathBuf),
    StandardInput,
    Memory { name: PathBuf, content: Arc<[u8]> },
}

impl Origin {
    /// The name in messages.
    pub(crate) fn name(&self) -> &Path {
        match self {
            Self::File(path) | Self::Folder(path) | Self::Rows { path, .. } => path,
            Self::StandardInput => Path::new("standard input"),
            Self::Memory { name, .. } => name,
        }
    }
}

/// The files of all sources, in the order given; those of a pattern in the order of their names.
///
/// # Errors
/// If there are no sources, a path does not exist, or nothing matches a pattern.
pub(crate) fn origins(sources: &[Source]) -> Result<Vec<Origin>, ReadError> {
    let mut origins = Vec::new();
    for source in sources {
        match source {
            Source::Path(path) if path.is_dir() => match data_files(path) {
                files if files.is_empty() => origins.push(Origin::Folder(path.clone())),
                files => origins.extend(files.into_iter().map(Origin::File)),
            },
            Source::Path(path) if path.exists() => origins.push(Origin::File(path.clone())),
            Source::Path(path) => {
                let suggestion = automl_base::suggestion::closest_sibling(path);
                return Err(ReadError::new(Position::file(path), Fault::Missing { suggestion }));
            }
            Source::Pattern(pattern) => origins.extend(matches(pattern)?.into_iter().map(Origin::File)),
            Source::Rows { path, rows } => origins.push(Origin::Rows {
                path: path.clone(),
                rows: rows.clone(),
            }),
            Source::StandardInput => origins.push(Origin::StandardInput),
            Source::Memory { name, content } => origins.push(Origin::Memory {
                name: name.clone(),
                content: Arc::clone(content),
            }),
        }
    }
    if origins.is_empty() {
        return Err(ReadError::new(Position::file("data"), Fault::NoSources));
    }
    Ok(origins)
}

/// Descriptions that Hugging Face `datasets` writes beside the data.
const DESCRIPTIONS: [&str; 3] = ["dataset_info.json", "dataset_dict.json", "state.json"];

/// The data files in a folder in the order of their names, if all have one extension: shards of one data set. Files of
/// several kinds are not mixed, and lie in a folder by chance.
fn data_files(folder: &Path) -> Vec<PathBuf> {
    let extension = |path: &PathBuf| {
        let name = path.file_name()?.to_str()?;
        let plain = plain_name(name).to_ascii_lowercase();
        let (_, extension) = plain.rsplit_once('.')?;
        let is_data = FORMATS.iter().any(|format| format.extensions.contains(&extension)) && extension != "txt";
        (is_data && !name.starts_with('.') && !DESCRIPTIONS.contains(&name)).then(|| extension.to_owned())
    };
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let mut files: Vec<(String, PathBuf)> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .filter_map(|path| Some((extension(&path)?, path)))
        .collect();
    files.sort_unstable();
    if files.windows(2).any(|pair| pair[0].0 != pair[1].0) {
        return Vec::new();
    }
    files.into_iter().map(|(_, path)| path).collect()
}

/// The files that match a pattern. Hidden files, such as those of editors and downloads, only match a pattern that
/// names the dot.
fn matches(pattern: &str) -> Result<Vec<PathBuf>, ReadError> {
    const RULES: glob::MatchOptions = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let refused = |fault| ReadError::new(Position::file(pattern), fault);
    let found = glob::glob_with(pattern, RULES).map_err(|error| {
        refused(Fault::Pattern {
            message: error.to_string(),
        })
    })?;
    let mut files = Vec::new();
    for entry in found {
        let path = entry.map_err(|error| ReadError::new(Position::file(error.path()), Fault::Io(error.into())))?;
        if path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(refused(Fault::NoMatch));
    }
    files.sort_unstable();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_a_path_a_pattern_or_standard_input() {
        assert_eq!(Source::parse("-"), Source::StandardInput);
        assert_eq!(Source::parse("a.csv"), Source::Path("a.csv".into()));
        assert_eq!(Source::parse("a/*.csv"), Source::Pattern("a/*.csv".into()));
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join("what?.csv");
        std::fs::write(&odd, "").unwrap();
        assert_eq!(Source::parse(odd.to_str().unwrap()), Source::Path(odd));
    }

    #[test]
    fn the_files_of_a_pattern_come_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.jsonl", "a.jsonl", "c.csv", ".hidden.jsonl", "deep/d.jsonl"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let names = |pattern: &str| -> Vec<String> {
            let pattern = format!("{}/{pattern}", folder.path().display());
            let found = matches(&pattern).unwrap();
            let relative = found
                .iter()
                .map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string());
            relative.collect()
        };
        assert_eq!(names("*.jsonl"), ["a.jsonl", "b.jsonl"]);
        assert_eq!(names("**/*.jsonl"), ["a.jsonl", "b.jsonl", "deep/d.jsonl"]);
    }

    #[test]
    fn a_folder_of_shards_stands_for_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| std::fs::write(folder.path().join(name), "").unwrap();
        for name in [
            "data-1.arrow",
            "data-0.arrow",
            "state.json",
            "dataset_info.json",
            "README.md",
        ] {
            write(name);
        }
        let names = || -> Vec<String> {
            let origins = origins(&[Source::Path(folder.path().into())]).unwrap();
            let name = |origin: &Origin| origin.name().file_name().unwrap().to_string_lossy().into_owned();
            origins.iter().map(name).collect()
        };
        assert_eq!(names(), ["data-0.arrow", "data-1.arrow"]);
        write("other.csv");
        assert_eq!(names(), [folder.path().file_name().unwrap().to_string_lossy()]);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("train.csv"), "").unwrap();
        let message = |source| {
            origins(&[source])
                .unwrap_err()
                .to_string()
                .replace(folder.path().to_str().unwrap(), "F")
        };
        let missing = message(Source::Path(folder.path().join("trian.csv")));
        assert_eq!(
            missing,
            "`F/trian.csv`: there is no such file; did you mean `train.csv`"
        );
        let pattern = message(Source::parse(&format!("{}/*.json", folder.path().display())));
        assert!(
            pattern.starts_with("`F/*.json`: no file matches this pattern"),
            "{pattern}"
        );
        assert!(origins(&[]).unwrap_err().to_string().contains("no file is given"));
    }
}
