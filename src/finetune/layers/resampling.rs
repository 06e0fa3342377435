//! Resampling of a grid of vectors by cubic interpolation (Keys 1981), as image models do with learned positions.

/// The way of resampling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resampling {
    /// `interpolate(mode="bicubic")` of `PyTorch`: four neighbours, whatever the factor.
    Cubic,
    /// The same with `antialias=True`: as many neighbours as the factor needs, and another kernel.
    CubicAntialiased,
}

/// The weights of a line of `from` points for each point of a line of `to` points, `[to, from]`.
fn line(kind: Resampling, from: usize, to: usize) -> Vec<f64> {
    let step = from as f64 / to as f64;
    let mut weights = vec![0.0; to * from];
    for (point, weights) in weights.chunks_exact_mut(from).enumerate() {
        let centre = (point as f64 + 0.5) * step;
        match kind {
            Resampling::Cubic => {
                let source = centre - 0.5;
                for neighbour in -1..=2 {
                    let index = source.floor() as i64 + neighbour;
                    // A neighbour outside of the line counts as the last point.
                    let inside = index.clamp(0, from as i64 - 1) as usize;
                    weights[inside] += cubic(source - index as f64, -0.75);
                }
            }
            Resampling::CubicAntialiased => {
                let wide = step.max(1.0);
                let first = (centre - 2.0 * wide + 0.5).max(0.0) as usize;
                let last = ((centre + 2.0 * wide + 0.5) as usize).min(from);
                for (index, weight) in weights.iter_mut().enumerate().take(last).skip(first) {
                    *weight = cubic((index as f64 + 0.5 - centre) / wide, -0.5);
                }
                let sum: f64 = weights.iter().sum();
                for weight in weights.iter_mut() {
                    *weight /= sum;
                }
            }
        }
    }
    weights
}

/// Keys's kernel with the slope `a` at 1.
fn cubic(x: f64, a: f64) -> f64 {
    let x = x.abs();
    if x <= 1.0 {
        ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        ((a * x - 5.0 * a) * x + 8.0 * a) * x - 4.0 * a
    } else {
        0.0
    }
}

/// A linear map from a grid of vectors to a grid of another size.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    from: [usize; 2],
    to: [usize; 2],
    /// The weights of rows and of columns.
    lines: [Vec<f64>; 2],
}

impl Grid {
    /// The map between grids of these numbers of rows and columns; `None` if they are the same.
    pub(crate) fn between(kind: Resampling, from: [usize; 2], to: [usize; 2]) -> Option<Self> {
        (from != to).then(|| Self {
            from,
            to,
            lines: [0, 1].map(|axis| line(kind, from[axis], to[axis])),
        })
    }

    /// The vectors of the new grid; `values` is `[from rows · from columns, width]`.
    pub(crate) fn apply(&self, values: &[f32], width: usize) -> Vec<f32> {
        let mut result = vec![0.0; self.to[0] * self.to[1] * width];
        self.visit(|old, new, weight| {
            let target = &mut result[new * width..][..width];
            for (target, value) in target.iter_mut().zip(&values[old * width..][..width]) {
                *target += weight * value;
            }
        });
        result
    }

    /// Backward pass of [`Self::apply`].
    pub(crate) fn apply_backward(&self, gradient: &[f32], width: usize) -> Vec<f32> {
        let mut result = vec![0.0; self.from[0] * self.from[1] * width];
        self.visit(|old, new, weight| {
            let target = &mut result[old * width..][..width];
            for (target, value) in target.iter_mut().zip(&gradient[new * width..][..width]) {
                *target += weight * value;
            }
        });
        result
    }

    /// Calls `visit` with an old point, a new point and the weight between them.
    fn visit(&self, mut visit: impl FnMut(usize, usize, f32)) {
        let neighbours = |axis: usize, point: usize| {
            let from = self.from[axis];
            let weights = self.lines[axis][point * from..][..from].iter().enumerate();
            weights.filter(|(_, weight)| **weight != 0.0)
        };
        for row in 0..self.to[0] {
            for column in 0..self.to[1] {
                for (old_row, of_row) in neighbours(0, row) {
                    for (old_column, of_column) in neighbours(1, column) {
                        let old = old_row * self.from[1] + old_column;
                        visit(old, row * self.to[1] + column, (of_row * of_column) as f32);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_grid_stays_constant_and_the_same_size_changes_nothing() {
        for kind in [Resampling::Cubic, Resampling::CubicAntialiased] {
            assert!(Grid::between(kind, [3, 4], [3, 4]).is_none());
            let grid = Grid::between(kind, [3, 4], [5, 2]).unwrap();
            let result = grid.apply(&[2.0; 12], 1);
            assert_eq!(result.len(), 10);
            assert!(result.iter().all(|value| (value - 2.0).abs() < 1e-6), "{result:?}");
        }
    }

    #[test]
    fn the_backward_pass_is_the_transpose() {
        let grid = Grid::between(Resampling::Cubic, [2, 3], [4, 2]).unwrap();
        let (x, y): (Vec<f32>, Vec<f32>) = (
            (0..6).map(|index| index as f32 * 0.3 - 0.5).collect(),
            (0..8).map(|index| (index as f32).cos()).collect(),
        );
        let dot = |x: &[f32], y: &[f32]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f32>();
        let [left, right] = [dot(&grid.apply(&x, 1), &y), dot(&x, &grid.apply_backward(&y, 1))];
        assert!((left - right).abs() < 1e-5, "{left} {right}");
    }
}
