use super::*;
use crate::{
    backend::{gpus, values},
    dropout::DropoutKeys,
    optimizer::{Optimizer, Settings, Update},
    parameters::{Handle, Parameter, Parameters, Part, Role, Start},
    trainable::{Group, Trainable},
    training_config::TrainingConfig,
    units::Seed,
    weights::WeightFile,
};

/// The results of `run` on the CPU and on the GPU; `None` without a GPU.
fn on_both<T>(run: impl Fn(Device) -> T) -> Option<[T; 2]> {
    let Some(gpu) = gpus().first().map(|gpu| gpu.device) else {
        println!("skipped: this machine has no NVIDIA GPU");
        return None;
    };
    Some([Device::Cpu, gpu].map(run))
}

fn wave<const D: usize>(device: Device, shape: [usize; D], phase: f32) -> Tensor<D> {
    let length = shape.iter().product();
    let values = (0..length)
        .map(|index| 2.0 * (index as f32 * 0.7 + phase).sin())
        .collect();
    device.tensor(values, shape)
}

/// Asserts that both devices give the same lists of numbers, up to rounding.
fn assert_same(both: Option<[Vec<Vec<f32>>; 2]>) {
    let Some([host, gpu]) = both else {
        return;
    };
    assert_eq!(host.len(), gpu.len());
    for (number, (host, gpu)) in host.iter().zip(&gpu).enumerate() {
        assert_eq!(host.len(), gpu.len(), "result {number}");
        for (left, right) in host.iter().zip(gpu) {
            // Products on the GPU round their factors to TF32.
            assert!(
                (left - right).abs() < 5e-3 * (1.0 + right.abs()),
                "result {number}: {left} {right}"
            );
        }
    }
}

fn dropout() -> Option<Dropout> {
    DropoutKeys::new(0.25, Seed(3), 7).site(1)
}

#[test]
fn norms_agree_forward_and_backward() {
    for dropout in [None, dropout()] {
        for has_more in [false, true] {
            assert_same(on_both(|device| {
                let norm = || Norm {
                    kind: NormKind::Layer,
                    scale: wave(device, [52], 0.1),
                    shift: Some(wave(device, [52], 0.2)),
                    epsilon: 1e-12,
                };
                let kernels = Kernels::new(device);
                let rows = |phase| wave(device, [37, 52], phase);
                let (output, saved) = kernels.add_norm(rows(0.3), wave(device, [52], 0.4), rows(0.5), norm(), dropout);
                let more = has_more.then(|| rows(0.7));
                let back = kernels.add_norm_backward(rows(0.6), more, saved, norm().scale);
                let [residual, branch] = [back.residual, back.branch].map(|tensor| values(&tensor));
                let [bias, scale, shift] = [back.bias, back.scale, back.shift].map(|tensor| values(&tensor));
                vec![values(&output), residual, branch, bias, scale, shift]
            }));
        }
    }
}

#[test]
fn gelus_agree_forward_and_backward() {
    assert_same(on_both(|device| {
        let kernels = Kernels::new(device);
        let values_before = wave(device, [9, 80], 0.0) * 3.0;
        let (output, derivative) =
            kernels.bias_activation(ActivationKind::Gelu, values_before, wave(device, [80], 1.0));
        let (gradient, sum) = kernels.multiply(wave(device, [9, 80], 2.0), derivative);
        vec![values(&output), values(&gradient), values(&sum)]
    }));
}

#[test]
fn attention_agrees_forward_and_backward() {
    const WIDTH: usize = 48;
    let settings = AttentionSettings {
        heads: 3,
        key_heads: 3,
        size: 16,
        scale: 0.25,
        softcap: None,
        mask: Mask::NONE,
    };
    for positions in [Positions::All, Positions::First] {
        assert_same(on_both(|device| {
            let layout = Layout::new(&[8, 3], device);
            let rows = |phase: f32| {
                let all: Vec<f32> = (0..11 * WIDTH)
                    .map(|element| (element as f32 * 0.7 + phase).sin())
                    .collect();
                device.tensor(layout.spread(&all, WIDTH, 0.0), [layout.rows, WIDTH])
            };
            let queries = |rows: Tensor<2>| match positions {
                Positions::All => rows,
                Positions::First | Positions::Last => rows.select(&layout.selected(positions)),
            };
            let attended = Attended {
                query: queries(rows(0.0)),
                key: rows(1.0),
                value: rows(2.0),
            };
            let kernels = Kernels::new(device);
            let inputs = (&layout, positions);
            let (context, saved) = kernels.attention(attended, inputs, &settings, &Relative::None, None);
            let gradient = queries(rows(3.0));
            let (gradients, _) = kernels.attention_backward(&gradient, saved, inputs, &settings, &Relative::None);
            // Values of padding rows are arbitrary.
            let real = |rows: Tensor<2>| {
                let values = values(&rows);
                if values.len() == 2 * WIDTH {
                    values
                } else {
                    layout.gather(&values, WIDTH)
                }
            };
            [context, gradients.query, gradients.key, gradients.value]
                .map(real)
                .into()
        }));
    }
}

#[test]
fn small_kernels_agree() {
    assert_same(on_both(|device| {
        let kernels = Kernels::new(device);
        let rows = || wave(device, [70, 40], 0.3);
        let (loss, slope) = kernels.cross_entropy(wave(device, [5, 3], 0.3), &[0, 2, 1, 1, 0]);
        vec![
            values(&kernels.sum_rows(rows()).1),
            values(&kernels.drop(rows(), dropout())),
            vec![loss.known() as f32],
            values(&slope),
        ]
    }));
}

#[test]
fn optimizers_agree_on_a_table_and_a_vector() {
    let parameter = |name: &str, shape: &[usize]| Parameter {
        name: name.to_owned(),
        shape: shape.to_vec(),
        transposed: false,
        role: Role::Weight,
        part: Part::Head,
        freezes_at: None,
        start: Start::Zeros,
    };
    assert_same(on_both(|device| {
        let list = vec![parameter("table", &[5, 40]), parameter("bias", &[3])];
        let mut parameters =
            Parameters::from_file(list, WeightFile::default(), "none", |_| false, device).expect("zeros need no file");
        let mut optimizer = Optimizer::new(Settings::of(&TrainingConfig::default()), device);
        let kernels = Kernels::new(device);
        let handles: Vec<Handle> = Handle::first(2).collect();
        let (table, bias) = (handles[0], handles[1]);
        let group = Group {
            learning_rate: 1e-2,
            weight_decay: 0.1,
        };
        let trainable = Trainable::full(parameters.list(), 0, group);
        let update = Update {
            trainable: &trainable,
            schedule: 1.0,
            max_grad_norm: Some(0.5),
        };
        let mut found = Vec::new();
        for step in 0..3 {
            let used = [Some(3), None, Some(1), Some(3), Some(0), Some(3)];
            let rows = wave(device, [6, 40], step as f32);
            // On the CPU, rows without an index are left out.
            let rows = if device.is_host() {
                rows.select(&[0, 2, 3, 4, 5])
            } else {
                rows
            };
            let gradients = vec![
                (bias, Gradient::Dense(wave(device, [3], 0.2))),
                (table, kernels.of_table(&used, rows, 5)),
            ];
            let (loss, _) = kernels.cross_entropy(wave(device, [5, 3], 0.3), &[0, 2, 1, 1, 0]);
            let outcome = optimizer.update(&mut parameters, (loss, gradients), &update);
            found.push(vec![outcome.loss as f32, outcome.gradient_norm as f32]);
        }
        let moments = optimizer.moments(table).expect("the table has moved");
        found.extend([table, bias].map(|handle| values(&parameters.vector(handle))));
        let second = moments.second.expect("AdamW has two moments");
        found.extend([moments.first, second].map(|moments| values(&moments)));
        found
    }));
}

#[test]
fn products_agree_in_every_order_of_rows_and_columns() {
    // Sizes within one tile and across its border, and sums that are cut into parts.
    for [rows, terms, columns] in [[16, 8, 2], [70, 100, 130], [65, 1024, 33], [1, 40, 3]] {
        assert_same(on_both(|device| {
            let kernels = Kernels::new(device);
            let left = || wave(device, [rows, terms], 0.1) * 0.1;
            let right = || wave(device, [terms, columns], 0.4) * 0.1;
            let flipped = |phase, shape: [usize; 2]| (wave(device, [shape[1], shape[0]], phase) * 0.1).transpose();
            let by_column = [flipped(0.2, [rows, terms]), flipped(0.3, [terms, columns])];
            let [left_flipped, right_flipped] = by_column;
            [
                kernels.product(left(), right()),
                kernels.product(left_flipped.clone(), right()),
                kernels.product(left(), right_flipped.clone()),
                kernels.product(left_flipped, right_flipped),
                kernels.project(left(), right(), wave(device, [columns], 0.7)),
            ]
            .map(|tensor| values(&tensor))
            .into()
        }));
    }
}
