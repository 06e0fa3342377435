//! Tokenizer classes of `transformers`, one file each: special tokens, template and pipeline. `transformers` 5.24 is the
//! reference (`models/*/tokenization_*.py`, `convert_slow_tokenizer.py`). To add a class, add one file and one line here.

mod albert;
mod bert;
mod camembert;
mod deberta_v2;
mod gemma;
mod gpt2;
mod gpt_neox;
mod llama;
mod mpnet;
mod qwen2;
mod roberta;
mod xlm_roberta;

use serde_json::Value;

use crate::settings::{Settings, Stated};
use crate::sources::SentencePieces;
use crate::special::{Role, Token};

/// All classes.
pub(crate) const FAMILIES: [&Family; 12] = [
    &albert::ALBERT,
    &bert::BERT,
    &camembert::CAMEMBERT,
    &deberta_v2::DEBERTA_V2,
    &gemma::GEMMA,
    &gpt2::GPT2,
    &gpt_neox::GPT_NEOX,
    &llama::LLAMA,
    &mpnet::MPNET,
    &qwen2::QWEN2,
    &roberta::ROBERTA,
    &xlm_roberta::XLM_ROBERTA,
];

/// One tokenizer class.
#[derive(Debug)]
pub(crate) struct Family {
    /// Its name in `transformers`.
    pub(crate) class: &'static str,
    /// Classes that work alike.
    pub(crate) aliases: &'static [&'static str],
    /// Values of `model_type` in `config.json` whose models have this tokenizer.
    pub(crate) model_types: &'static [&'static str],
    /// The special tokens of models that name none.
    pub(crate) special: &'static [(Role, &'static str)],
    /// The mask token takes the blanks before it.
    pub(crate) mask_takes_blanks: bool,
    pub(crate) template: Template,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) normalizer: fn(&Settings, &Charsmap<'_>) -> Value,
    pub(crate) pre_tokenizer: fn(&Settings) -> Value,
    pub(crate) decoder: fn(&Settings) -> Value,
}

/// The normalization table of a sentencepiece model, if there is one.
pub(crate) type Charsmap<'a> = Option<&'a [u8]>;

/// Where special tokens are added to a text, and to a pair of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Template {
    /// `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`; types tell the second text from the first.
    Bert,
    /// `<s> A </s>` and `<s> A </s> </s> B </s>`, all of type 0. Offsets leave out the blanks of byte-level tokens.
    Roberta,
    /// The same tokens and types as `Roberta`, but with beginning and end of sequence, and offsets as they are.
    DoubleEnd,
    /// Beginning and end of sequence around each text, as far as `add_bos_token` and `add_eos_token` say so.
    BosEos,
}

/// The kind of vocabulary, and how it is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Vocabulary {
    WordPiece,
    /// Pairs of bytes, from `vocab.json` and `merges.txt`.
    BytePairs,
    /// Pairs of characters, from a sentencepiece model. `with_unknown`: the model names its unknown token.
    CharacterPairs {
        with_unknown: bool,
    },
    /// Pieces with scores, from a sentencepiece model.
    Unigram(fn(&SentencePieces, &Names<'_>) -> Pieces),
}

/// The vocabulary of a Unigram model.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pieces {
    pub(crate) pieces: Vec<(String, f64)>,
    pub(crate) unknown: usize,
}

/// The names of the special tokens of one tokenizer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a>(pub(crate) &'a [(Role, Token)]);

impl Names<'_> {
    /// The token of the role.
    pub(crate) fn of(&self, role: Role) -> Option<&str> {
        let (_, token) = self.0.iter().find(|(of, _)| *of == role)?;
        Some(&token.content)
    }
}

impl Family {
    /// The special tokens: those that the folder names, and the class's own for the other roles.
    pub(crate) fn special_tokens(&self, settings: &Settings) -> Vec<(Role, Token)> {
        let token = |role: Role| match settings.role(role) {
            Stated::Token(token) => Some((role, token.clone())),
            Stated::NoToken => None,
            Stated::Nothing => self.own(role).map(|token| (role, token)),
        };
        Role::ALL.into_iter().filter_map(token).collect()
    }

    fn own(&self, role: Role) -> Option<Token> {
        let (_, content) = self.special.iter().find(|(of, _)| *of == role)?;
        Some(Token {
            lstrip: role == Role::Mask && self.mask_takes_blanks,
            ..Token::special(content)
        })
    }

    /// True if the class is called so.
    pub(crate) fn is_called(&self, class: &str) -> bool {
        self.class == class || self.aliases.contains(&class)
    }
}

/// Why no class fits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownClass(pub(crate) String);

/// The class that reads a kind of vocabulary: the one that `tokenizer_config.json` names, else the one of the model's
/// type, else `usual`.
pub(crate) fn find(
    settings: &Settings,
    usual: &'static Family,
    fits: fn(&Vocabulary) -> bool,
) -> Result<&'static Family, UnknownClass> {
    let fitting = || FAMILIES.into_iter().filter(|family| fits(&family.vocabulary));
    let named = settings.class().filter(|class| !GENERIC.contains(class));
    if let Some(family) = named.and_then(|class| fitting().find(|family| family.is_called(class))) {
        return Ok(family);
    }
    let model_type = settings.model_type.as_deref();
    if let Some(family) = model_type.and_then(|name| fitting().find(|family| family.model_types.contains(&name))) {
        return Ok(family);
    }
    match named.or(model_type) {
        Some(name) => Err(UnknownClass(name.to_owned())),
        None => Ok(usual),
    }
}

/// Classes that say nothing about the pipeline.
const GENERIC: [&str; 4] = [
    "PreTrainedTokenizer",
    "PreTrainedTokenizerFast",
    "TokenizersBackend",
    "AutoTokenizer",
];

#[cfg(test)]
mod tests;
