//! The settings of a trial.

use super::{
    adapters::{Adapter, LowRankSettings},
    augment::{Augmentation, Setting},
    imbalance::ClassWeights,
    optimizer::OptimizerKind,
    pretrained::Pretrained,
    schedule::Schedule,
    tasks::TaskKind,
    trainer::TrainError,
};
use crate::rng::Fingerprint;
use crate::units::{Cooldown, Samples, Seed};

/// The settings of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingConfig {
    /// The peak learning rate of the schedule.
    pub learning_rate: f64,
    /// Examples per step.
    pub batch_size: usize,
    /// Number of micro-batches per step, whose gradients are accumulated. More micro-batches need less memory.
    pub micro_batches: usize,
    /// The share of activations that dropout drops, in 0..1.
    pub dropout: f64,
    /// Weight decay: decoupled from the gradient for `AdamW` and Lion, added to it for SGD.
    pub weight_decay: f64,
    /// Number of blocks that do not train; see [`Pretrained::freeze_depths`].
    pub freeze_depth: usize,
    /// The learning-rate schedule.
    pub schedule: Schedule,
    /// The share of the samples over which the learning rate warms up, in 0..1.
    pub warmup_ratio: f64,
    /// The exponent of [`Schedule::Polynomial`].
    pub lr_power: f64,
    /// The largest norm of the gradient before it is clipped; `None` does not clip.
    pub max_grad_norm: Option<f64>,
    /// The rule of an update.
    pub optimizer: OptimizerKind,
    /// The share of the first moment that a step keeps; `None` is the optimizer's default.
    pub adam_beta1: Option<f64>,
    /// The share of the second moment that a step keeps (Lion: of the only moment); `None` is the optimizer's default.
    pub adam_beta2: Option<f64>,
    /// Added to the denominator of `AdamW`.
    pub adam_epsilon: f64,
    /// The share of its velocity that SGD keeps.
    pub momentum: f64,
    /// The factor on the learning rate from one block to the one below it.
    pub layer_decay: f64,
    /// The peak learning rate of the head; `None` is that of the other parameters.
    pub head_learning_rate: Option<f64>,
    /// True if weight decay applies to norms and biases too.
    pub decay_norms_and_biases: bool,
    /// Number of last blocks that are initialized anew (Zhang et al. 2021, "Revisiting Few-sample BERT Fine-tuning").
    pub reinit_layers: usize,
    /// The part of the pretrained model that trains.
    pub adapter: Adapter,
    /// The weights of classes or labels in the training loss.
    pub class_weights: ClassWeights,
    /// The exponent of the focal loss, which makes examples count less the better they are predicted; 0 is off.
    pub focal_gamma: f64,
    /// The share of every target that is spread over all classes, in 0..1.
    pub label_smoothing: f64,
    /// The changes of training images.
    pub augmentation: Augmentation,
    /// The probability that the last block's branches are left out for an example, in 0..1; other blocks have less.
    pub drop_path: f64,
    /// The share of the moving average of all values that a step keeps, in 0..1; 0 has none. The average is evaluated and
    /// saved.
    pub ema: f64,
    /// The largest number of tokens of a text, where trials differ in it; `None`: that of the study. The examples are cut to
    /// it before a trial gets them.
    pub max_length: Option<usize>,
    /// The samples that the whole schedule covers.
    pub total: Samples,
    /// The cooldown of a trial that ends before its schedule; `None` for a trial that follows the whole schedule.
    pub cooldown: Option<Cooldown>,
    /// The key of all randomness in the trial.
    pub seed: Seed,
}

impl Default for TrainingConfig {
    /// Hugging Face's defaults for classification, with a `total` of one sample: always set `total`.
    fn default() -> Self {
        Self {
            learning_rate: 5e-5,
            batch_size: 16,
            micro_batches: 1,
            dropout: 0.1,
            weight_decay: 0.01,
            freeze_depth: 0,
            schedule: Schedule::Linear,
            warmup_ratio: 0.0,
            lr_power: 1.0,
            max_grad_norm: Some(1.0),
            optimizer: OptimizerKind::AdamW,
            adam_beta1: None,
            adam_beta2: None,
            adam_epsilon: 1e-8,
            momentum: 0.9,
            layer_decay: 1.0,
            head_learning_rate: None,
            decay_norms_and_biases: true,
            reinit_layers: 0,
            adapter: Adapter::None,
            class_weights: ClassWeights::None,
            focal_gamma: 0.0,
            label_smoothing: 0.0,
            augmentation: Augmentation::default(),
            drop_path: 0.0,
            ema: 0.0,
            max_length: None,
            total: Samples(1),
            cooldown: None,
            seed: Seed(0),
        }
    }
}

impl TrainingConfig {
    /// A fingerprint that is equal for settings that give the same training until the cooldown.
    ///
    /// Settings that earlier versions did not have count only if they differ from their default, so that checkpoints of
    /// earlier versions stay valid.
    pub fn fingerprint(&self) -> u64 {
        let mut fingerprint = Fingerprint::new();
        for number in [
            self.learning_rate,
            self.dropout,
            self.weight_decay,
            self.warmup_ratio,
            self.max_grad_norm.unwrap_or(-1.0),
        ] {
            fingerprint.number(number.to_bits());
        }
        for number in [
            self.batch_size as u64,
            self.freeze_depth as u64,
            self.schedule as u64,
            self.total.0,
            self.seed.0,
        ] {
            fingerprint.number(number);
        }
        let usual = Self::default().later_settings();
        for ((name, value), (_, usual)) in self.later_settings().into_iter().zip(usual) {
            if value.to_bits() != usual.to_bits() {
                fingerprint.bytes(name.as_bytes());
                fingerprint.number(value.to_bits());
            }
        }
        fingerprint.finish()
    }

    /// The settings that the first versions did not have, as numbers.
    fn later_settings(&self) -> Vec<(&'static str, f64)> {
        const ABSENT: f64 = -1.0;
        let low_rank = match self.adapter {
            Adapter::LowRank(settings) => settings,
            Adapter::None | Adapter::BiasOnly => LowRankSettings::default(),
        };
        let adapter = match self.adapter {
            Adapter::None => 0.0,
            Adapter::LowRank(_) => 1.0,
            Adapter::BiasOnly => 2.0,
        };
        let settings = [
            ("lr_power", self.lr_power),
            ("optimizer", f64::from(self.optimizer as u8)),
            ("adam_beta1", self.adam_beta1.unwrap_or(ABSENT)),
            ("adam_beta2", self.adam_beta2.unwrap_or(ABSENT)),
            ("adam_epsilon", self.adam_epsilon),
            ("momentum", self.momentum),
            ("layer_decay", self.layer_decay),
            ("head_learning_rate", self.head_learning_rate.unwrap_or(ABSENT)),
            (
                "decay_norms_and_biases",
                f64::from(u8::from(self.decay_norms_and_biases)),
            ),
            ("reinit_layers", self.reinit_layers as f64),
            ("adapter", adapter),
            ("lora_rank", low_rank.rank as f64),
            ("lora_alpha", low_rank.alpha),
            ("lora_dropout", low_rank.dropout),
            ("lora_targets", f64::from(low_rank.targets as u8)),
            ("lora_rslora", f64::from(u8::from(low_rank.is_rank_stabilized))),
            ("lora_full_layers", low_rank.full_layers as f64),
            ("class_weights", self.class_weights.fingerprint()),
            ("focal_gamma", self.focal_gamma),
            ("label_smoothing", self.label_smoothing),
            ("max_length", self.max_length.map_or(ABSENT, |length| length as f64)),
            ("drop_path", self.drop_path),
            ("ema", self.ema),
        ];
        let augmentation = self.augmentation.settings();
        let augmentation = augmentation.into_iter().map(|setting| (setting.name, setting.value));
        settings.into_iter().chain(augmentation).collect()
    }

    /// The factor on the learning rate after `seen` samples, in 0..=1. If the cooldown begins at sample 0, the schedule
    /// covers exactly the samples up to the end of the cooldown.
    pub(crate) fn factor(&self, seen: f64) -> f64 {
        let laid_out = |seen: f64, total: Samples| {
            let progress = seen / total.0.max(1) as f64;
            self.schedule.factor(progress, self.warmup_ratio, self.lr_power)
        };
        match self.cooldown {
            None => laid_out(seen, self.total),
            Some(Cooldown { from: Samples(0), to }) => laid_out(seen, to),
            Some(cooldown) => laid_out(seen.min(cooldown.from.0 as f64), self.total) * cooldown.factor(seen),
        }
    }

    /// Rejects settings that are outside their ranges.
    pub(crate) fn check(&self, base: &Pretrained) -> Result<(), TrainError> {
        let within = |name, value: f64, is_valid, range: &str| (name, value, is_valid, range.to_owned());
        let from_0 = |name, value: f64| within(name, value, value >= 0.0, "0 or more");
        let share = |name, value: f64| within(name, value, (0.0..1.0).contains(&value), "at least 0 and below 1");
        let at_most =
            |name, value: usize, most: usize| within(name, value as f64, value <= most, &format!("at most {most}"));
        let blocks = base.network.own_blocks();
        let mut settings = vec![
            from_0("learning_rate", self.learning_rate),
            within("batch_size", self.batch_size as f64, self.batch_size > 0, "1 or more"),
            share("dropout", self.dropout),
            from_0("weight_decay", self.weight_decay),
            at_most("freeze_depth", self.freeze_depth, base.freeze_depths()),
            within(
                "warmup_ratio",
                self.warmup_ratio,
                (0.0..=1.0).contains(&self.warmup_ratio),
                "0 to 1",
            ),
            within("total", self.total.0 as f64, self.total.0 > 0, "1 sample or more"),
            within("lr_power", self.lr_power, self.lr_power > 0.0, "more than 0"),
            share("adam_beta1", self.adam_beta1.unwrap_or(0.0)),
            share("adam_beta2", self.adam_beta2.unwrap_or(0.0)),
            within(
                "adam_epsilon",
                self.adam_epsilon,
                self.adam_epsilon > 0.0,
                "more than 0",
            ),
            share("momentum", self.momentum),
            within(
                "layer_decay",
                self.layer_decay,
                self.layer_decay > 0.0 && self.layer_decay <= 1.0,
                "more than 0, at most 1",
            ),
            from_0("head_learning_rate", self.head_learning_rate.unwrap_or(0.0)),
            at_most("reinit_layers", self.reinit_layers, blocks),
            from_0("focal_gamma", self.focal_gamma),
            share("label_smoothing", self.label_smoothing),
            share("drop_path", self.drop_path),
            share("ema", self.ema),
        ];
        let augmentation = self.augmentation.settings().into_iter();
        settings.extend(augmentation.map(|setting| {
            let Setting { name, value, range, .. } = setting;
            within(name, value, range.contains(value), &range.words())
        }));
        if let Adapter::LowRank(low_rank) = self.adapter {
            let most = base.network.hidden();
            settings.extend([
                within(
                    "lora_rank",
                    low_rank.rank as f64,
                    (1..=most).contains(&low_rank.rank),
                    &format!("1 to {most}"),
                ),
                within("lora_alpha", low_rank.alpha, low_rank.alpha > 0.0, "more than 0"),
                share("lora_dropout", low_rank.dropout),
                at_most("lora_full_layers", low_rank.full_layers, blocks),
            ]);
        }
        self.check_loss(base)?;
        self.check_images(base)?;
        match settings.into_iter().find(|(_, _, is_valid, _)| !is_valid) {
            Some((name, value, _, range)) => Err(TrainError::Setting { name, value, range }),
            None => Ok(()),
        }
    }

    /// Rejects changes of images where there are none, and stochastic depth where nothing can be left out.
    fn check_images(&self, base: &Pretrained) -> Result<(), TrainError> {
        let changed = self
            .augmentation
            .settings()
            .into_iter()
            .find(|setting| setting.is_change);
        if let (Some(setting), Some(_)) = (changed, base.network.inputs.longest()) {
            return Err(TrainError::NotForTexts { name: setting.name });
        }
        if self.drop_path > 0.0 && !base.network.has_drop_path() {
            return Err(TrainError::NoDropPath);
        }
        Ok(())
    }

    /// Rejects a loss that does not fit the task.
    fn check_loss(&self, base: &Pretrained) -> Result<(), TrainError> {
        let has_classes = matches!(base.task.kind(), TaskKind::Classification | TaskKind::MultiLabel);
        let changed = [
            ("class_weights", self.class_weights != ClassWeights::None),
            ("focal_gamma", self.focal_gamma != 0.0),
            ("label_smoothing", self.label_smoothing != 0.0),
        ];
        match changed.into_iter().find(|(_, is_changed)| *is_changed && !has_classes) {
            Some((name, _)) => Err(TrainError::NoClasses {
                name,
                task: base.task.kind(),
            }),
            None => self.class_weights.check(&base.labels),
        }
    }
}
