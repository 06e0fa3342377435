//! The shape that transformers of images share: patches behind a token for the class, norms before the layers.

use super::{ConfigError, Fields, HeadRequest, check_widths};
use crate::{
    data::ImageSize,
    kernels::{ActivationKind, Mask},
    layers::{norm::NormSettings, patches::PatchNames},
    networks::{
        Reads,
        transformer::{
            AttentionConfig, BlockConfig, EmbeddingConfig, ExpandNames, FeedForwardConfig, NormConfig, OrderNames,
            PatchConfig, ProjectionNames, RelativeConfig, Sharing, StepConfig, TransformerConfig,
        },
    },
};

/// Sizes and variants.
pub(super) struct Vision {
    pub(super) hidden: usize,
    pub(super) blocks: usize,
    pub(super) heads: usize,
    pub(super) inner: usize,
    pub(super) size: ImageSize,
    /// The side of a patch.
    pub(super) patch: usize,
    pub(super) has_bias: bool,
    pub(super) epsilon: f64,
    pub(super) activation: ActivationKind,
}

/// The names of the parts.
pub(super) struct VisionNames {
    pub(super) patches: PatchNames<'static>,
    pub(super) block: &'static str,
    pub(super) projections: ProjectionNames,
    pub(super) attention_output: &'static str,
    pub(super) expand: ExpandNames,
    pub(super) contract: &'static str,
    pub(super) norms: OrderNames,
    pub(super) final_norm: &'static str,
    pub(super) classifier: &'static str,
}

/// Reads the keys that `transformers` has for these models; `epsilon` and `size` are the family's defaults.
pub(super) fn read(fields: &Fields<'_>, epsilon: f64, size: usize) -> Result<Vision, ConfigError> {
    let hidden = fields.size_or("hidden_size", 768)?;
    let channels = fields.size_or("num_channels", 3)?;
    let [height, width] = fields.sides_or("image_size", size)?;
    Vision {
        hidden,
        blocks: match fields.get("num_hidden_layers") {
            Some(_) => fields.blocks("num_hidden_layers")?,
            None => 12,
        },
        heads: fields.size_or("num_attention_heads", 12)?,
        inner: fields.size_or("intermediate_size", 4 * hidden)?,
        size: ImageSize {
            channels,
            height,
            width,
        },
        patch: fields.square_or("patch_size", 16)?,
        has_bias: fields.flag_or("qkv_bias", true)?,
        epsilon: fields.number_or("layer_norm_eps", epsilon)?,
        activation: fields.activation_or("hidden_act", "gelu")?,
    }
    .checked()
}

impl Vision {
    /// # Errors
    /// If the sizes contradict each other.
    pub(super) fn checked(self) -> Result<Self, ConfigError> {
        check_widths("hidden_size", self.hidden, self.heads)?;
        let least = self.size.height.min(self.size.width);
        if self.patch > least {
            return Err(ConfigError::Value {
                key: "patch_size".to_owned(),
                value: self.patch.to_string(),
                expected: format!("at most the image's side of {least}"),
            });
        }
        Ok(self)
    }

    /// The network with these names and a head that reads `reads`.
    pub(super) fn config(self, names: VisionNames, reads: Reads, head: HeadRequest) -> TransformerConfig {
        let size = self.hidden / self.heads;
        let steps = vec![StepConfig::Dropout, StepConfig::Output(names.classifier, true)];
        TransformerConfig {
            hidden: self.hidden,
            inner: self.inner,
            vocabulary: 0,
            longest: 0,
            padding: None,
            embedding: EmbeddingConfig::default(),
            patches: Some(PatchConfig {
                size: self.size,
                side: self.patch,
                names: names.patches,
            }),
            attention: AttentionConfig {
                heads: self.heads,
                key_heads: self.heads,
                size,
                projections: names.projections,
                has_bias: self.has_bias,
                output: names.attention_output,
                output_has_bias: true,
                head_norms: None,
                softcap: None,
                relative: RelativeConfig::None,
            },
            feed_forward: FeedForwardConfig {
                expand: names.expand,
                contract: names.contract,
                has_bias: true,
                activation: self.activation,
            },
            norms: NormConfig {
                settings: NormSettings::layer(self.epsilon),
                order: names.norms,
            },
            blocks: vec![
                BlockConfig {
                    mask: Mask::NONE,
                    scale: BlockConfig::usual_scale(size),
                    rotary: None,
                };
                self.blocks
            ],
            block_name: names.block,
            sharing: Sharing::None,
            convolution: None,
            final_norm: Some(names.final_norm),
            final_projection: None,
            head: head.with(reads, steps),
        }
    }
}

/// The names of `ViT`'s parts in `transformers`, with these tokens before the patches.
pub(super) fn vit_names(tokens: &'static [&'static str]) -> VisionNames {
    VisionNames {
        patches: PatchNames {
            projection: "embeddings.patch_embeddings.projection",
            has_bias: true,
            tokens,
            positions: "embeddings.position_embeddings",
            skips_tokens: false,
            resampling: crate::layers::resampling::Resampling::Cubic,
        },
        block: "encoder.layer.{}",
        projections: ProjectionNames::Apart([
            "attention.attention.query",
            "attention.attention.key",
            "attention.attention.value",
        ]),
        attention_output: "attention.output.dense",
        expand: ExpandNames::Plain("intermediate.dense"),
        contract: "output.dense",
        norms: OrderNames::NormFirst {
            names: ["layernorm_before", "layernorm_after"],
            skips_first: false,
        },
        final_norm: "layernorm",
        classifier: "classifier",
    }
}
