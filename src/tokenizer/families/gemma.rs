//! `GemmaTokenizer`: pairs of characters from sentencepiece, without a blank before the text (Gemma Team 2024).

use serde_json::{Value, json};

use super::{Charsmap, Family, Template, Vocabulary, llama};
use crate::settings::Settings;
use crate::special::Role;

pub(super) const GEMMA: Family = Family {
    class: "GemmaTokenizer",
    aliases: &[],
    model_types: &["gemma", "gemma2", "gemma3", "gemma3_text"],
    special: &[
        (Role::Bos, "<bos>"),
        (Role::Eos, "<eos>"),
        (Role::Unk, "<unk>"),
        (Role::Pad, "<pad>"),
        (Role::Mask, "<mask>"),
    ],
    mask_takes_blanks: false,
    template: Template::BosEos,
    vocabulary: Vocabulary::CharacterPairs { with_unknown: true },
    normalizer,
    pre_tokenizer,
    decoder,
};

fn normalizer(_: &Settings, _: &Charsmap<'_>) -> Value {
    json!({ "type": "Replace", "pattern": { "String": " " }, "content": "▁" })
}

fn pre_tokenizer(_: &Settings) -> Value {
    json!({ "type": "Split", "pattern": { "String": " " }, "behavior": "MergedWithPrevious", "invert": false })
}

fn decoder(_: &Settings) -> Value {
    json!({ "type": "Sequence", "decoders": llama::blanks_and_bytes() })
}
