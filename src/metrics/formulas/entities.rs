//! Precision, recall and F1 of entities, as seqeval computes them.

use crate::{
    counts::{Average, ClassCounts},
    metric::{Formula, Goal, Metric},
    outcomes::Tags,
    tagging::Mode,
};

/// A row for a score of well-formed entities.
const fn strict(name: &'static str, help: &'static str, formulas: &'static [Formula]) -> Metric {
    Metric {
        name,
        aliases: &[],
        goal: Goal::Maximize,
        is_share: true,
        help,
        formulas,
        of_class: None,
    }
}

pub(crate) const F1_STRICT: Metric = strict(
    "f1_strict",
    "F1 of entities whose tags obey BIO, or BIOES if a tag begins with `E` or `S`",
    &[Formula::Tags(|tags| {
        of_well_formed(tags, Average::Micro, ClassCounts::f1)
    })],
);

pub(crate) const F1_MACRO_STRICT: Metric = strict(
    "f1_macro_strict",
    "unweighted mean of the F1 of entity types, of entities whose tags obey BIO or BIOES",
    &[Formula::Tags(|tags| {
        of_well_formed(tags, Average::Macro, ClassCounts::f1)
    })],
);

pub(crate) const PRECISION_STRICT: Metric = strict(
    "precision_strict",
    "precision of entities whose tags obey BIO, or BIOES if a tag begins with `E` or `S`",
    &[Formula::Tags(|tags| {
        of_well_formed(tags, Average::Micro, ClassCounts::precision)
    })],
);

pub(crate) const RECALL_STRICT: Metric = strict(
    "recall_strict",
    "recall of entities whose tags obey BIO, or BIOES if a tag begins with `E` or `S`",
    &[Formula::Tags(|tags| {
        of_well_formed(tags, Average::Micro, ClassCounts::recall)
    })],
);

/// An averaged score over the entity types that occur or are predicted; 0 if there are none.
pub(super) fn average(tags: &Tags<'_>, mode: Mode, average: Average, score: fn(&ClassCounts) -> Option<f64>) -> f64 {
    let types: Vec<ClassCounts> = tags.counts(mode).into_values().collect();
    average.of(&types, score)
}

fn of_well_formed(tags: &Tags<'_>, kind: Average, score: fn(&ClassCounts) -> Option<f64>) -> f64 {
    average(tags, Mode::Strict(tags.scheme()), kind, score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badly_formed_entity_counts_only_by_default() {
        let (predicted, truth) = ([vec!["I-PER", "O"]], [vec!["B-PER", "O"]]);
        let tags = Tags::of_names(&predicted, &truth).unwrap();
        assert_eq!(average(&tags, Mode::Default, Average::Micro, ClassCounts::f1), 1.0);
        assert_eq!(of_well_formed(&tags, Average::Micro, ClassCounts::f1), 0.0);
    }
}
