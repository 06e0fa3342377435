//! `ViT` (Dosovitskiy et al. 2021).

use super::{ConfigError, Family, Fields, HeadRequest, Names, vision};
use crate::{
    networks::{Network, Reads},
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["vit"],
    architectures: &[],
    build,
    names: Names {
        prefix: "vit.",
        answering: None,
        head: &[],
        ignored: &["pooler.", "decoder.", "embeddings.mask_token"],
    },
    class: "ViT",
    recipe: recipes::vision_transformer,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let names = vision::vit_names(&["embeddings.cls_token"]);
    let vision = vision::read(fields, 1e-12, 224)?;
    Ok(vision.config(names, Reads::First, head).build())
}
