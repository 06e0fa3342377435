//! The computations of a network: frozen outputs, logits, and one forward and backward pass.

use std::{cell::RefCell, ops::Range};

use super::{
    Batch, Frozen, Model, Network, PassSettings, Reads, Stem,
    reads::{Pooling, first_and_mean, first_and_mean_backward},
    windows,
};
use crate::{
    backend::{Tensor, values},
    gradients::{Pass, StepLoss},
    kernels::Kernels,
    layers::{Back, Backward, Context, Positions},
};

/// The loss of a batch, from the network's outputs, and the gradient of the loss with respect to them.
pub(crate) type Objective<'a> = &'a dyn Fn(Kernels, Tensor<2>) -> (StepLoss, Tensor<2>);

/// Hidden states, and the number of blocks that they have passed.
struct Hidden {
    values: Tensor<2>,
    blocks: usize,
    /// True if the mean that the head reads has been taken.
    is_pooled: bool,
}

impl<'a> Model<'a> {
    /// The activations of the first layers in evaluation mode, at each of the depths `stops`.
    ///
    /// `stops` are ascending and each at least 1. Activations are stored one example after the other. Those of an
    /// example do not depend on the rest of the batch. `from` holds known activations of a lower depth. `None` on a
    /// device that keeps activations in its own memory, if a network of this kind computes there with burn's graph.
    pub(crate) fn frozen(self, batch: &Batch, from: Option<Frozen>, stops: &[usize]) -> Option<Vec<Frozen>> {
        let least = self.network.least_company();
        if batch.len() < least {
            // Sums of a few rows run in another order than those of many: repeat a small batch, so that the order is
            // the same.
            let times = least.div_ceil(batch.len().max(1));
            let from = from.map(|from| Frozen {
                values: from.values.repeat(times),
                ..from
            });
            let mut outputs = self.frozen(&batch.repeated(times), from, stops)?;
            for output in &mut outputs {
                output.values.truncate(output.values.len() / times);
            }
            return Some(outputs);
        }
        if matches!(self.network.stem, Stem::Pixels(_) | Stem::Maps(_)) && !self.device.is_host() {
            return None;
        }
        let layout = self.network.layout(batch, self.device);
        let context = Context::evaluation(self.parameters, &layout, self.device);
        let mut hidden = self.begin(batch, from, &context).0;
        let outputs = stops.iter().map(|&stop| {
            let to = self.network.blocks_of(stop);
            hidden.values = self.climb(hidden.values.clone(), hidden.blocks..to, &context);
            hidden.blocks = to;
            let values = self.network.leave(&hidden, &context);
            Frozen { depth: stop, values }
        });
        Some(outputs.collect())
    }

    /// Outputs of the head in evaluation mode: one row for each example, or for each of its tokens. Of a text in several
    /// windows it is the mean over them. `frozen` holds known activations of frozen layers for the batch.
    pub(crate) fn logits(self, batch: &Batch, frozen: Option<Frozen>) -> Tensor<2> {
        let layout = self.network.layout(batch, self.device);
        let context = Context::evaluation(self.parameters, &layout, self.device);
        let (mut hidden, _) = self.begin(batch, frozen, &context);
        hidden.values = self.climb(hidden.values, hidden.blocks..self.network.blocks.len(), &context);
        let (read, _) = self.read(hidden, &context);
        let outputs = self.network.head.forward(read, &context).0;
        windows::pooled(self.without_padding(outputs, &context), batch, self.device)
    }

    /// The loss of a batch and the gradients of all trainable parameters. `frozen` holds known activations of frozen
    /// layers for the batch; the rest is computed.
    pub(crate) fn pass(
        self,
        (batch, frozen): (&Batch, Option<Frozen>),
        settings: PassSettings<'_>,
        objective: Objective<'_>,
    ) -> Pass {
        let network = self.network;
        let layout = network.layout(batch, self.device);
        let context = Context {
            parameters: self.parameters,
            layout: &layout,
            dropout: settings.dropout,
            drop_path: settings.drop_path,
            training: Some(settings.trainable),
            device: self.device,
            statistics: RefCell::default(),
        };
        let is_whole = settings.trainable.freeze_depth() == 0;
        let stem_trains = is_whole && settings.trainable.has_stem();
        let (mut hidden, stem_back) = if is_whole {
            self.begin(batch, None, &context)
        } else {
            let still = Context::evaluation(self.parameters, &layout, self.device);
            let (hidden, _) = self.begin(batch, frozen, &still);
            let to = network.blocks_of(settings.trainable.freeze_depth());
            let values = self.climb(hidden.values, hidden.blocks..to, &still);
            let hidden = Hidden {
                values,
                blocks: to,
                ..hidden
            };
            (hidden, None)
        };
        let mut backs = Vec::new();
        for (number, block) in network.blocks.iter().enumerate().skip(hidden.blocks) {
            let (output, back) = block.forward(hidden.values, network.positions(number), &context);
            hidden.values = output;
            backs.push(back);
        }
        let (read, read_back) = self.read(hidden, &context);
        let (outputs, head_back) = network.head.forward(read, &context);
        let outputs = windows::pooled(self.without_padding(outputs, &context), batch, self.device);
        let (loss, gradient) = objective(context.kernels(), outputs);
        let gradient = self.with_padding(windows::spread(gradient, batch, self.device), &context);
        let mut back = Backward::new(&context);
        // The gradient goes down as far as something trains.
        let wants_hidden = stem_trains || !backs.is_empty();
        let finish_trains = network.finish.norm.is_some() || network.finish.projection.is_some();
        let mut gradient = head_back(gradient, &mut back, wants_hidden || finish_trains);
        gradient = gradient.and_then(|gradient| read_back(gradient, &mut back, wants_hidden));
        let trained = backs.len();
        for (index, block) in backs.into_iter().rev().enumerate() {
            let wants_input = stem_trains || index + 1 < trained;
            gradient = gradient.and_then(|gradient| block(gradient, &mut back, wants_input));
        }
        if let (Some(stem), Some(gradient)) = (stem_back, gradient) {
            stem(gradient, &mut back, false);
        }
        let gradients = back.gradients;
        Pass {
            loss,
            gradients,
            statistics: context.statistics.into_inner(),
        }
    }

    /// Hidden states to start from, and the stem's backward pass if it was computed.
    fn begin<'b>(self, batch: &'b Batch, known: Option<Frozen>, context: &Context<'_>) -> (Hidden, Option<Back<'b>>)
    where
        'a: 'b,
    {
        if let Some(known) = known {
            return (self.network.enter(known, context), None);
        }
        let (values, back) = self.network.stem(batch, context);
        let hidden = Hidden {
            values,
            blocks: 0,
            is_pooled: false,
        };
        (hidden, Some(back))
    }

    /// The hidden states after the given blocks, without dropout.
    fn climb(self, values: Tensor<2>, blocks: Range<usize>, context: &Context<'_>) -> Tensor<2> {
        blocks.fold(values, |values, number| {
            let positions = self.network.positions(number);
            self.network.blocks[number].forward(values, positions, context).0
        })
    }

    /// The rows that the head reads, and the backward pass.
    fn read<'b>(self, hidden: Hidden, context: &Context<'_>) -> (Tensor<2>, Back<'b>)
    where
        'a: 'b,
    {
        let finish = &self.network.finish;
        let (values, norm) = match &finish.norm {
            Some(norm) => {
                let (values, saved) = norm.forward(hidden.values, context);
                (values, Some((norm, saved)))
            }
            None => (hidden.values, None),
        };
        let (values, projection) = match &finish.projection {
            Some(projection) => (projection.forward(values.clone(), context), Some((projection, values))),
            None => (values, None),
        };
        let pooling = match self.network.head.reads {
            Reads::Mean if !hidden.is_pooled => Pooling::Mean,
            Reads::FirstAndMean => Pooling::FirstAndMean,
            Reads::First | Reads::Last | Reads::All | Reads::Mean => Pooling::None,
        };
        let values = match pooling {
            Pooling::None => values,
            Pooling::Mean => context.kernels().pool(values, context.layout),
            Pooling::FirstAndMean => first_and_mean(&values, context),
        };
        let back: Back<'b> = Box::new(move |mut gradient, back, _| {
            gradient = match pooling {
                Pooling::None => gradient,
                Pooling::Mean => back.kernels().pool_backward(gradient, back.context.layout),
                Pooling::FirstAndMean => first_and_mean_backward(&gradient, back.context),
            };
            if let Some((projection, input)) = projection {
                gradient = projection.learn(input, gradient, back);
                gradient = projection.through(gradient, back.context);
            }
            if let Some((norm, saved)) = norm {
                gradient = norm.backward(gradient, saved, back);
            }
            Some(gradient)
        });
        (values, back)
    }

    /// The outputs of a head for tokens, without the rows of padding; other outputs have none.
    fn without_padding(self, outputs: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        let [rows, width] = outputs.dims();
        if !self.is_padded(rows, context) {
            return outputs;
        }
        let found = context.layout.gather(&values(&outputs), width);
        context
            .device
            .tensor(found, [context.layout.lengths.iter().sum(), width])
    }

    /// The inverse of [`Self::without_padding`] for gradients: those of padding are 0.
    fn with_padding(self, gradient: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        let width = gradient.dims()[1];
        if !self.is_padded(context.layout.rows, context) {
            return gradient;
        }
        let spread = context.layout.spread(&values(&gradient), width, 0.0);
        context.device.tensor(spread, [context.layout.rows, width])
    }

    fn is_padded(self, rows: usize, context: &Context<'_>) -> bool {
        self.network.head.reads == Reads::All && rows != context.layout.lengths.iter().sum::<usize>()
    }

    /// The hidden states before and after every block, at all positions.
    #[cfg(test)]
    pub(crate) fn hidden_states(self, batch: &Batch) -> Vec<Tensor<2>> {
        let layout = self.network.layout(batch, self.device);
        let context = Context::evaluation(self.parameters, &layout, self.device);
        let mut states = vec![self.network.stem(batch, &context).0];
        for block in &self.network.blocks {
            let state = states[states.len() - 1].clone();
            // A projection before the blocks belongs to what goes into them.
            if let crate::blocks::Block::Projection(_) = block {
                states.pop();
            }
            states.push(block.forward(state, Positions::All, &context).0);
        }
        let last = states.len() - 1;
        if let Some(norm) = &self.network.finish.norm {
            states[last] = norm.forward(states[last].clone(), &context).0;
        }
        if let Some(projection) = &self.network.finish.projection {
            states[last] = projection.forward(states[last].clone(), &context);
        }
        states
    }
}

impl Network {
    /// Hidden states as they are cached: those of all tokens without padding, or what the head reads.
    fn leave(&self, hidden: &Hidden, context: &Context<'_>) -> Vec<f32> {
        let is_last = hidden.blocks == self.blocks.len();
        if is_last && self.pools_last_block() {
            return values(&context.kernels().pool(hidden.values.clone(), context.layout));
        }
        let found = values(&hidden.values);
        if self.has_all_tokens(is_last) {
            context.layout.gather(&found, hidden.values.dims()[1])
        } else {
            found
        }
    }

    /// The inverse of [`Self::leave`].
    fn enter(&self, frozen: Frozen, context: &Context<'_>) -> Hidden {
        let blocks = self.blocks_of(frozen.depth);
        let is_last = blocks == self.blocks.len();
        let width = self.width(blocks);
        let values = if self.has_all_tokens(is_last) {
            context.layout.spread(&frozen.values, width, 0.0)
        } else {
            frozen.values
        };
        let rows = values.len() / width;
        Hidden {
            values: context.device.tensor(values, [rows, width]),
            blocks,
            is_pooled: is_last && self.pools_last_block(),
        }
    }

    /// True if the hidden states have a row for every token of a text.
    fn has_all_tokens(&self, is_last: bool) -> bool {
        !matches!(self.stem, Stem::Pixels(_) | Stem::Maps(_))
            && (!is_last || self.head.reads.positions() == Positions::All)
    }
}
