//! Errors of tokenizers, with messages that say how to fix them.

use std::io;
use std::path::PathBuf;

/// The reason why a tokenizer cannot be read, used or saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenizerError {
    /// A model's folder has no tokenizer.
    #[error(
        "no tokenizer in `{}`: looked for {}; copy the tokenizer's files beside the model",
        folder.display(),
        listed(looked_for)
    )]
    NoTokenizer {
        /// The folder.
        folder: PathBuf,
        /// The files looked for.
        looked_for: Vec<&'static str>,
    },
    /// The operating system cannot read a file.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The operating system cannot write a file.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file is larger than any real tokenizer.
    #[error("`{}` has {bytes} bytes; at most {limit} are read: is it really a tokenizer?", path.display())]
    FileTooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The largest size that is read.
        limit: u64,
    },
    /// A text file has bytes that are not valid UTF-8.
    #[error("`{}`, line {line}: not valid UTF-8; save the file as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
    },
    /// A file cannot be parsed, or contradicts itself.
    #[error("`{}` is malformed: {message}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The fault.
        message: String,
    },
    /// The vocabulary lacks a special token that every text needs.
    #[error(
        "`{}` has no `{token}`, the `{role}` of a `{class}`; is it the vocabulary of another model",
        path.display()
    )]
    VocabularyWithout {
        /// The file.
        path: PathBuf,
        /// The token.
        token: String,
        /// Its role, as `tokenizer_config.json` names it.
        role: &'static str,
        /// The tokenizer's class.
        class: &'static str,
    },
    /// No known tokenizer class reads this file.
    #[error(
        "`{}` belongs to a `{name}`, which is not supported without a `tokenizer.json`; save the tokenizer with \
         `transformers` (`AutoTokenizer.from_pretrained(…).save_pretrained(…)`) or use a model of {}",
        path.display(),
        listed(supported)
    )]
    UnknownClass {
        /// The file.
        path: PathBuf,
        /// The tokenizer class or model type that the folder names.
        name: String,
        /// The classes that this kind of file can belong to.
        supported: Vec<&'static str>,
    },
    /// The maximum length leaves no room for a token of the text.
    #[error("a maximum length of {max_length} tokens leaves no room for text; use at least {least}")]
    MaxLength {
        /// The requested length.
        max_length: usize,
        /// The smallest length that leaves room.
        least: usize,
    },
    /// Windows overlap as much as they are long, so they would never end.
    #[error(
        "a stride of {stride} tokens repeats whole windows: only {room} tokens of the text fit into one; \
         lower the stride or raise the maximum length"
    )]
    Stride {
        /// The requested overlap of two windows.
        stride: usize,
        /// Tokens of the text in one window.
        room: usize,
    },
    /// The text that must stay whole fills the window.
    #[error(
        "input {index}: its {fixed} tokens that are not cut leave no room for the other text within {max_length} \
         tokens; raise the maximum length or shorten the text"
    )]
    NoRoom {
        /// The input's position in the batch, counted from 0.
        index: usize,
        /// Tokens that every window repeats, including special tokens.
        fixed: usize,
        /// The requested length.
        max_length: usize,
    },
    /// The model's embedding table lacks rows for some of the tokenizer's ids.
    #[error(
        "the tokenizer's token `{token}` has id {id}, but the model has embeddings for {rows} tokens only; \
         use the tokenizer that belongs to the model"
    )]
    IdTooLarge {
        /// The token.
        token: String,
        /// Its id.
        id: u32,
        /// Rows of the embedding table.
        rows: usize,
    },
    /// The tokenizer fails on a text.
    #[error("the tokenizer failed: {message}")]
    Tokenize {
        /// The fault.
        message: String,
    },
}

/// The names in backticks, the last one after "or".
fn listed(names: &[&'static str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}
