//! The kernels as loops over slices. Each makes one pass, in place if the tensor is not shared.

mod activation;
mod attention;
mod columns;
mod disentangled;
mod norm;
mod rotary;

pub(super) use self::{
    activation::{bias_activation, gated, gated_backward, multiply},
    attention::{attention, attention_backward},
    columns::{join, split},
    norm::{add_norm, add_norm_backward, norm, norm_backward},
    rotary::turn,
};
pub(crate) use self::{columns::Columns, rotary::Angles};

use super::Layout;
use crate::{
    backend::{Device, Host, Tensor},
    dropout::Dropout,
    gradients::{Gradient, StepLoss, sum_by_row},
    loss,
    vectorize::vectorize,
};

/// Sums in 16 lanes so that the compiler uses vector registers; the order of additions is fixed.
#[inline(always)]
fn sum(values: impl Iterator<Item = [f32; LANES]>) -> f32 {
    let lanes = values.fold([0.0; LANES], |mut lanes, values| {
        lanes.iter_mut().zip(values).for_each(|(lane, value)| *lane += value);
        lanes
    });
    lanes.iter().sum()
}

const LANES: usize = 16;

#[inline(always)]
fn dot(left: &[f32], right: &[f32]) -> f32 {
    let chunks = left.as_chunks::<LANES>().0.iter().zip(right.as_chunks::<LANES>().0);
    let rest = left.len() / LANES * LANES;
    let tail: f32 = left[rest..].iter().zip(&right[rest..]).map(|(x, y)| x * y).sum();
    tail + sum(chunks.map(|(x, y)| std::array::from_fn(|lane| x[lane] * y[lane])))
}

#[inline(always)]
fn total(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    rest.iter().sum::<f32>() + sum(chunks.iter().copied())
}

#[inline(always)]
fn add(target: &mut [f32], values: &[f32]) {
    target
        .iter_mut()
        .zip(values)
        .for_each(|(target, value)| *target += value);
}

fn vector(device: Device, values: Vec<f32>) -> Tensor<1> {
    let length = values.len();
    device.tensor(values, [length])
}

pub(super) fn cross_entropy(device: Device, logits: Tensor<2>, labels: &[u32]) -> (StepLoss, Tensor<2>) {
    let shape = logits.dims();
    let count = labels.len() as f32;
    let (loss, gradient) = loss::cross_entropy(Host::take(logits, device).values(), labels, shape[1], count);
    (StepLoss::Known(loss / f64::from(count)), device.tensor(gradient, shape))
}

/// The gradient of the used rows of a table; on the CPU every row of `values` has an index.
pub(super) fn of_table(device: Device, used: &[Option<u32>], values: Tensor<2>, _length: usize) -> Gradient {
    let width = values.dims()[1];
    let used: Vec<u32> = used.iter().copied().flatten().collect();
    debug_assert_eq!(
        used.len() * width,
        values.dims().iter().product::<usize>(),
        "every row is of an example"
    );
    sum_by_row(&used, Host::take(values, device).values(), width)
}

pub(super) fn product(_: Device, left: Tensor<2>, right: Tensor<2>) -> Tensor<2> {
    left.matmul(right)
}

pub(super) fn project(device: Device, values: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    add_bias(device, values.matmul(weight), bias)
}

fn add_bias(device: Device, values: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    let mut values = Host::take(values, device);
    let bias = Host::take(bias, device);
    let [_, width] = values.shape();
    vectorize(|| {
        for row in values.values_mut().chunks_exact_mut(width) {
            add(row, bias.values());
        }
    });
    values.tensor()
}

pub(super) fn sum_rows(device: Device, values: Tensor<2>) -> (Tensor<2>, Tensor<1>) {
    let values = Host::take(values, device);
    let [_, width] = values.shape();
    let mut sums = vec![0.0; width];
    vectorize(|| {
        for row in values.values().chunks_exact(width) {
            add(&mut sums, row);
        }
    });
    (values.tensor(), vector(device, sums))
}

/// `dropout(branch + bias) + residual`
pub(super) fn add_residual(
    device: Device,
    (branch, bias): (Tensor<2>, Option<Tensor<1>>),
    residual: Tensor<2>,
    dropout: Option<Dropout>,
) -> Tensor<2> {
    let mut values = Host::take(branch, device);
    let residual = Host::take(residual, device);
    let bias = bias.map(|bias| Host::take(bias, device));
    let [_, width] = values.shape();
    let mut factors = vec![1.0; width];
    let rows = values
        .values_mut()
        .chunks_exact_mut(width)
        .zip(residual.values().chunks_exact(width));
    vectorize(|| {
        for (row, (values, residual)) in rows.enumerate() {
            if let Some(bias) = &bias {
                add(values, bias.values());
            }
            if let Some(dropout) = dropout {
                dropout.fill(row * width, &mut factors);
                values
                    .iter_mut()
                    .zip(&factors)
                    .for_each(|(value, factor)| *value *= factor);
            }
            add(values, residual);
        }
    });
    values.tensor()
}

/// The mean of each text's rows.
pub(super) fn pool(device: Device, values: Tensor<2>, layout: &Layout) -> Tensor<2> {
    let values = Host::take(values, device);
    let [_, width] = values.shape();
    let mut means = vec![0.0_f32; layout.len() * width];
    let texts = layout.starts.iter().zip(&layout.lengths);
    vectorize(|| {
        for ((&start, &length), means) in texts.zip(means.chunks_exact_mut(width)) {
            for row in values.values()[start * width..(start + length) * width].chunks_exact(width) {
                for (mean, value) in means.iter_mut().zip(row) {
                    *mean += value / length as f32;
                }
            }
        }
    });
    device.tensor(means, [layout.len(), width])
}

/// Every row of a text gets an equal share of the gradient of their mean.
pub(super) fn pool_backward(device: Device, gradient: Tensor<2>, layout: &Layout) -> Tensor<2> {
    let gradient = Host::take(gradient, device);
    let [_, width] = gradient.shape();
    let mut result = vec![0.0; layout.rows * width];
    let texts = layout.starts.iter().zip(&layout.lengths);
    for ((&start, &length), gradient) in texts.zip(gradient.values().chunks_exact(width)) {
        for row in result[start * width..(start + length) * width].chunks_exact_mut(width) {
            for (result, gradient) in row.iter_mut().zip(gradient) {
                *result = gradient / length as f32;
            }
        }
    }
    device.tensor(result, [layout.rows, width])
}

pub(super) fn drop(device: Device, values: Tensor<2>, dropout: Dropout) -> Tensor<2> {
    let mut values = Host::take(values, device);
    let factors = dropout.factors(values.values().len());
    values
        .values_mut()
        .iter_mut()
        .zip(factors)
        .for_each(|(value, factor)| *value *= factor);
    values.tensor()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_the_same_to_the_last_bit_on_any_number_of_threads() {
        let wave = |length: usize, phase: f32| -> Vec<f32> {
            (0..length).map(|index| (index as f32 * 0.37 + phase).sin()).collect()
        };
        // Sizes that are large enough for threads; long sums; few rows; sizes that no block divides.
        for [rows, inner, columns] in [[512, 384, 384], [300, 1537, 129], [65, 4096, 67], [3, 2048, 1500]] {
            let on = |threads: usize, is_transposed: bool| {
                let left = Device::Cpu.tensor(wave(rows * inner, 0.1), [rows, inner]);
                let right = if is_transposed {
                    Device::Cpu
                        .tensor(wave(inner * columns, 0.5), [columns, inner])
                        .transpose()
                } else {
                    Device::Cpu.tensor(wave(inner * columns, 0.5), [inner, columns])
                };
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                pool.install(|| crate::backend::values(&product(Device::Cpu, left, right)))
            };
            for is_transposed in [false, true] {
                let alone = on(1, is_transposed);
                assert!(alone.iter().any(|&value| value != 0.0));
                assert!([2, 3, 5].into_iter().all(|threads| on(threads, is_transposed) == alone));
            }
        }
    }
}
