use serde_json::Value;

use super::*;
use crate::{Adapter, Augmentation, FineTuned, LowRankSettings, OptimizerKind, data::Targets, testing, units::Seed};

fn config(freeze_depth: usize) -> TrainingConfig {
    TrainingConfig {
        learning_rate: 3e-3,
        batch_size: 8,
        dropout: 0.2,
        freeze_depth,
        warmup_ratio: 0.1,
        total: Samples(150),
        seed: Seed(9),
        ..TrainingConfig::default()
    }
}

/// All cases: a model, its examples and a freeze depth.
fn cases() -> Vec<(Pretrained, Examples, usize)> {
    vec![
        (testing::small_bert(2), testing::texts(30, 2), 0),
        (testing::small_bert(2), testing::texts(30, 2), 1),
        (testing::small_bert(2), testing::texts(30, 2), 2),
        (testing::small_bert(2), testing::windowed(30, 2), 0),
        (testing::small_bert(2), testing::windowed(30, 2), 1),
        (testing::resnet8(3), testing::images(30, 3), 1),
        (testing::resnet8(3), testing::images(30, 3), 4),
    ]
}

fn go_on(_: &Step) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn accuracy() -> automl_metrics::Measure {
    automl_metrics::metric("accuracy").unwrap()
}

/// The bits of all weights.
fn bits(training: &Training) -> Vec<u32> {
    let all = training.parameters.described();
    all.flat_map(|(handle, _)| training.parameters.stored(handle).values)
        .map(f32::to_bits)
        .collect()
}

#[test]
fn a_model_learns_what_can_be_learnt() {
    for (base, examples, depth) in [
        (testing::small_bert(2), testing::texts(60, 2), 0),
        (testing::resnet8(3), testing::images(30, 3), 3),
    ] {
        let config = TrainingConfig {
            total: Samples(600),
            dropout: 0.0,
            learning_rate: 1e-2,
            ..config(depth)
        };
        let mut training = Training::start(&base, config).unwrap();
        let mut on_batch = || ControlFlow::Continue(());
        let before = training.evaluate(&examples, &[accuracy()], &mut on_batch).unwrap();
        let reached = training.train(&examples, Samples(600), &mut go_on).unwrap();
        let after = training.evaluate(&examples, &[accuracy()], &mut on_batch).unwrap();
        assert_eq!((reached.seen, reached.stopped), (Samples(600), false));
        assert!(
            after["loss"] < before["loss"] / 2.0 && after["accuracy"] > 0.9,
            "{before:?} {after:?}"
        );
    }
}

#[test]
fn interrupted_training_continues_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    for (base, examples, depth) in cases() {
        let mut whole = Training::start(&base, config(depth)).unwrap();
        let mut losses = Vec::new();
        let mut record = |step: &Step| {
            losses.push(step.loss.to_bits());
            ControlFlow::Continue(())
        };
        whole.train(&examples, Samples(80), &mut record).unwrap();

        // Stop after every second step, in the middle of epochs, and resume each time as in a new process.
        let mut resumed = Training::start(&base, config(depth)).unwrap();
        let mut resumed_losses = Vec::new();
        while resumed.seen() < Samples(80) {
            let mut steps = 0;
            let mut stop = |step: &Step| {
                resumed_losses.push(step.loss.to_bits());
                steps += 1;
                if steps == 2 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            resumed.train(&examples, Samples(80), &mut stop).unwrap();
            resumed.save_checkpoint(&path).unwrap();
            resumed = Training::resume(&base, config(depth), &path).unwrap();
        }
        assert_eq!(losses, resumed_losses);
        assert!(bits(&whole) == bits(&resumed), "freeze depth {depth}");
    }
}

#[test]
fn every_optimizer_and_adapter_continues_to_the_same_bits() {
    let low_rank = Adapter::LowRank(LowRankSettings {
        dropout: 0.1,
        ..LowRankSettings::default()
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let (base, examples) = (testing::small_bert(2), testing::texts(30, 2));
    for optimizer in [OptimizerKind::AdamW, OptimizerKind::Sgd, OptimizerKind::Lion] {
        for adapter in [Adapter::None, Adapter::BiasOnly, low_rank] {
            let config = TrainingConfig {
                optimizer,
                adapter,
                layer_decay: 0.8,
                decay_norms_and_biases: false,
                reinit_layers: 1,
                ..config(0)
            };
            let mut resumed = Training::start(&base, config.clone()).unwrap();
            for stop in [12, 30, 53, 80] {
                resumed.train(&examples, Samples(stop), &mut go_on).unwrap();
                resumed.save_checkpoint(&path).unwrap();
                resumed = Training::resume(&base, config.clone(), &path).unwrap();
            }
            let mut same = Training::start(&base, config.clone()).unwrap();
            for stop in [12, 30, 53, 80] {
                same.train(&examples, Samples(stop), &mut go_on).unwrap();
            }
            assert!(bits(&same) == bits(&resumed), "{optimizer:?} {adapter:?}");
            for other in [OptimizerKind::AdamW, OptimizerKind::Sgd, OptimizerKind::Lion] {
                let other = TrainingConfig {
                    optimizer: other,
                    ..config.clone()
                };
                assert_eq!(
                    Training::inherit(&base, other.clone(), &path).is_ok(),
                    other.optimizer == optimizer
                );
            }
        }
    }
}

#[test]
fn a_rung_inside_a_batch_is_reached_exactly_and_every_example_is_seen_once() {
    let (base, examples) = (testing::small_bert(2), testing::texts(30, 2));
    let mut training = Training::start(&base, config(2)).unwrap();
    for rung in [5, 13, 30, 31, 60] {
        let reached = training.train(&examples, Samples(rung), &mut go_on).unwrap();
        assert_eq!(reached.seen, Samples(rung));
    }
    assert_eq!(training.seen(), Samples(60));
    let reached = training.train(&examples, Samples(60), &mut go_on).unwrap();
    assert_eq!(
        (reached.seen, reached.loss),
        (Samples(60), None),
        "nothing is left to do"
    );
}

#[test]
fn trials_share_their_base_and_leave_it_as_it_was() {
    let (base, examples) = (testing::small_bert(2), testing::texts(30, 2));
    let start = bits(&Training::start(&base, config(0)).unwrap());
    let mut training = Training::start(&base, config(0)).unwrap();
    training.train(&examples, Samples(40), &mut go_on).unwrap();
    assert!(bits(&training) != start);
    assert!(bits(&Training::start(&base, config(0)).unwrap()) == start);
}

#[test]
fn what_is_frozen_keeps_its_bits() {
    for (base, examples, depth) in cases() {
        let start = Training::start(&base, config(depth)).unwrap();
        let mut training = start.clone();
        training.train(&examples, Samples(24), &mut go_on).unwrap();
        for (handle, parameter) in start.parameters.described() {
            let changed = start.parameters.stored(handle) != training.parameters.stored(handle);
            assert_eq!(
                changed,
                parameter.is_above(depth),
                "{} at freeze depth {depth}",
                parameter.name
            );
        }
    }
}

#[test]
fn a_learning_rate_beyond_reason_diverges_with_an_error() {
    let (base, examples) = (testing::small_bert(2), testing::texts(30, 2));
    let wild = TrainingConfig {
        learning_rate: 1e30,
        max_grad_norm: None,
        warmup_ratio: 0.0,
        ..config(0)
    };
    let mut training = Training::start(&base, wild).unwrap();
    let error = training.train(&examples, Samples(150), &mut go_on).unwrap_err();
    assert!(matches!(error, TrainError::Diverged { .. }), "{error}");
}

#[test]
fn a_damaged_or_foreign_checkpoint_is_refused() {
    let (base, examples) = (testing::small_bert(2), testing::texts(30, 2));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut training = Training::start(&base, config(1)).unwrap();
    training.train(&examples, Samples(8), &mut go_on).unwrap();
    training.save_checkpoint(&path).unwrap();
    let refused = |base: &Pretrained, depth: usize| match Training::resume(base, config(depth), &path).unwrap_err() {
        TrainError::Checkpoint(error) => error,
        other => panic!("{other}"),
    };
    assert!(matches!(
        refused(&base, 2),
        CheckpointError::Foreign {
            what: "freeze depth",
            ..
        }
    ));
    assert!(matches!(
        refused(&testing::small_bert(3), 1),
        CheckpointError::Foreign { .. }
    ));
    for other in [
        TrainingConfig {
            seed: Seed(99),
            ..config(1)
        },
        TrainingConfig {
            learning_rate: 0.123,
            ..config(1)
        },
    ] {
        let error = Training::resume(&base, other.clone(), &path).unwrap_err();
        assert!(
            matches!(
                &error,
                TrainError::Checkpoint(CheckpointError::Foreign { what: "the trial", .. })
            ),
            "{error}"
        );
        assert_eq!(Training::inherit(&base, other, &path).unwrap().seen(), Samples(8));
    }
    let whole = std::fs::read(&path).unwrap();
    for place in [whole.len() - 1, whole.len() / 2, whole.len() / 4 * 3] {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x40;
        std::fs::write(&path, &damaged).unwrap();
        let error = refused(&base, 1);
        assert!(
            matches!(error, CheckpointError::Damaged { .. } | CheckpointError::File(_)),
            "{error}"
        );
    }
    std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
    assert!(refused(&base, 1).to_string().contains("cut short"));
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(Training::resume(&base, config(1), &path).unwrap().seen(), Samples(8));
}

#[test]
fn an_exported_model_gives_the_same_logits() {
    for (base, examples, depth) in cases() {
        let folder = tempfile::tempdir().unwrap();
        let mut training = Training::start(&base, config(depth)).unwrap();
        training.train(&examples, Samples(24), &mut go_on).unwrap();
        training.export(folder.path()).unwrap();
        let exported = FineTuned::load(folder.path(), base.device()).unwrap();
        assert_eq!(exported.labels(), base.labels());
        assert_eq!(
            exported.logits(&examples.inputs).unwrap(),
            training.predict(&examples.inputs).unwrap()
        );
        // An export can be loaded as a pretrained model.
        Pretrained::load_directory(folder.path(), &testing::labels(4), base.device()).unwrap();
    }
}

#[test]
fn an_exported_bert_says_what_transformers_needs() {
    let (source, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    testing::write_small_bert(source.path());
    let base = Pretrained::load_directory(source.path(), &testing::labels(2), super::super::Device::Cpu).unwrap();
    Training::start(&base, config(0))
        .unwrap()
        .export(folder.path())
        .unwrap();
    let text = std::fs::read_to_string(folder.path().join("config.json")).unwrap();
    let config: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(config["architectures"][0], "BertForSequenceClassification");
    assert_eq!(config["id2label"]["1"], "class 1");
    assert_eq!(config["label2id"]["class 1"], 1);
    assert_eq!(config["hidden_size"], 16);
    assert!(
        folder.path().join("tokenizer.json").exists(),
        "the tokenizer comes along"
    );
    let file = super::super::weights::WeightFile::read(&folder.path().join("model.safetensors")).unwrap();
    assert_eq!(file.tensors["bert.pooler.dense.weight"].shape, [16, 16]);
    assert_eq!(file.tensors["classifier.weight"].shape, [2, 16]);
    assert_eq!(file.metadata["format"], "pt");
}

#[test]
fn settings_and_examples_that_cannot_be_are_refused() {
    let base = testing::small_bert(2);
    let message = |config| Training::start(&base, config).unwrap_err().to_string();
    assert_eq!(message(config(3)), "`freeze_depth` is 3; it must be at most 2");
    let without_samples = TrainingConfig {
        total: Samples(0),
        ..config(0)
    };
    assert_eq!(message(without_samples), "`total` is 0; it must be 1 sample or more");
    let mut training = Training::start(&base, config(0)).unwrap();
    let mut refused = |examples: &Examples| {
        training
            .train(examples, Samples(8), &mut go_on)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(&testing::images(2, 2)),
        "the model takes texts, the data are images"
    );
    let one = |text: Vec<u32>, label| Examples {
        inputs: Inputs::of_ids([text]),
        targets: Targets::Classes(vec![label]),
    };
    assert_eq!(
        refused(&one(vec![1; 13], 0)),
        "text 0 has 13 tokens, the model takes 1 to 12"
    );
    assert_eq!(
        refused(&one(vec![50], 0)),
        "text 0 has the token 50, the model's vocabulary ends before 50"
    );
    assert_eq!(
        refused(&one(vec![1], 2)),
        "example 0 has the class 2, the model has 2 classes"
    );
    assert_eq!(refused(&one(vec![], 0)), "text 0 has 0 tokens, the model takes 1 to 12");
}

#[test]
fn an_evaluation_can_be_broken_off() {
    let training = Training::start(&testing::small_bert(2), config(0)).unwrap();
    let error = training
        .evaluate(&testing::texts(30, 2), &[], &mut || ControlFlow::Break(()))
        .unwrap_err();
    assert!(matches!(error, TrainError::Stopped));
}

#[test]
fn a_step_in_parts_is_the_same_step() {
    // Only networks without batch statistics, because those need the whole batch.
    for (base, examples, depth) in cases().into_iter().take(5) {
        let step = |micro_batches| {
            let config = TrainingConfig {
                micro_batches,
                dropout: 0.0,
                ..config(depth)
            };
            let mut training = Training::start(&base, config).unwrap();
            let mut losses = Vec::new();
            let note = &mut |step: &Step| {
                losses.push((step.loss, step.gradient_norm));
                ControlFlow::Continue(())
            };
            training.train(&examples, Samples(24), note).unwrap();
            losses
        };
        let whole = step(1);
        for parts in [2, 3] {
            for (one, other) in whole.iter().zip(step(parts)) {
                assert!((one.0 - other.0).abs() < 1e-4, "{one:?} {other:?}");
                assert!((one.1 - other.1).abs() < 1e-3 * one.1.max(1.0), "{one:?} {other:?}");
            }
        }
    }
}

#[test]
fn a_loss_against_unequal_classes_is_the_same_in_any_parts_of_a_batch_and_continues_exactly() {
    let base = testing::small_bert(2);
    let mut examples = testing::texts(30, 2);
    examples.targets = Targets::Classes((0..30).map(|text| u32::from(text % 5 == 0)).collect());
    let given = crate::ClassWeights::Given(vec![("class 1".to_owned(), 4.0)]);
    let config = |class_weights: &crate::ClassWeights, micro_batches| TrainingConfig {
        class_weights: class_weights.clone(),
        focal_gamma: 1.5,
        label_smoothing: 0.1,
        dropout: 0.0,
        micro_batches,
        ..config(0)
    };
    let first_loss = |config: TrainingConfig| {
        let mut training = Training::start(&base, config).unwrap();
        training.train(&examples, Samples(8), &mut go_on).unwrap().loss.unwrap()
    };
    for weights in [&given, &crate::ClassWeights::Balanced] {
        let whole = first_loss(config(weights, 1));
        let parts = first_loss(config(weights, 3));
        assert!((whole - parts).abs() < 1e-6, "{whole} {parts}");
        let plain = first_loss(config(&crate::ClassWeights::None, 1));
        assert!((whole - plain).abs() > 1e-4, "{weights:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let train = |training: &mut Training, to| {
        training.train(&examples, Samples(to), &mut go_on).unwrap();
    };
    let mut same = Training::start(&base, config(&given, 1)).unwrap();
    train(&mut same, 13);
    same.save_checkpoint(&path).unwrap();
    train(&mut same, 60);
    let mut resumed = Training::resume(&base, config(&given, 1), &path).unwrap();
    train(&mut resumed, 60);
    assert!(bits(&same) == bits(&resumed));
    let other = crate::ClassWeights::Given(vec![("class 1".to_owned(), 5.0)]);
    assert!(
        Training::resume(&base, config(&other, 1), &path).is_err(),
        "another trial"
    );
}

#[test]
fn a_loss_for_classes_needs_classes() {
    let mut base = testing::small_bert(2);
    base.task = crate::tasks::task(crate::tasks::TaskKind::Regression).unwrap();
    let smooth = TrainingConfig {
        label_smoothing: 0.1,
        ..config(0)
    };
    let error = Training::check(&base, &smooth).unwrap_err().to_string();
    assert_eq!(
        error,
        "`label_smoothing` is for classes or labels, but the task is regression: leave it out"
    );
}

/// A small `ConvNeXt` and images for it.
fn convnext() -> (Pretrained, Examples) {
    let config = testing::SMALL_IMAGES
        .iter()
        .find(|config| config.contains("\"convnext\""));
    (testing::small(config.unwrap(), 3), testing::images(30, 3))
}

/// Every change of images, stochastic depth and a moving average.
fn augmented(freeze_depth: usize) -> TrainingConfig {
    TrainingConfig {
        augmentation: Augmentation {
            horizontal_flip: 0.5,
            crop_scale: 0.4,
            jitter_brightness: 0.3,
            jitter_contrast: 0.3,
            jitter_saturation: 0.3,
            jitter_hue: 0.1,
            randaugment_ops: 1,
            random_erasing: 0.3,
            mixup_alpha: 0.4,
            cutmix_alpha: 1.0,
            mix_probability: 0.8,
            views: 2,
            ..Augmentation::default()
        },
        label_smoothing: 0.1,
        drop_path: 0.4,
        ema: 0.9,
        ..config(freeze_depth)
    }
}

/// The bits of the values that are evaluated.
fn evaluated_bits(training: &Training) -> Vec<u32> {
    let result = training.result();
    let all = result.described();
    all.flat_map(|(handle, _)| result.stored(handle).values)
        .map(f32::to_bits)
        .collect()
}

#[test]
fn augmented_training_continues_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let (base, examples) = convnext();
    for depth in [0, 1] {
        let stops = [5, 8, 30, 41, 80];
        let mut whole = Training::start(&base, augmented(depth)).unwrap();
        let mut resumed = Training::start(&base, augmented(depth)).unwrap();
        for stop in stops {
            whole.train(&examples, Samples(stop), &mut go_on).unwrap();
            resumed.train(&examples, Samples(stop), &mut go_on).unwrap();
            resumed.save_checkpoint(&path).unwrap();
            resumed = Training::resume(&base, augmented(depth), &path).unwrap();
        }
        assert!(bits(&whole) == bits(&resumed), "freeze depth {depth}");
        assert!(
            evaluated_bits(&whole) == evaluated_bits(&resumed),
            "freeze depth {depth}"
        );
        assert!(bits(&whole) != evaluated_bits(&whole), "the average is another one");
    }
}

#[test]
fn each_change_of_images_makes_another_model() {
    let (base, examples) = convnext();
    let trained = |config: TrainingConfig| {
        let mut training = Training::start(&base, config).unwrap();
        training.train(&examples, Samples(16), &mut go_on).unwrap();
        bits(&training)
    };
    let plain = trained(config(0));
    let set: [fn(&mut Augmentation); 10] = [
        |settings| settings.horizontal_flip = 0.5,
        |settings| settings.crop_scale = 0.5,
        |settings| settings.jitter_brightness = 0.5,
        |settings| settings.jitter_contrast = 0.5,
        |settings| settings.jitter_saturation = 0.5,
        |settings| settings.jitter_hue = 0.5,
        |settings| settings.randaugment_ops = 1,
        |settings| settings.random_erasing = 1.0,
        |settings| settings.mixup_alpha = 0.5,
        |settings| settings.cutmix_alpha = 0.5,
    ];
    for set in set {
        let mut changed = config(0);
        set(&mut changed.augmentation);
        assert!(trained(changed.clone()) != plain, "{:?}", changed.augmentation);
        // Frozen layers see images as they are, unless views are asked for.
        changed.freeze_depth = 1;
        assert!(
            trained(changed.clone()) == trained(config(1)),
            "{:?}",
            changed.augmentation
        );
        changed.augmentation.views = 2;
        let is_mixed = changed.augmentation.mixes();
        assert_eq!(trained(changed.clone()) == trained(config(1)), is_mixed, "{changed:?}");
    }
    assert!(
        trained(TrainingConfig {
            drop_path: 0.5,
            ..config(0)
        }) != plain
    );
}

#[test]
fn a_batch_in_parts_has_the_same_images_mixtures_and_branches() {
    let (base, examples) = convnext();
    let losses = |micro_batches: usize| {
        let config = TrainingConfig {
            micro_batches,
            dropout: 0.0,
            ..augmented(0)
        };
        let mut training = Training::start(&base, config).unwrap();
        let mut losses = Vec::new();
        let mut record = |step: &Step| {
            losses.push(step.loss);
            ControlFlow::Continue(())
        };
        training.train(&examples, Samples(30), &mut record).unwrap();
        losses
    };
    let whole = losses(1);
    for (found, expected) in losses(3).into_iter().zip(whole) {
        assert!((found - expected).abs() < 1e-4, "{found} {expected}");
    }
}

#[test]
fn cached_views_give_the_bits_of_computed_ones() {
    let (base, examples) = (testing::resnet8(3), testing::images(30, 3));
    let config = TrainingConfig {
        drop_path: 0.0,
        ..augmented(3)
    };
    let folder = tempfile::tempdir().unwrap();
    let cache = crate::PrefixCache::new(folder.path().to_owned(), 1 << 30);
    let frozen = FrozenOutputs::new(cache, &base, &examples.inputs, &[3]);
    let trained = |frozen: Option<&FrozenOutputs>| {
        let mut training = Training::start(&base, config.clone()).unwrap();
        let data = TrainingData {
            examples: &examples,
            frozen,
        };
        training.train(data, Samples(75), &mut go_on).unwrap();
        bits(&training)
    };
    let computed = trained(None);
    assert!(trained(Some(&frozen)) == computed);
    assert!(trained(Some(&frozen)) == computed, "read from the cache");
    // Two views, and nothing of images that are not changed.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn the_average_is_evaluated_and_exported() {
    let (base, examples) = convnext();
    let config = TrainingConfig { ema: 0.99, ..config(0) };
    let mut training = Training::start(&base, config.clone()).unwrap();
    training.train(&examples, Samples(64), &mut go_on).unwrap();
    let folder = tempfile::tempdir().unwrap();
    training.export(folder.path()).unwrap();
    let outputs = training.predict(&examples.inputs).unwrap();
    let exported = FineTuned::load(folder.path(), base.device).unwrap();
    let apart = outputs
        .iter()
        .zip(exported.logits(&examples.inputs).unwrap())
        .map(|(one, other)| (one - other).abs());
    assert!(apart.fold(0.0, f32::max) < 1e-6);
    // Without the average the same trial has other outputs.
    let raw = training.with(TrainingConfig { ema: 0.0, ..config }).unwrap();
    assert_ne!(raw.predict(&examples.inputs).unwrap(), outputs);
}

#[test]
fn changes_of_images_are_refused_for_texts_and_depth_where_there_is_none() {
    let refused = |base: &Pretrained, config: TrainingConfig| Training::check(base, &config).unwrap_err().to_string();
    let flipped = TrainingConfig {
        augmentation: Augmentation {
            horizontal_flip: 0.5,
            ..Augmentation::default()
        },
        ..config(0)
    };
    let deep = TrainingConfig {
        drop_path: 0.1,
        ..config(0)
    };
    let too_much = TrainingConfig {
        augmentation: Augmentation {
            jitter_hue: 0.6,
            ..Augmentation::default()
        },
        ..config(0)
    };
    insta::assert_snapshot!(refused(&testing::small_bert(2), flipped), @"`horizontal_flip` is for images, but the model takes texts: leave it out");
    insta::assert_snapshot!(refused(&testing::resnet8(3), deep.clone()), @"the model has no blocks for `drop_path` (stochastic depth): leave it out");
    insta::assert_snapshot!(refused(&testing::small_bert(2), deep), @"the model has no blocks for `drop_path` (stochastic depth): leave it out");
    insta::assert_snapshot!(refused(&testing::resnet8(3), too_much), @"`jitter_hue` is 0.6; it must be 0 to 0.5");
}
