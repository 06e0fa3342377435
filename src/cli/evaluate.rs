//! `automl evaluate MODEL DATA`: how good a model is on labelled examples.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::process::ExitCode;

use comfy_table::Table;

use super::CliError;
use super::arguments::Evaluate as Arguments;
use super::model::{Asked, Question};
use super::output::{print, table};
use crate::analysis::accuracy_interval;
use crate::finetune::Metrics;
use crate::finetune::data::UnknownLabel;
use crate::finetune::metrics::{ClassMetrics, confusion};
use crate::report::short;

/// So many examples go through the model at once.
const CHUNK: usize = 1024;

/// So many pairs of classes that are taken for each other are shown.
const MISTAKES: usize = 5;

/// How sure the interval of the accuracy is.
const CONFIDENCE: f64 = 0.95;

/// Prints the metrics.
pub(super) fn evaluate(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let mut asked = Asked::open(&arguments.input, &Question::Labelled(&arguments.data))?;
    let labels = asked.model.labels().to_vec();
    let (mut logits, mut classes) = (Vec::new(), Vec::new());
    let mut unknown = Unknown::default();
    while let Some(chunk) = asked.next(CHUNK)? {
        unknown.take(chunk.unknown);
        if chunk.examples.labels.is_empty() {
            continue;
        }
        let scores = asked.model.logits(&chunk.examples.inputs);
        logits.extend(scores.map_err(|error| CliError::Train(error.into()))?);
        classes.extend(chunk.examples.labels);
    }
    if classes.is_empty() {
        let data = &arguments.data;
        return Err(CliError::Usage(match unknown.sentence() {
            Some(sentence) => format!("`{data}` has no label that the model knows: {sentence}"),
            None => format!("`{data}` has no examples"),
        }));
    }
    let metrics = Metrics::of(&logits, &classes, labels.len());
    let interval = accuracy_interval(metrics.accuracy, classes.len() as u64, CONFIDENCE);
    let by_class = ClassMetrics::of(&logits, &classes, labels.len());
    let taken = confusion(&logits, &classes, labels.len());
    if arguments.json {
        let of_class = |(label, seen): (&String, &ClassMetrics)| {
            serde_json::json!({
                "label": label,
                "examples": seen.examples,
                "precision": seen.precision(),
                "recall": seen.recall(),
                "f1": seen.f1(),
            })
        };
        let json = serde_json::json!({
            "examples": classes.len(),
            "accuracy": metrics.accuracy,
            "accuracy_interval": interval,
            "f1": metrics.f1,
            "loss": metrics.loss,
            "classes": labels.iter().zip(&by_class).map(of_class).collect::<Vec<_>>(),
            "confusion": taken,
            "unknown_labels": unknown.counts(),
        });
        return print(&format!("{json:#}"));
    }
    let interval = interval.map_or_else(String::new, |(low, high)| format!(" (95 %: {low:.4} to {high:.4})"));
    let Metrics { accuracy, f1, loss } = metrics;
    if let Some(sentence) = unknown.sentence() {
        let _ = writeln!(
            io::stderr(),
            "warning: skipped examples whose labels the model does not know: {sentence}"
        );
    }
    print(&format!(
        "accuracy {accuracy:.4}{interval}, f1 {f1:.4}, loss {loss:.4} on {} examples\n{}{}",
        classes.len(),
        classes_table(&labels, &by_class),
        mistaken(&labels, &taken)
    ))
}

/// Labels that the model does not know, with the number of their rows and the first line.
#[derive(Default)]
struct Unknown(BTreeMap<String, (u64, UnknownLabel)>);

impl Unknown {
    fn take(&mut self, rows: Vec<UnknownLabel>) {
        for row in rows {
            self.0.entry(row.label.clone()).or_insert((0, row)).0 += 1;
        }
    }

    fn counts(&self) -> BTreeMap<&str, u64> {
        let counts = self.0.iter().map(|(label, (count, _))| (label.as_str(), *count));
        counts.collect()
    }

    /// `7 of `Positive` (the first in line 3; did you mean `positive`), 1 of `x` (the first in line 9)`
    fn sentence(&self) -> Option<String> {
        let mut rows: Vec<_> = self.0.iter().collect();
        rows.sort_by_key(|(_, (count, _))| Reverse(*count));
        let part = |(label, (count, first)): &(&String, &(u64, UnknownLabel))| {
            let meant = first
                .suggestion
                .as_ref()
                .map_or_else(String::new, |meant| format!("; did you mean `{meant}`"));
            format!("{count} of `{label}` (the first in line {}{meant})", first.line)
        };
        let mut parts: Vec<String> = rows.iter().take(MISTAKES).map(part).collect();
        if rows.len() > MISTAKES {
            parts.push(format!("and {} more labels", rows.len() - MISTAKES));
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// What was taken for what most often.
fn mistaken(labels: &[String], taken: &[Vec<u64>]) -> String {
    let classes = taken.iter().enumerate();
    let pairs =
        classes.flat_map(|(class, row)| row.iter().enumerate().map(move |(other, &count)| (count, class, other)));
    let mut pairs: Vec<_> = pairs
        .filter(|&(count, class, other)| count > 0 && class != other)
        .collect();
    pairs.sort_by_key(|&(count, class, other)| (Reverse(count), class, other));
    let line = |&(count, class, other): &(u64, usize, usize)| {
        let (class, other) = (&labels[class], &labels[other]);
        format!("\n  {count} of `{class}` for `{other}`")
    };
    let lines: String = pairs.iter().take(MISTAKES).map(line).collect();
    if lines.is_empty() {
        return lines;
    }
    format!("\ntaken for another class most often (`--json` has all):{lines}")
}

fn classes_table(labels: &[String], classes: &[ClassMetrics]) -> Table {
    let mut table = table(["class", "examples", "precision", "recall", "f1"]);
    let number = |number: Option<f64>| number.map_or_else(String::new, |number| short(&number.to_string()));
    for (label, class) in labels.iter().zip(classes) {
        table.add_row([
            label.clone(),
            class.examples.to_string(),
            number(class.precision()),
            number(class.recall()),
            number(class.f1()),
        ]);
    }
    table
}
