//! The folder of one repository in the cache, laid out as `huggingface_hub` does ("Understand caching").
//!
//! ```text
//! models--org--name/
//!   blobs/<etag>                                   contents, by checksum
//!   blobs/<etag>.parts.incomplete                  a content that is being downloaded (see `partial`)
//!   snapshots/<commit>/path -> ../../blobs/<etag>  the files of a commit
//!   refs/<revision>                                the commit of a branch or tag
//!   .no_exist/<commit>/path                        empty files: what was asked for and is not in the commit
//!   trees/<commit>.listing.json                    our list of the commit's files, for offline use
//! .locks/models--org--name/<etag>.lock
//! ```
//!
//! Whatever appears under its final name is complete: it is written beside and renamed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use automl_base::os;

use crate::HubError;
use crate::listing::Listing;
use crate::names::is_commit;
use crate::repository::Repository;

/// The folder of one repository in the cache.
#[derive(Clone, Debug)]
pub(crate) struct RepositoryFolder {
    cache: PathBuf,
    name: String,
    repository: Repository,
    /// False if files are copied into snapshots.
    links: bool,
}

impl RepositoryFolder {
    pub(crate) fn new(cache: &Path, repository: &Repository, links: bool) -> Self {
        Self {
            cache: cache.to_owned(),
            name: repository.folder_name(),
            repository: repository.clone(),
            links,
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.cache.join(&self.name)
    }

    pub(crate) fn blob(&self, name: &str) -> PathBuf {
        self.path().join("blobs").join(name)
    }

    pub(crate) fn lock(&self, blob: &str) -> PathBuf {
        self.cache.join(".locks").join(&self.name).join(format!("{blob}.lock"))
    }

    pub(crate) fn snapshot(&self, commit: &str) -> PathBuf {
        self.path().join("snapshots").join(commit)
    }

    /// The path of a file in a snapshot. Its path must have been checked.
    pub(crate) fn file(&self, commit: &str, path: &str) -> PathBuf {
        path.split('/')
            .fold(self.snapshot(commit), |folder, part| folder.join(part))
    }

    /// Makes the folders that every download needs.
    pub(crate) fn prepare(&self) -> Result<(), HubError> {
        let blobs = self.path().join("blobs");
        fs::create_dir_all(&blobs).map_err(HubError::io("create the folder", blobs))
    }

    /// The commit that a revision stands for in the cache.
    pub(crate) fn commit(&self, revision: &str) -> Option<String> {
        if is_commit(revision) {
            return Some(revision.to_owned());
        }
        let text = fs::read_to_string(self.reference(revision)).ok()?;
        let commit = text.trim();
        is_commit(commit).then(|| commit.to_owned())
    }

    /// Notes the commit of a revision. The snapshot must exist: `huggingface_hub` warns of a dangling reference.
    pub(crate) fn set_commit(&self, revision: &str, commit: &str) -> Result<(), HubError> {
        if revision == commit || self.commit(revision).as_deref() == Some(commit) {
            return Ok(());
        }
        let path = self.reference(revision);
        write_whole(&path, commit.as_bytes()).map_err(HubError::io("write", path))
    }

    fn reference(&self, revision: &str) -> PathBuf {
        revision
            .split('/')
            .fold(self.path().join("refs"), |folder, part| folder.join(part))
    }

    /// The list of a commit's files: our own, else that of `huggingface_hub`.
    pub(crate) fn listing(&self, commit: &str) -> Option<Listing> {
        let trees = self.path().join("trees");
        [format!("{commit}.listing.json"), format!("{commit}.json")]
            .iter()
            .find_map(|name| {
                let text = fs::read_to_string(trees.join(name)).ok()?;
                Listing::from_cache(&self.repository, commit, &text)
            })
    }

    /// Keeps the list of a commit's files for offline use.
    pub(crate) fn keep_listing(&self, listing: &Listing) -> Result<(), HubError> {
        let path = self
            .path()
            .join("trees")
            .join(format!("{}.listing.json", listing.commit));
        let text = listing.to_cache();
        if fs::read_to_string(&path).is_ok_and(|kept| kept == text) {
            return Ok(());
        }
        write_whole(&path, text.as_bytes()).map_err(HubError::io("write", path))
    }

    /// Notes that a commit has no file of this name. Its path must have been checked.
    pub(crate) fn note_absent(&self, commit: &str, path: &str) -> Result<(), HubError> {
        let marker = self.absent_marker(commit, path);
        if marker.exists() {
            return Ok(());
        }
        write_whole(&marker, b"").map_err(HubError::io("write", marker))
    }

    /// True if it was noted that the commit has no file of this name.
    pub(crate) fn is_absent(&self, commit: &str, path: &str) -> bool {
        self.absent_marker(commit, path).is_file()
    }

    fn absent_marker(&self, commit: &str, path: &str) -> PathBuf {
        let folder = self.path().join(".no_exist").join(commit);
        path.split('/').fold(folder, |folder, part| folder.join(part))
    }

    /// Puts a blob into a snapshot: by a relative link, or by a copy where links fail. The path must have been checked.
    pub(crate) fn link_blob(&self, blob: &str, commit: &str, path: &str) -> Result<(), HubError> {
        let target = self.file(commit, path);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(HubError::io("create the folder", folder))?;
        }
        let beside = self.path().join(temporary("link"));
        let up = "../".repeat(path.split('/').count() + 1);
        let is_linked = self.links && os::link(Path::new(&format!("{up}blobs/{blob}")), &beside).is_ok();
        let made = if is_linked {
            Ok(())
        } else {
            copy(&self.blob(blob), &beside)
        };
        let linked = made.and_then(|()| fs::rename(&beside, &target));
        linked.map_err(|error| {
            let _ = fs::remove_file(&beside);
            HubError::io("write", target)(error)
        })
    }

    /// The paths of all files in a snapshot, sorted.
    pub(crate) fn files(&self, commit: &str) -> Vec<String> {
        let mut found = Vec::new();
        collect_files(&self.snapshot(commit), "", &mut found);
        found.sort_unstable();
        found
    }
}

fn collect_files(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    let Ok(entries) = folder.read_dir() else {
        return;
    };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = format!("{prefix}{name}");
        // Folders are never links, so a link cannot make a circle.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect_files(&entry.path(), &format!("{path}/"), found);
        } else if entry.path().is_file() {
            found.push(path);
        }
    }
}

/// Writes a small file so that it is seen with its whole content or not at all.
fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = folder.join(temporary("tmp"));
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&beside, path));
    if renamed.is_err() {
        let _ = fs::remove_file(&beside);
    }
    renamed
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    File::open(to)?.sync_all()
}

/// Makes a renamed file's name durable; a system that cannot open folders does so by itself.
pub(crate) fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// A name that no other thread or process uses.
fn temporary(extension: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(".{}-{count}.{extension}", process::id())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::parse_model_id;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn folder(cache: &Path, links: bool) -> RepositoryFolder {
        let folder = RepositoryFolder::new(cache, &parse_model_id("org/name").unwrap(), links);
        folder.prepare().unwrap();
        fs::write(folder.blob("b0"), "content").unwrap();
        folder
    }

    #[cfg(unix)]
    #[test]
    fn files_are_relative_links_into_the_blobs() {
        let cache = tempfile::tempdir().unwrap();
        let folder = folder(cache.path(), true);
        for path in ["x.json", "a/b/x.json", "x.json"] {
            folder.link_blob("b0", COMMIT, path).unwrap();
            assert_eq!(fs::read_to_string(folder.file(COMMIT, path)).unwrap(), "content");
        }
        let target = fs::read_link(folder.file(COMMIT, "a/b/x.json")).unwrap();
        assert_eq!(target.to_str(), Some("../../../../blobs/b0"));
        assert_eq!(folder.files(COMMIT), ["a/b/x.json", "x.json"]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn files_are_copies_where_there_are_no_links() {
        let cache = tempfile::tempdir().unwrap();
        let folder = folder(cache.path(), false);
        folder.link_blob("b0", COMMIT, "a/x.json").unwrap();
        assert!(!folder.file(COMMIT, "a/x.json").is_symlink());
        assert_eq!(fs::read_to_string(folder.file(COMMIT, "a/x.json")).unwrap(), "content");
    }

    #[test]
    fn references_hold_commits_only() {
        let cache = tempfile::tempdir().unwrap();
        let folder = folder(cache.path(), true);
        folder.set_commit("refs/pr/1", COMMIT).unwrap();
        assert_eq!(folder.commit("refs/pr/1").as_deref(), Some(COMMIT));
        assert_eq!(folder.commit(COMMIT).as_deref(), Some(COMMIT));
        fs::write(folder.path().join("refs/main"), "../../..").unwrap();
        assert_eq!(folder.commit("main"), None);
    }

    #[test]
    fn absent_files_are_noted() {
        let cache = tempfile::tempdir().unwrap();
        let folder = folder(cache.path(), true);
        assert!(!folder.is_absent(COMMIT, "a/x"));
        folder.note_absent(COMMIT, "a/x").unwrap();
        assert!(folder.is_absent(COMMIT, "a/x"));
    }
}
