//! The annotated spec: the whole choice written out, so that a person can take over.

use std::fmt::Write as _;

use super::Chosen;
use super::choose::Split;
use super::explain::one_or_more;
use crate::finetune::data::Source;
use crate::finetune::data::builtin;
use crate::metrics::{self, Goal, Task as TaskKind};
use crate::readers::ReadOptions;
use crate::spec::Task;

/// Writes the spec.
pub(super) fn spec(chosen: &Chosen) -> String {
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _ = write(&mut text, chosen);
    text
}

fn write(text: &mut String, chosen: &Chosen) -> std::fmt::Result {
    let guess = &chosen.guess;
    writeln!(
        text,
        "# What `automl fit` chose for `{}`, and why.",
        one_line(&chosen.file)
    )?;
    writeln!(text, "# Change what you like, then run `automl search` with this file.")?;
    writeln!(text, "name: {}", quoted(&chosen.name))?;
    comment(text, 0, &guess.task.reason)?;
    writeln!(text, "task: {}", chosen.task.name())?;
    comment(text, 0, &chosen.model.reason)?;
    for passed in &chosen.passed_over {
        comment(text, 0, &format!("not `{}`: {}", passed.value, passed.reason))?;
    }
    writeln!(text, "model: {}", quoted(&chosen.model.value))?;
    writeln!(text, "\ndata:")?;
    comment(text, 1, &chosen.form)?;
    writeln!(text, "  train: {}", quoted(&place(&chosen.file)))?;
    if !guess.text.value.is_empty() {
        comment(text, 1, &guess.text.reason)?;
        writeln!(text, "  text: {}", list(&guess.text.value))?;
    }
    if !guess.label.value.is_empty() {
        comment(text, 1, &guess.label.reason)?;
        writeln!(text, "  label: {}", list(&guess.label.value))?;
    }
    if guess.task.value == TaskKind::MultiLabel {
        match &guess.separator {
            Some(separator) => {
                comment(text, 1, &separator.reason)?;
                writeln!(text, "  multi_label: {}", quoted(&separator.value))?;
            }
            None => writeln!(text, "  multi_label: true")?,
        }
    }
    if let Some(reason) = &guess.header {
        comment(text, 1, reason)?;
    }
    reading(text, &guess.read)?;
    comment(text, 1, &chosen.split.reason)?;
    let stratify = if guess.task.value == TaskKind::Classification {
        ", stratify: true"
    } else {
        ""
    };
    match chosen.split.value {
        Split::Shares(validation, tested) => {
            writeln!(
                text,
                "  split: {{validation: {validation}, test: {tested}{stratify}, seed: 1}}"
            )?;
        }
        Split::Counts(rows) => {
            writeln!(text, "  validation: {rows}\n  test: {rows}")?;
        }
    }
    writeln!(text)?;
    max_length(text, chosen)?;
    comment(text, 0, &chosen.metric.reason)?;
    writeln!(
        text,
        "metric: {{name: {}{}}}",
        quoted(&chosen.metric.value),
        goal(chosen)
    )?;
    comment(text, 0, "chooses a searcher by space and budget")?;
    writeln!(text, "method: auto\n")?;
    writeln!(text, "parameters:")?;
    for line in &chosen.space {
        comment(text, 1, line.reason)?;
        writeln!(text, "  {}: {}", line.name, line.domain)?;
    }
    if chosen.space.is_empty() {
        writeln!(text, "  learning_rate: 1e-3")?;
    }
    writeln!(text)?;
    let (epochs, reason) = chosen.epochs;
    comment(text, 0, reason)?;
    writeln!(text, "epochs: {epochs}")?;
    comment(
        text,
        0,
        "a deadline; the search keeps the time to finish the best candidates",
    )?;
    writeln!(text, "budget: {{wall: {}s}}", chosen.budget)?;
    if chosen.has_selection {
        comment(
            text,
            0,
            "the best value of many is partly luck: fresh seeds show which is really best",
        )?;
        writeln!(text, "selection: {{rule: one_se, top_k: 3, reseeds: 2}}")?;
    }
    writeln!(text, "resources: {{devices: auto}}\nseed: 7")
}

/// The length of texts; pictures have none.
fn max_length(text: &mut String, chosen: &Chosen) -> std::fmt::Result {
    if chosen.task == Task::ImageClassification {
        return Ok(());
    }
    comment(
        text,
        0,
        &format!("{}; longer texts are cut or read in windows", chosen.max_length.reason),
    )?;
    writeln!(text, "max_length: {}", chosen.max_length.value)
}

/// The direction of the metric, if the program knows it.
fn goal(chosen: &Chosen) -> &'static str {
    match metrics::metric(&chosen.metric.value).map(|measure| measure.metric.goal) {
        Ok(Goal::Maximize) => ", goal: maximize",
        Ok(Goal::Minimize) => ", goal: minimize",
        Err(_) => "",
    }
}

/// The keys of reading that the file does not tell.
fn reading(text: &mut String, read: &ReadOptions) -> std::fmt::Result {
    let name = |delimiter: char| {
        if delimiter == '\t' {
            "tab".to_owned()
        } else {
            delimiter.to_string()
        }
    };
    let texts = [
        ("format", read.format.clone()),
        ("delimiter", read.delimiter.map(name)),
        ("comment", read.comment.map(String::from)),
        ("records_key", read.records_key.clone()),
        ("encoding", read.encoding.clone()),
    ];
    for (key, value) in texts {
        if let Some(value) = value {
            writeln!(text, "  {key}: {}", quoted(&value))?;
        }
    }
    if let Some(quotes) = read.quotes {
        writeln!(text, "  quotes: {quotes}")?;
    }
    if let Some(columns) = &read.columns {
        let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        writeln!(text, "  columns: [{}]", columns.join(", "))?;
    }
    Ok(())
}

/// The file as a spec in any folder names it.
fn place(file: &str) -> String {
    if matches!(builtin::source(file), Source::Memory { .. }) {
        return file.to_owned();
    }
    std::path::absolute(file).map_or_else(|_| file.to_owned(), |path| path.display().to_string())
}

fn comment(text: &mut String, depth: usize, reason: &str) -> std::fmt::Result {
    if reason.is_empty() {
        return Ok(());
    }
    writeln!(text, "{}# {}", "  ".repeat(depth), one_line(reason))
}

/// Comments must not end early, whatever the file contains.
fn one_line(text: &str) -> String {
    let plain = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter });
    plain.collect()
}

fn list(columns: &[String]) -> String {
    one_or_more(columns, quoted)
}

/// A text in double quotes, which YAML reads as JSON does.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
