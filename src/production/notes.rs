//! The notes that `automl train` writes beside a model for its later use and evaluation: `automl.json`.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Name of the file in a model's folder.
const FILE_NAME: &str = "automl.json";

/// Version of the file's format.
const FORMAT: u32 = 1;

/// The parts of a model's training that matter for its use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trained {
    /// Version of the file's format.
    pub format: u32,
    /// The version of the program that wrote it.
    pub version: String,
    /// The task.
    pub task: String,
    /// Column of the texts; `None` for images.
    pub text: Option<String>,
    /// Column of the labels; `None` for images.
    pub label: Option<String>,
    /// The text between several labels of a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_label: Option<String>,
    /// Maximum text length in tokens; longer texts are cut. `None` for images.
    pub max_length: Option<usize>,
}

impl Trained {
    /// Notes for a model trained by this version.
    pub fn new(task: &str, columns: Option<(&str, &str)>, max_length: Option<usize>) -> Self {
        let (text, label) = columns.unzip();
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            task: task.to_owned(),
            text: text.map(str::to_owned),
            label: label.map(str::to_owned),
            multi_label: None,
            max_length,
        }
    }

    /// Reads the notes in a model's folder; `None` if there are none, or none that this version understands.
    pub fn read(folder: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join(FILE_NAME)).ok()?;
        serde_json::from_str(&text)
            .ok()
            .filter(|notes: &Self| notes.format == FORMAT)
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
