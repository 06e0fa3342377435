//! Attention within the windows of a feature map, with a learned bias for every relative position (Liu et al. 2021,
//! `Swin`, §3.2).

use super::{
    Backward, Context,
    linear::Linear,
    windows::{Windows, gathered, scattered},
};
use crate::{
    backend::{Host, Tensor, values},
    parameters::{Declarations, Handle},
};

/// Added to the scores of rows that do not see each other, as in the reference.
const UNSEEN: f32 = -100.0;

/// The layer.
#[derive(Clone, Debug)]
pub(crate) struct WindowAttention {
    pub(crate) query: Linear,
    pub(crate) key: Linear,
    pub(crate) value: Linear,
    pub(crate) output: Linear,
    /// `[(2 · window - 1)², heads]`.
    table: Handle,
    heads: usize,
    /// The side of a window, and how far windows are shifted.
    window: usize,
    shift: usize,
    pub(crate) size: [usize; 2],
    channels: usize,
}

/// The names of its parts.
#[derive(Clone, Debug)]
pub(crate) struct WindowNames {
    /// Queries, keys, values, and the layer after attention.
    pub(crate) linears: [String; 4],
    pub(crate) table: String,
    pub(crate) has_bias: bool,
    pub(crate) heads: usize,
    /// The side of a window, and how far windows are shifted.
    pub(crate) window: usize,
    pub(crate) shift: usize,
}

/// Values saved for the backward pass.
pub(crate) struct Saved {
    windows: Windows,
    rows: Tensor<2>,
    query: Tensor<4>,
    key: Tensor<4>,
    value: Tensor<4>,
    probabilities: Tensor<4>,
    of_heads: Tensor<2>,
}

impl WindowAttention {
    pub(crate) fn declare(declare: &mut Declarations, names: &WindowNames, size: [usize; 2], channels: usize) -> Self {
        let mut linear = |index: usize| {
            let has_bias = names.has_bias || index == 3;
            Linear::declare(declare, &names.linears[index], [channels; 2], has_bias)
        };
        let [query, key, value, output] = [0, 1, 2, 3].map(&mut linear);
        let positions = 2 * names.window - 1;
        Self {
            query,
            key,
            value,
            output,
            table: declare.table(&names.table, [positions * positions, names.heads]),
            heads: names.heads,
            window: names.window,
            shift: names.shift,
            size,
            channels,
        }
    }

    fn windows(&self) -> Windows {
        Windows::of(self.size, self.window, self.shift)
    }

    fn plane(&self) -> usize {
        self.size[0] * self.size[1]
    }

    fn scale(&self) -> f32 {
        ((self.channels / self.heads) as f32).sqrt().recip()
    }

    /// Number of values that the forward pass keeps for an image, and its operations.
    pub(crate) fn work(&self) -> [usize; 2] {
        let windows = self.windows();
        let (rows, tokens) = (windows.pixels.len(), windows.tokens());
        [
            rows * (5 * self.channels + tokens * self.heads),
            8 * rows * self.channels * self.channels + 4 * rows * tokens * self.channels,
        ]
    }

    /// For each pair of rows of a window the index of their relative position in the table.
    fn positions(&self, side: usize) -> Vec<usize> {
        let reach = self.window - 1;
        let tokens = side * side;
        let index = |pair: usize| {
            let (query, key) = (pair / tokens, pair % tokens);
            let apart = |one: usize, other: usize| one + reach - other;
            let down = apart(query / side, key / side);
            down * (2 * self.window - 1) + apart(query % side, key % side)
        };
        (0..tokens * tokens).map(index).collect()
    }

    /// The summands of the scores of one image's windows, `[windows, heads, tokens, tokens]`.
    fn constants(&self, windows: &Windows, table: &[f32]) -> Vec<f32> {
        let (tokens, positions) = (windows.tokens(), self.positions(windows.side));
        let mut found = Vec::with_capacity(windows.count() * self.heads * positions.len());
        for parts in windows.parts.chunks_exact(tokens) {
            for head in 0..self.heads {
                for (pair, position) in positions.iter().enumerate() {
                    let sees = parts[pair / tokens] == parts[pair % tokens];
                    let bias = table[position * self.heads + head];
                    found.push(if sees { bias } else { bias + UNSEEN });
                }
            }
        }
        found
    }

    /// Rows of windows as `[windows, heads, tokens, size]`.
    fn by_head(&self, rows: Tensor<2>, tokens: usize) -> Tensor<4> {
        let [count, channels] = rows.dims();
        let shape = [count / tokens, tokens, self.heads, channels / self.heads];
        rows.reshape(shape).swap_dims(1, 2)
    }

    /// The inverse of [`Self::by_head`].
    fn by_row(&self, heads: Tensor<4>) -> Tensor<2> {
        let [windows, _, tokens, _] = heads.dims();
        heads.swap_dims(1, 2).reshape([windows * tokens, self.channels])
    }

    pub(crate) fn forward(&self, input: Tensor<2>, context: &Context<'_>) -> (Tensor<2>, Saved) {
        let windows = self.windows();
        let (tokens, plane) = (windows.tokens(), self.plane());
        let rows = gathered(input, &windows.pixels, (plane, 1), context);
        let projected = |linear: &Linear| self.by_head(linear.forward(rows.clone(), context), tokens);
        let [query, key, value] = [&self.query, &self.key, &self.value].map(projected);
        let scores = query.clone().matmul(key.clone().swap_dims(2, 3));
        let shape = scores.dims();
        let table = values(&context.parameters.vector(self.table));
        let constants = self.constants(&windows, &table);
        let scale = self.scale();
        let mut scores = Host::take(scores, context.device);
        for image in scores.values_mut().chunks_exact_mut(constants.len().max(1)) {
            let both = image.chunks_exact_mut(tokens).zip(constants.chunks_exact(tokens));
            for (row, constants) in both {
                let mut highest = f32::NEG_INFINITY;
                for (score, constant) in row.iter_mut().zip(constants) {
                    *score = *score * scale + constant;
                    // A NaN stays.
                    highest = if *score <= highest { highest } else { *score };
                }
                let mut sum = 0.0;
                for score in row.iter_mut() {
                    *score = (*score - highest).exp();
                    sum += *score;
                }
                for score in row {
                    *score /= sum;
                }
            }
        }
        let probabilities = scores.tensor().reshape(shape);
        let of_heads = self.by_row(probabilities.clone().matmul(value.clone()));
        let output = self.output.forward(of_heads.clone(), context);
        let output = scattered(output, &windows.pixels, (plane, 1), context);
        let saved = Saved {
            windows,
            rows,
            query,
            key,
            value,
            probabilities,
            of_heads,
        };
        (output, saved)
    }

    pub(crate) fn backward(&self, gradient: Tensor<2>, saved: Saved, back: &mut Backward<'_>) -> Tensor<2> {
        let context = back.context;
        let device = context.device;
        let (windows, plane) = (&saved.windows, self.plane());
        let tokens = windows.tokens();
        let gradient = gathered(gradient, &windows.pixels, (plane, 1), context);
        let gradient = self.output.learn(saved.of_heads, gradient, back);
        let of_context = self.by_head(self.output.through(gradient, context), tokens);
        let of_value = saved.probabilities.clone().swap_dims(2, 3).matmul(of_context.clone());
        let of_probabilities = of_context.matmul(saved.value.swap_dims(2, 3));
        let shape = of_probabilities.dims();
        let mut scores = Host::take(of_probabilities, device);
        let probabilities = Host::take(saved.probabilities, device);
        let positions = self.positions(windows.side);
        let length = (2 * self.window - 1).pow(2) * self.heads;
        let mut of_table = vec![0.0; length];
        let maps = scores.values_mut().chunks_exact_mut((tokens * tokens).max(1));
        let all = maps.zip(probabilities.values().chunks_exact((tokens * tokens).max(1)));
        for (number, (map, probabilities)) in all.enumerate() {
            let head = number % self.heads;
            let rows = map.chunks_exact_mut(tokens).zip(probabilities.chunks_exact(tokens));
            for (row, probabilities) in rows {
                let mean: f32 = row.iter().zip(probabilities).map(|(slope, share)| slope * share).sum();
                for (slope, share) in row.iter_mut().zip(probabilities) {
                    *slope = (*slope - mean) * share;
                }
            }
            for (slope, position) in map.iter().zip(&positions) {
                of_table[position * self.heads + head] += slope;
            }
        }
        back.record_dense(self.table, device.tensor(of_table, [length]));
        let scores = scores.tensor().reshape(shape) * f64::from(self.scale());
        let of_query = scores.clone().matmul(saved.key);
        let of_key = scores.swap_dims(2, 3).matmul(saved.query);
        let mut sum: Option<Tensor<2>> = None;
        for (linear, gradient) in [(&self.query, of_query), (&self.key, of_key), (&self.value, of_value)] {
            let gradient = linear.learn(saved.rows.clone(), self.by_row(gradient), back);
            let through = linear.through(gradient, context);
            sum = Some(match sum {
                Some(sum) => sum + through,
                None => through,
            });
        }
        let sum = sum.unwrap_or(saved.rows);
        scattered(sum, &windows.pixels, (plane, 1), context)
    }

    /// The same layer as a part of burn's graph.
    #[cfg(any(test, feature = "cuda"))]
    pub(crate) fn graph<B: crate::backend::TensorBackend>(
        &self,
        tape: &mut crate::blocks::differentiated::Tape<'_, B>,
        input: crate::blocks::differentiated::Lifted<B, 4>,
    ) -> crate::blocks::differentiated::Lifted<B, 4> {
        use burn::tensor::{TensorData, activation::softmax};

        use super::windows::graphs;
        use crate::blocks::differentiated::Lifted;
        let [images, channels, height, width] = input.dims();
        let device = input.device();
        let windows = self.windows();
        let (tokens, heads, count) = (windows.tokens(), self.heads, windows.count());
        let rows = graphs::gathered(input, &windows.pixels);
        let mut project = |linear: &Linear, rows: Lifted<B, 2>| {
            let weight: Lifted<B, 2> = tape.leaf(linear.weight).reshape([channels, channels]);
            let product = rows.matmul(weight);
            match linear.bias {
                Some(bias) => {
                    let bias: Lifted<B, 2> = tape.leaf(bias).reshape([1, channels]);
                    product + bias
                }
                None => product,
            }
        };
        let shape = [images * count, tokens, heads, channels / heads];
        let by_head = |rows: Lifted<B, 2>| -> Lifted<B, 4> { rows.reshape(shape).swap_dims(1, 2) };
        let query = by_head(project(&self.query, rows.clone()));
        let key = by_head(project(&self.key, rows.clone()));
        let value = by_head(project(&self.value, rows));
        let positions = self.positions(windows.side).into_iter();
        let positions = graphs::indices::<B>(positions.map(|position| position as i32).collect(), &device);
        let no_bias = vec![0.0; (2 * self.window - 1).pow(2) * heads];
        let mask = self.constants(&windows, &no_bias).repeat(images);
        let mask = Lifted::<B, 4>::from_data(TensorData::new(mask, [images * count, heads, tokens, tokens]), &device);
        let context = {
            let table: Lifted<B, 2> = tape.leaf(self.table).reshape([(2 * self.window - 1).pow(2), heads]);
            let bias: Lifted<B, 4> = table.select(0, positions).reshape([1, tokens, tokens, heads]);
            let scores =
                query.matmul(key.swap_dims(2, 3)) * f64::from(self.scale()) + bias.permute([0, 3, 1, 2]) + mask;
            softmax(scores, 3).matmul(value)
        };
        let context: Lifted<B, 2> = context.swap_dims(1, 2).reshape([images * count * tokens, channels]);
        let weight: Lifted<B, 2> = tape.leaf(self.output.weight).reshape([channels, channels]);
        let mut output = context.matmul(weight);
        if let Some(bias) = self.output.bias {
            let bias: Lifted<B, 2> = tape.leaf(bias).reshape([1, channels]);
            output = output + bias;
        }
        let mut back = vec![0_i32; images * self.plane()];
        for image in 0..images {
            for (row, pixel) in windows.pixels.iter().enumerate() {
                if let Some(pixel) = pixel {
                    back[image * self.plane() + pixel] = (image * windows.pixels.len() + row) as i32;
                }
            }
        }
        output
            .select(0, graphs::indices::<B>(back, &device))
            .reshape([images, height, width, channels])
            .permute([0, 3, 1, 2])
    }
}
