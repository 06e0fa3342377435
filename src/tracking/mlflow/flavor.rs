//! The pipeline of `transformers` that uses a trained model, as `MLflow` describes it.

use serde_json::{Value as Json, json};

/// The version of Python that descriptions name.
pub(super) const PYTHON: &str = "3.11.0";

/// Packages that a pipeline needs.
const CURRENT: &str = "mlflow\ntorch\ntransformers\n";

/// `transformers` has pipelines that answer questions up to version 4.
const BEFORE_5: &str = "mlflow\ntorch\ntransformers<5\n";

/// A pipeline of `transformers`, by the ending of the model's class.
struct Pipeline {
    architecture: &'static str,
    task: &'static str,
    class: &'static str,
    requirements: &'static str,
    /// Its arguments, beside the model. Without them texts that are too long fail.
    arguments: fn(&Json, &Json, u64) -> Json,
    inputs: fn(&Json) -> &'static [&'static str],
    /// Columns and types of its answer in a table; none if a cell holds several values.
    outputs: fn(&Json) -> &'static [(&'static str, &'static str)],
}

const PIPELINES: [Pipeline; 3] = [
    Pipeline {
        architecture: "ForSequenceClassification",
        task: "text-classification",
        class: "TextClassificationPipeline",
        requirements: CURRENT,
        arguments: |_, config, longest| {
            let mut arguments = json!({"max_length": longest, "truncation": true});
            if has_several(config) {
                // All labels, or all numbers.
                arguments["top_k"] = Json::Null;
            }
            arguments
        },
        inputs: |notes| {
            if notes["text_pair"].is_null() {
                &["text"]
            } else {
                &["text", "text_pair"]
            }
        },
        outputs: |config| {
            if has_several(config) {
                &[]
            } else {
                &[("label", "string"), ("score", "double")]
            }
        },
    },
    Pipeline {
        architecture: "ForTokenClassification",
        task: "token-classification",
        class: "TokenClassificationPipeline",
        requirements: CURRENT,
        arguments: |notes, _, longest| {
            json!({
                // The first piece of a word decides, as in training.
                "aggregation_strategy": "first",
                // MLflow fails at a text without a name, so words outside of names are told too.
                "ignore_labels": [],
                "stride": stride(notes, longest),
            })
        },
        inputs: |_| &["text"],
        outputs: |_| &[],
    },
    Pipeline {
        architecture: "ForQuestionAnswering",
        task: "question-answering",
        class: "QuestionAnsweringPipeline",
        requirements: BEFORE_5,
        arguments: |notes, _, longest| {
            json!({
                "max_seq_len": longest,
                "doc_stride": stride(notes, longest),
                "handle_impossible_answer": notes["no_answers"] == true,
            })
        },
        inputs: |_| &["question", "context"],
        outputs: |_| &[("answer", "string")],
    },
];

/// `true` if a model has several labels for a text, or several numbers.
fn has_several(config: &Json) -> bool {
    let outputs = config["id2label"].as_object().map_or(0, serde_json::Map::len);
    match config["problem_type"].as_str() {
        Some("multi_label_classification") => true,
        Some("regression") => outputs > 1,
        _ => false,
    }
}

/// Tokens that two windows of a long text share.
fn stride(notes: &Json, longest: u64) -> u64 {
    notes["stride"].as_u64().unwrap_or(longest / 3)
}

/// How `transformers` makes a pipeline of a model.
pub(super) struct Flavor {
    pipeline: &'static Pipeline,
    architecture: String,
    tokenizer: String,
    arguments: Json,
    inputs: &'static [&'static str],
    outputs: &'static [(&'static str, &'static str)],
}

impl Flavor {
    /// The pipeline of a model, by the contents of `automl.json`, `config.json` and `tokenizer_config.json`; `None` if
    /// there is none that reads as the model was trained.
    pub(super) fn of(notes: &Json, config: &Json, tokenizer: &Json) -> Option<Self> {
        let architecture = config["architectures"][0].as_str()?;
        let mut all = PIPELINES.iter();
        let pipeline = all.find(|pipeline| architecture.ends_with(pipeline.architecture))?;
        let longest = notes["max_length"].as_u64()?;
        // Pipelines for whole texts cut them at their end, and take no mean over windows. The others read windows, and
        // find their columns by themselves, so that the notes name none.
        let cuts = &notes["truncation"];
        let is_cut_alike = notes["text"].is_string() && (cuts.is_null() || cuts == "head");
        (pipeline.task != "text-classification" || is_cut_alike).then(|| Self {
            architecture: architecture.to_owned(),
            tokenizer: tokenizer["tokenizer_class"]
                .as_str()
                .unwrap_or("AutoTokenizer")
                .to_owned(),
            arguments: (pipeline.arguments)(notes, config, longest),
            inputs: (pipeline.inputs)(notes),
            outputs: (pipeline.outputs)(config),
            pipeline,
        })
    }

    /// The packages that it needs, one a line.
    pub(super) fn requirements(&self) -> &'static str {
        self.pipeline.requirements
    }

    /// The columns of its tables.
    pub(super) fn signature(&self) -> Json {
        let column = |kind: &str, name: &str| json!({"type": kind, "name": name, "required": true});
        let inputs: Vec<Json> = self.inputs.iter().map(|name| column("string", name)).collect();
        let outputs: Vec<Json> = self.outputs.iter().map(|(name, kind)| column(kind, name)).collect();
        let outputs = Some(outputs).filter(|outputs| !outputs.is_empty());
        json!({
            "inputs": json!(inputs).to_string(),
            "outputs": outputs.map(|outputs| json!(outputs).to_string()),
            "params": null,
        })
    }

    /// The two flavors of the model.
    pub(super) fn flavors(&self) -> Json {
        json!({
            "python_function": {
                "config": self.arguments,
                "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
                "loader_module": "mlflow.transformers",
                "model_binary": "model",
                "python_version": PYTHON,
            },
            "transformers": {
                "code": null,
                "components": ["tokenizer"],
                "framework": "pt",
                "instance_type": self.pipeline.class,
                "model_binary": "model",
                "pipeline_model_type": self.architecture,
                "source_model_name": "automl",
                "task": self.pipeline.task,
                "tokenizer_type": self.tokenizer,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flavor(notes: &Json, config: &Json) -> Option<Flavor> {
        Flavor::of(notes, config, &json!({}))
    }

    fn config(architecture: &str, problem: &str, labels: &[&str]) -> Json {
        let names: serde_json::Map<String, Json> = labels
            .iter()
            .enumerate()
            .map(|(index, label)| (index.to_string(), json!(label)))
            .collect();
        json!({"architectures": [architecture], "problem_type": problem, "id2label": names})
    }

    #[test]
    fn each_task_has_its_pipeline() {
        let notes = json!({"text": "t", "max_length": 64});
        let class = config(
            "BertForSequenceClassification",
            "single_label_classification",
            &["a", "b"],
        );
        let one = flavor(&notes, &class).unwrap();
        assert_eq!(one.arguments, json!({"max_length": 64, "truncation": true}));
        assert!(one.signature()["outputs"].as_str().unwrap().contains("score"));
        let several = config(
            "BertForSequenceClassification",
            "multi_label_classification",
            &["a", "b"],
        );
        let several = flavor(&notes, &several).unwrap();
        assert_eq!(several.arguments.get("top_k"), Some(&Json::Null));
        assert!(several.signature()["outputs"].is_null());
        let number = config("BertForSequenceClassification", "regression", &["score"]);
        assert!(flavor(&notes, &number).unwrap().arguments.get("top_k").is_none());
        let found = json!({"text": null, "max_length": 64, "no_answers": true});
        let tags = flavor(&found, &config("BertForTokenClassification", "", &["O", "B-X"])).unwrap();
        assert_eq!(tags.arguments["stride"], 21);
        assert_eq!(
            tags.flavors()["transformers"]["instance_type"],
            "TokenClassificationPipeline"
        );
        let pair = json!({"text": "a", "text_pair": "b", "max_length": 64});
        assert!(
            flavor(&pair, &class).unwrap().signature()["inputs"]
                .as_str()
                .unwrap()
                .contains("text_pair")
        );
        let answers = flavor(&found, &config("BertForQuestionAnswering", "", &[])).unwrap();
        assert_eq!(answers.arguments["handle_impossible_answer"], true);
        assert!(answers.requirements().contains("transformers<5"));
    }

    #[test]
    fn a_pipeline_that_reads_otherwise_is_none() {
        let class = config(
            "BertForSequenceClassification",
            "single_label_classification",
            &["a", "b"],
        );
        for truncation in ["windows", "head_tail"] {
            let notes = json!({"text": "t", "max_length": 64, "truncation": truncation});
            assert!(flavor(&notes, &class).is_none(), "{truncation}");
        }
        assert!(flavor(&json!({"text": null, "max_length": null}), &class).is_none());
        let pictures = config("ViTForImageClassification", "single_label_classification", &["a"]);
        assert!(flavor(&json!({"text": null}), &pictures).is_none());
    }
}
