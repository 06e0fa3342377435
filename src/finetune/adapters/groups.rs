//! The learning rate and the weight decay of every parameter.

use crate::{
    parameters::{Parameter, Part, Role},
    trainable::Group,
    training_config::TrainingConfig,
};

/// The groups of a network with this number of blocks.
///
/// With a layer decay `d`, the last block has `d` times the learning rate, the block before it `d²`, and so on down to
/// the stem (Clark et al. 2020, `ELECTRA`, §3.1; the steps are counted as in `BEiT`). What follows the blocks has the
/// whole rate, and the head its own rate if it has one.
pub(super) fn of(config: &TrainingConfig, blocks: usize) -> impl Fn(&Parameter) -> Group {
    let config = config.clone();
    move |parameter| {
        let decayed = |steps: usize| config.learning_rate * config.layer_decay.powi(steps as i32);
        let learning_rate = match parameter.part {
            Part::Stem => decayed(blocks + 1),
            Part::Block(number) => decayed(blocks - number),
            Part::Finish => config.learning_rate,
            Part::Head => config.head_learning_rate.unwrap_or(config.learning_rate),
        };
        let decays = match parameter.role {
            Role::Weight | Role::LowRank | Role::Table => true,
            Role::Bias | Role::Scale { .. } | Role::Shift | Role::Statistic { .. } => config.decay_norms_and_biases,
        };
        Group {
            learning_rate,
            weight_decay: if decays { config.weight_decay } else { 0.0 },
        }
    }
}
