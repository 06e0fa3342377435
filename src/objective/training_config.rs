//! The training settings of a configuration.

use crate::finetune::{
    Adapter, Augmentation, ClassWeights, LowRankSettings, OptimizerKind, Schedule, Targets, TrainError, TrainingConfig,
};
use crate::space::{Configuration, Value};
use crate::spec::numbers_by_name;
use crate::units::{Samples, Seed};

/// The training settings of a configuration; parameters that it leaves out have the training's defaults.
///
/// The learning-rate schedule spans `total` samples.
///
/// # Errors
/// Returns [`TrainError::Word`] if a word is unknown, such as the name of a schedule.
pub fn training_config(
    configuration: &Configuration,
    total: Samples,
    seed: Seed,
) -> Result<TrainingConfig, TrainError> {
    let given = Given(configuration);
    let default = TrainingConfig {
        total,
        seed,
        ..TrainingConfig::default()
    };
    // Earlier versions call it `scheduler`.
    let [schedule, old_schedule] = ["lr_schedule", "scheduler"].map(|name| {
        given.word(name, Schedule::named, || {
            Schedule::ALL.iter().map(|(name, _)| *name).collect()
        })
    });
    Ok(TrainingConfig {
        learning_rate: given.number("learning_rate", default.learning_rate),
        batch_size: given.number("batch_size", default.batch_size as f64) as usize,
        dropout: given.number("dropout", default.dropout),
        weight_decay: given.number("weight_decay", default.weight_decay),
        freeze_depth: given.number("freeze_depth", 0.0) as usize,
        schedule: schedule?.or(old_schedule?).unwrap_or(default.schedule),
        warmup_ratio: given.number("warmup_ratio", default.warmup_ratio),
        lr_power: given.number("lr_power", default.lr_power),
        max_grad_norm: given.optional("max_grad_norm").or(default.max_grad_norm),
        optimizer: given
            .word("optimizer", OptimizerKind::named, OptimizerKind::names)?
            .unwrap_or(default.optimizer),
        adam_beta1: given.optional("adam_beta1"),
        adam_beta2: given.optional("adam_beta2"),
        adam_epsilon: given.number("adam_epsilon", default.adam_epsilon),
        momentum: given.number("momentum", default.momentum),
        layer_decay: given.number("layer_decay", default.layer_decay),
        head_learning_rate: given.optional("head_learning_rate"),
        decay_norms_and_biases: given.flag("decay_norms_and_biases", default.decay_norms_and_biases)?,
        reinit_layers: given.number("reinit_layers", 0.0) as usize,
        adapter: given.adapter()?,
        class_weights: given.class_weights()?,
        focal_gamma: given.number("focal_gamma", default.focal_gamma),
        label_smoothing: given.number("label_smoothing", default.label_smoothing),
        augmentation: given.augmentation(default.augmentation),
        drop_path: given.number("drop_path", default.drop_path),
        ema: given.number("ema", default.ema),
        max_length: given.optional("max_length").map(|length| length as usize),
        ..default
    })
}

/// The values of a configuration.
#[derive(Clone, Copy)]
struct Given<'a>(&'a Configuration);

impl Given<'_> {
    fn optional(self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(Value::as_f64)
    }

    fn number(self, name: &str, default: f64) -> f64 {
        self.optional(name).unwrap_or(default)
    }

    /// A word that `named` knows; `None` if the configuration does not have the parameter.
    fn word<T>(
        self,
        name: &'static str,
        named: impl Fn(&str) -> Option<T>,
        known: impl Fn() -> Vec<&'static str>,
    ) -> Result<Option<T>, TrainError> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        match value.as_str().and_then(named) {
            Some(found) => Ok(Some(found)),
            None => Err(TrainError::Word {
                name,
                value: value.to_string(),
                known: known().join(", "),
            }),
        }
    }

    fn flag(self, name: &'static str, default: bool) -> Result<bool, TrainError> {
        match self.0.get(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(value) => Err(TrainError::Word {
                name,
                value: value.to_string(),
                known: "true, false".to_owned(),
            }),
        }
    }

    fn augmentation(self, usual: Augmentation) -> Augmentation {
        Augmentation {
            horizontal_flip: self.number("horizontal_flip", usual.horizontal_flip),
            crop_scale: self.number("crop_scale", usual.crop_scale),
            crop_ratio: self.number("crop_ratio", usual.crop_ratio),
            jitter_brightness: self.number("jitter_brightness", usual.jitter_brightness),
            jitter_contrast: self.number("jitter_contrast", usual.jitter_contrast),
            jitter_saturation: self.number("jitter_saturation", usual.jitter_saturation),
            jitter_hue: self.number("jitter_hue", usual.jitter_hue),
            randaugment_ops: self.number("randaugment_ops", usual.randaugment_ops as f64) as usize,
            randaugment_magnitude: self.number("randaugment_magnitude", usual.randaugment_magnitude),
            random_erasing: self.number("random_erasing", usual.random_erasing),
            mixup_alpha: self.number("mixup_alpha", usual.mixup_alpha),
            cutmix_alpha: self.number("cutmix_alpha", usual.cutmix_alpha),
            mix_probability: self.number("mix_probability", usual.mix_probability),
            mix_switch: self.number("mix_switch", usual.mix_switch),
            views: self.number("views", usual.views as f64) as usize,
        }
    }

    fn class_weights(self) -> Result<ClassWeights, TrainError> {
        if let Some(weights) = self.0.get("class_weights").and_then(numbers_by_name) {
            return Ok(ClassWeights::Given(weights));
        }
        let known = || ClassWeights::WORDS.map(|(word, _)| word).into();
        let named = |word: &str| ClassWeights::WORDS.into_iter().find(|(known, _)| *known == word);
        let found = self.word("class_weights", named, known)?;
        Ok(found.map(|(_, weights)| weights).unwrap_or_default())
    }

    fn adapter(self) -> Result<Adapter, TrainError> {
        let usual = LowRankSettings::default();
        let low_rank = LowRankSettings {
            rank: self.number("lora_rank", usual.rank as f64) as usize,
            alpha: self.number("lora_alpha", usual.alpha),
            dropout: self.number("lora_dropout", usual.dropout),
            targets: self
                .word("lora_targets", Targets::named, || {
                    Targets::ALL.iter().map(|(name, _)| *name).collect()
                })?
                .unwrap_or(usual.targets),
            is_rank_stabilized: self.flag("lora_rslora", usual.is_rank_stabilized)?,
            full_layers: self.number("lora_full_layers", usual.full_layers as f64) as usize,
        };
        let all = [Adapter::None, Adapter::LowRank(low_rank), Adapter::BiasOnly];
        let named = |word: &str| all.into_iter().find(|adapter| adapter.name() == word);
        let found = self.word("adapter", named, || all.map(Adapter::name).into())?;
        Ok(found.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{HYPERPARAMETERS, HyperparameterKind};

    fn config(values: &[(&str, Value)]) -> Result<TrainingConfig, TrainError> {
        let mut configuration = Configuration::default();
        for (name, value) in values {
            configuration.set(*name, value.clone());
        }
        training_config(&configuration, Samples(100), Seed(1))
    }

    fn text(word: &str) -> Value {
        Value::Text(word.to_owned())
    }

    #[test]
    fn every_word_that_a_spec_accepts_is_known_to_the_training() {
        for known in HYPERPARAMETERS {
            match known.kind {
                HyperparameterKind::Word(words) | HyperparameterKind::WordOrNumbers(words) => {
                    for word in words {
                        assert!(config(&[(known.name, text(word))]).is_ok(), "{} {word}", known.name);
                    }
                    let error = config(&[(known.name, text("nonsense"))]).unwrap_err().to_string();
                    let expected = format!("`{}` is `nonsense`; it must be one of {}", known.name, words.join(", "));
                    assert_eq!(error, expected);
                }
                HyperparameterKind::Flag => {
                    assert!(config(&[(known.name, text("nonsense"))]).is_err());
                }
                HyperparameterKind::Number { .. } | HyperparameterKind::Integer { .. } => {}
            }
        }
    }

    #[test]
    fn every_hyperparameter_changes_the_settings() {
        let usual = config(&[("adapter", text("lora"))]).unwrap();
        for known in HYPERPARAMETERS {
            let value = match known.kind {
                HyperparameterKind::Word(words) | HyperparameterKind::WordOrNumbers(words) => {
                    text(words[words.len() - 1])
                }
                HyperparameterKind::Flag => Value::Bool(known.name != "decay_norms_and_biases"),
                HyperparameterKind::Number { .. } => Value::Float(0.123),
                HyperparameterKind::Integer { .. } => Value::Int(3),
            };
            let changed = if known.name == "adapter" {
                config(&[("adapter", value)])
            } else {
                config(&[("adapter", text("lora")), (known.name, value)])
            };
            assert_ne!(changed.unwrap(), usual, "{}", known.name);
        }
    }

    #[test]
    fn an_adapter_takes_its_own_parameters() {
        let config = config(&[
            ("adapter", text("lora")),
            ("lora_rank", Value::Int(4)),
            ("lora_alpha", Value::Float(16.0)),
            ("lora_targets", text("all_linear")),
            ("lora_rslora", Value::Bool(true)),
        ]);
        let expected = Adapter::LowRank(LowRankSettings {
            rank: 4,
            alpha: 16.0,
            targets: Targets::AllLinear,
            is_rank_stabilized: true,
            ..LowRankSettings::default()
        });
        assert_eq!(config.unwrap().adapter, expected);
    }
}
