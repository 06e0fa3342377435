//! Softmax cross-entropy and its gradient. There are few classes, so each thread computes one row.

use burn_cubecl::{CubeRuntime, tensor::CubeTensor};
use cubecl::prelude::*;

use super::launch::{self, upload};

#[cube(launch)]
fn cross_entropy_kernel(
    logits: &Array<f32>,
    labels: &Array<u32>,
    losses: &mut Array<f32>,
    gradient: &mut Array<f32>,
    rows: u32,
    classes: u32,
) {
    if ABSOLUTE_POS < rows as usize {
        let classes = classes as usize;
        let start = ABSOLUTE_POS * classes;
        let label = labels[ABSOLUTE_POS] as usize;
        let mut highest = logits[start];
        for class in 1..classes {
            highest = max(highest, logits[start + class]);
        }
        let mut sum = 0.0f32;
        for class in 0..classes {
            sum += f32::exp(logits[start + class] - highest);
        }
        let share = 1.0f32 / f32::cast_from(rows);
        losses[ABSOLUTE_POS] = (f32::ln(sum) - (logits[start + label] - highest)) * share;
        for class in 0..classes {
            let probability = f32::exp(logits[start + class] - highest) / sum;
            let target = select(class == label, 1.0f32, 0.0f32);
            gradient[start + class] = (probability - target) * share;
        }
    }
}

/// Each row's share of the mean loss, and the gradient with respect to the logits `[rows, classes]`. A NaN in a row's
/// logits makes its share NaN.
pub(super) fn cross_entropy<R: CubeRuntime>(logits: &CubeTensor<R>, labels: &[u32]) -> [CubeTensor<R>; 2] {
    let shape = logits.meta.shape();
    let (rows, classes) = (shape[0], shape[1]);
    let losses = launch::empty(logits, &[rows]);
    let gradient = launch::empty(logits, &[rows, classes]);
    let labels: Vec<usize> = labels.iter().map(|&label| label as usize).collect();
    let (count, dim) = launch::values(rows);
    cross_entropy_kernel::launch::<R>(
        &losses.client,
        count,
        dim,
        launch::array(logits),
        launch::array(&upload(logits, &labels)),
        launch::output(&losses),
        launch::output(&gradient),
        rows as u32,
        classes as u32,
    );
    [losses, gradient]
}
