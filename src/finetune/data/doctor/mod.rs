//! The data doctor: what a data set holds, and what is wrong with it.
//!
//! Begin reading at [`examine`]. `read` turns the user's files into rows without stopping at a bad one, `overview` counts,
//! and every file in `checks` finds faults of one kind: a further check is one file and one line in its registry.
//! All steps are linear in the rows. A quick examination leaves out near duplicates and looks at the lengths of a sample.

mod checks;
mod finding;
mod images;
mod lengths;
mod overview;
mod pictures;
mod read;
mod rows;
#[cfg(test)]
mod testing;

use automl_readers::{ReadOptions, Source};
use serde::Serialize;

pub use finding::{Concern, Finding, Severity};
pub use images::examine_images;
pub use lengths::{Lengths, Unit};
pub use overview::{ClassCount, Distribution, PartCount};
pub use pictures::{PictureSizes, examine_pictures};

use super::error::DataError;
use crate::tasks::TaskKind;

/// The data to examine, and how.
#[derive(Clone, Debug)]
pub struct Patient<'a> {
    /// The files of each part by its name: `train` and perhaps `validation` and `test`.
    pub parts: Vec<(&'static str, Vec<Source>)>,
    /// How the files are written.
    pub read: ReadOptions,
    /// The task.
    pub task: TaskKind,
    /// The columns of the texts; empty if a task finds them.
    pub text: Vec<String>,
    /// The columns of the labels; empty if a task finds them.
    pub label: Vec<String>,
    /// The separator between several labels of a row.
    pub separator: String,
    /// How lengths are measured.
    pub unit: Unit<'a>,
    /// How thoroughly to look.
    pub depth: Depth,
}

/// How thoroughly data are examined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// In a moment: no near duplicates, lengths of a sample, three rows for each finding.
    Quick,
    /// Everything.
    Full,
}

/// The result of an examination.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Examination {
    /// The task.
    pub task: TaskKind,
    /// The rows of each part.
    pub parts: Vec<PartCount>,
    /// The classes, labels, or types of entities, the most frequent first.
    pub classes: Vec<ClassCount>,
    /// The distribution of each number that is to be predicted.
    pub numbers: Vec<Distribution>,
    /// The lengths of the texts.
    pub lengths: Option<Lengths>,
    /// The sizes of pictures.
    pub sizes: Option<PictureSizes>,
    /// The faults, the worst first.
    pub findings: Vec<Finding>,
}

impl Examination {
    /// Findings that are worth a person's attention before a search: errors and warnings.
    pub fn serious(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity != Severity::Note)
    }
}

/// Examines a data set.
///
/// # Errors
/// If a file cannot be read at all or lacks a column. A bad row is a finding.
pub fn examine(patient: &Patient<'_>) -> Result<Examination, DataError> {
    let rows = read::read(patient)?;
    let lengths = lengths::measure(&rows, &patient.unit, patient.depth)?;
    let mut findings: Vec<Finding> = checks::CHECKS
        .iter()
        .flat_map(|check| check(&rows, patient.depth))
        .collect();
    findings.extend(lengths.iter().flat_map(|lengths| lengths::findings(&rows, lengths)));
    findings.sort_by_key(|finding| finding.severity);
    Ok(Examination {
        task: patient.task,
        parts: overview::parts(&rows),
        classes: overview::classes(&rows),
        numbers: overview::numbers(&rows, &patient.label),
        lengths: lengths.map(|measured| measured.summary),
        sizes: None,
        findings,
    })
}

#[cfg(test)]
mod tests;
