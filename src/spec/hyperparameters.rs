//! The hyperparameters that fine-tuning knows: one row each.

use crate::space::Value;

/// A hyperparameter of fine-tuning.
#[derive(Clone, Copy, Debug)]
pub struct Hyperparameter {
    /// Its key under `parameters`.
    pub name: &'static str,
    /// Other keys that mean the same: names of earlier versions.
    pub aliases: &'static [&'static str],
    /// Which values it takes.
    pub kind: HyperparameterKind,
    /// What it does, in a sentence for people.
    pub about: &'static str,
}

/// Which values a hyperparameter takes.
#[derive(Clone, Copy, Debug)]
pub enum HyperparameterKind {
    /// Numbers.
    Number {
        /// Whether a number is allowed.
        is_allowed: fn(f64) -> bool,
        /// When it is, in words that follow "must be".
        rule: &'static str,
    },
    /// Whole numbers of at least `min`.
    Integer {
        /// The smallest.
        min: i64,
    },
    /// Some words.
    Word(&'static [&'static str]),
}

/// Every hyperparameter of fine-tuning.
pub const HYPERPARAMETERS: &[Hyperparameter] = &[
    Hyperparameter {
        name: "learning_rate",
        aliases: &[],
        kind: HyperparameterKind::Number {
            is_allowed: |number| number > 0.0,
            rule: "greater than 0",
        },
        about: "the highest learning rate of AdamW; search it on a logarithmic scale",
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
        about: "decoupled weight decay of AdamW",
    },
    Hyperparameter {
        name: "freeze_depth",
        aliases: &[],
        kind: HyperparameterKind::Integer { min: 0 },
        about: "how much of the model does not train: 0 nothing, k the embeddings (or stem) and the first k blocks",
    },
    Hyperparameter {
        name: "lr_schedule",
        aliases: &["scheduler"],
        kind: HyperparameterKind::Word(&["linear", "cosine", "constant"]),
        about: "how the learning rate falls over a trial",
    },
    Hyperparameter {
        name: "warmup_ratio",
        aliases: &[],
        kind: HyperparameterKind::Number {
            is_allowed: |number| (0.0..=1.0).contains(&number),
            rule: "between 0 and 1",
        },
        about: "share of a trial over which the learning rate rises from 0",
    },
    Hyperparameter {
        name: "max_grad_norm",
        aliases: &[],
        kind: HyperparameterKind::Number {
            is_allowed: |number| number > 0.0,
            rule: "greater than 0",
        },
        about: "gradients longer than this are shortened to it",
    },
];

impl Hyperparameter {
    /// The hyperparameter of that name or alias.
    pub fn named(name: &str) -> Option<&'static Self> {
        HYPERPARAMETERS
            .iter()
            .find(|known| known.name == name || known.aliases.contains(&name))
    }

    /// Every key that means it.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

impl HyperparameterKind {
    /// `value` as the trainer reads it, such as 1.0 for the number 1.
    ///
    /// # Errors
    /// What the value must be, in words that follow "must be".
    pub fn accept(self, value: &Value) -> Result<Value, String> {
        match self {
            Self::Number { is_allowed, rule } => match value.as_f64() {
                Some(number) if is_allowed(number) => Ok(Value::Float(number)),
                Some(_) => Err(rule.to_owned()),
                None => Err("a number".to_owned()),
            },
            Self::Integer { min } => match value.as_i64() {
                Some(number) if number >= min => Ok(Value::Int(number)),
                Some(_) => Err(format!("at least {min}")),
                None => Err("a whole number".to_owned()),
            },
            Self::Word(words) => match value.as_str() {
                Some(word) if words.contains(&word) => Ok(value.clone()),
                _ => Err(format!("one of {}", words.join(", "))),
            },
        }
    }
}
