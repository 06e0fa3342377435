//! `CamembertTokenizer`: as XLM-RoBERTa's, with five pieces of fairseq in front (Martin et al. 2020).

use super::{Family, Names, Pieces, Template, Vocabulary, xlm_roberta};
use crate::sources::SentencePieces;
use crate::special::Role;

pub(super) const CAMEMBERT: Family = Family {
    class: "CamembertTokenizer",
    aliases: &[],
    model_types: &["camembert"],
    special: xlm_roberta::XLM_ROBERTA.special,
    mask_takes_blanks: true,
    template: Template::DoubleEnd,
    vocabulary: Vocabulary::Unigram(pieces),
    normalizer: xlm_roberta::normalizer,
    pre_tokenizer: xlm_roberta::pre_tokenizer,
    decoder: xlm_roberta::decoder,
};

/// The model's first piece, its own unknown, gives way to fairseq's pieces; the mask comes last.
fn pieces(model: &SentencePieces, names: &Names<'_>) -> Pieces {
    let name = |role, usual: &str| names.of(role).unwrap_or(usual).to_owned();
    let unknown = name(Role::Unk, "<unk>");
    let mut pieces = vec![
        ("<s>NOTUSED".to_owned(), 0.0),
        (name(Role::Pad, "<pad>"), 0.0),
        ("</s>NOTUSED".to_owned(), 0.0),
        (unknown.clone(), 0.0),
        ("<unk>NOTUSED".to_owned(), -100.0),
    ];
    pieces.extend(model.scored().into_iter().skip(1));
    pieces.push((name(Role::Mask, "<mask>"), 0.0));
    let position = pieces.iter().position(|(piece, _)| *piece == unknown);
    Pieces {
        unknown: position.unwrap_or(0),
        pieces,
    }
}
