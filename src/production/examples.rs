//! A trained model and examples for it, as used by prediction and evaluation.

use std::path::{Path, PathBuf};

use super::{ProductionError, Trained};
use crate::finetune::data::{
    Chunk, EncoderOptions, Examples, KnownLabels, LabelKind, RawText, TextColumns, TextEncoder, TextStream, builtin,
};
use crate::finetune::{Device, FineTuned, gpus, start_threads};
use crate::metrics::Task as TaskKind;
use crate::objective::{InputError, truncation_of};

/// Maximum text length in tokens if the notes of the model are missing.
const DEFAULT_LENGTH: usize = 512;

/// Prefix of built-in data.
const BUILTIN: &str = "builtin:";

/// Folder of a model, and the columns of its data.
#[derive(Clone, Debug)]
pub struct ModelFolder {
    /// The model's folder.
    pub folder: PathBuf,
    /// Columns of the texts, two for pairs; if there are none, those of the training data.
    pub text: Vec<String>,
    /// Column of the labels; by default that of the training data.
    pub label: Option<String>,
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
    /// Texts from the command line. A model of pairs takes them two by two.
    Texts(&'a [String]),
}

/// A model and the examples that it is applied to.
pub struct Asked {
    /// The model.
    pub model: FineTuned,
    source: Source,
    /// Columns of the texts.
    text: TextColumns,
}

enum Source {
    Texts(Box<TextStream>),
    /// Loaded completely, because the data is part of the program.
    Builtin(Option<Examples>),
}

impl Asked {
    /// Loads the model and opens the data.
    ///
    /// # Errors
    /// If one of them cannot be read, or if they do not fit each other.
    pub fn open(input: &ModelFolder, question: &Question<'_>) -> Result<Self, ProductionError> {
        let device = gpus().first().map_or(Device::Cpu, |gpu| gpu.device);
        let folder = &input.folder;
        if !folder.join("config.json").is_file() {
            return Err(ProductionError::Usage(format!(
                "`{}` holds no model: `automl train best.yaml --out DIR` makes one",
                folder.display()
            )));
        }
        start_threads().map_err(InputError::from)?;
        let model = FineTuned::load(folder, device).map_err(InputError::from)?;
        let trained = Trained::read(folder);
        let model = match thresholds(trained.as_ref(), &model) {
            Some(thresholds) => model.with_thresholds(thresholds),
            None => model,
        };
        let noted = trained.as_ref();
        let noted_text = noted.map(Trained::columns).unwrap_or_default();
        let text = match (input.text.as_slice(), noted_text.as_slice()) {
            ([], []) => TextColumns::one("text"),
            ([], names) | (names, _) => TextColumns::new(names).map_err(InputError::from)?,
        };
        let label = input
            .label
            .as_deref()
            .or(noted.and_then(|notes| notes.label.as_deref()));
        let source = match model.max_length() {
            Some(most) => {
                let length = noted
                    .and_then(|notes| notes.max_length)
                    .unwrap_or(DEFAULT_LENGTH)
                    .min(most);
                let encoder = EncoderOptions {
                    max_length: length,
                    truncation: truncation_of(noted.map(|notes| notes.truncation).unwrap_or_default()),
                    is_pair: text.is_pair(),
                    token_types: model.token_types(),
                };
                let columns = (&text, label.unwrap_or("label"));
                // Selecting a column means that the data is a table.
                let keeps = matches!(question, Question::Unlabelled { keep, .. } if !keep.is_empty());
                let has_header = !input.text.is_empty() || keeps;
                Source::Texts(Box::new(texts(folder, &model, encoder, columns, has_header, question)?))
            }
            None => Source::Builtin(Some(images(question)?)),
        };
        Ok(Self { model, source, text })
    }

    /// The columns of the data that predictions repeat: the kept columns and the texts.
    pub fn repeated(&self) -> Vec<String> {
        match &self.source {
            Source::Texts(texts) => {
                let kept = texts.kept().iter().map(String::as_str);
                kept.chain(self.text.names()).map(str::to_owned).collect()
            }
            Source::Builtin(_) => Vec::new(),
        }
    }

    /// The next examples, at most `count` if they come from a file; `None` after the last.
    ///
    /// # Errors
    /// If the data cannot be read further.
    pub fn next(&mut self, count: usize) -> Result<Option<Chunk>, ProductionError> {
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
    encoder: EncoderOptions,
    (text, label): (&TextColumns, &str),
    has_header: bool,
    question: &Question<'_>,
) -> Result<TextStream, ProductionError> {
    let encoder = TextEncoder::from_folder(folder, encoder).map_err(InputError::from)?;
    let open = |data: &str, labels| {
        let stream = TextStream::open(Path::new(data), text, labels, has_header, encoder.clone());
        stream.map_err(InputError::from)
    };
    Ok(match question {
        Question::Texts(texts) => TextStream::of_texts(given_texts(texts, text)?, encoder),
        Question::Labelled(data) => open(
            data,
            Some(KnownLabels {
                column: label.to_owned(),
                names: model.labels().to_vec(),
                kind: label_kind(model, folder),
            }),
        )?,
        Question::Unlabelled { data, keep } => {
            let mut stream = open(data, None)?;
            stream.keep(keep).map_err(InputError::from)?;
            stream
        }
    })
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

/// The kind of labels that a model was trained on.
fn label_kind(model: &FineTuned, folder: &Path) -> LabelKind {
    match model.task().kind() {
        TaskKind::MultiLabel => LabelKind::Several {
            separator: Trained::read(folder)
                .and_then(|notes| notes.multi_label)
                .unwrap_or_else(|| ";".to_owned()),
        },
        TaskKind::Regression => LabelKind::Number,
        _ => LabelKind::Class,
    }
}

/// The texts of the command line, two by two for a model of pairs.
fn given_texts(texts: &[String], columns: &TextColumns) -> Result<Vec<RawText>, ProductionError> {
    let Some(second) = columns.second() else {
        return Ok(texts.iter().cloned().map(RawText::from).collect());
    };
    let (pairs, rest) = texts.as_chunks();
    if !rest.is_empty() {
        return Err(ProductionError::Usage(format!(
            "this is a model of pairs of texts: give `--text` twice for every pair, with the `{}` and the `{second}`",
            columns.first()
        )));
    }
    let pair = |[first, second]: &[String; 2]| RawText {
        first: first.clone(),
        second: Some(second.clone()),
    };
    Ok(pairs.iter().map(pair).collect())
}

fn images(question: &Question<'_>) -> Result<Examples, ProductionError> {
    let data = match question {
        Question::Unlabelled { data, .. } | Question::Labelled(data) => data,
        Question::Texts(_) => {
            return Err(ProductionError::Usage(
                "this is a model of images: it has no answer to a text".into(),
            ));
        }
    };
    let Some(name) = data.strip_prefix(BUILTIN) else {
        return Err(ProductionError::Usage(format!(
            "this is a model of images, which are not read from `{data}`: use `builtin:fashion-mini`"
        )));
    };
    Ok(builtin::load(name, None, None).map_err(InputError::from)?.validation)
}
