//! The model card: a `README.md` for a trained model, in the format of model hubs.

use std::fmt::Write as _;

use crate::finetune::Scores;
use crate::space::Configuration;
use crate::spec::HubData;

/// Contents of a model card.
#[derive(Clone, Debug)]
pub struct ModelCard<'a> {
    /// The model's name.
    pub name: &'a str,
    /// The task, in the hubs' vocabulary.
    pub task: &'a str,
    /// The model that was fine-tuned.
    pub base_model: &'a str,
    /// The commit of that model, if it is from a hub.
    pub revision: Option<&'a str>,
    /// The licence of that model, if it is known.
    pub licence: Option<&'a str>,
    /// The labelled data.
    pub data: &'a str,
    /// The same as a data set of the hub, with its commit, configuration and licence.
    pub hub_data: Option<&'a HubData>,
    /// The label names, by class.
    pub labels: &'a [String],
    /// The configuration of the training.
    pub configuration: &'a Configuration,
    /// The treatment of long texts in a sentence, if a program that uses the model must know it.
    pub long_texts: Option<String>,
    /// Epochs trained, and epochs that the schedule spans.
    pub epochs: (f64, f64),
    /// Seed of all random numbers.
    pub seed: u64,
    /// Number of training examples, and `true` if they include the validation examples.
    pub examples: (usize, bool),
    /// Metrics on examples that were not used for training.
    pub measured: &'a [Measured],
}

/// Metrics of a model on one part of the data.
#[derive(Clone, Debug)]
pub struct Measured {
    /// `validation` or `test`.
    pub part: &'static str,
    /// Number of examples.
    pub examples: usize,
    /// The metrics.
    pub metrics: Scores,
}

/// The card as Markdown, with metadata for model hubs.
pub fn model_card(card: &ModelCard<'_>) -> String {
    let licence = card
        .licence
        .map_or_else(String::new, |licence| format!("license: {}\n", quoted(licence)));
    let revision = card
        .revision
        .map_or_else(String::new, |revision| format!(" at `{revision}`"));
    let datasets = card
        .hub_data
        .map_or_else(String::new, |_| format!("datasets:\n- {}\n", quoted(card.data)));
    let mut text = format!(
        "---\npipeline_tag: {}\nbase_model: {}\n{licence}{datasets}tags:\n- automl\n{}---\n\n# {}\n\nFine-tuned by `automl` {} from `{}`{revision}.\n\n",
        card.task,
        quoted(card.base_model),
        model_index(card),
        card.name,
        env!("CARGO_PKG_VERSION"),
        card.base_model
    );
    if let Some(licence) = card.licence {
        let _ = writeln!(
            text,
            "The licence of the original is `{licence}`; it may ask for more than this card says.\n"
        );
    }
    text.push_str("## Data\n\n");
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
    if let Some(hub) = card.hub_data {
        text.push_str(&of_hub(hub));
    }
    let _ = writeln!(
        text,
        "Labels: {}.\n",
        card.labels
            .iter()
            .map(|l| format!("`{l}`"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    if let Some(long_texts) = &card.long_texts {
        let _ = writeln!(text, "{long_texts}\n");
    }
    text.push_str("## Metrics\n\n");
    let names: Vec<&String> = card.measured.iter().flat_map(|part| part.metrics.keys()).collect();
    let names: std::collections::BTreeSet<&String> = names.into_iter().collect();
    if card.measured.is_empty() {
        text.push_str(
            "Not measured: the validation examples were used for training, and no test examples were kept.\n",
        );
    } else {
        let heads: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        let _ = writeln!(
            text,
            "| examples | {} |\n|---|{}",
            heads.join(" | "),
            "---|".repeat(names.len())
        );
    }
    for Measured {
        part,
        examples,
        metrics,
    } in card.measured
    {
        let cell = |name: &&String| metrics.get(*name).map_or(String::new(), |value| format!("{value:.4}"));
        let cells: Vec<String> = names.iter().map(cell).collect();
        let _ = writeln!(text, "| {examples} {part} | {} |", cells.join(" | "));
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

/// The metrics as hubs read them from the metadata of a card (`model-index`); empty if nothing was measured.
fn model_index(card: &ModelCard<'_>) -> String {
    let mut index = String::new();
    for Measured { part, metrics, .. } in card.measured {
        // YAML has other numbers, but hubs refuse them.
        let known: Vec<(&String, &f64)> = metrics.iter().filter(|(_, value)| value.is_finite()).collect();
        if known.is_empty() {
            continue;
        }
        let (task, data) = (card.task, quoted(card.data));
        let config = card.hub_data.and_then(|hub| hub.config.as_ref());
        let config = config.map_or_else(String::new, |config| format!("      config: {}\n", quoted(config)));
        // Writing to memory cannot fail.
        let _ = write!(
            index,
            "  - task:\n      type: {task}\n    dataset:\n      type: {data}\n      name: {data}\n{config}      split: {part}\n    metrics:\n"
        );
        for (name, value) in known {
            // Without an exponent, which readers of YAML take for a text.
            let _ = writeln!(index, "    - type: {}\n      value: {value}", quoted(name));
        }
    }
    if index.is_empty() {
        return index;
    }
    format!("model-index:\n- name: {}\n  results:\n{index}", quoted(card.name))
}

/// The origin and the licence of a data set of the hub.
fn of_hub(data: &HubData) -> String {
    let config = data.config.as_ref();
    let config = config.map_or_else(String::new, |config| format!(", configuration `{config}`"));
    let revision = data.id.split_once('@');
    let revision = revision.map_or_else(String::new, |(_, revision)| format!(" at `{revision}`"));
    let licence = data.licence.as_ref();
    let licence = licence.map_or_else(String::new, |licence| format!(" Its licence is `{licence}`."));
    format!("From the Hugging Face hub{revision}{config}.{licence}\n\n")
}

fn quoted(text: &str) -> String {
    // A text of JSON is one of YAML.
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hubs_find_the_metrics_in_the_metadata() {
        let measured = |part, values: &[(&str, f64)]| Measured {
            part,
            examples: 10,
            metrics: values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect(),
        };
        let all = [
            measured("validation", &[("accuracy", 0.5), ("roc_auc", f64::NAN)]),
            measured("test", &[("accuracy", 1.0)]),
            measured("test", &[("loss", f64::INFINITY)]),
        ];
        let card = ModelCard {
            name: "a \"b\"",
            task: "text-classification",
            base_model: "bert",
            revision: None,
            licence: None,
            data: "reviews.csv",
            hub_data: None,
            labels: &[],
            configuration: &Configuration::default(),
            long_texts: None,
            epochs: (1.0, 2.0),
            seed: 0,
            examples: (9, false),
            measured: &all,
        };
        let text = model_card(&card);
        let (metadata, _) = text.strip_prefix("---\n").unwrap().split_once("---\n").unwrap();
        insta::assert_snapshot!(metadata, @r#"
        pipeline_tag: text-classification
        base_model: "bert"
        tags:
        - automl
        model-index:
        - name: "a \"b\""
          results:
          - task:
              type: text-classification
            dataset:
              type: "reviews.csv"
              name: "reviews.csv"
              split: validation
            metrics:
            - type: "accuracy"
              value: 0.5
          - task:
              type: text-classification
            dataset:
              type: "reviews.csv"
              name: "reviews.csv"
              split: test
            metrics:
            - type: "accuracy"
              value: 1
        "#);
        assert!(!model_card(&ModelCard { measured: &[], ..card }).contains("model-index"));
    }
}
