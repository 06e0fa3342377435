//! Times one training step and one evaluation of the quickstart's `ResNet8`, whose weights are in the repository.

use std::{hint::black_box, ops::ControlFlow, path::Path};

use automl::{
    finetune::{
        Device, Pretrained, Training, TrainingConfig,
        data::{Examples, ImageSize, Inputs, Targets},
    },
    units::Samples,
};
use criterion::{Criterion, criterion_group, criterion_main};

const BATCH: usize = 32;

fn resnet8(criterion: &mut Criterion) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("search-spaces/quickstart/resnet8-cifar10/model.safetensors");
    let bytes = std::fs::read(path).expect("the repository holds the quickstart's weights");
    let labels: Vec<String> = (0..10).map(|class| class.to_string()).collect();
    let base = Pretrained::builtin("resnet8-cifar10", &bytes, &labels, Device::Cpu).expect("they are whole");
    let pixels = (0..BATCH * 3 * 32 * 32)
        .map(|index| (index as f32 * 0.01).sin().abs())
        .collect::<Vec<f32>>();
    let labels = (0..BATCH as u32).map(|image| image % 10).collect();
    let examples = Examples {
        inputs: Inputs::Images {
            size: ImageSize::SMALL,
            pixels: pixels.into(),
        },
        targets: Targets::Classes(labels),
    };
    for freeze_depth in [0, 4] {
        let config = TrainingConfig {
            batch_size: BATCH,
            freeze_depth,
            total: Samples(u64::MAX / 2),
            ..TrainingConfig::default()
        };
        let mut training = Training::start(&base, config).expect("the settings are valid");
        criterion.bench_function(
            &format!("resnet8 step, 32 images, freeze depth {freeze_depth}"),
            |bencher| {
                bencher.iter(|| {
                    let to = Samples(training.seen().0 + BATCH as u64);
                    black_box(training.train(&examples, to, &mut |_| ControlFlow::Continue(()))).expect("it trains")
                });
            },
        );
    }
    let training = Training::start(&base, TrainingConfig::default()).expect("the settings are valid");
    criterion.bench_function("resnet8 evaluation, 32 images", |bencher| {
        bencher.iter(|| {
            training
                .evaluate(&examples, &[], &mut || ControlFlow::Continue(()))
                .expect("it evaluates")
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = resnet8
}
criterion_main!(benches);
