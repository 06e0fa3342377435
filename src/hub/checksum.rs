//! Checksums of whole files: SHA-256 for large files, and the name that git gives to the content of small ones.

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha1::Digest;

/// The expected checksum of a file, in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Checksum {
    /// SHA-256 of the content, as Git LFS names it.
    Sha256(String),
    /// SHA-1 of `blob <size>\0` and the content, as git names it.
    GitSha1(String),
}

impl Checksum {
    /// The digits, which are also the name of the blob in the cache.
    pub(crate) fn digits(&self) -> &str {
        match self {
            Self::Sha256(digits) | Self::GitSha1(digits) => digits,
        }
    }

    /// The same checksum of a file's content.
    pub(crate) fn of_file(&self, path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        match self {
            Self::Sha256(_) => Ok(Self::Sha256(digest(sha2::Sha256::new(), &mut file)?)),
            Self::GitSha1(_) => {
                let mut hasher = sha1::Sha1::new();
                hasher.update(format!("blob {}\0", file.metadata()?.len()));
                Ok(Self::GitSha1(digest(hasher, &mut file)?))
            }
        }
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(digits) => write!(formatter, "SHA-256 {digits}"),
            Self::GitSha1(digits) => write!(formatter, "git blob {digits}"),
        }
    }
}

fn digest(mut hasher: impl Digest, file: &mut File) -> io::Result<String> {
    let mut buffer = vec![0; 1 << 18];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
    }
    let mut digits = String::new();
    for byte in hasher.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    Ok(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_sha256sum_and_git() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "hello\n").unwrap();
        // `sha256sum` and `git hash-object` of the same file.
        let sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        let sha1 = "ce013625030ba8dba906f756967f9e9ca394464a";
        assert_eq!(Checksum::Sha256(String::new()).of_file(&path).unwrap().digits(), sha256);
        assert_eq!(Checksum::GitSha1(String::new()).of_file(&path).unwrap().digits(), sha1);
    }
}
