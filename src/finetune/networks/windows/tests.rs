use proptest::prelude::*;

use super::*;
use crate::{
    batching::gather,
    data::{Examples, Inputs, Text},
    dropout::DropoutKeys,
    gradients::{Gradient, StepLoss},
    networks::{Model, PassSettings},
    parameters::Parameters,
    pretrained::Pretrained,
    testing,
    trainable::{Group, Trainable},
    units::Seed,
};

const DEVICE: Device = Device::Cpu;

fn batch(windows: &[usize]) -> Batch {
    let sequences = windows.iter().sum();
    Batch::Texts {
        tokens: vec![1; sequences],
        types: Vec::new(),
        lengths: vec![1; sequences],
        windows: windows.to_vec(),
    }
}

#[test]
fn outputs_are_means_and_gradients_are_shared() {
    let batch = batch(&[2, 1]);
    let outputs = DEVICE.tensor(vec![1.0, 2.0, 3.0, 6.0, 5.0, 7.0], [3, 2]);
    assert_eq!(values(&pooled(outputs, &batch, DEVICE)), [2.0, 4.0, 5.0, 7.0]);
    let gradient = DEVICE.tensor(vec![1.0, 2.0, 3.0, 4.0], [2, 2]);
    let spread = spread(gradient, &batch, DEVICE);
    assert_eq!(values(&spread), [0.5, 1.0, 0.5, 1.0, 3.0, 4.0]);
}

proptest! {
    #[test]
    fn the_gradient_is_the_transpose_of_the_mean(
        windows in prop::collection::vec(1_usize..5, 1..6),
        seed in prop::collection::vec(-4.0..4.0_f32, 60),
    ) {
        let (batch, width) = (batch(&windows), 2);
        let all: usize = windows.iter().sum();
        let outputs = seed[..all * width].to_vec();
        let gradient: Vec<f32> = seed.iter().rev().take(windows.len() * width).copied().collect();
        let dot = |one: &[f32], other: &[f32]| -> f64 {
            one.iter().zip(other).map(|(one, other)| f64::from(one * other)).sum()
        };
        let means = values(&pooled(DEVICE.tensor(outputs.clone(), [all, width]), &batch, DEVICE));
        let shares = values(&spread(DEVICE.tensor(gradient.clone(), [windows.len(), width]), &batch, DEVICE));
        prop_assert!((dot(&means, &gradient) - dot(&outputs, &shares)).abs() < 1e-3);
    }
}

/// Texts of which some have several windows, and all windows as texts of their own.
fn texts() -> (Examples, Inputs) {
    let examples = testing::windowed(5, 2);
    let Inputs::Texts(texts) = &examples.inputs else {
        panic!("texts were asked for")
    };
    let windows = texts.iter().flat_map(|text| {
        let mut rest = text.ids.as_slice();
        let windows = text.windows().map(|tokens| {
            let (window, others) = rest.split_at(tokens);
            rest = others;
            Text::from(window.to_vec())
        });
        windows.collect::<Vec<_>>()
    });
    let windows = Inputs::Texts(windows.collect());
    (examples, windows)
}

fn everything(inputs: &Inputs) -> Batch {
    let places: Vec<u32> = (0..inputs.len() as u32).collect();
    gather(inputs, &places)
}

fn started(base: &Pretrained) -> Parameters {
    let mut parameters = base.parameters.clone();
    parameters.start_head(Seed(1), DEVICE);
    parameters
}

/// The mean over the windows of each text, by hand.
fn by_hand(rows: &[f32], counts: &[usize]) -> Vec<f32> {
    let mut rows = rows.chunks(2);
    let mean = |&count: &usize| {
        let sum = rows
            .by_ref()
            .take(count)
            .fold([0.0, 0.0], |sum, row| [sum[0] + row[0], sum[1] + row[1]]);
        sum.map(|sum| sum / count as f32)
    };
    counts.iter().flat_map(mean).collect()
}

#[test]
fn the_logits_of_a_text_are_the_means_over_its_windows_in_every_family() {
    let (examples, windows) = texts();
    let together = everything(&examples.inputs);
    let counts = several(&together).unwrap().to_vec();
    assert!(counts.contains(&1) && counts.contains(&3), "{counts:?}");
    for config in testing::SMALL {
        let base = testing::small(config, 2);
        let parameters = started(&base);
        let model = Model {
            network: &base.network,
            parameters: &parameters,
            device: DEVICE,
        };
        let found = values(&model.logits(&together, None));
        let expected = by_hand(&values(&model.logits(&everything(&windows), None)), &counts);
        let apart = found
            .iter()
            .zip(&expected)
            .map(|(found, expected)| (found - expected).abs());
        assert!(apart.fold(0.0, f32::max) < 1e-6, "{config}");
        // Cached activations are those of all windows, one after the other.
        for depth in 1..=base.freeze_depths() {
            let Inputs::Texts(texts) = &examples.inputs else { return };
            let frozen = model.frozen(&together, None, &[depth]).unwrap().remove(0);
            let sizes = texts.iter().map(|text| base.network.frozen_size_of(depth, text).values);
            assert_eq!(frozen.values.len(), sizes.sum::<usize>(), "{config} {depth}");
            assert_eq!(
                values(&model.logits(&together, Some(frozen))),
                found,
                "{config} {depth}"
            );
        }
    }
}

#[test]
fn the_gradient_flows_into_every_window_in_every_family() {
    let (examples, windows) = texts();
    let (together, apart) = (everything(&examples.inputs), everything(&windows));
    let counts = several(&together).unwrap().to_vec();
    for config in testing::SMALL {
        let base = testing::small(config, 2);
        let parameters = started(&base);
        let model = Model {
            network: &base.network,
            parameters: &parameters,
            device: DEVICE,
        };
        let group = Group {
            learning_rate: 1e-3,
            weight_decay: 0.0,
        };
        let trainable = Trainable::full(parameters.list(), 0, group);
        let settings = || PassSettings {
            trainable: &trainable,
            dropout: DropoutKeys::new(0.0, Seed(1), 0),
            drop_path: crate::dropout::DropPath::none(),
        };
        // Half the sum of the squares of the means, whose gradient is the means.
        let loss = |means: &[f32]| means.iter().map(|mean| f64::from(mean * mean)).sum::<f64>() / 2.0;
        let found = model.pass((&together, None), settings(), &|_, outputs| {
            (StepLoss::Known(loss(&values(&outputs))), outputs)
        });
        let expected = model.pass((&apart, None), settings(), &|_, outputs| {
            let means = by_hand(&values(&outputs), &counts);
            let rows = means.chunks(2).zip(&counts);
            let shares = rows.flat_map(|(mean, &count)| {
                let share: Vec<f32> = mean.iter().map(|mean| mean / count as f32).collect();
                share.repeat(count)
            });
            let gradient = DEVICE.tensor(shares.collect(), outputs.dims());
            (StepLoss::Known(loss(&means)), gradient)
        });
        assert!((found.loss.known() - expected.loss.known()).abs() < 1e-6, "{config}");
        assert_eq!(found.gradients.len(), expected.gradients.len());
        for ((handle, found), (_, expected)) in found.gradients.iter().zip(&expected.gradients) {
            let [found, expected] = [found, expected].map(|gradient| match gradient {
                Gradient::Dense(dense) => values(dense),
                Gradient::Rows { values, .. } => values.clone(),
            });
            let apart = found
                .iter()
                .zip(&expected)
                .map(|(found, expected)| (found - expected).abs());
            assert!(apart.fold(0.0, f32::max) < 1e-5, "{config} {handle:?}");
        }
    }
}
