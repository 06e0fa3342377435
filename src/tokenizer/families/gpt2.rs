//! `GPT2Tokenizer`: byte-level pairs (Radford et al. 2019). OPT has it too, with `add_bos_token`.

use serde_json::{Value, json};

use super::{Charsmap, Family, Template, Vocabulary};
use crate::settings::Settings;
use crate::special::Role;

pub(super) const GPT2: Family = Family {
    class: "GPT2Tokenizer",
    aliases: &["CodeGenTokenizer"],
    model_types: &["gpt2", "opt", "gpt_neo", "gptj", "codegen", "phi", "starcoder2", "dbrx"],
    special: &[
        (Role::Bos, "<|endoftext|>"),
        (Role::Eos, "<|endoftext|>"),
        (Role::Unk, "<|endoftext|>"),
    ],
    mask_takes_blanks: false,
    template: Template::BosEos,
    vocabulary: Vocabulary::BytePairs,
    normalizer,
    pre_tokenizer,
    decoder,
};

fn normalizer(_: &Settings, _: &Charsmap<'_>) -> Value {
    Value::Null
}

pub(super) fn pre_tokenizer(settings: &Settings) -> Value {
    json!({
        "type": "ByteLevel",
        "add_prefix_space": settings.flag("add_prefix_space").unwrap_or(false),
        "trim_offsets": true,
        "use_regex": true,
    })
}

pub(super) fn decoder(_: &Settings) -> Value {
    json!({ "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leading_blank_is_added_only_if_asked() {
        let mut settings = Settings::default();
        assert_eq!(pre_tokenizer(&settings)["add_prefix_space"], false);
        settings.config.insert("add_prefix_space".to_owned(), true.into());
        assert_eq!(pre_tokenizer(&settings)["add_prefix_space"], true);
    }
}
