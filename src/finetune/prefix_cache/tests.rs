use std::ops::ControlFlow;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::Device;
use crate::data::Examples;
use crate::units::{Samples, Seed};
use crate::{Schedule, TrainingConfig, TrainingData, testing, trainer::Training};

const LIMIT: u64 = 1 << 30;

fn cache(folder: &Path, limit: u64) -> PrefixCache {
    PrefixCache::new(folder.to_owned(), limit)
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn made(model: &Pretrained, inputs: &Inputs, places: &[u32], depth: usize) -> Vec<f32> {
    let mut made = make(model.model(), Seen { inputs, view: None }, places, None, &[depth]).unwrap();
    made.pop().unwrap().values
}

fn all_outputs(cache: PrefixCache, model: &Pretrained, inputs: &Inputs) -> FrozenOutputs {
    let depths: Vec<usize> = (0..=model.freeze_depths()).collect();
    FrozenOutputs::new(cache, model, inputs, &depths)
}

/// The activations of each input, computed one input at a time.
fn alone(model: &Pretrained, inputs: &Inputs, depth: usize) -> Vec<Vec<f32>> {
    (0..inputs.len() as u32)
        .map(|place| made(model, inputs, &[place], depth))
        .collect()
}

fn models() -> [(Pretrained, Examples); 3] {
    [
        (testing::small_bert(2), testing::texts(40, 2)),
        (testing::small_bert(2), testing::windowed(40, 2)),
        (testing::resnet8(3), testing::images(12, 3)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_comes_of_an_example_does_not_depend_on_what_is_beside_it(
        places in proptest::collection::vec(0..12_u32, 1..20),
        depth in 1..5_usize,
    ) {
        for (model, examples) in models() {
            let depth = depth.min(model.freeze_depths());
            let expected = alone(&model, &examples.inputs, depth);
            let expected: Vec<f32> = places.iter().flat_map(|&place| expected[place as usize].clone()).collect();
            let together = made(&model, &examples.inputs, &places, depth);
            prop_assert_eq!(bits(&together), bits(&expected));
            let folder = tempfile::tempdir().unwrap();
            let outputs = all_outputs(cache(folder.path(), LIMIT), &model, &examples.inputs);
            for _ in 0..2 {
                if let Some(kept) = outputs.of(model.model(), &examples.inputs, &places, depth) {
                    prop_assert_eq!(bits(&kept.values), bits(&expected));
                }
            }
        }
    }
}

#[test]
fn a_real_model_gives_the_same_bits_in_any_company() {
    let Some(folder) = testing::minilm() else { return };
    let model = Pretrained::load_directory(&folder, &testing::labels(2), Device::Cpu).unwrap();
    let lengths = [5, 64, 17, 16, 33, 2, 64, 8];
    let text = |(number, &length): (usize, &usize)| {
        (0..length)
            .map(|place| (1000 + (number * 977 + place * 131) % 28_000) as u32)
            .collect()
    };
    let inputs = Inputs::of_ids(lengths.iter().enumerate().map(text));
    for depth in [1, 3, 6] {
        let expected = alone(&model, &inputs, depth);
        for places in [&[0, 1, 2, 3, 4, 5, 6, 7][..], &[7, 5, 0], &[6, 2], &[4, 4, 1]] {
            let together = made(&model, &inputs, places, depth);
            let expected: Vec<f32> = places
                .iter()
                .flat_map(|&place| expected[place as usize].clone())
                .collect();
            assert_eq!(bits(&together), bits(&expected), "depth {depth}, {places:?}");
        }
    }
}

/// Losses of all steps and the final metrics of a training.
fn trained(model: &Pretrained, examples: &Examples, outputs: Option<&FrozenOutputs>, depth: usize) -> Vec<u64> {
    let config = TrainingConfig {
        learning_rate: 1e-3,
        batch_size: 5,
        freeze_depth: depth,
        schedule: Schedule::Constant,
        total: Samples(60),
        seed: Seed(4),
        ..TrainingConfig::default()
    };
    let mut training = Training::start(model, config).unwrap();
    let data = TrainingData {
        examples,
        frozen: outputs,
    };
    let mut numbers = Vec::new();
    let mut note = |step: &crate::Step| {
        numbers.push(step.loss.to_bits());
        ControlFlow::Continue(())
    };
    training.train(data, Samples(60), &mut note).unwrap();
    let metrics = training.evaluate(data, &[], &mut || ControlFlow::Continue(())).unwrap();
    numbers.push(metrics["loss"].to_bits());
    numbers
}

#[test]
fn an_example_alone_is_evaluated_the_same_with_the_cache_and_without() {
    for (model, examples) in [
        (testing::small_bert(2), testing::texts(1, 2)),
        (testing::resnet8(3), testing::images(1, 3)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let outputs = all_outputs(cache(folder.path(), LIMIT), &model, &examples.inputs);
        for depth in 1..=model.freeze_depths() {
            let config = TrainingConfig {
                freeze_depth: depth,
                ..TrainingConfig::default()
            };
            let training = Training::start(&model, config).unwrap();
            let loss = |frozen| {
                let data = TrainingData {
                    examples: &examples,
                    frozen,
                };
                let metrics = training.evaluate(data, &[], &mut || ControlFlow::Continue(()));
                metrics.unwrap()["loss"].to_bits()
            };
            assert_eq!(loss(Some(&outputs)), loss(None), "depth {depth}");
        }
    }
}

#[test]
fn who_climbs_keeps_what_is_on_the_way_and_begins_where_somebody_was() {
    for (model, examples) in models() {
        let folder = tempfile::tempdir().unwrap();
        let places: Vec<u32> = (0..examples.len() as u32).collect();
        let deepest = model.freeze_depths();
        let inputs = &examples.inputs;
        let outputs = all_outputs(cache(folder.path(), LIMIT), &model, inputs);
        let middle = deepest - 1;
        for (depth, some) in [(middle, &places[..3]), (deepest, &places[..]), (middle, &places[..])] {
            let Some(kept) = outputs.of(model.model(), inputs, some, depth) else {
                continue;
            };
            assert_eq!(
                bits(&kept.values),
                bits(&made(&model, inputs, some, depth)),
                "depth {depth}"
            );
        }
        if let Some(entry) = outputs.shared.entry(model.model(), Seen { inputs, view: None }, middle) {
            assert!(places.iter().all(|&place| entry.has(place as usize)));
        }
    }
}

#[test]
fn training_with_the_cache_is_the_same_to_the_last_bit() {
    for (model, examples) in models() {
        let folder = tempfile::tempdir().unwrap();
        for depth in 0..=model.freeze_depths() {
            let outputs = || all_outputs(cache(folder.path(), LIMIT), &model, &examples.inputs);
            let expected = trained(&model, &examples, None, depth);
            assert_eq!(trained(&model, &examples, Some(&outputs()), depth), expected, "filling");
            // Read the cache as another process would.
            assert_eq!(trained(&model, &examples, Some(&outputs()), depth), expected, "reading");
        }
        assert!(std::fs::read_dir(folder.path()).unwrap().count() > 0);
    }
}

#[test]
fn damage_is_noticed_and_repaired() {
    let (model, examples) = &models()[0];
    let folder = tempfile::tempdir().unwrap();
    let places: Vec<u32> = (0..examples.len() as u32).collect();
    let read = || {
        let outputs = FrozenOutputs::new(
            cache(folder.path(), LIMIT),
            model,
            &examples.inputs,
            &[model.freeze_depths()],
        );
        let depth = model.freeze_depths();
        bits(
            &outputs
                .of(model.model(), &examples.inputs, &places, depth)
                .unwrap()
                .values,
        )
    };
    let expected = read();
    let path = std::fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let whole = std::fs::read(&path).unwrap();
    for at in [0, 8 * examples.len(), whole.len() / 2, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        assert_eq!(read(), expected, "byte {at}");
        assert_eq!(read(), expected);
        assert_eq!(std::fs::read(&path).unwrap(), whole, "byte {at} is repaired");
    }
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(read(), expected, "one that was cut short begins anew");
    assert_eq!(std::fs::read(&path).unwrap(), whole);
}

#[test]
fn what_was_not_used_for_longest_makes_way() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path(), 1000);
    let open = |name: &str, values: usize| Entry::open(&cache, name, &[values]).is_some();
    let has = |name: &str| folder.path().join(name).exists();
    let pause = || std::thread::sleep(std::time::Duration::from_millis(20));
    for name in ["a.rows", "b.rows"] {
        assert!(open(name, 100));
        pause();
    }
    assert!(open("a.rows", 100), "it is used again");
    pause();
    assert!(open("c.rows", 100));
    assert!(has("a.rows") && !has("b.rows") && has("c.rows"));
    assert!(!open("d.rows", 1000), "too large for the cache");
    assert!(has("a.rows") && has("c.rows"), "nothing made way for it");
}

#[test]
fn a_folder_that_cannot_be_is_no_error() {
    let (model, examples) = &models()[0];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let outputs = all_outputs(cache(&file, LIMIT), model, &examples.inputs);
    let depth = model.freeze_depths();
    assert!(outputs.of(model.model(), &examples.inputs, &[0], depth).is_none());
}
