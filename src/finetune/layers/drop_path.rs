//! Stochastic depth: the branch of a residual sum that a training step leaves out for some examples.

use super::Context;
use crate::backend::{Device, Host, Tensor};

/// The branch of a residual sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Branch {
    /// Its number within the network.
    pub(crate) site: u64,
    /// Its part of the rate of the whole network, in 0..=1.
    pub(crate) share: f64,
}

impl Branch {
    /// The factors of the branch, one for each example; `None` if all of them have the whole branch.
    pub(crate) fn factors(self, context: &Context<'_>) -> Option<Vec<f32>> {
        context.drop_path.factors(self.site, self.share, context.layout.len())
    }
}

/// The rows of each example times its factor. The backward pass is the same operation.
pub(crate) fn scaled(values: Tensor<2>, factors: Option<&[f32]>, device: Device) -> Tensor<2> {
    let Some(factors) = factors else { return values };
    let [rows, width] = values.dims();
    let each = rows / factors.len().max(1);
    if !device.is_host() {
        let by_row: Vec<f32> = factors.iter().flat_map(|&factor| vec![factor; each]).collect();
        return values * device.tensor(by_row, [rows, 1]);
    }
    let mut values = Host::take(values, device);
    let examples = values.values_mut().chunks_exact_mut((each * width).max(1));
    for (rows, factor) in examples.zip(factors) {
        for value in rows {
            *value *= factor;
        }
    }
    values.tensor()
}
