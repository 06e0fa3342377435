//! Low-rank adapters (Hu et al. 2022, `LoRA`), declared and named as in the library `peft`.

use std::collections::BTreeMap;

use super::{NoTarget, groups, is_of_new_head};
use crate::{
    layers::low_rank::LowRank,
    networks::{LinearKind, Network},
    parameters::{Declarations, Handle, Parameter, Part, Role},
    trainable::Trainable,
    training_config::TrainingConfig,
};

/// The settings of low-rank adapters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LowRankSettings {
    /// The width of the inner vectors.
    pub rank: usize,
    /// The factor for the adapter's output is `alpha / rank`.
    pub alpha: f64,
    /// The share of an adapter's input that dropout drops, in 0..1.
    pub dropout: f64,
    /// The layers that have an adapter.
    pub targets: Targets,
    /// The factor is `alpha / √rank` instead (Kalajdzievski 2023, `rsLoRA`).
    pub is_rank_stabilized: bool,
    /// Number of last blocks that train as a whole and have no adapters.
    pub full_layers: usize,
}

/// The linear layers that have an adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets {
    /// Queries and values, as `peft` chooses; the whole layer if they are one with the keys.
    QueryValue,
    /// Queries, keys, values and the layer after attention.
    Attention,
    /// The feed-forward layers.
    FeedForward,
    /// All linear layers of the blocks.
    AllLinear,
}

impl Default for LowRankSettings {
    /// The defaults of `peft`.
    fn default() -> Self {
        Self {
            rank: 8,
            alpha: 8.0,
            dropout: 0.0,
            targets: Targets::QueryValue,
            is_rank_stabilized: false,
            full_layers: 0,
        }
    }
}

impl LowRankSettings {
    /// The factor for the adapter's output.
    pub(crate) fn scale(&self) -> f64 {
        let rank = self.rank as f64;
        self.alpha / if self.is_rank_stabilized { rank.sqrt() } else { rank }
    }
}

impl Targets {
    /// All of them, with their names in specs.
    pub const ALL: &[(&str, Self)] = &[
        ("query_value", Self::QueryValue),
        ("attention", Self::Attention),
        ("feed_forward", Self::FeedForward),
        ("all_linear", Self::AllLinear),
    ];

    /// The targets with this name.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, targets)| *targets)
    }

    fn include(self, kind: LinearKind) -> bool {
        match kind {
            LinearKind::Query | LinearKind::Value | LinearKind::QueryKeyValue => self != Self::FeedForward,
            LinearKind::Key | LinearKind::AttentionOutput => matches!(self, Self::Attention | Self::AllLinear),
            LinearKind::FeedForward => matches!(self, Self::FeedForward | Self::AllLinear),
            LinearKind::Projection => self == Self::AllLinear,
        }
    }
}

pub(super) fn prepare(
    network: &Network,
    loaded: &[bool],
    settings: &LowRankSettings,
    config: &TrainingConfig,
) -> Result<(Network, Trainable), NoTarget> {
    let blocks = network.own_blocks();
    let is_full =
        |part: Part| matches!(part, Part::Block(number) if number >= blocks.saturating_sub(settings.full_layers));
    let is_adapted = |weight: &Parameter| weight.is_above(config.freeze_depth) && !is_full(weight.part);
    let adapted = adapt(network, settings, is_adapted);
    let has_adapters = adapted.parameters.len() > network.parameters.len();
    if !has_adapters && settings.full_layers == 0 {
        return Err(NoTarget {
            adapter: "lora",
            lacking: "linear layers of the kind that `lora_targets` names",
        });
    }
    let changes = |handle: Handle, parameter: &Parameter| {
        parameter.role == Role::LowRank
            || is_full(parameter.part)
            || (handle.index() < network.parameters.len() && is_of_new_head(loaded, handle, parameter.part))
    };
    let trainable = Trainable::new(
        &adapted.parameters,
        config.freeze_depth,
        changes,
        groups::of(config, blocks),
    );
    Ok((adapted, trainable))
}

/// The network with adapters beside its target layers. Their parameters follow those of the network.
pub(crate) fn adapt(network: &Network, settings: &LowRankSettings, is_adapted: impl Fn(&Parameter) -> bool) -> Network {
    let list = network.parameters.clone();
    let mut with_adapters = network.clone();
    let mut declare = Declarations::after(&list);
    // Blocks may share their layers.
    let mut known: BTreeMap<Handle, LowRank> = BTreeMap::new();
    for (kind, linear) in with_adapters.linears_mut() {
        let weight = &list[linear.weight.index()];
        if !settings.targets.include(kind) || !is_adapted(weight) {
            continue;
        }
        let adapter = known.entry(linear.weight).or_insert_with(|| {
            let name = weight.name.strip_suffix(".weight").unwrap_or(&weight.name);
            declare.part(weight.part, weight.freezes_at);
            let shape = (settings.rank, settings.scale(), settings.dropout);
            LowRank::declare(&mut declare, name, weight.widths(), shape)
        });
        linear.adapter = Some(*adapter);
    }
    with_adapters.parameters = declare.finish().into();
    with_adapters
}
