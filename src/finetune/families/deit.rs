//! `DeiT` (Touvron et al. 2021): a `ViT` with a second token, which a teacher taught. The head reads the first one.

use super::{ConfigError, Family, Fields, HeadRequest, Names, vision};
use crate::{
    networks::{Network, Reads},
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["deit"],
    architectures: &[],
    build,
    names: Names {
        prefix: "deit.",
        answering: None,
        head: &[],
        ignored: &[
            "pooler.",
            "decoder.",
            "embeddings.mask_token",
            "cls_classifier.",
            "distillation_classifier.",
        ],
    },
    class: "DeiT",
    recipe: recipes::vision_transformer,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let names = vision::vit_names(&["embeddings.cls_token", "embeddings.distillation_token"]);
    let vision = vision::read(fields, 1e-12, 224)?;
    Ok(vision.config(names, Reads::First, head).build())
}
