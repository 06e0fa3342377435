//! What holds for every network, on small random ones of every family; and the references of two real models.

use std::path::Path;

use super::*;
use crate::{
    backend::values,
    batching::gather,
    data::{Examples, Inputs},
    families::{FAMILIES, HeadRequest, HeadSource},
    gradients::{Gradient, Pass},
    optimizer::{Optimizer, Settings, Update},
    parameters::Handle,
    pretrained::{Pretrained, network, read_config, read_parameters},
    testing,
    trainable::{Group, Trainable},
    training_config::TrainingConfig,
    units::Seed,
    weights::WeightFile,
};

const DEVICE: Device = Device::Cpu;

/// A model with an initialized head.
fn started(base: &Pretrained) -> (Network, Parameters) {
    let mut parameters = base.parameters.clone();
    parameters.start_head(Seed(1), DEVICE);
    (base.network.clone(), parameters)
}

fn model((network, parameters): &(Network, Parameters)) -> Model<'_> {
    Model {
        network,
        parameters,
        device: DEVICE,
    }
}

fn batch(examples: &Examples, places: &[u32]) -> Batch {
    gather(&examples.inputs, places)
}

/// Small models of all families, each with examples.
fn all() -> Vec<(&'static str, Pretrained, Examples)> {
    let texts = testing::SMALL
        .iter()
        .map(|config| (*config, testing::small(config, 2), testing::texts(5, 2)));
    let small = testing::SMALL_IMAGES
        .iter()
        .map(|config| (*config, testing::small(config, 3), testing::images(5, 3)));
    let images = ("resnet8", testing::resnet8(3), testing::images(5, 3));
    texts.chain(small).chain([images]).collect()
}

/// Everything above the freeze depth.
fn above(parameters: &Parameters, freeze_depth: usize) -> Trainable {
    let group = Group {
        learning_rate: 1e-3,
        weight_decay: 0.01,
    };
    Trainable::full(parameters.list(), freeze_depth, group)
}

/// A training pass that computes the activations of the frozen layers first.
fn pass(model: Model<'_>, batch: &Batch, labels: &[u32], settings: PassSettings<'_>) -> Pass {
    let stops = [settings.trainable.freeze_depth()];
    let frozen = (stops[0] > 0).then(|| model.frozen(batch, None, &stops).unwrap().remove(0));
    model.pass((batch, frozen), settings, &|kernels, outputs| {
        kernels.cross_entropy(outputs, labels)
    })
}

/// All values of a gradient, zeros included.
fn dense(parameters: &Parameters, handle: Handle, gradient: &Gradient) -> Vec<f32> {
    match gradient {
        Gradient::Dense(gradient) => values(gradient),
        Gradient::Rows { rows, values } => {
            let description = parameters.description(handle);
            let width = description.shape[1];
            let mut dense = vec![0.0; description.length()];
            for (&row, values) in rows.iter().zip(values.chunks_exact(width)) {
                dense[row as usize * width..][..width].copy_from_slice(values);
            }
            dense
        }
    }
}

#[test]
fn every_family_has_a_small_model() {
    let configs = testing::SMALL.iter().chain(testing::SMALL_IMAGES);
    let tested: Vec<Vec<&str>> = configs
        .map(|config| {
            let config = serde_json::from_str(config).unwrap();
            let family = crate::families::Family::of(&config).unwrap();
            [family.model_types, family.architectures].concat()
        })
        .collect();
    for family in FAMILIES {
        let names = [family.model_types, family.architectures].concat();
        let is_variant = ["xlm-roberta", "camembert", "resnet8"].contains(&names[0]);
        assert!(
            is_variant || tested.contains(&names),
            "{names:?} has no configuration in `testing::SMALL` or `testing::SMALL_IMAGES`"
        );
    }
}

#[test]
fn every_gradient_is_the_slope_of_the_loss_with_dropout() {
    for (config, base, examples) in all() {
        if matches!(base.network.stem, Stem::Pixels(_) | Stem::Maps(_)) {
            // Rectifiers make kinks, and batch statistics move; burn's graph is compared instead.
            continue;
        }
        let started = started(&base);
        let (batch, labels) = (batch(&examples, &[0, 1, 2, 3, 4]), examples.targets.classes());
        let trainable = above(&started.1, 0);
        let settings = PassSettings {
            trainable: &trainable,
            dropout: DropoutKeys::new(0.3, Seed(2), 40),
            drop_path: crate::dropout::DropPath::none(),
        };
        let found = pass(model(&started), &batch, labels, settings);
        let trained = started
            .1
            .list()
            .iter()
            .filter(|parameter| parameter.has_gradient())
            .count();
        assert_eq!(
            found.gradients.len(),
            trained,
            "{config}: every parameter has a gradient"
        );
        for (handle, gradient) in &found.gradients {
            let name = &started.1.description(*handle).name;
            let gradient = dense(&started.1, *handle, gradient);
            // In the direction of the gradient, the slope is the gradient's squared norm.
            let squared: f64 = gradient.iter().map(|value| f64::from(value * value)).sum();
            let step = 1e-2 / squared.sqrt().max(1e-6);
            let at = |step: f64| {
                let mut moved = started.clone();
                let start = values(&moved.1.vector(*handle));
                let shifted = start
                    .iter()
                    .zip(&gradient)
                    .map(|(start, slope)| start + step as f32 * slope);
                *moved.1.tensor_mut(*handle) = DEVICE.tensor(shifted.collect(), [start.len()]);
                pass(model(&moved), &batch, labels, settings).loss.known()
            };
            let slope = |step: f64| (at(step) - at(-step)) / (2.0 * step);
            // Two steps cancel the curvature's share (Richardson's extrapolation).
            let slope = (4.0 * slope(step / 2.0) - slope(step)) / 3.0;
            let tolerance = 0.03 * squared + 5e-5 * squared.sqrt() + 1e-9;
            assert!(
                (slope - squared).abs() < tolerance,
                "{config} {name}: slope {slope}, gradient {squared}"
            );
        }
    }
}

#[test]
fn freezing_changes_no_gradient_of_what_still_trains() {
    for (config, base, examples) in all() {
        let started = started(&base);
        let (batch, labels) = (batch(&examples, &[0, 1, 2, 3, 4]), examples.targets.classes());
        let gradients = |freeze_depth| {
            let settings = PassSettings {
                trainable: &above(&started.1, freeze_depth),
                dropout: DropoutKeys::none(),
                drop_path: crate::dropout::DropPath::none(),
            };
            pass(model(&started), &batch, labels, settings)
        };
        let whole = gradients(0);
        let is_convnet = matches!(base.network.stem, Stem::Pixels(_) | Stem::Maps(_));
        for depth in 1..=base.freeze_depths() {
            let some = gradients(depth);
            let names = |wanted: &dyn Fn(&Parameter) -> bool| -> Vec<String> {
                let list = started.1.list().iter().filter(|parameter| wanted(parameter));
                let mut names: Vec<String> = list.map(|parameter| parameter.name.clone()).collect();
                names.sort();
                names
            };
            let found = |handles: Vec<Handle>| {
                let mut names: Vec<String> = handles
                    .iter()
                    .map(|handle| started.1.description(*handle).name.clone())
                    .collect();
                names.sort();
                names
            };
            let handles = some.gradients.iter().map(|(handle, _)| *handle).collect();
            assert_eq!(
                found(handles),
                names(&|parameter| parameter.is_above(depth) && parameter.has_gradient()),
                "{config} {depth}"
            );
            let handles = some.statistics.iter().map(|(handle, _)| *handle).collect();
            assert_eq!(
                found(handles),
                names(&|parameter| parameter.is_above(depth) && !parameter.has_gradient()),
                "{config} {depth}"
            );
            for (handle, gradient) in &some.gradients {
                let (_, other) = whole.gradients.iter().find(|(other, _)| other == handle).unwrap();
                // A frozen batch norm is another function, and layers that are shared have other sums.
                if !is_convnet && !config.contains("albert") {
                    assert_eq!(
                        dense(&started.1, *handle, gradient),
                        dense(&started.1, *handle, other),
                        "{config} {depth} {}",
                        started.1.description(*handle).name
                    );
                }
            }
        }
    }
}

#[test]
fn an_example_s_outputs_do_not_depend_on_the_others_and_padding_does_not_show() {
    for (config, base, examples) in all() {
        let started = started(&base);
        let model = model(&started);
        let together = values(&model.logits(&batch(&examples, &[0, 1, 2, 3, 4]), None));
        let width = together.len() / 5;
        for place in 0..5 {
            let alone = values(&model.logits(&batch(&examples, &[place]), None));
            let beside = &together[place as usize * width..][..width];
            let apart = alone.iter().zip(beside).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
            assert!(apart < 1e-5, "{config}: {apart}");
        }
    }
}

#[test]
fn what_is_cached_has_the_size_that_is_predicted_and_gives_the_same_logits() {
    for (config, base, examples) in all() {
        let started = started(&base);
        let model = model(&started);
        let batch = batch(&examples, &[0, 1, 2, 3, 4]);
        let expected = values(&model.logits(&batch, None));
        let depths: Vec<usize> = (1..=base.freeze_depths()).collect();
        for frozen in model.frozen(&batch, None, &depths).unwrap() {
            let sizes = match &examples.inputs {
                Inputs::Texts(texts) => texts
                    .iter()
                    .map(|text| base.network.frozen_size(frozen.depth, text.len()).values)
                    .sum(),
                Inputs::Images { .. } => 5 * base.network.frozen_size(frozen.depth, 1).values,
            };
            assert_eq!(frozen.values.len(), sizes, "{config} {}", frozen.depth);
            let depth = frozen.depth;
            assert_eq!(
                values(&model.logits(&batch, Some(frozen))),
                expected,
                "{config} {depth}"
            );
        }
    }
}

#[test]
fn an_exported_model_gives_the_same_logits() {
    for (config, base, examples) in all() {
        let folder = tempfile::tempdir().unwrap();
        let training = crate::Training::start(&base, crate::TrainingConfig::default()).unwrap();
        training.export(folder.path()).unwrap();
        let exported = crate::FineTuned::load(folder.path(), DEVICE).unwrap();
        assert_eq!(
            exported.logits(&examples.inputs).unwrap(),
            training.predict(&examples.inputs).unwrap(),
            "{config}"
        );
    }
}

#[test]
fn every_block_of_images_equals_burns_graph() {
    use burn::backend::flex::Flex;

    use crate::{blocks::differentiated, layers::Context};
    let base = testing::resnet8(3);
    let (network, parameters) = started(&base);
    let examples = testing::images(4, 3);
    let batch = batch(&examples, &[0, 1, 2, 3]);
    let Batch::Images { pixels, .. } = &batch else {
        panic!("images were given")
    };
    let layout = network.layout(&batch, DEVICE);
    let wave = |rows: usize, width: usize| {
        let values = (0..rows * width).map(|index| (index as f32 * 0.37).sin()).collect();
        DEVICE.tensor(values, [rows, width])
    };
    let trainable = above(&parameters, 0);
    for training in [None, Some(&trainable)] {
        let context = || Context {
            training,
            ..Context::evaluation(&parameters, &layout, DEVICE)
        };
        let Stem::Pixels(stem) = &network.stem else {
            panic!("a network of images was made")
        };
        let mut input = stem.forward(pixels, &context()).0;
        let compare = |what: &str,
                       ours: (Tensor<2>, crate::layers::Back<'_>),
                       context: &Context<'_>,
                       other: (Tensor<2>, crate::layers::Back<'_>),
                       burns: &Context<'_>| {
            let close = |what: String, left: Vec<f32>, right: Vec<f32>| {
                let length = right.iter().map(|value| value * value).sum::<f32>().sqrt();
                let apart = left
                    .iter()
                    .zip(&right)
                    .map(|(x, y)| (x - y).powi(2))
                    .sum::<f32>()
                    .sqrt();
                assert!(apart < 2e-3 * length + 1e-3, "{what}: {apart} of {length}");
            };
            close(format!("{what} output"), values(&ours.0), values(&other.0));
            if training.is_none() {
                return;
            }
            let [rows, width] = ours.0.dims();
            let (mut mine, mut theirs) = (
                crate::layers::Backward::new(context),
                crate::layers::Backward::new(burns),
            );
            let left = (ours.1)(wave(rows, width), &mut mine, true);
            let right = (other.1)(wave(rows, width), &mut theirs, true);
            close(format!("{what} input"), values(&left.unwrap()), values(&right.unwrap()));
            assert_eq!(mine.gradients.len(), theirs.gradients.len());
            for (handle, gradient) in &mine.gradients {
                let (_, other) = theirs.gradients.iter().find(|(other, _)| other == handle).unwrap();
                let name = format!("{what} {}", parameters.description(*handle).name);
                close(
                    name,
                    dense(&parameters, *handle, gradient),
                    dense(&parameters, *handle, other),
                );
            }
            let (mine, theirs) = (context.statistics.borrow(), burns.statistics.borrow());
            assert_eq!(mine.len(), theirs.len());
            for (handle, statistic) in mine.iter() {
                let (_, other) = theirs.iter().find(|(other, _)| other == handle).unwrap();
                close(
                    parameters.description(*handle).name.clone(),
                    values(statistic),
                    values(other),
                );
            }
        };
        let (mine, burns) = (context(), context());
        let geometry = stem.convolution.geometry;
        let rows = crate::layers::pixels::rows(pixels, geometry.inputs, geometry.pixels()[0], &mine);
        compare(
            "stem",
            stem.forward(pixels, &mine),
            &mine,
            differentiated::forward::<Flex>(&**stem, rows, &burns),
            &burns,
        );
        for (number, block) in network.blocks.iter().enumerate() {
            let crate::blocks::Block::Residual(block) = block else {
                panic!("a residual network was made")
            };
            let (mine, burns) = (context(), context());
            compare(
                &format!("block {number}"),
                block.forward(input.clone(), &mine),
                &mine,
                differentiated::forward::<Flex>(&**block, input.clone(), &burns),
                &burns,
            );
            input = block.forward(input, &context()).0;
        }
    }
}

/// The quickstart's model with its original head equals the reference.
#[test]
fn resnet8_equals_the_reference() {
    let Some(reference) = testing::reference("resnet8-cifar10.json") else {
        return;
    };
    let path = "../../search-spaces/quickstart/resnet8-cifar10/model.safetensors";
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let request = HeadRequest {
        kind: crate::families::HeadKind::Whole,
        outputs: 10,
        source: HeadSource::File,
    };
    let config = serde_json::json!({"model_type": "resnet8"});
    let (family, network) = network("config.json".into(), &config, request).unwrap();
    let file = WeightFile::parse(&bytes, "model").unwrap();
    let parameters = read_parameters(family, &network, file, "model", DEVICE).unwrap();
    let sine = (0..3072).map(|n| 0.5 + 0.5 * (0.1 * f64::from(n)).sin());
    let cosine = (0..3072).map(|n| 0.5 + 0.5 * (0.013 * f64::from(n)).cos());
    let waves = Batch::Images {
        pixels: sine.chain(cosine).map(|value| value as f32).collect(),
        count: 2,
    };
    let both = (network, parameters);
    let logits = values(&model(&both).logits(&waves, None));
    let difference = testing::largest_difference(&logits, &testing::numbers(&reference["logits"]));
    assert!(difference < 1e-4, "logits differ by {difference}");
    let means: Vec<Vec<f32>> = model(&both).hidden_states(&waves)[1..]
        .iter()
        .map(|state| {
            let values = values(state);
            let mean = |image: &[f32]| image.iter().sum::<f32>() / image.len() as f32;
            values.chunks_exact(values.len() / 2).map(mean).collect()
        })
        .collect();
    let means: Vec<f32> = (0..2)
        .flat_map(|image| means.iter().map(move |block| block[image]))
        .collect();
    let difference = testing::largest_difference(&means, &testing::numbers(&reference["block_means"]));
    assert!(difference < 1e-4, "block means differ by {difference}");
}

/// A real BERT whose head is a linear layer on the first token, as the references have it.
fn bert(folder: &Path) -> (Network, Parameters) {
    let (path, config) = read_config(folder).unwrap();
    let request = HeadRequest {
        kind: crate::families::HeadKind::Whole,
        outputs: 2,
        source: HeadSource::New,
    };
    let (family, mut network) = network(path, &config, request).unwrap();
    let (file, _) = WeightFile::read_folder(folder).unwrap();
    let parameters = read_parameters(family, &network, file, "model", DEVICE).unwrap();
    // Without the pooler.
    network.head.steps.drain(..2);
    (network, parameters)
}

fn reference_batch(reference: &serde_json::Value) -> Batch {
    let rows = reference["input_ids"].as_array().unwrap();
    let masks = reference["attention_mask"].as_array().unwrap();
    let texts = rows.iter().zip(masks).map(|(row, mask)| {
        let length = testing::numbers(mask).iter().sum::<f64>() as usize;
        testing::numbers(row)[..length]
            .iter()
            .map(|&token| token as u32)
            .collect()
    });
    let texts: Vec<Vec<u32>> = texts.collect();
    let places: Vec<u32> = (0..texts.len() as u32).collect();
    gather(&Inputs::of_ids(texts), &places)
}

fn forward_equals(reference: &serde_json::Value, folder: &Path) {
    let both = bert(folder);
    let model = model(&both);
    let batch = reference_batch(reference);
    let layout = model.network.layout(&batch, DEVICE);
    let hidden = model.network.hidden();
    let states = model.hidden_states(&batch);
    let close = |what: &str, found: &[f32], expected: &serde_json::Value| {
        let difference = testing::largest_difference(found, &testing::numbers(expected));
        println!("{what}: {difference:.2e}");
        assert!(difference < 1e-4, "{what} differs by {difference}");
    };
    let firsts = layout.selected(Positions::First);
    let first = values(&states.last().unwrap().clone().select(&firsts));
    close("cls_last_hidden", &first, &reference["cls_last_hidden"]);
    let depth = model.network.freeze_depths();
    let short = model.frozen(&batch, None, &[depth]).unwrap().remove(0);
    close(
        "cls_last_hidden by the short way",
        &short.values,
        &reference["cls_last_hidden"],
    );
    let last = values(states.last().unwrap());
    let mean: Vec<f32> = layout
        .lengths
        .iter()
        .enumerate()
        .flat_map(|(text, &length)| {
            let rows = &last[layout.starts[text] * hidden..][..length * hidden];
            (0..hidden).map(move |column| rows.iter().skip(column).step_by(hidden).sum::<f32>() / length as f32)
        })
        .collect();
    close("mean_pooled", &mean, &reference["mean_pooled"]);
    let norm = |state: &Tensor<2>| {
        let rows = values(&state.clone().select(&firsts));
        let norm = |row: &[f32]| row.iter().map(|value| value * value).sum::<f32>().sqrt();
        rows.chunks_exact(hidden).map(norm).collect::<Vec<_>>()
    };
    let norms: Vec<f32> = states.iter().flat_map(norm).collect();
    close("block_outputs_cls_norm", &norms, &reference["block_outputs_cls_norm"]);
}

fn training_equals(reference: &serde_json::Value, folder: &Path) {
    let (network, base) = bert(folder);
    let batch = reference_batch(reference);
    let hidden = network.hidden();
    for run in reference["training"]["runs"].as_array().unwrap() {
        let freeze_depth = run["freeze_depth"].as_u64().unwrap() as usize;
        let labels: Vec<u32> = testing::numbers(&run["labels"])
            .iter()
            .map(|&label| label as u32)
            .collect();
        let mut both = (network.clone(), base.clone());
        // The reference's weight[i][j] = 0.02 · sin(i · hidden + j), transposed.
        let weight = |place: usize| (0.02 * ((place % 2 * hidden + place / 2) as f64).sin()) as f32;
        let (classifier, _) = base
            .described()
            .find(|(_, parameter)| parameter.name == "classifier.weight")
            .unwrap();
        *both.1.tensor_mut(classifier) = DEVICE.tensor((0..2 * hidden).map(weight).collect(), [2 * hidden]);
        let mut optimizer = Optimizer::new(Settings::of(&TrainingConfig::default()), DEVICE);
        let trainable = above(&both.1, freeze_depth);
        let settings = PassSettings {
            trainable: &trainable,
            dropout: DropoutKeys::none(),
            drop_path: crate::dropout::DropPath::none(),
        };
        for (step, expected) in testing::numbers(&run["losses"]).into_iter().enumerate() {
            let found = pass(model(&both), &batch, &labels, settings);
            let loss = found.loss.known();
            println!("freeze depth {freeze_depth}, step {step}: {loss:.6} for {expected:.6}");
            assert!(
                (loss - expected).abs() < 1e-3,
                "depth {freeze_depth}, step {step}: {loss}"
            );
            let update = Update {
                trainable: &trainable,
                schedule: 1.0,
                max_grad_norm: None,
            };
            optimizer.update(&mut both.1, (found.loss, found.gradients), &update);
        }
        let moved = both
            .1
            .described()
            .filter(|(handle, _)| optimizer.moments(*handle).is_some());
        let moved: u64 = moved.map(|(_, parameter)| parameter.length() as u64).sum();
        assert_eq!(
            moved,
            run["trainable"].as_u64().unwrap(),
            "moments only for what trains"
        );
    }
}

#[test]
fn bert_tiny_equals_the_reference() {
    if let (Some(reference), Some(folder)) = (testing::reference("bert-tiny.json"), testing::shared("bert-tiny")) {
        forward_equals(&reference, &folder);
        training_equals(&reference, &folder);
    }
}

#[test]
fn minilm_equals_the_reference() {
    if let (Some(reference), Some(folder)) = (testing::reference("all-MiniLM-L6-v2.json"), testing::minilm()) {
        forward_equals(&reference, &folder);
        training_equals(&reference, &folder);
    }
}
