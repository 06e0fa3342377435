//! `automl evaluate MODEL DATA`: how good a model is on labelled examples.

use std::io::Write as _;
use std::process::ExitCode;

use comfy_table::{ContentArrangement, Table, presets};

use super::CliError;
use super::arguments::Evaluate as Arguments;
use super::model::Asked;
use super::stored::shown;
use crate::analysis::accuracy_interval;
use crate::finetune::Metrics;
use crate::report::short;

/// So many examples go through the model at once.
const CHUNK: usize = 1024;

/// How sure the interval of the accuracy is.
const CONFIDENCE: f64 = 0.95;

/// What was seen of one class.
#[derive(Clone, Debug, Default, serde::Serialize)]
struct Class {
    label: String,
    examples: u64,
    precision: Option<f64>,
    recall: Option<f64>,
    f1: Option<f64>,
}

/// Prints the metrics.
pub(super) fn evaluate(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let mut asked = Asked::open(&arguments.input, true)?;
    let labels = asked.model.labels().to_vec();
    let (mut logits, mut classes) = (Vec::new(), Vec::new());
    while let Some(chunk) = asked.next(CHUNK)? {
        let scores = asked.model.logits(&chunk.examples.inputs);
        logits.extend(scores.map_err(|error| CliError::Train(error.into()))?);
        classes.extend(chunk.examples.labels);
    }
    if classes.is_empty() {
        return Err(CliError::Usage(format!("`{}` has no examples", arguments.input.data)));
    }
    let metrics = Metrics::of(&logits, &classes, labels.len());
    let interval = accuracy_interval(metrics.accuracy, classes.len() as u64, CONFIDENCE);
    let by_class = by_class(&logits, &classes, &labels);
    let text = if arguments.json {
        let json = serde_json::json!({
            "examples": classes.len(),
            "accuracy": metrics.accuracy,
            "accuracy_interval": interval,
            "f1": metrics.f1,
            "loss": metrics.loss,
            "classes": by_class,
        });
        format!("{json:#}")
    } else {
        let interval = interval.map_or_else(String::new, |(low, high)| format!(" (95 %: {low:.4} to {high:.4})"));
        let Metrics { accuracy, f1, loss } = metrics;
        format!(
            "accuracy {accuracy:.4}{interval}, f1 {f1:.4}, loss {loss:.4} on {} examples\n{}",
            classes.len(),
            table(&by_class)
        )
    };
    let mut output = std::io::stdout().lock();
    shown(writeln!(output, "{text}").and_then(|()| output.flush()))
}

fn table(classes: &[Class]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["class", "examples", "precision", "recall", "f1"]);
    let number = |number: Option<f64>| number.map_or_else(String::new, |number| short(&number.to_string()));
    for class in classes {
        table.add_row([
            class.label.clone(),
            class.examples.to_string(),
            number(class.precision),
            number(class.recall),
            number(class.f1),
        ]);
    }
    table
}

/// Precision and recall of every class; `None` where they are of nothing.
fn by_class(logits: &[f32], classes: &[u32], labels: &[String]) -> Vec<Class> {
    let (mut right, mut predicted, mut known) = (
        vec![0_u64; labels.len()],
        vec![0_u64; labels.len()],
        vec![0_u64; labels.len()],
    );
    for (scores, &class) in logits.chunks_exact(labels.len()).zip(classes) {
        let best = (0..labels.len()).fold(0, |best, place| if scores[place] > scores[best] { place } else { best });
        predicted[best] += 1;
        known[class as usize] += 1;
        right[best] += u64::from(best == class as usize);
    }
    let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    let class = |(index, label): (usize, &String)| Class {
        label: label.clone(),
        examples: known[index],
        precision: share(right[index], predicted[index]),
        recall: share(right[index], known[index]),
        f1: share(2 * right[index], predicted[index] + known[index]),
    };
    labels.iter().enumerate().map(class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_and_recall_are_counted_by_class() {
        let labels = ["a", "b", "c"].map(str::to_owned);
        let logits = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0];
        let seen = by_class(&logits, &[0, 0, 1, 1], &labels);
        let numbers = |class: &Class| (class.examples, class.precision, class.recall);
        assert_eq!(numbers(&seen[0]), (2, Some(2.0 / 3.0), Some(1.0)));
        assert_eq!(numbers(&seen[1]), (2, Some(1.0), Some(0.5)));
        assert_eq!(numbers(&seen[2]), (0, None, None));
        assert_eq!(seen[0].f1, Some(0.8));
    }
}
