//! The stem of a text network: tables of words, positions and token types, their norm, and a projection.

use super::{Back, Backward, Context, linear::Linear, norm::NormLayer};
use crate::{
    backend::Tensor,
    kernels::{Layout, Normalized},
    parameters::Handle,
};

/// The embedding of tokens.
#[derive(Clone, Debug)]
pub(crate) struct TokenStem {
    pub(crate) words: Table,
    /// The factor on word vectors.
    pub(crate) scale: Option<f64>,
    /// A linear layer from word vectors to the width of the other tables.
    pub(crate) word_projection: Option<Linear>,
    pub(crate) positions: Option<LearnedPositions>,
    pub(crate) types: Option<Table>,
    pub(crate) norm: Option<NormLayer>,
    /// A linear layer from the embedding to the width of the blocks.
    pub(crate) projection: Option<Linear>,
    /// The width of its output.
    pub(crate) width: usize,
}

/// A table of vectors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) handle: Handle,
    pub(crate) rows: usize,
    pub(crate) width: usize,
}

/// Learned vectors of absolute positions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LearnedPositions {
    pub(crate) table: Table,
    /// The row of the first position.
    pub(crate) first: usize,
    /// The token that is not counted and has the row before the first one; `None` counts all tokens.
    pub(crate) uncounted: Option<u32>,
}

/// The tokens of a batch: their ids and types, all texts one after the other. No types stand for zeros.
#[derive(Clone, Copy)]
pub(crate) struct Tokens<'a> {
    pub(crate) ids: &'a [u32],
    pub(crate) types: &'a [u32],
}

impl LearnedPositions {
    /// The row of every token.
    fn rows(&self, ids: &[u32], layout: &Layout) -> Vec<u32> {
        let Some(uncounted) = self.uncounted else {
            return layout
                .token_indices()
                .iter()
                .map(|index| index + self.first as u32)
                .collect();
        };
        let mut rest = ids;
        let mut rows = Vec::with_capacity(ids.len());
        for &length in &layout.lengths {
            let (text, others) = rest.split_at(length);
            let mut counted = 0;
            rows.extend(text.iter().map(|&token| {
                if token == uncounted {
                    self.first as u32 - 1
                } else {
                    counted += 1;
                    self.first as u32 - 1 + counted
                }
            }));
            rest = others;
        }
        rows
    }
}

/// Values saved for the backward pass.
struct Saved {
    /// The word vectors before they were projected.
    narrow: Option<Tensor<2>>,
    /// The row of every token in the table of positions.
    position_rows: Option<Vec<u32>>,
    /// True if not all tokens have the type 0.
    is_typed: bool,
    norm: SavedNorm,
}

enum SavedNorm {
    None,
    /// The norm of one term.
    Alone(Normalized),
    /// The norm of the sum of words and others.
    OfSum(Normalized),
}

/// The gradients of the terms of the sum.
struct Terms {
    words: Tensor<2>,
    others: Tensor<2>,
    /// The sum over all rows, if it is known already.
    shared: Option<Tensor<1>>,
}

impl TokenStem {
    /// The rows of all tokens.
    pub(crate) fn forward<'a>(&'a self, tokens: Tokens<'a>, context: &Context<'_>) -> (Tensor<2>, Back<'a>) {
        let (sum, saved) = self.sum(tokens, context);
        let dropout = context.site(0);
        let dropped = context.kernels().drop(sum, dropout);
        let output = match &self.projection {
            Some(projection) => projection.forward(dropped.clone(), context),
            None => dropped.clone(),
        };
        let back: Back<'a> = Box::new(move |gradient, back, _| {
            let gradient = match &self.projection {
                Some(projection) => {
                    let gradient = projection.learn(dropped, gradient, back);
                    projection.through(gradient, back.context)
                }
                None => gradient,
            };
            let gradient = back.kernels().drop(gradient, dropout);
            self.sum_backward(gradient, tokens, saved, back);
            None
        });
        (output, back)
    }

    /// The sum of all tables, with its norm.
    fn sum(&self, tokens: Tokens<'_>, context: &Context<'_>) -> (Tensor<2>, Saved) {
        let (words, narrow) = self.word_vectors(tokens.ids, context);
        let position_rows = self
            .positions
            .map(|positions| positions.rows(tokens.ids, context.layout));
        let look_up = |table: Table, rows: &[u32]| {
            let rows = context.layout.spread(rows, 1, 0);
            context.parameters.matrix(table.handle).select(&rows)
        };
        let positions = self
            .positions
            .zip(position_rows.as_deref())
            .map(|(positions, rows)| look_up(positions.table, rows));
        let is_typed = tokens.types.iter().any(|&kind| kind != 0);
        let types = self
            .types
            .filter(|_| is_typed)
            .map(|types| look_up(types, tokens.types));
        let others = match (positions, types) {
            (Some(positions), Some(types)) => Some(positions + types),
            (positions, types) => positions.or(types),
        };
        // If all tokens are of the first type, its vector is a bias of every row.
        let shared = self.types.filter(|_| !is_typed).map(|types| {
            let table = context.parameters.matrix(types.handle);
            table.narrow(0, 1).reshape([types.width])
        });
        let (output, norm) = match (&self.norm, others) {
            (Some(norm), Some(others)) => {
                let bias = shared.unwrap_or_else(|| context.device.zeros([words.dims()[1]]));
                let (output, saved) = norm.add((words, bias), others, None, context);
                (output, SavedNorm::OfSum(saved))
            }
            (norm, others) => {
                let words = match shared {
                    Some(shared) => words.add_row(shared),
                    None => words,
                };
                match (norm, others) {
                    (Some(norm), _) => {
                        let (output, saved) = norm.forward(words, context);
                        (output, SavedNorm::Alone(saved))
                    }
                    (None, Some(others)) => (words + others, SavedNorm::None),
                    (None, None) => (words, SavedNorm::None),
                }
            }
        };
        let saved = Saved {
            narrow,
            position_rows,
            is_typed,
            norm,
        };
        (output, saved)
    }

    /// The word vectors, and those before the projection if there is one.
    fn word_vectors(&self, ids: &[u32], context: &Context<'_>) -> (Tensor<2>, Option<Tensor<2>>) {
        let ids = context.layout.spread(ids, 1, 0);
        let mut words = context.parameters.matrix(self.words.handle).select(&ids);
        if let Some(scale) = self.scale {
            words = words * scale;
        }
        match &self.word_projection {
            Some(projection) => (projection.forward(words.clone(), context), Some(words)),
            None => (words, None),
        }
    }

    fn sum_backward(&self, gradient: Tensor<2>, tokens: Tokens<'_>, saved: Saved, back: &mut Backward<'_>) {
        let terms = match (&self.norm, saved.norm) {
            (Some(norm), SavedNorm::OfSum(normalized)) => {
                let found = norm.add_backward(gradient, None, normalized, back);
                Terms {
                    words: found.branch,
                    others: found.residual,
                    shared: Some(found.bias),
                }
            }
            (Some(norm), SavedNorm::Alone(normalized)) => Terms::equal(norm.backward(gradient, normalized, back)),
            (_, SavedNorm::None) | (None, _) => Terms::equal(gradient),
        };
        let layout = back.context.layout;
        let table = |table: Table, rows: &[u32], values: Tensor<2>, back: &mut Backward<'_>| {
            if !back.context.trains(table.handle) {
                return;
            }
            let used: Vec<_> = rows.iter().copied().map(Some).collect();
            let gradient = back
                .kernels()
                .of_table(&layout.spread(&used, 1, None), values, table.rows);
            back.record(table.handle, gradient);
        };
        if let (Some(positions), Some(rows)) = (self.positions, &saved.position_rows) {
            table(positions.table, rows, terms.others.clone(), back);
        }
        match self.types {
            Some(types) if saved.is_typed => table(types, tokens.types, terms.others, back),
            Some(types) => {
                let first = terms.shared.unwrap_or_else(|| back.kernels().sum_rows(terms.others).1);
                let others = (types.rows - 1) * types.width;
                let whole = if others == 0 {
                    first
                } else {
                    Tensor::joined(vec![first, back.context.device.zeros([others])])
                };
                back.record_dense(types.handle, whole);
            }
            None => {}
        }
        let mut words = terms.words;
        if let (Some(projection), Some(narrow)) = (&self.word_projection, saved.narrow) {
            let gradient = projection.learn(narrow, words, back);
            words = projection.through(gradient, back.context);
        }
        if let Some(scale) = self.scale {
            words = words * scale;
        }
        table(self.words, tokens.ids, words, back);
    }
}

impl Terms {
    fn equal(gradient: Tensor<2>) -> Self {
        Self {
            words: gradient.clone(),
            others: gradient,
            shared: None,
        }
    }
}
