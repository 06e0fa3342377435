//! `selection`: how the winner is chosen after the search.

use serde::{Deserialize, Serialize};

use super::declared::{self, Field, Word, at, field, words_of};
use super::diagnostics::Diagnostic;
use super::keys::{Kind, Section};
use super::raw::Node;
use super::reader::{Fields, Problems};
use super::resolved::{Criteria, DataSpec, ObjectiveSpec};
use crate::policies::EarlyTerminate;

/// The choice of the winner: the best trials of the search are trained again with fresh seeds, since the best of many
/// is partly a lucky one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// The rule.
    pub rule: SelectionRule,
    /// Number of finalists: the best trials.
    pub top_k: u32,
    /// Number of fresh seeds for each finalist.
    pub reseeds: u32,
    /// `true` to measure the winner on the test examples in the end.
    pub holdout: bool,
}

impl Default for Selection {
    fn default() -> Self {
        Self {
            rule: SelectionRule::Best,
            top_k: 3,
            reseeds: 2,
            holdout: false,
        }
    }
}

/// The rule that chooses the winner among the finalists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelectionRule {
    /// The best mean over fresh seeds.
    Best,
    /// The cheapest to train of those within one standard error of the best mean (Breiman et al. 1984, §3.4.3). The
    /// error comes from the deviation over the seeds that all finalists have in common.
    OneSe,
    /// The best in the first metric on the Pareto front of the means of several metrics.
    Pareto,
}

impl SelectionRule {
    /// Its name in specs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::OneSe => "one_se",
            Self::Pareto => "pareto",
        }
    }
}

impl Word for SelectionRule {
    fn names() -> Vec<(&'static str, Self)> {
        [Self::Best, Self::OneSe, Self::Pareto]
            .map(|rule| (rule.name(), rule))
            .to_vec()
    }
}

/// `selection` in the schema.
pub(super) const SELECTION: Section = Section {
    name: "selection",
    about: "The choice of the winner. The best value of many trials is partly luck, so the finalists are trained again with fresh seeds.",
    keys: || declared::keys(KEYS),
};

/// A generous maximum, low enough to catch a misprint.
const MOST: u64 = 100;

/// The keys of `selection`.
pub(super) const KEYS: &[Field<Selection>] = &[
    field(
        "rule",
        Kind::Words(words_of::<SelectionRule>),
        at!(Selection.rule),
        "`best`: the best mean over the fresh seeds. `one_se`: the cheapest to train of those within one standard error of it. `pareto`: of several metrics, the front of the means; the best in the first metric wins.",
    ),
    field(
        "top_k",
        Kind::Integer { min: 1, max: MOST },
        at!(Selection.top_k),
        "Number of finalists: the best trials.",
    ),
    field(
        "reseeds",
        Kind::Integer { min: 0, max: MOST },
        at!(Selection.reseeds),
        "Number of fresh seeds with which each finalist is trained up to its best epoch. The wall budget keeps time for these runs; `budget.trials` does not count them.",
    ),
    field(
        "holdout",
        Kind::Boolean,
        at!(Selection.holdout),
        "`true` to measure the winner once on the test examples (`data.split.test`) in the end.",
    ),
];

/// Minimum number of seeds for a standard error.
const LEAST_SEEDS: u32 = 2;

/// Reads `selection`.
pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Selection> {
    let selection = declared::read(node, "selection", KEYS, problems)?;
    check_seeds(selection, node, problems)?;
    Some(selection)
}

/// Reports too few seeds for the one-standard-error rule.
fn check_seeds(selection: Selection, node: &Node, problems: &mut Problems) -> Option<()> {
    if selection.rule != SelectionRule::OneSe || selection.reseeds >= LEAST_SEEDS {
        return Some(());
    }
    let location = &node.child("reseeds").unwrap_or(node).location;
    problems.error(
        Diagnostic::error(
            location,
            format!("`rule: one_se` uses a standard error, so it needs `reseeds` of at least {LEAST_SEEDS}"),
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
    let location = |key: &str| node.child(key).map_or(&node.location, |child: &Node| &child.location);
    if selection.rule == SelectionRule::Pareto && !criteria.has_front() {
        problems.error(
            Diagnostic::error(
                location("rule"),
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
                location("rule"),
                "`rule: one_se` weighs one metric against the cost of training",
            )
            .with_help("write `rule: best`, or `rule: pareto` for a front"),
        );
    }
    if let Some(early) = early.filter(|early| early.scheduler.members().is_some()) {
        let rule = early.scheduler.name();
        problems.error(
            Diagnostic::error(
                &node.location,
                format!(
                    "`selection` trains configurations again, but one that `{rule}` has cloned is not all of its training"
                ),
            )
            .with_help("use another `early_terminate`, or leave `selection` out"),
        );
    }
    if spec.get("repeats").is_some() {
        problems.error(
            Diagnostic::error(
                &node.location,
                "`selection` and `repeats` both run configurations again",
            )
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
        problems.error(Diagnostic::error(location("holdout"), message).with_help(help));
    }
}

fn has_test(objective: &ObjectiveSpec) -> bool {
    match objective {
        ObjectiveSpec::FineTune(fine_tune) => match &fine_tune.data {
            DataSpec::Table(table) => !table.split.test.is_none() || table.test.is_some(),
            DataSpec::Builtin { test, .. } => test.is_some(),
        },
        ObjectiveSpec::Function(_) => true,
        ObjectiveSpec::Command(_) | ObjectiveSpec::AskTell(_) => false,
    }
}
