//! The folder of a pretrained model: its required files.

use std::path::{Path, PathBuf};

use automl_tokenizer::Tokenizer;

use super::data::suggestion::did_you_mean;

/// The files that weights are stored as, the first of them as usual. Pickled ones are refused when they are read, with
/// the way to convert them.
const WEIGHTS: [&[&str]; 3] = [
    &["model.safetensors"],
    &["model.safetensors.index.json"],
    &["pytorch_model.bin"],
];

/// The kind of a model, which decides the files that its folder needs beside `config.json` and its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelKind {
    /// A text model: also needs the files of a tokenizer.
    Text,
    /// An image model: needs no other files.
    Image,
}

impl ModelKind {
    /// The required files: one row for each part of a model, with the sets of files that it can be stored as.
    fn parts(self) -> Vec<Vec<&'static [&'static str]>> {
        let config = vec![&["config.json"][..]];
        let weights = WEIGHTS.to_vec();
        match self {
            Self::Text => vec![config, weights, Tokenizer::sources().collect()],
            Self::Image => vec![config, weights],
        }
    }

    /// The missing parts of a model, in words. `has` tells if a file is there.
    pub fn missing(self, has: impl Fn(&str) -> bool) -> Vec<String> {
        let is_missing = |sources: &&Vec<&[&str]>| !sources.iter().any(|files| files.iter().all(|file| has(file)));
        let parts = self.parts();
        parts
            .iter()
            .filter(is_missing)
            .map(|sources| described(sources))
            .collect()
    }
}

/// A missing part of a model, in words.
fn described(sources: &[&[&str]]) -> String {
    if *sources == WEIGHTS {
        // The other kinds of weights are for those who have them.
        return "`model.safetensors`".to_owned();
    }
    let names = |files: &&[&str]| {
        files
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(" with ")
    };
    match sources {
        [only] => names(only),
        sources => {
            let names: Vec<String> = sources.iter().map(names).collect();
            let (last, others) = names
                .split_last()
                .map_or(("", &names[..]), |(last, others)| (last, others));
            format!("a tokenizer ({} or {last})", others.join(", "))
        }
    }
}

/// The reason why a folder cannot be used as a model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelFolderError {
    /// The folder does not exist.
    #[error("no model `{}`: no such folder{}", path.display(), did_you_mean(suggestion.as_deref()))]
    Unknown {
        /// The path.
        path: PathBuf,
        /// A folder with a similar name.
        suggestion: Option<String>,
    },
    /// The folder exists, but files are missing.
    #[error("`{}` lacks {}{hint}", folder.display(), missing.join(" and "))]
    Incomplete {
        /// The model's folder.
        folder: PathBuf,
        /// The missing files, quoted; alternatives are joined by `or`.
        missing: Vec<String>,
        /// A possible reason.
        hint: &'static str,
    },
    /// The path is a file.
    #[error("`{}` is a file; name the folder that holds the model's `config.json`", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
}

/// Checks that a folder has all required files of a model.
///
/// # Errors
/// If there is no such folder, or if one of its files is missing.
pub fn check_model_folder(folder: &Path, kind: ModelKind) -> Result<(), ModelFolderError> {
    if folder.is_file() {
        return Err(ModelFolderError::NotAFolder {
            path: folder.to_owned(),
        });
    }
    if !folder.is_dir() {
        return Err(ModelFolderError::Unknown {
            path: folder.to_owned(),
            suggestion: crate::suggestion::closest_sibling(folder),
        });
    }
    let missing = kind.missing(|name| folder.join(name).is_file());
    if missing.is_empty() {
        return Ok(());
    }
    let is_broken_link = |name: &&str| folder.join(name).is_symlink() && !folder.join(name).exists();
    let parts = kind.parts();
    let mut files = parts.iter().flatten().copied().flatten();
    let hint = if files.any(is_broken_link) {
        "; its link is broken: download the model again"
    } else {
        ""
    };
    Err(ModelFolderError::Incomplete {
        missing,
        folder: folder.to_owned(),
        hint,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const TEXT_MODEL: [&str; 3] = ["config.json", "model.safetensors", "vocab.txt"];

    fn put(root: &Path, folder: &str, files: &[&str]) -> PathBuf {
        let folder = root.join(folder);
        fs::create_dir_all(&folder).unwrap();
        for name in files {
            fs::write(folder.join(name), "").unwrap();
        }
        folder
    }

    #[test]
    fn a_folder_with_all_files_is_taken_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        let model = put(root.path(), "model", &TEXT_MODEL);
        assert_eq!(check_model_folder(&model, ModelKind::Text), Ok(()));
        let images = put(root.path(), "images", &TEXT_MODEL[..2]);
        assert_eq!(check_model_folder(&images, ModelKind::Image), Ok(()));
        let shards = put(root.path(), "shards", &["config.json", "model.safetensors.index.json"]);
        assert_eq!(check_model_folder(&shards, ModelKind::Image), Ok(()));
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_explained() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "tiny-bert", &TEXT_MODEL);
        put(root.path(), "empty", &[]);
        put(root.path(), "old", &["config.json", "vocab.txt"]);
        let said = |name: &str| {
            let error = check_model_folder(&root.path().join(name), ModelKind::Text).unwrap_err();
            error.to_string().replace(root.path().to_str().unwrap(), "ROOT")
        };
        let faults = ["tiny-bart", "empty", "old", "tiny-bert/vocab.txt"].map(said);
        insta::assert_snapshot!(faults.join("\n"), @r"
        no model `ROOT/tiny-bart`: no such folder; did you mean `tiny-bert`
        `ROOT/empty` lacks `config.json` and `model.safetensors` and a tokenizer (`tokenizer.json`, `vocab.txt`, `vocab.json` with `merges.txt`, `spiece.model`, `spm.model`, `sentencepiece.bpe.model` or `tokenizer.model`)
        `ROOT/old` lacks `model.safetensors`
        `ROOT/tiny-bert/vocab.txt` is a file; name the folder that holds the model's `config.json`
        ");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_a_broken_one_is_noticed() {
        let root = tempfile::tempdir().unwrap();
        let model = put(root.path(), "model", &["config.json", "vocab.txt"]);
        put(root.path(), "blobs", &["f00"]);
        std::os::unix::fs::symlink("../blobs/f00", model.join("model.safetensors")).unwrap();
        assert_eq!(check_model_folder(&model, ModelKind::Text), Ok(()));
        fs::remove_file(root.path().join("blobs/f00")).unwrap();
        let message = check_model_folder(&model, ModelKind::Text).unwrap_err().to_string();
        assert!(
            message.ends_with("; its link is broken: download the model again"),
            "{message}"
        );
    }
}
