//! The hyperparameters of fine-tuning: one row each.

/// A hyperparameter of fine-tuning.
#[derive(Clone, Copy, Debug)]
pub struct Hyperparameter {
    /// Its key under `parameters`.
    pub name: &'static str,
    /// Other keys with the same meaning: names of earlier versions.
    pub aliases: &'static [&'static str],
    /// The values that it accepts.
    pub kind: HyperparameterKind,
    /// Its meaning in one sentence, for documentation.
    pub about: &'static str,
}

/// The values that a hyperparameter accepts.
#[derive(Clone, Copy, Debug)]
pub enum HyperparameterKind {
    /// Numbers.
    Number {
        /// Returns `true` for an allowed number.
        is_allowed: fn(f64) -> bool,
        /// The rule in words that follow "must be".
        rule: &'static str,
    },
    /// Integers of at least `min`.
    Integer {
        /// The smallest allowed integer.
        min: i64,
    },
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// One of these words, or numbers greater than 0 by name.
    WordOrNumbers(&'static [&'static str]),
}

/// A hyperparameter without aliases.
const fn row(name: &'static str, kind: HyperparameterKind, about: &'static str) -> Hyperparameter {
    Hyperparameter {
        name,
        aliases: &[],
        kind,
        about,
    }
}

/// Numbers of at least 0 and less than 1.
const SHARE: HyperparameterKind = HyperparameterKind::Number {
    is_allowed: |number| (0.0..1.0).contains(&number),
    rule: "at least 0 and less than 1",
};

/// Numbers greater than 0.
const POSITIVE: HyperparameterKind = HyperparameterKind::Number {
    is_allowed: |number| number > 0.0,
    rule: "greater than 0",
};

/// Numbers of at least 0.
const NOT_NEGATIVE: HyperparameterKind = HyperparameterKind::Number {
    is_allowed: |number| number >= 0.0,
    rule: "at least 0",
};

/// Numbers of at least 0 and at most 1.
const PROBABILITY: HyperparameterKind = HyperparameterKind::Number {
    is_allowed: |number| (0.0..=1.0).contains(&number),
    rule: "between 0 and 1",
};

/// The hyperparameters that change training images by themselves; others are details of these.
pub const IMAGE_CHANGES: &[&str] = &[
    "horizontal_flip",
    "crop_scale",
    "jitter_brightness",
    "jitter_contrast",
    "jitter_saturation",
    "jitter_hue",
    "randaugment_ops",
    "random_erasing",
    "mixup_alpha",
    "cutmix_alpha",
];

/// Every hyperparameter of fine-tuning.
pub const HYPERPARAMETERS: &[Hyperparameter] = &[
    Hyperparameter {
        name: "learning_rate",
        aliases: &[],
        kind: HyperparameterKind::Number {
            is_allowed: |number| number > 0.0,
            rule: "greater than 0",
        },
        about: "the highest learning rate; search it on a logarithmic scale",
    },
    Hyperparameter {
        name: "batch_size",
        aliases: &[],
        kind: HyperparameterKind::Integer { min: 1 },
        about: "examples in a training step",
    },
    Hyperparameter {
        name: "dropout",
        aliases: &[],
        kind: HyperparameterKind::Number {
            is_allowed: |number| (0.0..1.0).contains(&number),
            rule: "at least 0 and less than 1",
        },
        about: "share of activations that a training step drops, in trained blocks and before the head",
    },
    Hyperparameter {
        name: "weight_decay",
        aliases: &[],
        kind: HyperparameterKind::Number {
            is_allowed: |number| number >= 0.0,
            rule: "at least 0",
        },
        about: "weight decay; `sgd` adds it to the gradient, the other optimizers apply it apart from the gradient",
    },
    Hyperparameter {
        name: "freeze_depth",
        aliases: &[],
        kind: HyperparameterKind::Integer { min: 0 },
        about: "how many blocks are frozen: with k, the embeddings (or stem) and the first k blocks do not train; 0 freezes nothing",
    },
    Hyperparameter {
        name: "lr_schedule",
        aliases: &["scheduler"],
        kind: HyperparameterKind::Word(&["linear", "cosine", "constant", "polynomial", "one_cycle"]),
        about: "how the learning rate falls over a trial; `one_cycle` rises and falls as in PyTorch's `OneCycleLR`",
    },
    Hyperparameter {
        name: "warmup_ratio",
        aliases: &[],
        kind: HyperparameterKind::Number {
            is_allowed: |number| (0.0..=1.0).contains(&number),
            rule: "between 0 and 1",
        },
        about: "share of a trial over which the learning rate rises from 0; for `one_cycle` 0 means 0.3",
    },
    Hyperparameter {
        name: "max_grad_norm",
        aliases: &[],
        kind: HyperparameterKind::Number {
            is_allowed: |number| number > 0.0,
            rule: "greater than 0",
        },
        about: "gradient clipping: a gradient with a larger norm is scaled down to this norm",
    },
    row(
        "max_length",
        HyperparameterKind::Integer { min: 3 },
        "maximum length of a text in tokens, for texts with one label or number each; instead of the key `max_length` at the top",
    ),
    row(
        "lr_power",
        POSITIVE,
        "the exponent of the schedule `polynomial` [default: 1]",
    ),
    row(
        "optimizer",
        HyperparameterKind::Word(&["adamw", "sgd", "lion"]),
        "the rule of an update [default: adamw]; `lion` needs 3 to 10 times smaller learning rates",
    ),
    row(
        "adam_beta1",
        SHARE,
        "share of the mean gradient that a step of `adamw` or `lion` keeps [default: 0.9]",
    ),
    row(
        "adam_beta2",
        SHARE,
        "share of the mean squared gradient that a step of `adamw` keeps [default: 0.999]; the share of the mean gradient for `lion` [0.99]",
    ),
    row(
        "adam_epsilon",
        POSITIVE,
        "added to the denominator of `adamw` [default: 1e-8]",
    ),
    row(
        "momentum",
        SHARE,
        "share of its velocity that `sgd` keeps [default: 0.9]",
    ),
    row(
        "layer_decay",
        HyperparameterKind::Number {
            is_allowed: |number| number > 0.0 && number <= 1.0,
            rule: "greater than 0 and at most 1",
        },
        "factor on the learning rate from one block to the block below it: the head has the whole rate, the last block this factor once [default: 1]",
    ),
    row(
        "head_learning_rate",
        POSITIVE,
        "the highest learning rate of the head, as an absolute number [default: `learning_rate`]",
    ),
    row(
        "decay_norms_and_biases",
        HyperparameterKind::Flag,
        "whether weight decay applies to norms and biases too [default: true]",
    ),
    row(
        "reinit_layers",
        HyperparameterKind::Integer { min: 0 },
        "how many of the last blocks start from new random weights instead of the pretrained ones; they must train as a whole [default: 0]",
    ),
    row(
        "adapter",
        HyperparameterKind::Word(&["none", "lora", "bias_only"]),
        "what trains beside a new head: `none` everything above the freeze depth, `lora` low-rank adapters, `bias_only` biases [default: none]",
    ),
    row(
        "lora_rank",
        HyperparameterKind::Integer { min: 1 },
        "the rank of low-rank adapters [default: 8]; use `when: \"adapter == 'lora'\"` for this and the next ones",
    ),
    row(
        "lora_alpha",
        POSITIVE,
        "the output of an adapter is multiplied by `lora_alpha / lora_rank` [default: 8]",
    ),
    row(
        "lora_dropout",
        SHARE,
        "share of an adapter's input that a training step drops [default: 0]",
    ),
    row(
        "lora_targets",
        HyperparameterKind::Word(&["query_value", "attention", "feed_forward", "all_linear"]),
        "the layers that have an adapter; fused layers count as queries, keys and values [default: query_value]",
    ),
    row(
        "lora_rslora",
        HyperparameterKind::Flag,
        "the output of an adapter is multiplied by `lora_alpha / sqrt(lora_rank)` instead [default: false]",
    ),
    row(
        "lora_full_layers",
        HyperparameterKind::Integer { min: 0 },
        "how many of the last blocks train as a whole, without adapters [default: 0]",
    ),
    row(
        "class_weights",
        HyperparameterKind::WordOrNumbers(&["none", "balanced"]),
        "weight of each class in the training loss: `balanced` gives rare classes more, `{spam: 3}` gives this class 3; for several labels a row, the weight of their positive examples [default: none]",
    ),
    row(
        "focal_gamma",
        NOT_NEGATIVE,
        "exponent of the focal loss: with a larger value, examples that are already predicted well count less [default: 0]",
    ),
    row(
        "label_smoothing",
        SHARE,
        "share of every target that is spread over all classes in the training loss [default: 0]",
    ),
    row(
        "horizontal_flip",
        PROBABILITY,
        "probability that a training image is flipped from left to right [default: 0]",
    ),
    row(
        "crop_scale",
        HyperparameterKind::Number {
            is_allowed: |number| number > 0.0 && number <= 1.0,
            rule: "greater than 0 and at most 1",
        },
        "smallest share of a training image's area that a random crop keeps; the crop is enlarged to the whole size; 1 does not crop [default: 1]",
    ),
    row(
        "crop_ratio",
        HyperparameterKind::Number {
            is_allowed: |number| number >= 1.0,
            rule: "at least 1",
        },
        "largest ratio of a crop's sides, in either direction [default: 4/3]",
    ),
    row(
        "jitter_brightness",
        NOT_NEGATIVE,
        "factors on the brightness of a training image are between 1 minus this and 1 plus this [default: 0]",
    ),
    row(
        "jitter_contrast",
        NOT_NEGATIVE,
        "the same for the contrast [default: 0]",
    ),
    row(
        "jitter_saturation",
        NOT_NEGATIVE,
        "the same for the saturation of colours [default: 0]",
    ),
    row(
        "jitter_hue",
        HyperparameterKind::Number {
            is_allowed: |number| (0.0..=0.5).contains(&number),
            rule: "between 0 and 0.5",
        },
        "hues turn by at most this share of the colour circle [default: 0]",
    ),
    row(
        "randaugment_ops",
        HyperparameterKind::Integer { min: 0 },
        "number of random operations on a training image (RandAugment's n); 0 is off [default: 0]",
    ),
    row(
        "randaugment_magnitude",
        HyperparameterKind::Number {
            is_allowed: |number| (0.0..=30.0).contains(&number),
            rule: "between 0 and 30",
        },
        "strength of these operations (RandAugment's m), 0 to 30 [default: 9]",
    ),
    row(
        "random_erasing",
        PROBABILITY,
        "probability that a rectangle of a training image is erased [default: 0]",
    ),
    row(
        "mixup_alpha",
        NOT_NEGATIVE,
        "mixes pairs of training images and their targets; both parameters of the beta distribution of their shares; 0 is off [default: 0]",
    ),
    row(
        "cutmix_alpha",
        NOT_NEGATIVE,
        "the same with a rectangle of one image in the other (CutMix) [default: 0]",
    ),
    row(
        "mix_probability",
        PROBABILITY,
        "share of the batches that are mixed [default: 1]",
    ),
    row(
        "mix_switch",
        PROBABILITY,
        "share of the mixed batches that CutMix mixes if `mixup_alpha` is on too [default: 0.5]",
    ),
    row(
        "views",
        HyperparameterKind::Integer { min: 0 },
        "with a freeze depth above 0: number of changed views of every image that the frozen layers see in turn; with 0 they see the images as they are, and with any number images are not mixed [default: 0]",
    ),
    row(
        "drop_path",
        SHARE,
        "probability that a step leaves out the branches of the last block for an image (stochastic depth); earlier blocks have less [default: 0]",
    ),
    row(
        "ema",
        SHARE,
        "share of the moving average of all weights that a step keeps, such as 0.999; the average is evaluated and saved; 0 has none [default: 0]",
    ),
];

impl Hyperparameter {
    /// The hyperparameter with this name or alias.
    pub fn named(name: &str) -> Option<&'static Self> {
        HYPERPARAMETERS
            .iter()
            .find(|known| known.name == name || known.aliases.contains(&name))
    }

    /// Its name and aliases.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}
