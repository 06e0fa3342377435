//! No adapter: everything above the freeze depth trains.

use super::groups;
use crate::{networks::Network, trainable::Trainable, training_config::TrainingConfig};

pub(super) fn prepare(network: &Network, config: &TrainingConfig) -> (Network, Trainable) {
    let group = groups::of(config, network.own_blocks());
    let trainable = Trainable::new(&network.parameters, config.freeze_depth, |_, _| true, group);
    (network.clone(), trainable)
}
