//! Evaluates a model on labelled examples.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Asked, ModelFolder, ProductionError, Question};
use crate::analysis::accuracy_interval;
use crate::finetune::Scores;
use crate::finetune::data::{Missing, Targets, UnknownLabel};
use crate::metrics::{ClassCounts, METRICS, Task as TaskKind, confusion, metric};
use crate::objective::{InputError, measures};
use crate::spec::{all_fine_tune_metrics, similar_metric};

/// Number of examples read and evaluated at a time.
const CHUNK: usize = 1024;

/// Maximum number of unknown labels that are named.
const NAMED: usize = 5;

/// Confidence level of the accuracy interval.
const CONFIDENCE: f64 = 0.95;

/// The result of an evaluation.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The model's classes.
    pub labels: Vec<String>,
    /// Number of examples.
    pub examples: usize,
    /// The kind of outcomes.
    pub task: TaskKind,
    /// The metrics over all examples.
    pub metrics: Scores,
    /// The metrics that were asked for by name.
    pub wanted: Vec<String>,
    /// 95 % confidence interval of the accuracy.
    pub accuracy_interval: Option<(f64, f64)>,
    /// Counts of each class, label or kind of name; empty for tasks without them.
    pub classes: Vec<(String, ClassCounts)>,
    /// Confusion matrix: how often each class (row) was predicted as each class (column). Empty unless an example has one
    /// class.
    pub confusion: Vec<Vec<u64>>,
    /// Examples that were left out because the model does not know their labels.
    pub unknown: UnknownLabels,
    /// Rows that were left out because their label or text is missing.
    pub missing: Missing,
}

/// Evaluates a model on labelled data, by all metrics of its task and those that `metrics` names.
///
/// # Errors
/// If the model or the data cannot be read, or if no example has a label that the model knows.
pub fn evaluate(folder: &ModelFolder, data: &str, metrics: &[String]) -> Result<Evaluation, ProductionError> {
    let mut asked = Asked::open(folder, &Question::Labelled(data))?;
    let task = asked.model.task().kind();
    let wanted = wanted(metrics, task)?;
    let labels = asked.model.labels().to_vec();
    let (mut outputs, mut targets): (Vec<f32>, Option<Targets>) = (Vec::new(), None);
    let mut unknown = UnknownLabels::default();
    while let Some(chunk) = asked.next(CHUNK)? {
        unknown.take(chunk.unknown);
        if chunk.examples.targets.is_empty() {
            continue;
        }
        let scores = asked.model.logits(&chunk.examples.inputs);
        outputs.extend(scores.map_err(|error| ProductionError::Train(error.into()))?);
        targets = Some(match targets {
            Some(targets) => targets.concat(&chunk.examples.targets).map_err(InputError::from)?,
            None => chunk.examples.targets,
        });
    }
    let Some(targets) = targets else {
        let data = if data == "-" {
            "standard input".to_owned()
        } else {
            format!("`{data}`")
        };
        return Err(ProductionError::Usage(match unknown.sentence() {
            Some(sentence) => format!("{data} has no label that the model knows: {sentence}"),
            None if !asked.missing().is_empty() => format!("{data} has no labelled text: {}", asked.missing()),
            None => format!("{data} has no examples: it has only a header, or is empty"),
        }));
    };
    let names = wanted.iter().map(String::as_str).chain(all_fine_tune_metrics());
    let metrics = asked
        .model
        .measure(&outputs, &targets, &measures(task, names.collect()))
        .map_err(|error| ProductionError::Train(error.into()))?;
    let accuracy = metrics
        .get("accuracy")
        .copied()
        .filter(|_| task == TaskKind::Classification);
    let counts = asked.model.counts(&outputs, &targets);
    Ok(Evaluation {
        task,
        examples: targets.wholes().len(),
        accuracy_interval: accuracy.and_then(|accuracy| accuracy_interval(accuracy, targets.len() as u64, CONFIDENCE)),
        classes: counts,
        confusion: match &targets {
            Targets::Classes(classes) => confusion(&outputs, classes, labels.len()),
            _ => Vec::new(),
        },
        labels,
        metrics,
        wanted,
        unknown,
        missing: asked.missing(),
    })
}

/// The full names of these metrics, if they measure a task.
fn wanted(names: &[String], task: TaskKind) -> Result<Vec<String>, ProductionError> {
    let of_task = METRICS
        .iter()
        .filter(|metric| metric.tasks().any(|other| other == task));
    let known: Vec<&str> = of_task.map(|metric| metric.name).collect();
    let full = |name: &String| {
        let measure = metric(name).map_err(|error| {
            let suggestion = similar_metric(name, known.iter().copied());
            ProductionError::Usage(suggestion.map_or_else(
                || format!("{error}; known are {}", known.join(", ")),
                |meant| format!("{error}; did you mean `{meant}`?"),
            ))
        })?;
        if known.contains(&measure.metric.name) {
            return Ok(measure.to_string());
        }
        Err(ProductionError::Usage(format!(
            "`{}` does not measure {task}; known are {}",
            measure.metric.name,
            known.join(", ")
        )))
    };
    names.iter().map(full).collect()
}

/// Labels that the model does not know, with the number of their rows and the first line.
#[derive(Clone, Debug, Default)]
pub struct UnknownLabels(BTreeMap<String, (u64, UnknownLabel)>);

impl UnknownLabels {
    fn take(&mut self, rows: Vec<UnknownLabel>) {
        for row in rows {
            self.0.entry(row.label.clone()).or_insert((0, row)).0 += 1;
        }
    }

    /// Number of rows with each label.
    pub fn counts(&self) -> BTreeMap<&str, u64> {
        let counts = self.0.iter().map(|(label, (count, _))| (label.as_str(), *count));
        counts.collect()
    }

    /// A summary: 7 of `Positive` (the first in line 3; did you mean `positive`), 1 of `x` (the first in line 9).
    pub fn sentence(&self) -> Option<String> {
        let mut rows: Vec<_> = self.0.iter().collect();
        rows.sort_by_key(|(_, (count, _))| Reverse(*count));
        let part = |(label, (count, first)): &(&String, &(u64, UnknownLabel))| {
            let meant = first
                .suggestion
                .as_ref()
                .map_or_else(String::new, |meant| format!("; did you mean `{meant}`"));
            format!("{count} of `{label}` (the first in line {}{meant})", first.line)
        };
        let mut parts: Vec<String> = rows.iter().take(NAMED).map(part).collect();
        if rows.len() > NAMED {
            parts.push(format!("and {} more labels", rows.len() - NAMED));
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}
