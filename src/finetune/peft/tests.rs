use std::ops::ControlFlow;

use serde_json::json;

use super::*;
use crate::{
    Adapter, Device, FineTuned, LowRankSettings, Pretrained, Targets, Training, TrainingConfig, tasks, testing,
    units::Samples,
};

fn config(settings: LowRankSettings) -> TrainingConfig {
    TrainingConfig {
        learning_rate: 1e-2,
        batch_size: 8,
        adapter: Adapter::LowRank(settings),
        total: Samples(40),
        ..TrainingConfig::default()
    }
}

/// A base model in a folder, and a trained adapter of it in another.
fn adapted(family: &str, settings: LowRankSettings) -> (tempfile::TempDir, tempfile::TempDir, Training) {
    let [source, folder] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    testing::write_small(family, source.path());
    let base = Pretrained::load_directory(source.path(), &testing::labels(2), Device::Cpu).unwrap();
    let mut training = Training::start(&base, config(settings)).unwrap();
    let examples = testing::texts(20, 2);
    training
        .train(&examples, Samples(40), &mut |_| ControlFlow::Continue(()))
        .unwrap();
    training.export_adapter(folder.path()).unwrap();
    (source, folder, training)
}

fn apart(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let pairs = found.iter().zip(expected);
    pairs
        .map(|(found, expected)| (found - expected).abs())
        .fold(0.0, f32::max)
}

#[test]
fn our_own_adapters_load_again_with_equal_logits_in_every_family() {
    let examples = testing::texts(20, 2);
    for family in testing::SMALL {
        let settings = LowRankSettings {
            rank: 3,
            alpha: 6.0,
            targets: Targets::AllLinear,
            ..LowRankSettings::default()
        };
        let (source, folder, training) = adapted(family, settings);
        let adapter = PeftAdapter::read(folder.path()).unwrap().unwrap();
        assert_eq!(adapter.base_folder().unwrap(), source.path(), "{family}");
        let model = FineTuned::load_adapted((source.path(), Some(&adapter)), Device::Cpu).unwrap();
        assert_eq!(model.labels(), testing::labels(2));
        let expected = training.predict(&examples.inputs).unwrap();
        let found = model.logits(&examples.inputs).unwrap();
        assert!(
            apart(&found, &expected) < 1e-5,
            "{family}: {}",
            apart(&found, &expected)
        );
        let plain = Pretrained::load_directory(source.path(), &testing::labels(2), Device::Cpu).unwrap();
        assert_ne!(plain.checksum(), adapter.checksum());
    }
}

#[test]
fn training_continues_from_the_merged_model() {
    let settings = LowRankSettings {
        is_rank_stabilized: true,
        targets: Targets::Attention,
        ..LowRankSettings::default()
    };
    let (source, folder, training) = adapted(testing::SMALL[0], settings);
    let merged = tempfile::tempdir().unwrap();
    training.export(merged.path()).unwrap();
    let adapter = PeftAdapter::read(folder.path()).unwrap().unwrap();
    let labels = testing::labels(3);
    let outputs = (tasks::TASKS[0], labels.as_slice());
    let from_adapter = Pretrained::load_adapted((source.path(), Some(&adapter)), outputs, Device::Cpu).unwrap();
    let from_merged = Pretrained::load(merged.path(), outputs, Device::Cpu).unwrap();
    let examples = testing::texts(20, 3);
    let logits = |base: &Pretrained| {
        let mut training = Training::start(base, config(LowRankSettings::default())).unwrap();
        training
            .train(&examples, Samples(16), &mut |_| ControlFlow::Continue(()))
            .unwrap();
        let refused = training
            .export_adapter(merged.path())
            .err()
            .map(|error| error.to_string());
        (training.predict(&examples.inputs).unwrap(), refused)
    };
    let ((found, refused), (expected, allowed)) = (logits(&from_adapter), logits(&from_merged));
    assert!(apart(&found, &expected) < 1e-4);
    assert!(allowed.is_none(), "{allowed:?}");
    assert!(refused.unwrap().contains("merged from another adapter"));
}

#[test]
fn an_adapter_without_a_configuration_of_the_model_takes_that_of_its_base() {
    let (source, folder, training) = adapted(testing::SMALL[0], LowRankSettings::default());
    std::fs::remove_file(folder.path().join(MERGED_CONFIG)).unwrap();
    let adapter = PeftAdapter::read(folder.path()).unwrap().unwrap();
    let model = FineTuned::load_adapted((source.path(), Some(&adapter)), Device::Cpu).unwrap();
    assert_eq!(model.labels(), ["LABEL_0", "LABEL_1"]);
    let inputs = testing::texts(20, 2).inputs;
    let found = model.logits(&inputs).unwrap();
    assert!(apart(&found, &training.predict(&inputs).unwrap()) < 1e-5);
}

/// The message for an adapter with other settings.
fn refused(change: &Value) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut config = json!({"peft_type": "LORA", "base_model_name_or_path": "base", "r": 4, "lora_alpha": 8});
    for (key, value) in change.as_object().unwrap() {
        config[key] = value.clone();
    }
    std::fs::write(folder.path().join(CONFIG), config.to_string()).unwrap();
    std::fs::write(folder.path().join(WEIGHTS), "").unwrap();
    match PeftAdapter::read(folder.path()) {
        Ok(_) => "taken".to_owned(),
        Err(error) => error.to_string().replace(folder.path().to_str().unwrap(), "DIR"),
    }
}

#[test]
fn settings_that_are_not_supported_are_named() {
    let changes = [
        json!({"peft_type": "IA3"}),
        json!({"use_dora": true, "lora_bias": true}),
        json!({"bias": "all"}),
        json!({"init_lora_weights": "pissa"}),
        json!({"alpha_pattern": {"query": 4}, "use_qalora": false, "eva_config": null}),
        json!({"something_new": {"of": 1}}),
        json!({"base_model_name_or_path": null}),
        json!({"init_lora_weights": "gaussian", "loftq_config": {}, "modules_to_save": ["classifier"]}),
    ];
    insta::assert_snapshot!(changes.iter().map(refused).collect::<Vec<_>>().join("\n"), @r#"
    the adapter `DIR` has `peft_type: IA3`, which is not supported: merge it with `merge_and_unload()` of `peft`, save that model, and use its folder
    the adapter `DIR` has `lora_bias: true` and `use_dora: true`, which is not supported: merge it with `merge_and_unload()` of `peft`, save that model, and use its folder
    the adapter `DIR` has `bias: all`, which is not supported: merge it with `merge_and_unload()` of `peft`, save that model, and use its folder
    the adapter `DIR` has `init_lora_weights: pissa`, which is not supported: merge it with `merge_and_unload()` of `peft`, save that model, and use its folder
    the adapter `DIR` has `alpha_pattern: {"query":4}`, which is not supported: merge it with `merge_and_unload()` of `peft`, save that model, and use its folder
    the adapter `DIR` has `something_new: {"of":1}`, which is not supported: merge it with `merge_and_unload()` of `peft`, save that model, and use its folder
    `DIR/adapter_config.json` cannot be used: it has no `base_model_name_or_path`
    taken
    "#);
}

#[test]
fn an_adapter_of_another_model_or_of_other_modules_is_refused() {
    let (source, folder, _) = adapted(testing::SMALL[0], LowRankSettings::default());
    let path = folder.path().join(WEIGHTS);
    let whole = WeightFile::read(&path).unwrap();
    let message = |change: &dyn Fn(&mut WeightFile)| {
        let mut file = whole.clone();
        change(&mut file);
        file.write(&path).unwrap();
        let adapter = PeftAdapter::read(folder.path()).unwrap().unwrap();
        let error = FineTuned::load_adapted((source.path(), Some(&adapter)), Device::Cpu).unwrap_err();
        let message = error.to_string().replace(folder.path().to_str().unwrap(), "DIR");
        message.replace(source.path().to_str().unwrap(), "BASE")
    };
    let query = "base_model.model.bert.encoder.layer.0.attention.self.query";
    let [down, up] = ["lora_A", "lora_B"].map(|factor| format!("{query}.{factor}.weight"));
    let moved = |file: &mut WeightFile, name: &str, to: &str| {
        let tensor = file.tensors.remove(name).unwrap();
        file.tensors.insert(to.to_owned(), tensor);
    };
    let messages = [
        message(&|file| {
            moved(file, &down, &down.replace("layer.0", "layer.7"));
            moved(file, &up, &up.replace("layer.0", "layer.7"));
        }),
        message(&|file| drop(file.tensors.remove(&up))),
        message(&|file| file.tensors.get_mut(&down).unwrap().shape = vec![16, 8]),
        message(&|file| {
            let name = "base_model.model.bert.embeddings.word_embeddings.weight";
            moved(file, &down, name);
        }),
    ];
    insta::assert_snapshot!(messages.join("\n"), @"
    the adapter `DIR` does not fit its base model `BASE`: it adapts `encoder.layer.7.attention.self.query.weight`, which the model does not have
    the adapter `DIR` does not fit its base model `BASE`: `encoder.layer.0.attention.self.query.weight` has only one of `lora_A` and `lora_B`
    the adapter `DIR` does not fit its base model `BASE`: `encoder.layer.0.attention.self.query.weight` has shape [16, 16], and its adapter [16, 8] and [16, 8]
    the adapter `DIR` has `modules_to_save` with `bert.embeddings.word_embeddings.weight`, which is not supported: merge it with `merge_and_unload()` of `peft`, save that model, and use its folder
    ");
}
