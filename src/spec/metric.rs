//! `metric` and `metric_constraints`: the metrics to optimise, and conditions that a result must satisfy.
//!
//! Forms: `metric: accuracy`; `metric: {name: accuracy, target: 0.9}`; for all trade-offs
//! `metric: [{name: accuracy}, {name: trainable_parameters}]` (also written `metric: {pareto: […]}`); by priority
//! `metric: {lexicographic: [{name: accuracy, tolerance: "1%"}, {name: trainable_parameters}]}`.

use super::diagnostics::Diagnostic;
use super::goal::Guess;
use super::keys::{Key, Kind, NOT_NEGATIVE, NUMBER, Section, key};
use super::objective::{FUNCTION_METRICS, all_fine_tune_metrics};
use super::raw::{Content, Location, Node};
use super::reader::{self, Fields, Problems};
use super::resolved::{Criteria, Metric};
use crate::metrics;
use crate::preference::{Level, Preference, Tolerance};
use crate::space::{Expression, ExpressionError, Value};
use crate::suggestion::did_you_mean;
use crate::units::Goal;

/// Metrics of our objectives that are better when smaller. All their other metrics are better when larger.
const LOSSES: [&str; 5] = ["loss", "error", "cost", "trainable_parameters", "latency_ms"];

/// The metrics that an objective reports.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reported {
    /// These; the first is the default.
    These(&'static [&'static str]),
    /// Any metric that a program reports.
    Any,
}

impl Reported {
    /// The name of a metric in a spec.
    fn name(self, node: &Node, problems: &mut Problems) -> Option<String> {
        match self {
            Self::These(known) => match node.plain().and_then(|text| of_class(text, known)) {
                Some(measure) => Some(measure),
                None => reader::one_of(node, "metric", &words(known), problems).map(str::to_owned),
            },
            Self::Any => reader::text(node, "metric", problems),
        }
    }

    /// The name of a metric that is given without one.
    fn default(self, location: &Location, problems: &mut Problems) -> Option<String> {
        match self {
            Self::These(known) => Some(known[0].to_owned()),
            Self::Any => {
                problems.error(
                    Diagnostic::error(
                        location,
                        "`metric` is missing: which of the numbers of the command should be optimized?",
                    )
                    .with_help("write `metric: {name: accuracy, goal: maximize}`"),
                );
                None
            }
        }
    }

    /// The usual goal of a metric; `None` if its name is ambiguous or unknown.
    fn goal(self, name: &str) -> Option<Goal> {
        match self {
            Self::These(_) => Some(default_goal(name)),
            Self::Any => Guess::of(name).goal(),
        }
    }

    /// `true` if a goal is certainly wrong. A goal that is only a guess does not count.
    fn is_turned_round(self, name: &str, goal: Goal) -> bool {
        match self {
            Self::These(_) => default_goal(name) != goal,
            Self::Any => matches!(Guess::of(name), Guess::Known(usual) if usual != goal),
        }
    }

    /// [`Self::goal`]; reports an error if there is none.
    fn goal_at(self, node: &Node, name: &str, problems: &mut Problems) -> Option<Goal> {
        let goal = self.goal(name);
        if goal.is_none() {
            problems.error(
                Diagnostic::error(&node.location, format!("should `{name}` be maximized or minimized?")).with_help(
                    format!("write `metric: {{name: {name}, goal: maximize}}`, or `minimize`"),
                ),
            );
        }
        goal
    }
}

/// The metrics of our objectives.
pub(super) fn metrics() -> Vec<&'static str> {
    let mut words = all_fine_tune_metrics();
    let of_functions = FUNCTION_METRICS.iter().filter(|name| !words.contains(name));
    words.extend(of_functions.copied().collect::<Vec<_>>());
    words
}

const METRIC_NAME: Key = key(
    "name",
    Kind::Any(&[Kind::Words(metrics), Kind::Text]),
    "A metric that the objective reports.",
);

const METRIC_GOAL: Key = key(
    "goal",
    Kind::Words(|| vec!["maximize", "minimize"]),
    "The direction of improvement. By default the usual one of the metric.",
);

const METRIC_TARGET: Key = key(
    "target",
    NUMBER,
    "The study ends when a trial reaches this value. With several metrics, a value that is good enough.",
)
.examples(&["0.92"]);

/// `metric` in the schema.
pub(super) const METRIC: Section = Section {
    name: "metric",
    about: "The metric to optimize.",
    keys: || {
        vec![
            METRIC_NAME,
            METRIC_GOAL,
            METRIC_TARGET,
            key(
                "impute",
                Kind::Scalar,
                "Weights & Biases' key for the value of failed runs. It is ignored, because a failed trial has no value.",
            ),
            key(
                "impute_while_running",
                Kind::Scalar,
                "Weights & Biases' key for the value of unfinished runs. It is ignored.",
            ),
        ]
    },
};

/// One of several metrics.
pub(super) const METRIC_ITEM: Kind = Kind::Any(&[Kind::Words(metrics), Kind::Text, Kind::Section(&METRIC)]);

/// `metric.pareto` in the schema.
pub(super) const PARETO: Section = Section {
    name: "pareto",
    about: "Several metrics of equal importance.",
    keys: || {
        vec![key(
            "pareto",
            Kind::List(&METRIC_ITEM),
            "The metrics whose trade-offs are searched. A plain list means the same.",
        )]
    },
};

/// `metric.lexicographic` in the schema.
pub(super) const LEXICOGRAPHIC: Section = Section {
    name: "lexicographic",
    about: "Several metrics, the most important first.",
    keys: || {
        vec![key(
            "lexicographic",
            Kind::List(&Kind::Any(&[Kind::Words(metrics), Kind::Text, Kind::Section(&LEVEL)])),
            "The metrics by priority. A later metric decides among trials that are equal in the earlier ones.",
        )]
    },
};

/// An item of `metric.lexicographic` in the schema.
pub(super) const LEVEL: Section = Section {
    name: "level",
    about: "A metric with its tolerance.",
    keys: || {
        vec![
            METRIC_NAME,
            METRIC_GOAL,
            METRIC_TARGET,
            key(
                "tolerance",
                Kind::Any(&[NOT_NEGATIVE, Kind::Text]),
                "How much worse than the best value still counts as equal: an absolute number, or a percentage.",
            )
            .examples(&["0.01", "\"1%\""]),
        ]
    },
};

/// A metric that depends on the machine and its load.
const MEASURED: &str = "latency_ms";

/// Reads `metric` and `metric_constraints`. `reported` are the metrics of the objective.
pub(super) fn read(spec: &Fields<'_>, reported: Reported, problems: &mut Problems) -> Option<(Metric, Criteria)> {
    let metrics = read_metrics(spec, reported, problems);
    let constraints = constraints(spec, reported, problems);
    let (metric, mut criteria) = metrics?;
    criteria.constraints = constraints?;
    check_measured(spec, &metric, &criteria, problems)?;
    Some((metric, criteria))
}

fn read_metrics(spec: &Fields<'_>, reported: Reported, problems: &mut Problems) -> Option<(Metric, Criteria)> {
    let Some(node) = spec.get("metric") else {
        let name = reported.default(spec.location, problems)?;
        let goal = default_goal(&name);
        return Some((
            Metric {
                name,
                goal,
                target: None,
            },
            Criteria::default(),
        ));
    };
    match &node.content {
        Content::Null | Content::Scalar(_) => Some((plain(node, reported, problems)?, Criteria::default())),
        Content::Sequence(items) => several(node, items, Order::Pareto, reported, problems),
        Content::Mapping(_) => {
            for (key, order) in [("pareto", Order::Pareto), ("lexicographic", Order::Lexicographic)] {
                if let Some(list) = node.child(key) {
                    Fields::read(node, "metric", &[key], problems)?;
                    if let Content::Sequence(items) = &list.content {
                        return several(list, items, order, reported, problems);
                    }
                    problems.error(
                        Diagnostic::error(&list.location, format!("`{key}` must be a list of metrics"))
                            .with_label(format!("this is {}", list.kind())),
                    );
                    return None;
                }
            }
            let (metric, _) = one(node, &METRIC, reported, problems)?;
            Some((metric, Criteria::default()))
        }
    }
}

/// Comparison of several metrics.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    Pareto,
    Lexicographic,
}

fn several(
    list: &Node,
    items: &[Node],
    order: Order,
    reported: Reported,
    problems: &mut Problems,
) -> Option<(Metric, Criteria)> {
    if items.is_empty() {
        problems.error(
            Diagnostic::error(&list.location, "the list of metrics is empty").with_help(match reported {
                Reported::These(known) => format!("write `metric: {}`", known[0]),
                Reported::Any => "write `metric: accuracy`".to_owned(),
            }),
        );
        return None;
    }
    let errors_before = problems.errors.len();
    let mut metrics: Vec<Metric> = Vec::with_capacity(items.len());
    let mut levels = Vec::with_capacity(items.len());
    for item in items {
        let Some((metric, tolerance)) = item_of(item, order, reported, problems) else {
            continue;
        };
        if metrics.iter().any(|earlier| earlier.name == metric.name) {
            let message = format!("the metric `{}` is listed twice", metric.name);
            problems.error(Diagnostic::error(&item.location, message).with_help("keep one of them"));
        }
        levels.push(Level {
            tolerance,
            target: metric.target.map(|target| metric.goal.loss(target)),
        });
        metrics.push(metric);
    }
    if problems.errors.len() > errors_before {
        return None;
    }
    let first = metrics.remove(0);
    let preference = match order {
        Order::Lexicographic if !metrics.is_empty() => Preference::Lexicographic(levels),
        Order::Lexicographic | Order::Pareto => Preference::Pareto,
    };
    let criteria = Criteria {
        others: metrics,
        preference,
        constraints: Vec::new(),
    };
    Some((first, criteria))
}

fn item_of(node: &Node, order: Order, reported: Reported, problems: &mut Problems) -> Option<(Metric, Tolerance)> {
    if matches!(node.content, Content::Scalar(_)) {
        return Some((plain(node, reported, problems)?, Tolerance::default()));
    }
    if order == Order::Pareto
        && let Some(tolerance) = node.child("tolerance")
    {
        problems.error(
            Diagnostic::error(&tolerance.location, "`tolerance` has no meaning for trade-offs")
                .with_help("write `metric: {lexicographic: […]}` for metrics by priority"),
        );
        return None;
    }
    one(node, &LEVEL, reported, problems)
}

/// One metric as a mapping.
fn one(node: &Node, section: &Section, reported: Reported, problems: &mut Problems) -> Option<(Metric, Tolerance)> {
    const GOALS: [(&str, Goal); 2] = [("maximize", Goal::Maximize), ("minimize", Goal::Minimize)];
    let fields = Fields::read(node, "metric", &section.names(), problems)?;
    let name = match fields.get("name") {
        Some(node) => reported.name(node, problems),
        None => reported.default(&node.location, problems),
    };
    let goal = fields
        .get("goal")
        .map(|node| reader::one_of(node, "goal", &GOALS, problems));
    for entry in ["impute", "impute_while_running"]
        .iter()
        .filter_map(|key| fields.entry(key))
    {
        let message = format!(
            "`{}` has no counterpart and is ignored: a failed trial has no value here",
            entry.key
        );
        problems.warning(&entry.key_location, message, "remove it");
    }
    let target = match fields.get("target") {
        Some(node) => Some(reader::number(node, "target", problems)?),
        None => None,
    };
    let tolerance = fields
        .get("tolerance")
        .map_or(Some(Tolerance::default()), |node| tolerance(node, problems));
    let name = name?;
    let goal = match goal {
        Some(goal) => goal?,
        None => reported.goal_at(node, &name, problems)?,
    };
    if reported.is_turned_round(&name, goal)
        && let Some(node) = fields.get("goal")
    {
        let (usually, here) = match goal {
            Goal::Maximize => ("minimized", "maximize"),
            Goal::Minimize => ("maximized", "minimize"),
        };
        let message = format!("`{name}` is usually {usually}: with `goal: {here}` the worst trial wins");
        problems.warning(&node.location, message, "remove `goal`, unless this is meant");
    }
    let metric = Metric { name, goal, target };
    Some((metric, tolerance?))
}

/// A distance in the metric's units, or a share of the best value such as `1%`.
fn tolerance(node: &Node, problems: &mut Problems) -> Option<Tolerance> {
    let tolerance = match node.scalar() {
        Some(Value::Text(text)) => text
            .trim()
            .strip_suffix('%')
            .and_then(|number| number.trim().parse::<f64>().ok())
            .map(Tolerance::Percent),
        Some(value) => value.as_f64().map(Tolerance::Absolute),
        None => None,
    };
    match tolerance {
        Some(Tolerance::Absolute(size) | Tolerance::Percent(size)) if size >= 0.0 && size.is_finite() => tolerance,
        _ => {
            problems.error(
                Diagnostic::error(
                    &node.location,
                    "`tolerance` must be a number of 0 or more, or a percentage",
                )
                .with_help("write it like `tolerance: 0.01` or `tolerance: \"1%\"`"),
            );
            None
        }
    }
}

fn constraints(spec: &Fields<'_>, reported: Reported, problems: &mut Problems) -> Option<Vec<Expression>> {
    let Some(node) = spec.get("metric_constraints") else {
        return Some(Vec::new());
    };
    let nodes: Vec<&Node> = match &node.content {
        Content::Sequence(items) => items.iter().collect(),
        Content::Null | Content::Scalar(_) | Content::Mapping(_) => vec![node],
    };
    let read = nodes.into_iter().map(|node| constraint(node, reported, problems));
    // Read all of them before returning, so that every error is reported.
    let read: Vec<Option<Expression>> = read.collect();
    read.into_iter().collect()
}

fn constraint(node: &Node, reported: Reported, problems: &mut Problems) -> Option<Expression> {
    let text = reader::text(node, "metric_constraints", problems)?;
    let known = match reported {
        Reported::These(known) => Some(known),
        Reported::Any => None,
    };
    match Expression::parse_of_metrics(&text, known) {
        Ok(expression) => Some(expression),
        Err(ExpressionError {
            message,
            range,
            suggestion,
        }) => {
            let diagnostic = Diagnostic::error(&node.place_inside(range), message);
            problems.error(match suggestion {
                Some(suggestion) => diagnostic.with_label(suggestion),
                None => diagnostic,
            });
            None
        }
    }
}

/// Reports a metric that depends on the machine's speed: a deterministic study cannot use it.
fn check_measured(spec: &Fields<'_>, metric: &Metric, criteria: &Criteria, problems: &mut Problems) -> Option<()> {
    let is_deterministic = spec
        .get("deterministic")
        .is_none_or(|node| node.scalar() != Some(Value::Bool(false)));
    let others = criteria.others.iter().map(|other| other.name.as_str());
    let mut optimised = others.chain([metric.name.as_str()]);
    let mut constrained = criteria.constraints.iter().flat_map(Expression::references);
    let key = if optimised.any(|name| name == MEASURED) {
        Some("metric")
    } else {
        constrained.any(|name| name == MEASURED).then_some("metric_constraints")
    };
    let Some(key) = key.filter(|_| is_deterministic) else {
        return Some(());
    };
    let location = spec.get(key).map_or(spec.location, |node| &node.location);
    problems.error(
        Diagnostic::error(
            location,
            format!("`{MEASURED}` is measured on this machine: a deterministic study cannot use it"),
        )
        .with_help("set `deterministic: false`, or use `trainable_parameters`"),
    );
    None
}

/// A metric that is given only by its name.
fn plain(node: &Node, reported: Reported, problems: &mut Problems) -> Option<Metric> {
    let name = reported.name(node, problems)?;
    let goal = reported.goal_at(node, &name, problems)?;
    Some(Metric {
        name,
        goal,
        target: None,
    })
}

/// A metric of one class, such as `recall:spam`, or a metric by another name, as the program calls it.
fn of_class(text: &str, known: &[&str]) -> Option<String> {
    let measure = metrics::metric(text).ok()?;
    known.contains(&measure.metric.name).then(|| measure.to_string())
}

/// The metric that was most likely meant by `name`, one of `known`. The class of `f1:spam` stays as it is.
pub fn similar_metric<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    match name.split_once(':') {
        Some((name, class)) => Some(format!("{}:{class}", did_you_mean(name, known)?)),
        None => did_you_mean(name, known).map(str::to_owned),
    }
}

/// The usual goal of a metric; `None` if its name does not tell.
pub fn usual_goal(name: &str) -> Option<Goal> {
    if metrics::metric(name).is_ok() || LOSSES.contains(&name) {
        Some(default_goal(name))
    } else {
        Guess::of(name).goal()
    }
}

fn default_goal(name: &str) -> Goal {
    let is_loss = metrics::metric(name).is_ok_and(|measure| measure.metric.goal == metrics::Goal::Minimize);
    if is_loss || LOSSES.contains(&name) {
        Goal::Minimize
    } else {
        Goal::Maximize
    }
}

fn words<'a>(known: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    known.iter().map(|name| (*name, *name)).collect()
}
