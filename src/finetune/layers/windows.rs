//! Windows of a feature map, shifted by half of their side in every other block, and the merging of four neighbours (Liu
//! et al. 2021, `Swin`, §3).

use super::Context;
use crate::backend::{Host, Tensor};

/// The windows of one image's map. Maps are padded with zeros to whole windows, below and on the right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Windows {
    /// The side of a window.
    pub(crate) side: usize,
    /// For each row of each window the pixel that it holds; `None` for padding.
    pub(crate) pixels: Vec<Option<usize>>,
    /// For each row the part of the map that it comes from. A window that is shifted beyond a border holds parts that are
    /// not neighbours; they do not see each other.
    pub(crate) parts: Vec<u8>,
}

impl Windows {
    /// The windows of a map of this height and width. A map that is not larger than a window is one window, unshifted.
    pub(crate) fn of(map: [usize; 2], side: usize, shift: usize) -> Self {
        let least = map[0].min(map[1]);
        let (side, shift) = if least <= side { (least, 0) } else { (side, shift) };
        let [height, width] = map.map(|length| length.next_multiple_of(side.max(1)));
        let region = |place: usize, length: usize| {
            let is_behind = |border: usize| u8::from(shift > 0 && place >= length - border);
            is_behind(side) + is_behind(shift)
        };
        let (mut pixels, mut parts) = (Vec::new(), Vec::new());
        for top in (0..height).step_by(side.max(1)) {
            for left in (0..width).step_by(side.max(1)) {
                for token in 0..side * side {
                    let (row, column) = (top + token / side, left + token % side);
                    let (from_row, from_column) = ((row + shift) % height, (column + shift) % width);
                    let is_inside = from_row < map[0] && from_column < map[1];
                    pixels.push(is_inside.then_some(from_row * map[1] + from_column));
                    parts.push(3 * region(row, height) + region(column, width));
                }
            }
        }
        Self { side, pixels, parts }
    }

    /// Number of rows of a window.
    pub(crate) fn tokens(&self) -> usize {
        self.side * self.side
    }

    /// Number of windows of an image.
    pub(crate) fn count(&self) -> usize {
        self.pixels.len() / self.tokens().max(1)
    }
}

/// The row of each of `sources` in every image, as `columns` groups of rows side by side; zeros where there is none. An
/// image has `plane` rows.
pub(crate) fn gathered(
    values: Tensor<2>,
    sources: &[Option<usize>],
    (plane, columns): (usize, usize),
    context: &Context<'_>,
) -> Tensor<2> {
    let [rows, width] = values.dims();
    let values = Host::take(values, context.device);
    let images = rows / plane.max(1);
    let mut found = vec![0.0; images * sources.len() * width];
    let each = found.chunks_exact_mut((sources.len() * width).max(1));
    for (target, image) in each.zip(values.values().chunks_exact((plane * width).max(1))) {
        for (row, source) in target.chunks_exact_mut(width).zip(sources) {
            if let Some(source) = source {
                row.copy_from_slice(&image[source * width..][..width]);
            }
        }
    }
    let shape = [images * sources.len() / columns, width * columns];
    context.device.tensor(found, shape)
}

/// The backward pass of [`gathered`]: every row goes back to its source.
pub(crate) fn scattered(
    values: Tensor<2>,
    sources: &[Option<usize>],
    (plane, columns): (usize, usize),
    context: &Context<'_>,
) -> Tensor<2> {
    let width = values.dims()[1] / columns;
    let values = Host::take(values, context.device);
    let images = values.values().len() / (sources.len() * width).max(1);
    let mut found = vec![0.0; images * plane * width];
    let each = found.chunks_exact_mut((plane * width).max(1));
    for (target, image) in each.zip(values.values().chunks_exact((sources.len() * width).max(1))) {
        for (row, source) in image.chunks_exact(width).zip(sources) {
            if let Some(source) = source {
                target[source * width..][..width].copy_from_slice(row);
            }
        }
    }
    context.device.tensor(found, [images * plane, width])
}

/// The merging of two by two pixels: their channels stand side by side, column by column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Merge {
    pub(crate) size: [usize; 2],
    pub(crate) channels: usize,
}

impl Merge {
    /// The output's height and width.
    pub(crate) fn output(self) -> [usize; 2] {
        self.size.map(|length| length.div_ceil(2))
    }

    /// For each pixel of the output the four of the input; `None` beyond the border.
    fn sources(self) -> Vec<Option<usize>> {
        let [height, width] = self.size;
        let [rows, columns] = self.output();
        let mut found = Vec::with_capacity(4 * rows * columns);
        for place in 0..rows * columns {
            for [down, right] in [[0, 0], [1, 0], [0, 1], [1, 1]] {
                let (row, column) = (place / columns * 2 + down, place % columns * 2 + right);
                found.push((row < height && column < width).then_some(row * width + column));
            }
        }
        found
    }

    fn plane(self) -> usize {
        self.size[0] * self.size[1]
    }

    pub(crate) fn forward(self, input: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        gathered(input, &self.sources(), (self.plane(), 4), context)
    }

    pub(crate) fn backward(self, gradient: Tensor<2>, context: &Context<'_>) -> Tensor<2> {
        scattered(gradient, &self.sources(), (self.plane(), 4), context)
    }

    /// The same layer as a part of burn's graph.
    #[cfg(any(test, feature = "cuda"))]
    pub(crate) fn graph<B: crate::backend::TensorBackend>(
        self,
        input: crate::blocks::differentiated::Lifted<B, 4>,
    ) -> crate::blocks::differentiated::Lifted<B, 4> {
        let [images, channels, _, _] = input.dims();
        let [rows, columns] = self.output();
        graphs::gathered(input, &self.sources())
            .reshape([images, rows, columns, 4 * channels])
            .permute([0, 3, 1, 2])
    }
}

#[cfg(any(test, feature = "cuda"))]
pub(crate) mod graphs {
    use burn::tensor::{Int, Tensor, TensorData};

    use crate::{backend::TensorBackend, blocks::differentiated::Lifted};

    pub(crate) fn indices<B: TensorBackend>(
        values: Vec<i32>,
        device: &B::Device,
    ) -> Tensor<burn::backend::Autodiff<B>, 1, Int> {
        let length = values.len();
        Tensor::from_data(TensorData::new(values, [length]), device)
    }

    /// The rows of `sources` of every image of `[images, channels, height, width]`, as `[images · sources, channels]`.
    pub(crate) fn gathered<B: TensorBackend>(input: Lifted<B, 4>, sources: &[Option<usize>]) -> Lifted<B, 2> {
        let [images, channels, height, width] = input.dims();
        let (device, plane) = (input.device(), height * width);
        let rows: Lifted<B, 2> = input.permute([0, 2, 3, 1]).reshape([images * plane, channels]);
        let zeros = Lifted::<B, 2>::zeros([1, channels], &device);
        let rows = Lifted::<B, 2>::cat(vec![rows, zeros], 0);
        let of_image = |image: usize| {
            let row = move |source: &Option<usize>| source.map_or(images * plane, |source| image * plane + source);
            sources.iter().map(row)
        };
        let all = (0..images).flat_map(of_image).map(|row| row as i32).collect();
        rows.select(0, indices::<B>(all, &device))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifted_windows_hold_every_pixel_once_and_mark_what_is_not_beside_each_other() {
        let windows = Windows::of([5, 6], 4, 2);
        assert_eq!((windows.count(), windows.tokens()), (4, 16));
        let mut pixels: Vec<usize> = windows.pixels.iter().flatten().copied().collect();
        pixels.sort_unstable();
        assert_eq!(pixels, (0..30).collect::<Vec<_>>());
        // The first window begins two pixels below and beside the corner, and is not divided.
        assert_eq!(windows.pixels[..2], [Some(14), Some(15)]);
        assert!(windows.parts[..16].iter().all(|&part| part == 0));
        // The last one has four parts.
        let mut parts = windows.parts[48..].to_vec();
        parts.sort_unstable();
        parts.dedup();
        assert_eq!(parts, [4, 5, 7, 8]);
    }

    #[test]
    fn a_small_map_is_one_window() {
        let windows = Windows::of([3, 3], 4, 2);
        assert_eq!((windows.side, windows.count()), (3, 1));
        assert!(windows.parts.iter().all(|&part| part == 0));
    }

    #[test]
    fn an_odd_map_is_merged_with_zeros_around_it() {
        let merge = Merge {
            size: [3, 1],
            channels: 1,
        };
        assert_eq!(merge.output(), [2, 1]);
        let expected = [Some(0), Some(1), None, None, Some(2), None, None, None];
        assert_eq!(merge.sources(), expected);
    }
}
