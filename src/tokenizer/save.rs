//! Puts a tokenizer beside an exported model.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::TokenizerError;
use crate::settings::{ADDED_TOKENS, CONFIG, SPECIAL_TOKENS};
use crate::sources::SOURCES;
use crate::tokenizer::Tokenizer;

const WHOLE: &str = "tokenizer.json";

/// Files beside a vocabulary that belong to the tokenizer.
const BESIDE: [&str; 4] = [CONFIG, SPECIAL_TOKENS, ADDED_TOKENS, "chat_template.jinja"];

impl Tokenizer {
    /// The tokenizer's files in the folder it was read from.
    pub fn files(&self) -> Vec<PathBuf> {
        let names = SOURCES.iter().flat_map(|source| source.files).chain(&BESIDE);
        let paths = names.map(|name| self.folder().join(name));
        paths.filter(|path| path.is_file()).collect()
    }

    /// Copies the tokenizer's files into a folder that exists. If there is no `tokenizer.json` among them, it is
    /// written, with a `tokenizer_config.json` that names the class and the special tokens, so that `transformers`
    /// reads the same tokenizer.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn save(&self, folder: &Path) -> Result<(), TokenizerError> {
        let files = self.files();
        for file in &files {
            let Some(name) = file.file_name() else { continue };
            let target = folder.join(name);
            if is_same(file, &target) {
                continue;
            }
            let content = crate::read::bytes(file)?;
            write(&target, &content)?;
        }
        if files.iter().any(|file| file.ends_with(WHOLE)) {
            return Ok(());
        }
        let content = self.pipeline().content().map_err(|message| TokenizerError::Malformed {
            path: self.path().to_owned(),
            message,
        })?;
        write(&folder.join(WHOLE), content.as_bytes())?;
        let config = serde_json::to_string_pretty(&self.config()).unwrap_or_default();
        write(&folder.join(CONFIG), format!("{config}\n").as_bytes())
    }

    /// The settings that were read, with the class and its special tokens.
    fn config(&self) -> Map<String, Value> {
        let mut config = self.settings().config.clone();
        if let Some(family) = self.family() {
            config.insert("tokenizer_class".to_owned(), family.class.into());
            for (role, token) in family.special_tokens(self.settings()) {
                config.insert(role.key().to_owned(), token.content.into());
            }
        }
        config
    }
}

/// True if both paths are one file, which must not be written while it is read.
fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

fn write(path: &Path, content: &[u8]) -> Result<(), TokenizerError> {
    fs::write(path, content).map_err(|source| TokenizerError::Write {
        path: path.to_owned(),
        source,
    })
}
