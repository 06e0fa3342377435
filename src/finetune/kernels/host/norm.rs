//! Norms of rows, alone and together with the sum before them.

use super::{add, dot, total, vector};
use crate::{
    backend::{Device, Host, Tensor},
    dropout::Dropout,
    kernels::{Norm, NormGradients, NormKind, Normalized, PlainNormGradients},
    vectorize::vectorize,
};

pub(in crate::kernels) fn add_norm(
    device: Device,
    branch: Tensor<2>,
    bias: Tensor<1>,
    residual: Tensor<2>,
    norm: Norm,
    dropout: Option<Dropout>,
) -> (Tensor<2>, Normalized) {
    debug_assert_eq!(norm.kind, NormKind::Layer, "only a layer norm is fused with a sum");
    let shift = norm.shift.unwrap_or_else(|| device.zeros(norm.scale.dims()));
    let [bias, scale, shift] = [bias, norm.scale, shift].map(|tensor| Host::take(tensor, device));
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
            let elements = output.iter_mut().zip(values).zip(scale.values()).zip(shift.values());
            for (((output, value), &scale), &shift) in elements {
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

pub(in crate::kernels) fn add_norm_backward(
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

/// The norm of rows; a tensor whose rows are wider than the scale holds several of them side by side.
pub(in crate::kernels) fn norm(device: Device, values: Tensor<2>, norm: Norm) -> (Tensor<2>, Normalized) {
    let shape = values.dims();
    let scale = Host::take(norm.scale, device);
    let shift = norm.shift.map(|shift| Host::take(shift, device));
    let width = scale.values().len();
    let mut values = Host::take(values, device);
    let mut output = vec![0.0; shape[0] * shape[1]];
    let mut inverse_deviations = Vec::with_capacity(output.len() / width);
    let rows = values
        .values_mut()
        .chunks_exact_mut(width)
        .zip(output.chunks_exact_mut(width));
    vectorize(|| {
        for (values, output) in rows {
            if norm.kind == NormKind::Layer {
                let mean = total(values) / width as f32;
                for value in &mut *values {
                    *value -= mean;
                }
            }
            let inverse_deviation = 1.0 / (dot(values, values) / width as f32 + norm.epsilon).sqrt();
            inverse_deviations.push(inverse_deviation);
            for ((output, value), &scale) in output.iter_mut().zip(&mut *values).zip(scale.values()) {
                *value *= inverse_deviation;
                *output = *value * scale;
            }
            if let Some(shift) = &shift {
                add(output, shift.values());
            }
        }
    });
    let normalized = Normalized {
        values: values.tensor(),
        inverse_deviation: vector(device, inverse_deviations),
        dropout: None,
    };
    (device.tensor(output, shape), normalized)
}

pub(in crate::kernels) fn norm_backward(
    device: Device,
    gradient: Tensor<2>,
    normalized: Normalized,
    norm: Norm,
) -> PlainNormGradients {
    let mut gradient = Host::take(gradient, device);
    let values = Host::take(normalized.values, device);
    let inverse_deviation = Host::take(normalized.inverse_deviation, device);
    let scale = Host::take(norm.scale, device);
    let width = scale.values().len();
    let [mut scale_sum, mut shift_sum] = [0; 2].map(|_| vec![0.0_f32; width]);
    let rows = gradient
        .values_mut()
        .chunks_exact_mut(width)
        .zip(values.values().chunks_exact(width))
        .zip(inverse_deviation.values());
    vectorize(|| {
        for ((gradient, values), &inverse_deviation) in rows {
            add(&mut shift_sum, gradient);
            let columns = gradient.iter_mut().zip(values).zip(scale.values());
            for (((gradient, &value), &scale), sum) in columns.zip(&mut scale_sum) {
                *sum += *gradient * value;
                *gradient *= scale;
            }
            let mean = match norm.kind {
                NormKind::Layer => total(gradient) / width as f32,
                NormKind::RootMeanSquare => 0.0,
            };
            let projection = dot(gradient, values) / width as f32;
            for (gradient, &value) in gradient.iter_mut().zip(values) {
                *gradient = (*gradient - mean - value * projection) * inverse_deviation;
            }
        }
    });
    PlainNormGradients {
        input: gradient.tensor(),
        scale: vector(device, scale_sum),
        shift: vector(device, shift_sum),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares `norm(dropout(branch + bias) + residual)` with its definition and its gradient with finite differences.
    #[test]
    fn a_norm_is_its_definition_and_its_gradient_the_slope() {
        use crate::{backend::values, dropout::DropoutKeys, units::Seed};
        const WIDTH: usize = 20;
        let wave = |length: usize, phase: f32| -> Vec<f32> {
            (0..length)
                .map(|element| (element as f32 * 0.7 + phase).sin())
                .collect()
        };
        let dropout = DropoutKeys::new(0.25, Seed(3), 7).site(1);
        let factors = dropout.map(|dropout| dropout.factors(3 * WIDTH)).unwrap();
        let run = |branch: Vec<f32>| {
            let device = Device::Cpu;
            let norm = Norm {
                kind: NormKind::Layer,
                scale: device.tensor(wave(WIDTH, 0.1), [WIDTH]),
                shift: Some(device.tensor(wave(WIDTH, 0.2), [WIDTH])),
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
                let element = row * WIDTH + column;
                f64::from(
                    (branch[element] + wave(WIDTH, 0.4)[column]) * factors[element] + wave(3 * WIDTH, 0.5)[element],
                )
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
        for element in [0, 7, 33, 59] {
            let at = |shift: f32| {
                let mut moved = branch.clone();
                moved[element] += shift;
                let output = values(&run(moved).0);
                output
                    .iter()
                    .zip(&weights)
                    .map(|(value, weight)| f64::from(value * weight))
                    .sum::<f64>()
            };
            let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!(
                (slope - f64::from(back[element])).abs() < 2e-3,
                "{element}: {slope} {}",
                back[element]
            );
        }
    }

    #[test]
    fn a_plain_norm_is_its_definition_and_its_gradient_the_slope() {
        use crate::backend::values;
        const WIDTH: usize = 6;
        let wave = |length: usize, phase: f32| -> Vec<f32> {
            (0..length).map(|index| (index as f32 * 0.7 + phase).sin()).collect()
        };
        let device = Device::Cpu;
        for kind in [NormKind::Layer, NormKind::RootMeanSquare] {
            // Two vectors side by side in every row.
            let settings = || Norm {
                kind,
                scale: device.tensor(wave(WIDTH, 0.1), [WIDTH]),
                shift: Some(device.tensor(wave(WIDTH, 0.2), [WIDTH])),
                epsilon: 1e-3,
            };
            let run = |input: Vec<f32>| norm(device, device.tensor(input, [3, 2 * WIDTH]), settings());
            let input = wave(6 * WIDTH, 0.3);
            let output = values(&run(input.clone()).0);
            let row = &input[WIDTH..2 * WIDTH];
            let mean = if kind == NormKind::Layer {
                row.iter().sum::<f32>() / 6.0
            } else {
                0.0
            };
            let square = row.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / 6.0;
            let expected = (row[2] - mean) / (square + 1e-3).sqrt() * wave(WIDTH, 0.1)[2] + wave(WIDTH, 0.2)[2];
            assert!((output[WIDTH + 2] - expected).abs() < 1e-5);
            let weights = wave(6 * WIDTH, 0.9);
            let (_, saved) = run(input.clone());
            let found = norm_backward(
                device,
                device.tensor(weights.clone(), [3, 2 * WIDTH]),
                saved,
                settings(),
            );
            let gradient = values(&found.input);
            for index in [0, 7, 20] {
                let at = |shift: f32| {
                    let mut moved = input.clone();
                    moved[index] += shift;
                    let output = values(&run(moved).0);
                    output
                        .iter()
                        .zip(&weights)
                        .map(|(output, weight)| output * weight)
                        .sum::<f32>()
                };
                let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
                assert!(
                    (slope - gradient[index]).abs() < 5e-3,
                    "{kind:?} {index}: {slope} {}",
                    gradient[index]
                );
            }
            let shift: Vec<f32> = (0..WIDTH)
                .map(|column| weights.iter().skip(column).step_by(WIDTH).sum())
                .collect();
            let difference = values(&found.shift)
                .iter()
                .zip(&shift)
                .map(|(x, y)| (x - y).abs())
                .fold(0.0, f32::max);
            assert!(difference < 1e-5, "{difference}");
        }
    }
}
