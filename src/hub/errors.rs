//! The reasons why a download fails, each with what to do about it.

use std::io;
use std::path::PathBuf;

use crate::models::ChoiceError;

/// The end of a message about something that is not cached.
const OFFLINE: &str = "and nothing is downloaded in offline mode: unset HF_HUB_OFFLINE or leave out `--offline` once";

/// The reason why something could not be had from the hub or its cache.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// The id of a model or data set is malformed.
    #[error("`{text}` is not the id of a {kind}: {reason}; write `name` or `org/name`, with `@revision` if needed")]
    InvalidId {
        /// The offending text.
        text: String,
        /// `model` or `data set`.
        kind: &'static str,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// A branch, tag or commit is malformed.
    #[error("`{text}` cannot be a revision: {reason}; name a branch, a tag or a commit")]
    InvalidRevision {
        /// The offending text.
        text: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// An environment variable has an unusable value.
    #[error("the environment variable {name} is unusable: {reason}")]
    Setting {
        /// The variable's name.
        name: &'static str,
        /// The reason, without secrets.
        reason: String,
    },
    /// Neither the cache's folder nor a home folder is known.
    #[error("the folder of the cache for downloads is unknown: set HF_HOME or HOME")]
    NoCacheFolder,
    /// The repository does not exist, or is private.
    #[error(
        "the hub has no {repository} ({url}){}",
        if *logged_in { ", or your token may not read it: check the spelling, or ask the owner for access" }
        else { ": check the spelling; if it is private, did you mean to log in? Set HF_TOKEN or run `hf auth login`" }
    )]
    NotFound {
        /// The kind and id.
        repository: String,
        /// The page of the repository.
        url: String,
        /// True if a token was sent.
        logged_in: bool,
    },
    /// The repository exists, its revision does not.
    #[error("{repository} has no revision `{revision}`: see its branches and tags at {url}")]
    RevisionNotFound {
        /// The kind and id.
        repository: String,
        /// The branch, tag or commit.
        revision: String,
        /// The page that lists them.
        url: String,
    },
    /// A file is not in the repository.
    #[error("{repository} has no file `{path}` at the commit {commit}")]
    FileNotFound {
        /// The kind and id.
        repository: String,
        /// The file's path.
        path: String,
        /// The commit.
        commit: String,
    },
    /// The owner gives access on request only.
    #[error(
        "access to {repository} must be asked for: open {url}, accept its conditions{}",
        if *logged_in { ", and use the token of the account that was given access" }
        else { ", then set HF_TOKEN to a token of that account or run `hf auth login`" }
    )]
    Gated {
        /// The kind and id.
        repository: String,
        /// The page where access is asked for.
        url: String,
        /// True if a token was sent.
        logged_in: bool,
    },
    /// The hub does not know the token.
    #[error("{host} refused the token from {from}: it is wrong, expired or revoked; make a new one at {url}")]
    BadToken {
        /// The host.
        host: String,
        /// The variable or file that holds the token.
        from: String,
        /// The page that makes tokens.
        url: String,
    },
    /// The token is valid, but may not do this.
    #[error("{host} forbids the download of {repository}: {reason}; check the permissions of your token")]
    Forbidden {
        /// The host.
        host: String,
        /// The kind and id.
        repository: String,
        /// The message of the host.
        reason: String,
    },
    /// The cache lacks the revision, and nothing may be downloaded.
    #[error("{repository} is not in the cache `{}` at the revision `{revision}`, {}", folder.display(), OFFLINE)]
    NotCached {
        /// The kind and id.
        repository: String,
        /// The revision.
        revision: String,
        /// The folder that was looked at.
        folder: PathBuf,
    },
    /// The cache lacks files of the revision, and nothing may be downloaded.
    #[error("{repository} is only partly in the cache `{}`: {missing}, {}", folder.display(), OFFLINE)]
    PartlyCached {
        /// The kind and id.
        repository: String,
        /// The snapshot's folder.
        folder: PathBuf,
        /// The missing files, in words.
        missing: String,
    },
    /// The files of the repository are not those that are needed.
    #[error("{repository}: {source}")]
    Choice {
        /// The kind and id.
        repository: String,
        /// The reason.
        source: ChoiceError,
    },
    /// The content differs from what the hub announced, also after a second download.
    #[error(
        "`{path}` arrived damaged twice: expected {expected}, found {found}; a proxy may change downloads: try again, \
         or over another connection"
    )]
    Damaged {
        /// The file's path in the repository.
        path: String,
        /// The expected checksum or size.
        expected: String,
        /// The found one.
        found: String,
    },
    /// There is too little space.
    #[error(
        "the disk of `{}` is too full: {} needed, {} free; free some space or set HF_HOME to a folder on another disk",
        folder.display(), megabytes(*needed), free.map_or_else(|| "nothing".to_owned(), megabytes)
    )]
    DiskFull {
        /// The folder written to.
        folder: PathBuf,
        /// Bytes still to be downloaded.
        needed: u64,
        /// Free bytes, if known.
        free: Option<u64>,
    },
    /// The hub asks for fewer requests.
    #[error(
        "{host} limits the number of requests{}; wait and try again{}",
        wait_seconds.map_or_else(String::new, |seconds| format!(" for another {seconds} s")),
        if *logged_in { "" } else { "; the limit is higher with a token in HF_TOKEN" }
    )]
    RateLimited {
        /// The host.
        host: String,
        /// Seconds that the host asks to wait.
        wait_seconds: Option<u64>,
        /// True if a token was sent.
        logged_in: bool,
    },
    /// The server is out of order.
    #[error("{host} answers with the error {status}{}; try again later", after_colon(message))]
    ServerFault {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
        /// The message of the host.
        message: String,
    },
    /// There is no connection.
    #[error("cannot reach {host}: {reason}; check the network, HF_ENDPOINT and the proxy settings, or work offline")]
    Unreachable {
        /// The host.
        host: String,
        /// The reason.
        reason: String,
    },
    /// The connection broke or stood still for too long, several times.
    #[error("the connection to {host} broke: {reason}; run the command again to continue where it stopped")]
    ConnectionLost {
        /// The host.
        host: String,
        /// The reason.
        reason: String,
    },
    /// The encrypted connection cannot be trusted.
    #[error(
        "no trusted connection to {host}: {reason}; if your network inspects traffic, name its certificates in \
         SSL_CERT_FILE; check the clock, too"
    )]
    Tls {
        /// The host.
        host: String,
        /// The reason.
        reason: String,
    },
    /// The proxy is unusable.
    #[error("the proxy {proxy} does not connect to {host}: {reason}; check https_proxy, http_proxy and no_proxy")]
    Proxy {
        /// The proxy without user and password.
        proxy: String,
        /// The host behind it.
        host: String,
        /// The reason.
        reason: String,
    },
    /// A server's file name could lead out of the cache, or cannot exist on every system.
    #[error("{repository} has a file with the unsafe name {path:?}: {reason}; it is not downloaded")]
    UnsafePath {
        /// The kind and id.
        repository: String,
        /// The name.
        path: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// A redirection is not followed.
    #[error("{host} redirects to {target}: {reason}; check HF_ENDPOINT")]
    UnsafeRedirect {
        /// The host.
        host: String,
        /// The target's scheme and host.
        target: String,
        /// The reason.
        reason: &'static str,
    },
    /// The server does not answer as a hub does.
    #[error("{host} does not answer as a hub does: {reason}; check HF_ENDPOINT, or whether a login page is in between")]
    BadResponse {
        /// The host.
        host: String,
        /// The reason.
        reason: String,
    },
    /// A file or folder of the cache cannot be used.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// A verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// [`Progress::should_stop`](crate::Progress::should_stop) said so.
    #[error("the download was stopped; run the command again to continue where it stopped")]
    Stopped,
}

impl HubError {
    /// Makes a function for `map_err`. A full disk becomes [`HubError::DiskFull`].
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull {
                folder: path.parent().map_or_else(PathBuf::new, PathBuf::from),
                needed: 0,
                free: None,
            },
            _ => Self::Io { action, path, source },
        }
    }
}

fn after_colon(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {message}")
    }
}

fn megabytes(bytes: u64) -> String {
    if bytes == 0 {
        "more".to_owned()
    } else {
        format!("{:.1} MB", bytes as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fills_up_on_the_way_is_told_as_such() {
        let error = HubError::io("write", "/cache/blobs/b0")(io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(
            error.to_string(),
            "the disk of `/cache/blobs` is too full: more needed, nothing free; free some space or set HF_HOME to a \
             folder on another disk"
        );
        let error = HubError::io("write", "/cache/blobs/b0")(io::Error::from(io::ErrorKind::PermissionDenied));
        assert_eq!(error.to_string(), "cannot write `/cache/blobs/b0`: permission denied");
    }
}
