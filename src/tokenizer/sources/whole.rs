//! `tokenizer.json`: the whole pipeline in one file, as the crate `tokenizers` writes it.

use std::path::Path;

use super::Source;
use crate::description::Description;
use crate::error::TokenizerError;
use crate::read::bytes;
use crate::settings::Settings;

pub(super) const WHOLE: Source = Source {
    files: &["tokenizer.json"],
    read,
};

fn read(folder: &Path, _: &Settings) -> Result<Description, TokenizerError> {
    let path = folder.join("tokenizer.json");
    Ok(Description {
        content: bytes(&path)?,
        path,
        family: None,
    })
}
