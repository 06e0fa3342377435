//! Biases alone (Ben Zaken et al. 2022, `BitFit`): those of linear layers and convolutions, the shifts of norms, and a
//! new head.

use super::{NoTarget, groups, is_of_new_head};
use crate::{
    networks::Network,
    parameters::{Handle, Parameter, Part, Role},
    trainable::Trainable,
    training_config::TrainingConfig,
};

pub(super) fn prepare(
    network: &Network,
    loaded: &[bool],
    config: &TrainingConfig,
) -> Result<(Network, Trainable), NoTarget> {
    let changes = |handle: Handle, parameter: &Parameter| match parameter.role {
        Role::Bias | Role::Shift | Role::Statistic { .. } => true,
        Role::Weight | Role::LowRank | Role::Table | Role::Scale { .. } => {
            is_of_new_head(loaded, handle, parameter.part)
        }
    };
    let is_target = |parameter: &Parameter| {
        let is_bias = matches!(parameter.role, Role::Bias | Role::Shift);
        is_bias && parameter.part != Part::Head && parameter.is_above(config.freeze_depth)
    };
    if !network.parameters.iter().any(is_target) {
        return Err(NoTarget {
            adapter: "bias_only",
            lacking: "biases",
        });
    }
    let group = groups::of(config, network.own_blocks());
    let trainable = Trainable::new(&network.parameters, config.freeze_depth, changes, group);
    Ok((network.clone(), trainable))
}
