//! `epochs`: the length of a trial. Epochs are what a trial spends, not what is searched.

use serde::{Deserialize, Serialize};

use super::diagnostics::Diagnostic;
use super::early_terminate::read as early_terminate;
use super::keys::{EPOCHS, Kind, Section, key};
use super::raw::{Content, Node};
use super::reader::{self, Fields, Problems};

/// The number of epochs of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRange {
    /// No trial is pruned before this epoch; at most `max`.
    pub min: f64,
    /// Number of epochs of a complete trial.
    pub max: f64,
    /// For `automl train`: the epochs at which the best trial was evaluated, up to its best. Training stops at the
    /// last, but the learning-rate schedule covers `max`. Training in the same pieces reproduces the same model.
    pub stops: Vec<f64>,
    /// For `automl train`: epochs between which the learning rate fell to 0, if the best trial ended before the
    /// schedule.
    pub cooldown: Option<(f64, f64)>,
}

/// `epochs` in the schema.
pub(super) const EPOCH_RANGE: Section = Section {
    name: "epochs",
    about: "The length of a trial, in passes over the training examples.",
    keys: || {
        vec![
            key(
                "min",
                EPOCHS,
                "No trial is pruned before this epoch. By default 1, or `max` if that is less; for fine-tuning with a wall budget, an eighth of `max`.",
            ),
            key("max", EPOCHS, "Length of a complete trial.").default("3"),
            key(
                "stops",
                Kind::List(&EPOCHS),
                "For `automl train`: the epochs at which the best trial was evaluated.",
            ),
            key(
                "cooldown",
                Kind::List(&EPOCHS),
                "For `automl train`: the epochs between which the learning rate fell to 0, if the best trial ended before its schedule.",
            ),
        ]
    },
};

/// Reads `epochs`. The defaults come from `iterations`, else from `default`.
pub(super) fn read(
    spec: &Fields<'_>,
    iterations: early_terminate::Iterations,
    (default, is_planned): (f64, bool),
    problems: &mut Problems,
) -> Option<EpochRange> {
    /// With a wall budget, the first comparison comes after this share of a complete trial.
    const FIRST_COMPARISON: f64 = 1.0 / 8.0;
    let default = iterations.max.unwrap_or(default);
    let read =
        |node, what, problems: &mut Problems| reader::number_within(node, what, (0.0, 1e6), (true, false), problems);
    // By default a trial is judged after its first epoch, or earlier with a wall budget.
    let judged_early = |max: f64| EpochRange {
        min: match iterations.min {
            Some(min) => max.min(min),
            None if is_planned => max * FIRST_COMPARISON,
            None => max.min(1.0),
        },
        max,
        stops: Vec::new(),
        cooldown: None,
    };
    let Some(node) = spec.get("epochs") else {
        return Some(judged_early(default));
    };
    if matches!(node.content, Content::Scalar(_)) {
        return read(node, "epochs", problems).map(judged_early);
    }
    let fields = Fields::of(node, &EPOCH_RANGE, problems)?;
    let min = fields.get("min").map(|node| read(node, "min", problems));
    let max = fields
        .get("max")
        .map_or(Some(default), |node| read(node, "max", problems))?;
    let stops = fields
        .get("stops")
        .map_or(Some(Vec::new()), |node| stops(node, max, problems))?;
    let min = min.unwrap_or_else(|| Some(judged_early(max).min))?;
    if min > max && fields.get("max").is_none() {
        let location = fields.get("min").map_or(fields.location, |node| &node.location);
        let whole = words(max);
        problems.error(
            Diagnostic::error(
                location,
                format!("`epochs` lacks `max`: a complete trial would be {whole}"),
            )
            .with_help(format!(
                "write `epochs: {{min: {min}, max: {}}}` for example",
                min * 9.0
            )),
        );
        return None;
    }
    if min > max {
        let location = fields.get("min").map_or(fields.location, |node| &node.location);
        problems.error(
            Diagnostic::error(location, "the range of `epochs` is empty: `min` is greater than `max`")
                .with_label(format!("greater than {max}")),
        );
        return None;
    }
    let cooldown = match fields.get("cooldown") {
        Some(node) => Some(cooldown(node, max, problems)?),
        None => None,
    };
    Some(EpochRange {
        min,
        max,
        stops,
        cooldown,
    })
}

/// A number of epochs in words.
fn words(epochs: f64) -> String {
    let plural = if epochs == 1.0 { "" } else { "s" };
    format!("{epochs} epoch{plural}")
}

/// Epochs up to `max`, in ascending order.
fn stops(node: &Node, max: f64, problems: &mut Problems) -> Option<Vec<f64>> {
    ascending(node, "stops", max, problems)
}

/// Two epochs up to `max`, between which the learning rate falls to 0.
fn cooldown(node: &Node, max: f64, problems: &mut Problems) -> Option<(f64, f64)> {
    if let [from, to] = ascending(node, "cooldown", max, problems)?[..] {
        return Some((from, to));
    }
    problems.error(
        Diagnostic::error(
            &node.location,
            "`cooldown` is two epochs: where it begins and where it ends",
        )
        .with_help("write it like `cooldown: [1, 2.5]`"),
    );
    None
}

/// Epochs above 0 and up to `max`, in ascending order.
fn ascending(node: &Node, what: &str, max: f64, problems: &mut Problems) -> Option<Vec<f64>> {
    let Content::Sequence(items) = &node.content else {
        problems.error(
            Diagnostic::error(&node.location, format!("`{what}` is a list of epochs"))
                .with_help(format!("write it like `{what}: [1, 2.5]`")),
        );
        return None;
    };
    let mut before = 0.0;
    let mut epochs = Vec::with_capacity(items.len());
    for item in items {
        let rule = "greater than the one before and at most `max`";
        before = reader::number_that(item, what, |epoch| epoch > before && epoch <= max, rule, problems)?;
        epochs.push(before);
    }
    Some(epochs)
}
