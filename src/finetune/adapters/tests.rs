use std::ops::ControlFlow;

use proptest::prelude::*;

use super::*;
use crate::{
    OptimizerKind, Step, TrainError, Training,
    backend::{Device, values},
    dropout::DropoutKeys,
    gradients::Gradient,
    networks::{Batch, Model, PassSettings},
    parameters::{Parameter, Role},
    pretrained::Pretrained,
    schedule::Schedule,
    testing,
    units::{Samples, Seed},
    weights::WeightFile,
};

fn low_rank(targets: Targets) -> Adapter {
    Adapter::LowRank(LowRankSettings {
        rank: 3,
        alpha: 6.0,
        dropout: 0.2,
        targets,
        ..LowRankSettings::default()
    })
}

fn config(adapter: Adapter) -> TrainingConfig {
    TrainingConfig {
        learning_rate: 3e-3,
        batch_size: 8,
        adapter,
        total: Samples(60),
        seed: Seed(3),
        ..TrainingConfig::default()
    }
}

fn go_on(_: &Step) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn prepared(base: &Pretrained, config: &TrainingConfig) -> Prepared {
    prepare(&base.network, &base.parameters.loaded(), config).unwrap()
}

/// The description of every parameter with its handle.
fn described(prepared: &Prepared) -> impl Iterator<Item = (Handle, &Parameter)> {
    let list = &prepared.network.parameters;
    Handle::first(list.len()).zip(&**list)
}

fn adapters() -> impl Strategy<Value = Adapter> {
    prop_oneof![
        Just(Adapter::None),
        Just(Adapter::BiasOnly),
        Just(low_rank(Targets::QueryValue)),
        Just(low_rank(Targets::Attention)),
        Just(low_rank(Targets::FeedForward)),
        Just(low_rank(Targets::AllLinear)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_trained_parameter_has_one_group_and_the_head_never_learns_slower_than_a_block(
        family in 0..testing::SMALL.len(),
        adapter in adapters(),
        freeze_depth in 0usize..2,
        layer_decay in 0.3..1.0_f64,
        decay_norms_and_biases: bool,
    ) {
        let base = testing::small(testing::SMALL[family], 2);
        let config = TrainingConfig { freeze_depth, layer_decay, decay_norms_and_biases, ..config(adapter) };
        // Some models have no biases.
        let Ok(prepared) = prepare(&base.network, &base.parameters.loaded(), &config) else {
            prop_assert_eq!(adapter, Adapter::BiasOnly);
            return Ok(());
        };
        let (blocks, trainable) = (prepared.network.own_blocks(), &prepared.trainable);
        let mut trained = 0;
        for (handle, parameter) in described(&prepared) {
            let group = trainable.group(handle).map(|(_, group)| group);
            prop_assert_eq!(group.is_some(), trainable.trains(handle));
            let Some(group) = group else { continue };
            trained += parameter.length() as u64;
            prop_assert!(parameter.is_above(freeze_depth), "{}", parameter.name);
            let expected = match parameter.part {
                Part::Head | Part::Finish => 0,
                Part::Block(number) => blocks - number,
                Part::Stem => blocks + 1,
            };
            let expected = config.learning_rate * layer_decay.powi(expected as i32);
            prop_assert!((group.learning_rate - expected).abs() < 1e-12, "{}", parameter.name);
            let is_vector = parameter.shape.len() == 1;
            prop_assert_eq!(group.weight_decay == 0.0, is_vector && !decay_norms_and_biases, "{}", &parameter.name);
        }
        prop_assert!(trained > 0);
        prop_assert_eq!(trained, trainable.count(&prepared.network.parameters));
    }
}

#[test]
fn factors_of_1_give_the_same_bits_as_none() {
    let (base, examples) = (testing::small_bert(2), testing::texts(20, 2));
    let trained = |config: TrainingConfig| {
        let mut training = Training::start(&base, config).unwrap();
        training.train(&examples, Samples(40), &mut go_on).unwrap();
        let predicted = training.predict(&examples.inputs).unwrap();
        predicted.into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    let plain = config(Adapter::None);
    let with_factors = TrainingConfig {
        layer_decay: 1.0,
        head_learning_rate: Some(plain.learning_rate),
        adam_beta1: Some(0.9),
        adam_beta2: Some(0.999),
        ..plain.clone()
    };
    let unchanged = trained(plain.clone());
    assert_eq!(unchanged, trained(with_factors));
    for other in [
        TrainingConfig {
            layer_decay: 0.9,
            ..plain.clone()
        },
        TrainingConfig {
            head_learning_rate: Some(1e-2),
            ..plain.clone()
        },
        TrainingConfig {
            decay_norms_and_biases: false,
            weight_decay: 0.5,
            ..plain.clone()
        },
        TrainingConfig {
            reinit_layers: 1,
            ..plain.clone()
        },
        TrainingConfig {
            schedule: Schedule::OneCycle,
            ..plain.clone()
        },
    ] {
        assert_ne!(plain.fingerprint(), other.fingerprint());
        assert_ne!(unchanged, trained(other.clone()), "{other:?}");
    }
}

/// A pass over some texts with dropout.
fn pass(prepared: &Prepared, parameters: &Parameters, batch: &Batch, labels: &[u32]) -> crate::gradients::Pass {
    let model = Model {
        network: &prepared.network,
        parameters,
        device: Device::Cpu,
    };
    let settings = PassSettings {
        trainable: &prepared.trainable,
        dropout: DropoutKeys::new(0.3, Seed(2), 40),
        drop_path: crate::dropout::DropPath::none(),
    };
    model.pass((batch, None), settings, &|kernels, outputs| {
        kernels.cross_entropy(outputs, labels)
    })
}

fn dense(parameter: &Parameter, gradient: &Gradient) -> Vec<f32> {
    match gradient {
        Gradient::Dense(gradient) => values(gradient),
        Gradient::Rows { .. } => panic!("{} is not a table", parameter.name),
    }
}

#[test]
fn every_gradient_with_an_adapter_is_the_slope_of_the_loss() {
    for family in testing::SMALL {
        let base = testing::small(family, 2);
        let examples = testing::texts(5, 2);
        let batch = crate::batching::gather(&examples.inputs, &[0, 1, 2, 3, 4]);
        for adapter in [low_rank(Targets::AllLinear), Adapter::BiasOnly] {
            let Ok(prepared) = prepare(&base.network, &base.parameters.loaded(), &config(adapter)) else {
                continue;
            };
            let mut parameters = base.parameters.extended(&prepared.network.parameters, Device::Cpu);
            parameters.start_head(Seed(1), Device::Cpu);
            // The second matrix of an adapter begins with zeros, which would hide the first one.
            for (handle, parameter) in described(&prepared) {
                if parameter.role == Role::LowRank {
                    parameters.start_anew(&[handle], Seed(4), Device::Cpu);
                    *parameters.tensor_mut(handle) = parameters.vector(handle) * 10.0;
                }
            }
            let found = pass(&prepared, &parameters, &batch, examples.targets.classes());
            let trained = described(&prepared).filter(|(handle, _)| prepared.trainable.trains(*handle));
            assert_eq!(found.gradients.len(), trained.count(), "{family} {adapter:?}");
            for (handle, gradient) in &found.gradients {
                let parameter = parameters.description(*handle).clone();
                let gradient = dense(&parameter, gradient);
                let squared: f64 = gradient.iter().map(|value| f64::from(value * value)).sum();
                let step = 1e-2 / squared.sqrt().max(1e-6);
                let at = |step: f64| {
                    let mut moved = parameters.clone();
                    let start = values(&moved.vector(*handle));
                    let pairs = start.iter().zip(&gradient);
                    let shifted: Vec<f32> = pairs.map(|(start, slope)| start + step as f32 * slope).collect();
                    *moved.tensor_mut(*handle) = Device::Cpu.tensor(shifted, [start.len()]);
                    pass(&prepared, &moved, &batch, examples.targets.classes()).loss.known()
                };
                let slope = |step: f64| (at(step) - at(-step)) / (2.0 * step);
                // Two steps cancel the curvature's share (Richardson's extrapolation).
                let slope = (4.0 * slope(step / 2.0) - slope(step)) / 3.0;
                let tolerance = 0.03 * squared + 5e-5 * squared.sqrt() + 1e-9;
                assert!(
                    (slope - squared).abs() < tolerance,
                    "{family} {adapter:?} {}: slope {slope}, gradient {squared}",
                    parameter.name
                );
            }
        }
    }
}

#[test]
fn a_checkpoint_of_an_adapter_holds_the_adapter_and_the_new_head_alone() {
    let (base, examples) = (testing::small_bert(2), testing::texts(20, 2));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut training = Training::start(&base, config(low_rank(Targets::QueryValue))).unwrap();
    training.train(&examples, Samples(16), &mut go_on).unwrap();
    training.save_checkpoint(&path).unwrap();
    let file = WeightFile::read(&path).unwrap();
    let names = file.tensors.keys().filter_map(|name| name.strip_prefix("value/"));
    let is_expected =
        |name: &str| name.contains(".lora_") || name.starts_with("classifier") || name.starts_with("pooler");
    let names: Vec<&str> = names.collect();
    assert!(names.iter().all(|name| is_expected(name)), "{names:?}");
    // Two blocks with two layers of two matrices; the pooler and the classifier are new.
    assert_eq!(names.len(), 8 + 4);
}

#[test]
fn an_adapter_leaves_the_base_as_it_was_and_merges_for_export() {
    for family in testing::SMALL {
        let (base, examples) = (testing::small(family, 2), testing::texts(20, 2));
        let folder = tempfile::tempdir().unwrap();
        let mut training = Training::start(&base, config(low_rank(Targets::AllLinear))).unwrap();
        let before = training.predict(&examples.inputs).unwrap();
        training.train(&examples, Samples(40), &mut go_on).unwrap();
        let after = training.predict(&examples.inputs).unwrap();
        assert_ne!(before, after);
        training.export(folder.path()).unwrap();
        let exported = crate::FineTuned::load(folder.path(), Device::Cpu).unwrap();
        let logits = exported.logits(&examples.inputs).unwrap();
        let apart = logits
            .iter()
            .zip(&after)
            .map(|(x, y)| (x - y).abs())
            .fold(0.0, f32::max);
        assert!(apart < 1e-4, "{family}: {apart}");
    }
}

#[test]
fn an_adapter_alone_is_saved_as_peft_saves_it() {
    let (source, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    testing::write_small_bert(source.path());
    let base = Pretrained::load_directory(source.path(), &testing::labels(2), Device::Cpu).unwrap();
    let training = Training::start(&base, config(low_rank(Targets::QueryValue))).unwrap();
    training.export_adapter(folder.path()).unwrap();
    let text = std::fs::read_to_string(folder.path().join("adapter_config.json")).unwrap();
    let words: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&words["r"], &words["lora_alpha"]), (&3.into(), &6.0.into()));
    assert_eq!(words["target_modules"][0], "bert.encoder.layer.0.attention.self.query");
    assert_eq!(
        words["modules_to_save"],
        serde_json::json!(["bert.pooler.dense", "classifier"])
    );
    let file = WeightFile::read(&folder.path().join("adapter_model.safetensors")).unwrap();
    let name = "base_model.model.bert.encoder.layer.1.attention.self.value.lora_A.weight";
    assert_eq!(file.tensors[name].shape, [3, 16]);
    assert_eq!(file.tensors["base_model.model.classifier.weight"].shape, [2, 16]);
    let plain = Training::start(&base, config(Adapter::None)).unwrap();
    let error = plain.export_adapter(folder.path()).unwrap_err().to_string();
    assert!(
        error.starts_with("there is no adapter to save: `adapter` is `none`"),
        "{error}"
    );
}

#[test]
fn last_blocks_can_train_beside_the_adapters_of_the_others() {
    let base = testing::small_bert(2);
    let adapter = Adapter::LowRank(LowRankSettings {
        full_layers: 1,
        ..LowRankSettings::default()
    });
    let prepared = prepared(&base, &config(adapter));
    for (handle, parameter) in described(&prepared) {
        let expected = match parameter.part {
            Part::Block(1) | Part::Head => true,
            Part::Block(_) => parameter.role == Role::LowRank,
            Part::Stem | Part::Finish => false,
        };
        assert_eq!(prepared.trainable.trains(handle), expected, "{}", parameter.name);
        assert!(parameter.role != Role::LowRank || parameter.part == Part::Block(0));
    }
}

#[test]
fn frozen_blocks_have_no_adapters() {
    let base = testing::small_bert(2);
    let config = TrainingConfig {
        freeze_depth: 1,
        ..config(low_rank(Targets::AllLinear))
    };
    let prepared = prepared(&base, &config);
    let adapted = described(&prepared).filter(|(_, parameter)| parameter.role == Role::LowRank);
    assert!(
        adapted
            .into_iter()
            .all(|(_, parameter)| parameter.part == Part::Block(1))
    );
}

#[test]
fn cached_activations_below_an_adapter_change_no_bit() {
    for depth in 0..=2 {
        let (base, examples) = (testing::small_bert(2), testing::texts(20, 2));
        let folder = tempfile::tempdir().unwrap();
        let cache = crate::PrefixCache::new(folder.path().to_path_buf(), 1 << 20);
        let outputs = crate::FrozenOutputs::new(cache, &base, &examples.inputs, &[depth]);
        let config = TrainingConfig {
            freeze_depth: depth,
            ..config(if depth < 2 {
                low_rank(Targets::AllLinear)
            } else {
                Adapter::None
            })
        };
        let trained = |frozen| {
            let data = crate::TrainingData {
                examples: &examples,
                frozen,
            };
            let mut training = Training::start(&base, config.clone()).unwrap();
            training.train(data, Samples(40), &mut go_on).unwrap();
            let predicted = training.predict(&examples.inputs).unwrap();
            predicted.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        assert_eq!(trained(None), trained(Some(&outputs)), "filling, depth {depth}");
        assert_eq!(trained(None), trained(Some(&outputs)), "reading, depth {depth}");
    }
}

#[test]
fn the_last_blocks_begin_anew_and_the_others_as_they_were() {
    let base = testing::small_bert(2);
    let config = TrainingConfig {
        reinit_layers: 1,
        ..config(Adapter::None)
    };
    let prepared = prepared(&base, &config);
    for (handle, parameter) in described(&prepared) {
        assert_eq!(
            prepared.anew.contains(&handle),
            parameter.part == Part::Block(1),
            "{}",
            parameter.name
        );
    }
    let beyond = TrainingConfig {
        reinit_layers: 3,
        ..config
    };
    let error = Training::start(&base, beyond).unwrap_err().to_string();
    assert_eq!(error, "`reinit_layers` is 3; it must be at most 2");
}

#[test]
fn a_model_that_has_nothing_to_adapt_is_refused() {
    let error = |base: &Pretrained, adapter| match Training::start(base, config(adapter)) {
        Err(error @ TrainError::Adapter(_)) => error.to_string(),
        other => panic!("{:?}", other.map(|_| ())),
    };
    let found = error(&testing::resnet8(3), low_rank(Targets::QueryValue));
    assert_eq!(
        found,
        "`adapter` is `lora`, but the blocks that are not frozen have no linear layers of the kind that `lora_targets` \
         names: use another adapter or `none`"
    );
    let llama = testing::SMALL.iter().find(|config| config.contains("llama")).unwrap();
    assert!(error(&testing::small(llama, 2), Adapter::BiasOnly).contains("no biases"));
}

#[test]
fn every_optimizer_learns_with_every_adapter() {
    let (base, examples) = (testing::small_bert(2), testing::texts(40, 2));
    // Plain gradient descent is slow on a plateau: it gets more steps.
    for (optimizer, learning_rate, total) in [
        (OptimizerKind::AdamW, 1e-2, Samples(800)),
        (OptimizerKind::Sgd, 1e-2, Samples(8000)),
        (OptimizerKind::Lion, 3e-3, Samples(800)),
    ] {
        for adapter in [Adapter::None, low_rank(Targets::AllLinear)] {
            let config = TrainingConfig {
                optimizer,
                learning_rate,
                dropout: 0.0,
                total,
                ..config(adapter)
            };
            let mut training = Training::start(&base, config).unwrap();
            let loss = |training: &Training| {
                let metrics = training.evaluate(&examples, &[], &mut || ControlFlow::Continue(()));
                metrics.unwrap()["loss"]
            };
            let before = loss(&training);
            training.train(&examples, total, &mut go_on).unwrap();
            let after = loss(&training);
            assert!(after < 0.8 * before, "{optimizer:?} {adapter:?}: {before} {after}");
        }
    }
}
