//! The notes that `automl train` writes beside a model for its later use and evaluation: `automl.json`.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::spec::Truncation;

/// Name of the file in a model's folder.
const FILE_NAME: &str = "automl.json";

/// Version of the file's format. Models of single texts are noted in the first, so that earlier versions of the program
/// use them; they would misread pairs.
const FORMAT: u32 = 2;
const SINGLE_TEXTS: u32 = 1;

/// The parts of a model's training that matter for its use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    /// Version of the file's format.
    pub format: u32,
    /// The version of the program that wrote it.
    pub version: String,
    /// The task.
    pub task: String,
    /// Column of the texts; `None` for images.
    pub text: Option<String>,
    /// Column of the paths of pictures, if it was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Column of the second texts; `None` unless the model reads pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_pair: Option<String>,
    /// Column of the labels; `None` for images. The first one if there are several.
    pub label: Option<String>,
    /// The other columns of labels: a model of several numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_labels: Vec<String>,
    /// The separator between several labels of a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_label: Option<String>,
    /// The probability from which each label is predicted, by name; without any, one half.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub thresholds: BTreeMap<String, f64>,
    /// Maximum text length in tokens; longer texts are cut, or read in windows. `None` for images.
    pub max_length: Option<usize>,
    /// The treatment of a longer text.
    #[serde(default, skip_serializing_if = "is_default")]
    pub truncation: Truncation,
    /// Tokens that a window of a long text repeats from the one before; `None`: a third of `max_length`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stride: Option<usize>,
    /// The largest number of windows whose outputs are pooled; `None`: the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_windows: Option<usize>,
    /// True if questions of the training data have no answer, so that the model may say so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_answers: bool,
}

/// How a model's texts were read from a table.
#[derive(Clone, Copy, Debug)]
pub struct NotedTexts<'a> {
    /// The columns of the texts, one or two.
    pub columns: &'a [String],
    /// The columns of the labels.
    pub label: &'a [String],
    /// The largest number of tokens.
    pub max_length: usize,
    /// The part of a longer text that is kept.
    pub truncation: Truncation,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_default(truncation: &Truncation) -> bool {
    *truncation == Truncation::default()
}

impl Trained {
    /// Notes for a model trained by this version; without texts it reads images.
    pub fn new(task: &str, texts: Option<NotedTexts<'_>>) -> Self {
        let column = |index: usize| texts.and_then(|texts| texts.columns.get(index).cloned());
        let truncation = texts.map(|texts| texts.truncation).unwrap_or_default();
        let labels = texts.map(|texts| texts.label).unwrap_or_default();
        let is_plain = column(1).is_none() && is_default(&truncation);
        Self {
            format: if is_plain { SINGLE_TEXTS } else { FORMAT },
            version: env!("CARGO_PKG_VERSION").to_owned(),
            task: task.to_owned(),
            text: column(0),
            text_pair: column(1),
            image: None,
            label: labels.first().cloned(),
            more_labels: labels.iter().skip(1).cloned().collect(),
            max_length: texts.map(|texts| texts.max_length),
            truncation,
            multi_label: None,
            thresholds: BTreeMap::new(),
            stride: None,
            max_windows: None,
            no_answers: false,
        }
    }

    /// The columns of the texts; none for images.
    pub fn columns(&self) -> Vec<String> {
        [&self.text, &self.text_pair].into_iter().flatten().cloned().collect()
    }

    /// The columns of the labels; none for images.
    pub fn labels(&self) -> Vec<String> {
        self.label.iter().chain(&self.more_labels).cloned().collect()
    }

    /// Reads the notes in a model's folder; `None` if there are none, or none that this version understands.
    pub fn read(folder: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join(FILE_NAME)).ok()?;
        serde_json::from_str(&text)
            .ok()
            .filter(|notes: &Self| (SINGLE_TEXTS..=FORMAT).contains(&notes.format))
    }

    /// The model card in a model's folder, without its metadata; `None` if there is none.
    pub fn card(folder: &Path) -> Option<String> {
        let card = std::fs::read_to_string(folder.join("README.md")).ok()?;
        let body = card.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
        Some(body.map_or(card.as_str(), |(_, body)| body).trim_start().to_owned())
    }

    /// Writes the notes into a model's folder.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        crate::files::replace(&folder.join(FILE_NAME), text.as_bytes())
    }
}
