//! Adapters: which parameters of a pretrained model a trial trains, and at what rate.
//!
//! `full` trains everything above the freeze depth, `low_rank` adds narrow matrices to the linear layers, `bias_only`
//! trains biases. To add one, add a file and a variant of [`Adapter`]. Begin reading at [`prepare`].

mod bias_only;
mod counts;
mod full;
mod groups;
mod low_rank;
#[cfg(test)]
mod tests;

pub(crate) use self::counts::Counter;
#[cfg(test)]
pub(crate) use self::low_rank::adapt;
pub use self::low_rank::{LowRankSettings, Targets};

use std::collections::BTreeSet;

use thiserror::Error;

use super::{
    networks::Network,
    parameters::{Handle, Parameters, Part},
    trainable::Trainable,
    training_config::TrainingConfig,
};

/// The part of the pretrained model that trains, in addition to a new head.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Adapter {
    /// Everything above the freeze depth.
    #[default]
    None,
    /// Two narrow matrices beside each of some linear layers (Hu et al. 2022, `LoRA`).
    LowRank(LowRankSettings),
    /// Biases and shifts of norms (Ben Zaken et al. 2022, `BitFit`).
    BiasOnly,
}

impl Adapter {
    /// Its name in specs.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::LowRank(_) => "lora",
            Self::BiasOnly => "bias_only",
        }
    }
}

/// The model has nothing that the adapter could train.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "`adapter` is `{adapter}`, but the blocks that are not frozen have no {lacking}: use another adapter or `none`"
)]
pub struct NoTarget {
    adapter: &'static str,
    lacking: &'static str,
}

/// A network with its adapter, and the set of parameters that train.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) network: Network,
    pub(crate) trainable: Trainable,
    /// Parameters of the pretrained model that are initialized anew for the trial.
    pub(crate) anew: Vec<Handle>,
}

/// Prepares a network for a trial; `loaded` says of each parameter whether a file provided its values.
///
/// # Errors
/// If the adapter finds nothing to train.
pub(crate) fn prepare(network: &Network, loaded: &[bool], config: &TrainingConfig) -> Result<Prepared, NoTarget> {
    let (network, trainable) = match &config.adapter {
        Adapter::None => full::prepare(network, config),
        Adapter::LowRank(settings) => low_rank::prepare(network, loaded, settings, config)?,
        Adapter::BiasOnly => bias_only::prepare(network, loaded, config)?,
    };
    let anew = match config.adapter {
        Adapter::None | Adapter::LowRank(_) => last_blocks(&network, &trainable, config.reinit_layers),
        // A new block of which only biases train would stay random.
        Adapter::BiasOnly => Vec::new(),
    };
    Ok(Prepared {
        network,
        trainable,
        anew,
    })
}

/// The parameters of the last `count` blocks that train as a whole.
fn last_blocks(network: &Network, trainable: &Trainable, count: usize) -> Vec<Handle> {
    let first = network.own_blocks().saturating_sub(count);
    let handles = Handle::first(network.parameters.len()).zip(&*network.parameters);
    let is_last = |part: Part| matches!(part, Part::Block(number) if number >= first);
    handles
        .filter(|(handle, parameter)| is_last(parameter.part) && trainable.changes(*handle))
        .filter(|(_, parameter)| parameter.start.reads_files())
        .map(|(handle, _)| handle)
        .collect()
}

/// The parameters of a network with its adapters merged into the weights.
pub(crate) fn merged(network: &Network, parameters: &Parameters) -> Parameters {
    let mut network = network.clone();
    let mut merged = parameters.clone();
    // Blocks may share their layers.
    let mut done = BTreeSet::new();
    for (_, linear) in network.linears_mut() {
        if let Some(adapter) = &linear.adapter
            && done.insert(linear.weight)
        {
            let weight = adapter.merged(parameters.matrix(linear.weight), parameters);
            let [rows, columns] = weight.dims();
            *merged.tensor_mut(linear.weight) = weight.reshape([rows * columns]);
        }
    }
    merged
}

/// Returns whether a parameter belongs to a head that no file provided.
fn is_of_new_head(loaded: &[bool], handle: Handle, part: Part) -> bool {
    part == Part::Head && !loaded[handle.index()]
}
