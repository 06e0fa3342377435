//! Eigendecomposition. The only file that uses the linear algebra crate.

use nalgebra::{DMatrix, SymmetricEigen};

/// A symmetric positive definite matrix as B·D²·Bᵀ.
#[derive(Clone, Debug)]
pub(super) struct Eigen {
    /// The columns of B, each an eigenvector of length 1.
    axes: Vec<Vec<f64>>,
    /// The diagonal of D: square roots of the eigenvalues.
    lengths: Vec<f64>,
}

impl Eigen {
    /// Decomposes `matrix` (rows). Eigenvalues are kept above 10⁻¹⁴ of the largest, so that an inverse exists.
    pub(super) fn new(matrix: &[Vec<f64>]) -> Self {
        let size = matrix.len();
        if size == 0 {
            return Self {
                axes: Vec::new(),
                lengths: Vec::new(),
            };
        }
        let decomposed = SymmetricEigen::new(DMatrix::from_fn(size, size, |row, column| matrix[row][column]));
        let largest = decomposed.eigenvalues.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        Self {
            axes: decomposed
                .eigenvectors
                .column_iter()
                .map(|column| column.iter().copied().collect())
                .collect(),
            lengths: decomposed
                .eigenvalues
                .iter()
                .map(|value| value.max(largest * 1e-14).sqrt())
                .collect(),
        }
    }

    /// B·D·v: turns a standard normal vector into one with this matrix as its covariance.
    pub(super) fn scaled(&self, vector: &[f64]) -> Vec<f64> {
        let mut result = vec![0.0; vector.len()];
        for ((axis, length), part) in self.axes.iter().zip(&self.lengths).zip(vector) {
            for (sum, component) in result.iter_mut().zip(axis) {
                *sum += component * length * part;
            }
        }
        result
    }

    /// B·D⁻¹·Bᵀ·v: the inverse square root of the matrix, times v.
    pub(super) fn whitened(&self, vector: &[f64]) -> Vec<f64> {
        let mut result = vec![0.0; vector.len()];
        for (axis, length) in self.axes.iter().zip(&self.lengths) {
            let part = axis.iter().zip(vector).map(|(a, v)| a * v).sum::<f64>() / length;
            for (sum, component) in result.iter_mut().zip(axis) {
                *sum += component * part;
            }
        }
        result
    }

    /// The ratio of the largest eigenvalue to the smallest.
    pub(super) fn condition(&self) -> f64 {
        let largest = self.lengths.iter().copied().fold(0.0, f64::max);
        let smallest = self.lengths.iter().copied().fold(f64::INFINITY, f64::min);
        (largest / smallest).powi(2)
    }
}
