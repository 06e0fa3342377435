//! Reads the space of a conversation: a list of parameters, or an object in the syntax of a spec.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::space::{Domain, Expression, Parameter, Space, Value};
use crate::spec;

/// The keys of a parameter in a list, and the keys of its condition.
pub(super) const PARAMETER_KEYS: &[&str] = &["name", "type", "low", "high", "log", "step", "choices", "when"];
pub(super) const CONDITION_KEYS: &[&str] = &["param", "in"];

/// Reads either form.
///
/// # Errors
/// Returns a sentence that says what is wrong with the space.
pub(super) fn read(space: Json, constraints: Option<Json>) -> Result<Space, String> {
    match (space, constraints) {
        (Json::Array(list), None) => of_list(&list),
        (Json::Array(_), Some(_)) => Err(
            "`constraints` go with a space in the syntax of specs: `{\"lr\": {\"min\": 1e-5, \"max\": 0.1}}`"
                .to_owned(),
        ),
        (space, constraints) => of_spec(&space, constraints.as_ref()),
    }
}

/// Reads a space in the syntax of a spec.
fn of_spec(parameters: &Json, constraints: Option<&Json>) -> Result<Space, String> {
    let spec = serde_json::json!({
        "command": ["ask-tell"],
        "metric": {"name": "value", "goal": "minimize"},
        "parameters": parameters,
        "constraints": constraints,
        "budget": {"trials": 1},
    });
    match spec::from_text(&spec.to_string(), Path::new("init"), &[]) {
        Ok((spec, _)) => Ok(spec.space),
        Err(errors) => Err(errors.sentence()),
    }
}

/// Reads a space that is a list of parameters.
fn of_list(list: &[Json]) -> Result<Space, String> {
    let mut parameters = Vec::with_capacity(list.len());
    for given in list {
        let Some(name) = given["name"].as_str() else {
            return Err(format!(
                r#"a parameter must be an object with a `name`, such as {{"name": "lr", "type": "float", "low": 1e-5, "high": 1}}, not `{given}`"#
            ));
        };
        let domain = read_domain(given).map_err(|error| format!("the parameter `{name}` {error}"))?;
        parameters.push((Parameter::new(name, domain), &given["when"]));
    }
    let domains: Vec<(String, Domain)> = parameters
        .iter()
        .map(|(parameter, _)| (parameter.name.clone(), parameter.domain.clone()))
        .collect();
    let domains: Vec<(&str, &Domain)> = domains.iter().map(|(name, domain)| (name.as_str(), domain)).collect();
    let mut read = Vec::with_capacity(parameters.len());
    for (parameter, when) in parameters {
        let condition = read_condition(when, &domains)
            .map_err(|error| format!("`when` of the parameter `{}` {error}", parameter.name))?;
        read.push(Parameter { condition, ..parameter });
    }
    Space::new(read, vec![]).map_err(|error| error.to_string())
}

fn read_condition(when: &Json, domains: &[(&str, &Domain)]) -> Result<Option<Expression>, &'static str> {
    if when.is_null() {
        return Ok(None);
    }
    let values = when["in"].as_array().map(|values| values.iter().map(scalar).collect());
    let (Some(param), Some(Some(values))) = (when["param"].as_str(), values) else {
        return Err(r#"must be an object such as {"param": "opt", "in": ["sgd"]}"#);
    };
    let values: Vec<Value> = values;
    let condition = Expression::one_of(param, &values);
    // Parsed as in a spec, so that it can be written into one. A condition that no spec accepts is never true, or an
    // error of the space.
    Ok(Some(
        Expression::parse(condition.source(), domains).unwrap_or(condition),
    ))
}

/// A string, a number or a boolean.
fn scalar(value: &Json) -> Option<Value> {
    let is_scalar = value.is_string() || value.is_number() || value.is_boolean();
    is_scalar.then(|| Value::deserialize(value).ok()).flatten()
}

fn read_domain(given: &Json) -> Result<Domain, String> {
    let kind = given["type"].as_str().unwrap_or_default();
    let (allowed, others): (&[&str], &[&str]) = match kind {
        "categorical" => (&["choices"], &["low", "high", "log", "step"]),
        "float" | "int" => (&["low", "high", "log", "step"], &["choices"]),
        _ => return Err("needs a `type`: `float`, `int` or `categorical`".to_owned()),
    };
    if let Some(other) = others.iter().find(|key| !given[**key].is_null()) {
        return Err(format!(
            "is of type `{kind}`, which has no `{other}`; it has `{}`",
            allowed.join("`, `")
        ));
    }
    if kind == "categorical" {
        return read_choice(&given["choices"]);
    }
    let number = |key: &str| match &given[key] {
        Json::Null => Ok(None),
        given => given
            .as_f64()
            .map(Some)
            .ok_or_else(|| format!("has a `{key}` that is not a number: `{given}`")),
    };
    let log = match &given["log"] {
        Json::Null => false,
        Json::Bool(log) => *log,
        other => return Err(format!("has a `log` that is neither true nor false: `{other}`")),
    };
    let (Some(min), Some(max)) = (number("low")?, number("high")?) else {
        return Err("lacks `low` or `high`".to_owned());
    };
    range(kind == "int", (min, max), log, number("step")?).map_err(str::to_owned)
}

fn read_choice(choices: &Json) -> Result<Domain, String> {
    let Some(given) = choices.as_array().filter(|choices| !choices.is_empty()) else {
        return Err("has no `choices`".to_owned());
    };
    let mut values: Vec<Value> = Vec::with_capacity(given.len());
    for choice in given {
        let Ok(value) = Value::deserialize(choice) else {
            return Err(format!("cannot have the choice `{choice}`"));
        };
        if values.iter().any(|earlier| earlier.is_same(&value)) {
            return Err("has a choice twice".to_owned());
        }
        values.push(value);
    }
    Ok(Domain::Choice { values, ordered: false })
}

fn range(is_integer: bool, (min, max): (f64, f64), log: bool, step: Option<f64>) -> Result<Domain, &'static str> {
    /// Above this, a float cannot distinguish neighbouring integers.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    if min > max {
        return Err("has no values: `low` is greater than `high`");
    }
    if step.is_some_and(|step| !(step > 0.0 && step.is_finite())) {
        return Err("has a `step` that is not above 0");
    }
    if log && step.is_some() {
        return Err("is logarithmic, so it has no `step`");
    }
    if !is_integer {
        if log && min <= 0.0 {
            return Err("is logarithmic, so `low` must be greater than 0");
        }
        return Ok(Domain::Float { min, max, log, step });
    }
    if step.is_some_and(|step| step.fract() != 0.0 || step > LARGEST) {
        return Err("is an integer, so its `step` must be a whole number");
    }
    if min.fract() != 0.0 || max.fract() != 0.0 || min.abs().max(max.abs()) > LARGEST {
        return Err("is an integer, so `low` and `high` must be whole numbers below 2^53");
    }
    if log && min < 1.0 {
        return Err("is a logarithmic integer, so `low` must be at least 1");
    }
    Ok(Domain::Int {
        min: min as i64,
        max: max as i64,
        log,
        step: step.map_or(1, |step| step as i64),
    })
}
