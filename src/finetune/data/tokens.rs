//! A table of texts as tokens that are not cut yet, for studies that search the maximum length.

use automl_tokenizer::Tokenized;

use super::encoder::TextEncoder;
use super::error::DataError;
use super::examples::{Dataset, Examples, Inputs};
use super::targets::Targets;
use crate::rng::Fingerprint;
use crate::tasks::TaskKind;

/// The tokens of all texts of a table, with their targets.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenTable {
    pub(super) task: TaskKind,
    pub(super) labels: Vec<String>,
    pub(super) train: Tokens,
    pub(super) validation: Tokens,
    pub(super) test: Option<Tokens>,
}

/// The tokens of a part of the texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    pub(super) texts: Vec<Tokenized>,
    pub(super) targets: Targets,
}

impl TokenTable {
    /// Cuts every text as the encoder says, and adds special tokens.
    ///
    /// # Errors
    /// As [`TextEncoder::encode`].
    pub fn cut(&self, encoder: &TextEncoder) -> Result<Dataset, DataError> {
        Ok(Dataset {
            task: self.task,
            train: self.train.cut(encoder)?,
            validation: self.validation.cut(encoder)?,
            test: self.test.as_ref().map(|test| test.cut(encoder)).transpose()?,
            labels: self.labels.clone(),
        })
    }

    /// The texts for training, for comparing trials, and for the final test.
    pub fn parts(&self) -> [Option<&Tokens>; 3] {
        [Some(&self.train), Some(&self.validation), self.test.as_ref()]
    }
}

impl Tokens {
    /// Adds all texts to a fingerprint, whole.
    pub fn add_to(&self, fingerprint: &mut Fingerprint) {
        for text in self.texts.iter().flat_map(Tokenized::texts) {
            fingerprint.number(text.len() as u64);
            for token in text {
                fingerprint.bytes(&token.to_le_bytes());
            }
        }
    }

    fn cut(&self, encoder: &TextEncoder) -> Result<Examples, DataError> {
        Ok(Examples {
            inputs: Inputs::Texts(encoder.cut(&self.texts)?),
            targets: self.targets.clone(),
        })
    }
}
