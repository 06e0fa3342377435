//! The model card: a `README.md` beside a trained model, in the form that model hubs read.

use std::fmt::Write as _;

use crate::finetune::Metrics;
use crate::space::Configuration;

/// What a model card tells.
#[derive(Clone, Debug)]
pub struct ModelCard<'a> {
    /// The model's name.
    pub name: &'a str,
    /// The task, as hubs name it.
    pub task: &'a str,
    /// What it was trained from.
    pub base_model: &'a str,
    /// The labelled data.
    pub data: &'a str,
    /// The label names, by class.
    pub labels: &'a [String],
    /// How it was trained.
    pub configuration: &'a Configuration,
    /// Epochs trained, and those over which the schedule was laid out.
    pub epochs: (f64, f64),
    /// The seed of everything random.
    pub seed: u64,
    /// Examples it was trained on, and whether the validation examples were among them.
    pub examples: (usize, bool),
    /// The metrics on examples that it was not trained on.
    pub measured: &'a [Measured],
}

/// What a model is worth on one part of the data.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// `validation` or `test`.
    pub part: &'static str,
    /// How many examples.
    pub examples: usize,
    /// The metrics.
    pub metrics: Metrics,
}

/// The card as Markdown with the metadata that hubs read.
pub fn model_card(card: &ModelCard<'_>) -> String {
    let mut text = format!(
        "---\npipeline_tag: {}\nbase_model: {}\ntags:\n- automl\n---\n\n# {}\n\nFine-tuned by `automl` {} from `{}`.\n\n## Data\n\n",
        card.task,
        quoted(card.base_model),
        card.name,
        env!("CARGO_PKG_VERSION"),
        card.base_model
    );
    let with_validation = if card.examples.1 {
        ", the validation examples included"
    } else {
        ""
    };
    let _ = writeln!(
        text,
        "`{}`: {} training examples{with_validation}.\n",
        card.data, card.examples.0
    );
    let _ = writeln!(
        text,
        "Labels: {}.\n\n## Metrics\n",
        card.labels
            .iter()
            .map(|l| format!("`{l}`"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    if card.measured.is_empty() {
        text.push_str(
            "Not measured: the validation examples were used for training, and no test examples were kept.\n",
        );
    } else {
        text.push_str("| examples | accuracy | f1 (macro) | loss |\n|---|---|---|---|\n");
    }
    for Measured {
        part,
        examples,
        metrics,
    } in card.measured
    {
        let Metrics { accuracy, f1, loss } = metrics;
        let _ = writeln!(text, "| {examples} {part} | {accuracy:.4} | {f1:.4} | {loss:.4} |");
    }
    text.push_str("\n## Configuration\n\n| parameter | value |\n|---|---|\n");
    for (name, value) in card.configuration.iter() {
        let _ = writeln!(text, "| {name} | {value} |");
    }
    let (epochs, max_epochs) = card.epochs;
    let _ = writeln!(
        text,
        "| epochs | {epochs} (schedule over {max_epochs}) |\n| seed | {} |",
        card.seed
    );
    text
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}
