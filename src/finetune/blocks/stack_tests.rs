//! Stacks of layers by hand are what burn's graph makes of them, for every family of images.

use burn::backend::flex::Flex;

use super::{Block, differentiated, stack::Stack};
use crate::{
    backend::{Device, Tensor, values},
    dropout::DropPath,
    gradients::Gradient,
    kernels::Layout,
    layers::{Back, Backward, Context},
    networks::Stem,
    parameters::{Handle, Parameters},
    testing,
    trainable::{Group, Trainable},
    units::Seed,
};

const DEVICE: Device = Device::Cpu;
const IMAGES: usize = 3;

/// Values without a pattern.
fn wave(rows: usize, width: usize) -> Tensor<2> {
    let values = (0..rows * width).map(|index| (index as f32 * 0.37).sin() + (index as f32 * 1.7).cos() * 0.5);
    DEVICE.tensor(values.collect(), [rows, width])
}

/// The output and all gradients, by name.
fn results(
    (output, back): (Tensor<2>, Back<'_>),
    context: &Context<'_>,
    parameters: &Parameters,
) -> Vec<(String, Vec<f32>)> {
    let [rows, width] = output.dims();
    let mut found = vec![("output".to_owned(), values(&output))];
    let mut backward = Backward::new(context);
    let input = back(wave(rows, width), &mut backward, true).unwrap();
    found.push(("input".to_owned(), values(&input)));
    let name = |handle: Handle| parameters.description(handle).name.clone();
    let mut gradients: Vec<_> = backward
        .gradients
        .iter()
        .map(|(handle, gradient)| {
            let Gradient::Dense(gradient) = gradient else {
                panic!("a network of images has no sparse gradients")
            };
            (name(*handle), values(gradient))
        })
        .collect();
    let statistics = context.statistics.borrow();
    gradients.extend(statistics.iter().map(|(handle, value)| (name(*handle), values(value))));
    gradients.sort_by(|one, other| one.0.cmp(&other.0));
    found.extend(gradients);
    found
}

fn compare(config: &str, stack: &Stack, parameters: &Parameters, trainable: &Trainable) {
    let layout = Layout::new(&[1; IMAGES], DEVICE);
    for training in [None, Some(trainable)] {
        let context = || Context {
            training,
            // Branches are left out in both.
            drop_path: DropPath::new(0.7, Seed(3), 5),
            ..Context::evaluation(parameters, &layout, DEVICE)
        };
        let input = wave(IMAGES * stack.input.pixels(), stack.input.channels);
        let (mine, burns) = (context(), context());
        let ours = results(stack.forward(input.clone(), &mine), &mine, parameters);
        let theirs = results(
            differentiated::forward::<Flex>(stack, input, &burns),
            &burns,
            parameters,
        );
        assert_eq!(ours.len(), theirs.len(), "{config}");
        for ((what, ours), (other, theirs)) in ours.iter().zip(&theirs) {
            assert_eq!(what, other, "{config}");
            // Softmax does not depend on the bias of keys: its gradient is rounding alone.
            let least = if what.ends_with("key.bias") { 1e-2 } else { 2e-3 };
            let scale = theirs.iter().fold(least, |scale: f32, value| scale.max(value.abs()));
            for (x, y) in ours.iter().zip(theirs) {
                assert!((x - y).abs() <= 2e-4 * scale, "{config} {what}: {x} and {y} of {scale}");
            }
        }
    }
}

#[test]
fn every_stack_of_layers_equals_burns_graph() {
    for config in testing::SMALL_IMAGES {
        let base = testing::small(config, 3);
        let group = Group {
            learning_rate: 1e-3,
            weight_decay: 0.0,
        };
        let trainable = Trainable::full(base.parameters.list(), 0, group);
        if let Stem::Maps(stem) = &base.network.stem {
            compare(config, stem, &base.parameters, &trainable);
        }
        for block in &base.network.blocks {
            if let Block::Stack(stack) = block {
                compare(config, stack, &base.parameters, &trainable);
            }
        }
    }
}
