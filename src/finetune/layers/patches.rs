//! The stem of a transformer of images: patches become rows, behind tokens of their own, with learned positions
//! (Dosovitskiy et al. 2021, §3.1).

use super::{
    Back, Backward, Context,
    resampling::{Grid, Resampling},
};
use crate::{
    backend::{Tensor, values},
    data::ImageSize,
    gradients::Gradient,
    parameters::{Declarations, Handle},
};

/// The embedding of patches.
#[derive(Clone, Debug)]
pub(crate) struct PatchStem {
    /// The size of the images.
    pub(crate) size: ImageSize,
    /// The side of a patch.
    side: usize,
    /// The width of a row.
    pub(crate) width: usize,
    weight: Handle,
    bias: Option<Handle>,
    /// Learned rows before the patches.
    tokens: Vec<Handle>,
    positions: Positions,
}

/// A table of learned positions.
#[derive(Clone, Copy, Debug)]
struct Positions {
    table: Handle,
    /// The rows and columns of patches that the table was made for.
    grid: [usize; 2],
    /// Number of its first rows, which belong to the tokens before the patches.
    before: usize,
    resampling: Resampling,
}

/// The names and sizes of the parameters.
#[derive(Clone, Copy)]
pub(crate) struct PatchNames<'a> {
    /// The layer from patches to rows.
    pub(crate) projection: &'a str,
    pub(crate) has_bias: bool,
    /// The learned rows before the patches.
    pub(crate) tokens: &'a [&'a str],
    /// The table of positions.
    pub(crate) positions: &'a str,
    /// True if the table has no positions for the tokens before the patches.
    pub(crate) skips_tokens: bool,
    pub(crate) resampling: Resampling,
}

impl PatchStem {
    /// Declares the embedding of square patches of `side` pixels as rows of `width` values.
    pub(crate) fn declare(
        declare: &mut Declarations,
        names: PatchNames<'_>,
        images: ImageSize,
        [side, width]: [usize; 2],
    ) -> Self {
        let grid = [images.height / side, images.width / side];
        let before = if names.skips_tokens { 0 } else { names.tokens.len() };
        Self {
            size: images,
            side,
            width,
            weight: declare.patches(
                &format!("{}.weight", names.projection),
                [width, images.channels, side, side],
            ),
            bias: names
                .has_bias
                .then(|| declare.bias(&format!("{}.bias", names.projection), width)),
            tokens: names
                .tokens
                .iter()
                .map(|name| declare.vectors(name, [1, width]))
                .collect(),
            positions: Positions {
                table: declare.vectors(names.positions, [before + grid[0] * grid[1], width]),
                grid,
                before,
                resampling: names.resampling,
            },
        }
    }

    /// The rows and columns of patches. Pixels beyond the last whole patch are not seen.
    fn grid(&self) -> [usize; 2] {
        [self.size.height / self.side, self.size.width / self.side]
    }

    /// Returns whether the images have at least one whole patch.
    pub(crate) fn has_patches(&self) -> bool {
        !self.grid().contains(&0)
    }

    /// Number of rows of an image.
    pub(crate) fn rows(&self) -> usize {
        let [rows, columns] = self.grid();
        self.tokens.len() + rows * columns
    }

    /// Number of values of a patch.
    pub(crate) fn patch(&self) -> usize {
        self.size.channels * self.side * self.side
    }

    /// Maps images, `[images, channels, height, width]`, to their rows.
    pub(crate) fn forward<'a>(&'a self, pixels: &[f32], context: &Context<'_>) -> (Tensor<2>, Back<'a>) {
        let patches = self.patches(pixels, context);
        let weight = context.parameters.matrix(self.weight);
        let product = context.kernels().product(patches.clone(), weight);
        let dropout = context.site(0);
        let output = context.kernels().drop(product + self.constants(context), dropout);
        let back: Back<'a> = Box::new(move |gradient, back, _| {
            let gradient = back.kernels().drop(gradient, dropout);
            self.learn(patches, &gradient, back);
            None
        });
        (output, back)
    }

    /// The patches as rows of `channels · side · side` values. The rows of tokens and of padding are zeros.
    fn patches(&self, pixels: &[f32], context: &Context<'_>) -> Tensor<2> {
        let (side, patch) = (self.side, self.patch());
        let ImageSize {
            channels,
            height,
            width,
        } = self.size;
        let [rows, columns] = self.grid();
        let layout = context.layout;
        let mut found = vec![0.0; layout.rows * patch];
        for (image, &start) in pixels.chunks_exact(self.size.values()).zip(&layout.starts) {
            let first = (start + self.tokens.len()) * patch;
            let of_image = &mut found[first..first + rows * columns * patch];
            for (index, row) in of_image.chunks_exact_mut(patch).enumerate() {
                let (top, left) = (index / columns * side, index % columns * side);
                for (line, target) in row.chunks_exact_mut(side).enumerate() {
                    debug_assert!(line / side < channels);
                    let source = (line / side * height + top + line % side) * width + left;
                    target.copy_from_slice(&image[source..source + side]);
                }
            }
        }
        context.device.tensor(found, [layout.rows, patch])
    }

    /// The part of every row that is the same for all images: its position, and the token or the bias.
    fn constants(&self, context: &Context<'_>) -> Tensor<2> {
        let width = self.width;
        let of = |handle| values(&context.parameters.vector(handle));
        let before = self.positions.before * width;
        let table = of(self.positions.table);
        let (special, patches) = table.split_at(before);
        let mut constants = vec![0.0; self.rows() * width];
        constants[..before].copy_from_slice(special);
        let (tokens, rows) = constants.split_at_mut(self.tokens.len() * width);
        match self.resampled() {
            Some(grid) => rows.copy_from_slice(&grid.apply(patches, width)),
            None => rows.copy_from_slice(patches),
        }
        for (row, &token) in tokens.chunks_exact_mut(width).zip(&self.tokens) {
            add(row, &of(token));
        }
        if let Some(bias) = self.bias {
            let bias = of(bias);
            rows.chunks_exact_mut(width).for_each(|row| add(row, &bias));
        }
        let layout = context.layout;
        let all = constants.repeat(layout.len());
        context
            .device
            .tensor(layout.spread(&all, width, 0.0), [layout.rows, width])
    }

    fn resampled(&self) -> Option<Grid> {
        Grid::between(self.positions.resampling, self.positions.grid, self.grid())
    }

    /// Records the gradients of all parameters.
    fn learn(&self, patches: Tensor<2>, gradient: &Tensor<2>, back: &mut Backward<'_>) {
        let (context, device, width) = (back.context, back.context.device, self.width);
        if context.trains(self.weight) {
            let product = back.kernels().product(patches.transpose(), gradient.clone());
            let [rows, columns] = product.dims();
            back.record(self.weight, Gradient::Dense(product.reshape([rows * columns])));
        }
        // The sum over all images, row by row.
        let mut sums = vec![0.0; self.rows() * width];
        let all = context.layout.gather(&values(gradient), width);
        for image in all.chunks_exact(sums.len()) {
            add(&mut sums, image);
        }
        let (tokens, rows) = sums.split_at(self.tokens.len() * width);
        for (row, &token) in tokens.chunks_exact(width).zip(&self.tokens) {
            back.record_dense(token, device.tensor(row.to_vec(), [width]));
        }
        if let Some(bias) = self.bias {
            let mut sum = vec![0.0; width];
            rows.chunks_exact(width).for_each(|row| add(&mut sum, row));
            back.record_dense(bias, device.tensor(sum, [width]));
        }
        let mut table = sums[..self.positions.before * width].to_vec();
        match self.resampled() {
            Some(grid) => table.extend(grid.apply_backward(rows, width)),
            None => table.extend_from_slice(rows),
        }
        let length = table.len();
        back.record_dense(self.positions.table, device.tensor(table, [length]));
    }
}

fn add(target: &mut [f32], values: &[f32]) {
    target
        .iter_mut()
        .zip(values)
        .for_each(|(target, value)| *target += value);
}
