//! The hyperparameters of fine-tuning: one row each.

use crate::space::Value;

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

impl HyperparameterKind {
    /// Converts `value` to the type that the trainer reads, such as 1.0 for the number 1.
    ///
    /// # Errors
    /// Returns the rule, in words that follow "must be", if the value is not allowed.
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
