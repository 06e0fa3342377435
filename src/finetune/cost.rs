//! Cost of training, predicted from sizes alone, in floating-point operations of matrix products.
//!
//! Only ratios of costs are meaningful: the engine measures the speed of its machine from finished segments. A backward
//! pass takes twice the operations of the forward pass (Kaplan et al. 2020, "Scaling laws for neural language models",
//! §2.1), and as many as the forward pass for weights that an adapter leaves as they are. Activations of the frozen layers are read if they are cached, and computed if not.

use super::{
    adapters::Counter,
    data::{Examples, Inputs, Text},
    prefix_cache::{OPERATIONS_PER_BYTE, is_worth_keeping},
    pretrained::Pretrained,
    training_config::TrainingConfig,
};

/// Operations of a matrix product that take about as long as the update of one trainable value. The update moves seven
/// floats: the value and both moments in and out, and the gradient in.
const OPERATIONS_PER_UPDATE: f64 = 110.0;

/// Operations that take as long as the fixed overhead of every step: 40 microseconds.
const OPERATIONS_PER_STEP: f64 = 1.5e6;

/// The costs of training and evaluating a model on some data, by freeze depth.
#[derive(Clone, Debug)]
pub struct TrainingCost {
    depths: Vec<Depth>,
    counter: Counter,
}

#[derive(Clone, Copy, Debug)]
struct Depth {
    /// The cost of one training example, without the optimizer.
    example: f64,
    /// The cost of all validation examples.
    evaluation: f64,
    /// The part of the cost of a training example for the gradients of weights.
    of_weights: f64,
}

impl TrainingCost {
    /// The costs of `model` for these examples; `keeps` is `true` if activations of frozen layers are cached.
    pub fn new(model: &Pretrained, train: &Examples, validation: &Examples, keeps: bool) -> Self {
        let deepest = model.freeze_depths();
        let depths = (0..=deepest).map(|depth| {
            let costs = |examples: &Examples, times: f64| -> f64 {
                let whole = |tokens| model.network.frozen_size(deepest, tokens).operations as f64;
                let cost = |tokens| {
                    let frozen = model.network.frozen_size(depth, tokens);
                    let is_kept = keeps && is_worth_keeping(frozen);
                    let below = if is_kept {
                        (frozen.values * size_of::<f32>() * OPERATIONS_PER_BYTE) as f64
                    } else {
                        frozen.operations as f64
                    };
                    below + times * (whole(tokens) - frozen.operations as f64)
                };
                match &examples.inputs {
                    Inputs::Texts(texts) => texts.iter().flat_map(Text::windows).map(cost).sum(),
                    Inputs::Images { .. } => examples.len() as f64 * cost(1),
                }
            };
            Depth {
                example: costs(train, 3.0) / train.len().max(1) as f64,
                evaluation: costs(validation, 1.0),
                of_weights: costs(train, 3.0) / train.len().max(1) as f64
                    - costs(train, 2.0) / train.len().max(1) as f64,
            }
        });
        Self {
            depths: depths.collect(),
            counter: Counter::new(model),
        }
    }

    /// The cost of training on `examples` examples with these settings, including `evaluations` evaluations.
    pub fn segment(&self, config: &TrainingConfig, examples: f64, evaluations: f64) -> f64 {
        let depth = config.freeze_depth.min(self.depths.len() - 1);
        let Depth {
            mut example,
            evaluation,
            of_weights,
        } = self.depths[depth];
        let counts = self.counter.of(config);
        if counts.share_of_weights < 1.0 {
            example -= (1.0 - counts.share_of_weights) * of_weights;
        }
        let step = OPERATIONS_PER_STEP + OPERATIONS_PER_UPDATE * counts.trained as f64;
        examples * (example + step / config.batch_size.max(1) as f64) + evaluations * evaluation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Adapter, LowRankSettings, testing};

    fn config(freeze_depth: usize, batch_size: usize) -> TrainingConfig {
        TrainingConfig {
            batch_size,
            freeze_depth,
            ..TrainingConfig::default()
        }
    }

    #[test]
    fn an_adapter_costs_less_than_the_whole_model() {
        let (model, examples) = (testing::small_bert(2), testing::texts(20, 2));
        let cost = TrainingCost::new(&model, &examples, &examples, true);
        let of = |adapter| {
            let config = TrainingConfig {
                adapter,
                ..config(0, 16)
            };
            cost.segment(&config, 100.0, 1.0)
        };
        assert!(of(Adapter::LowRank(LowRankSettings::default())) < of(Adapter::None));
        assert!(of(Adapter::BiasOnly) < of(Adapter::None));
    }

    #[test]
    fn the_deeper_the_freeze_the_less_it_costs_and_least_with_what_is_kept() {
        for (model, examples) in [
            (testing::small_bert(2), testing::texts(20, 2)),
            (testing::resnet8(3), testing::images(9, 3)),
        ] {
            let costs = |keeps| {
                let cost = TrainingCost::new(&model, &examples, &examples, keeps);
                (0..=model.freeze_depths())
                    .map(|depth| cost.segment(&config(depth, 16), 100.0, 1.0))
                    .collect::<Vec<_>>()
            };
            let (kept, computed) = (costs(true), costs(false));
            assert!(computed.windows(2).all(|pair| pair[1] < pair[0]), "{computed:?}");
            assert!(kept.iter().zip(&computed).all(|(kept, computed)| kept <= computed));
            assert!(kept.last() < computed.last());
        }
    }

    #[test]
    fn small_batches_cost_more_by_their_updates() {
        let (model, examples) = (testing::small_bert(2), testing::texts(20, 2));
        let cost = TrainingCost::new(&model, &examples, &examples, true);
        assert!(cost.segment(&config(0, 4), 100.0, 0.0) > cost.segment(&config(0, 64), 100.0, 0.0));
        let twice = cost.segment(&config(1, 4), 200.0, 2.0) / cost.segment(&config(1, 4), 100.0, 1.0);
        assert!((twice - 2.0).abs() < 1e-9);
    }
}
