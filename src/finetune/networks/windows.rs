//! Texts in several windows: their outputs are the means over the windows, and each window gets its part of the gradient.

use super::Batch;
use crate::backend::{Device, Tensor, values};

/// The outputs of texts, `[texts, outputs]`, from those of their windows, `[windows, outputs]`.
pub(super) fn pooled(outputs: Tensor<2>, batch: &Batch, device: Device) -> Tensor<2> {
    let Some(windows) = several(batch) else {
        return outputs;
    };
    let [_, width] = outputs.dims();
    let means = means(&values(&outputs), windows, width);
    device.tensor(means, [windows.len(), width])
}

/// The gradient of the outputs of windows, from that of the outputs of texts.
pub(super) fn spread(gradient: Tensor<2>, batch: &Batch, device: Device) -> Tensor<2> {
    let Some(windows) = several(batch) else {
        return gradient;
    };
    let [_, width] = gradient.dims();
    let of_texts = values(&gradient);
    let rows = of_texts.chunks_exact(width).zip(windows);
    let of_windows: Vec<f32> = rows
        .flat_map(|(row, &count)| {
            let share: Vec<f32> = row.iter().map(|value| value / count as f32).collect();
            share.repeat(count)
        })
        .collect();
    device.tensor(of_windows, [windows.iter().sum(), width])
}

/// Number of windows of each text; `None` if all have one.
fn several(batch: &Batch) -> Option<&[usize]> {
    match batch {
        Batch::Texts { windows, .. } if !windows.is_empty() => Some(windows),
        Batch::Texts { .. } | Batch::Images { .. } => None,
    }
}

/// The mean row of each text. The mean of a single row is the row itself, to the last bit.
fn means(rows: &[f32], windows: &[usize], width: usize) -> Vec<f32> {
    let mut rest = rows;
    let mut means = Vec::with_capacity(windows.len() * width);
    for &count in windows {
        let (of_text, others) = rest.split_at(count * width);
        rest = others;
        means.extend((0..width).map(|column| {
            let values = of_text[column..].iter().step_by(width);
            let sum: f64 = values.map(|&value| f64::from(value)).sum();
            (sum / count as f64) as f32
        }));
    }
    means
}

#[cfg(test)]
mod tests;
