//! Specs of other programs to ours: one file a source, behind [`convert`].
//!
//! Every source is read into a `Draft`, which is written as YAML. What has no counterpart becomes a
//! [`Note`]. Imports `space`, `spec` and `units`; reads no files. Begin reading at [`convert`].

mod draft;
mod katib;
mod nni;
mod optuna;
mod python;
mod ray;
mod shape;
mod wandb;
mod write;

#[cfg(test)]
mod tests;

use std::path::Path;

use draft::Draft;

use crate::spec::{self, Severity, SpecErrors};

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A sweep of Weights & Biases, YAML.
    Wandb,
    /// Distributions of Optuna as JSON, or a Python file with `trial.suggest_…` calls.
    Optuna,
    /// A Python file with a search space of Ray Tune.
    Ray,
    /// An `Experiment` of Kubeflow Katib, YAML.
    Katib,
    /// A search space of NNI, JSON, or an experiment's configuration, YAML.
    Nni,
}

impl Source {
    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Wandb => "Weights & Biases",
            Self::Optuna => "Optuna",
            Self::Ray => "Ray Tune",
            Self::Katib => "Katib",
            Self::Nni => "NNI",
        }
    }
}

/// A spec, and what it could not take over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The spec, with a marked place where the user says what a trial runs.
    pub yaml: String,
    /// What has no counterpart, in the order of the file.
    pub notes: Vec<Note>,
    /// Whether the file names what a trial runs.
    pub has_program: bool,
}

/// Something that the user should know about a conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The line of the file, counted from 1, where there is one.
    pub line: Option<usize>,
    /// What was left out or changed, and what to do about it.
    pub message: String,
}

impl std::fmt::Display for Note {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "line {line}: {}", self.message),
            None => formatter.write_str(&self.message),
        }
    }
}

/// Why there is nothing to convert.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The text is no YAML or JSON.
    #[error("{0}")]
    Text(SpecErrors),
    /// The text holds no search space.
    #[error("there is no search space of {title} in `{name}`: {expected}")]
    NoSpace {
        /// Whose file it should be.
        title: &'static str,
        /// The file.
        name: String,
        /// What was looked for.
        expected: &'static str,
    },
}

impl From<SpecErrors> for ConvertError {
    fn from(errors: SpecErrors) -> Self {
        Self::Text(errors)
    }
}

/// A file that another one names, by its path beside that one; `None` if it cannot be read.
pub type Beside<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Converts `text`, which messages call `name`.
///
/// # Errors
/// [`ConvertError`] for a text that cannot be read, or in which there is no search space.
pub fn convert(source: Source, name: &str, text: &str, beside: Beside<'_>) -> Result<Converted, ConvertError> {
    let (mut draft, expected) = match source {
        Source::Wandb => (wandb::read(name, text)?, "it has no `parameters`"),
        Source::Optuna => (
            optuna::read(name, text)?,
            "neither distributions as JSON nor a call of `suggest_…`",
        ),
        Source::Ray => (ray::read(text), "no dictionary with `tune.…` distributions"),
        Source::Katib => (katib::read(name, text)?, "it has no `spec.parameters`"),
        Source::Nni => (
            nni::read(name, text, beside)?,
            "neither `_type` and `_value` nor `searchSpace`",
        ),
    };
    if draft.parameters.is_empty() {
        return Err(ConvertError::NoSpace {
            title: source.title(),
            name: name.to_owned(),
            expected,
        });
    }
    draft.finish();
    check(&mut draft);
    Ok(Converted {
        yaml: write::yaml(&draft, source.title(), write::Objective::Open),
        has_program: draft.program.is_some(),
        notes: draft.notes,
    })
}

/// Notes what our own loader would say of the draft, apart from what the user still has to fill in.
fn check(draft: &mut Draft) {
    let objective = if draft.program.is_some() {
        write::Objective::Open
    } else {
        write::Objective::Function
    };
    let yaml = write::yaml(draft, "", objective);
    let Err(errors) = spec::from_text(&yaml, Path::new("space.yaml"), &[]) else {
        return;
    };
    let wrong = errors.diagnostics().iter();
    let wrong: Vec<String> = wrong
        .filter(|diagnostic| diagnostic.severity() == Severity::Error)
        .map(|diagnostic| diagnostic.message().to_owned())
        .collect();
    for message in wrong {
        draft.note(None, format!("the spec needs a change by hand: {message}"));
    }
}
