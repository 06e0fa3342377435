//! The description of a transformer, which families make of their `config.json`.

use crate::{
    data::ImageSize,
    kernels::{ActivationKind, Mask},
    layers::{disentangled::Buckets, norm::NormSettings, patches::PatchNames, rotary::Rotary},
    networks::Reads,
};

/// A transformer. Names are those of files without the family's prefix; `{}` stands for the number of a block.
pub(crate) struct TransformerConfig {
    pub(crate) hidden: usize,
    pub(crate) inner: usize,
    pub(crate) vocabulary: usize,
    /// The largest number of tokens of a text.
    pub(crate) longest: usize,
    pub(crate) padding: Option<u32>,
    pub(crate) embedding: EmbeddingConfig,
    /// The patches of images, in place of the embedding of tokens.
    pub(crate) patches: Option<PatchConfig>,
    pub(crate) attention: AttentionConfig,
    pub(crate) feed_forward: FeedForwardConfig,
    pub(crate) norms: NormConfig,
    /// The settings of every block, first to last.
    pub(crate) blocks: Vec<BlockConfig>,
    /// The name of a block.
    pub(crate) block_name: &'static str,
    /// How blocks share their parameters.
    pub(crate) sharing: Sharing,
    pub(crate) convolution: Option<ConvolutionConfig>,
    /// The norm after the last block.
    pub(crate) final_norm: Option<&'static str>,
    /// A linear layer without a bias after that norm: its name and the width of its output.
    pub(crate) final_projection: Option<(&'static str, usize)>,
    pub(crate) head: HeadConfig,
}

/// The patches of images.
pub(crate) struct PatchConfig {
    /// The size of the images for which the table of positions was made.
    pub(crate) size: ImageSize,
    /// The side of a patch.
    pub(crate) side: usize,
    pub(crate) names: PatchNames<'static>,
}

/// The tables before the blocks.
#[derive(Default)]
pub(crate) struct EmbeddingConfig {
    pub(crate) words: &'static str,
    /// The width of word vectors.
    pub(crate) width: usize,
    pub(crate) scale: Option<f64>,
    /// A linear layer without a bias from word vectors to the width of the blocks.
    pub(crate) word_projection: Option<&'static str>,
    pub(crate) positions: Option<PositionsConfig>,
    /// The table of token types, and its number of rows.
    pub(crate) types: Option<(&'static str, usize)>,
    pub(crate) norm: Option<&'static str>,
    /// A linear layer from the normed sum to the width of the blocks.
    pub(crate) projection: Option<&'static str>,
}

/// A table of absolute positions.
pub(crate) struct PositionsConfig {
    pub(crate) name: &'static str,
    pub(crate) rows: usize,
    /// The row of the first position.
    pub(crate) first: usize,
    /// The token that is not counted.
    pub(crate) uncounted: Option<u32>,
}

/// Attention in every block.
pub(crate) struct AttentionConfig {
    pub(crate) heads: usize,
    pub(crate) key_heads: usize,
    /// Number of values per head.
    pub(crate) size: usize,
    pub(crate) projections: ProjectionNames,
    /// True if queries, keys and values have biases.
    pub(crate) has_bias: bool,
    pub(crate) output: &'static str,
    pub(crate) output_has_bias: bool,
    /// Norms of every head of queries and keys.
    pub(crate) head_norms: Option<[&'static str; 2]>,
    pub(crate) softcap: Option<f32>,
    pub(crate) relative: RelativeConfig,
}

/// The names of the linear layers of queries, keys and values.
pub(crate) enum ProjectionNames {
    Apart([&'static str; 3]),
    /// One layer for all three. If `by_head`, its outputs are those of one head after the other.
    Together {
        name: &'static str,
        by_head: bool,
    },
    /// The same, stored as `[inputs, outputs]`.
    TogetherUpright(&'static str),
}

/// The part of a score that depends on the distance between query and key. All blocks share its table.
pub(crate) enum RelativeConfig {
    None,
    /// The table's name, its number of buckets, and the distance that the last bucket reaches.
    Bias(&'static str, usize, usize),
    Disentangled {
        table: &'static str,
        norm: Option<&'static str>,
        span: usize,
        buckets: Option<Buckets>,
        key: PositionNames,
        query: PositionNames,
    },
}

/// The layer that positions go through in every block.
#[derive(Clone, Copy)]
pub(crate) enum PositionNames {
    /// The scores have no such term.
    None,
    /// The layer of the contents.
    Shared,
    Own(&'static str),
}

/// A convolution beside the first block.
pub(crate) struct ConvolutionConfig {
    pub(crate) name: &'static str,
    pub(crate) norm: &'static str,
    /// Number of tokens in a window.
    pub(crate) kernel: usize,
    pub(crate) activation: ActivationKind,
}

/// The feed-forward layer of every block.
pub(crate) struct FeedForwardConfig {
    pub(crate) expand: ExpandNames,
    pub(crate) contract: &'static str,
    pub(crate) has_bias: bool,
    pub(crate) activation: ActivationKind,
}

/// The names of the layers that widen a row.
pub(crate) enum ExpandNames {
    Plain(&'static str),
    Gated { gate: &'static str, up: &'static str },
    GatedTogether(&'static str),
}

/// The norms of every block.
pub(crate) struct NormConfig {
    pub(crate) settings: NormSettings,
    pub(crate) order: OrderNames,
}

/// The order of norms and layers, with the norms' names.
pub(crate) enum OrderNames {
    NormLast([&'static str; 2]),
    NormFirst {
        names: [&'static str; 2],
        /// True if the first block has no norm before attention.
        skips_first: bool,
    },
    /// The two norms, and the factors of the two layers.
    NormFirstScaled {
        norms: [&'static str; 2],
        scales: [&'static str; 2],
    },
    NormAround([&'static str; 4]),
    Parallel([&'static str; 2]),
}

/// The settings that differ between blocks.
#[derive(Clone)]
pub(crate) struct BlockConfig {
    pub(crate) mask: Mask,
    /// The factor for scores before softmax.
    pub(crate) scale: f32,
    pub(crate) rotary: Option<Rotary>,
}

impl BlockConfig {
    /// The usual factor for scores of heads of `size` values (Vaswani et al. 2017, §3.2.1).
    pub(crate) fn usual_scale(size: usize) -> f32 {
        (size as f32).sqrt().recip()
    }
}

/// How blocks share their parameters.
pub(crate) enum Sharing {
    /// Every block has its own.
    None,
    /// Blocks are applied in groups (Lan et al. 2020, `ALBERT`): a group has `inner` blocks with parameters of their
    /// own, and is applied several times.
    Groups { inner: usize, times: Vec<usize> },
}

/// The head.
pub(crate) struct HeadConfig {
    pub(crate) reads: Reads,
    pub(crate) steps: Vec<StepConfig>,
    pub(crate) outputs: usize,
    /// True if the file provides the head's values.
    pub(crate) is_from_file: bool,
}

/// A step of the head.
pub(crate) enum StepConfig {
    Dropout,
    /// A linear layer of the hidden width that pretraining may have trained.
    Pretrained(&'static str, bool),
    /// A new linear layer of the hidden width.
    Hidden(&'static str),
    Activation(ActivationKind),
    /// A norm that pretraining may have trained.
    Norm(&'static str, NormSettings),
    /// The last linear layer, with or without a bias.
    Output(&'static str, bool),
}
