//! How much trains, for predictions of time and memory.

use std::sync::Arc;

use super::{Adapter, prepare};
use crate::{networks::Network, pretrained::Pretrained, training_config::TrainingConfig};

/// Numbers of values of a trial.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    /// Those that the optimizer updates.
    pub(crate) trained: u64,
    /// Those that a checkpoint holds.
    pub(crate) changed: u64,
    /// True if something before the blocks trains.
    pub(crate) has_stem: bool,
    /// The share of the weights above the freeze depth that train, in 0..=1.
    pub(crate) share_of_weights: f64,
}

/// Counts what trains in a model. It does not keep the model's values.
#[derive(Clone, Debug)]
pub(crate) struct Counter {
    network: Network,
    loaded: Arc<[bool]>,
    /// The counts without an adapter, by freeze depth.
    plain: Vec<Counts>,
}

impl Counter {
    pub(crate) fn new(model: &Pretrained) -> Self {
        let mut counter = Self {
            network: model.network.clone(),
            loaded: model.parameters.loaded(),
            plain: Vec::new(),
        };
        let depths = (0..=model.freeze_depths()).map(|freeze_depth| {
            counter.count(&TrainingConfig {
                freeze_depth,
                ..TrainingConfig::default()
            })
        });
        let plain = depths.collect();
        counter.plain = plain;
        counter
    }

    /// The counts of a trial with these settings; zeros if the trial would be refused.
    pub(crate) fn of(&self, config: &TrainingConfig) -> Counts {
        let freeze_depth = config.freeze_depth.min(self.plain.len() - 1);
        match config.adapter {
            Adapter::None => self.plain[freeze_depth],
            Adapter::LowRank(_) | Adapter::BiasOnly => self.count(&TrainingConfig {
                freeze_depth,
                ..config.clone()
            }),
        }
    }

    fn count(&self, config: &TrainingConfig) -> Counts {
        let Ok(prepared) = prepare(&self.network, &self.loaded, config) else {
            return Counts::default();
        };
        let list = &prepared.network.parameters;
        Counts {
            trained: prepared.trainable.count(list),
            changed: prepared.trainable.changed(list),
            has_stem: prepared.trainable.has_stem(),
            share_of_weights: prepared.trainable.share_of_weights(list),
        }
    }
}
