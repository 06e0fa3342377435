//! The families of models: how each one's `config.json` becomes a network, and how its tensors are called.
//!
//! To add a family, add one file and one line in [`FAMILIES`].

mod albert;
mod architecture;
mod bert;
mod block_strings;
mod camembert;
mod config;
mod convnext;
mod convnextv2;
mod deberta_v2;
mod decoder;
mod deit;
mod dinov2;
mod distilbert;
mod efficientnet;
mod electra;
mod encoder;
mod gemma2;
mod gemma3;
mod gpt2;
mod gpt_neox;
mod llama;
mod mistral;
mod mobile;
mod mobilenet_v2;
mod modernbert;
mod mpnet;
mod opt;
mod qwen2;
mod qwen3;
mod regnet;
mod residual;
mod resnet;
mod resnet8;
mod roberta;
mod rope;
mod swin;
#[cfg(test)]
mod tests;
mod timm;
mod timm_convnext;
mod timm_efficientnet;
mod timm_resnet;
mod timm_vit;
mod torchvision_mobilenet_v2;
mod vision;
mod vit;
mod xlm_roberta;

pub(crate) use self::{
    architecture::Architecture,
    config::{ConfigError, Fields},
};

use serde_json::Value;

use crate::{
    networks::{
        Network, Reads,
        transformer::{HeadConfig, StepConfig},
    },
    recipes::Recipe,
};

/// All families.
pub(crate) const FAMILIES: &[&Family] = &[
    &bert::FAMILY,
    &distilbert::FAMILY,
    &roberta::FAMILY,
    &camembert::FAMILY,
    &xlm_roberta::FAMILY,
    &electra::FAMILY,
    &albert::FAMILY,
    &mpnet::FAMILY,
    &deberta_v2::FAMILY,
    &modernbert::FAMILY,
    &gpt2::FAMILY,
    &gpt_neox::FAMILY,
    &llama::FAMILY,
    &mistral::FAMILY,
    &qwen2::FAMILY,
    &qwen3::FAMILY,
    &gemma2::FAMILY,
    &gemma3::FAMILY,
    &opt::FAMILY,
    &resnet8::FAMILY,
    &vit::FAMILY,
    &deit::FAMILY,
    &dinov2::FAMILY,
    &timm_vit::FAMILY,
    &resnet::FAMILY,
    &timm_resnet::FAMILY,
    &mobilenet_v2::FAMILY,
    &torchvision_mobilenet_v2::FAMILY,
    &efficientnet::FAMILY,
    &timm_efficientnet::FAMILY,
    &regnet::FAMILY,
    &convnext::FAMILY,
    &convnextv2::FAMILY,
    &swin::FAMILY,
    &timm_convnext::FAMILY,
];

/// A family of models.
#[derive(Debug)]
pub(crate) struct Family {
    /// The values of `model_type` in `config.json`.
    pub(crate) model_types: &'static [&'static str],
    /// The beginnings of `library/architecture` of models in the layouts of timm and of torchvision.
    pub(crate) architectures: &'static [&'static str],
    /// The network that a configuration describes.
    pub(crate) build: fn(&Fields<'_>, HeadRequest) -> Result<Network, ConfigError>,
    pub(crate) names: Names,
    /// How the classes of `transformers` for this family begin; empty if there are none.
    pub(crate) class: &'static str,
    /// The usual settings for fine-tuning a model of this hidden size.
    pub(crate) recipe: fn(usize) -> Recipe,
}

/// The names of tensors in files.
#[derive(Debug)]
pub(crate) struct Names {
    /// The prefix of the base model's tensors in files; empty if they have none. Our names go without it.
    pub(crate) prefix: &'static str,
    /// The prefix in models that answer questions, where `transformers` has another one for them.
    pub(crate) answering: Option<&'static str>,
    /// Our names of the tensors of the head for whole texts, by their beginnings. They have no prefix in files, and
    /// neither have [`HEADS`].
    pub(crate) head: &'static [&'static str],
    /// Tensors that fine-tuning does not need (heads of pretraining, buffers), by the beginning of our name for them, or
    /// by its end after a `*`.
    pub(crate) ignored: &'static [&'static str],
}

/// The beginnings of the names of heads that several families have.
const HEADS: [&str; 3] = ["classifier.", "score.", "qa_outputs."];

/// The head that a network is asked to have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeadRequest {
    /// The subject of the outputs.
    pub(crate) kind: HeadKind,
    /// Number of outputs.
    pub(crate) outputs: usize,
    pub(crate) source: HeadSource,
}

/// The subject of a head's outputs.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadKind {
    /// The whole text or image.
    Whole,
    /// Each token.
    Tokens,
    /// Each token: how well an answer begins and ends there.
    Answers,
}

impl HeadKind {
    /// The end of the names of the classes in `transformers`.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Whole => "ForSequenceClassification",
            Self::Tokens => "ForTokenClassification",
            Self::Answers => "ForQuestionAnswering",
        }
    }
}

/// The source of a head's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadSource {
    /// Initialized for each trial; layers that pretraining has trained are kept.
    New,
    /// Read from a fine-tuned model's file.
    File,
}

impl Family {
    /// The family of a configuration: by its `model_type`, or by its `architecture` where that is missing.
    ///
    /// # Errors
    /// Returns the reason if the family is not known.
    pub(crate) fn of(config: &Value) -> Result<&'static Self, String> {
        if let Some(architecture) = Architecture::of(config) {
            return architecture.family();
        }
        let model_type = config.get("model_type").and_then(Value::as_str).unwrap_or("missing");
        let mut all = FAMILIES.iter().copied();
        all.find(|family| family.model_types.contains(&model_type))
            .ok_or_else(|| {
                let known = model_types().join("`, `");
                format!("`model_type` is `{model_type}`; the supported ones are `{known}`")
            })
    }

    /// The network that `config.json` describes.
    ///
    /// # Errors
    /// Returns the reason if a size is missing or the model needs an option that is not supported.
    pub(crate) fn network(&self, config: &Value, head: HeadRequest) -> Result<Network, ConfigError> {
        (self.build)(&Fields::new(config)?, head)
    }
}

impl HeadRequest {
    /// A head that has these steps for whole texts, and for tokens the steps that most families have.
    fn config(self, reads: Reads, steps: Vec<StepConfig>) -> HeadConfig {
        match self.kind {
            HeadKind::Whole => self.with(reads, steps),
            HeadKind::Tokens => self.with(
                Reads::All,
                vec![StepConfig::Dropout, StepConfig::Output("classifier", true)],
            ),
            HeadKind::Answers => self.with(Reads::All, vec![StepConfig::Output("qa_outputs", true)]),
        }
    }

    /// A head with these steps, whatever it is about.
    fn with(self, reads: Reads, steps: Vec<StepConfig>) -> HeadConfig {
        HeadConfig {
            reads,
            steps,
            outputs: self.outputs,
            is_from_file: self.source == HeadSource::File,
        }
    }
}

/// # Errors
/// If the width of the blocks is not a multiple of the number of heads.
fn check_widths(key: &'static str, width: usize, heads: usize) -> Result<(), ConfigError> {
    if width.is_multiple_of(heads) {
        return Ok(());
    }
    Err(ConfigError::Multiple {
        what: key,
        size: width,
        factors: format!("the {heads} heads"),
    })
}

/// # Errors
/// If a size is not a multiple of `factor`.
fn check_multiple(key: &'static str, size: usize, factor: usize) -> Result<(), ConfigError> {
    if size.is_multiple_of(factor) {
        return Ok(());
    }
    Err(ConfigError::Multiple {
        what: key,
        size,
        factors: factor.to_string(),
    })
}

/// Heads of other tasks, which every family may have: the beginnings of their names.
const OTHER_HEADS: &[&str] = &["classifier.", "score.", "qa_outputs."];

/// The names of all model types, for messages.
pub(crate) fn model_types() -> Vec<&'static str> {
    let types = FAMILIES.iter().flat_map(|family| family.model_types);
    types.copied().collect()
}

impl Names {
    /// Our name for a tensor of a file, whichever version of the library wrote it.
    pub(crate) fn ours(&self, name: &str) -> String {
        let answering = || name.strip_prefix(self.answering?);
        let name = name.strip_prefix(self.prefix).or_else(answering).unwrap_or(name);
        let is_norm = |owner: &str| owner.to_ascii_lowercase().ends_with("norm");
        match name.rsplit_once('.') {
            Some((owner, "gamma")) if is_norm(owner) => format!("{owner}.weight"),
            Some((owner, "beta")) if is_norm(owner) => format!("{owner}.bias"),
            _ => name.to_owned(),
        }
    }

    /// The name of a tensor in an exported file with a head of this kind.
    pub(crate) fn exported(&self, kind: HeadKind, name: &str) -> String {
        let prefix = self.answering.filter(|_| kind == HeadKind::Answers);
        if self.is_of_head(name) {
            name.to_owned()
        } else {
            format!("{}{name}", prefix.unwrap_or(self.prefix))
        }
    }

    /// Returns whether a tensor that the network does not have can be left out.
    pub(crate) fn is_ignored(&self, name: &str) -> bool {
        let fits = |pattern: &&str| match pattern.strip_prefix('*') {
            Some(end) => name.ends_with(end),
            None => name.starts_with(*pattern),
        };
        self.is_of_head(name) || OTHER_HEADS.iter().chain(self.ignored).any(fits)
    }

    /// Returns whether a tensor belongs to a head.
    pub(crate) fn is_of_head(&self, name: &str) -> bool {
        let mut beginnings = HEADS.iter().chain(self.head);
        beginnings.any(|beginning| name.starts_with(beginning))
    }
}
