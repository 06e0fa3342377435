//! The hub: brings the wanted files of a repository into the cache and tells where they are.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::cache::RepositoryFolder;
use crate::client::Client;
use crate::connections::Connections;
use crate::download::{Download, Target};
use crate::failure::with_retries;
use crate::listing::{Listing, RemoteFile};
use crate::names::{check_path, is_commit};
use crate::offline;
use crate::repository::Repository;
use crate::settings::{Retries, Settings};
use crate::wanted::Wanted;
use crate::{HubError, Progress};
use automl_base::os;

/// The space that a download leaves free, in bytes: for lists, links and other programs.
const SPARE_SPACE: u64 = 16 << 20;

/// A hub and the cache of what was downloaded from it. It may be shared by threads.
#[derive(Debug)]
pub struct Hub {
    settings: Settings,
    client: Client,
}

/// The files of a repository at a commit, in the cache.
#[derive(Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// The folder that holds the files under their paths.
    pub folder: PathBuf,
    /// The commit.
    pub commit: String,
    /// The paths of the wanted files, relative to the folder, with slashes.
    pub files: Vec<String>,
    /// The licence, as the author names it.
    pub licence: Option<String>,
    /// The bytes received from the network; 0 if all was cached.
    pub bytes_downloaded: u64,
    /// Why the hub was not asked for a newer commit, if it should have been: the network or the hub failed, but the
    /// cache had all files.
    pub not_refreshed: Option<HubError>,
}

impl Hub {
    /// The hub and cache that the environment's variables describe; see [`Settings::from_variables`]. `offline` is true
    /// if the user asked for it by other means.
    ///
    /// # Errors
    /// If a variable is unusable, or no folder for the cache is known.
    pub fn from_environment(offline: bool) -> Result<Self, HubError> {
        Self::new(Settings::from_environment(offline)?)
    }

    /// A hub with settings.
    ///
    /// # Errors
    /// If the endpoint, a proxy or the file of certificates is unusable.
    pub fn new(settings: Settings) -> Result<Self, HubError> {
        Ok(Self {
            client: Client::new(&settings)?,
            settings,
        })
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Brings the wanted files of a repository into the cache, and tells where they are. What is cached is not
    /// downloaded again. In offline mode, or if the hub cannot be reached or refuses, the files of the last known commit
    /// are used if they are all in the cache.
    ///
    /// # Errors
    /// If a file can neither be downloaded nor found in the cache; see [`HubError`].
    pub fn snapshot(
        &self,
        repository: &Repository,
        wanted: Wanted<'_>,
        progress: &dyn Progress,
    ) -> Result<Snapshot, HubError> {
        let folder = RepositoryFolder::new(&self.settings.cache, repository, self.settings.links);
        if self.settings.offline {
            return offline::snapshot(repository, &folder, wanted);
        }
        match self.listing(repository, &folder, wanted, progress)? {
            Described::Fresh(listing) => self.bring(repository, &folder, &listing, wanted, progress),
            Described::Cached(snapshot) => Ok(*snapshot),
        }
    }

    /// The files of a repository's revision, as the hub or, in offline mode, the cache lists them.
    ///
    /// # Errors
    /// If the hub cannot be asked, or the cache has no list.
    pub fn files(&self, repository: &Repository, progress: &dyn Progress) -> Result<Listing, HubError> {
        let folder = RepositoryFolder::new(&self.settings.cache, repository, self.settings.links);
        if self.settings.offline {
            return Ok(offline::find(repository, &folder)?.listing);
        }
        self.ask(repository, self.settings.retries, progress)
    }

    /// True if the cache has a commit for the revision.
    pub(crate) fn is_cached(&self, repository: &Repository) -> bool {
        let folder = RepositoryFolder::new(&self.settings.cache, repository, self.settings.links);
        folder.commit(repository.revision()).is_some()
    }

    /// The hub's list; or the cached files if the hub fails and they are all there.
    fn listing(
        &self,
        repository: &Repository,
        folder: &RepositoryFolder,
        wanted: Wanted<'_>,
        progress: &dyn Progress,
    ) -> Result<Described, HubError> {
        if is_commit(repository.revision()) {
            // A commit does not change, and neither does its list.
            if let Some(listing) = folder.listing(repository.revision()) {
                return Ok(Described::Fresh(listing));
            }
        }
        // With something to fall back on, one attempt must do.
        let attempts = if folder.commit(repository.revision()).is_some() {
            1
        } else {
            self.settings.retries.attempts
        };
        let quick = Retries {
            attempts,
            ..self.settings.retries
        };
        let error = match self.ask(repository, quick, progress) {
            Ok(listing) => return Ok(Described::Fresh(listing)),
            Err(error) => error,
        };
        if !allows_the_cache(&error) {
            return Err(error);
        }
        if let Ok(mut snapshot) = offline::snapshot(repository, folder, wanted) {
            snapshot.not_refreshed = Some(error);
            return Ok(Described::Cached(Box::new(snapshot)));
        }
        if attempts < self.settings.retries.attempts && is_passing(&error) {
            return self
                .ask(repository, self.settings.retries, progress)
                .map(Described::Fresh);
        }
        Err(error)
    }

    fn ask(&self, repository: &Repository, retries: Retries, progress: &dyn Progress) -> Result<Listing, HubError> {
        let text = with_retries(retries, progress, || self.client.describe(repository))?;
        Listing::from_api(repository, &text).map_err(|reason| HubError::BadResponse {
            host: self.settings.endpoint.clone(),
            reason,
        })
    }

    /// Downloads what is missing. The revision is noted last: until then, the cache offers the commit before.
    fn bring(
        &self,
        repository: &Repository,
        folder: &RepositoryFolder,
        listing: &Listing,
        wanted: Wanted<'_>,
        progress: &dyn Progress,
    ) -> Result<Snapshot, HubError> {
        let chosen = wanted.choose(listing)?;
        let download = Download {
            client: &self.client,
            settings: &self.settings,
            connections: Connections::new(self.settings.connections),
            progress,
            repository,
            folder,
            commit: &listing.commit,
            is_cancelled: AtomicBool::new(false),
            received: AtomicU64::new(0),
        };
        let missing = missing_files(&download, listing, &chosen)?;
        let noted = if missing.is_empty() {
            // The cache may be read-only, and all that is needed is there.
            let _ = note(folder, listing, wanted);
            Ok(())
        } else {
            folder.prepare()?;
            self.fetch_all(&download, missing)?;
            note(folder, listing, wanted)
        };
        noted?;
        Ok(Snapshot {
            folder: folder.snapshot(&listing.commit),
            commit: listing.commit.clone(),
            files: chosen,
            licence: listing.licence.clone(),
            bytes_downloaded: download.received.load(Ordering::Relaxed),
            not_refreshed: None,
        })
    }

    /// Downloads files, several at a time, the largest first.
    fn fetch_all(&self, download: &Download<'_>, files: Vec<RemoteFile>) -> Result<(), HubError> {
        let mut targets = self.in_parallel(download, files, |file| download.identify(&file))?;
        self.check_space(download, &targets)?;
        targets.sort_by_key(|target| std::cmp::Reverse(target.size));
        self.in_parallel(download, targets, |target| download.fetch(&target))?;
        Ok(())
    }

    fn check_space(&self, download: &Download<'_>, targets: &[Target]) -> Result<(), HubError> {
        let mut blobs: Vec<&Target> = targets.iter().filter(|target| !download.has_blob(target)).collect();
        blobs.sort_by(|left, right| left.blob.cmp(&right.blob));
        blobs.dedup_by(|left, right| left.blob == right.blob);
        let needed = blobs
            .iter()
            .fold(0u64, |sum, target| sum.saturating_add(download.missing(target)));
        match os::free_space(&self.settings.cache) {
            Some(free) if needed > 0 && free < needed.saturating_add(SPARE_SPACE) => Err(HubError::DiskFull {
                folder: self.settings.cache.clone(),
                needed,
                free: Some(free),
            }),
            _ => Ok(()),
        }
    }

    /// Does something for each item on a few threads. The first error stops the others and is returned.
    fn in_parallel<T: Send, R: Send>(
        &self,
        download: &Download<'_>,
        items: Vec<T>,
        act: impl Fn(T) -> Result<R, HubError> + Sync,
    ) -> Result<Vec<R>, HubError> {
        let threads = self.settings.files_at_once.clamp(1, items.len().max(1));
        let queue = Mutex::new(VecDeque::from(items));
        let results = Mutex::new(Vec::new());
        let failure: Mutex<Option<HubError>> = Mutex::new(None);
        let work = || {
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(item) = next.filter(|_| !download.is_cancelled.load(Ordering::Relaxed)) else {
                    return;
                };
                match act(item) {
                    Ok(result) => results.lock().unwrap_or_else(PoisonError::into_inner).push(result),
                    Err(error) => {
                        failure
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .get_or_insert(error);
                        download.is_cancelled.store(true, Ordering::Relaxed);
                    }
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

/// A revision as the hub or the cache knows it.
enum Described {
    Fresh(Listing),
    Cached(Box<Snapshot>),
}

/// The chosen files that the snapshot lacks. A file whose size differs from the list is lacking, too.
fn missing_files(download: &Download<'_>, listing: &Listing, chosen: &[String]) -> Result<Vec<RemoteFile>, HubError> {
    let known: HashMap<&str, &RemoteFile> = listing.files.iter().map(|file| (file.path.as_str(), file)).collect();
    let mut missing = Vec::new();
    for path in chosen {
        check_path(path).map_err(|reason| HubError::UnsafePath {
            repository: listing.repository.to_string(),
            path: path.clone(),
            reason,
        })?;
        let file = known
            .get(path.as_str())
            .map_or_else(|| RemoteFile::named(path.as_str()), |file| (*file).clone());
        let facts = std::fs::metadata(download.folder.file(&listing.commit, path));
        let is_there =
            facts.is_ok_and(|facts| facts.is_file() && file.size.is_none_or(|expected| expected == facts.len()));
        if !is_there {
            missing.push(file);
        }
    }
    Ok(missing)
}

/// Notes what is known about a commit for the time without a network.
fn note(folder: &RepositoryFolder, listing: &Listing, wanted: Wanted<'_>) -> Result<(), HubError> {
    for path in wanted.absent(listing) {
        if check_path(&path).is_ok() {
            folder.note_absent(&listing.commit, &path)?;
        }
    }
    folder.keep_listing(listing)?;
    folder.set_commit(listing.repository.revision(), &listing.commit)
}

/// `huggingface_hub` falls back on the cache after every refusal, too, but not if the hub knows that the revision does
/// not exist, or if a proxy is wrong.
fn allows_the_cache(error: &HubError) -> bool {
    match error {
        HubError::RevisionNotFound { .. } | HubError::Proxy { .. } | HubError::Stopped => false,
        HubError::NotFound { .. }
        | HubError::Gated { .. }
        | HubError::BadToken { .. }
        | HubError::Forbidden { .. }
        | HubError::BadResponse { .. }
        | HubError::Tls { .. } => true,
        other => is_passing(other),
    }
}

fn is_passing(error: &HubError) -> bool {
    matches!(
        error,
        HubError::RateLimited { .. }
            | HubError::ServerFault { .. }
            | HubError::Unreachable { .. }
            | HubError::ConnectionLost { .. }
    )
}
