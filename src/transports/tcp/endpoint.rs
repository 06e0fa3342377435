//! `endpoint.json`: where the engine of a study listens, and the secret with which workers prove that they may join.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Name of the file in a study's folder.
const FILE_NAME: &str = "endpoint.json";

/// Version of its layout.
const FORMAT: u32 = 1;

/// The content of the file. Only its owner can read it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Version of this layout.
    pub format: u32,
    /// Version of the program.
    pub version: String,
    /// The address that workers connect to.
    pub address: SocketAddr,
    /// 256 random bits, without which nobody can join.
    pub token: String,
    /// SHA-256 of the certificate. Workers accept no other.
    pub fingerprint: String,
    /// The lease in seconds.
    pub lease: f64,
}

/// Leaves the token out, so that no log shows it.
impl std::fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Endpoint({})", self.address)
    }
}

/// The reasons why an endpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The file is missing or cannot be read.
    #[error(
        "cannot read `{}`: {source}; a study with `cluster: {{engine: tcp}}` writes it while it runs, into a folder that all machines must share",
        path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The file has another layout.
    #[error("`{}` is not an endpoint of this version of automl: use one version everywhere", .0.display())]
    OtherFormat(PathBuf),
}

impl Endpoint {
    /// The endpoint of an engine at this address, with its secret.
    pub(super) fn new(address: SocketAddr, secret: &[u8; 32], fingerprint: String, lease: f64) -> Self {
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            address,
            token: hex(secret),
            fingerprint,
            lease,
        }
    }

    /// The file in a study's folder.
    pub fn path(folder: &Path) -> PathBuf {
        folder.join(FILE_NAME)
    }

    /// Reads the file of a study.
    ///
    /// # Errors
    /// [`EndpointError`] if it cannot be read.
    pub fn read(path: &Path) -> Result<Self, EndpointError> {
        let unreadable = |source| EndpointError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let endpoint: Option<Self> = serde_json::from_str(&text).ok();
        endpoint
            .filter(|endpoint| endpoint.format == FORMAT)
            .ok_or_else(|| EndpointError::OtherFormat(path.to_owned()))
    }

    /// Writes the file, readable by its owner only: temporary files are.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(format!("{}\n", serde_json::to_string_pretty(self)?).as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(Self::path(folder))?;
        Ok(())
    }

    /// Removes the file: no worker can join any more.
    pub(super) fn remove(folder: &Path) {
        let _ = std::fs::remove_file(Self::path(folder));
    }

    /// Returns whether `token` is the secret, in a time that does not depend on how much of it is correct.
    pub(super) fn admits(&self, token: &str) -> bool {
        let (ours, theirs) = (Sha256::digest(&self.token), Sha256::digest(token));
        let differences = ours.iter().zip(theirs.iter()).map(|(ours, theirs)| ours ^ theirs);
        differences.fold(0, |all, one| all | one) == 0
    }
}

/// SHA-256 in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::super::tls;
    use super::*;

    fn endpoint() -> Endpoint {
        let secret = tls::secret().unwrap();
        Endpoint::new("127.0.0.1:7070".parse().unwrap(), &secret, digest(b"certificate"), 60.0)
    }

    #[test]
    fn only_the_token_itself_admits() {
        let endpoint = endpoint();
        assert_eq!(endpoint.token.len(), 64, "256 bits");
        assert!(endpoint.admits(&endpoint.token.clone()));
        assert!(!endpoint.admits("") && !endpoint.admits(&endpoint.token[1..]));
        assert_ne!(endpoint.token, self::endpoint().token);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_read_back_and_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let endpoint = endpoint();
        endpoint.write(folder.path()).unwrap();
        let path = Endpoint::path(folder.path());
        assert_eq!(Endpoint::read(&path).unwrap(), endpoint);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, "{}").unwrap();
        assert!(matches!(Endpoint::read(&path), Err(EndpointError::OtherFormat(_))));
    }
}
