//! Activation functions, each with its derivative.

use super::vector;
use crate::{
    backend::{Device, Host, Tensor},
    kernels::{ActivationKind, Gated},
    vectorize::vectorize,
};

/// e^x for x ≤ 88 in a form that vectorizes: 2^n times a Taylor polynomial. The relative error is below 2e-7.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
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

/// tanh x, by one exponential. The absolute error is below 3e-7.
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    // Beyond 10 the result rounds to ±1; NaN stays NaN.
    let limited = x.clamp(-10.0, 10.0);
    1.0 - 2.0 / (exp(2.0 * limited) + 1.0)
}

#[inline(always)]
fn gelu(x: f32) -> (f32, f32) {
    let (cumulative, density) = normal(x);
    (x * cumulative, cumulative + x * density)
}

#[inline(always)]
fn gelu_tanh(x: f32) -> (f32, f32) {
    /// √(2 / π)
    const ROOT: f32 = 0.797_884_6;
    const CUBE: f32 = 0.044_715;
    let tanh = tanh(ROOT * (x + CUBE * x * x * x));
    let inner_slope = ROOT * (1.0 + 3.0 * CUBE * x * x);
    (
        0.5 * x * (1.0 + tanh),
        0.5 * (1.0 + tanh) + 0.5 * x * (1.0 - tanh * tanh) * inner_slope,
    )
}

#[inline(always)]
fn relu(x: f32) -> (f32, f32) {
    // Not `max`, which would turn NaN into a number.
    if x < 0.0 {
        (0.0, 0.0)
    } else {
        (x, if x > 0.0 { 1.0 } else { 0.0 })
    }
}

#[inline(always)]
fn silu(x: f32) -> (f32, f32) {
    let limited = if x < -80.0 { -80.0 } else { x };
    let sigmoid = 1.0 / (1.0 + exp(-limited));
    (x * sigmoid, sigmoid * (1.0 + x * (1.0 - sigmoid)))
}

#[inline(always)]
fn tanh_with_slope(x: f32) -> (f32, f32) {
    let tanh = tanh(x);
    (tanh, 1.0 - tanh * tanh)
}

#[inline(always)]
fn relu6(x: f32) -> (f32, f32) {
    if x > 6.0 { (6.0, 0.0) } else { relu(x) }
}

#[inline(always)]
fn hard_sigmoid(x: f32) -> (f32, f32) {
    let (value, slope) = relu6(x + 3.0);
    (value / 6.0, slope / 6.0)
}

#[inline(always)]
fn hard_swish(x: f32) -> (f32, f32) {
    let (gate, slope) = hard_sigmoid(x);
    (x * gate, gate + x * slope)
}

#[inline(always)]
fn sigmoid(x: f32) -> (f32, f32) {
    let limited = if x < -80.0 { -80.0 } else { x };
    let sigmoid = 1.0 / (1.0 + exp(-limited));
    (sigmoid, sigmoid * (1.0 - sigmoid))
}

/// Calls a function with the activation as a closure, so that every kind has a loop of its own.
macro_rules! with_kind {
    ($kind:expr, $function:ident($($argument:expr),*)) => {
        match $kind {
            ActivationKind::Gelu => $function(gelu, $($argument),*),
            ActivationKind::GeluTanh => $function(gelu_tanh, $($argument),*),
            ActivationKind::Relu => $function(relu, $($argument),*),
            ActivationKind::Silu => $function(silu, $($argument),*),
            ActivationKind::Tanh => $function(tanh_with_slope, $($argument),*),
            ActivationKind::Relu6 => $function(relu6, $($argument),*),
            ActivationKind::HardSigmoid => $function(hard_sigmoid, $($argument),*),
            ActivationKind::HardSwish => $function(hard_swish, $($argument),*),
            ActivationKind::Sigmoid => $function(sigmoid, $($argument),*),
        }
    };
}

pub(in crate::kernels) fn bias_activation(
    device: Device,
    kind: ActivationKind,
    values: Tensor<2>,
    bias: Tensor<1>,
) -> (Tensor<2>, Tensor<2>) {
    let mut values = Host::take(values, device);
    let bias = Host::take(bias, device);
    let shape = values.shape();
    let mut derivatives = vec![0.0; shape[0] * shape[1]];
    with_kind!(kind, activate(values.values_mut(), &mut derivatives, bias.values()));
    (values.tensor(), device.tensor(derivatives, shape))
}

#[inline(always)]
fn activate(activation: impl Fn(f32) -> (f32, f32), values: &mut [f32], derivatives: &mut [f32], bias: &[f32]) {
    let rows = values
        .chunks_exact_mut(bias.len())
        .zip(derivatives.chunks_exact_mut(bias.len()));
    vectorize(|| {
        for (values, derivatives) in rows {
            for ((value, derivative), &bias) in values.iter_mut().zip(derivatives).zip(bias) {
                (*value, *derivative) = activation(*value + bias);
            }
        }
    });
}

pub(in crate::kernels) fn multiply(
    device: Device,
    gradient: Tensor<2>,
    derivative: Tensor<2>,
) -> (Tensor<2>, Tensor<1>) {
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

pub(in crate::kernels) fn gated(
    device: Device,
    kind: ActivationKind,
    gate: Tensor<2>,
    up: Tensor<2>,
) -> (Tensor<2>, Gated) {
    let shape = gate.dims();
    let [mut gate, mut up] = [gate, up].map(|half| Host::take(half, device));
    let mut output = vec![0.0; shape[0] * shape[1]];
    with_kind!(kind, gate_rows(gate.values_mut(), up.values_mut(), &mut output));
    let saved = Gated {
        activated: gate.tensor(),
        slope: up.tensor(),
    };
    (device.tensor(output, shape), saved)
}

/// Writes the products to `output`, and over the inputs what the backward pass multiplies its gradient with.
#[inline(always)]
fn gate_rows(activation: impl Fn(f32) -> (f32, f32), gate: &mut [f32], up: &mut [f32], output: &mut [f32]) {
    vectorize(|| {
        for ((gate, up), output) in gate.iter_mut().zip(up).zip(output) {
            let (activated, derivative) = activation(*gate);
            *output = activated * *up;
            *gate = activated;
            *up *= derivative;
        }
    });
}

pub(in crate::kernels) fn gated_backward(device: Device, gradient: Tensor<2>, saved: Gated) -> [Tensor<2>; 2] {
    let gradient = Host::take(gradient, device);
    let [mut activated, mut slope] = [saved.activated, saved.slope].map(|tensor| Host::take(tensor, device));
    vectorize(|| {
        let factors = slope.values_mut().iter_mut().zip(activated.values_mut());
        for ((of_gate, of_up), gradient) in factors.zip(gradient.values()) {
            *of_gate *= gradient;
            *of_up *= gradient;
        }
    });
    [slope.tensor(), activated.tensor()]
}

#[cfg(test)]
mod tests {
    use super::*;

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

    type Exact<'a> = &'a dyn Fn(f64) -> f64;

    #[test]
    fn every_activation_is_its_definition_and_its_derivative_the_slope() {
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let normal = |x: f64| 0.5 * (1.0 + statrs::function::erf::erf(x / std::f64::consts::SQRT_2));
        let tanh_gelu = |x: f64| 0.5 * x * (1.0 + (0.797_884_560_802_865_4 * (x + 0.044_715 * x.powi(3))).tanh());
        let kinds: [(ActivationKind, Exact<'_>); 5] = [
            (ActivationKind::Gelu, &|x| x * normal(x)),
            (ActivationKind::GeluTanh, &tanh_gelu),
            (ActivationKind::Relu, &|x| x.max(0.0)),
            (ActivationKind::Silu, &|x| x * sigmoid(x)),
            (ActivationKind::Tanh, &f64::tanh),
        ];
        let inputs: Vec<f32> = (-1200..1200).map(|step| step as f32 * 0.01 + 0.003).collect();
        let count = inputs.len();
        for (kind, exact) in kinds {
            let (found, slopes) = bias_activation(
                Device::Cpu,
                kind,
                Device::Cpu.tensor(inputs.clone(), [count, 1]),
                Device::Cpu.tensor(vec![0.0], [1]),
            );
            let [found, slopes] = [found, slopes].map(|tensor| crate::backend::values(&tensor));
            for ((&x, found), slope) in inputs.iter().zip(found).zip(slopes) {
                let x = f64::from(x);
                assert!((f64::from(found) - exact(x)).abs() < 3e-6, "{kind:?} {x}: {found}");
                let expected = (exact(x + 1e-5) - exact(x - 1e-5)) / 2e-5;
                assert!(
                    (f64::from(slope) - expected).abs() < 3e-5,
                    "{kind:?} {x}: {slope} {expected}"
                );
            }
        }
    }

    #[test]
    fn a_gate_has_the_gradients_of_a_product() {
        let device = Device::Cpu;
        let tensor = |values: &[f32]| device.tensor(values.to_vec(), [1, values.len()]);
        let (output, saved) = gated(device, ActivationKind::Silu, tensor(&[0.5, -2.0]), tensor(&[3.0, 4.0]));
        let silu = |x: f32| x / (1.0 + (-x).exp());
        let output = crate::backend::values(&output);
        assert!((output[0] - 3.0 * silu(0.5)).abs() < 1e-6 && (output[1] - 4.0 * silu(-2.0)).abs() < 1e-6);
        let [of_gate, of_up] =
            gated_backward(device, tensor(&[2.0, 1.0]), saved).map(|tensor| crate::backend::values(&tensor));
        let slope = (silu(0.51) - silu(0.49)) / 0.02;
        assert!((of_gate[0] - 2.0 * 3.0 * slope).abs() < 1e-3 && (of_up[1] - silu(-2.0)).abs() < 1e-6);
    }
}
