//! Results of a backward pass, for the optimizer.

use super::{backend::Tensor, parameters::Handle};

/// The gradient of one parameter.
#[derive(Debug)]
pub(crate) enum Gradient {
    /// One value for every value of the parameter, flat.
    Dense(Tensor<1>),
    /// The gradient of a table in which most rows are zero: a text uses few of 30,000 word vectors.
    Rows {
        /// Indices of the rows, ascending and distinct.
        rows: Vec<u32>,
        /// Gradients of these rows, `[rows, width]`, flat.
        values: Vec<f32>,
    },
}

/// The mean loss of a batch.
#[derive(Debug)]
pub(crate) enum StepLoss {
    Known(f64),
    /// Summands of the loss on a device; not read yet, so that the host does not wait.
    Shares(Tensor<1>),
}

/// The result of one forward and backward pass over a batch.
#[derive(Debug)]
pub(crate) struct Pass {
    pub(crate) loss: StepLoss,
    /// The gradients of the parameters that train.
    pub(crate) gradients: Vec<(Handle, Gradient)>,
    /// New values of running statistics.
    pub(crate) statistics: Vec<(Handle, Tensor<1>)>,
}

impl Gradient {
    /// The gradient times `share`.
    fn scaled(self, share: f64) -> Self {
        match self {
            Self::Dense(values) => Self::Dense(values * share),
            Self::Rows { rows, values } => Self::Rows {
                rows,
                values: values.into_iter().map(|value| value * share as f32).collect(),
            },
        }
    }

    /// The sum of two gradients of one parameter.
    pub(crate) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Dense(one), Self::Dense(other)) => Self::Dense(one + other),
            (
                Self::Rows { rows, values },
                Self::Rows {
                    rows: more,
                    values: others,
                },
            ) if !rows.is_empty() => {
                let width = values.len() / rows.len();
                sum_by_row(&[rows, more].concat(), &[values, others].concat(), width)
            }
            // Both gradients of a parameter are of one kind. If the first has no rows, the sum is the other one.
            (_, other) => other,
        }
    }
}

impl StepLoss {
    #[cfg(test)]
    pub(crate) fn known(&self) -> f64 {
        match self {
            Self::Known(loss) => *loss,
            Self::Shares(shares) => super::backend::values(shares)
                .iter()
                .map(|&share| f64::from(share))
                .sum(),
        }
    }

    pub(crate) fn scaled(self, share: f64) -> Self {
        match self {
            Self::Known(loss) => Self::Known(loss * share),
            Self::Shares(shares) => Self::Shares(shares * share),
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(one), Self::Known(other)) => Self::Known(one + other),
            (Self::Shares(one), Self::Shares(other)) => Self::Shares(Tensor::joined(vec![one, other])),
            (Self::Known(_), Self::Shares(_)) | (Self::Shares(_), Self::Known(_)) => {
                unreachable!("the parts of a batch are computed on one device")
            }
        }
    }
}

impl Pass {
    /// The pass over a whole batch: this part with its `share` of the examples, and the other parts with theirs.
    pub(crate) fn with_others(self, share: f64, others: impl IntoIterator<Item = (f64, Self)>) -> Self {
        others.into_iter().fold(self.scaled(share), |sum, (share, other)| {
            let other = other.scaled(share);
            let gradients = sum.gradients.into_iter().zip(other.gradients);
            let statistics = sum.statistics.into_iter().zip(other.statistics);
            Self {
                loss: sum.loss.plus(other.loss),
                gradients: gradients
                    .map(|((index, one), (_, other))| (index, one.plus(other)))
                    .collect(),
                statistics: statistics
                    .map(|((index, one), (_, other))| (index, one + other))
                    .collect(),
            }
        })
    }

    fn scaled(self, share: f64) -> Self {
        let gradients = self.gradients.into_iter();
        let statistics = self.statistics.into_iter();
        Self {
            loss: self.loss.scaled(share),
            gradients: gradients
                .map(|(index, gradient)| (index, gradient.scaled(share)))
                .collect(),
            statistics: statistics.map(|(index, values)| (index, values * share)).collect(),
        }
    }
}

/// Sums the gradients of rows that occur more than once: `values` is `[indices, width]`.
pub(crate) fn sum_by_row(indices: &[u32], values: &[f32], width: usize) -> Gradient {
    let mut order: Vec<usize> = (0..indices.len()).collect();
    order.sort_by_key(|&position| indices[position]);
    let mut rows: Vec<u32> = Vec::new();
    let mut sums: Vec<f32> = Vec::new();
    for position in order {
        let row = &values[position * width..(position + 1) * width];
        if rows.last() == Some(&indices[position]) {
            let start = sums.len() - width;
            sums[start..].iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        } else {
            rows.push(indices[position]);
            sums.extend_from_slice(row);
        }
    }
    Gradient::Rows { rows, values: sums }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_repeat_are_summed() {
        let Gradient::Rows { rows, values } = sum_by_row(&[5, 2, 5], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2) else {
            panic!("rows were asked for");
        };
        assert_eq!((rows, values), (vec![2, 5], vec![3.0, 4.0, 6.0, 8.0]));
    }
}
