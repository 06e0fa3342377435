//! Special tokens: their roles, and how they are found in a text.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The role of a special token. The order is the one in which `transformers` adds them to a vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Bos,
    Eos,
    Unk,
    Sep,
    Pad,
    Cls,
    Mask,
}

impl Role {
    pub(crate) const ALL: [Self; 7] = [
        Self::Bos,
        Self::Eos,
        Self::Unk,
        Self::Sep,
        Self::Pad,
        Self::Cls,
        Self::Mask,
    ];

    /// The key in `tokenizer_config.json` and `special_tokens_map.json`.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Bos => "bos_token",
            Self::Eos => "eos_token",
            Self::Unk => "unk_token",
            Self::Sep => "sep_token",
            Self::Pad => "pad_token",
            Self::Cls => "cls_token",
            Self::Mask => "mask_token",
        }
    }
}

/// A token that is found in the text before the model sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the flags of the file format")]
pub(crate) struct Token {
    pub(crate) content: String,
    /// Only found as a whole word.
    #[serde(default)]
    pub(crate) single_word: bool,
    /// Takes the blanks before it.
    #[serde(default)]
    pub(crate) lstrip: bool,
    /// Takes the blanks after it.
    #[serde(default)]
    pub(crate) rstrip: bool,
    /// Found in the normalized text rather than in the original.
    #[serde(default = "normalized_unless_told")]
    pub(crate) normalized: bool,
    /// Left out when ids become text again.
    #[serde(default)]
    pub(crate) special: bool,
}

/// The default of `AddedToken`.
fn normalized_unless_told() -> bool {
    true
}

impl Token {
    /// A special token that is given as text alone.
    pub(crate) fn special(content: &str) -> Self {
        Self {
            content: content.to_owned(),
            single_word: false,
            lstrip: false,
            rstrip: false,
            normalized: false,
            special: true,
        }
    }

    /// The token in a settings file: text, or an object with its flags.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::String(content) => Some(Self::special(content)),
            Value::Object(_) => serde_json::from_value(value.clone()).ok(),
            _ => None,
        }
    }
}
