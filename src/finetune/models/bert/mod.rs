//! BERT (Devlin et al. 2019) as Hugging Face's `BertModel` computes it, with a classification head.
//!
//! `config` reads the sizes, `block` is one encoder block in both directions; this file joins embeddings, blocks and
//! head. A batch is kept as rows, `[texts · width, hidden]`.

mod block;
mod config;
#[cfg(test)]
mod tests;

pub(crate) use config::BertConfig;

use self::block::{Block, Layout, Positions};
use super::{Batch, PassSettings};
use crate::finetune::{
    backend::{Device, Host, Tensor, values},
    dropout::{Dropout, DropoutKeys},
    gradients::{Gradient, Pass, sum_by_row},
    kernels::{Kernels, Norm, Normalized},
    loss::cross_entropy,
    parameters::{Parameter, Parameters, Start},
};

/// Word, position and type tables; the norm's scale and shift.
const EMBEDDING_PARAMETERS: usize = 5;
/// Query, key, value, projection, norm, expand, contract, norm: a pair each.
const BLOCK_PARAMETERS: usize = 16;
/// BERT's `initializer_range`.
const HEAD_DEVIATION: f32 = 0.02;

/// What turns the first position's last hidden state into class scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// Dropout, then a linear layer; the reference trains with it.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "trials use the pooler, which `transformers` expects")
    )]
    Cls,
    /// The pooler (a linear layer and tanh), dropout, then a linear layer: `BertForSequenceClassification`.
    Pooler,
}

/// Where a head's values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadSource {
    /// Made anew for a trial; a pretrained pooler is kept.
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

/// What the embedding's backward pass needs.
struct Embedded {
    norm: Normalized,
    dropout: Option<Dropout>,
}

/// Names of the same tensors in files of other versions and with other prefixes.
pub(crate) fn canonical_name(name: &str) -> String {
    let name = name.strip_prefix("bert.").unwrap_or(name);
    match name.rsplit_once('.') {
        Some((owner, "gamma")) => format!("{owner}.weight"),
        Some((owner, "beta")) => format!("{owner}.bias"),
        _ => name.to_owned(),
    }
}

/// The name that Hugging Face's `BertForSequenceClassification` gives a tensor.
pub(crate) fn exported_name(name: &str) -> String {
    if name.starts_with("classifier.") {
        name.to_owned()
    } else {
        format!("bert.{name}")
    }
}

/// Tensors of pretraining heads and buffers, which files may hold and classification does not need.
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

    fn layout<'a>(&self, lengths: &'a [usize], width: usize) -> Layout<'a> {
        Layout {
            lengths,
            width,
            heads: self.config.num_attention_heads,
            hidden: self.config.hidden_size,
            epsilon: self.config.layer_norm_eps as f32,
        }
    }

    fn block<'a>(
        &self,
        parameters: &'a Parameters,
        layout: Layout<'a>,
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
            positions,
            dropout,
            device,
        }
    }

    fn embed(
        &self,
        parameters: &Parameters,
        tokens: &[u32],
        width: usize,
        dropout: Option<Dropout>,
        device: Device,
    ) -> (Tensor<2>, Embedded) {
        let positions: Vec<u32> = (0..tokens.len()).map(|row| (row % width) as u32).collect();
        let words = parameters.matrix(0).select(0, device.indices(tokens));
        let positions = parameters.matrix(1).select(0, device.indices(&positions));
        let kind = parameters.matrix(2).narrow(0, 0, 1).reshape([self.config.hidden_size]);
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
        (tokens, width): (&[u32], usize),
        embedded: Embedded,
        gradients: &mut Vec<(usize, Gradient)>,
        device: Device,
    ) {
        let hidden = self.config.hidden_size;
        let kernels = Kernels::new(device);
        let gradient = kernels.drop(gradient, embedded.dropout);
        let norm = kernels.add_norm_backward(gradient, None, embedded.norm, parameters.vector(3));
        let texts = tokens.len() / width;
        // Every text has the same positions, and every token the type 0.
        let by_position = norm.residual.reshape([texts, width * hidden]);
        let (_, positions) = kernels.sum_rows(by_position);
        let dense = |index: usize, used: Tensor<1>| {
            let missing = parameters.list()[index].length() - used.dims()[0];
            let gradient = if missing == 0 {
                used
            } else {
                Tensor::cat(vec![used, device.zeros([missing])], 0)
            };
            (index, Gradient::Dense(gradient))
        };
        let words = if device.is_host() {
            sum_by_row(tokens, Host::take(norm.branch, device).values(), hidden)
        } else {
            let table = device.zeros([self.config.vocab_size, hidden]);
            let add = burn::tensor::IndexingUpdateOp::Add;
            let table = table.select_assign(0, device.indices(tokens), norm.branch, add);
            Gradient::Dense(table.reshape([self.config.vocab_size * hidden]))
        };
        gradients.extend([
            (0, words),
            dense(1, positions),
            dense(2, norm.bias),
            (3, Gradient::Dense(norm.scale)),
            (4, Gradient::Dense(norm.shift)),
        ]);
    }

    /// The pooler's output, `[texts, hidden]`.
    fn pool(parameters: &Parameters, first: Tensor<2>) -> Tensor<2> {
        let place = parameters.list().len() - 4;
        (first.matmul(parameters.matrix(place)) + parameters.vector(place + 1).unsqueeze::<2>()).tanh()
    }

    /// The last hidden state at the first position of each text, `[texts, hidden]`, in evaluation mode.
    fn first_hidden(&self, parameters: &Parameters, batch: &Batch, device: Device) -> Tensor<2> {
        let (tokens, lengths, width) = texts(batch);
        let (mut hidden, _) = self.embed(parameters, tokens, width, None, device);
        let layout = self.layout(lengths, width);
        for number in 0..self.config.num_hidden_layers {
            hidden = self
                .block(parameters, layout, number, DropoutKeys::none(), device)
                .forward(hidden)
                .0;
        }
        hidden
    }

    /// See [`super::Network::logits`].
    pub(crate) fn logits(&self, parameters: &Parameters, batch: &Batch, device: Device) -> Tensor<2> {
        let first = self.first_hidden(parameters, batch, device);
        let features = match self.head {
            Head::Cls => first,
            Head::Pooler => Self::pool(parameters, first),
        };
        let place = parameters.list().len() - 2;
        features.matmul(parameters.matrix(place)) + parameters.vector(place + 1).unsqueeze::<2>()
    }

    /// See [`super::Network::pass`].
    pub(crate) fn pass(
        &self,
        parameters: &Parameters,
        batch: &Batch,
        labels: &[u32],
        settings: PassSettings,
        device: Device,
    ) -> Pass {
        let (tokens, lengths, width) = texts(batch);
        let layout = self.layout(lengths, width);
        let frozen = settings.freeze_depth;
        // Frozen blocks run in evaluation mode.
        let embedding_dropout = if frozen == 0 { settings.dropout.site(0) } else { None };
        let (mut hidden, embedded) = self.embed(parameters, tokens, width, embedding_dropout, device);
        let mut trained = Vec::new();
        for number in 0..self.config.num_hidden_layers {
            let dropout = if number < frozen {
                DropoutKeys::none()
            } else {
                settings.dropout
            };
            let block = self.block(parameters, layout, number, dropout, device);
            let (output, saved) = block.forward(hidden);
            hidden = output;
            if number >= frozen {
                trained.push((block, saved));
            }
        }
        let mut gradients = Vec::new();
        let (loss, mut gradient) = self.head_pass(parameters, hidden, labels, settings, &mut gradients, device);
        for (block, saved) in trained.into_iter().rev() {
            let wants_input = frozen == 0 || block.number > frozen;
            match block.backward(gradient, saved, &mut gradients, wants_input) {
                Some(input) => gradient = input,
                None => {
                    return Pass {
                        loss,
                        gradients,
                        statistics: Vec::new(),
                    };
                }
            }
        }
        if frozen == 0 {
            self.embed_backward(parameters, gradient, (tokens, width), embedded, &mut gradients, device);
        }
        Pass {
            loss,
            gradients,
            statistics: Vec::new(),
        }
    }

    /// The head forward and backward: the loss and the gradient of the first position's hidden state.
    fn head_pass(
        &self,
        parameters: &Parameters,
        first: Tensor<2>,
        labels: &[u32],
        settings: PassSettings,
        gradients: &mut Vec<(usize, Gradient)>,
        device: Device,
    ) -> (f64, Tensor<2>) {
        let kernels = Kernels::new(device);
        let dropout = settings.dropout.site(1 + 3 * self.config.num_hidden_layers as u64);
        let place = parameters.list().len() - 2;
        let pooled = match self.head {
            Head::Cls => first.clone(),
            Head::Pooler => Self::pool(parameters, first.clone()),
        };
        let features = kernels.drop(pooled.clone(), dropout);
        let logits = features.clone().matmul(parameters.matrix(place)) + parameters.vector(place + 1).unsqueeze::<2>();
        let (loss, gradient) = cross_entropy(&values(&logits), labels, self.classes, labels.len() as f32);
        let gradient = device.tensor(gradient, [labels.len(), self.classes]);
        let mut record = |place: usize, input: Tensor<2>, gradient: &Tensor<2>| {
            let weight = input.transpose().matmul(gradient.clone());
            let [rows, columns] = weight.dims();
            let (_, bias) = kernels.sum_rows(gradient.clone());
            gradients.push((place, Gradient::Dense(weight.reshape([rows * columns]))));
            gradients.push((place + 1, Gradient::Dense(bias)));
        };
        record(place, features, &gradient);
        let gradient = kernels.drop(gradient.matmul(parameters.matrix(place).transpose()), dropout);
        let gradient = match self.head {
            Head::Cls => gradient,
            Head::Pooler => {
                let gradient = gradient * (-pooled.clone() * pooled + 1.0);
                record(place - 2, first, &gradient);
                gradient.matmul(parameters.matrix(place - 2).transpose())
            }
        };
        (loss / labels.len() as f64, gradient)
    }
}

fn texts(batch: &Batch) -> (&[u32], &[usize], usize) {
    match batch {
        Batch::Texts { tokens, lengths, width } => (tokens, lengths, *width),
        Batch::Images { .. } => panic!("a text model was given images"),
    }
}
