//! Optuna: distributions as written by `optuna.distributions.distribution_to_json`, or a Python file with calls of
//! `trial.suggest_…`.

use super::Converter;
use super::draft::{Draft, EarlyTerminate, Metric, VALUE_OF_OPTUNA};
use super::python::{self, Call, Expression, Kind};
use super::shape::Shape;
use crate::space::Value;
use crate::spec::{Document, SpecErrors};
use crate::units::Goal;

/// Its entry in `CONVERTERS`.
pub(super) const CONVERTER: Converter = Converter {
    name: "optuna",
    title: "Optuna",
    about: "distributions of Optuna (JSON), or Python with `trial.suggest_…`",
    expected: "neither distributions as JSON nor a call of `suggest_…`",
    read: |text| read(text.name, text.content),
};

/// Reads either form.
fn read(name: &str, text: &str) -> Result<Draft, SpecErrors> {
    if text.trim_start().starts_with('{') {
        json(name, text)
    } else {
        Ok(calls(text))
    }
}

/// Reads `{name: distribution}`, with each distribution as an object or as a string that contains one.
fn json(name: &str, text: &str) -> Result<Draft, SpecErrors> {
    let mut draft = Draft::default();
    for (parameter, value) in Document::read(name, text)?.entries() {
        let line = value.line;
        let inner = match value.value().and_then(Value::as_str) {
            Some(text) => Document::read(&format!("{name}, `{parameter}`"), text)?,
            None => value.clone(),
        };
        distribution(line, parameter, &inner, &mut draft);
    }
    Ok(draft)
}

fn distribution(line: usize, name: &str, value: &Document, draft: &mut Draft) {
    let kind = value.get("name").and_then(Document::text).unwrap_or_default();
    let get = |key: &str| value.get("attributes").and_then(|attributes| attributes.get(key));
    let number = |key: &str| get(key).and_then(Document::number);
    if kind == "CategoricalDistribution" {
        let choices = get("choices").map(Document::items).unwrap_or_default();
        let values = choices.iter().filter_map(Document::any_value).collect();
        return draft.add_choice(line, name, values);
    }
    let is_log = get("log").and_then(Document::value) == Some(&Value::Bool(true));
    let bounds = Bounds {
        low: number("low"),
        high: number("high"),
        step: number("step").or_else(|| number("q")),
        is_log,
    };
    let shape = match kind.as_str() {
        "FloatDistribution" | "UniformDistribution" | "DiscreteUniformDistribution" => bounds.float(),
        "LogUniformDistribution" => Bounds { is_log: true, ..bounds }.float(),
        "IntDistribution" | "IntUniformDistribution" => bounds.int(),
        "IntLogUniformDistribution" => Bounds { is_log: true, ..bounds }.int(),
        _ => None,
    };
    match shape {
        Some(shape) => draft.add(line, name, shape),
        None => draft.leave_out(line, &format!("the distribution `{kind}` of `{name}`")),
    }
}

/// A numeric range. Its steps begin at `low`, and both bounds are included.
#[derive(Clone, Copy)]
struct Bounds {
    low: Option<f64>,
    high: Option<f64>,
    step: Option<f64>,
    is_log: bool,
}

impl Bounds {
    fn float(self) -> Option<Shape> {
        Some(match self.step {
            Some(step) => Shape::stepped(self.low?, self.high?, step),
            None => Shape::float(self.low?, self.high?, self.is_log),
        })
    }

    fn int(self) -> Option<Shape> {
        let Shape::Int { min, max, log, .. } = Shape::int(self.low?, self.high?, self.is_log)? else {
            return None;
        };
        match self.step.filter(|step| *step > 1.0) {
            Some(step) => Some(Shape::stepped(min as f64, max as f64, step)),
            None => Some(Shape::Int { min, max, log, q: None }),
        }
    }
}

/// Reads a Python file.
fn calls(text: &str) -> Draft {
    let mut draft = Draft::default();
    for expression in python::scan(text) {
        expression.visit(&mut |inside| {
            if let Kind::Call(call) = &inside.kind {
                take(call, inside.line, text, &mut draft);
            }
            true
        });
    }
    draft
}

fn take(call: &Call, line: usize, text: &str, draft: &mut Draft) {
    let function = call.function();
    if function.starts_with("suggest_") {
        return suggest(call, line, text, draft);
    }
    match function {
        "create_study" => study(call, line, draft),
        "optimize" => {
            draft.trials = call.count("n_trials").or(draft.trials);
            draft.wall = call.keyword("timeout").and_then(Expression::number).or(draft.wall);
            draft.workers = call.count("n_jobs").filter(|jobs| *jobs > 0).or(draft.workers);
        }
        // The method of the Hugging Face Trainer.
        "hyperparameter_search" => {
            study(call, line, draft);
            draft.trials = call.count("n_trials").or(draft.trials);
            draft.workers = call.count("n_jobs").filter(|jobs| *jobs > 0).or(draft.workers);
        }
        _ if function.ends_with("Sampler") => sampler(call, line, draft),
        _ if function.ends_with("Pruner") => pruner(call, line, draft),
        _ => {}
    }
}

fn suggest(call: &Call, line: usize, text: &str, draft: &mut Draft) {
    let function = call.function();
    let Some(name) = call.argument(0, "name").and_then(Expression::text) else {
        return draft.note(
            line,
            format!("the name of a `{function}` is not a plain string: add the parameter by hand"),
        );
    };
    let before = draft.parameters.len();
    if function == "suggest_categorical" {
        match call.argument(1, "choices").and_then(Expression::literals) {
            Some(values) => draft.add_choice(line, name, values),
            None => by_hand(line, name, draft),
        }
    } else {
        // A bound that is given, but not as a number, must not be treated as missing.
        let steps = (call.argument(3, "q"), call.keyword("step"));
        let step = [steps.0, steps.1]
            .into_iter()
            .flatten()
            .find(|step| step.kind != Kind::None);
        let bounds = Bounds {
            low: call.number(1, "low"),
            high: call.number(2, "high"),
            step: step.and_then(Expression::number),
            is_log: call.keyword("log").is_some_and(Expression::is_true),
        };
        let is_readable = step.is_none() || bounds.step.is_some();
        let shape = match function {
            "suggest_float" | "suggest_uniform" | "suggest_discrete_uniform" => bounds.float(),
            "suggest_loguniform" => Bounds { is_log: true, ..bounds }.float(),
            "suggest_int" => bounds.int(),
            _ => None,
        };
        match shape.filter(|_| is_readable) {
            Some(shape) => draft.add(line, name, shape),
            None => by_hand(line, name, draft),
        }
    }
    if draft.parameters.len() > before
        && let Some((above, code)) = python::branch_around(text, line)
    {
        draft.note(
            line,
            format!("`{name}` is suggested below `{code}` (line {above}): if that depends on a parameter, write it as `when:`"),
        );
    }
}

fn by_hand(line: usize, name: &str, draft: &mut Draft) {
    let message = format!("the domain of `{name}` is not written out as numbers or texts: add the parameter by hand");
    draft.note(line, message);
}

fn study(call: &Call, line: usize, draft: &mut Draft) {
    draft.name = call.keyword("study_name").and_then(Expression::text).map(str::to_owned);
    let direction = call.keyword("direction").and_then(Expression::text);
    let is_maximized = direction == Some("maximize");
    if call.keyword("directions").is_some() {
        draft.leave_out(
            line,
            "several objectives (`directions`): list them under `metric`, which",
        );
    }
    // Optuna's objectives have no name.
    draft.metric = Some(Metric {
        name: VALUE_OF_OPTUNA.to_owned(),
        goal: Some(if is_maximized { Goal::Maximize } else { Goal::Minimize }),
        target: None,
    });
}

fn sampler(call: &Call, line: usize, draft: &mut Draft) {
    let theirs = call.function();
    let ours: &[&str] = match theirs {
        "RandomSampler" => &["random"],
        "TPESampler" => &["tpe"],
        "GPSampler" | "BoTorchSampler" => &["gp"],
        "CmaEsSampler" => &["cma-es"],
        "GridSampler" | "BruteForceSampler" => &["grid"],
        "QMCSampler" => &["sobol"],
        "NSGAIISampler" | "NSGAIIISampler" => &["nsga2"],
        _ => &["auto"],
    };
    draft.set_method(line, theirs, ours);
    draft.seed = call.count("seed").or(draft.seed);
}

fn pruner(call: &Call, line: usize, draft: &mut Draft) {
    let by_place = |place, name| call.argument(place, name).and_then(Expression::number);
    let eta = call.count("reduction_factor");
    match call.function() {
        "NopPruner" => draft.early_terminate = Some(EarlyTerminate::None),
        "HyperbandPruner" => {
            draft.set_halving(
                eta.or(Some(3)),
                by_place(0, "min_resource"),
                by_place(1, "max_resource"),
            );
        }
        "MedianPruner" => {
            draft.early_terminate = Some(EarlyTerminate::Median {
                min_trials: by_place(0, "n_startup_trials").map(|trials| trials as u64),
            });
        }
        // Its reduction factor is 4 by default.
        "SuccessiveHalvingPruner" => draft.set_halving(eta.or(Some(4)), by_place(0, "min_resource"), None),
        other => draft.note(
            line,
            format!("the pruner `{other}` has no counterpart: asynchronous successive halving is the default here"),
        ),
    }
}
