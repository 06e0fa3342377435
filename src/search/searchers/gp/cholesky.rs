//! The Cholesky factor of a positive definite matrix, which can grow by a row.
//!
//! Rows are packed one after the other. Every inner loop is a dot product of two contiguous slices, which the compiler
//! vectorizes. Sums have a fixed order, so results are the same on every machine.

/// A lower triangular matrix `L` such that `L Lᵀ` is the given matrix.
#[derive(Clone, Debug)]
pub(crate) struct Cholesky {
    size: usize,
    /// Row `i` holds `i + 1` numbers.
    packed: Vec<f64>,
}

/// The start of row `row` in a packed lower triangle.
pub(crate) fn row_start(row: usize) -> usize {
    row * (row + 1) / 2
}

impl Cholesky {
    /// Factors the matrix with the given lower triangle, row by row; `None` if it is not positive definite.
    pub(crate) fn factor(size: usize, lower: Vec<f64>) -> Option<Self> {
        let mut factor = Self { size: 0, packed: lower };
        debug_assert_eq!(factor.packed.len(), row_start(size));
        for row in 0..size {
            factor.eliminate(row)?;
            factor.size = row + 1;
        }
        Some(factor)
    }

    /// Appends a row of a matrix that is larger by one; `None`, without a change, if it is not positive definite.
    pub(crate) fn append(&mut self, row: &[f64]) -> Option<()> {
        debug_assert_eq!(row.len(), self.size + 1);
        self.packed.extend_from_slice(row);
        if self.eliminate(self.size).is_none() {
            self.packed.truncate(row_start(self.size));
            return None;
        }
        self.size += 1;
        Some(())
    }

    /// Turns row `row` of the matrix into that of the factor; the rows above must already be factored.
    fn eliminate(&mut self, row: usize) -> Option<()> {
        let (above, rest) = self.packed.split_at_mut(row_start(row));
        let current = &mut rest[..=row];
        for column in 0..row {
            let other = &above[row_start(column)..row_start(column + 1)];
            current[column] = (current[column] - dot(&current[..column], &other[..column])) / other[column];
        }
        let pivot = current[row] - dot(&current[..row], &current[..row]);
        if pivot.is_nan() || pivot <= 0.0 {
            return None;
        }
        current[row] = pivot.sqrt();
        Some(())
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.packed[row_start(row)..row_start(row + 1)]
    }

    /// Half the logarithm of the determinant.
    pub(crate) fn half_log_determinant(&self) -> f64 {
        (0..self.size).map(|row| self.row(row)[row].ln()).sum()
    }

    /// Solves `L x = b` in place.
    pub(crate) fn solve_lower(&self, vector: &mut [f64]) {
        for index in 0..self.size {
            let row = self.row(index);
            vector[index] = (vector[index] - dot(&row[..index], &vector[..index])) / row[index];
        }
    }

    /// Solves `Lᵀ x = b` in place.
    pub(crate) fn solve_upper(&self, vector: &mut [f64]) {
        for index in (0..self.size).rev() {
            let row = self.row(index);
            vector[index] /= row[index];
            let solved = vector[index];
            for (value, &factor) in vector[..index].iter_mut().zip(row) {
                *value -= factor * solved;
            }
        }
    }

    /// Solves `L x = b` in place for `width` right-hand sides together: `block` is `[size, width]`, row by row.
    pub(crate) fn solve_lower_block(&self, block: &mut [f64], width: usize) {
        for index in 0..self.size {
            let row = self.row(index);
            let (solved, rest) = block.split_at_mut(index * width);
            let current = &mut rest[..width];
            for (earlier, &factor) in solved.chunks_exact(width).zip(row) {
                for (value, &known) in current.iter_mut().zip(earlier) {
                    *value -= factor * known;
                }
            }
            for value in current {
                *value /= row[index];
            }
        }
    }

    /// The lower triangle of the inverse of the factored matrix, packed by rows.
    pub(crate) fn inverse(&self) -> Vec<f64> {
        // Column `c` of the inverse of L starts at row `c`, so it is stored without the zeros above.
        let columns: Vec<Vec<f64>> = (0..self.size)
            .map(|column| {
                let mut solved = Vec::with_capacity(self.size - column);
                solved.push(1.0 / self.row(column)[column]);
                for index in column + 1..self.size {
                    let row = self.row(index);
                    let value = -dot(&row[column..index], &solved) / row[index];
                    solved.push(value);
                }
                solved
            })
            .collect();
        let mut inverse = Vec::with_capacity(row_start(self.size));
        for row in 0..self.size {
            for column in 0..=row {
                inverse.push(dot(&columns[column][row - column..], &columns[row]));
            }
        }
        inverse
    }
}

/// The dot product, computed with eight partial sums.
pub(crate) fn dot(left: &[f64], right: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let (left_blocks, left_rest) = left.as_chunks::<LANES>();
    let (right_blocks, right_rest) = right.as_chunks::<LANES>();
    for (left, right) in left_blocks.iter().zip(right_blocks) {
        for lane in 0..LANES {
            sums[lane] += left[lane] * right[lane];
        }
    }
    let rest: f64 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The lower triangle of `A Aᵀ + I`, which is positive definite.
    fn matrix(size: usize, entries: &[f64]) -> Vec<f64> {
        let row = |index: usize| &entries[index * size..(index + 1) * size];
        let pairs = (0..size).flat_map(|i| (0..=i).map(move |j| (i, j)));
        pairs
            .map(|(i, j)| dot(row(i), row(j)) + f64::from(u8::from(i == j)))
            .collect()
    }

    fn any_matrix() -> impl Strategy<Value = (usize, Vec<f64>)> {
        (1_usize..20).prop_flat_map(|size| {
            prop::collection::vec(-2.0..2.0, size * size).prop_map(move |entries| (size, matrix(size, &entries)))
        })
    }

    fn entry(lower: &[f64], i: usize, j: usize) -> f64 {
        lower[row_start(i.max(j)) + i.min(j)]
    }

    proptest! {
        #[test]
        fn appending_rows_gives_the_factor_of_the_whole((size, lower) in any_matrix()) {
            let whole = Cholesky::factor(size, lower.clone()).unwrap();
            let mut grown = Cholesky::factor(1, lower[..1].to_vec()).unwrap();
            for row in 1..size {
                grown.append(&lower[row_start(row)..row_start(row + 1)]).unwrap();
            }
            prop_assert_eq!(whole.packed, grown.packed);
        }

        #[test]
        fn the_inverse_times_the_matrix_is_the_identity((size, lower) in any_matrix()) {
            let inverse = Cholesky::factor(size, lower.clone()).unwrap().inverse();
            for i in 0..size {
                for j in 0..size {
                    let product: f64 = (0..size).map(|k| entry(&lower, i, k) * entry(&inverse, k, j)).sum();
                    prop_assert!((product - f64::from(u8::from(i == j))).abs() < 1e-8);
                }
            }
        }

        #[test]
        fn solving_both_triangles_solves_the_system((size, lower) in any_matrix()) {
            let factor = Cholesky::factor(size, lower.clone()).unwrap();
            let wanted: Vec<f64> = (0..size).map(|i| i as f64 - 1.5).collect();
            let mut vector: Vec<f64> = (0..size)
                .map(|i| (0..size).map(|j| entry(&lower, i, j) * wanted[j]).sum())
                .collect();
            let mut block: Vec<f64> = vector.iter().flat_map(|&value| [value, 2.0 * value, 0.0]).collect();
            factor.solve_lower_block(&mut block, 3);
            factor.solve_lower(&mut vector);
            for (value, row) in vector.iter().zip(block.chunks(3)) {
                prop_assert!((value - row[0]).abs() < 1e-9 && (2.0 * value - row[1]).abs() < 1e-9 && row[2] == 0.0);
            }
            factor.solve_upper(&mut vector);
            for (solved, wanted) in vector.iter().zip(&wanted) {
                prop_assert!((solved - wanted).abs() < 1e-7);
            }
        }
    }

    #[test]
    fn what_is_not_positive_definite_is_refused_and_leaves_the_factor_as_it_was() {
        assert!(Cholesky::factor(2, vec![1.0, 2.0, 1.0]).is_none());
        let mut factor = Cholesky::factor(1, vec![4.0]).unwrap();
        assert!(factor.append(&[4.0, 1.0]).is_none());
        assert_eq!(factor.packed, [2.0]);
        assert!(factor.append(&[2.0, 5.0]).is_some());
        assert_eq!(factor.packed, [2.0, 1.0, 2.0]);
    }
}
