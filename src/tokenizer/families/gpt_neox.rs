//! `GPTNeoXTokenizer`: byte-level pairs of composed characters (Black et al. 2022).

use serde_json::{Value, json};

use super::{Charsmap, Family, Template, Vocabulary, gpt2};
use crate::settings::Settings;
use crate::special::Role;

pub(super) const GPT_NEOX: Family = Family {
    class: "GPTNeoXTokenizer",
    aliases: &[],
    model_types: &["gpt_neox"],
    special: &[
        (Role::Bos, "<|endoftext|>"),
        (Role::Eos, "<|endoftext|>"),
        (Role::Unk, "<|endoftext|>"),
        (Role::Pad, "<|padding|>"),
    ],
    mask_takes_blanks: false,
    template: Template::BosEos,
    vocabulary: Vocabulary::BytePairs,
    normalizer,
    pre_tokenizer: gpt2::pre_tokenizer,
    decoder: gpt2::decoder,
};

pub(super) fn normalizer(_: &Settings, _: &Charsmap<'_>) -> Value {
    json!({ "type": "NFC" })
}
