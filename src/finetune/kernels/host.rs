//! The kernels as loops over slices. Each makes one pass, in place if the tensor is not shared.

mod attention;

pub(super) use attention::{attention, attention_backward};

use super::{Norm, NormGradients, Normalized};
use crate::{
    backend::{Device, Host, Tensor},
    dropout::Dropout,
    gradients::{Gradient, Loss, sum_by_row},
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

pub(super) fn cross_entropy(device: Device, logits: Tensor<2>, labels: &[u32]) -> (Loss, Tensor<2>) {
    let shape = logits.dims();
    let count = labels.len() as f32;
    let (loss, gradient) = loss::cross_entropy(Host::take(logits, device).values(), labels, shape[1], count);
    (Loss::Known(loss / f64::from(count)), device.tensor(gradient, shape))
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

pub(super) fn add_norm(
    device: Device,
    branch: Tensor<2>,
    bias: Tensor<1>,
    residual: Tensor<2>,
    norm: Norm,
    dropout: Option<Dropout>,
) -> (Tensor<2>, Normalized) {
    let [bias, scale, shift] = [bias, norm.scale, norm.shift].map(|tensor| Host::take(tensor, device));
    let [mut values, mut output] = [branch, residual].map(|tensor| Host::take(tensor, device));
    let [rows, width] = values.shape();
    let mut factors = vec![1.0; width];
    let mut inverse_deviations = Vec::with_capacity(rows);
    let row_pairs = values
        .values_mut()
        .chunks_exact_mut(width)
        .zip(output.values_mut().chunks_exact_mut(width));
    vectorize(|| {
        for (row, (values, output)) in row_pairs.enumerate() {
            if let Some(dropout) = dropout {
                dropout.fill(row * width, &mut factors);
            }
            for (((value, &bias), &factor), &residual) in
                values.iter_mut().zip(bias.values()).zip(&factors).zip(&*output)
            {
                *value = (*value + bias) * factor + residual;
            }
            let mean = total(values) / width as f32;
            for value in &mut *values {
                *value -= mean;
            }
            let inverse_deviation = 1.0 / (dot(values, values) / width as f32 + norm.epsilon).sqrt();
            inverse_deviations.push(inverse_deviation);
            let places = output.iter_mut().zip(values).zip(scale.values()).zip(shift.values());
            for (((output, value), &scale), &shift) in places {
                *value *= inverse_deviation;
                *output = *value * scale + shift;
            }
        }
    });
    let inverse_deviation = vector(device, inverse_deviations);
    (
        output.tensor(),
        Normalized {
            values: values.tensor(),
            inverse_deviation,
            dropout,
        },
    )
}

pub(super) fn add_norm_backward(
    device: Device,
    gradient: Tensor<2>,
    more: Option<Tensor<2>>,
    normalized: Normalized,
    scale: Tensor<1>,
) -> NormGradients {
    let Normalized {
        values,
        inverse_deviation,
        dropout,
    } = normalized;
    let [mut gradient, mut values] = [gradient, values].map(|tensor| Host::take(tensor, device));
    let more = more.map(|more| Host::take(more, device));
    let [inverse_deviation, scale] = [inverse_deviation, scale].map(|tensor| Host::take(tensor, device));
    let [_, width] = gradient.shape();
    let [mut scale_sum, mut shift_sum, mut bias_sum] = [0; 3].map(|_| vec![0.0_f32; width]);
    let mut factors = vec![1.0; width];
    let rows = gradient
        .values_mut()
        .chunks_exact_mut(width)
        .zip(values.values_mut().chunks_exact_mut(width));
    vectorize(|| {
        for (row, (gradient, values)) in rows.enumerate() {
            if let Some(more) = &more {
                add(gradient, &more.values()[row * width..(row + 1) * width]);
            }
            add(&mut shift_sum, gradient);
            for ((sum, &gradient), &value) in scale_sum.iter_mut().zip(&*gradient).zip(&*values) {
                *sum += gradient * value;
            }
            gradient
                .iter_mut()
                .zip(scale.values())
                .for_each(|(gradient, scale)| *gradient *= scale);
            let mean = total(gradient) / width as f32;
            let projection = dot(gradient, values) / width as f32;
            let inverse_deviation = inverse_deviation.values()[row];
            if let Some(dropout) = dropout {
                dropout.fill(row * width, &mut factors);
            }
            // The normalized values are no longer needed: the branch's gradient is written over them.
            for ((gradient, value), &factor) in gradient.iter_mut().zip(&mut *values).zip(&factors) {
                *gradient = (*gradient - mean - *value * projection) * inverse_deviation;
                *value = *gradient * factor;
            }
            add(&mut bias_sum, values);
        }
    });
    NormGradients {
        residual: gradient.tensor(),
        branch: values.tensor(),
        bias: vector(device, bias_sum),
        scale: vector(device, scale_sum),
        shift: vector(device, shift_sum),
    }
}

/// e^x for x ≤ 88 in a form that vectorizes: 2^n times a Taylor polynomial. The relative error is below 2e-7.
#[inline(always)]
fn exp(x: f32) -> f32 {
    /// Adding and subtracting 1.5 · 2^23 rounds to a whole number, which the low bits then hold.
    const ROUND: f32 = 12_582_912.0;
    // Not `max`, which would turn NaN into a number.
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let polynomial = 1.0 / 720.0;
    let polynomial = polynomial * r + 1.0 / 120.0;
    let polynomial = polynomial * r + 1.0 / 24.0;
    let polynomial = polynomial * r + 1.0 / 6.0;
    let polynomial = polynomial * r + 0.5;
    let polynomial = polynomial * r + 1.0;
    let polynomial = polynomial * r + 1.0;
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127) << 23;
    polynomial * f32::from_bits(exponent)
}

/// The cumulative distribution function and the density of the normal distribution at `x`.
/// Abramowitz and Stegun 7.1.26: absolute error below 1.5e-7; both share one exponential.
#[inline(always)]
fn normal(x: f32) -> (f32, f32) {
    let gauss = exp(-0.5 * x * x);
    let t = 1.0 / (1.0 + 0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2 * x.abs());
    let polynomial = ((((1.061_405_4 * t - 1.453_152_1) * t + 1.421_413_8) * t - 0.284_496_73) * t + 0.254_829_6) * t;
    let tail = 0.5 * polynomial * gauss;
    let cumulative = if x < 0.0 { tail } else { 1.0 - tail };
    (cumulative, gauss * 0.398_942_3)
}

pub(super) fn bias_gelu(device: Device, values: Tensor<2>, bias: Tensor<1>) -> (Tensor<2>, Tensor<2>) {
    let mut values = Host::take(values, device);
    let bias = Host::take(bias, device);
    let shape = values.shape();
    let mut derivatives = vec![0.0; shape[0] * shape[1]];
    let rows = values
        .values_mut()
        .chunks_exact_mut(shape[1])
        .zip(derivatives.chunks_exact_mut(shape[1]));
    vectorize(|| {
        for (values, derivatives) in rows {
            for ((value, derivative), &bias) in values.iter_mut().zip(derivatives).zip(bias.values()) {
                let input = *value + bias;
                let (cumulative, density) = normal(input);
                *value = input * cumulative;
                *derivative = cumulative + input * density;
            }
        }
    });
    (values.tensor(), device.tensor(derivatives, shape))
}

pub(super) fn multiply(device: Device, gradient: Tensor<2>, derivative: Tensor<2>) -> (Tensor<2>, Tensor<1>) {
    let mut gradient = Host::take(gradient, device);
    let derivative = Host::take(derivative, device);
    let [_, width] = gradient.shape();
    let mut sums = vec![0.0; width];
    let rows = gradient
        .values_mut()
        .chunks_exact_mut(width)
        .zip(derivative.values().chunks_exact(width));
    vectorize(|| {
        for (gradient, derivative) in rows {
            for ((gradient, &derivative), sum) in gradient.iter_mut().zip(derivative).zip(&mut sums) {
                *gradient *= derivative;
                *sum += *gradient;
            }
        }
    });
    (gradient.tensor(), vector(device, sums))
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

    #[test]
    fn the_exponential_is_accurate_from_underflow_to_overflow() {
        for step in -8600..8800 {
            let x = step as f32 * 0.01;
            let exact = f64::from(x).exp();
            assert!(
                (f64::from(exp(x)) / exact - 1.0).abs() < 3e-7,
                "{x}: {} {exact}",
                exp(x)
            );
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1e30) < 1e-37);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn the_normal_distribution_is_accurate_to_1e_6() {
        for step in -600..600 {
            let x = step as f32 * 0.01;
            let (cumulative, density) = normal(x);
            let exact = statrs::function::erf::erf(f64::from(x) / std::f64::consts::SQRT_2) * 0.5 + 0.5;
            assert!((f64::from(cumulative) - exact).abs() < 1e-6, "{x}");
            let exact = (-0.5 * f64::from(x).powi(2)).exp() / (2.0 * std::f64::consts::PI).sqrt();
            assert!((f64::from(density) - exact).abs() < 1e-6, "{x}");
        }
    }

    /// Compares `norm(dropout(branch + bias) + residual)` with its definition and its gradient with finite differences.
    #[test]
    fn a_norm_is_its_definition_and_its_gradient_the_slope() {
        use crate::{backend::values, dropout::DropoutKeys, kernels::Norm, units::Seed};
        const WIDTH: usize = 20;
        let wave = |length: usize, phase: f32| -> Vec<f32> {
            (0..length).map(|place| (place as f32 * 0.7 + phase).sin()).collect()
        };
        let dropout = DropoutKeys::new(0.25, Seed(3), 7).site(1);
        let factors = dropout.map(|dropout| dropout.factors(3 * WIDTH)).unwrap();
        let run = |branch: Vec<f32>| {
            let device = Device::Cpu;
            let norm = Norm {
                scale: device.tensor(wave(WIDTH, 0.1), [WIDTH]),
                shift: device.tensor(wave(WIDTH, 0.2), [WIDTH]),
                epsilon: 1e-6,
            };
            let [branch, residual] = [branch, wave(3 * WIDTH, 0.5)].map(|rows| device.tensor(rows, [3, WIDTH]));
            add_norm(
                device,
                branch,
                device.tensor(wave(WIDTH, 0.4), [WIDTH]),
                residual,
                norm,
                dropout,
            )
        };
        let branch = wave(3 * WIDTH, 0.3);
        let (output, saved) = run(branch.clone());
        let found = values(&output);
        for row in 0..3 {
            let sum = |column: usize| {
                let place = row * WIDTH + column;
                f64::from((branch[place] + wave(WIDTH, 0.4)[column]) * factors[place] + wave(3 * WIDTH, 0.5)[place])
            };
            let mean = (0..WIDTH).map(sum).sum::<f64>() / WIDTH as f64;
            let variance = (0..WIDTH).map(|column| (sum(column) - mean).powi(2)).sum::<f64>() / WIDTH as f64;
            for column in 0..WIDTH {
                let normal = (sum(column) - mean) / (variance + 1e-6).sqrt();
                let expected = normal * f64::from(wave(WIDTH, 0.1)[column]) + f64::from(wave(WIDTH, 0.2)[column]);
                assert!((f64::from(found[row * WIDTH + column]) - expected).abs() < 1e-5);
            }
        }
        let weights = wave(3 * WIDTH, 0.9);
        let gradient = Device::Cpu.tensor(weights.clone(), [3, WIDTH]);
        let scale = Device::Cpu.tensor(wave(WIDTH, 0.1), [WIDTH]);
        let back = values(&add_norm_backward(Device::Cpu, gradient, None, saved, scale).branch);
        for place in [0, 7, 33, 59] {
            let at = |shift: f32| {
                let mut moved = branch.clone();
                moved[place] += shift;
                let output = values(&run(moved).0);
                output
                    .iter()
                    .zip(&weights)
                    .map(|(value, weight)| f64::from(value * weight))
                    .sum::<f64>()
            };
            let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!(
                (slope - f64::from(back[place])).abs() < 2e-3,
                "{place}: {slope} {}",
                back[place]
            );
        }
    }
}
