//! The cache as other programs and earlier runs left it, for those that never download.

use std::fs;
use std::path::{Path, PathBuf};

use crate::HubError;
use crate::cache::RepositoryFolder;
use crate::checksum::Checksum;
use crate::names::{is_commit, is_hex};
use crate::repository::{Kind, Repository};
use crate::settings::Settings;

/// The repositories on this machine.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

/// A snapshot in the cache. It may lack files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cached {
    /// The folder that holds the files under their paths.
    pub folder: PathBuf,
    /// The commit; `None` for a folder by the name of the revision, which other programs make.
    pub commit: Option<String>,
    /// The licence, as the author names it, if the cache knows it.
    pub licence: Option<String>,
}

impl Cache {
    /// A cache in a folder that holds `models--org--name`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The cache that the environment's variables describe; see [`Settings::from_variables`].
    ///
    /// # Errors
    /// If a variable is unusable, or no folder for the cache is known.
    pub fn from_environment() -> Result<Self, HubError> {
        Ok(Self::new(Settings::from_environment(true)?.cache))
    }

    /// The snapshot of a revision.
    ///
    /// # Errors
    /// [`HubError::NotCached`] if there is none.
    pub fn find(&self, repository: &Repository) -> Result<Cached, HubError> {
        let folder = RepositoryFolder::new(&self.root, repository, true);
        let commit = folder.commit(repository.revision());
        let name = commit.as_deref().unwrap_or_else(|| repository.revision());
        let snapshot = folder.snapshot(name);
        if !snapshot.is_dir() {
            return Err(HubError::NotCached {
                repository: repository.to_string(),
                revision: repository.revision().to_owned(),
                folder: folder.path(),
            });
        }
        Ok(Cached {
            licence: folder
                .listing(name)
                .and_then(|listing| listing.licence)
                .or_else(|| licence_in_card(&snapshot)),
            folder: snapshot,
            commit: commit.filter(|commit| is_commit(commit)),
        })
    }

    /// The ids of all repositories of a kind, sorted.
    pub fn ids(&self, kind: Kind) -> Vec<String> {
        let prefix = kind.folder_prefix();
        let entries = self.root.read_dir().into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let id = |name: String| Some(name.strip_prefix(&prefix)?.replacen("--", "/", 1));
        let mut ids: Vec<String> = names.filter_map(id).collect();
        ids.sort_unstable();
        ids
    }
}

/// SHA-256 of a file of a snapshot. The name of its blob, if that is a checksum: it was compared when the file was
/// downloaded. Else the content's.
///
/// # Errors
/// If the file cannot be read.
pub fn sha256(file: &Path) -> Result<String, HubError> {
    let target = fs::read_link(file).ok();
    let blob = target
        .as_deref()
        .and_then(Path::file_name)
        .and_then(|name| name.to_str());
    if let Some(blob) = blob.filter(|blob| is_hex(blob, 64)) {
        return Ok(blob.to_owned());
    }
    let found = Checksum::Sha256(String::new()).of_file(file);
    Ok(found.map_err(HubError::io("read", file))?.digits().to_owned())
}

/// The licence in the metadata of a snapshot's `README.md`: the line `license:` between the first two lines of dashes.
fn licence_in_card(snapshot: &Path) -> Option<String> {
    let text = fs::read_to_string(snapshot.join("README.md")).ok()?;
    let mut lines = text.lines();
    (lines.next()?.trim_end() == "---").then_some(())?;
    let named = |name: &str| {
        let mut metadata = lines.clone().take_while(|line| line.trim_end() != "---");
        let value = metadata.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let value = value.trim().trim_matches(['"', '\'']);
        (!value.is_empty()).then(|| value.to_owned())
    };
    match named("license") {
        Some(name) if name == "other" => named("license_name").or(Some(name)),
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::parse_model_id;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn put(root: &Path, path: &str, content: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn find(root: &Path, id: &str) -> Result<Cached, HubError> {
        Cache::new(root).find(&parse_model_id(id).unwrap())
    }

    #[test]
    fn a_snapshot_is_found_by_branch_by_reference_and_by_commit() {
        let root = tempfile::tempdir().unwrap();
        let snapshot = format!("models--org--name/snapshots/{COMMIT}");
        put(root.path(), &format!("{snapshot}/config.json"), "{}");
        put(root.path(), "models--org--name/refs/main", &format!("{COMMIT}\n"));
        put(root.path(), "models--org--name/refs/pr/1", COMMIT);
        put(root.path(), "models--org--name/refs/bad", "../../../..");
        put(root.path(), "models--org--hand/snapshots/main/config.json", "{}");
        for id in ["org/name", "org/name@pr/1", &format!("org/name@{COMMIT}")] {
            let found = find(root.path(), id).unwrap();
            assert_eq!(found.folder, root.path().join(&snapshot));
            assert_eq!(found.commit.as_deref(), Some(COMMIT));
        }
        assert_eq!(find(root.path(), "org/hand").unwrap().commit, None);
        for id in ["org/name@v2", "org/name@bad", "org/none"] {
            let error = find(root.path(), id).unwrap_err();
            assert!(matches!(error, HubError::NotCached { .. }), "{error}");
        }
        assert_eq!(Cache::new(root.path()).ids(Kind::Model), ["org/hand", "org/name"]);
        assert!(Cache::new(root.path().join("none")).ids(Kind::Model).is_empty());
    }

    #[test]
    fn the_licence_is_that_of_the_card_if_there_is_no_list() {
        let root = tempfile::tempdir().unwrap();
        let licence = |card: &str| {
            put(root.path(), "models--org--name/snapshots/main/README.md", card);
            find(root.path(), "org/name").unwrap().licence
        };
        assert_eq!(licence("---\nlicense: mit\n---\n# x").as_deref(), Some("mit"));
        let other = "---\nlicense: other\nlicense_name: \"llama3\"\n---\n";
        assert_eq!(licence(other).as_deref(), Some("llama3"));
        assert_eq!(licence("# x\nlicense: mit\n"), None);
        assert_eq!(licence("---\ntags: x\n---\nlicense: mit\n"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_checksum_is_the_name_of_a_blob_or_computed() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "file", "abc");
        // FIPS 180-2, appendix B.1.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&root.path().join("file")).unwrap(), known);
        let link = root.path().join("link");
        std::os::unix::fs::symlink(format!("blobs/{}", "0".repeat(64)), &link).unwrap();
        assert_eq!(sha256(&link).unwrap(), "0".repeat(64));
        assert!(sha256(&root.path().join("none")).is_err());
    }
}
