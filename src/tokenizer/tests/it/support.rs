//! Folders with tokenizers, and what the reference library makes of texts.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use automl_tokenizer::{EncodeOptions, Encoded, Input, Origin, Tokenizer, Truncation, Window};
use serde_json::Value;
use tempfile::TempDir;

/// Longer than any text here.
pub(crate) const LONG: usize = 100_000;

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// A folder with the files of another one that have these names.
pub(crate) fn copies(of: &Path, names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        if of.join(name).is_file() {
            fs::write(folder.path().join(name), fs::read(of.join(name)).unwrap()).unwrap();
        }
    }
    folder
}

/// The shared test data below this name. Prints that the test skips if they are absent.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the only place that looks for test data")]
    let stated = std::env::var("AUTOML_TEST_DATA").ok().map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = stated
        .into_iter()
        .chain(above.map(|folder| folder.join("../shared/data")))
        .map(|data| data.join(name))
        .find(|path| path.exists());
    if found.is_none() {
        println!("skipped: no `{name}` in $AUTOML_TEST_DATA or ../shared/data");
    }
    found
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The only window of a text that fits.
pub(crate) fn whole(tokenizer: &Tokenizer, input: Input<'_>) -> Window {
    let options = EncodeOptions::new(LONG, Truncation::LongestFirst).with_origins();
    let Encoded { mut windows } = tokenizer.encode(&[input], &options).unwrap().remove(0);
    assert_eq!(windows.len(), 1);
    windows.remove(0)
}

/// The ids in a golden file.
pub(crate) fn ids(value: &Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).unwrap()
}

/// Characters of each token as the reference library has them: nothing for added tokens.
pub(crate) fn characters(window: &Window) -> Vec<Range<usize>> {
    let origins = window.origins.as_ref().unwrap().iter();
    origins
        .map(|origin| match origin {
            Origin::Added => 0..0,
            Origin::Text { characters, .. } => characters.clone(),
        })
        .collect()
}

/// Characters in a golden file: start, end, start, …
pub(crate) fn golden_characters(value: &Value) -> Vec<Range<usize>> {
    let flat: Vec<usize> = serde_json::from_value(value.clone()).unwrap();
    flat.chunks(2).map(|two| two[0]..two[1]).collect()
}

/// Asserts that a window is a golden one, in ids, characters and, if they are golden, types.
pub(crate) fn assert_window(window: &Window, golden: &Value, what: &str) {
    assert_eq!(window.ids, ids(&golden["ids"]), "{what}");
    assert_eq!(characters(window), golden_characters(&golden["offsets"]), "{what}");
    if !golden["type_ids"].is_null() {
        assert_eq!(window.token_types, ids(&golden["type_ids"]), "{what}");
    }
}
