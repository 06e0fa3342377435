//! Finds a pretrained model on this machine: a folder, or a snapshot in Hugging Face's cache. Downloads nothing.
//!
//! The cache has the layout of `huggingface_hub` ("Understand caching" in its guides). `models--org--name/` holds
//! `refs/<revision>` (a file with a commit's name) and `snapshots/<commit>/`.

use std::fs;
use std::path::{Path, PathBuf};

use automl_tokenizer::Tokenizer;

use super::data::suggestion::{closest, closest_sibling, did_you_mean};

/// The revision for a hub id without a revision.
const DEFAULT_REVISION: &str = "main";

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
}

/// The reason why a model cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// The reference is neither a folder nor a model in the cache.
    #[error(
        "no model `{reference}`: no such folder{}{}; {looked}",
        if *is_id { ", and not in the cache of hub models" } else { "" },
        did_you_mean(suggestion.as_deref())
    )]
    Unknown {
        /// The reference that the user wrote.
        reference: String,
        /// True if it could be a hub id.
        is_id: bool,
        /// The locations that were searched.
        looked: String,
        /// A folder or a cached model with a similar name.
        suggestion: Option<String>,
    },
    /// The model is cached, but not this revision.
    #[error(
        "the model `{id}` is in the cache, but not its revision `{revision}`: looked in `{}`; {}",
        folder.display(),
        if known.is_empty() { "there is none at all".to_owned() } else { format!("there is {}", quoted(known)) }
    )]
    UnknownRevision {
        /// The hub id without the revision.
        id: String,
        /// The revision looked for.
        revision: String,
        /// The model's folder in the cache.
        folder: PathBuf,
        /// The named revisions in the cache.
        known: Vec<String>,
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

/// The folder of a model. `reference` is the path of a folder, or a hub id: `org/name` or `org/name@revision`. The
/// snapshot of a hub id is looked up in `cache` (see [`cache_root`]). A folder wins over a hub id of the same name.
///
/// # Errors
/// If the model, revision or folder does not exist, or if one of its files is missing.
pub fn resolve(reference: &str, kind: ModelKind, cache: Option<&Path>) -> Result<PathBuf, HubError> {
    let path = Path::new(reference);
    if path.is_dir() {
        return complete(path.to_owned(), kind);
    }
    if path.is_file() {
        return Err(HubError::NotAFolder { path: path.to_owned() });
    }
    let id = HubId::parse(reference);
    if let (Some(id), Some(cache)) = (&id, cache) {
        let folder = cache.join(id.folder_name());
        if folder.is_dir() {
            return complete(snapshot(id, &folder)?, kind);
        }
    }
    let is_id = id.is_some();
    let looked = match (&id, cache) {
        (None, _) => "give the path of a folder or a hub id such as `org/name`".to_owned(),
        (Some(_), None) => "the location of the cache is unknown: set HF_HOME or HOME".to_owned(),
        (Some(id), Some(cache)) => format!(
            "looked for `{}`; download it with `hf download {}` or give the path of a folder",
            cache.join(id.folder_name()).display(),
            id.name
        ),
    };
    let suggestion = id.and_then(|id| closest(id.name, cache.map(cached_models).unwrap_or_default()));
    let suggestion = suggestion.or_else(|| closest_sibling(path));
    Err(HubError::Unknown {
        reference: reference.to_owned(),
        is_id,
        looked,
        suggestion,
    })
}

/// The cache's folder, by the rules of `huggingface_hub`: `HF_HUB_CACHE`, else `HUGGINGFACE_HUB_CACHE`, else `hub` in
/// `HF_HOME`, else `huggingface/hub` in `XDG_CACHE_HOME` or in `.cache` of the home folder. `None` without a home
/// folder.
#[expect(
    clippy::disallowed_methods,
    reason = "the one home of the variables that say where hub models are cached"
)]
pub fn cache_root() -> Option<PathBuf> {
    cache_from(|name| std::env::var(name).ok(), std::env::home_dir())
}

fn cache_from(variable: impl Fn(&str) -> Option<String>, home: Option<PathBuf>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("HF_HUB_CACHE")
        .or_else(|| folder("HUGGINGFACE_HUB_CACHE"))
        .or_else(|| {
            let of_hugging_face = folder("HF_HOME").or_else(|| {
                let of_all = folder("XDG_CACHE_HOME").or_else(|| Some(home?.join(".cache")))?;
                Some(of_all.join("huggingface"))
            })?;
            Some(of_hugging_face.join("hub"))
        })
}

/// A model's name on the hub and its revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct HubId<'a> {
    /// `org/name`, or only `name` for the oldest models.
    name: &'a str,
    revision: &'a str,
}

impl<'a> HubId<'a> {
    /// `None` if the reference can only be a path. Names consist of letters, digits, `-`, `_` and `.`, so no name can
    /// lead out of the cache.
    fn parse(reference: &'a str) -> Option<Self> {
        let (name, revision) = reference.split_once('@').unwrap_or((reference, DEFAULT_REVISION));
        let is_plain = |part: &str| {
            !part.is_empty()
                && !part.chars().all(|character| character == '.')
                && part
                    .chars()
                    .all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character))
        };
        let is_id = name.split('/').count() <= 2 && name.split('/').all(is_plain) && revision.split('/').all(is_plain);
        is_id.then_some(Self { name, revision })
    }

    fn folder_name(&self) -> String {
        format!("models--{}", self.name.replace('/', "--"))
    }
}

/// The snapshot of a revision: a branch, a tag or a full commit hash.
fn snapshot(id: &HubId<'_>, folder: &Path) -> Result<PathBuf, HubError> {
    let commit = fs::read_to_string(folder.join("refs").join(id.revision));
    let commit = commit.as_deref().map_or(id.revision, str::trim);
    let snapshot = folder.join("snapshots").join(commit);
    // The content of a ref becomes part of a path, so only a plain name is accepted.
    let is_plain = !commit.is_empty() && commit.chars().all(|letter| letter.is_ascii_alphanumeric());
    if is_plain && snapshot.is_dir() {
        return Ok(snapshot);
    }
    let refs = folder.join("refs");
    let mut known = names_in(&refs);
    known.retain(|name| refs.join(name).is_file());
    known.extend(names_in(&folder.join("snapshots")));
    Err(HubError::UnknownRevision {
        id: id.name.to_owned(),
        revision: id.revision.to_owned(),
        folder: folder.to_owned(),
        known,
    })
}

/// The folder itself, if it has all required files.
fn complete(folder: PathBuf, kind: ModelKind) -> Result<PathBuf, HubError> {
    let has = |name: &&str| folder.join(name).is_file();
    let is_missing = |sources: &Vec<&[&str]>| !sources.iter().any(|files| files.iter().all(has));
    let missing: Vec<Vec<&[&str]>> = kind.parts().into_iter().filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(folder);
    }
    let is_broken_link = |name: &&str| folder.join(name).is_symlink() && !folder.join(name).exists();
    let mut files = missing.iter().flatten().copied().flatten();
    let hint = if files.any(is_broken_link) {
        "; its link is broken: download the model again"
    } else {
        ""
    };
    Err(HubError::Incomplete {
        missing: missing.iter().map(|sources| described(sources)).collect(),
        folder,
        hint,
    })
}

/// The missing part of a model, in words.
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

/// The hub ids of all models in the cache.
fn cached_models(cache: &Path) -> Vec<String> {
    let id = |name: String| Some(name.strip_prefix("models--")?.replacen("--", "/", 1));
    names_in(cache).into_iter().filter_map(id).collect()
}

/// The names in a folder, sorted; empty if it cannot be read.
fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = folder.read_dir() else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    names
}

fn quoted(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

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

    /// A cache with two revisions of one model.
    fn cache() -> TempDir {
        let cache = tempfile::tempdir().unwrap();
        put(cache.path(), "models--org--tiny-bert/snapshots/abc123", &TEXT_MODEL);
        put(cache.path(), "models--org--tiny-bert/snapshots/def456", &TEXT_MODEL);
        put(cache.path(), "models--org--tiny-bert/refs/pr", &[]);
        fs::write(cache.path().join("models--org--tiny-bert/refs/main"), "abc123\n").unwrap();
        fs::write(cache.path().join("models--org--tiny-bert/refs/pr/1"), "def456").unwrap();
        cache
    }

    /// The path with `root` replaced by `CACHE`, or the message with the same replacement.
    fn found(reference: &str, kind: ModelKind, root: &Path) -> String {
        let text = match resolve(reference, kind, Some(root)) {
            Ok(folder) => folder.display().to_string(),
            Err(error) => error.to_string(),
        };
        text.replace(root.to_str().unwrap(), "CACHE")
    }

    #[test]
    fn a_folder_with_all_files_is_taken_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        let model = put(root.path(), "model", &TEXT_MODEL);
        assert_eq!(resolve(model.to_str().unwrap(), ModelKind::Text, None), Ok(model));
        let images = put(root.path(), "images", &TEXT_MODEL[..2]);
        assert_eq!(resolve(images.to_str().unwrap(), ModelKind::Image, None), Ok(images));
    }

    #[test]
    fn a_hub_id_is_found_by_branch_by_reference_and_by_commit() {
        let cache = cache();
        let found = |reference| found(reference, ModelKind::Text, cache.path());
        assert_eq!(found("org/tiny-bert"), "CACHE/models--org--tiny-bert/snapshots/abc123");
        assert_eq!(found("org/tiny-bert@main"), found("org/tiny-bert"));
        assert_eq!(
            found("org/tiny-bert@pr/1"),
            "CACHE/models--org--tiny-bert/snapshots/def456"
        );
        assert_eq!(found("org/tiny-bert@def456"), found("org/tiny-bert@pr/1"));
    }

    #[test]
    fn what_is_not_there_is_named_with_where_it_was_looked_for() {
        let cache = cache();
        put(cache.path(), "models--org--empty/snapshots/x", &[]);
        put(
            cache.path(),
            "models--org--old/snapshots/main",
            &["config.json", "vocab.txt", "pytorch_model.bin"],
        );
        put(
            cache.path(),
            "models--org--large/snapshots/main",
            &["config.json", "model.safetensors.index.json"],
        );
        let found = |reference| found(reference, ModelKind::Text, cache.path());
        let path = |name: &str| cache.path().join(name).display().to_string();
        let faults = [
            found("org/tiny-bart"),
            found("org/tiny-bert@v2"),
            found("org/empty"),
            found("org/old"),
            found("org/large"),
            found("/no/such model"),
            found("org/tiny-bert@../../.."),
            found(&path("models--org--tiny-bird")),
            found(&path("models--org--tiny-bert/refs/main")),
        ];
        insta::assert_snapshot!(faults.join("\n"));
        let unknown = resolve("org/tiny-bert", ModelKind::Text, None).unwrap_err().to_string();
        assert!(unknown.contains("set HF_HOME or HOME"), "{unknown}");
    }

    #[cfg(unix)]
    #[test]
    fn links_into_the_blobs_are_followed_and_a_broken_one_is_noticed() {
        let cache = cache();
        let snapshot = cache.path().join("models--org--tiny-bert/snapshots/abc123");
        put(cache.path(), "models--org--tiny-bert/blobs", &["f00"]);
        let weights = snapshot.join("model.safetensors");
        fs::remove_file(&weights).unwrap();
        std::os::unix::fs::symlink("../../blobs/f00", &weights).unwrap();
        assert_eq!(
            resolve("org/tiny-bert", ModelKind::Text, Some(cache.path())),
            Ok(snapshot)
        );
        fs::remove_file(cache.path().join("models--org--tiny-bert/blobs/f00")).unwrap();
        let message = found("org/tiny-bert", ModelKind::Text, cache.path());
        assert!(message.ends_with("lacks `model.safetensors`; its link is broken: download the model again"));
    }

    #[test]
    fn a_reference_cannot_lead_out_of_the_cache() {
        for reference in [
            "", ".", "..", "../x", "a/..", "a/b/c", "a//b", "/a", "a b", "a@../b", "a@", "a\\b",
        ] {
            assert_eq!(HubId::parse(reference), None, "{reference}");
        }
        assert_eq!(
            HubId::parse("gpt.2_x-y"),
            Some(HubId {
                name: "gpt.2_x-y",
                revision: "main"
            })
        );
        let cache = cache();
        fs::write(cache.path().join("models--org--tiny-bert/refs/main"), "../../../..").unwrap();
        let error = resolve("org/tiny-bert", ModelKind::Text, Some(cache.path())).unwrap_err();
        assert!(matches!(error, HubError::UnknownRevision { .. }), "{error}");
    }

    #[test]
    fn the_caches_place_follows_the_variables_in_their_order() {
        let all = ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"];
        let place = |set: &[&str]| {
            let variable = |name: &str| set.contains(&name).then(|| format!("/{name}"));
            cache_from(variable, Some(PathBuf::from("/home/me")))
                .unwrap()
                .display()
                .to_string()
        };
        assert_eq!(place(&all), "/HF_HUB_CACHE");
        assert_eq!(place(&all[1..]), "/HUGGINGFACE_HUB_CACHE");
        assert_eq!(place(&all[2..]), "/HF_HOME/hub");
        assert_eq!(place(&all[3..]), "/XDG_CACHE_HOME/huggingface/hub");
        assert_eq!(place(&[]), "/home/me/.cache/huggingface/hub");
        assert_eq!(cache_from(|_| Some(String::new()), None), None);
    }
}
