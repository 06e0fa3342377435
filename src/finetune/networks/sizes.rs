//! The sizes of a network's work, from the sizes of its blocks.

use super::{FrozenSize, Network, Stem};
use crate::{
    blocks::{Block, Size},
    data::Text,
    parameters::Role,
};

/// Thresholds of the matrix product on the CPU (gemm 0.19, `gemm_basic_generic`).
///
/// It splits sums of more than `DEEP` terms: in one way for at most `SMALL` rows and columns, in another way for more.
/// A single row is a separate case.
const SMALL: usize = 64;
const DEEP: usize = 512;

impl Network {
    /// The smallest number of examples that must be computed together, so that an example's frozen output is the same
    /// to the last bit in any batch.
    pub(super) fn least_company(&self) -> usize {
        let is_cut = self.parameters.iter().any(|parameter| {
            let is_frozen_at_times = parameter.role == Role::Weight && parameter.freezes_at.is_some();
            if !is_frozen_at_times || parameter.shape.len() != 2 {
                return false;
            }
            let [inputs, outputs] = parameter.widths();
            outputs <= SMALL && inputs > DEEP
        });
        let stem = match &self.stem {
            Stem::Maps(stem) => stem.least_company([SMALL, DEEP]),
            Stem::Tokens(_) | Stem::Pixels(_) | Stem::Patches(_) => 2,
        };
        let blocks = self.blocks.iter().map(|block| match block {
            Block::Stack(stack) => stack.least_company([SMALL, DEEP]),
            Block::Transformer(_) | Block::Convolved(_) | Block::Residual(_) | Block::Projection(_) => 2,
        });
        let least = blocks.fold(stem, usize::max);
        if is_cut { SMALL + 1 } else { least }
    }

    /// Number of values per example in [`super::Model::frozen`], by number of tokens, and about how many operations they
    /// take.
    pub(crate) fn frozen_size(&self, depth: usize, tokens: usize) -> FrozenSize {
        let mut found = FrozenSize {
            values: 0,
            operations: 0,
        };
        if depth == 0 {
            return found;
        }
        match &self.stem {
            Stem::Pixels(stem) => {
                let size = stem.size();
                found = FrozenSize {
                    values: size.values,
                    operations: size.operations,
                };
            }
            Stem::Maps(stem) => {
                let size = stem.size();
                found = FrozenSize {
                    values: size.values,
                    operations: size.operations,
                };
            }
            Stem::Patches(stem) => {
                found = FrozenSize {
                    values: stem.rows() * stem.width,
                    operations: 2 * stem.rows() * stem.patch() * stem.width,
                };
            }
            Stem::Tokens(stem) => found.values = tokens * stem.width,
        }
        let blocks = self.blocks_of(depth);
        for number in 0..blocks {
            let size = self.block_size(number, tokens);
            found.values = size.values;
            found.operations += size.operations;
        }
        if blocks == self.blocks.len() && self.pools_last_block() {
            // If only the head trains, only the means are needed.
            found.values = self.width(blocks);
        }
        found
    }

    /// As [`Self::frozen_size`] for a text, in all its windows together.
    pub(crate) fn frozen_size_of(&self, depth: usize, text: &Text) -> FrozenSize {
        let sizes = text.windows().map(|tokens| self.frozen_size(depth, tokens));
        let sum = |sum: FrozenSize, size: FrozenSize| FrozenSize {
            values: sum.values + size.values,
            operations: sum.operations + size.operations,
        };
        sizes.reduce(sum).unwrap_or(FrozenSize {
            values: 0,
            operations: 0,
        })
    }

    /// The size of a block for a text of `tokens` tokens.
    pub(crate) fn block_size(&self, number: usize, tokens: usize) -> Size {
        let rows = match &self.stem {
            Stem::Patches(stem) => stem.rows(),
            Stem::Tokens(_) | Stem::Pixels(_) | Stem::Maps(_) => tokens,
        };
        self.blocks[number].size(rows, self.positions(number))
    }

    /// The width of the hidden states after this number of blocks.
    pub(super) fn width(&self, blocks: usize) -> usize {
        match (blocks.checked_sub(1), &self.stem) {
            (Some(last), _) => self.blocks[last].width(),
            (None, Stem::Pixels(stem)) => stem.convolution.geometry.outputs,
            (None, Stem::Patches(stem)) => stem.width,
            (None, Stem::Maps(stem)) => stem.output().channels,
            (None, Stem::Tokens(stem)) => stem.width,
        }
    }

    /// Number of values per example that a training step keeps for its backward pass, and that it computes with.
    pub(crate) fn step_values(&self, depth: usize, batch: usize, tokens: usize) -> usize {
        let first = self.blocks_of(depth);
        let sizes: Vec<Size> = (0..self.blocks.len())
            .map(|number| self.block_size(number, tokens))
            .collect();
        let trained = &sizes[first..];
        let kept: usize = trained.iter().map(|size| size.kept).sum();
        let gradients = trained.iter().map(|size| size.gradients).max().unwrap_or(0);
        let stem = match &self.stem {
            Stem::Pixels(stem) if depth == 0 => stem.size().kept,
            Stem::Maps(stem) if depth == 0 => stem.size().kept,
            Stem::Patches(stem) if depth == 0 => stem.rows() * (stem.patch() + stem.width),
            Stem::Tokens(_) if depth == 0 => tokens * self.width(0),
            Stem::Pixels(_) | Stem::Maps(_) | Stem::Patches(_) | Stem::Tokens(_) => 0,
        };
        let frozen = match &self.stem {
            Stem::Pixels(_) | Stem::Maps(_) => sizes.iter().map(|size| size.computing).max().unwrap_or(0),
            Stem::Tokens(_) | Stem::Patches(_) if depth == 0 => 0,
            Stem::Tokens(_) | Stem::Patches(_) => {
                let last = sizes.last().map_or(0, |size| size.kept);
                sizes.iter().map(|size| size.computing).max().unwrap_or(0) + last
            }
        };
        batch * (stem + kept + gradients).max(frozen)
    }

    /// Number of values per example that an evaluation computes with.
    pub(crate) fn evaluation_values(&self, tokens: usize) -> usize {
        let sizes = (0..self.blocks.len()).map(|number| self.block_size(number, tokens).computing);
        sizes.max().unwrap_or(0)
    }
}
