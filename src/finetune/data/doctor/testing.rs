//! Data sets for tests.

use automl_readers::{ReadOptions, Source};

use super::{Depth, Examination, Patient, Unit, examine};
use crate::tasks::TaskKind;

/// Texts of which none repeats another one.
pub(super) fn text(row: usize) -> String {
    const BEGINNINGS: [&str; 7] = [
        "The parcel came late on day",
        "Nobody answered call number",
        "It works as described since update",
        "The colour differs from picture",
        "My sister bought one more after visit",
        "Packaging was torn around corner",
        "Delivery took ages for order",
    ];
    const ENDS: [&str; 5] = [
        "again",
        "which annoys me",
        "and that is fine",
        "without a reason",
        "as promised",
    ];
    let (beginning, end) = (BEGINNINGS[row % 7], ENDS[row % 5]);
    format!("{beginning} {} {end} {}", row * 7919, row * row)
}

/// The texts of some rows, one after the other.
pub(super) fn each(rows: std::ops::Range<usize>, row: impl Fn(usize) -> String) -> String {
    rows.map(row).collect::<Vec<_>>().concat()
}

/// A table with the header `text,label` and two classes.
pub(super) fn clean(rows: std::ops::Range<usize>) -> String {
    let rows = each(rows, |row| format!("{},{}\n", text(row), ["good", "bad"][row % 2]));
    format!("text,label\n{rows}")
}

/// A patient of a task with some parts.
pub(super) fn patient(task: TaskKind, parts: &[(&'static str, &str, &str)]) -> Patient<'static> {
    let (text, label): (&[&str], &[&str]) = match task {
        TaskKind::TokenClassification | TaskKind::QuestionAnswering => (&[], &[]),
        TaskKind::Classification | TaskKind::MultiLabel | TaskKind::Regression => (&["text"], &["label"]),
    };
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let part = |&(name, file, content): &(&'static str, &str, &str)| (name, vec![Source::memory(file, content)]);
    Patient {
        parts: parts.iter().map(part).collect(),
        read: ReadOptions::default(),
        task,
        text: names(text),
        label: names(label),
        separator: ";".to_owned(),
        unit: Unit::Words,
        depth: Depth::Full,
    }
}

/// The findings about one file, each with its rows, in lines.
pub(super) fn told(task: TaskKind, file: &str, content: &str) -> String {
    lines(&examine(&patient(task, &[("train", file, content)])).unwrap())
}

pub(super) fn lines(examination: &Examination) -> String {
    let mut lines = Vec::new();
    for finding in &examination.findings {
        lines.push(format!(
            "{} {} ({}): {}; {}",
            finding.severity.name(),
            finding.kind,
            finding.count,
            finding.message,
            finding.advice
        ));
        for row in finding.rows.iter().take(3) {
            lines.push(format!(
                "  {} {:.40} [{}] {}",
                row.place(),
                row.text,
                row.label,
                row.note
            ));
        }
    }
    lines.join("\n")
}
