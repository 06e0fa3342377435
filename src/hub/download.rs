//! The download of one file: identify it, lock it, bring its bytes, check them, and put it in place.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::cache::{RepositoryFolder, sync_folder};
use crate::checksum::Checksum;
use crate::client::{Answer, Client, Purpose};
use crate::connections::Connections;
use crate::failure::with_retries;
use crate::listing::RemoteFile;
use crate::lock::Lock;
use crate::names::{blob_name, check_path, is_hex};
use crate::partial::{self, Partial};
use crate::repository::Repository;
use crate::settings::Settings;
use crate::transfer::Transfer;
use crate::{HubError, Progress};

/// How often a content is fetched if its checksum is wrong.
const CONTENT_ATTEMPTS: u32 = 2;

/// The common state of the downloads of one snapshot.
pub(crate) struct Download<'a> {
    pub(crate) client: &'a Client,
    pub(crate) settings: &'a Settings,
    pub(crate) connections: Connections,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) repository: &'a Repository,
    pub(crate) folder: &'a RepositoryFolder,
    pub(crate) commit: &'a str,
    pub(crate) is_cancelled: AtomicBool,
    /// Bytes received, all files together.
    pub(crate) received: AtomicU64,
}

/// A file whose blob is known. Its path is safe.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) path: String,
    /// The blob's name: the `ETag` without quotes.
    pub(crate) blob: String,
    pub(crate) size: u64,
    checksum: Option<Checksum>,
}

impl Download<'_> {
    /// The blob and size of a file, from the hub's list or else from the file's own headers.
    pub(crate) fn identify(&self, file: &RemoteFile) -> Result<Target, HubError> {
        check_path(&file.path).map_err(|reason| HubError::UnsafePath {
            repository: self.repository.to_string(),
            path: file.path.clone(),
            reason,
        })?;
        if let (Some(size), Some(checksum)) = (file.size, &file.checksum) {
            return Ok(Target {
                path: file.path.clone(),
                blob: checksum.digits().to_owned(),
                size,
                checksum: Some(checksum.clone()),
            });
        }
        with_retries(self.settings.retries, self.progress, || {
            let answer = self.client.head(self.repository, self.commit, &file.path)?;
            Ok(target(&file.path, &answer)?)
        })
    }

    /// True if the file's content is in the cache.
    pub(crate) fn has_blob(&self, target: &Target) -> bool {
        let facts = fs::metadata(self.folder.blob(&target.blob));
        facts.is_ok_and(|facts| facts.is_file() && facts.len() == target.size)
    }

    /// The bytes of a file that are still to be downloaded.
    pub(crate) fn missing(&self, target: &Target) -> u64 {
        target.size - partial::present(&self.folder.blob(&target.blob), target.size).min(target.size)
    }

    /// Makes sure that the file is in the cache and in its snapshot.
    pub(crate) fn fetch(&self, target: &Target) -> Result<(), HubError> {
        if !self.has_blob(target) {
            let waits = || self.progress.file_awaited(&target.path);
            let should_stop = || self.progress.should_stop() || self.is_cancelled.load(Ordering::Relaxed);
            let _lock = Lock::acquire(&self.folder.lock(&target.blob), waits, should_stop)?;
            // Another process may have brought it meanwhile.
            if !self.has_blob(target) {
                self.bring(target)?;
            }
        }
        self.folder.link_blob(&target.blob, self.commit, &target.path)
    }

    /// Downloads the content. The blob's lock must be held.
    fn bring(&self, target: &Target) -> Result<(), HubError> {
        let blob = self.folder.blob(&target.blob);
        let failed = || HubError::io("write", blob.clone());
        let partial = Partial::open(&blob, target.size).map_err(failed())?;
        self.progress
            .file_started(&target.path, Some(target.size), partial.present());
        let transfer = Transfer {
            client: self.client,
            settings: self.settings,
            connections: &self.connections,
            progress: self.progress,
            purpose: Purpose {
                repository: self.repository,
                file: Some((self.commit, &target.path)),
            },
            path: &target.path,
            blob: &target.blob,
            size: target.size,
            partial: Mutex::new(partial),
            storage: Mutex::new(None),
            is_cancelled: &self.is_cancelled,
            received: &|count| {
                self.received.fetch_add(count, Ordering::Relaxed);
            },
        };
        let partial = self.bring_sound(target, transfer)?;
        let finished = partial.finish(&blob).map_err(failed());
        // On a file system whose locks do nothing, another process may have put the same content there first.
        if !self.has_blob(target) {
            finished?;
        }
        if let Some(blobs) = blob.parent() {
            sync_folder(blobs);
        }
        self.progress.file_finished(&target.path);
        Ok(())
    }

    /// Transfers the content until its checksum is right.
    fn bring_sound(&self, target: &Target, transfer: Transfer<'_>) -> Result<Partial, HubError> {
        let mut attempt = 1;
        loop {
            transfer.run()?;
            let damage = damage(target, &transfer)?;
            let mut partial = transfer
                .partial
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            let Some(error) = damage else {
                break;
            };
            partial.reset().map_err(HubError::io("write", partial.content()))?;
            if attempt == CONTENT_ATTEMPTS {
                return Err(error);
            }
            attempt += 1;
            self.progress.file_restarted(&target.path);
        }
        Ok(transfer
            .partial
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

fn target(path: &str, answer: &Answer) -> Result<Target, HubError> {
    let lacks = |what: &str| HubError::BadResponse {
        host: answer.from.host(),
        reason: format!("it does not tell the {what} of `{path}`"),
    };
    let etag = answer.header("X-Linked-Etag").or_else(|| answer.header("ETag"));
    let blob = etag.and_then(blob_name).ok_or_else(|| lacks("ETag"))?;
    // The length of a redirection is that of its own text.
    let is_content = !answer.response.status().is_redirection();
    let length = answer.header("Content-Length").filter(|_| is_content);
    let size = answer
        .header("X-Linked-Size")
        .or(length)
        .and_then(|size| size.parse().ok());
    let checksum = if is_hex(&blob, 64) {
        Some(Checksum::Sha256(blob.clone()))
    } else {
        is_hex(&blob, 40).then(|| Checksum::GitSha1(blob.clone()))
    };
    Ok(Target {
        path: path.to_owned(),
        size: size.ok_or_else(|| lacks("size"))?,
        blob,
        checksum,
    })
}

/// The difference between what was expected and what has come.
fn damage(target: &Target, transfer: &Transfer<'_>) -> Result<Option<HubError>, HubError> {
    let Some(expected) = &target.checksum else {
        // Nothing but the size is known, and all its bytes have come.
        return Ok(None);
    };
    let content = transfer
        .partial
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .content()
        .to_owned();
    let found = expected.of_file(&content).map_err(HubError::io("read", content))?;
    Ok((found != *expected).then(|| HubError::Damaged {
        path: target.path.clone(),
        expected: expected.to_string(),
        found: found.to_string(),
    }))
}
