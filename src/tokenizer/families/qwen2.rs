//! `Qwen2Tokenizer`: byte-level pairs with its own pattern, which splits numbers into digits (Yang et al. 2024).

use serde_json::{Value, json};

use super::{Family, Template, Vocabulary, gpt_neox, gpt2};
use crate::settings::Settings;
use crate::special::Role;

/// `PRETOKENIZE_REGEX` of the reference.
const PATTERN: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

pub(super) const QWEN2: Family = Family {
    class: "Qwen2Tokenizer",
    aliases: &[],
    model_types: &["qwen2", "qwen2_moe", "qwen3", "qwen3_moe"],
    special: &[
        (Role::Eos, "<|endoftext|>"),
        (Role::Unk, "<|endoftext|>"),
        (Role::Pad, "<|endoftext|>"),
    ],
    mask_takes_blanks: false,
    template: Template::BosEos,
    vocabulary: Vocabulary::BytePairs,
    normalizer: gpt_neox::normalizer,
    pre_tokenizer,
    decoder: gpt2::decoder,
};

fn pre_tokenizer(settings: &Settings) -> Value {
    let bytes = json!({
        "type": "ByteLevel",
        "add_prefix_space": settings.flag("add_prefix_space").unwrap_or(false),
        "trim_offsets": true,
        "use_regex": false,
    });
    let split = json!({ "type": "Split", "pattern": { "Regex": PATTERN }, "behavior": "Isolated", "invert": false });
    json!({ "type": "Sequence", "pretokenizers": [split, bytes] })
}
