use burn::backend::flex::Flex;

use super::*;
use crate::{
    backend::{Host, values},
    batching::gather,
    dropout::DropoutKeys,
    gradients::Gradient,
    models::Network,
    testing,
    units::Seed,
};

const DEVICE: Device = Device::Cpu;

/// The quickstart's weights with their original head.
fn pretrained() -> (ResNet8, Parameters) {
    let resnet8 = ResNet8 {
        classes: 10,
        head_from_file: true,
    };
    let path = "../../search-spaces/quickstart/resnet8-cifar10/model.safetensors";
    let bytes = std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let network = Network::ResNet8(resnet8.clone());
    let parameters = crate::pretrained::read_parameters(&network, &bytes, "model", DEVICE).unwrap();
    (resnet8, parameters)
}

/// The reference's two images.
fn waves() -> Batch {
    let sine = (0..3072).map(|n| 0.5 + 0.5 * (0.1 * f64::from(n)).sin());
    let cosine = (0..3072).map(|n| 0.5 + 0.5 * (0.013 * f64::from(n)).cos());
    Batch::Images {
        pixels: sine.chain(cosine).map(|value| value as f32).collect(),
        count: 2,
    }
}

#[test]
fn resnet8_equals_the_reference() {
    let Some(reference) = testing::reference("resnet8-cifar10.json") else {
        return;
    };
    let (_, parameters) = pretrained();
    let logits = values(&ResNet8::logits(&parameters, &waves(), None, DEVICE));
    let difference = testing::largest_difference(&logits, &testing::numbers(&reference["logits"]));
    assert!(difference < 1e-4, "logits differ by {difference}");
    let means = differentiated::block_means(&parameters, raw(&waves()), DEVICE);
    let difference = testing::largest_difference(&means, &testing::numbers(&reference["block_means"]));
    assert!(difference < 1e-4, "block means differ by {difference}");
}

fn pass(parameters: &Parameters, freeze_depth: usize) -> Pass {
    let examples = testing::images(4, 3);
    let batch = gather(&examples.inputs, &[0, 1, 2, 3]);
    let settings = PassSettings {
        freeze_depth,
        dropout: DropoutKeys::new(0.2, Seed(1), 0),
    };
    let (resnet8, _) = pretrained();
    resnet8.pass(parameters, (&batch, None), &examples.labels, settings, DEVICE)
}

#[test]
fn what_is_frozen_has_no_gradient_and_keeps_its_statistics() {
    let (resnet8, parameters) = pretrained();
    assert_eq!(parameters.list().len(), resnet8.parameters().len());
    for depth in 0..=4 {
        let pass = pass(&parameters, depth);
        let names = |indices: Vec<usize>| {
            let mut names: Vec<_> = indices
                .iter()
                .map(|&index| parameters.list()[index].name.clone())
                .collect();
            names.sort();
            names
        };
        let expected = |gradient: bool| {
            let changes = |index: &usize| {
                let parameter = &parameters.list()[*index];
                parameter.changes(depth) && parameter.has_gradient == gradient
            };
            names((0..parameters.list().len()).filter(changes).collect())
        };
        assert_eq!(
            names(pass.gradients.iter().map(|(index, _)| *index).collect()),
            expected(true)
        );
        assert_eq!(
            names(pass.statistics.iter().map(|(index, _)| *index).collect()),
            expected(false)
        );
    }
}

#[test]
fn gradients_are_slopes_of_the_loss() {
    let (_, parameters) = pretrained();
    for (index, gradient) in pass(&parameters, 2).gradients {
        let Gradient::Dense(gradient) = gradient else {
            panic!("there is no table here")
        };
        let gradient = Host::take(gradient, DEVICE);
        let squared: f64 = gradient.values().iter().map(|value| f64::from(value * value)).sum();
        if squared < 1e-8 {
            // A bias before a batch norm has no effect.
            continue;
        }
        let step = 1e-3 / squared.sqrt();
        let at = |sign: f64| {
            let mut moved = parameters.clone();
            let start = values(&moved.vector(index));
            let shifted: Vec<f32> = start
                .iter()
                .zip(gradient.values())
                .map(|(start, slope)| start + (sign * step) as f32 * slope)
                .collect();
            *moved.tensor_mut(index) = DEVICE.tensor(shifted, [start.len()]);
            pass(&moved, 2).loss.known()
        };
        let slope = (at(1.0) - at(-1.0)) / (2.0 * step);
        let name = &parameters.list()[index].name;
        assert!(
            (slope - squared).abs() < 0.05 * squared + 1e-3,
            "{name}: slope {slope}, gradient {squared}"
        );
    }
}

#[test]
fn the_cpu_s_pass_equals_the_differentiated_one_at_every_freeze_depth() {
    let (resnet8, parameters) = pretrained();
    let examples = testing::images(4, 3);
    let batch = gather(&examples.inputs, &[0, 1, 2, 3]);
    for freeze_depth in 0..=4 {
        let settings = PassSettings {
            freeze_depth,
            dropout: DropoutKeys::new(0.2, Seed(1), 0),
        };
        let [ours, burns] = [
            resnet8.pass(&parameters, (&batch, None), &examples.labels, settings, DEVICE),
            differentiated::pass::<Flex>(&resnet8, &parameters, raw(&batch), &examples.labels, settings, DEVICE),
        ];
        assert!(
            (ours.loss.known() - burns.loss.known()).abs() < 1e-4,
            "{:?} {:?}",
            ours.loss,
            burns.loss
        );
        let close = |what: usize, left: Vec<f32>, right: Vec<f32>| {
            let length = right.iter().map(|value| value * value).sum::<f32>().sqrt();
            let apart = left
                .iter()
                .zip(&right)
                .map(|(x, y)| (x - y).powi(2))
                .sum::<f32>()
                .sqrt();
            let name = &parameters.list()[what].name;
            assert!(
                apart < 2e-3 * length + 1e-3,
                "freeze depth {freeze_depth}, {name}: {apart} of {length}"
            );
        };
        assert_eq!(ours.gradients.len(), burns.gradients.len());
        for (index, gradient) in &ours.gradients {
            let (_, other) = burns.gradients.iter().find(|(other, _)| other == index).unwrap();
            let (Gradient::Dense(left), Gradient::Dense(right)) = (gradient, other) else {
                panic!("no table here")
            };
            close(*index, values(left), values(right));
        }
        assert_eq!(ours.statistics.len(), burns.statistics.len());
        for (index, statistic) in &ours.statistics {
            let (_, other) = burns.statistics.iter().find(|(other, _)| other == index).unwrap();
            close(*index, values(statistic), values(other));
        }
    }
}
