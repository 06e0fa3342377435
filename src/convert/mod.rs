//! Converts specs of other programs to ours: one file per program and one entry in [`CONVERTERS`].
//!
//! Every source is read into a `Draft`, which is written as YAML. Anything without a counterpart becomes a [`Note`]. It
//! reads no files. Begin reading at [`convert`].

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

/// Every program whose files can be converted.
pub const CONVERTERS: &[&Converter] = &[
    &wandb::CONVERTER,
    &optuna::CONVERTER,
    &ray::CONVERTER,
    &katib::CONVERTER,
    &nni::CONVERTER,
];

/// A converter for the files of one program.
pub struct Converter {
    /// Its name for `--from`.
    pub name: &'static str,
    /// Its full name.
    pub title: &'static str,
    /// The supported kinds of files.
    pub about: &'static str,
    /// Message for a file without a search space, saying what was expected.
    expected: &'static str,
    read: fn(&Text<'_>) -> Result<Draft, SpecErrors>,
}

impl std::fmt::Debug for Converter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl Converter {
    /// The converter with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        CONVERTERS.iter().find(|converter| converter.name == name).copied()
    }
}

/// A file to convert.
struct Text<'a> {
    /// Its name in messages.
    name: &'a str,
    content: &'a str,
    beside: Beside<'a>,
}

/// A converted spec, with notes about the conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The spec, with a marked place where the user says what a trial runs.
    pub yaml: String,
    /// Notes about everything that has no counterpart, in the order of the file.
    pub notes: Vec<Note>,
    /// `true` if the file names the program that a trial runs.
    pub has_program: bool,
}

/// A note for the user about a conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Line in the file, counted from 1, if there is one.
    pub line: Option<usize>,
    /// The part that was left out or changed, and what to do about it.
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

/// Why a file cannot be converted.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The text is not valid YAML or JSON.
    #[error("{0}")]
    Text(SpecErrors),
    /// The text contains no search space.
    #[error("there is no search space of {title} in `{name}`: {expected}")]
    NoSpace {
        /// Full name of the program that the file should belong to.
        title: &'static str,
        /// Name of the file.
        name: String,
        /// The content that was expected.
        expected: &'static str,
    },
}

impl From<SpecErrors> for ConvertError {
    fn from(errors: SpecErrors) -> Self {
        Self::Text(errors)
    }
}

/// Reads a file that another one names, by its path relative to that one; `None` if it cannot be read.
pub type Beside<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Converts `text`; `name` is its name in messages.
///
/// # Errors
/// Returns [`ConvertError`] if the text cannot be read or contains no search space.
pub fn convert(source: &Converter, name: &str, text: &str, beside: Beside<'_>) -> Result<Converted, ConvertError> {
    let mut draft = (source.read)(&Text {
        name,
        content: text,
        beside,
    })?;
    if draft.parameters.is_empty() {
        return Err(ConvertError::NoSpace {
            title: source.title,
            name: name.to_owned(),
            expected: source.expected,
        });
    }
    draft.finish();
    check(&mut draft);
    Ok(Converted {
        yaml: write::yaml(&draft, source.title, write::Objective::Open),
        has_program: draft.program.is_some(),
        notes: draft.notes,
    })
}

/// Adds the errors that our own loader finds in the draft, except for parts that the user still has to fill in.
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
