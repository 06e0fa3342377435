//! A trained model and examples for it: what `predict` and `evaluate` share.

use std::path::Path;

use super::CliError;
use super::arguments::ModelInput;
use crate::finetune::data::{Chunk, Examples, TextStream, Tokenizer, builtin};
use crate::finetune::{Device, FineTuned, gpus, start_threads};
use crate::objective::InputError;
use crate::report::Trained;

/// Texts longer than this are cut where nobody noted how the model was trained.
const DEFAULT_LENGTH: usize = 512;

/// Built-in data begins with this.
const BUILTIN: &str = "builtin:";

/// The examples that a model is asked about.
pub(super) enum Question<'a> {
    /// The texts of a table, or built-in images; the values of these columns are kept, and labels are not looked at.
    Unlabelled { data: &'a str, keep: &'a [String] },
    /// The same with labels.
    Labelled(&'a str),
    /// Texts of the command line.
    Texts(&'a [String]),
}

/// A model, and the examples that it is asked about.
pub(super) struct Asked {
    pub(super) model: FineTuned,
    source: Source,
    /// The column of the texts.
    text: String,
}

enum Source {
    Texts(Box<TextStream>),
    /// Read at once, since they are inside the program.
    Builtin(Option<Examples>),
}

impl Asked {
    /// Loads the model and opens the data.
    pub(super) fn open(input: &ModelInput, question: &Question<'_>) -> Result<Self, CliError> {
        let device = gpus().first().map_or(Device::Cpu, |gpu| gpu.device);
        let folder = &input.model;
        if !folder.join("config.json").is_file() {
            return Err(CliError::Usage(format!(
                "`{}` holds no model: `automl train best.yaml --out DIR` makes one",
                folder.display()
            )));
        }
        start_threads().map_err(InputError::from)?;
        let model = FineTuned::load(folder, device).map_err(InputError::from)?;
        let trained = Trained::read(folder);
        let noted = trained.as_ref();
        let text = input.text.as_deref().or(noted.and_then(|notes| notes.text.as_deref()));
        let label = input
            .label
            .as_deref()
            .or(noted.and_then(|notes| notes.label.as_deref()));
        let text = text.unwrap_or("text").to_owned();
        let source = match model.max_length() {
            Some(most) => {
                let length = noted
                    .and_then(|notes| notes.max_length)
                    .unwrap_or(DEFAULT_LENGTH)
                    .min(most);
                let columns = (text.as_str(), label.unwrap_or("label"));
                // A named column means a table.
                let keeps = matches!(question, Question::Unlabelled { keep, .. } if !keep.is_empty());
                let has_header = input.text.is_some() || keeps;
                Source::Texts(Box::new(texts(folder, &model, length, columns, has_header, question)?))
            }
            None => Source::Builtin(Some(images(question)?)),
        };
        Ok(Self { model, source, text })
    }

    /// The columns of the data that predictions repeat: those that tell which row is which, and the texts themselves.
    pub(super) fn repeated(&self) -> Vec<String> {
        match &self.source {
            Source::Texts(texts) => texts.kept().iter().chain([&self.text]).cloned().collect(),
            Source::Builtin(_) => Vec::new(),
        }
    }

    /// The next examples, at most `count` if they come from a file; `None` after the last.
    pub(super) fn next(&mut self, count: usize) -> Result<Option<Chunk>, CliError> {
        match &mut self.source {
            Source::Texts(texts) => Ok(texts.next_chunk(count).map_err(InputError::from)?),
            Source::Builtin(examples) => Ok(examples.take().map(|examples| Chunk {
                lines: (1..=examples.len() as u64).collect(),
                texts: Vec::new(),
                kept: Vec::new(),
                unknown: Vec::new(),
                examples,
            })),
        }
    }
}

fn texts(
    folder: &Path,
    model: &FineTuned,
    length: usize,
    (text, label): (&str, &str),
    has_header: bool,
    question: &Question<'_>,
) -> Result<TextStream, CliError> {
    let tokenizer = Tokenizer::from_folder(folder, length).map_err(InputError::from)?;
    let open = |data: &str, labels| {
        let stream = TextStream::open(Path::new(data), text, labels, has_header, tokenizer.clone());
        stream.map_err(InputError::from)
    };
    Ok(match question {
        Question::Texts(texts) => TextStream::of_texts(texts.to_vec(), tokenizer),
        Question::Labelled(data) => open(data, Some((label, model.labels().to_vec())))?,
        Question::Unlabelled { data, keep } => {
            let mut stream = open(data, None)?;
            stream.keep(keep).map_err(InputError::from)?;
            stream
        }
    })
}

fn images(question: &Question<'_>) -> Result<Examples, CliError> {
    let data = match question {
        Question::Unlabelled { data, .. } | Question::Labelled(data) => data,
        Question::Texts(_) => {
            return Err(CliError::Usage(
                "this is a model of images: it has no answer to a text".into(),
            ));
        }
    };
    let Some(name) = data.strip_prefix(BUILTIN) else {
        return Err(CliError::Usage(format!(
            "this is a model of images, which are not read from `{data}`: use `builtin:fashion-mini`"
        )));
    };
    Ok(builtin::load(name, None, None).map_err(InputError::from)?.validation)
}
