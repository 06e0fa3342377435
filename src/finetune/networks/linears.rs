//! The linear layers of a network's blocks, by kind.

use super::Network;
use crate::{
    blocks::{Block, transformer::TransformerBlock},
    layers::{attention::Projections, feed_forward::Expand, linear::Linear},
};

/// The kind of a linear layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinearKind {
    Query,
    Key,
    Value,
    /// Queries, keys and values in one layer.
    QueryKeyValue,
    /// The layer after attention.
    AttentionOutput,
    FeedForward,
    /// From one width to another.
    Projection,
}

impl Network {
    /// The linear layers of all blocks, from the first block to the last. Blocks that share their parameters have the
    /// same layer several times.
    pub(crate) fn linears_mut(&mut self) -> Vec<(LinearKind, &mut Linear)> {
        let mut found = Vec::new();
        for block in &mut self.blocks {
            match block {
                Block::Transformer(block) => of_transformer(block, &mut found),
                Block::Convolved(block) => of_transformer(&mut block.block, &mut found),
                Block::Projection(block) => found.push((LinearKind::Projection, &mut block.linear)),
                Block::Stack(block) => {
                    let linears = block.linears_mut().into_iter();
                    found.extend(linears.map(|linear| (LinearKind::FeedForward, linear)));
                }
                Block::Residual(_) => {}
            }
        }
        found
    }
}

fn of_transformer<'a>(block: &'a mut TransformerBlock, found: &mut Vec<(LinearKind, &'a mut Linear)>) {
    match &mut block.attention.projections {
        Projections::Apart { query, key, value } => found.extend([
            (LinearKind::Query, query),
            (LinearKind::Key, key),
            (LinearKind::Value, value),
        ]),
        Projections::Together { all, .. } => found.push((LinearKind::QueryKeyValue, all)),
    }
    found.push((LinearKind::AttentionOutput, &mut block.output));
    match &mut block.feed_forward.expand {
        Expand::Plain(expand) => found.push((LinearKind::FeedForward, expand)),
        Expand::Gated { gate, up } => {
            found.extend([(LinearKind::FeedForward, gate), (LinearKind::FeedForward, up)]);
        }
        Expand::GatedTogether { both, .. } => found.push((LinearKind::FeedForward, both)),
    }
    found.push((LinearKind::FeedForward, &mut block.feed_forward.contract));
}
