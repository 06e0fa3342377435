//! `LlamaTokenizer` of Llama 1 and 2: pairs of characters from sentencepiece, unknown characters as bytes (Touvron et
//! al. 2023).

use serde_json::{Value, json};

use super::{Charsmap, Family, Template, Vocabulary};
use crate::settings::Settings;
use crate::special::Role;

pub(super) const LLAMA: Family = Family {
    class: "LlamaTokenizer",
    aliases: &[],
    model_types: &["llama", "mistral", "mixtral"],
    special: &[(Role::Bos, "<s>"), (Role::Eos, "</s>"), (Role::Unk, "<unk>")],
    mask_takes_blanks: false,
    template: Template::BosEos,
    vocabulary: Vocabulary::CharacterPairs { with_unknown: false },
    normalizer,
    pre_tokenizer,
    decoder,
};

fn normalizer(_: &Settings, _: &Charsmap<'_>) -> Value {
    Value::Null
}

fn is_prefixed(settings: &Settings) -> bool {
    settings.flag("add_prefix_space").unwrap_or(true)
}

fn pre_tokenizer(settings: &Settings) -> Value {
    let scheme = match (is_prefixed(settings), settings.flag("legacy").unwrap_or(false)) {
        (false, _) => "never",
        (true, true) => "always",
        (true, false) => "first",
    };
    json!({ "type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": false })
}

fn decoder(settings: &Settings) -> Value {
    let mut steps = blanks_and_bytes();
    if is_prefixed(settings) {
        steps.push(json!({ "type": "Strip", "content": " ", "start": 1, "stop": 0 }));
    }
    json!({ "type": "Sequence", "decoders": steps })
}

/// Turns `▁` into blanks and `<0x41>` into bytes.
pub(super) fn blanks_and_bytes() -> Vec<Value> {
    vec![
        json!({ "type": "Replace", "pattern": { "String": "▁" }, "content": " " }),
        json!({ "type": "ByteFallback" }),
        json!({ "type": "Fuse" }),
    ]
}
