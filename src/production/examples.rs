//! A trained model and examples for it, as used by prediction and evaluation.

use std::path::{Path, PathBuf};

use super::sources::{self, Chunk, Opening, Source};
use super::{ProductionError, Trained};
use crate::finetune::data::{Missing, Source as Files};
use crate::finetune::{Device, FineTuned, gpus, start_threads};
use crate::metrics::Task as TaskKind;
use crate::objective::{InputError, load_fine_tuned};
use crate::spec::Reading;

/// Folder of a model, and the columns of its data.
#[derive(Clone, Debug)]
pub struct ModelFolder {
    /// The model's folder.
    pub folder: PathBuf,
    /// Columns of the texts, two for pairs; if there are none, those of the training data.
    pub text: Vec<String>,
    /// Columns of the labels; if there are none, those of the training data.
    pub label: Vec<String>,
    /// How the files are written, as far as it is said.
    pub reading: Reading,
}

/// The examples that a model is applied to.
pub enum Question<'a> {
    /// The texts of a table, or built-in images. Labels are ignored.
    Unlabelled {
        /// The file, `-` or the built-in data set.
        data: &'a str,
        /// Columns whose values are kept.
        keep: &'a [String],
    },
    /// A table or built-in images with labels.
    Labelled(&'a str),
    /// Records in memory, without labels.
    Records(&'a Files),
    /// Texts from the command line. A model of pairs takes them two by two.
    Texts(&'a [String]),
}

/// A model and the examples that it is applied to.
pub struct Asked {
    /// The model.
    pub model: FineTuned,
    /// True if the model may say that a question has no answer.
    pub allows_no_answer: bool,
    source: Box<dyn Source>,
}

/// A model with the notes of its training.
pub(super) struct Loaded {
    pub(super) model: FineTuned,
    /// The folder with the tokenizer.
    tokenizer: PathBuf,
    pub(super) notes: Option<Trained>,
    pub(super) allows_no_answer: bool,
}

impl Loaded {
    /// Loads a model from its folder.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn open(folder: &Path) -> Result<Self, ProductionError> {
        let device = gpus().first().map_or(Device::Cpu, |gpu| gpu.device);
        if !["config.json", "adapter_config.json"]
            .iter()
            .any(|name| folder.join(name).is_file())
        {
            return Err(ProductionError::Usage(format!(
                "`{}` holds no model: `automl train best.yaml --out DIR` makes one",
                folder.display()
            )));
        }
        start_threads().map_err(InputError::from)?;
        let (model, tokenizer) = load_fine_tuned(folder, device)?;
        let notes = Trained::read(folder);
        let model = model
            .for_pictures()
            .map_err(|error| ProductionError::Usage(format!("`{}`: {error}", folder.display())))?;
        let model = match thresholds(notes.as_ref(), &model) {
            Some(thresholds) => model.with_thresholds(thresholds),
            None => model,
        };
        Ok(Self {
            model,
            tokenizer,
            allows_no_answer: notes.as_ref().is_some_and(|notes| notes.no_answers),
            notes,
        })
    }

    /// A question about examples.
    pub(super) fn opening<'a>(&'a self, input: &'a ModelFolder, question: &'a Question<'a>) -> Opening<'a> {
        Opening {
            model: &self.model,
            tokenizer: &self.tokenizer,
            notes: self.notes.as_ref(),
            input,
            question,
            encoder: None,
        }
    }
}

impl Asked {
    /// Loads the model and opens the data.
    ///
    /// # Errors
    /// If one of them cannot be read, or if they do not fit each other.
    pub fn open(input: &ModelFolder, question: &Question<'_>) -> Result<Self, ProductionError> {
        let loaded = Loaded::open(&input.folder)?;
        let source = sources::open(&loaded.opening(input, question))?;
        Ok(Self {
            model: loaded.model,
            allows_no_answer: loaded.allows_no_answer,
            source,
        })
    }

    /// The columns of the data that predictions repeat: the kept columns and the texts.
    pub fn repeated(&self) -> Vec<String> {
        self.source.repeated()
    }

    /// The rows that were left out until now because their label or text is missing.
    pub fn missing(&self) -> Missing {
        self.source.missing()
    }

    /// The next examples, at most `count` if they come from a file; `None` after the last.
    ///
    /// # Errors
    /// If the data cannot be read further.
    pub fn next(&mut self, count: usize) -> Result<Option<Chunk>, ProductionError> {
        Ok(self.source.next(count)?)
    }
}

/// The thresholds of a model of several labels, in their order.
fn thresholds(trained: Option<&Trained>, model: &FineTuned) -> Option<Vec<f64>> {
    let noted = &trained?.thresholds;
    if noted.is_empty() || model.task().kind() != TaskKind::MultiLabel {
        return None;
    }
    let labels = model.labels().iter();
    Some(labels.map(|label| noted.get(label).copied().unwrap_or(0.5)).collect())
}
