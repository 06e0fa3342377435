//! `function`: a built-in function instead of training.

use super::declared::{self, Field, at, by_hand, field};
use super::diagnostics::{Diagnostic, list};
use super::keys::{Key, Kind, Section, key};
use super::raw::{Content, Node};
use super::reader::{self, Fields, Problems};
use crate::space::{Domain, Expression, ExpressionError, Space};

/// The functions that can replace training: `sphere` accepts any parameters, `branin` the numbers `x1` in [-5, 10] and
/// `x2` in [0, 15].
pub const FUNCTIONS: &[&str] = &["sphere", "branin"];

/// A built-in objective: a loss surface with a learning curve, exact and without data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FunctionSpec {
    /// Its name, such as `sphere` or `branin`.
    pub name: String,
    /// Duration of a complete trial in real seconds (0: none), for demonstrations and tests of the engine.
    pub trial_seconds: f64,
    /// Maximum delay of a segment in seconds. It is truly random, and no result may depend on it.
    pub jitter: f64,
    /// Standard deviation of the noise on the loss, keyed by the trial's seed.
    pub noise: f64,
    /// Faults with their conditions on configurations; the first that matches counts.
    pub faults: Vec<(Fault, Expression)>,
}

/// A simulated fault of a trial, to test how a study handles it. It happens half-way through a complete trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The loss becomes NaN.
    Diverge,
    /// The code panics.
    Panic,
    /// The worker process dies.
    Abort,
    /// A step never ends.
    Hang,
    /// The code allocates memory until none is left, at most 4 GiB.
    ExhaustMemory,
}

/// Every fault with its name in specs and its effect.
const FAULT_ROWS: [(&str, Fault, &str); 5] = [
    ("diverge", Fault::Diverge, "The loss becomes NaN."),
    ("panic", Fault::Panic, "The code panics."),
    ("abort", Fault::Abort, "The worker process dies."),
    ("hang", Fault::Hang, "A step never ends."),
    (
        "exhaust_memory",
        Fault::ExhaustMemory,
        "The code allocates memory until none is left, at most 4 GiB.",
    ),
];

impl Fault {
    /// Its name in specs.
    pub(super) fn name(self) -> &'static str {
        let row = FAULT_ROWS.iter().find(|(_, fault, _)| *fault == self);
        row.map_or("", |(name, ..)| name)
    }
}

/// `function` in the schema.
pub(super) const FUNCTION: Section = Section {
    name: "function",
    about: "A built-in function: `sphere` takes any parameters, `branin` the numbers `x1` and `x2`.",
    keys: || declared::keys(KEYS),
};

const SECONDS: Kind = Kind::Number {
    min: 0.0,
    max: 1e6,
    open: (false, false),
};

/// The keys of `function`.
pub(super) const KEYS: &[Field<FunctionSpec>] = &[
    field(
        "name",
        Kind::Words(|| FUNCTIONS.to_vec()),
        at!(FunctionSpec.name),
        "The function.",
    ),
    field(
        "trial_seconds",
        SECONDS,
        at!(FunctionSpec.trial_seconds),
        "Duration of a complete trial in seconds, for demonstrations.",
    ),
    field(
        "jitter",
        SECONDS,
        at!(FunctionSpec.jitter),
        "Maximum delay of a segment in seconds. It differs in every run, to show that results do not depend on delays.",
    )
    .terse(),
    field(
        "noise",
        SECONDS,
        at!(FunctionSpec.noise),
        "Standard deviation of noise on the loss. The noise follows from the trial's seed. Use it to try out a `selection`.",
    )
    .terse(),
    by_hand(
        key(
            "faults",
            Kind::Section(&FAULTS),
            "Simulated faults, each with the condition under which it occurs.",
        )
        .examples(&["{\"diverge\": \"x > 0.9\"}"]),
    ),
];

/// `function.faults` in the schema.
pub(super) const FAULTS: Section = Section {
    name: "faults",
    about: "Faults half-way through a trial, each with a condition on parameters.",
    keys: fault_keys,
};

fn fault_keys() -> Vec<Key> {
    let rows = FAULT_ROWS.iter();
    rows.map(|(name, _, about)| key(name, Kind::Text, about)).collect()
}

/// Reads `function`, but not its faults, which need the space.
pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<FunctionSpec> {
    if !matches!(node.content, Content::Mapping(_)) {
        let names: Vec<(&str, &str)> = FUNCTIONS.iter().map(|name| (*name, *name)).collect();
        let name = reader::one_of(node, "function", &names, problems)?.to_owned();
        return Some(FunctionSpec {
            name,
            ..FunctionSpec::default()
        });
    }
    let fields = Fields::of(node, &FUNCTION, problems)?;
    let (function, is_sound) = declared::fill_any(fields, KEYS, problems);
    if fields.get("name").is_none() {
        problems.error(
            Diagnostic::error(&node.location, "the function has no `name`")
                .with_help(format!("supported: {}", list(FUNCTIONS))),
        );
        return None;
    }
    is_sound.then_some(function)
}

/// The faults of a function, each with the condition on configurations under which it happens.
pub(super) fn faults(spec: &Fields<'_>, space: &Space, problems: &mut Problems) -> Option<Vec<(Fault, Expression)>> {
    let Some(node) = spec.get("function").and_then(|function| function.child("faults")) else {
        return Some(Vec::new());
    };
    let fields = Fields::of(node, &FAULTS, problems)?;
    let domains: Vec<(&str, &Domain)> = space
        .parameters()
        .iter()
        .map(|parameter| (parameter.name.as_str(), &parameter.domain))
        .collect();
    let mut faults = Vec::new();
    for entry in fields.entries() {
        let (_, fault, _) = *FAULT_ROWS.iter().find(|(name, ..)| *name == entry.key)?;
        let text = reader::text(&entry.value, &entry.key, problems)?;
        match Expression::parse(&text, &domains) {
            Ok(condition) => faults.push((fault, condition)),
            Err(ExpressionError { message, range, .. }) => {
                problems.error(Diagnostic::error(&entry.value.place_inside(range), message));
                return None;
            }
        }
    }
    Some(faults)
}

/// Checks the parameters of a function.
pub(super) fn check(function: &FunctionSpec, space: &Space, spec: &Fields<'_>, problems: &mut Problems) {
    if function.name != "branin" {
        return;
    }
    let is_number = |name: &str| {
        let parameter = space.parameter(name);
        parameter.is_some_and(|parameter| match &parameter.domain {
            Domain::Float { .. } | Domain::Int { .. } | Domain::Normal { .. } => true,
            Domain::Choice { values, .. } | Domain::Weighted { values, .. } => {
                values.iter().all(|value| value.as_f64().is_some())
            }
        })
    };
    if space.parameters().len() != 2 || !["x1", "x2"].into_iter().all(is_number) {
        let location = spec
            .entry("parameters")
            .map_or(spec.location, |entry| &entry.key_location);
        problems.error(
            Diagnostic::error(location, "`branin` is a function of the numbers `x1` and `x2`")
                .with_help("write `x1: {min: -5.0, max: 10.0}` and `x2: {min: 0.0, max: 15.0}`"),
        );
    }
}
