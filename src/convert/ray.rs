//! Ray Tune: dictionaries with `tune.…` distributions in a Python file, and the calls around them (docs.ray.io, "Tune
//! Search Space API").

use super::Converter;
use super::draft::{Draft, EarlyTerminate, Metric};
use super::python::{self, Call, Expression, Kind};
use super::shape::Shape;
use crate::space::Value;
use crate::units::Goal;

/// Distributions and other functions that may replace a value.
const DISTRIBUTIONS: [&str; 14] = [
    "uniform",
    "quniform",
    "loguniform",
    "qloguniform",
    "randn",
    "qrandn",
    "randint",
    "qrandint",
    "lograndint",
    "qlograndint",
    "choice",
    "grid_search",
    "sample_from",
    "sample",
];

/// Its entry in `CONVERTERS`.
pub(super) const CONVERTER: Converter = Converter {
    name: "ray",
    title: "Ray Tune",
    about: "Python with a search space of Ray Tune",
    expected: "no dictionary with `tune.…` distributions",
    read: |text| Ok(read(text.content)),
};

/// Reads a Python file.
fn read(text: &str) -> Draft {
    let mut draft = Draft::default();
    for expression in python::scan(text) {
        expression.visit(&mut |inside| take(inside, &mut draft));
    }
    draft
}

/// Processes one expression; returns whether to visit the expressions inside it.
fn take(expression: &Expression, draft: &mut Draft) -> bool {
    match &expression.kind {
        Kind::Mapping(entries) if has_distribution(expression) => {
            space(entries, "", draft);
            false
        }
        // `config["lr"] = tune.uniform(0, 1)`
        Kind::Assignment(target, value) => match (&target.kind, &value.kind) {
            (Kind::Item(_, key), Kind::Call(call)) if is_distribution(call) => {
                if let Some(name) = key.text() {
                    parameter(name, value, draft);
                }
                false
            }
            _ => true,
        },
        Kind::Call(call) => around(call, expression.line, draft),
        _ => true,
    }
}

fn is_distribution(call: &Call) -> bool {
    let is_tune = call.name.split('.').any(|part| part == "tune") || !call.name.contains('.');
    is_tune && DISTRIBUTIONS.contains(&call.function())
}

fn has_distribution(expression: &Expression) -> bool {
    let mut found = false;
    expression.visit(&mut |inside| {
        found |= matches!(&inside.kind, Kind::Call(call) if is_distribution(call));
        !found
    });
    found
}

/// Adds the parameters of a dictionary. Names of nested dictionaries are joined by dots.
fn space(entries: &[(Expression, Expression)], prefix: &str, draft: &mut Draft) {
    for (key, value) in entries {
        let Some(key) = key.value().map(ToString::to_string) else {
            draft.note(
                key.line,
                "a key of the search space is not a plain string: add the parameter by hand",
            );
            continue;
        };
        let name = format!("{prefix}{key}");
        match &value.kind {
            Kind::Mapping(entries) => space(entries, &format!("{name}."), draft),
            _ => parameter(&name, value, draft),
        }
    }
}

fn parameter(name: &str, value: &Expression, draft: &mut Draft) {
    let line = value.line;
    if let Kind::Call(call) = &value.kind
        && is_distribution(call)
    {
        return distribution(name, call, line, draft);
    }
    match value.literal() {
        Some(constant) => {
            draft.add(line, name, Shape::Constant(constant));
        }
        None => draft.note(
            line,
            format!("the value of `{name}` is not written out: add the parameter by hand, or leave it out"),
        ),
    }
}

fn distribution(name: &str, call: &Call, line: usize, draft: &mut Draft) {
    let function = call.function();
    if matches!(function, "choice" | "grid_search") {
        return choice(name, call, line, draft);
    }
    let low = call.number(0, "lower");
    let high = call.number(1, "upper");
    let bounds = low.zip(high);
    let q = call.number(2, "q");
    let shape = match function {
        "uniform" => bounds.map(|(low, high)| Shape::float(low, high, false)),
        "loguniform" => bounds.map(|(low, high)| Shape::float(low, high, true)),
        // Without quantization the upper bound of integers is exclusive …
        "randint" => bounds.and_then(|(low, high)| Shape::int_below(low, high, false)),
        "lograndint" => bounds.and_then(|(low, high)| Shape::int_below(low, high, true)),
        // … and with quantization it is inclusive.
        "quniform" | "qrandint" => bounds
            .zip(q)
            .map(|((low, high), q)| Shape::rounded(low, high, q, false)),
        "qloguniform" | "qlograndint" => bounds.zip(q).map(|((low, high), q)| Shape::rounded(low, high, q, true)),
        "randn" | "qrandn" => normal(call),
        _ => None,
    };
    match shape {
        Some(shape) => draft.add(line, name, shape),
        None if matches!(function, "sample_from" | "sample") => draft.note(
            line,
            format!("`tune.{function}` runs code, which a spec cannot: add `{name}` by hand, perhaps with `when:` or under `constraints`"),
        ),
        None => draft.note(
            line,
            format!("the domain of `{name}` is not written out as numbers: add the parameter by hand"),
        ),
    }
}

/// A normal distribution; the mean and the standard deviation default to 0 and 1.
fn normal(call: &Call) -> Option<Shape> {
    let number = |place, name, default| match call.argument(place, name) {
        Some(given) => given.number(),
        None => Some(default),
    };
    Some(Shape::Normal {
        mu: number(0, "mean", 0.0)?,
        sigma: number(1, "sd", 1.0)?,
        log: false,
        q: if call.function() == "qrandn" {
            Some(number(2, "q", 1.0)?)
        } else {
            None
        },
    })
}

fn choice(name: &str, call: &Call, line: usize, draft: &mut Draft) {
    let Some(list) = call
        .arguments
        .first()
        .or_else(|| call.keyword("categories").or_else(|| call.keyword("values")))
    else {
        return draft.leave_out(line, &format!("`{name}` without choices"));
    };
    if call.function() == "grid_search" {
        let message = format!("`grid_search` of `{name}` becomes a choice: `method: grid` tries every value");
        draft.note(line, message);
    }
    let Kind::List(items) = &list.kind else {
        return draft.note(
            line,
            format!("the choices of `{name}` are not written out as a list: add the parameter by hand"),
        );
    };
    let mut values: Vec<Value> = Vec::new();
    for item in items {
        match item.literal() {
            Some(value) => values.push(value),
            None => draft.note(
                item.line,
                format!("a choice of `{name}` is not a literal and is left out: {item}"),
            ),
        }
    }
    draft.add_choice(line, name, values);
}

/// Processes a call that says how to search or when to stop; returns whether to visit the expressions inside it.
fn around(call: &Call, line: usize, draft: &mut Draft) -> bool {
    match call.function() {
        "ASHAScheduler" | "AsyncHyperBandScheduler" => {
            // Ray's defaults: at most 100 iterations, at least 1, and one in 4 trials continues.
            let number = |name: &str| call.keyword(name).and_then(Expression::number);
            let eta = call.count("reduction_factor").unwrap_or(4);
            draft.set_halving(
                Some(eta),
                number("grace_period").or(Some(1.0)),
                number("max_t").or(Some(100.0)),
            );
            criterion(call, draft);
        }
        "HyperBandScheduler" | "HyperBandForBOHB" => {
            let number = |name: &str| call.keyword(name).and_then(Expression::number);
            let eta = call.count("reduction_factor").unwrap_or(3);
            draft.set_halving(Some(eta), None, number("max_t").or(Some(81.0)));
            criterion(call, draft);
        }
        "MedianStoppingRule" => {
            draft.early_terminate = Some(EarlyTerminate::Median {
                min_trials: call.count("min_samples_required"),
            });
            criterion(call, draft);
            return false;
        }
        "PopulationBasedTraining" | "PB2" => {
            draft.early_terminate = Some(EarlyTerminate::Pbt);
            criterion(call, draft);
            return false;
        }
        "ResourceChangingScheduler" => {
            draft.leave_out(line, &format!("the scheduler `{}`", call.function()));
            return false;
        }
        "TuneConfig" => {
            criterion(call, draft);
            limits(call, line, draft);
        }
        "run" if call.name.split('.').any(|part| part == "tune") => {
            draft.name = call.keyword("name").and_then(Expression::text).map(str::to_owned);
            criterion(call, draft);
            limits(call, line, draft);
            stop(call, draft);
            of_flaml(call, line, draft);
            points(call, draft);
        }
        "RunConfig" => {
            draft.name = call.keyword("name").and_then(Expression::text).map(str::to_owned);
            stop(call, draft);
        }
        other if other.ends_with("Search") || matches!(other, "CFO" | "TuneBOHB" | "BasicVariantGenerator") => {
            searcher(other, line, draft);
            criterion(call, draft);
            of_flaml(call, line, draft);
            points(call, draft);
        }
        _ => {}
    }
    true
}

fn criterion(call: &Call, draft: &mut Draft) {
    let Some(metric) = call.keyword("metric").and_then(Expression::text) else {
        return;
    };
    let mode = call.keyword("mode").and_then(Expression::text);
    draft.metric = Some(Metric {
        name: metric.to_owned(),
        goal: mode.map(|mode| if mode == "max" { Goal::Maximize } else { Goal::Minimize }),
        target: None,
    });
}

/// Reads what FLAML's `tune.run` adds to Ray's: low-cost starting points, and the resources of a trial.
fn of_flaml(call: &Call, line: usize, draft: &mut Draft) {
    if let Some(config) = call.keyword("low_cost_partial_config") {
        let values = point(config);
        if values.is_none() {
            draft.note(
                line,
                "`low_cost_partial_config` is not written out: add `low_cost` to its parameters by hand",
            );
        }
        draft.low_costs.extend(values.unwrap_or_default());
    }
    let number = |name: &str| call.keyword(name).and_then(Expression::number);
    if call.keyword("resource_attr").is_some() {
        let (min, max) = (number("min_resource"), number("max_resource"));
        draft.set_halving(call.count("reduction_factor"), min, max);
    }
    for left_out in [
        "evaluated_rewards",
        "config_constraints",
        "metric_constraints",
        "lexico_objectives",
        "cat_hp_cost",
    ] {
        if call.keyword(left_out).is_some() {
            draft.leave_out(line, &format!("`{left_out}`"));
        }
    }
}

fn points(call: &Call, draft: &mut Draft) {
    let Some(given) = call.keyword("points_to_evaluate") else {
        return;
    };
    let points = match &given.kind {
        Kind::List(items) => items.iter().map(point).collect::<Option<Vec<_>>>(),
        Kind::None => return,
        _ => None,
    };
    match points {
        Some(points) => draft.points.extend(points),
        None => draft.note(
            given.line,
            "`points_to_evaluate` is not written out: add the points by hand",
        ),
    }
}

/// A configuration that is given as a literal.
fn point(expression: &Expression) -> Option<Vec<(String, Value)>> {
    let Kind::Mapping(entries) = &expression.kind else {
        return None;
    };
    let entries = entries.iter();
    entries
        .map(|(key, value)| Some((key.value()?.to_string(), value.literal()?)))
        .collect()
}

fn limits(call: &Call, line: usize, draft: &mut Draft) {
    draft.trials = call.count("num_samples").or(draft.trials);
    draft.wall = call
        .keyword("time_budget_s")
        .and_then(Expression::number)
        .or(draft.wall);
    draft.workers = call.count("max_concurrent_trials").or(draft.workers);
    if let Some(trials) = draft.trials
        && draft
            .parameters
            .iter()
            .any(|parameter| matches!(parameter.shape, Shape::Choice { .. }))
    {
        let message =
            format!("`num_samples={trials}` counts every point of a `grid_search` anew: check `budget.trials`");
        draft.notes.retain(|note| note.message != message);
        if draft.notes.iter().any(|note| note.message.starts_with("`grid_search`")) {
            draft.note(line, message);
        }
    }
}

/// `stop={"training_iteration": 100}`
fn stop(call: &Call, draft: &mut Draft) {
    let Some(Expression {
        kind: Kind::Mapping(entries),
        ..
    }) = call.keyword("stop")
    else {
        return;
    };
    for (key, value) in entries {
        match (key.text(), value.number()) {
            (Some("training_iteration"), Some(most)) => draft.set_epochs(None, Some(most)),
            (Some("time_total_s"), Some(_)) => draft.leave_out(value.line, "a time limit for one trial"),
            (Some(metric), Some(target)) => draft.note(
                value.line,
                format!("a trial stops at `{metric}` {target}: write `target` under `metric` to end the study there"),
            ),
            _ => draft.leave_out(value.line, "a condition to stop"),
        }
    }
}

fn searcher(theirs: &str, line: usize, draft: &mut Draft) {
    let ours: &[&str] = match theirs {
        "BasicVariantGenerator" => &["random"],
        "HyperOptSearch" | "OptunaSearch" => &["tpe"],
        "BayesOptSearch" | "AxSearch" | "HEBOSearch" => &["gp"],
        "BlendSearch" => &["blendsearch"],
        "CFO" => &["cfo"],
        _ => &["auto"],
    };
    draft.set_method(line, theirs, ours);
}
