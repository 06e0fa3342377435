//! Snapshots from the cache alone.

use crate::HubError;
use crate::cache::RepositoryFolder;
use crate::hub::Snapshot;
use crate::listing::Listing;
use crate::names::check_path;
use crate::repository::Repository;
use crate::wanted::Wanted;

/// A revision as the cache knows it.
pub(crate) struct Found {
    pub(crate) listing: Listing,
    /// True if the list has all files of the commit, and not only those that are cached.
    pub(crate) is_complete: bool,
}

/// The list of a revision's files in the cache.
pub(crate) fn find(repository: &Repository, folder: &RepositoryFolder) -> Result<Found, HubError> {
    let commit = folder.commit(repository.revision());
    let Some(commit) = commit.filter(|commit| folder.snapshot(commit).is_dir()) else {
        return Err(HubError::NotCached {
            repository: repository.to_string(),
            revision: repository.revision().to_owned(),
            folder: folder.path(),
        });
    };
    if let Some(listing) = folder.listing(&commit) {
        return Ok(Found {
            listing,
            is_complete: true,
        });
    }
    let paths = folder.files(&commit);
    Ok(Found {
        listing: Listing::of_paths(repository, &commit, paths.iter().map(String::as_str)),
        is_complete: false,
    })
}

/// The wanted files from the cache.
pub(crate) fn snapshot(
    repository: &Repository,
    folder: &RepositoryFolder,
    wanted: Wanted<'_>,
) -> Result<Snapshot, HubError> {
    let Found { listing, is_complete } = find(repository, folder)?;
    let partly = |missing: String| HubError::PartlyCached {
        repository: repository.to_string(),
        folder: folder.snapshot(&listing.commit),
        missing,
    };
    let files = match wanted.choose(&listing) {
        Ok(files) => files,
        // The list is only of what is cached: the repository may well have the files.
        Err(HubError::Choice { source, .. }) if !is_complete => return Err(partly(source.to_string())),
        Err(error) => return Err(error),
    };
    let is_there = |path: &str| check_path(path).is_ok() && folder.file(&listing.commit, path).is_file();
    let mut missing: Vec<&str> = files
        .iter()
        .map(String::as_str)
        .filter(|path| !is_there(path))
        .collect();
    let absent = wanted.absent(&listing);
    let is_unknown = |path: &&str| !is_complete && check_path(path).is_ok() && !folder.is_absent(&listing.commit, path);
    missing.extend(absent.iter().map(String::as_str).filter(is_unknown));
    if !missing.is_empty() {
        let missing: Vec<String> = missing.iter().map(|path| format!("`{path}`")).collect();
        let verb = if missing.len() == 1 { "is" } else { "are" };
        return Err(partly(format!("{} {verb} missing", missing.join(", "))));
    }
    Ok(Snapshot {
        folder: folder.snapshot(&listing.commit),
        commit: listing.commit,
        files,
        licence: listing.licence,
        bytes_downloaded: 0,
        not_refreshed: None,
    })
}
