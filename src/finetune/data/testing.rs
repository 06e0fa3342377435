//! Helpers for the tests of this folder.

use std::io::Write as _;
use std::path::PathBuf;

use tempfile::NamedTempFile;

use automl_tokenizer::Truncation;

use super::encoder::EncoderOptions;

/// Single texts of up to 64 tokens for a model with BERT's token types.
pub(super) const ENCODER: EncoderOptions = EncoderOptions {
    max_length: 64,
    truncation: Truncation::LongestFirst,
    is_pair: false,
    token_types: 2,
    max_windows: 3,
};

/// A temporary file with this ending and content.
pub(super) fn file(ending: &str, content: impl AsRef<[u8]>) -> NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(ending).tempfile().unwrap();
    file.write_all(content.as_ref()).unwrap();
    file
}

/// A file or folder of the larger test data, in `$AUTOML_TEST_DATA` or beside the checkout; prints a note if it is
/// missing.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where this folder's tests find their data"
)]
pub(super) fn shared(name: &str) -> Option<PathBuf> {
    let root = std::env::var("AUTOML_TEST_DATA").map_or_else(
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: no test data at {}", path.display());
    None
}
