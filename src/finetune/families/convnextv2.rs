//! `ConvNeXt V2` (Woo et al. 2023) in the layout of `transformers`: a response norm in place of factors for columns.

use super::{ConfigError, Family, Fields, HeadRequest, Names, convnext};
use crate::{networks::Network, recipes};

pub(super) const FAMILY: Family = Family {
    model_types: &["convnextv2"],
    architectures: &[],
    build,
    names: Names {
        prefix: "convnextv2.",
        answering: None,
        head: &[],
        ignored: &[],
    },
    class: "ConvNextV2",
    recipe: recipes::convnext,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    convnext::network(fields, head, false)
}
