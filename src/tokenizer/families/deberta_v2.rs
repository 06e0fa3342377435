//! `DebertaV2Tokenizer`: a Unigram model of sentencepiece behind BERT's special tokens (He et al. 2021). As in
//! `transformers` 5, the model's own normalization table is left out; the sentencepiece library would apply it.

use serde_json::{Value, json};

use super::{Charsmap, Family, Names, Pieces, Template, Vocabulary};
use crate::settings::Settings;
use crate::sources::SentencePieces;
use crate::special::Role;

pub(super) const DEBERTA_V2: Family = Family {
    class: "DebertaV2Tokenizer",
    aliases: &[],
    model_types: &["deberta-v2"],
    special: &[
        (Role::Bos, "[CLS]"),
        (Role::Eos, "[SEP]"),
        (Role::Unk, "[UNK]"),
        (Role::Sep, "[SEP]"),
        (Role::Pad, "[PAD]"),
        (Role::Cls, "[CLS]"),
        (Role::Mask, "[MASK]"),
    ],
    mask_takes_blanks: false,
    template: Template::Bert,
    vocabulary: Vocabulary::Unigram(pieces),
    normalizer,
    pre_tokenizer,
    decoder,
};

/// Unknown is the piece with the unknown token's name and the score 0, else the one that the model names.
fn pieces(model: &SentencePieces, names: &Names<'_>) -> Pieces {
    let pieces = model.scored();
    let unknown = names.of(Role::Unk);
    let position = pieces
        .iter()
        .position(|(piece, score)| Some(piece.as_str()) == unknown && *score == 0.0);
    Pieces {
        unknown: position.unwrap_or(model.unknown),
        pieces,
    }
}

fn normalizer(settings: &Settings, _: &Charsmap<'_>) -> Value {
    let lower = settings.flag("do_lower_case").unwrap_or(false);
    let mut steps: Vec<Value> = lower.then(|| json!({ "type": "Lowercase" })).into_iter().collect();
    steps.extend([
        json!({ "type": "Replace", "pattern": { "Regex": r"\s{2,}|[\n\r\t]" }, "content": " " }),
        json!({ "type": "NFC" }),
        json!({ "type": "Strip", "strip_left": false, "strip_right": true }),
    ]);
    json!({ "type": "Sequence", "normalizers": steps })
}

/// How the class calls the blanks before words.
fn scheme(settings: &Settings) -> &'static str {
    if settings.flag("add_prefix_space").unwrap_or(true) {
        "always"
    } else {
        "first"
    }
}

fn pre_tokenizer(settings: &Settings) -> Value {
    let punctuation = settings.flag("split_by_punct").unwrap_or(false);
    let punctuation = punctuation.then(|| json!({ "type": "Punctuation", "behavior": "Isolated" }));
    let mut steps: Vec<Value> = punctuation.into_iter().collect();
    steps.push(json!({ "type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme(settings), "split": true }));
    json!({ "type": "Sequence", "pretokenizers": steps })
}

fn decoder(settings: &Settings) -> Value {
    json!({ "type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme(settings), "split": true })
}
