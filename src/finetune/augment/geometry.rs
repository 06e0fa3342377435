//! Operations on the positions of pixels. They do not depend on the scale of values, except for what comes in from
//! outside of the image, which is 0.

use super::{Area, Picture};

impl Picture<'_> {
    /// Left to right.
    pub(super) fn flip(&mut self) {
        let width = self.size.width.max(1);
        self.values.chunks_exact_mut(width).for_each(<[f32]>::reverse);
    }

    /// A part of the image, enlarged to the whole image linearly between pixels.
    pub(super) fn crop(&mut self, area: Area) {
        let (height, width) = (self.size.height, self.size.width);
        let rows = stretched(area.height, height);
        let columns = stretched(area.width, width);
        for plane in self.planes() {
            let before = plane.to_vec();
            let row = |number: usize| &before[(area.top + number) * width + area.left..][..area.width];
            for (target, (above, below, down)) in plane.chunks_exact_mut(width).zip(&rows) {
                let (above, below) = (row(*above), row(*below));
                for (value, (left, right, across)) in target.iter_mut().zip(&columns) {
                    let upper = above[*left] + (above[*right] - above[*left]) * across;
                    let lower = below[*left] + (below[*right] - below[*left]) * across;
                    *value = upper + (lower - upper) * down;
                }
            }
        }
    }

    /// Moves each row to the side by `share` of its distance from the top.
    pub(super) fn shear_x(&mut self, share: f64) {
        self.gather(|[row, column]| [row, column + share * (row + 0.5)]);
    }

    /// Moves each column up or down by `share` of its distance from the left.
    pub(super) fn shear_y(&mut self, share: f64) {
        self.gather(|[row, column]| [row + share * (column + 0.5), column]);
    }

    /// Moves the image to the right and down by whole pixels.
    pub(super) fn translate(&mut self, right: i64, down: i64) {
        self.gather(|[row, column]| [row - down as f64, column - right as f64]);
    }

    /// Turns the image against the clock by an angle in degrees, around its middle.
    pub(super) fn rotate(&mut self, degrees: f64) {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        let middle = [self.size.height, self.size.width].map(|side| (side as f64 - 1.0) / 2.0);
        self.gather(|[row, column]| {
            let (down, right) = (row - middle[0], column - middle[1]);
            [
                sine * right + cosine * down + middle[0],
                cosine * right - sine * down + middle[1],
            ]
        });
    }

    /// Sets a rectangle to 0.
    pub(super) fn erase(&mut self, area: Area) {
        let width = self.size.width;
        for plane in self.planes() {
            for row in plane.chunks_exact_mut(width).skip(area.top).take(area.height) {
                row[area.left..][..area.width].fill(0.0);
            }
        }
    }

    /// Every pixel from the nearest one to where `from` says, in rows and columns; 0 from outside.
    fn gather(&mut self, from: impl Fn([f64; 2]) -> [f64; 2]) {
        let (height, width) = (self.size.height, self.size.width);
        let sources = (0..height * width).map(|pixel| {
            let at = [(pixel / width) as f64, (pixel % width) as f64];
            // torchvision computes with 32 bits; ties are rounded to even numbers.
            let [row, column] = from(at).map(|place| f64::from(place as f32).round_ties_even());
            let is_inside = (0.0..height as f64).contains(&row) && (0.0..width as f64).contains(&column);
            is_inside.then_some(row as usize * width + column as usize)
        });
        let sources: Vec<Option<usize>> = sources.collect();
        for plane in self.planes() {
            let before = plane.to_vec();
            for (value, source) in plane.iter_mut().zip(&sources) {
                *value = source.map_or(0.0, |source| before[source]);
            }
        }
    }
}

/// For each of `to` positions the two of `from` positions that it lies between, and the share of the second one; without
/// aligned corners, as in PyTorch.
fn stretched(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    let ratio = from as f32 / to as f32;
    let place = |index: usize| {
        let at = ((index as f32 + 0.5) * ratio - 0.5).max(0.0);
        let first = (at as usize).min(from - 1);
        (first, (first + 1).min(from - 1), at - first as f32)
    };
    (0..to).map(place).collect()
}
