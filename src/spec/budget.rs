//! `budget`: the limits at which a study ends.

use serde::{Deserialize, Serialize};

use super::declared::{self, Field, Word, at, field, words_of};
use super::diagnostics::Diagnostic;
use super::keys::{Kind, Section, TRIALS};
use super::raw::{Node, SourceKind};
use super::reader::{Fields, Problems};

/// The budget of a study. It ends at the first limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Maximum time in seconds, summed over all resumptions.
    pub wall: Option<f64>,
    /// Maximum number of trials.
    pub trials: Option<u32>,
    /// The study ends after this many equal failures if no trial has a result yet; 0: it never does.
    pub max_failures: Option<u32>,
    /// The moment from which the time counts; `None`: it depends on the engine of `cluster`.
    pub from: Option<BudgetFrom>,
}

/// The moment from which a wall budget counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetFrom {
    /// The start of the search.
    Submit,
    /// The first worker that is ready.
    FirstWorker,
}

impl Word for BudgetFrom {
    fn names() -> Vec<(&'static str, Self)> {
        vec![("submit", Self::Submit), ("first_worker", Self::FirstWorker)]
    }
}

impl Budget {
    /// The default of `max_failures`: enough to tell a broken program from one that sometimes fails.
    pub const DEFAULT_FAILURES: u32 = 5;
}

/// `budget` in the schema.
pub(super) const BUDGET: Section = Section {
    name: "budget",
    about: "Without a budget a study runs until it is stopped. A grid also ends when every configuration has been tried.",
    keys: || declared::keys(KEYS),
};

/// The keys of `budget`.
pub(super) const KEYS: &[Field<Budget>] = &[
    field(
        "wall",
        Kind::Duration,
        at!(Budget.wall),
        "Total time of the study, over all resumptions: the deadline.",
    )
    .examples(&["\"30m\"", "\"1h30m\"", "90"]),
    field("trials", TRIALS, at!(Budget.trials), "Total number of trials.").examples(&["50"]),
    field(
        "max_failures",
        Kind::Integer { min: 0, max: 1_000_000 },
        at!(Budget.max_failures),
        "The study ends after this many equal failures (crashes or invalid results), if no trial has a result yet. `0`: no limit.",
    )
    .default("5"),
    field(
        "from",
        Kind::Words(words_of::<BudgetFrom>),
        at!(Budget.from),
        "The moment from which `wall` counts. `submit`: the start of the search. `first_worker`: the first worker that is ready, so waiting in a queue costs nothing. Without it, `first_worker` for workers that are submitted as jobs, else `submit`.",
    )
    .examples(&["\"first_worker\""]),
];

/// W&B's key for `budget.trials`, at the top of the spec.
const RUN_CAP: &[Field<RunCap>] = &[field("run_cap", TRIALS, at!(RunCap.trials), "")];

#[derive(Clone, Default)]
struct RunCap {
    trials: Option<u32>,
}

/// Reads `budget` and `run_cap`. Warns if nothing ends the study and it does not end by itself.
pub(super) fn read(spec: &Fields<'_>, ends_by_itself: bool, problems: &mut Problems) -> Option<Budget> {
    let errors_before = problems.errors.len();
    let budget = declared::read_or_default(spec, "budget", KEYS, problems);
    let run_cap = declared::fill(*spec, RUN_CAP, problems);
    let mut budget = budget?;
    if let Some(trials) = run_cap?.trials
        && counts(spec, problems)
    {
        budget.trials = Some(trials);
    }
    // A misspelt budget is not reported as missing as well.
    let is_open = budget.wall.is_none() && budget.trials.is_none() && !ends_by_itself;
    if is_open && problems.errors.len() == errors_before {
        let location = spec.entry("budget").map_or(spec.location, |entry| &entry.key_location);
        problems.warning(
            location,
            "there is no budget: the study will run until it is stopped",
            "write `budget: {wall: 10m, trials: 50}`",
        );
    }
    Some(budget)
}

/// `true` if `run_cap` counts, not `budget.trials`. An override replaces the other key. Two keys in one file contradict
/// each other.
fn counts(spec: &Fields<'_>, problems: &mut Problems) -> bool {
    let trials = spec.get("budget").and_then(|budget| budget.child("trials"));
    let (Some(trials), Some(run_cap)) = (trials, spec.get("run_cap")) else {
        return true;
    };
    let is_override = |node: &Node| node.location.source.kind == SourceKind::Override;
    if !is_override(trials) && !is_override(run_cap) {
        problems.error(
            Diagnostic::error(&run_cap.location, "`run_cap` and `budget.trials` say the same thing")
                .with_help("keep one of them"),
        );
    }
    is_override(run_cap) && !is_override(trials)
}
