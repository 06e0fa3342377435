//! `selection`: how the winner is chosen after the search.

use super::diagnostics::Diagnostic;
use super::raw::Node;
use super::reader::{self, Fields, Problems};
use super::resolved::{Criteria, DataSpec, ObjectiveSpec, Selection, SelectionRule};
use crate::policies::EarlyTerminate;

/// A generous maximum, low enough to catch a misprint.
const MOST: i64 = 100;

/// Minimum number of seeds for a standard error.
const LEAST_SEEDS: u32 = 2;

/// The default of a spec that gives no numbers.
const DEFAULT: Selection = Selection {
    rule: SelectionRule::Best,
    top_k: 3,
    reseeds: 2,
    holdout: false,
};

/// Reads `selection`.
pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Selection> {
    let fields = Fields::read(node, "selection", &["rule", "top_k", "reseeds", "holdout"], problems)?;
    let whole = |key: &str, least: i64, default: u32, problems: &mut Problems| match fields.get(key) {
        Some(node) => reader::integer(node, key, least..=MOST, problems).map(|number| number as u32),
        None => Some(default),
    };
    let rule = fields.get("rule").map_or(Some(DEFAULT.rule), |node| {
        reader::one_of(node, "rule", &SelectionRule::NAMES, problems)
    });
    let top_k = whole("top_k", 1, DEFAULT.top_k, problems);
    let reseeds = whole("reseeds", 0, DEFAULT.reseeds, problems);
    let holdout = fields
        .get("holdout")
        .map_or(Some(DEFAULT.holdout), |node| reader::boolean(node, "holdout", problems));
    let selection = Selection {
        rule: rule?,
        top_k: top_k?,
        reseeds: reseeds?,
        holdout: holdout?,
    };
    check_seeds(selection, &fields, problems)?;
    Some(selection)
}

/// Reports too few seeds for the one-standard-error rule.
fn check_seeds(selection: Selection, fields: &Fields<'_>, problems: &mut Problems) -> Option<()> {
    if selection.rule != SelectionRule::OneSe || selection.reseeds >= LEAST_SEEDS {
        return Some(());
    }
    let place = fields.get("reseeds").map_or(fields.place, |node| &node.place);
    problems.error(
        Diagnostic::error(
            place,
            format!("`rule: one_se` goes by a standard error, which needs `reseeds` of {LEAST_SEEDS} at least"),
        )
        .with_help("write `reseeds: 2` or more, or `rule: best`"),
    );
    None
}

/// Checks `selection` against the rest of the spec.
pub(super) fn check(
    selection: Selection,
    objective: &ObjectiveSpec,
    (criteria, early): (&Criteria, Option<EarlyTerminate>),
    spec: &Fields<'_>,
    problems: &mut Problems,
) {
    let Some(node) = spec.get("selection") else { return };
    let place = |key: &str| node.child(key).map_or(&node.place, |child: &Node| &child.place);
    if selection.rule == SelectionRule::Pareto && !criteria.has_front() {
        problems.error(
            Diagnostic::error(
                place("rule"),
                "`rule: pareto` chooses from a front, but `metric` names one metric",
            )
            .with_help(
                "list several metrics, such as `metric: [accuracy, trainable_parameters]`, or write `rule: best`",
            ),
        );
    }
    if selection.rule == SelectionRule::OneSe && !criteria.is_plain() {
        problems.error(
            Diagnostic::error(
                place("rule"),
                "`rule: one_se` weighs one metric against the cost of training",
            )
            .with_help("write `rule: best`, or `rule: pareto` for a front"),
        );
    }
    if let Some(early) = early.filter(|early| early.scheduler.members().is_some()) {
        let rule = early.scheduler.name();
        problems.error(
            Diagnostic::error(
                &node.place,
                format!(
                    "`selection` trains configurations again, but one that `{rule}` has cloned is not all of its training"
                ),
            )
            .with_help("use another `early_terminate`, or leave `selection` out"),
        );
    }
    if spec.get("repeats").is_some() {
        problems.error(
            Diagnostic::error(&node.place, "`selection` and `repeats` both run configurations again")
                .with_help("keep one of them"),
        );
    }
    if selection.holdout && !has_test(objective) {
        let (message, help) = match objective {
            ObjectiveSpec::FineTune(_) => (
                "`holdout` needs test examples, but none are kept apart",
                "give them a share, such as `data: {split: {test: 0.1}}`; of built-in data a number, such as `data: {test: 1000}`",
            ),
            ObjectiveSpec::Command(_) => (
                "`holdout` looks at test examples, which only a program itself has",
                "evaluate the winner with the program; `automl best DIR --format args` gives its arguments",
            ),
            ObjectiveSpec::Function(_) | ObjectiveSpec::AskTell(_) => return,
        };
        problems.error(Diagnostic::error(place("holdout"), message).with_help(help));
    }
}

fn has_test(objective: &ObjectiveSpec) -> bool {
    match objective {
        ObjectiveSpec::FineTune(fine_tune) => match &fine_tune.data {
            DataSpec::Table { split, .. } => split.test > 0.0,
            DataSpec::Builtin { test, .. } => test.is_some(),
        },
        ObjectiveSpec::Function(_) => true,
        ObjectiveSpec::Command(_) | ObjectiveSpec::AskTell(_) => false,
    }
}
