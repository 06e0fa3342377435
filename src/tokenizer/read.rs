//! Reads files whose content nobody has checked.

use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;

use crate::error::TokenizerError;

/// The largest file that is read. The largest known tokenizers have 40 MB.
const LIMIT: u64 = 1 << 30;

/// The file's bytes.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, TokenizerError> {
    let failed = |source| TokenizerError::Read {
        path: path.to_owned(),
        source,
    };
    let bytes = fs::metadata(path).map_err(failed)?.len();
    if bytes > LIMIT {
        return Err(TokenizerError::FileTooLarge {
            path: path.to_owned(),
            bytes,
            limit: LIMIT,
        });
    }
    fs::read(path).map_err(failed)
}

/// The file's text.
pub(crate) fn text(path: &Path) -> Result<String, TokenizerError> {
    String::from_utf8(bytes(path)?).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.split(|&byte| byte == b'\n').count() as u64;
        TokenizerError::NotUtf8 {
            path: path.to_owned(),
            line,
        }
    })
}

/// The file's JSON value.
pub(crate) fn json<Value: DeserializeOwned>(path: &Path) -> Result<Value, TokenizerError> {
    serde_json::from_slice(&bytes(path)?).map_err(|error| malformed(path, error.to_string()))
}

/// The error for this file and fault.
pub(crate) fn malformed(path: &Path, message: impl Into<String>) -> TokenizerError {
    TokenizerError::Malformed {
        path: path.to_owned(),
        message: message.into(),
    }
}
