//! BERT (Devlin et al. 2019).

use super::{ConfigError, Family, Fields, HeadRequest, Names, encoder};
use crate::{
    kernels::ActivationKind,
    networks::{
        Network, Reads,
        transformer::{PositionsConfig, StepConfig},
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["bert"],
    architectures: &[],
    build,
    names: Names {
        prefix: "bert.",
        answering: None,
        head: &[],
        ignored: &["cls.", "pooler.", "embeddings.position_ids"],
    },
    class: "Bert",
    recipe: recipes::bert,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    let encoder = encoder::read(fields, 1e-12)?;
    let positions = PositionsConfig {
        name: "embeddings.position_embeddings.weight",
        rows: encoder.positions,
        first: 0,
        uncounted: None,
    };
    let types = fields.size_or("type_vocab_size", 2)?;
    let steps = vec![
        StepConfig::Pretrained("pooler.dense", true),
        StepConfig::Activation(ActivationKind::Tanh),
        StepConfig::Dropout,
        StepConfig::Output("classifier", true),
    ];
    Ok(encoder
        .config(head.config(Reads::First, steps), Some(positions), Some(types))
        .build())
}
