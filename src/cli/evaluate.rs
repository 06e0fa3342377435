//! `automl evaluate MODEL DATA`: the metrics of a model on labelled examples.

use std::cmp::Reverse;
use std::io::{self, Write as _};
use std::process::ExitCode;

use comfy_table::Table;

use super::CliError;
use super::arguments::Evaluate as Arguments;
use super::output::{print, scores, table};
use crate::finetune::Scores;
use crate::metrics::ClassCounts;
use crate::objective::usual_metrics;
use crate::production::{self, Evaluation};
use crate::report::short;

/// Number of most confused pairs of classes to show.
const MISTAKES: usize = 5;

/// Prints the metrics.
pub(super) fn evaluate(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let found = production::evaluate(&arguments.input.folder(), &arguments.data, &arguments.metrics)?;
    if arguments.json {
        return print(&format!("{:#}", as_json(&found)));
    }
    if let Some(sentence) = found.unknown.sentence() {
        let _ = writeln!(
            io::stderr(),
            "warning: skipped examples whose labels the model does not know: {sentence}"
        );
    }
    if !found.missing.is_empty() {
        let _ = writeln!(io::stderr(), "warning: left out {}", found.missing);
    }
    let interval = found.accuracy_interval;
    let interval = interval.map_or_else(String::new, |(low, high)| format!(" (95 %: {low:.4} to {high:.4})"));
    let sentence = scores(&of_sentence(&found));
    let sentence = match sentence.split_once(", ") {
        Some((first, rest)) if !interval.is_empty() => format!("{first}{interval}, {rest}"),
        _ => sentence,
    };
    if found.classes.is_empty() {
        return print(&format!("{sentence} on {} examples", found.examples));
    }
    print(&format!(
        "{sentence} on {} examples\n{}{}",
        found.examples,
        classes_table(&found.classes),
        mistaken(&found.labels, &found.confusion)
    ))
}

/// The metrics of the sentence: the usual ones, and those that were asked for. All are in the JSON form.
fn of_sentence(found: &Evaluation) -> Scores {
    let usual = usual_metrics(found.task);
    let shown = found.metrics.iter();
    shown
        .filter(|(name, _)| *name == "loss" || usual.contains(&name.as_str()) || found.wanted.contains(name))
        .map(|(name, value)| (name.clone(), *value))
        .collect()
}

fn as_json(found: &Evaluation) -> serde_json::Value {
    let of_class = |(label, seen): &(String, ClassCounts)| {
        serde_json::json!({
            "label": label,
            "examples": seen.examples,
            "precision": seen.precision(),
            "recall": seen.recall(),
            "f1": seen.f1(),
        })
    };
    serde_json::json!({
        "examples": found.examples,
        "accuracy": found.metrics.get("accuracy"),
        "accuracy_interval": found.accuracy_interval,
        "f1": found.metrics.get("f1"),
        "loss": found.metrics.get("loss"),
        "metrics": found.metrics,
        "classes": found.classes.iter().map(of_class).collect::<Vec<_>>(),
        "confusion": found.confusion,
        "unknown_labels": found.unknown.counts(),
        "missing": found.missing.rows(),
    })
}

/// The pairs of classes that are confused most often.
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

fn classes_table(classes: &[(String, ClassCounts)]) -> Table {
    let mut table = table(["class", "examples", "precision", "recall", "f1"]);
    let number = |number: Option<f64>| number.map_or_else(String::new, |number| short(&number.to_string()));
    for (label, class) in classes {
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
