//! BERT (Devlin et al. 2019) as in Hugging Face's `BertModel`, with a classification head.
//!
//! `config` reads the sizes, and `block` is one encoder block, forward and backward. This file combines embeddings,
//! blocks and head. A batch is stored as rows, one token per row, `[rows, hidden]`.

mod block;
mod config;
#[cfg(test)]
mod tests;

pub(crate) use config::BertConfig;

use self::block::{Block, Positions};
use super::{Batch, DEEP, Frozen, FrozenSize, PassSettings, SMALL};
use crate::{
    backend::{Device, Tensor, values},
    dropout::{Dropout, DropoutKeys},
    gradients::{Gradient, Loss, Pass},
    kernels::{Kernels, Layout, Norm, Normalized},
    parameters::{Parameter, Parameters, Start},
};

/// The word, position and type tables, and the norm's scale and shift.
const EMBEDDING_PARAMETERS: usize = 5;
/// A pair each for query, key, value, projection, norm, expand, contract and norm.
const BLOCK_PARAMETERS: usize = 16;
/// BERT's `initializer_range`.
const HEAD_DEVIATION: f32 = 0.02;

/// The head, which turns the first position's last hidden state into class scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// Dropout, then a linear layer; the reference trains this head.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "trials use the pooler, which `transformers` expects")
    )]
    Cls,
    /// The pooler (a linear layer and tanh), dropout, then a linear layer: `BertForSequenceClassification`.
    Pooler,
}

/// The source of a head's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadSource {
    /// Initialized for each trial; a pretrained pooler is kept.
    New,
    /// Read from a fine-tuned model's file.
    File,
}

/// A BERT with a classification head.
#[derive(Clone, Debug)]
pub(crate) struct Bert {
    pub(crate) config: BertConfig,
    pub(crate) head: Head,
    pub(crate) head_source: HeadSource,
    pub(crate) classes: usize,
}

/// Values saved for the backward pass of the embedding.
struct Embedded {
    norm: Normalized,
    dropout: Option<Dropout>,
}

/// Our name for a tensor that has other names in files of other versions or with other prefixes.
pub(crate) fn canonical_name(name: &str) -> String {
    let name = name.strip_prefix("bert.").unwrap_or(name);
    match name.rsplit_once('.') {
        Some((owner, "gamma")) => format!("{owner}.weight"),
        Some((owner, "beta")) => format!("{owner}.bias"),
        _ => name.to_owned(),
    }
}

/// The name of a tensor in Hugging Face's `BertForSequenceClassification`.
pub(crate) fn exported_name(name: &str) -> String {
    if name.starts_with("classifier.") {
        name.to_owned()
    } else {
        format!("bert.{name}")
    }
}

/// Returns whether a tensor belongs to pretraining heads or buffers, which classification does not need.
pub(crate) fn is_ignored(name: &str) -> bool {
    name.starts_with("cls.")
        || name.starts_with("pooler.")
        || name.starts_with("classifier.")
        || name == "embeddings.position_ids"
}

impl Bert {
    /// See [`super::Network::parameters`].
    pub(crate) fn parameters(&self) -> Vec<Parameter> {
        let BertConfig {
            hidden_size: hidden,
            intermediate_size: inner,
            ..
        } = self.config;
        let mut list = Vec::new();
        let mut push = |name: &str, shape: &[usize], freezes_at: Option<usize>, start: Start| {
            let transposed = shape.len() == 2 && !name.contains("_embeddings");
            let (name, shape) = (name.to_owned(), shape.to_vec());
            list.push(Parameter {
                name,
                shape,
                transposed,
                freezes_at,
                has_gradient: true,
                start,
            });
        };
        for (name, rows) in [
            ("word", self.config.vocab_size),
            ("position", self.config.max_position_embeddings),
            ("token_type", self.config.type_vocab_size),
        ] {
            push(
                &format!("embeddings.{name}_embeddings.weight"),
                &[rows, hidden],
                Some(1),
                Start::Pretrained,
            );
        }
        push("embeddings.LayerNorm.weight", &[hidden], Some(1), Start::Pretrained);
        push("embeddings.LayerNorm.bias", &[hidden], Some(1), Start::Pretrained);
        for number in 0..self.config.num_hidden_layers {
            for (name, shape) in [
                ("attention.self.query", vec![hidden, hidden]),
                ("attention.self.key", vec![hidden, hidden]),
                ("attention.self.value", vec![hidden, hidden]),
                ("attention.output.dense", vec![hidden, hidden]),
                ("attention.output.LayerNorm", vec![hidden]),
                ("intermediate.dense", vec![inner, hidden]),
                ("output.dense", vec![hidden, inner]),
                ("output.LayerNorm", vec![hidden]),
            ] {
                let name = format!("encoder.layer.{number}.{name}");
                push(&format!("{name}.weight"), &shape, Some(number + 1), Start::Pretrained);
                push(
                    &format!("{name}.bias"),
                    &shape[..1],
                    Some(number + 1),
                    Start::Pretrained,
                );
            }
        }
        let (pooler, classifier) = match self.head_source {
            HeadSource::New => (
                [Start::PretrainedOrNormal(HEAD_DEVIATION), Start::PretrainedOrZeros],
                [Start::Normal(HEAD_DEVIATION), Start::Zeros],
            ),
            HeadSource::File => ([Start::Pretrained; 2], [Start::Pretrained; 2]),
        };
        if self.head == Head::Pooler {
            push("pooler.dense.weight", &[hidden, hidden], None, pooler[0]);
            push("pooler.dense.bias", &[hidden], None, pooler[1]);
        }
        push("classifier.weight", &[self.classes, hidden], None, classifier[0]);
        push("classifier.bias", &[self.classes], None, classifier[1]);
        list
    }

    /// See [`super::Network::block_names`]; the embeddings freeze with the first block.
    pub(crate) fn block_names(&self) -> Vec<String> {
        (0..self.config.num_hidden_layers)
            .map(|number| format!("encoder.layer.{number}"))
            .collect()
    }

    fn layout(&self, lengths: &[usize], device: Device) -> Layout {
        Layout::new(lengths, self.config.num_attention_heads, device)
    }

    fn block<'a>(
        &self,
        parameters: &'a Parameters,
        layout: &'a Layout,
        number: usize,
        dropout: DropoutKeys,
        device: Device,
    ) -> Block<'a> {
        let last = number + 1 == self.config.num_hidden_layers;
        let positions = if last { Positions::First } else { Positions::All };
        Block {
            parameters,
            number,
            layout,
            epsilon: self.config.layer_norm_eps as f32,
            positions,
            dropout,
            device,
        }
    }

    fn embed(
        &self,
        parameters: &Parameters,
        (tokens, layout): (&[u32], &Layout),
        dropout: Option<Dropout>,
        device: Device,
    ) -> (Tensor<2>, Embedded) {
        let tokens = layout.spread(tokens, 1, 0);
        let words = parameters.matrix(0).select(&tokens);
        let positions = parameters.matrix(1).select(&layout.positions());
        let kind = parameters.matrix(2).narrow(0, 1).reshape([self.config.hidden_size]);
        let norm = Norm {
            scale: parameters.vector(3),
            shift: parameters.vector(4),
            epsilon: self.config.layer_norm_eps as f32,
        };
        let kernels = Kernels::new(device);
        let (output, norm) = kernels.add_norm(words, kind, positions, norm, None);
        (kernels.drop(output, dropout), Embedded { norm, dropout })
    }

    fn embed_backward(
        &self,
        parameters: &Parameters,
        gradient: Tensor<2>,
        (tokens, layout): (&[u32], &Layout),
        embedded: Embedded,
        gradients: &mut Vec<(usize, Gradient)>,
        device: Device,
    ) {
        let hidden = self.config.hidden_size;
        let kernels = Kernels::new(device);
        let gradient = kernels.drop(gradient, embedded.dropout);
        let norm = kernels.add_norm_backward(gradient, None, embedded.norm, parameters.vector(3));
        let table = |used: &[u32], values: Tensor<2>, rows: usize| {
            let used: Vec<_> = used.iter().copied().map(Some).collect();
            kernels.of_table(&layout.spread(&used, 1, None), values, rows)
        };
        // Every token has the type 0.
        let other_kinds = parameters.list()[2].length() - hidden;
        let kinds = if other_kinds == 0 {
            norm.bias
        } else {
            Tensor::joined(vec![norm.bias, device.zeros([other_kinds])])
        };
        let rows = (self.config.vocab_size, self.config.max_position_embeddings);
        gradients.extend([
            (0, table(tokens, norm.branch, rows.0)),
            (1, table(&layout.places(), norm.residual, rows.1)),
            (2, Gradient::Dense(kinds)),
            (3, Gradient::Dense(norm.scale)),
            (4, Gradient::Dense(norm.shift)),
        ]);
    }

    /// The pooler's output, `[texts, hidden]`.
    fn pool(parameters: &Parameters, first: Tensor<2>, device: Device) -> Tensor<2> {
        let place = parameters.list().len() - 4;
        let (weight, bias) = (parameters.matrix(place), parameters.vector(place + 1));
        Kernels::new(device).project(first, weight, bias).tanh()
    }

    /// See [`super::Network::frozen`].
    pub(crate) fn frozen(
        &self,
        parameters: &Parameters,
        (batch, from): (&Batch, Option<Frozen>),
        stops: &[usize],
        device: Device,
    ) -> Vec<Frozen> {
        let (tokens, lengths) = texts(batch);
        let layout = self.layout(lengths, device);
        let (mut hidden, mut depth) = self.begin(parameters, (tokens, &layout), from, device);
        let outputs = stops.iter().map(|&stop| {
            hidden = self.climb(parameters, hidden.clone(), &layout, depth..stop, device);
            depth = stop;
            let values = values(&hidden);
            let values = if stop == self.config.num_hidden_layers {
                values
            } else {
                layout.gather(&values, self.config.hidden_size)
            };
            Frozen { depth, values }
        });
        outputs.collect()
    }

    /// Hidden states in evaluation mode to start from, and the number of blocks that they have passed.
    fn begin(
        &self,
        parameters: &Parameters,
        (tokens, layout): (&[u32], &Layout),
        known: Option<Frozen>,
        device: Device,
    ) -> (Tensor<2>, usize) {
        match known {
            Some(known) => {
                let depth = known.depth;
                (self.enter(known, layout, device), depth)
            }
            None => (self.embed(parameters, (tokens, layout), None, device).0, 0),
        }
    }

    /// The smallest number of texts that must be computed together; see [`super::Network::frozen`].
    pub(crate) fn least_company(&self) -> usize {
        let is_cut = self.config.hidden_size <= SMALL && self.config.intermediate_size > DEEP;
        if is_cut { SMALL + 1 } else { 2 }
    }

    /// See [`super::Network::frozen_size`].
    pub(crate) fn frozen_size(&self, depth: usize, tokens: usize) -> FrozenSize {
        let BertConfig {
            hidden_size: hidden,
            intermediate_size: inner,
            num_hidden_layers: blocks,
            ..
        } = self.config;
        let is_whole = depth == blocks;
        // The last block needs only the keys and values of all tokens. Attention takes two products per head.
        let whole_row = 2 * hidden * (4 * hidden + 2 * inner);
        let block = tokens * (whole_row + 4 * tokens * hidden);
        let last = tokens * (4 * hidden * hidden + 4 * hidden) + 4 * hidden * (hidden + inner);
        FrozenSize {
            values: if is_whole { hidden } else { tokens * hidden },
            operations: (depth - usize::from(is_whole)) * block + usize::from(is_whole) * last,
        }
    }

    /// The hidden states after the given blocks, in evaluation mode.
    fn climb(
        &self,
        parameters: &Parameters,
        mut hidden: Tensor<2>,
        layout: &Layout,
        blocks: std::ops::Range<usize>,
        device: Device,
    ) -> Tensor<2> {
        for number in blocks {
            let block = self.block(parameters, layout, number, DropoutKeys::none(), device);
            hidden = block.forward(hidden).0;
        }
        hidden
    }

    /// The cached activations of a batch as the input of the next block.
    fn enter(&self, frozen: Frozen, layout: &Layout, device: Device) -> Tensor<2> {
        let hidden = self.config.hidden_size;
        let values = if frozen.depth == self.config.num_hidden_layers {
            frozen.values
        } else {
            layout.spread(&frozen.values, hidden, 0.0)
        };
        let rows = values.len() / hidden;
        device.tensor(values, [rows, hidden])
    }

    /// The last hidden state at the first position of each text, `[texts, hidden]`, in evaluation mode.
    fn first_hidden(
        &self,
        parameters: &Parameters,
        batch: &Batch,
        frozen: Option<Frozen>,
        device: Device,
    ) -> Tensor<2> {
        let (tokens, lengths) = texts(batch);
        let layout = self.layout(lengths, device);
        let (hidden, depth) = self.begin(parameters, (tokens, &layout), frozen, device);
        self.climb(
            parameters,
            hidden,
            &layout,
            depth..self.config.num_hidden_layers,
            device,
        )
    }

    /// See [`super::Network::logits`].
    pub(crate) fn logits(
        &self,
        parameters: &Parameters,
        batch: &Batch,
        frozen: Option<Frozen>,
        device: Device,
    ) -> Tensor<2> {
        let first = self.first_hidden(parameters, batch, frozen, device);
        let features = match self.head {
            Head::Cls => first,
            Head::Pooler => Self::pool(parameters, first, device),
        };
        let place = parameters.list().len() - 2;
        let (weight, bias) = (parameters.matrix(place), parameters.vector(place + 1));
        Kernels::new(device).project(features, weight, bias)
    }

    /// See [`super::Network::pass`].
    pub(crate) fn pass(
        &self,
        parameters: &Parameters,
        (batch, known): (&Batch, Option<Frozen>),
        labels: &[u32],
        settings: PassSettings,
        device: Device,
    ) -> Pass {
        let (tokens, lengths) = texts(batch);
        let layout = self.layout(lengths, device);
        let frozen = settings.freeze_depth;
        let (mut hidden, embedded) = if frozen == 0 {
            let (hidden, embedded) = self.embed(parameters, (tokens, &layout), settings.dropout.site(0), device);
            (hidden, Some(embedded))
        } else {
            // Frozen blocks run in evaluation mode.
            let (hidden, depth) = self.begin(parameters, (tokens, &layout), known, device);
            (self.climb(parameters, hidden, &layout, depth..frozen, device), None)
        };
        let mut trained = Vec::new();
        for number in frozen..self.config.num_hidden_layers {
            let block = self.block(parameters, &layout, number, settings.dropout, device);
            let (output, saved) = block.forward(hidden);
            hidden = output;
            trained.push((block, saved));
        }
        let mut gradients = Vec::new();
        let (loss, gradient) = self.head_pass(parameters, hidden, labels, settings, &mut gradients, device);
        let mut gradient = Some(gradient);
        for (block, saved) in trained.into_iter().rev() {
            let wants_input = frozen == 0 || block.number > frozen;
            gradient = gradient.and_then(|gradient| block.backward(gradient, saved, &mut gradients, wants_input));
        }
        if let (Some(embedded), Some(gradient)) = (embedded, gradient) {
            self.embed_backward(
                parameters,
                gradient,
                (tokens, &layout),
                embedded,
                &mut gradients,
                device,
            );
        }
        Pass {
            loss,
            gradients,
            statistics: Vec::new(),
        }
    }

    /// The head, forward and backward: the loss and the gradient of the first position's hidden state.
    fn head_pass(
        &self,
        parameters: &Parameters,
        first: Tensor<2>,
        labels: &[u32],
        settings: PassSettings,
        gradients: &mut Vec<(usize, Gradient)>,
        device: Device,
    ) -> (Loss, Tensor<2>) {
        let kernels = Kernels::new(device);
        let dropout = settings.dropout.site(1 + 3 * self.config.num_hidden_layers as u64);
        let place = parameters.list().len() - 2;
        let pooled = match self.head {
            Head::Cls => first.clone(),
            Head::Pooler => Self::pool(parameters, first.clone(), device),
        };
        let features = kernels.drop(pooled.clone(), dropout);
        let (weight, bias) = (parameters.matrix(place), parameters.vector(place + 1));
        let logits = kernels.project(features.clone(), weight, bias);
        let (loss, gradient) = kernels.cross_entropy(logits, labels);
        let mut record = |place: usize, input: Tensor<2>, gradient: &Tensor<2>| {
            let weight = kernels.product(input.transpose(), gradient.clone());
            let [rows, columns] = weight.dims();
            let (_, bias) = kernels.sum_rows(gradient.clone());
            gradients.push((place, Gradient::Dense(weight.reshape([rows * columns]))));
            gradients.push((place + 1, Gradient::Dense(bias)));
        };
        record(place, features, &gradient);
        let gradient = kernels.drop(kernels.product(gradient, parameters.matrix(place).transpose()), dropout);
        let gradient = match self.head {
            Head::Cls => gradient,
            Head::Pooler => {
                let gradient = gradient * (-pooled.clone() * pooled + 1.0);
                record(place - 2, first, &gradient);
                kernels.product(gradient, parameters.matrix(place - 2).transpose())
            }
        };
        (loss, gradient)
    }
}

/// The tokens and lengths of a batch of texts.
fn texts(batch: &Batch) -> (&[u32], &[usize]) {
    match batch {
        Batch::Texts { tokens, lengths } => (tokens, lengths),
        Batch::Images { .. } => panic!("a text model was given images"),
    }
}
