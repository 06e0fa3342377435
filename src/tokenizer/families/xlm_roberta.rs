//! `XLMRobertaTokenizer`: a Unigram model of sentencepiece whose first ids follow fairseq (Conneau et al. 2019).

use serde_json::{Value, json};

use super::{Charsmap, Family, Names, Pieces, Template, Vocabulary};
use crate::charsmap;
use crate::settings::Settings;
use crate::sources::SentencePieces;
use crate::special::Role;

pub(super) const XLM_ROBERTA: Family = Family {
    class: "XLMRobertaTokenizer",
    aliases: &[],
    model_types: &["xlm-roberta", "xmod", "gte"],
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
    template: Template::DoubleEnd,
    vocabulary: Vocabulary::Unigram(pieces),
    normalizer,
    pre_tokenizer,
    decoder,
};

/// The model's first three pieces give way to fairseq's four, and the mask comes last.
fn pieces(model: &SentencePieces, names: &Names<'_>) -> Pieces {
    let name = |role, usual: &str| (names.of(role).unwrap_or(usual).to_owned(), 0.0);
    let mut pieces = vec![
        name(Role::Bos, "<s>"),
        name(Role::Pad, "<pad>"),
        name(Role::Eos, "</s>"),
        name(Role::Unk, "<unk>"),
    ];
    pieces.extend(model.scored().into_iter().skip(3));
    pieces.push(name(Role::Mask, "<mask>"));
    Pieces { pieces, unknown: 3 }
}

pub(super) fn normalizer(_: &Settings, charsmap: &Charsmap<'_>) -> Value {
    charsmap.map_or(Value::Null, charsmap::normalizer)
}

fn metaspace(settings: &Settings) -> Value {
    let prefixed = settings.flag("add_prefix_space").unwrap_or(true);
    let scheme = if prefixed { "always" } else { "never" };
    json!({ "type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": true })
}

pub(super) fn pre_tokenizer(settings: &Settings) -> Value {
    json!({ "type": "Sequence", "pretokenizers": [{ "type": "WhitespaceSplit" }, metaspace(settings)] })
}

pub(super) fn decoder(settings: &Settings) -> Value {
    metaspace(settings)
}
