//! `vocab.txt`: one token a line, the line is the id.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;

use super::Source;
use crate::description::{Description, Parts};
use crate::error::TokenizerError;
use crate::families::{FAMILIES, Family, Vocabulary, find};
use crate::read::text;
use crate::settings::Settings;
use crate::special::Role;

const FILE: &str = "vocab.txt";

pub(super) const WORD_PIECES: Source = Source { files: &[FILE], read };

fn read(folder: &Path, settings: &Settings) -> Result<Description, TokenizerError> {
    let path = folder.join(FILE);
    let family = family(&path, settings, "BertTokenizer", |vocabulary| {
        matches!(vocabulary, Vocabulary::WordPiece)
    })?;
    let vocabulary: BTreeMap<String, u32> = text(&path)?.lines().map(str::to_owned).zip(0..).collect();
    let special = family.special_tokens(settings);
    let mut parts = Parts {
        path: &path,
        family,
        settings,
        special: &special,
        model: json!(null),
        size: vocabulary.len(),
        charsmap: None,
        whole: Vec::new(),
    };
    let id = |token: &str| vocabulary.get(token).copied();
    let unknown = parts.needed(Role::Unk, &id)?;
    parts.model = json!({
        "type": "WordPiece",
        "unk_token": unknown.content,
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": vocabulary,
    });
    parts.describe(id)
}

/// The class that reads this file.
pub(super) fn family(
    path: &Path,
    settings: &Settings,
    usual: &str,
    fits: fn(&Vocabulary) -> bool,
) -> Result<&'static Family, TokenizerError> {
    let all = || FAMILIES.into_iter().filter(|family| fits(&family.vocabulary));
    let unknown = |name: &str| TokenizerError::UnknownClass {
        path: path.to_owned(),
        name: name.to_owned(),
        supported: all().map(|family| family.class).collect(),
    };
    let usual = all()
        .find(|family| family.class == usual)
        .ok_or_else(|| unknown(usual))?;
    find(settings, usual, fits).map_err(|error| unknown(&error.0))
}
