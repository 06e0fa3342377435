//! Models of the sentencepiece library (Kudo and Richardson 2018; `sentencepiece_model.proto`). The families call the
//! file by different names.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Value, json};

use super::Source;
use super::protobuf::{Broken, Field, fields};
use super::word_pieces::family;
use crate::description::{Description, Parts};
use crate::error::TokenizerError;
use crate::families::{Family, Names, Pieces, Vocabulary};
use crate::read::{bytes, malformed};
use crate::settings::Settings;
use crate::special::Token;

pub(super) const ALBERT: Source = Source {
    files: &["spiece.model"],
    read: |folder, settings| read(&folder.join("spiece.model"), settings, "AlbertTokenizer"),
};
pub(super) const DEBERTA_V2: Source = Source {
    files: &["spm.model"],
    read: |folder, settings| read(&folder.join("spm.model"), settings, "DebertaV2Tokenizer"),
};
pub(super) const XLM_ROBERTA: Source = Source {
    files: &["sentencepiece.bpe.model"],
    read: |folder, settings| read(&folder.join("sentencepiece.bpe.model"), settings, "XLMRobertaTokenizer"),
};
pub(super) const LLAMA: Source = Source {
    files: &["tokenizer.model"],
    read: |folder, settings| read(&folder.join("tokenizer.model"), settings, "LlamaTokenizer"),
};

/// The longest piece in bytes. Sentencepiece makes pieces of 16 characters unless it is told otherwise.
const LONGEST: usize = 4096;

/// A sentencepiece model, as far as tokenizers need it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SentencePieces {
    pieces: Vec<Piece>,
    /// The id of the unknown piece.
    pub(crate) unknown: usize,
    is_unigram: bool,
    charsmap: Option<Vec<u8>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Piece {
    text: String,
    score: f32,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Normal,
    /// Stands for no text, such as the end of a sentence.
    Control,
    /// Kept whole wherever it occurs.
    UserDefined,
}

fn read(path: &Path, settings: &Settings, usual: &str) -> Result<Description, TokenizerError> {
    let fits =
        |vocabulary: &Vocabulary| matches!(vocabulary, Vocabulary::Unigram(_) | Vocabulary::CharacterPairs { .. });
    let family = family(path, settings, usual, fits)?;
    let model = parse(&bytes(path)?).map_err(|message| malformed(path, message))?;
    describe(path, family, settings, &model)
}

fn describe(
    path: &Path,
    family: &'static Family,
    settings: &Settings,
    model: &SentencePieces,
) -> Result<Description, TokenizerError> {
    let special = family.special_tokens(settings);
    let names = Names(&special);
    let (content, ids) = match family.vocabulary {
        Vocabulary::Unigram(pieces) => unigram(pieces(model, &names)),
        Vocabulary::CharacterPairs { with_unknown } if !model.is_unigram => {
            let unknown = with_unknown.then(|| names.of(crate::special::Role::Unk)).flatten();
            model.pairs(unknown)
        }
        Vocabulary::CharacterPairs { .. } | Vocabulary::WordPiece | Vocabulary::BytePairs => {
            let message = format!("it is a unigram model, but a {} merges pairs", family.class);
            return Err(malformed(path, message));
        }
    };
    let parts = Parts {
        path,
        family,
        settings,
        special: &special,
        model: content,
        size: ids.len(),
        charsmap: model.charsmap.as_deref(),
        whole: model.whole(),
    };
    parts.describe(|token| ids.get(token).copied())
}

/// The model and the ids of its tokens.
fn unigram(Pieces { pieces, unknown }: Pieces) -> (Value, HashMap<String, u32>) {
    let ids = pieces.iter().map(|(piece, _)| piece.clone()).zip(0..).collect();
    let model = json!({ "type": "Unigram", "unk_id": unknown, "vocab": pieces, "byte_fallback": false });
    (model, ids)
}

impl SentencePieces {
    /// The pieces with their scores.
    pub(crate) fn scored(&self) -> Vec<(String, f64)> {
        self.pieces
            .iter()
            .map(|piece| (piece.text.clone(), f64::from(piece.score)))
            .collect()
    }

    /// The pieces that are found in a text before the model sees it.
    fn whole(&self) -> Vec<Token> {
        let kept = self.pieces.iter().filter(|piece| piece.kind != Kind::Normal);
        kept.map(|piece| Token {
            special: piece.kind == Kind::Control,
            ..Token::special(&piece.text)
        })
        .collect()
    }

    /// The model that merges pairs, and the ids of its tokens.
    fn pairs(&self, unknown: Option<&str>) -> (Value, HashMap<String, u32>) {
        let ids: HashMap<String, u32> = self.pieces.iter().map(|piece| piece.text.clone()).zip(0..).collect();
        let model = json!({
            "type": "BPE",
            "dropout": null,
            "unk_token": unknown,
            "continuing_subword_prefix": null,
            "end_of_word_suffix": null,
            "fuse_unk": true,
            "byte_fallback": true,
            "ignore_merges": false,
            "vocab": ids,
            "merges": merges(&ids),
        });
        (model, ids)
    }
}

/// All ways to make a token out of two others. A merge is as important as the token's id is low, then as its left part
/// is short (`transformers`' `generate_merges`).
fn merges(ids: &HashMap<String, u32>) -> Vec<(&str, &str)> {
    let mut merges = Vec::new();
    for (token, id) in ids {
        for (middle, _) in token.char_indices().skip(1) {
            let (left, right) = token.split_at(middle);
            if ids.contains_key(left) && ids.contains_key(right) {
                merges.push((id, left, right));
            }
        }
    }
    merges.sort_unstable_by_key(|(id, left, _)| (**id, left.len()));
    merges.into_iter().map(|(_, left, right)| (left, right)).collect()
}

/// Reads a `ModelProto`.
fn parse(content: &[u8]) -> Result<SentencePieces, String> {
    const BROKEN: &str = "not a sentencepiece model, or cut short";
    let broken = |_: Broken| BROKEN.to_owned();
    let mut model = SentencePieces {
        is_unigram: true,
        ..SentencePieces::default()
    };
    for field in fields(content) {
        match field.map_err(broken)? {
            (1, Field::Bytes(message)) => {
                let number = model.pieces.len();
                model
                    .pieces
                    .push(piece(message).map_err(|fault| format!("piece {number} {fault}"))?);
            }
            (2, Field::Bytes(message)) => model.read_trainer(message).map_err(broken)?,
            (3, Field::Bytes(message)) => model.read_normalizer(message).map_err(broken)?,
            _ => {}
        }
    }
    if model.pieces.is_empty() {
        return Err(BROKEN.to_owned());
    }
    Ok(model)
}

/// Reads a `SentencePiece`.
fn piece(message: &[u8]) -> Result<Piece, String> {
    let mut piece = Piece::default();
    for field in fields(message) {
        match field.map_err(|_| "is cut short")? {
            (1, Field::Bytes(text)) => {
                String::from_utf8(text.to_vec())
                    .map_err(|_| "is not valid UTF-8")?
                    .clone_into(&mut piece.text);
            }
            (2, Field::Float(score)) => piece.score = score,
            (3, Field::Number(3)) => piece.kind = Kind::Control,
            (3, Field::Number(4)) => piece.kind = Kind::UserDefined,
            _ => {}
        }
    }
    match &piece {
        Piece { text, .. } if text.is_empty() => Err("is empty".to_owned()),
        Piece { text, .. } if text.len() > LONGEST => Err(format!("has more than {LONGEST} bytes")),
        Piece { score, .. } if !score.is_finite() => Err(format!("has the score {score}")),
        _ => Ok(piece),
    }
}

impl SentencePieces {
    /// Reads a `TrainerSpec`.
    fn read_trainer(&mut self, message: &[u8]) -> Result<(), Broken> {
        for field in fields(message) {
            match field? {
                (3, Field::Number(kind)) => self.is_unigram = kind == 1,
                (40, Field::Number(id)) => self.unknown = id as usize,
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads a `NormalizerSpec`.
    fn read_normalizer(&mut self, message: &[u8]) -> Result<(), Broken> {
        for field in fields(message) {
            if let (2, Field::Bytes(table)) = field?
                && !table.is_empty()
            {
                self.charsmap = Some(table.to_vec());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
