//! A pretrained model's tokenizer.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use crate::encode::{EncodeOptions, Encoded, Input, Tokenized, cut_one, encode_one, tokenize_one};
use crate::error::TokenizerError;
use crate::families::{Family, Names};
use crate::growth;
use crate::pipeline::{Baked, Pipeline};
use crate::read::malformed;
use crate::settings::{Settings, Stated};
use crate::sources;
use crate::special::Role;
use crate::trial::try_first;
use crate::words::for_words;

/// The tokenizer of a pretrained model. Clones share everything.
#[derive(Clone, Debug)]
pub struct Tokenizer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The model's folder.
    folder: PathBuf,
    /// The file that errors name.
    path: PathBuf,
    settings: Settings,
    /// The class, if its pipeline was built here.
    family: Option<&'static Family>,
    pipeline: Arc<Pipeline>,
    /// The pipeline for words, made when first needed.
    for_words: OnceLock<Result<Arc<Pipeline>, String>>,
    keeps_end: bool,
    pad_id: u32,
    last_token: OnceLock<Option<(String, u32)>>,
    /// True if it has started to encode its first texts.
    is_tried: AtomicBool,
}

impl Tokenizer {
    /// Reads the tokenizer in a model's folder: `tokenizer.json` if it exists, else `vocab.txt`, `vocab.json` with
    /// `merges.txt`, or a sentencepiece model, whose pipeline depends on the class in `tokenizer_config.json` and the
    /// model's type in `config.json`. Truncation and padding that a file switches on are ignored.
    ///
    /// # Errors
    /// If the folder has no tokenizer, a file cannot be read or is malformed, the class is not supported, or the
    /// vocabulary lacks a special token that every text needs.
    pub fn from_folder(folder: &Path) -> Result<Self, TokenizerError> {
        let settings = Settings::read(folder)?;
        let description = sources::read(folder, &settings)?;
        let path = description.path;
        if let Some(growth) = growth::too_much(&description.content) {
            let message = format!("its normalizer can make a text {growth:.0} times as long");
            return Err(malformed(&path, message));
        }
        let (pipeline, baked) = Pipeline::read(&description.content).map_err(|message| malformed(&path, message))?;
        let side = settings
            .config
            .get("truncation_side")
            .and_then(serde_json::Value::as_str);
        Ok(Self(Arc::new(Inner {
            folder: folder.to_owned(),
            path,
            family: description.family,
            keeps_end: side.map_or(baked.keeps_end, |side| side == "left"),
            pad_id: pad_id(&settings, description.family, &pipeline, &baked),
            settings,
            pipeline: Arc::new(pipeline),
            for_words: OnceLock::new(),
            last_token: OnceLock::new(),
            is_tried: AtomicBool::new(false),
        })))
    }

    /// The files of each kind of tokenizer. A folder has a tokenizer if it has all files of one kind.
    pub fn sources() -> impl Iterator<Item = &'static [&'static str]> {
        sources::SOURCES.iter().map(|source| source.files)
    }

    /// The id of padding tokens; attention must mask them. Models without a padding token get the end of sequence.
    pub fn pad_id(&self) -> u32 {
        self.0.pad_id
    }

    /// The id of a token of the vocabulary.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.0.pipeline.inner().token_to_id(token)
    }

    /// The number of tokens in the vocabulary, with added ones.
    pub fn vocabulary_size(&self) -> usize {
        self.0.pipeline.inner().get_vocab_size(true)
    }

    /// The token with the largest id. The model's embedding table must have more rows than this id.
    pub fn last_token(&self) -> Option<(&str, u32)> {
        let find = || {
            let vocabulary = self.0.pipeline.inner().get_vocab(true).into_iter();
            vocabulary.max_by(|one, other| (one.1, &one.0).cmp(&(other.1, &other.0)))
        };
        let last = self.0.last_token.get_or_init(find).as_ref();
        last.map(|(token, id)| (token.as_str(), *id))
    }

    /// Checks that a model with `rows` embeddings knows all ids. Special tokens without a role, such as those for
    /// images in a model of texts, may lie beyond: no text has them.
    ///
    /// # Errors
    /// Returns [`TokenizerError::IdTooLarge`] with the token of the largest id, or with the special token that the
    /// template adds.
    pub fn check_rows(&self, rows: usize) -> Result<(), TokenizerError> {
        let last = self.last_token().map(|(token, id)| (token.to_owned(), id));
        let last = match last {
            Some((_, id)) if id as usize >= rows => self.last_in_use(),
            last => last,
        };
        // The template of a file may add any id, also one that is not in the vocabulary.
        let added = self.added_ids()?.into_iter().max();
        let added = added.map(|id| {
            let name = self.0.pipeline.inner().id_to_token(id);
            (name.unwrap_or_else(|| "added to every text".to_owned()), id)
        });
        let largest = last.into_iter().chain(added).max_by_key(|(_, id)| *id);
        match largest {
            Some((token, id)) if id as usize >= rows => Err(TokenizerError::IdTooLarge { token, id, rows }),
            _ => Ok(()),
        }
    }

    /// The number of special tokens that every text gets, or every pair of texts.
    pub fn special_tokens_added(&self, is_pair: bool) -> usize {
        self.0.pipeline.special_tokens(is_pair)
    }

    /// Encodes a batch. The results come in the order of the inputs and do not depend on the number of threads. Runs
    /// on the threads of the current `rayon` pool.
    ///
    /// # Errors
    /// Returns [`TokenizerError::MaxLength`], [`TokenizerError::Stride`] or [`TokenizerError::NoRoom`] if the options
    /// leave no room for a text, and [`TokenizerError::Tokenize`] if the tokenizer fails on a text, or takes more than
    /// half a minute for the first few.
    pub fn encode(&self, inputs: &[Input<'_>], options: &EncodeOptions) -> Result<Vec<Encoded>, TokenizerError> {
        self.check_room(inputs.iter().map(Input::has_second), options)?;
        self.try_first(inputs)?;
        let encode = |(index, input)| {
            let pipeline = self.pipeline_for(input)?;
            encode_one(&pipeline, self.0.keeps_end, (index, input), options)
        };
        let encoded: Vec<Result<Encoded, TokenizerError>> = inputs.par_iter().enumerate().map(encode).collect();
        encoded.into_iter().collect()
    }

    /// The tokens of a batch, for [`Self::cut`]. Runs on the threads of the current `rayon` pool.
    ///
    /// # Errors
    /// Returns [`TokenizerError::Tokenize`] as [`Self::encode`] does.
    pub fn tokenize(&self, inputs: &[Input<'_>]) -> Result<Vec<Tokenized>, TokenizerError> {
        self.try_first(inputs)?;
        let tokenize = |input| tokenize_one(self.pipeline_for(input)?.as_ref(), input);
        let tokenized: Vec<Result<Tokenized, TokenizerError>> = inputs.par_iter().map(tokenize).collect();
        tokenized.into_iter().collect()
    }

    /// Cuts tokens as the options say. The windows are those that [`Self::encode`] gives for texts or pairs without
    /// origins. Runs on the threads of the current `rayon` pool.
    ///
    /// # Errors
    /// As [`Self::encode`] if the options leave no room for a text.
    pub fn cut(&self, inputs: &[Tokenized], options: &EncodeOptions) -> Result<Vec<Encoded>, TokenizerError> {
        self.check_room(inputs.iter().map(Tokenized::has_second), options)?;
        let cut = |(index, input)| cut_one(&self.0.pipeline, self.0.keeps_end, (index, input), options);
        let cut: Vec<Result<Encoded, TokenizerError>> = inputs.par_iter().enumerate().map(cut).collect();
        cut.into_iter().collect()
    }

    /// Checks that special tokens leave room for a text; `are_pairs` says of every input whether it has a second text.
    fn check_room(&self, are_pairs: impl Iterator<Item = bool>, options: &EncodeOptions) -> Result<(), TokenizerError> {
        let special = are_pairs.map(|is_pair| self.special_tokens_added(is_pair)).max();
        match special {
            Some(special) if options.max_length <= special => Err(TokenizerError::MaxLength {
                max_length: options.max_length,
                least: special + 1,
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Tries the first texts under a time limit, once.
    fn try_first(&self, inputs: &[Input<'_>]) -> Result<(), TokenizerError> {
        match inputs.first() {
            Some(first) if !self.0.is_tried.swap(true, Ordering::Relaxed) => {
                try_first(&self.pipeline_for(first)?, inputs)
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl Tokenizer {
    pub(crate) fn folder(&self) -> &Path {
        &self.0.folder
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn family(&self) -> Option<&'static Family> {
        self.0.family
    }

    pub(crate) fn pipeline(&self) -> &Pipeline {
        &self.0.pipeline
    }

    fn pipeline_for(&self, input: &Input<'_>) -> Result<Arc<Pipeline>, TokenizerError> {
        match input {
            Input::Text(_) | Input::Pair(_, _) => Ok(Arc::clone(&self.0.pipeline)),
            Input::Words(_) => {
                let made = self.0.for_words.get_or_init(|| self.make_for_words());
                made.clone().map_err(|message| TokenizerError::Tokenize { message })
            }
        }
    }

    /// The token with the largest id that is no special token without a role.
    fn last_in_use(&self) -> Option<(String, u32)> {
        let Inner {
            pipeline,
            settings,
            family,
            ..
        } = &*self.0;
        let own = family.map(|family| family.special_tokens(settings)).unwrap_or_default();
        let is_named = |content: &str| {
            let is_stated = |role| matches!(settings.role(role), Stated::Token(token) if token.content == content);
            own.iter().any(|(_, token)| token.content == content) || Role::ALL.into_iter().any(is_stated)
        };
        let added = pipeline.inner().get_added_tokens_decoder();
        let is_spare = |id: u32| {
            added
                .get(&id)
                .is_some_and(|token| token.special && !is_named(&token.content))
        };
        let vocabulary = pipeline.inner().get_vocab(true).into_iter();
        let in_use = vocabulary.filter(|(_, id)| !is_spare(*id));
        in_use.max_by(|one, other| (one.1, &one.0).cmp(&(other.1, &other.0)))
    }

    fn make_for_words(&self) -> Result<Arc<Pipeline>, String> {
        match for_words(&self.0.pipeline.content()?) {
            None => Ok(Arc::clone(&self.0.pipeline)),
            Some(content) => Ok(Arc::new(Pipeline::read(content.as_bytes())?.0)),
        }
    }

    /// The ids that are added to a text and to a pair.
    fn added_ids(&self) -> Result<Vec<u32>, TokenizerError> {
        let pipeline = &self.0.pipeline;
        let empty = || pipeline.tokens("", false);
        let both = || {
            let single = pipeline.finish(empty()?, None)?;
            let pair = pipeline.finish(empty()?, Some(empty()?))?;
            Ok([single.get_ids(), pair.get_ids()].concat())
        };
        both().map_err(|message: String| malformed(&self.0.path, message))
    }
}

/// The padding token that the folder names, else the one that the file pads with, else a token that is called so, else
/// what the model's configuration says, else the end of sequence.
fn pad_id(settings: &Settings, family: Option<&'static Family>, pipeline: &Pipeline, baked: &Baked) -> u32 {
    let id = |token: &str| pipeline.inner().token_to_id(token);
    let special = family.map(|family| family.special_tokens(settings));
    let named = |role: Role| match (&special, settings.role(role)) {
        (Some(special), _) => Names(special).of(role).and_then(id),
        (None, Stated::Token(token)) => id(&token.content),
        (None, Stated::Nothing | Stated::NoToken) => None,
    };
    named(Role::Pad)
        .or(baked.pad_id)
        .or_else(|| ["[PAD]", "<pad>"].into_iter().find_map(id))
        .or(settings.model_pad_id)
        .or_else(|| named(Role::Eos))
        .unwrap_or(0)
}
