//! Multi-head attention (Vaswani et al. 2017, §3.2) with the variants of the families.

use super::{
    Backward, Context, Positions,
    disentangled::{self, DisentangledPositions},
    linear::Linear,
    norm::NormLayer,
    relative::RelativeBias,
    rotary::Rotary,
    select,
};
use crate::{
    backend::Tensor,
    kernels::{Attended, AttentionSaved, AttentionSettings, Columns, Normalized, Relative, RelativeGradients, Turn},
};

/// Attention before its last linear layer.
#[derive(Clone, Debug)]
pub(crate) struct Attention {
    pub(crate) projections: Projections,
    pub(crate) settings: AttentionSettings,
    pub(crate) rotary: Option<Rotary>,
    /// Norms of every head of queries and keys, before they turn.
    pub(crate) norms: Option<[NormLayer; 2]>,
    pub(crate) relative: RelativePositions,
}

/// The linear layers of queries, keys and values.
#[derive(Clone, Debug)]
pub(crate) enum Projections {
    Apart {
        query: Linear,
        key: Linear,
        value: Linear,
    },
    /// One layer, whose output has these columns.
    Together {
        all: Linear,
        columns: Columns<3>,
    },
}

/// The part of a score that depends on the distance between query and key.
#[derive(Clone, Debug)]
pub(crate) enum RelativePositions {
    None,
    Bias(RelativeBias),
    Disentangled(DisentangledPositions),
}

/// Values saved for the backward pass.
pub(crate) struct Saved {
    input: Tensor<2>,
    /// The rows of the input at the computed positions.
    rows: Tensor<2>,
    norms: Option<[Normalized; 2]>,
    attention: AttentionSaved,
    relative: Relative,
    /// The values for the gradient of the table of relative positions.
    of_table: Option<disentangled::Saved>,
}

impl Attention {
    /// The context of every computed position, `[positions, heads · size]`.
    pub(crate) fn forward(
        &self,
        input: Tensor<2>,
        positions: Positions,
        site: u64,
        context: &Context<'_>,
    ) -> (Tensor<2>, Saved) {
        let rows = select(input.clone(), positions, context.layout);
        let (attended, norms) = self.attended(&input, &rows, positions, context);
        let (relative, of_table) = self.relative(context);
        let (output, attention) = context.kernels().attention(
            attended,
            (context.layout, positions),
            &self.settings,
            &relative,
            context.site(site),
        );
        let saved = Saved {
            input,
            rows,
            norms,
            attention,
            relative,
            of_table,
        };
        (output, saved)
    }

    /// Queries at the computed positions, and all keys and values.
    fn attended(
        &self,
        input: &Tensor<2>,
        rows: &Tensor<2>,
        positions: Positions,
        context: &Context<'_>,
    ) -> (Attended, Option<[Normalized; 2]>) {
        let mut attended = match &self.projections {
            Projections::Apart { query, key, value } => Attended {
                query: query.forward(rows.clone(), context),
                key: key.forward(input.clone(), context),
                value: value.forward(input.clone(), context),
            },
            Projections::Together { all, columns } => {
                let [query, key, value] = context.kernels().split(all.forward(input.clone(), context), columns);
                Attended {
                    query: select(query, positions, context.layout),
                    key,
                    value,
                }
            }
        };
        let mut saved = None;
        if let Some([of_query, of_key]) = &self.norms {
            let (query, query_saved) = of_query.forward(attended.query, context);
            let (key, key_saved) = of_key.forward(attended.key, context);
            attended = Attended { query, key, ..attended };
            saved = Some([query_saved, key_saved]);
        }
        (self.turned(attended, positions, Turn::Forward, context), saved)
    }

    fn turned(&self, attended: Attended, positions: Positions, direction: Turn, context: &Context<'_>) -> Attended {
        let Some(rotary) = &self.rotary else {
            return attended;
        };
        let turn = |values: Tensor<2>, positions: Positions| {
            let at = context.layout.positions_of(positions);
            rotary.turn(values, (&at, self.settings.size), direction, context)
        };
        Attended {
            query: turn(attended.query, positions),
            key: turn(attended.key, Positions::All),
            value: attended.value,
        }
    }

    fn relative(&self, context: &Context<'_>) -> (Relative, Option<disentangled::Saved>) {
        let longest = context.layout.longest();
        match (&self.relative, &self.projections) {
            (RelativePositions::Bias(bias), _) => (Relative::Offsets(bias.by_offset(longest, context)), None),
            (RelativePositions::Disentangled(positions), Projections::Apart { query, key, .. }) => {
                let (term, saved) = positions.forward(query, key, context);
                (Relative::Disentangled(Box::new(term)), Some(saved))
            }
            (RelativePositions::None | RelativePositions::Disentangled(_), _) => (Relative::None, None),
        }
    }

    /// Backward pass of [`Self::forward`]. `residual` is another gradient of the rows at the computed positions.
    pub(crate) fn backward(
        &self,
        gradient: &Tensor<2>,
        residual: Option<Tensor<2>>,
        (saved, positions): (Saved, Positions),
        back: &mut Backward<'_>,
        wants_input: bool,
    ) -> Option<Tensor<2>> {
        let Saved {
            input,
            rows,
            norms,
            attention,
            relative,
            of_table,
        } = saved;
        let context = back.context;
        let (attended, of_relative) = back.kernels().attention_backward(
            gradient,
            attention,
            (context.layout, positions),
            &self.settings,
            &relative,
        );
        self.relative_backward(of_relative, of_table, back);
        let mut attended = self.turned(attended, positions, Turn::Back, context);
        if let (Some([of_query, of_key]), Some([query_saved, key_saved])) = (&self.norms, norms) {
            attended.query = of_query.backward(attended.query, query_saved, back);
            attended.key = of_key.backward(attended.key, key_saved, back);
        }
        match &self.projections {
            Projections::Apart { query, key, value } => {
                let mut through = |layer: &Linear, gradient: Tensor<2>, input: &Tensor<2>| {
                    let gradient = layer.learn(input.clone(), gradient, back);
                    wants_input.then(|| layer.through(gradient, context))
                };
                let of_query = through(query, attended.query, &rows);
                let of_key = through(key, attended.key, &input);
                let of_value = through(value, attended.value, &input);
                let (of_query, both) = (plus(of_query?, residual), of_key? + of_value?);
                Some(match positions {
                    Positions::All => of_query + both,
                    Positions::First | Positions::Last => {
                        both.add_to_rows(&context.layout.selected(positions), of_query)
                    }
                })
            }
            Projections::Together { all, columns } => {
                let of_query = match positions {
                    Positions::All => attended.query,
                    Positions::First | Positions::Last => {
                        let width = attended.query.dims()[1];
                        let zeros: Tensor<2> = context.device.zeros([context.layout.rows, width]);
                        zeros.add_to_rows(&context.layout.selected(positions), attended.query)
                    }
                };
                let gradient = back.kernels().join([of_query, attended.key, attended.value], columns);
                let gradient = all.learn(input, gradient, back);
                let gradient = wants_input.then(|| all.through(gradient, context))?;
                Some(match (positions, residual) {
                    (_, None) => gradient,
                    (Positions::All, Some(residual)) => gradient + residual,
                    (Positions::First | Positions::Last, Some(residual)) => {
                        gradient.add_to_rows(&context.layout.selected(positions), residual)
                    }
                })
            }
        }
    }

    fn relative_backward(
        &self,
        gradients: RelativeGradients,
        saved: Option<disentangled::Saved>,
        back: &mut Backward<'_>,
    ) {
        match (&self.relative, &self.projections, gradients) {
            (RelativePositions::Bias(bias), _, RelativeGradients::Offsets(gradient)) => bias.learn(&gradient, back),
            (
                RelativePositions::Disentangled(positions),
                Projections::Apart { query, key, .. },
                RelativeGradients::Disentangled(found),
            ) => {
                if let Some(saved) = saved {
                    positions.backward((query, found.query), (key, found.key), saved, back);
                }
            }
            _ => {}
        }
    }
}

fn plus(values: Tensor<2>, more: Option<Tensor<2>>) -> Tensor<2> {
    match more {
        Some(more) => values + more,
        None => values,
    }
}
