//! Published recipes: how the authors of each family of models fine-tune it.
//!
//! A search starts at a recipe, and wide priors around it shape the first proposals. A recipe need not be optimal:
//! small data needs higher rates, other heads need other rates. Rates are for AdamW with bias correction, warm-up and a
//! linear decay.

use super::models::Network;
use super::pretrained::Pretrained;

/// The usual settings for fine-tuning a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// The kind of model, as shown to users.
    pub model: &'static str,
    /// The peak learning rate.
    pub learning_rate: f64,
    /// Examples per step.
    pub batch_size: u32,
    /// Passes over the training examples.
    pub epochs: f64,
    /// The share of the samples over which the learning rate warms up.
    pub warmup_ratio: f64,
    /// `AdamW`'s decoupled weight decay.
    pub weight_decay: f64,
    /// The share of activations that dropout drops.
    pub dropout: f64,
    /// The publisher.
    pub source: &'static str,
}

/// Recipes for BERT models by size: the largest hidden size of each row, in ascending order.
///
/// The grids of the sources: 3e-5 to 3e-4 (Turc et al. 2019, README of google-research/bert; the smallest models do
/// best at its upper end), and 2e-5 to 5e-5 with batches of 16 and 32 over 2 to 4 epochs (Devlin et al. 2019, appendix
/// A.3; Wang et al. 2020, appendix B). Warm-up over a tenth and a weight decay of 0.01 are the defaults of BERT's
/// `run_classifier.py` and `optimization.py`.
const BERTS: [(usize, Recipe); 5] = [
    (
        256,
        Recipe {
            model: "a BERT of the size of tiny or mini",
            learning_rate: 3e-4,
            source: "Turc et al. 2019",
            ..BERT
        },
    ),
    (
        384,
        Recipe {
            model: "a BERT of MiniLM's size",
            learning_rate: 5e-5,
            source: "Wang et al. 2020, appendix B",
            ..BERT
        },
    ),
    (
        512,
        Recipe {
            model: "a BERT of the size of small or medium",
            learning_rate: 1e-4,
            source: "Turc et al. 2019",
            ..BERT
        },
    ),
    (
        768,
        Recipe {
            model: "a BERT of base size",
            learning_rate: 3e-5,
            ..BERT
        },
    ),
    (
        usize::MAX,
        Recipe {
            model: "a large BERT",
            learning_rate: 2e-5,
            ..BERT
        },
    ),
];

const BERT: Recipe = Recipe {
    model: "a BERT",
    learning_rate: 3e-5,
    batch_size: 16,
    epochs: 4.0,
    warmup_ratio: 0.1,
    weight_decay: 0.01,
    dropout: 0.1,
    source: "Devlin et al. 2019, appendix A.3",
};

/// The learning rate of fastai's `fine_tune` starts at 2e-3; `DomainBed` (Gulrajani & Lopez-Paz 2021, appendix D) draws
/// rates for small images around 1e-3.
const SMALL_RESNET: Recipe = Recipe {
    model: "a small residual network",
    learning_rate: 2e-3,
    batch_size: 32,
    epochs: 4.0,
    warmup_ratio: 0.0,
    weight_decay: 0.01,
    dropout: 0.0,
    source: "fastai's `fine_tune`; Gulrajani & Lopez-Paz 2021, appendix D",
};

impl Pretrained {
    /// The usual settings for fine-tuning a model like this one.
    pub fn recipe(&self) -> Recipe {
        match &self.network {
            Network::Bert(bert) => {
                let hidden = bert.config.hidden_size;
                let row = BERTS.iter().find(|(most, _)| hidden <= *most);
                row.map_or(BERT, |(_, recipe)| *recipe)
            }
            Network::ResNet8(_) => SMALL_RESNET,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn the_smaller_the_model_the_higher_the_rate_within_a_source() {
        let rates = |source: &str| -> Vec<f64> {
            let rows = BERTS.iter().filter(|(_, recipe)| recipe.source.starts_with(source));
            rows.map(|(_, recipe)| recipe.learning_rate).collect()
        };
        assert_eq!(rates("Turc"), [3e-4, 1e-4]);
        assert_eq!(rates("Devlin"), [3e-5, 2e-5]);
    }

    #[test]
    fn every_model_has_a_recipe() {
        assert_eq!(testing::small_bert(2).recipe().source, "Turc et al. 2019");
        assert_eq!(testing::resnet8(3).recipe(), SMALL_RESNET);
    }
}
