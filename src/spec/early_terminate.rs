//! The section `early_terminate`, read and written by the rows of the registry: rules that prune weak trials.

pub(super) mod read;
pub(super) mod write;

use super::keys::{EPOCHS, Key, Kind, NOT_NEGATIVE, SHARE, Section, key};
use crate::policies::{EarlyTerminate, SchedulerSpec};
use crate::schedulers::{Info, OptionKind, OptionRow, OptionValue};

/// The default `eta` with a wall budget: two early comparisons that keep one in four find as much as three that keep
/// one in three (`benches/deadline_quality`).
const PLANNED_ETA: u32 = 4;

/// The default for fine-tuning with a wall budget.
pub(super) fn planned() -> EarlyTerminate {
    SchedulerSpec::default().with("eta", PLANNED_ETA).into()
}

/// Every option of every rule, each once, with the names of the rules that have it.
pub(super) fn options() -> Vec<(&'static OptionRow, Vec<&'static str>)> {
    let mut options: Vec<(&OptionRow, Vec<&str>)> = Vec::new();
    for Info {
        name, options: rows, ..
    } in SchedulerSpec::all().map(SchedulerSpec::info)
    {
        for row in *rows {
            match options.iter_mut().find(|(known, _)| known.name == row.name) {
                Some((_, owners)) => owners.push(name),
                None => options.push((row, vec![name])),
            }
        }
    }
    options
}

/// `early_terminate` in the schema.
pub(super) const EARLY_TERMINATE: Section = Section {
    name: "early_terminate",
    about: "The scheduler and its options.",
    keys: || {
        let common = [
            key(
                "patience",
                EPOCHS,
                "A trial ends this many epochs after its last improvement, whatever the scheduler decides.",
            )
            .examples(&["2"]),
            key(
                "min_delta",
                NOT_NEGATIVE,
                "Smaller changes do not count as improvements, in units of the metric.",
            )
            .default("0"),
            key(
                "audit",
                SHARE,
                "The share of trials that run to their end whatever the scheduler decides, to measure what pruning costs.",
            )
            .default("0")
            .examples(&["0.05"]),
            key(
                "min_iter",
                EPOCHS,
                "Weights & Biases' key for `epochs.min`, with `type: hyperband`. Weak trials then end for good, as they do there.",
            ),
            key(
                "max_iter",
                EPOCHS,
                "Weights & Biases' key for `epochs.max`, with `type: hyperband`. Weak trials then end for good, as they do there.",
            ),
            key(
                "s",
                Kind::Integer { min: 1, max: 100 },
                "Weights & Biases' key for the number of rungs below `max_iter`.",
            )
            .default("1"),
            key(
                "strict",
                Kind::Boolean,
                "Weights & Biases' key. It has no effect: a trial that is not among the best always ends.",
            ),
        ];
        rules().into_iter().chain(common).collect()
    },
};

/// The key `type`, and the options of every type.
fn rules() -> Vec<Key> {
    let kind = key("type", Kind::Words(names), "The scheduler, see \"Types\" below.").default("\"asha\"");
    let options = options().into_iter();
    let options = options.map(|(row, owners)| Key {
        owners,
        computed_default: row.default.map_or_else(String::new, json),
        ..key(row.name, kind_of(row), row.about)
    });
    [kind].into_iter().chain(options).collect()
}

fn kind_of(row: &OptionRow) -> Kind {
    match row.kind {
        OptionKind::Integer(min, max) => Kind::Integer {
            min: min.into(),
            max: max.into(),
        },
        OptionKind::Number(min, max) => Kind::Number {
            min,
            max,
            open: (false, false),
        },
        OptionKind::Epochs => EPOCHS,
        OptionKind::Words(words) => Kind::OneOf(words),
        OptionKind::Boolean => Kind::Boolean,
    }
}

fn json(value: OptionValue) -> String {
    match value {
        OptionValue::Integer(number) => number.to_string(),
        OptionValue::Number(number) => number.to_string(),
        OptionValue::Word(word) => format!("\"{word}\""),
        OptionValue::Boolean(is_so) => is_so.to_string(),
    }
}

fn names() -> Vec<&'static str> {
    SchedulerSpec::names().into_iter().map(|(name, _)| name).collect()
}
