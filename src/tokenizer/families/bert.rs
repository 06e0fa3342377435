//! `BertTokenizer`: `WordPiece` (Devlin et al. 2018), in lower case unless the settings say otherwise.

use serde_json::{Value, json};

use super::{Charsmap, Family, Template, Vocabulary};
use crate::settings::Settings;
use crate::special::Role;

pub(super) const BERT: Family = Family {
    class: "BertTokenizer",
    aliases: &[
        "DistilBertTokenizer",
        "ElectraTokenizer",
        "MobileBertTokenizer",
        "ConvBertTokenizer",
        "SqueezeBertTokenizer",
        "LayoutLMTokenizer",
        "RetriBertTokenizer",
    ],
    model_types: &[
        "bert",
        "distilbert",
        "electra",
        "mobilebert",
        "convbert",
        "squeezebert",
        "megatron-bert",
        "nomic_bert",
        "ernie",
        "layoutlm",
    ],
    special: &[
        (Role::Unk, "[UNK]"),
        (Role::Sep, "[SEP]"),
        (Role::Pad, "[PAD]"),
        (Role::Cls, "[CLS]"),
        (Role::Mask, "[MASK]"),
    ],
    mask_takes_blanks: false,
    template: Template::Bert,
    vocabulary: Vocabulary::WordPiece,
    normalizer,
    pre_tokenizer,
    decoder,
};

pub(super) fn normalizer(settings: &Settings, _: &Charsmap<'_>) -> Value {
    json!({
        "type": "BertNormalizer",
        "clean_text": true,
        "handle_chinese_chars": settings.flag("tokenize_chinese_chars").unwrap_or(true),
        "strip_accents": settings.flag("strip_accents"),
        "lowercase": settings.flag("do_lower_case").unwrap_or(true),
    })
}

pub(super) fn pre_tokenizer(_: &Settings) -> Value {
    json!({ "type": "BertPreTokenizer" })
}

pub(super) fn decoder(_: &Settings) -> Value {
    json!({ "type": "WordPiece", "prefix": "##", "cleanup": true })
}
