//! `AlbertTokenizer`: a Unigram model of sentencepiece behind BERT's special tokens (Lan et al. 2019).

use serde_json::{Value, json};

use super::{Charsmap, Family, Names, Pieces, Template, Vocabulary, xlm_roberta};
use crate::charsmap;
use crate::settings::Settings;
use crate::sources::SentencePieces;
use crate::special::Role;

pub(super) const ALBERT: Family = Family {
    class: "AlbertTokenizer",
    aliases: &[],
    model_types: &["albert"],
    special: &[
        (Role::Bos, "[CLS]"),
        (Role::Eos, "[SEP]"),
        (Role::Unk, "<unk>"),
        (Role::Sep, "[SEP]"),
        (Role::Pad, "<pad>"),
        (Role::Cls, "[CLS]"),
        (Role::Mask, "[MASK]"),
    ],
    mask_takes_blanks: false,
    template: Template::Bert,
    vocabulary: Vocabulary::Unigram(pieces),
    normalizer,
    pre_tokenizer: xlm_roberta::pre_tokenizer,
    decoder: xlm_roberta::decoder,
};

fn pieces(model: &SentencePieces, _: &Names<'_>) -> Pieces {
    Pieces {
        pieces: model.scored(),
        unknown: 1,
    }
}

fn normalizer(settings: &Settings, charsmap: &Charsmap<'_>) -> Value {
    let quote = |from: &str| json!({ "type": "Replace", "pattern": { "String": from }, "content": "\"" });
    let mut steps = vec![quote("``"), quote("''")];
    if !settings.flag("keep_accents").unwrap_or(false) {
        steps.extend([json!({ "type": "NFKD" }), json!({ "type": "StripAccents" })]);
    }
    if settings.flag("do_lower_case").unwrap_or(true) {
        steps.push(json!({ "type": "Lowercase" }));
    }
    steps.extend(charsmap.map(charsmap::normalizer));
    json!({ "type": "Sequence", "normalizers": steps })
}
