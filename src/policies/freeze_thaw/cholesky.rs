//! The Cholesky factor of a covariance matrix, with the few things that the model asks of it. Matrices are row-major.

/// A lower triangular `L` with `L Lᵀ = K`.
pub(super) struct Cholesky {
    size: usize,
    rows: Vec<Vec<f64>>,
}

impl Cholesky {
    /// Factors a symmetric matrix given by its lower triangle; `None` when it is not positive definite.
    pub(super) fn new(matrix: &[Vec<f64>]) -> Option<Self> {
        let mut factor = Self {
            size: 0,
            rows: Vec::with_capacity(matrix.len()),
        };
        for row in matrix {
            if !factor.push(&row[..=factor.size]) {
                return None;
            }
        }
        Some(factor)
    }

    /// Adds a row and a column to the matrix; the row ends with the diagonal. Returns false, and changes nothing, when the
    /// matrix would not be positive definite.
    pub(super) fn push(&mut self, row: &[f64]) -> bool {
        let mut solved = self.forward(&row[..self.size]);
        let pivot = row[self.size] - dot(&solved, &solved);
        if pivot <= 0.0 || !pivot.is_finite() {
            return false;
        }
        solved.push(pivot.sqrt());
        self.rows.push(solved);
        self.size += 1;
        true
    }

    /// `L⁻¹ b`.
    pub(super) fn forward(&self, right: &[f64]) -> Vec<f64> {
        let mut solved = Vec::with_capacity(self.size + 1);
        for (row, value) in self.rows.iter().zip(right) {
            let place = solved.len();
            solved.push((value - dot(&row[..place], &solved)) / row[place]);
        }
        solved
    }

    /// `K⁻¹ b`.
    pub(super) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut solved = self.forward(right);
        for place in (0..self.size).rev() {
            solved[place] /= self.rows[place][place];
            let known = solved[place];
            for (value, factor) in solved[..place].iter_mut().zip(&self.rows[place]) {
                *value -= known * factor;
            }
        }
        solved
    }

    /// The logarithm of the determinant of `K`.
    pub(super) fn log_determinant(&self) -> f64 {
        let diagonal = self.rows.iter().enumerate().map(|(place, row)| row[place].ln());
        2.0 * diagonal.sum::<f64>()
    }

    /// The lower triangle of `K⁻¹`.
    pub(super) fn inverse(&self) -> Vec<Vec<f64>> {
        // Columns of L⁻¹, each from its diagonal on: K⁻¹ᵢⱼ is the product of columns i and j.
        let columns: Vec<Vec<f64>> = (0..self.size)
            .map(|from| {
                let mut column: Vec<f64> = Vec::with_capacity(self.size - from);
                for (place, row) in self.rows.iter().enumerate().skip(from) {
                    let unit = if place == from { 1.0 } else { 0.0 };
                    column.push((unit - dot(&row[from..place], &column)) / row[place]);
                }
                column
            })
            .collect();
        (0..self.size)
            .map(|i| (0..=i).map(|j| dot(&columns[i], &columns[j][i - j..])).collect())
            .collect()
    }
}

/// The inner product of two vectors of one length, in four sums that the processor can do at once.
pub(super) fn dot(left: &[f64], right: &[f64]) -> f64 {
    let (left_fours, right_fours) = (left.chunks_exact(4), right.chunks_exact(4));
    let rest: f64 = left_fours
        .remainder()
        .iter()
        .zip(right_fours.remainder())
        .map(|(a, b)| a * b)
        .sum();
    let mut sums = [0.0; 4];
    for (a, b) in left_fours.zip(right_fours) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    rest + sums.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solving_inverting_and_the_determinant_agree_with_hand_calculation() {
        // det = 4·5 − 2² = 16, inverse = [5 −2; −2 4] / 16.
        let factor = Cholesky::new(&[vec![4.0], vec![2.0, 5.0]]).unwrap();
        assert!((factor.log_determinant() - 16f64.ln()).abs() < 1e-12);
        let inverse = factor.inverse();
        assert!((inverse[0][0] - 5.0 / 16.0).abs() < 1e-12);
        assert!((inverse[1][0] + 2.0 / 16.0).abs() < 1e-12);
        assert!((inverse[1][1] - 4.0 / 16.0).abs() < 1e-12);
        let solved = factor.solve(&[1.0, 2.0]);
        assert!((solved[0] - 1.0 / 16.0).abs() < 1e-12 && (solved[1] - 6.0 / 16.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        assert!(Cholesky::new(&[vec![1.0], vec![2.0, 1.0]]).is_none());
    }
}
