//! The kinds of files that hold a tokenizer, one file each. To add a kind, add one file and one line in [`SOURCES`].

mod byte_pairs;
mod protobuf;
mod sentence_pieces;
mod whole;
mod word_pieces;

use std::path::Path;

use crate::description::Description;
use crate::error::TokenizerError;
use crate::settings::Settings;

pub(crate) use sentence_pieces::SentencePieces;

/// All kinds of sources. The first one in a folder counts, since `tokenizer.json` says most.
pub(crate) const SOURCES: [&Source; 7] = [
    &whole::WHOLE,
    &word_pieces::WORD_PIECES,
    &byte_pairs::BYTE_PAIRS,
    &sentence_pieces::ALBERT,
    &sentence_pieces::DEBERTA_V2,
    &sentence_pieces::XLM_ROBERTA,
    &sentence_pieces::LLAMA,
];

/// A kind of source.
#[derive(Debug)]
pub(crate) struct Source {
    /// The names of its files, all of which must exist.
    pub(crate) files: &'static [&'static str],
    /// Reads the folder's tokenizer.
    pub(crate) read: fn(&Path, &Settings) -> Result<Description, TokenizerError>,
}

impl Source {
    /// True if the folder has all files.
    pub(crate) fn is_in(&self, folder: &Path) -> bool {
        self.files.iter().all(|name| folder.join(name).is_file())
    }
}

/// The tokenizer in the folder.
pub(crate) fn read(folder: &Path, settings: &Settings) -> Result<Description, TokenizerError> {
    match SOURCES.iter().find(|source| source.is_in(folder)) {
        Some(source) => (source.read)(folder, settings),
        None => Err(TokenizerError::NoTokenizer {
            folder: folder.to_owned(),
            looked_for: SOURCES.iter().flat_map(|source| source.files).copied().collect(),
        }),
    }
}
