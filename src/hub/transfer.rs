//! Brings the bytes of one file onto the disk: by one stream, or by ranges over several connections.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use ureq::http::StatusCode;

use crate::address::Address;
use crate::client::{Answer, Client, Purpose};
use crate::connections::Connections;
use crate::failure::{Attempts, Failure};
use crate::names::blob_name;
use crate::partial::Partial;
use crate::settings::Settings;
use crate::{HubError, Progress};

/// Bytes read at a time.
const BUFFER: usize = 256 << 10;

/// Lines of the journal for each part: a kill loses at most one such share of each connection.
const NOTES_PER_PART: u64 = 16;

/// The first range of a large file. It shows whether the server knows ranges before more connections are made.
const FIRST_RANGE: u64 = 1 << 20;

/// One file's transfer; its threads share it.
pub(crate) struct Transfer<'a> {
    pub(crate) client: &'a Client,
    pub(crate) settings: &'a Settings,
    pub(crate) connections: &'a Connections,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) purpose: Purpose<'a>,
    /// The path in the repository.
    pub(crate) path: &'a str,
    /// The blob's name, which the server's answers must confirm.
    pub(crate) blob: &'a str,
    pub(crate) size: u64,
    pub(crate) partial: Mutex<Partial>,
    /// The storage host's address of the file, once known.
    pub(crate) storage: Mutex<Option<Address>>,
    /// True if the other files of the snapshot have failed.
    pub(crate) is_cancelled: &'a AtomicBool,
    pub(crate) received: &'a (dyn Fn(u64) + Sync),
}

/// The answer to the request for a range.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    Range,
    /// The server does not know ranges, and sent all.
    Whole,
}

impl Transfer<'_> {
    /// Fills all gaps of the file.
    pub(crate) fn run(&self) -> Result<(), HubError> {
        let first = |gap: &Range<u64>| {
            let is_large = self.size > self.settings.part_size;
            let length = if is_large {
                FIRST_RANGE.min(self.settings.part_size)
            } else {
                self.size
            };
            gap.start..gap.end.min(gap.start.saturating_add(length.max(1)))
        };
        let Some(range) = self.partial().gaps().first().map(first) else {
            return Ok(());
        };
        self.fill(range)?;
        let parts = self.parts();
        let threads = parts.len().min(self.settings.connections.max(1));
        let parts = Mutex::new(parts);
        let failed = AtomicBool::new(false);
        thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| scope.spawn(|| self.work(&parts, &failed)))
                .collect();
            let results = workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or(Err(HubError::Stopped)));
            // All are waited for; the reason comes before those who only stopped because of it.
            let errors: Vec<HubError> = results.filter_map(Result::err).collect();
            let reason = errors
                .into_iter()
                .reduce(|first, next| if is_stop(&first) { next } else { first });
            reason.map_or(Ok(()), Err)
        })
    }

    /// The missing stretches, cut into parts.
    fn parts(&self) -> VecDeque<Range<u64>> {
        let mut parts = VecDeque::new();
        for gap in self.partial().gaps() {
            let mut start = gap.start;
            while start < gap.end {
                let end = gap.end.min(start.saturating_add(self.settings.part_size.max(1)));
                parts.push_back(start..end);
                start = end;
            }
        }
        parts
    }

    fn work(&self, parts: &Mutex<VecDeque<Range<u64>>>, failed: &AtomicBool) -> Result<(), HubError> {
        loop {
            if failed.load(Ordering::Relaxed) {
                return Err(HubError::Stopped);
            }
            let next = parts.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(range) = next else {
                return Ok(());
            };
            // A server that forgot about ranges may have sent the whole file meanwhile.
            let missing = self.missing(&range);
            if let Err(error) = missing.map_or(Ok(()), |range| self.fill(range)) {
                failed.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
    }

    /// The part of a range from its first missing byte on.
    fn missing(&self, range: &Range<u64>) -> Option<Range<u64>> {
        let gaps = self.partial().gaps();
        let gap = gaps.into_iter().find(|gap| gap.end > range.start)?;
        let start = gap.start.max(range.start);
        (start < range.end).then_some(start..range.end)
    }

    /// Fills a range, with as many requests as it takes.
    fn fill(&self, range: Range<u64>) -> Result<(), HubError> {
        let mut attempts = Attempts::new(self.settings.retries, self.progress);
        let mut missing = Some(range.clone());
        while let Some(rest) = missing {
            let before = self.partial().present();
            let result = self.request(&rest);
            missing = self.missing(&range);
            match result {
                Ok(Came::Range) if missing.is_none() => return Ok(()),
                Ok(Came::Whole) => return Ok(()),
                // It ended too early without an error.
                Ok(Came::Range) => {}
                Err(failure) => {
                    if self.partial().present() > before {
                        attempts.made_progress();
                    }
                    attempts.pause_after(failure)?;
                }
            }
        }
        Ok(())
    }

    /// One request for a range, or for the whole file if nothing of it is there.
    fn request(&self, range: &Range<u64>) -> Result<Came, Failure> {
        let _place = self.connections.take();
        self.check_stop()?;
        let storage = self.storage().clone();
        let is_direct = storage.is_some();
        let answer = self.client.content(storage, &self.headers(range), self.purpose);
        if answer.is_err() && is_direct {
            // Its signature may have expired: the next attempt asks the hub again.
            *self.storage() = None;
        }
        let answer = answer?;
        if !is_direct {
            self.check_identity(&answer)?;
        }
        match answer.response.status() {
            StatusCode::PARTIAL_CONTENT => {
                self.check_range(&answer, range)?;
                self.accept(&answer, is_direct)?;
                self.receive(answer, range.clone())?;
                Ok(Came::Range)
            }
            StatusCode::OK => {
                self.check_length(&answer)?;
                self.accept_whole(&answer)?;
                self.receive(answer, 0..self.size)?;
                Ok(Came::Whole)
            }
            status => Err(Failure::from(strange(
                &answer,
                format!("it answers with the status {status}"),
            ))),
        }
    }

    fn headers(&self, range: &Range<u64>) -> Vec<(&'static str, String)> {
        if *range == (0..self.size) {
            return Vec::new();
        }
        let mut headers = vec![("Range", format!("bytes={}-{}", range.start, range.end - 1))];
        if let Some(etag) = self.partial().etag() {
            headers.push(("If-Range", etag.to_owned()));
        }
        headers
    }

    /// Checks that the hub is talking about the file that its list named.
    fn check_identity(&self, answer: &Answer) -> Result<(), HubError> {
        let (commit, _) = self.purpose.file.unwrap_or_default();
        if answer.hub_header("X-Repo-Commit").is_some_and(|there| there != commit) {
            return Err(strange(answer, format!("`{}` comes from another commit", self.path)));
        }
        let linked = answer.hub_header("X-Linked-Etag").map(blob_name);
        if linked.is_some_and(|there| there.as_deref() != Some(self.blob)) {
            return Err(strange(
                answer,
                format!("`{}` has another checksum than in its list", self.path),
            ));
        }
        Ok(())
    }

    fn check_range(&self, answer: &Answer, range: &Range<u64>) -> Result<(), Failure> {
        let expected = format!("bytes {}-{}/{}", range.start, range.end - 1, self.size);
        let unknown_size = format!("bytes {}-{}/*", range.start, range.end - 1);
        let found = answer.header("Content-Range").unwrap_or_default().trim();
        if found == expected || found == unknown_size {
            return Ok(());
        }
        let reason = format!("asked for `{expected}` of `{}`, got `{found}`", self.path);
        Err(Failure::from(strange(answer, reason)))
    }

    fn check_length(&self, answer: &Answer) -> Result<(), Failure> {
        match answer.response.body().content_length() {
            Some(length) if length != self.size => {
                let reason = format!("`{}` has {length} bytes instead of {}", self.path, self.size);
                Err(Failure::from(strange(answer, reason)))
            }
            _ => Ok(()),
        }
    }

    /// Notes where a range came from.
    fn accept(&self, answer: &Answer, is_direct: bool) -> Result<(), HubError> {
        if let Some(etag) = answer.header("ETag") {
            let mut partial = self.partial();
            partial
                .set_etag(etag)
                .map_err(|error| HubError::io("write", partial.content())(error))?;
        }
        if !is_direct && !self.client.is_hub(&answer.from) {
            *self.storage() = Some(answer.from.clone());
        }
        Ok(())
    }

    /// A whole file instead of a range: what is there belongs to an older version, unless the `ETag` is the same.
    fn accept_whole(&self, answer: &Answer) -> Result<(), HubError> {
        let mut partial = self.partial();
        let is_same = answer.header("ETag").is_some_and(|etag| partial.etag() == Some(etag));
        let failed = HubError::io("write", partial.content().to_owned());
        let noted = if partial.present() > 0 && partial.etag().is_some() && !is_same {
            self.progress.file_restarted(self.path);
            partial.reset()
        } else {
            Ok(())
        };
        let etag = answer.header("ETag");
        noted
            .and_then(|()| etag.map_or(Ok(()), |etag| partial.set_etag(etag)))
            .map_err(failed)
    }

    /// Writes an answer's content to a range of the file, and notes what is written even if it breaks off.
    fn receive(&self, answer: Answer, range: Range<u64>) -> Result<(), Failure> {
        let Answer { from, response, .. } = answer;
        let mut reader = response.into_body().into_with_config().limit(u64::MAX).reader();
        let mut writer = Writer::new(self, range.clone())?;
        let mut buffer = vec![0; BUFFER];
        while writer.at < range.end {
            self.check_stop()?;
            let most = buffer.len().min((range.end - writer.at) as usize);
            match reader.read(&mut buffer[..most]) {
                Ok(0) => {
                    let host = from.host();
                    let reason = "it ended too early".to_owned();
                    return Err(Failure::transient(HubError::ConnectionLost { host, reason }));
                }
                Ok(count) => writer.write(&buffer[..count])?,
                Err(error) => return Err(self.client.fault(ureq::Error::from(error), &from)),
            }
        }
        writer.finish()?;
        // Only a connection that was read to its answer's end is used again.
        match reader.read(&mut buffer[..1]) {
            Ok(0) | Err(_) => Ok(()),
            Ok(_) => Err(Failure::from(HubError::BadResponse {
                host: from.host(),
                reason: format!("`{}` is longer than announced", self.path),
            })),
        }
    }

    fn check_stop(&self) -> Result<(), HubError> {
        if self.progress.should_stop() || self.is_cancelled.load(Ordering::Relaxed) {
            return Err(HubError::Stopped);
        }
        Ok(())
    }

    fn partial(&self) -> MutexGuard<'_, Partial> {
        // Its journal is right at any moment, also after a panic.
        self.partial.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn storage(&self) -> MutexGuard<'_, Option<Address>> {
        self.storage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn strange(answer: &Answer, reason: String) -> HubError {
    HubError::BadResponse {
        host: answer.from.host(),
        reason,
    }
}

fn is_stop(error: &HubError) -> bool {
    matches!(error, HubError::Stopped)
}

/// Writes a stretch of the file from its start on. What is written is noted when it is dropped, too.
struct Writer<'a> {
    transfer: &'a Transfer<'a>,
    file: File,
    noted: u64,
    at: u64,
}

impl<'a> Writer<'a> {
    fn new(transfer: &'a Transfer<'a>, range: Range<u64>) -> Result<Self, HubError> {
        let partial = transfer.partial();
        let opened = partial.writer().and_then(|mut file| {
            file.seek(SeekFrom::Start(range.start))?;
            Ok(file)
        });
        let file = opened.map_err(HubError::io("write", partial.content()))?;
        Ok(Self {
            transfer,
            file,
            noted: range.start,
            at: range.start,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), HubError> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| HubError::io("write", self.transfer.partial().content())(error))?;
        self.at += bytes.len() as u64;
        (self.transfer.received)(bytes.len() as u64);
        self.transfer
            .progress
            .file_advanced(self.transfer.path, bytes.len() as u64);
        if self.at - self.noted >= self.transfer.settings.part_size / NOTES_PER_PART {
            self.note()
        } else {
            Ok(())
        }
    }

    fn note(&mut self) -> Result<(), HubError> {
        let mut partial = self.transfer.partial();
        let failed = HubError::io("write", partial.content().to_owned());
        partial.note(self.noted..self.at).map_err(failed)?;
        self.noted = self.at;
        Ok(())
    }

    fn finish(mut self) -> Result<(), HubError> {
        self.note()
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        // A stretch that is not noted is only fetched again.
        let _ = self.note();
    }
}
