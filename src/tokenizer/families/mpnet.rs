//! `MPNetTokenizer`: BERT's pieces with `RoBERTa`'s special tokens, but unknown is `[UNK]`.

use super::{Family, Template, Vocabulary, bert};
use crate::special::Role;

pub(super) const MPNET: Family = Family {
    class: "MPNetTokenizer",
    aliases: &[],
    model_types: &["mpnet"],
    special: &[
        (Role::Bos, "<s>"),
        (Role::Eos, "</s>"),
        (Role::Unk, "[UNK]"),
        (Role::Sep, "</s>"),
        (Role::Pad, "<pad>"),
        (Role::Cls, "<s>"),
        (Role::Mask, "<mask>"),
    ],
    mask_takes_blanks: true,
    template: Template::Roberta,
    vocabulary: Vocabulary::WordPiece,
    normalizer: bert::normalizer,
    pre_tokenizer: bert::pre_tokenizer,
    decoder: bert::decoder,
};
