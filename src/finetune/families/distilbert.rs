//! `DistilBERT` (Sanh et al. 2019): BERT without token types and without a pooler, under other names.

use serde_json::json;

use super::{ConfigError, Family, Fields, HeadKind, HeadRequest, Names, check_widths, encoder::Encoder};
use crate::{
    kernels::ActivationKind,
    networks::{
        Network, Reads,
        transformer::{
            AttentionConfig, ExpandNames, FeedForwardConfig, NormConfig, OrderNames, PositionsConfig, ProjectionNames,
            StepConfig, TransformerConfig,
        },
    },
    recipes,
};

pub(super) const FAMILY: Family = Family {
    model_types: &["distilbert"],
    architectures: &[],
    build,
    names: Names {
        prefix: "distilbert.",
        answering: None,
        head: &["pre_classifier."],
        ignored: &["vocab_transform.", "vocab_layer_norm.", "vocab_projector."],
    },
    class: "DistilBert",
    recipe: recipes::bert,
};

fn build(fields: &Fields<'_>, head: HeadRequest) -> Result<Network, ConfigError> {
    fields.only("sinusoidal_pos_embds", &json!(false))?;
    let encoder = Encoder {
        hidden: fields.size("dim")?,
        blocks: fields.blocks("n_layers")?,
        heads: fields.size("n_heads")?,
        inner: fields.size("hidden_dim")?,
        vocabulary: fields.size("vocab_size")?,
        positions: fields.size("max_position_embeddings")?,
        // The library's constant; there is no key for it.
        epsilon: 1e-12,
        activation: fields.activation_or("activation", "gelu")?,
    };
    check_widths("dim", encoder.hidden, encoder.heads)?;
    let positions = PositionsConfig {
        name: "embeddings.position_embeddings.weight",
        rows: encoder.positions,
        first: 0,
        uncounted: None,
    };
    let steps = vec![
        StepConfig::Hidden("pre_classifier"),
        StepConfig::Activation(ActivationKind::Relu),
        StepConfig::Dropout,
        StepConfig::Output("classifier", true),
    ];
    let head = match head.kind {
        // The only family with dropout before the answers.
        HeadKind::Answers => head.with(
            Reads::All,
            vec![StepConfig::Dropout, StepConfig::Output("qa_outputs", true)],
        ),
        HeadKind::Whole | HeadKind::Tokens => head.config(Reads::First, steps),
    };
    let like_bert = encoder.config(head, Some(positions), None);
    let config = TransformerConfig {
        attention: AttentionConfig {
            projections: ProjectionNames::Apart(["attention.q_lin", "attention.k_lin", "attention.v_lin"]),
            output: "attention.out_lin",
            ..like_bert.attention
        },
        feed_forward: FeedForwardConfig {
            expand: ExpandNames::Plain("ffn.lin1"),
            contract: "ffn.lin2",
            ..like_bert.feed_forward
        },
        norms: NormConfig {
            order: OrderNames::NormLast(["sa_layer_norm", "output_layer_norm"]),
            ..like_bert.norms
        },
        block_name: "transformer.layer.{}",
        ..like_bert
    };
    Ok(config.build())
}
