//! `RobertaTokenizer`: the pairs of GPT-2 with two `</s>` between the texts of a pair (Liu et al. 2019).

use serde_json::Value;

use super::{Charsmap, Family, Template, Vocabulary, gpt2};
use crate::settings::Settings;
use crate::special::Role;

pub(super) const ROBERTA: Family = Family {
    class: "RobertaTokenizer",
    aliases: &["BartTokenizer", "LongformerTokenizer", "LEDTokenizer"],
    model_types: &[
        "roberta",
        "roberta-prelayernorm",
        "bart",
        "longformer",
        "led",
        "data2vec-text",
        "ibert",
    ],
    special: &[
        (Role::Bos, "<s>"),
        (Role::Eos, "</s>"),
        (Role::Unk, "<unk>"),
        (Role::Sep, "</s>"),
        (Role::Pad, "<pad>"),
        (Role::Cls, "<s>"),
        (Role::Mask, "<mask>"),
    ],
    mask_takes_blanks: false,
    template: Template::Roberta,
    vocabulary: Vocabulary::BytePairs,
    normalizer,
    pre_tokenizer: gpt2::pre_tokenizer,
    decoder: gpt2::decoder,
};

fn normalizer(_: &Settings, _: &Charsmap<'_>) -> Value {
    Value::Null
}
