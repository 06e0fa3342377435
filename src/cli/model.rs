//! A trained model and examples for it: what `predict` and `evaluate` share.

use std::path::Path;

use super::CliError;
use super::arguments::ModelInput;
use crate::finetune::data::{Chunk, Examples, TextStream, Tokenizer, builtin};
use crate::finetune::{Device, FineTuned, gpus};
use crate::objective::InputError;
use crate::report::Trained;

/// Texts longer than this are cut where nobody noted how the model was trained.
const DEFAULT_LENGTH: usize = 512;

/// Built-in data begins with this.
const BUILTIN: &str = "builtin:";

/// A model, and the examples that it is asked about.
pub(super) struct Asked {
    pub(super) model: FineTuned,
    source: Source,
}

enum Source {
    Texts(Box<TextStream>),
    /// Read at once, since they are inside the program.
    Builtin(Option<Examples>),
}

impl Asked {
    /// Loads the model and opens the data; `with_labels`: the data must have them.
    pub(super) fn open(input: &ModelInput, with_labels: bool) -> Result<Self, CliError> {
        let device = gpus().first().map_or(Device::Cpu, |gpu| gpu.device);
        let folder = &input.model;
        if !folder.join("config.json").is_file() {
            return Err(CliError::Usage(format!(
                "`{}` holds no model: `automl train best.yaml --out DIR` makes one",
                folder.display()
            )));
        }
        let model = FineTuned::load(folder, device).map_err(InputError::from)?;
        let source = match model.max_length() {
            Some(most) => Source::Texts(Box::new(texts(input, &model, most, with_labels)?)),
            None => Source::Builtin(Some(images(&input.data)?)),
        };
        Ok(Self { model, source })
    }

    /// The next examples, at most `count` if they come from a file; `None` after the last.
    pub(super) fn next(&mut self, count: usize) -> Result<Option<Chunk>, CliError> {
        match &mut self.source {
            Source::Texts(texts) => Ok(texts.next_chunk(count).map_err(InputError::from)?),
            Source::Builtin(examples) => Ok(examples.take().map(|examples| Chunk {
                lines: (1..=examples.len() as u64).collect(),
                examples,
            })),
        }
    }
}

fn texts(input: &ModelInput, model: &FineTuned, most: usize, with_labels: bool) -> Result<TextStream, CliError> {
    let trained = Trained::read(&input.model);
    let noted = trained.as_ref();
    let text = input.text.as_deref().or(noted.and_then(|notes| notes.text.as_deref()));
    let label = input
        .label
        .as_deref()
        .or(noted.and_then(|notes| notes.label.as_deref()));
    let length = noted
        .and_then(|notes| notes.max_length)
        .unwrap_or(DEFAULT_LENGTH)
        .min(most);
    let tokenizer = Tokenizer::from_folder(&input.model, length).map_err(InputError::from)?;
    let labels = with_labels.then(|| (label.unwrap_or("label"), model.labels().to_vec()));
    let data = Path::new(&input.data);
    Ok(TextStream::open(data, text.unwrap_or("text"), labels, tokenizer).map_err(InputError::from)?)
}

fn images(data: &str) -> Result<Examples, CliError> {
    let Some(name) = data.strip_prefix(BUILTIN) else {
        return Err(CliError::Usage(format!(
            "this is a model of images, which are not read from `{data}`: use `builtin:fashion-mini`"
        )));
    };
    Ok(builtin::load(name, None, None).map_err(InputError::from)?.validation)
}
