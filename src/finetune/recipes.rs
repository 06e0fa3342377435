//! Published recipes: how the authors of each family of models fine-tune it.
//!
//! A search starts at a recipe, and wide priors around it shape the first proposals. A recipe need not be optimal:
//! small data needs higher rates, other heads need other rates. Rates are for AdamW with bias correction, warm-up and a
//! linear decay.

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
pub(crate) const SMALL_RESNET: Recipe = Recipe {
    model: "a small residual network",
    learning_rate: 2e-3,
    batch_size: 32,
    epochs: 4.0,
    warmup_ratio: 0.0,
    weight_decay: 0.01,
    dropout: 0.0,
    source: "fastai's `fine_tune`; Gulrajani & Lopez-Paz 2021, appendix D",
};

/// The recipe for a BERT of this hidden size.
pub(crate) fn bert(hidden: usize) -> Recipe {
    let row = BERTS.iter().find(|(most, _)| hidden <= *most);
    row.map_or(BERT, |(_, recipe)| *recipe)
}

/// The grid of the source: 1e-5 to 3e-5, batches of 16 and 32, ten epochs with early stopping.
pub(crate) fn roberta(hidden: usize) -> Recipe {
    Recipe {
        model: "a RoBERTa",
        learning_rate: if hidden <= 768 { 2e-5 } else { 1e-5 },
        warmup_ratio: 0.06,
        weight_decay: 0.1,
        source: "Liu et al. 2019, appendix C",
        ..BERT
    }
}

/// The source's rates are 3e-4 (small) and 1e-4 (base) with a layer-wise decay of 0.8; without that decay, lower rates.
pub(crate) fn electra(hidden: usize) -> Recipe {
    Recipe {
        model: "an ELECTRA",
        learning_rate: if hidden <= 256 { 1e-4 } else { 5e-5 },
        source: "Clark et al. 2020, appendix B",
        ..BERT
    }
}

/// The grid of the source's table 14: 1e-5 to 3e-5, warm-up over a tenth, batches of 16 to 128.
pub(crate) fn albert(_: usize) -> Recipe {
    Recipe {
        model: "an ALBERT",
        learning_rate: 2e-5,
        source: "Lan et al. 2020, appendix A.4",
        ..BERT
    }
}

/// The source fine-tunes with 1e-5 to 3e-5.
pub(crate) fn mpnet(_: usize) -> Recipe {
    Recipe {
        model: "an MPNet",
        learning_rate: 2e-5,
        warmup_ratio: 0.06,
        source: "Song et al. 2020, appendix B",
        ..BERT
    }
}

/// The grid of the source's appendix: 1.5e-5 to 3e-5 (base), 5e-6 to 1e-5 (large).
pub(crate) fn deberta(hidden: usize) -> Recipe {
    Recipe {
        model: "a DeBERTa",
        learning_rate: if hidden <= 768 { 2e-5 } else { 8e-6 },
        source: "He et al. 2023, appendix",
        ..BERT
    }
}

/// The grid of the source: 1e-5 to 8e-5, weight decay 1e-6 to 1e-5.
pub(crate) fn modernbert(_: usize) -> Recipe {
    Recipe {
        model: "a ModernBERT",
        learning_rate: 5e-5,
        weight_decay: 1e-5,
        dropout: 0.0,
        source: "Warner et al. 2024, appendix E",
        ..BERT
    }
}

/// Decoders are fine-tuned with the rates of encoders and without dropout.
pub(crate) fn decoder(hidden: usize) -> Recipe {
    Recipe {
        model: "a decoder",
        learning_rate: if hidden <= 1024 { 5e-5 } else { 2e-5 },
        epochs: 3.0,
        dropout: 0.0,
        source: "Hugging Face's defaults",
        ..BERT
    }
}

/// Networks of convolutions take the rates of [`SMALL_RESNET`], halved because they are larger.
pub(crate) fn convnet(_: usize) -> Recipe {
    Recipe {
        model: "a convolutional network",
        learning_rate: 1e-3,
        ..SMALL_RESNET
    }
}

/// `ConvNeXt` is fine-tuned with 5e-5 and batches of 512; a smaller batch takes a smaller decay.
pub(crate) fn convnext(_: usize) -> Recipe {
    Recipe {
        model: "a ConvNeXt",
        learning_rate: 5e-5,
        batch_size: 32,
        weight_decay: 1e-8,
        source: "Liu et al. 2022, appendix A.2",
        ..SMALL_RESNET
    }
}

/// The example of the source takes batches of 8.
pub(crate) fn vision_transformer(_: usize) -> Recipe {
    Recipe {
        model: "a transformer of images",
        learning_rate: 2e-5,
        batch_size: 8,
        epochs: 5.0,
        warmup_ratio: 0.0,
        weight_decay: 0.0,
        dropout: 0.0,
        source: "Hugging Face's example of image classification",
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
