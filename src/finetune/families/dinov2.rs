//! `DINOv2` (Oquab et al. 2024): a `ViT` with a factor for every column of a branch. The head reads the token for the
//! class, and the mean of the patches.

use super::{
    ConfigError, Family, Fields, HeadRequest, Names,
    vision::{self, Vision, VisionNames},
};
use crate::{
    kernels::ActivationKind,
    networks::{
        Network, Reads,
        transformer::{ExpandNames, OrderNames},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["dinov2"],
    architectures: &[],
    build,
    names: Names {
        prefix: "dinov2.",
        answering: None,
        head: &[],
        ignored: &["embeddings.mask_token"],
    },
    class: "Dinov2",
    recipe: recipes::vision_transformer,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let vision = vision::read(fields, 1e-6, 224)?;
    let inner = (vision.hidden as f64 * fields.number_or("mlp_ratio", 4.0)?) as usize;
    let has_gate = fields.flag_or("use_swiglu_ffn", false)?;
    let like_vit = vision::vit_names(&["embeddings.cls_token"]);
    let names = VisionNames {
        expand: if has_gate {
            ExpandNames::GatedTogether("mlp.weights_in")
        } else {
            ExpandNames::Plain("mlp.fc1")
        },
        contract: if has_gate { "mlp.weights_out" } else { "mlp.fc2" },
        norms: OrderNames::NormFirstScaled {
            norms: ["norm1", "norm2"],
            scales: ["layer_scale1.lambda1", "layer_scale2.lambda1"],
        },
        ..like_vit
    };
    let vision = Vision {
        // A gate takes two thirds of the width, in steps of 8.
        inner: if has_gate {
            (inner * 2 / 3).next_multiple_of(8)
        } else {
            inner
        },
        activation: if has_gate {
            ActivationKind::Silu
        } else {
            vision.activation
        },
        ..vision
    };
    Ok(vision.config(names, Reads::FirstAndMean, head).build())
}
