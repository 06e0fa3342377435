//! `ViT` and `DeiT` in timm's layout: queries, keys and values in one layer, sizes by the name of the architecture.

use super::{
    ConfigError, Family, Fields, HeadRequest, Names,
    timm::{self, image_size},
    vision::{Vision, VisionNames},
};
use crate::{
    kernels::ActivationKind,
    layers::{patches::PatchNames, resampling::Resampling},
    networks::{
        Network, Reads,
        transformer::{ExpandNames, OrderNames, ProjectionNames},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &[],
    architectures: &["timm/vit_", "timm/deit_"],
    build,
    names: Names {
        prefix: "",
        answering: None,
        head: &["head."],
        ignored: &[],
    },
    class: "",
    recipe: recipes::vision_transformer,
};

/// Width, blocks and heads by size.
const SIZES: [(&str, [usize; 3]); 5] = [
    ("tiny", [192, 12, 3]),
    ("small", [384, 12, 6]),
    ("base", [768, 12, 12]),
    ("large", [1024, 24, 16]),
    ("huge", [1280, 32, 16]),
];

/// The sizes that `model_args` may change.
const KNOWN: &[&str] = &[
    "embed_dim",
    "depth",
    "num_heads",
    "patch_size",
    "img_size",
    "mlp_ratio",
    "qkv_bias",
    "global_pool",
    "in_chans",
];

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let name = timm::name(fields)?;
    let unknown = || {
        timm::unsupported(
            name,
            "`vit_` or `deit_`, a size from `tiny` to `huge`, `_patch` and two sides",
        )
    };
    let (kind, sides) = name
        .split_once('_')
        .and_then(|(_, rest)| rest.split_once("_patch"))
        .ok_or_else(unknown)?;
    let (_, [hidden, blocks, heads]) = SIZES.iter().find(|(known, _)| *known == kind).ok_or_else(unknown)?;
    let sides: Option<Vec<usize>> = sides.split('_').map(|side| side.parse().ok()).collect();
    let Some([patch, side]) = sides.as_deref() else {
        return Err(unknown());
    };
    let arguments = timm::arguments(fields, KNOWN)?;
    arguments.only("global_pool", &serde_json::json!("token"))?;
    let hidden = arguments.size_or("embed_dim", *hidden)?;
    let ratio = arguments.number_or("mlp_ratio", 4.0)?;
    let vision = Vision {
        hidden,
        blocks: arguments.size_or("depth", *blocks)?.min(1024),
        heads: arguments.size_or("num_heads", *heads)?,
        inner: (hidden as f64 * ratio) as usize,
        size: image_size(fields, &arguments, *side)?,
        patch: arguments.square_or("patch_size", *patch)?,
        has_bias: arguments.flag_or("qkv_bias", true)?,
        epsilon: 1e-6,
        activation: ActivationKind::Gelu,
    };
    let names = VisionNames {
        patches: PatchNames {
            projection: "patch_embed.proj",
            has_bias: true,
            tokens: &["cls_token"],
            positions: "pos_embed",
            skips_tokens: false,
            resampling: Resampling::CubicAntialiased,
        },
        block: "blocks.{}",
        projections: ProjectionNames::Together {
            name: "attn.qkv",
            by_head: false,
        },
        attention_output: "attn.proj",
        expand: ExpandNames::Plain("mlp.fc1"),
        contract: "mlp.fc2",
        norms: OrderNames::NormFirst {
            names: ["norm1", "norm2"],
            skips_first: false,
        },
        final_norm: "norm",
        classifier: "head",
    };
    Ok(vision.checked()?.config(names, Reads::First, head).build())
}
