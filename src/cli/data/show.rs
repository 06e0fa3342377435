//! The report of an examination in the terminal, and its rows as a table.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::super::CliError;
use super::super::output::table;
use super::EXAMPLES;
use crate::files;
use crate::finetune::data::doctor::{Examination, Finding, Lengths, PictureSizes, Severity};
use crate::finetune::data::guess::Guess;
use crate::metrics::Task as TaskKind;
use crate::report::short;

/// Classes that are listed.
const MOST_CLASSES: usize = 20;

/// The whole report.
pub(super) fn report(name: &str, examination: &Examination, guess: Option<&Guess>) -> String {
    let mut text = format!("`{name}`: {}\n", task(examination.task));
    if let Some(guess) = guess {
        text.push_str(&guessed(guess));
    }
    let _ = writeln!(text, "\n{}", parts(examination));
    if !examination.classes.is_empty() {
        let _ = writeln!(text, "\n{}", classes(examination));
    }
    if !examination.numbers.is_empty() {
        let _ = writeln!(text, "\n{}", numbers(examination));
    }
    if let Some(lengths) = &examination.lengths {
        let _ = writeln!(text, "\n{}", of_lengths(lengths));
    }
    if let Some(sizes) = &examination.sizes {
        let _ = writeln!(text, "\n{}", of_pictures(sizes));
    }
    text.push('\n');
    for finding in &examination.findings {
        text.push_str(&paragraph(finding));
    }
    let _ = writeln!(text, "{}", verdict(&examination.findings));
    text
}

fn task(task: TaskKind) -> &'static str {
    match task {
        TaskKind::Classification => "a class for each row",
        TaskKind::MultiLabel => "several labels for each row",
        TaskKind::Regression => "numbers for each row",
        TaskKind::TokenClassification => "a tag for each word",
        TaskKind::QuestionAnswering => "questions with answers in a text",
    }
}

/// The guesses and their reasons.
fn guessed(guess: &Guess) -> String {
    let names = |names: &[String]| {
        names
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(" and ")
    };
    let mut text = String::new();
    let mut line = |what: &str, value: String, reason: &str| {
        let _ = writeln!(text, "  {what:<9} {value}: {reason}");
    };
    if let Some(reason) = &guess.header {
        line("columns", "without a header".to_owned(), reason);
    }
    line("text", names(&guess.text.value), &guess.text.reason);
    line("label", names(&guess.label.value), &guess.label.reason);
    line("task", task(guess.task.value).to_owned(), &guess.task.reason);
    if let Some(separator) = &guess.separator {
        line("separator", format!("`{}`", separator.value), &separator.reason);
    }
    line("metric", guess.metric.value.to_owned(), &guess.metric.reason);
    text
}

fn parts(examination: &Examination) -> String {
    let lacking = match examination.task {
        TaskKind::QuestionAnswering => "without answer",
        _ => "without label",
    };
    let mut table = table(["part", "rows", lacking, "without text"]);
    for part in &examination.parts {
        table.add_row([
            part.name.to_owned(),
            part.rows.to_string(),
            part.unlabelled.to_string(),
            part.empty.to_string(),
        ]);
    }
    table.to_string()
}

fn classes(examination: &Examination) -> String {
    let what = match examination.task {
        TaskKind::TokenClassification => "entity",
        TaskKind::MultiLabel => "label",
        _ => "class",
    };
    let parts = examination.parts.iter().map(|part| part.name.to_owned());
    let header: Vec<String> = std::iter::once(what.to_owned())
        .chain(parts)
        .chain(["share".to_owned()])
        .collect();
    let mut table = table(header);
    for class in examination.classes.iter().take(MOST_CLASSES) {
        let counts = class.rows.iter().map(usize::to_string);
        let share = format!("{:.1} %", 100.0 * class.share);
        table.add_row(
            std::iter::once(class.name.clone())
                .chain(counts)
                .chain([share])
                .collect::<Vec<_>>(),
        );
    }
    match examination.classes.len().saturating_sub(MOST_CLASSES) {
        0 => table.to_string(),
        more => format!("{table}\nand {more} more (`--json` has all)"),
    }
}

fn numbers(examination: &Examination) -> String {
    let mut table = table([
        "number",
        "smallest",
        "25 %",
        "median",
        "75 %",
        "largest",
        "mean",
        "deviation",
    ]);
    let number = |number: f64| short(&number.to_string());
    for found in &examination.numbers {
        let quantiles = found.quantiles.iter().map(|&value| number(value));
        let row = std::iter::once(found.name.clone()).chain(quantiles);
        table.add_row(
            row.chain([number(found.mean), number(found.deviation)])
                .collect::<Vec<_>>(),
        );
    }
    table.to_string()
}

fn of_lengths(lengths: &Lengths) -> String {
    let [_, _, median, _, most, nearly_all, longest] = lengths.quantiles;
    let mut text = format!(
        "lengths in {}: half of the texts have at most {median}, 95 % {most}, 99 % {nearly_all}, the longest {longest}",
        lengths.unit
    );
    if let Some(max_length) = lengths.max_length {
        let _ = write!(text, "; `max_length` is {max_length}");
    }
    if let Some(cut) = lengths.cut {
        let _ = write!(text, ", {:.1} % are cut", 100.0 * cut);
    }
    if let Some(windows) = lengths.windows {
        let _ = write!(text, ", {:.1} % become several windows", 100.0 * windows);
    }
    text
}

fn of_pictures(sizes: &PictureSizes) -> String {
    let [lowest, middle, highest] = sizes.heights;
    let [narrowest, usual, widest] = sizes.widths;
    format!(
        "{} pictures, {middle} × {usual} pixels (height × width) in the middle; heights from {lowest} to {highest}, widths \
         from {narrowest} to {widest}",
        sizes.pictures
    )
}

/// A finding in a line.
pub(super) fn line(finding: &Finding) -> String {
    let first = finding.rows.first().filter(|row| row.row.is_some());
    let first = first.map_or_else(String::new, |row| format!(" (the first: {})", row.place()));
    format!("{}: data: {}{first}", finding.severity.name(), finding.message)
}

/// A finding with its examples and what to do.
fn paragraph(finding: &Finding) -> String {
    let mut text = format!("{}: {}\n", finding.severity.name(), finding.message);
    for row in finding.rows.iter().take(EXAMPLES) {
        let _ = write!(text, "  {}", row.place());
        if !row.text.is_empty() {
            let _ = write!(text, "  {}", beginning(&row.text));
        }
        if !row.label.is_empty() {
            let _ = write!(text, "  [{}]", beginning(&row.label));
        }
        if !row.note.is_empty() {
            let _ = write!(text, "  {}", row.note);
        }
        text.push('\n');
    }
    match finding.rows.len().saturating_sub(EXAMPLES) {
        0 => {}
        more => _ = writeln!(text, "  and {more} more (`--out FILE.csv` writes all)"),
    }
    let _ = writeln!(text, "  help: {}\n", finding.advice);
    text
}

/// The beginning of a text that fits into a line with others.
fn beginning(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text[..end].trim_end_matches('…')),
        None => text.to_owned(),
    }
}

fn verdict(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let counted = |severity: Severity| match count(severity) {
        1 => format!("1 {}", severity.name()),
        count => format!("{count} {}s", severity.name()),
    };
    if findings.is_empty() {
        return "nothing is wrong with this data".to_owned();
    }
    [Severity::Error, Severity::Warning, Severity::Note]
        .map(counted)
        .join(", ")
}

/// Writes a row for every row of every finding; returns their number.
pub(super) fn write_rows(path: &Path, examination: &Examination) -> Result<usize, CliError> {
    let mut rows = 0;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = || -> csv::Result<()> {
        writer.write_record(["severity", "kind", "file", "row", "text", "label", "note"])?;
        for finding in &examination.findings {
            for row in &finding.rows {
                let number = row.row.map_or_else(String::new, |row| row.to_string());
                writer.write_record([
                    finding.severity.name(),
                    finding.kind,
                    &row.file,
                    &number,
                    &row.text,
                    &row.label,
                    &row.note,
                ])?;
                rows += 1;
            }
        }
        Ok(())
    };
    let written = write().map_err(io::Error::other);
    let bytes = written.and_then(|()| writer.into_inner().map_err(|error| io::Error::other(error.to_string())));
    store(path, bytes)?;
    Ok(rows)
}

/// Writes a file, which appears only when it is complete.
pub(super) fn store(path: &Path, bytes: io::Result<Vec<u8>>) -> Result<(), CliError> {
    let written = bytes.and_then(|bytes| match files::special(path)? {
        Some(mut device) => io::Write::write_all(&mut device, &bytes),
        None => files::replace_soon(&files::beyond_links(path), &bytes),
    });
    written.map_err(|source| CliError::File {
        action: "write",
        path: path.to_owned(),
        source,
    })
}
