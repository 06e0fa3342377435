//! The space of a conversation: a list of parameters, or an object in the syntax of a spec.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::space::{Domain, Expression, Parameter, Space, Value};
use crate::spec::{self, Diagnostic};

/// The keys of a parameter in a list, and those of its condition.
pub(super) const PARAMETER_KEYS: &[&str] = &["name", "type", "low", "high", "log", "step", "choices", "when"];
pub(super) const CONDITION_KEYS: &[&str] = &["param", "in"];

#[derive(Deserialize)]
struct RawParameter {
    name: String,
    #[serde(rename = "type")]
    kind: RawKind,
    low: Option<f64>,
    high: Option<f64>,
    #[serde(default)]
    log: bool,
    step: Option<f64>,
    choices: Option<Vec<Value>>,
    when: Option<RawCondition>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum RawKind {
    Float,
    Int,
    Categorical,
}

#[derive(Deserialize)]
struct RawCondition {
    param: String,
    #[serde(rename = "in")]
    values: Vec<Value>,
}

/// Reads either form.
///
/// # Errors
/// What is wrong with it, a sentence.
pub(super) fn read(space: Json, constraints: Option<Json>) -> Result<Space, String> {
    match (space, constraints) {
        (Json::Array(list), None) => {
            let list = Vec::deserialize(Json::Array(list));
            of_list(list.map_err(|error| format!("cannot read the space: {error}"))?)
        }
        (Json::Array(_), Some(_)) => Err(
            "`constraints` go with a space in the syntax of specs: `{\"lr\": {\"min\": 1e-5, \"max\": 0.1}}`"
                .to_owned(),
        ),
        (space, constraints) => of_spec(&space, constraints.as_ref()),
    }
}

/// A space as a spec has it.
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
        Err(errors) => {
            let messages = errors.diagnostics().iter().map(Diagnostic::message);
            Err(messages.collect::<Vec<_>>().join("; "))
        }
    }
}

/// A space as a list of parameters.
fn of_list(raw: Vec<RawParameter>) -> Result<Space, String> {
    let mut parameters = Vec::with_capacity(raw.len());
    for parameter in raw {
        let domain = read_domain(&parameter).map_err(|error| format!("the parameter `{}` {error}", parameter.name))?;
        let condition = parameter.when.map(|when| Expression::one_of(&when.param, &when.values));
        parameters.push(Parameter {
            condition,
            ..Parameter::new(parameter.name, domain)
        });
    }
    Space::new(parameters, vec![]).map_err(|error| error.to_string())
}

fn read_domain(raw: &RawParameter) -> Result<Domain, &'static str> {
    /// Beyond it neighbouring whole numbers are one number to a float.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    if raw.kind == RawKind::Categorical {
        let values = raw.choices.clone().filter(|choices| !choices.is_empty());
        let values = values.ok_or("has no `choices`")?;
        let repeats = |(index, value): (usize, &Value)| values[..index].iter().any(|earlier| earlier.is_same(value));
        if values.iter().enumerate().any(repeats) {
            return Err("has a choice twice");
        }
        return Ok(Domain::Choice { values, ordered: false });
    }
    let (Some(min), Some(max)) = (raw.low, raw.high) else {
        return Err("lacks `low` or `high`");
    };
    if min > max {
        return Err("has no values: `low` is greater than `high`");
    }
    let log = raw.log;
    let step = raw.step;
    if step.is_some_and(|step| !(step > 0.0 && step.is_finite())) {
        return Err("has a `step` that is not above 0");
    }
    if log && step.is_some() {
        return Err("is logarithmic, so it has no `step`");
    }
    if raw.kind == RawKind::Float {
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
