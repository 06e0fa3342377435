//! Sweeps of Weights & Biases (docs.wandb.ai, "Sweep configuration structure").

use super::Converter;
use super::draft::{Draft, EarlyTerminate, Metric, Program};
use super::shape::{self, Shape};
use crate::space::Value;
use crate::spec::{Document, SpecErrors, literal_word};
use crate::units::Goal;

/// Its entry in `CONVERTERS`.
pub(super) const CONVERTER: Converter = Converter {
    name: "wandb",
    title: "Weights & Biases",
    about: "a sweep of Weights & Biases (YAML)",
    expected: "it has no `parameters`",
    read: |text| read(text.name, text.content),
};

/// Reads a sweep.
fn read(name: &str, text: &str) -> Result<Draft, SpecErrors> {
    let sweep = Document::read(name, text)?;
    let mut draft = Draft::default();
    for (key, value) in sweep.entries() {
        match key.as_str() {
            "method" => method(value, &mut draft),
            "metric" => metric(value, &mut draft),
            "parameters" => parameters(value, "", &mut draft),
            "early_terminate" => early_terminate(value, &mut draft),
            "run_cap" => draft.trials = value.number().map(|cap| cap as u64),
            "name" => draft.name = value.text(),
            // The program is read below; the description has no effect.
            "command" | "program" | "description" => {}
            "project" | "entity" => draft.leave_out(value.line, &format!("`{key}` of Weights & Biases")),
            other => draft.leave_out(value.line, &format!("the key `{other}`")),
        }
    }
    draft.program = program(&sweep, &mut draft);
    if draft.program.is_some() {
        draft.note(
            None,
            "a script that asks `wandb.init()` for its parameters, or reports with `wandb.log()`, needs `wandb: shim` in the spec",
        );
    }
    Ok(draft)
}

fn method(value: &Document, draft: &mut Draft) {
    let theirs = value.text().unwrap_or_default();
    let ours = match theirs.as_str() {
        "grid" => "grid",
        "random" => "random",
        _ => "auto",
    };
    draft.set_method(value.line, &theirs, &[ours]);
}

fn metric(value: &Document, draft: &mut Draft) {
    let Some(name) = value.get("name").and_then(Document::text) else {
        return draft.leave_out(value.line, "a metric without a name");
    };
    let goal = value.get("goal").and_then(Document::text);
    // Weights & Biases minimizes metrics without a goal, whatever their name; our own default depends on the name.
    if goal.is_none() {
        let message =
            format!("`metric.goal` is missing, which Weights & Biases takes as `minimize`: check it for `{name}`");
        draft.note(value.line, message);
    }
    let goal = if goal.as_deref() == Some("maximize") {
        Goal::Maximize
    } else {
        Goal::Minimize
    };
    draft.metric = Some(Metric {
        name,
        goal: Some(goal),
        target: value.get("target").and_then(Document::number),
    });
    for (key, value) in value.entries() {
        if !["name", "goal", "target"].contains(&key.as_str()) {
            draft.leave_out(value.line, &format!("`metric.{key}`"));
        }
    }
}

/// Reads Hyperband's brackets: `min_iter · eta^k`, or `max_iter / eta^k` for the last `s` of them.
fn early_terminate(value: &Document, draft: &mut Draft) {
    let kind = value.get("type").and_then(Document::text).unwrap_or_default();
    if kind != "hyperband" {
        draft.early_terminate = Some(EarlyTerminate::None);
        return draft.leave_out(value.line, &format!("`early_terminate` of the type `{kind}`"));
    }
    let number = |key: &str| value.get(key).and_then(Document::number);
    let eta = number("eta").unwrap_or(3.0);
    let brackets = number("s").unwrap_or(1.0);
    let min = number("min_iter").or_else(|| Some(number("max_iter")? / eta.powf(brackets)));
    draft.set_halving(Some(eta as u64), min, number("max_iter"));
    if value.get("strict").is_some() {
        draft.leave_out(value.line, "`early_terminate.strict`");
    }
}

/// Reads the program. Our specs understand its words and macros.
fn program(sweep: &Document, draft: &mut Draft) -> Option<Program> {
    let words = sweep.get("command").map(Document::items).unwrap_or_default();
    let words: Vec<String> = words
        .iter()
        .filter_map(Document::text)
        .map(|word| with_macros(&word))
        .collect();
    if let Some(line) = sweep.get("command").filter(|_| words.is_empty()) {
        draft.leave_out(line.line, "a `command` written as one text instead of a list of words");
    }
    let program = sweep.get("program").and_then(Document::text);
    (!words.is_empty() || program.is_some()).then_some(Program::Words { words, program })
}

/// A word in which everything except the macros is literal.
fn with_macros(word: &str) -> String {
    let mut ours = String::new();
    let mut rest = word;
    while let Some((before, inside)) = rest.split_once("${") {
        let Some((name, after)) = inside.split_once('}') else {
            break;
        };
        ours.extend([&literal_word(before), "${", name, "}"]);
        rest = after;
    }
    ours + &literal_word(rest)
}

/// Adds parameters. Names of nested parameters are joined by dots.
fn parameters(value: &Document, prefix: &str, draft: &mut Draft) {
    for (key, value) in value.entries() {
        let name = format!("{prefix}{key}");
        match value.get("parameters") {
            Some(nested) => parameters(nested, &format!("{name}."), draft),
            None => parameter(&name, value, draft),
        }
    }
}

fn parameter(name: &str, value: &Document, draft: &mut Draft) {
    let line = value.line;
    if let Some(values) = value.get("values") {
        let weights = value.get("probabilities");
        let weights = weights.map(|weights| weights.items().iter().filter_map(Document::number).collect());
        let values = values.items().iter().filter_map(Document::any_value).collect();
        return draft.add_weighted(line, name, values, weights);
    }
    if let Some((_, constant)) = value.entries().iter().find(|(key, _)| key == "value") {
        return match constant.any_value() {
            Some(constant) => draft.add(line, name, Shape::Constant(constant)),
            None => draft.leave_out(line, &format!("the value of `{name}`")),
        };
    }
    match range(name, value, draft) {
        Some(shape) => draft.add(line, name, shape),
        None => draft.leave_out(line, &format!("the parameter `{name}`")),
    }
}

fn range(name: &str, value: &Document, draft: &mut Draft) -> Option<Shape> {
    let number = |key: &str| value.get(key).and_then(Document::number);
    let is_whole = |key: &str| matches!(value.get(key).and_then(Document::value), Some(Value::Int(_)));
    let q = number("q").unwrap_or(1.0);
    let (min, max) = (number("min"), number("max"));
    let by_bounds = if is_whole("min") && is_whole("max") {
        "int_uniform"
    } else {
        "uniform"
    };
    let distribution = value.get("distribution").and_then(Document::text);
    let distribution = distribution.unwrap_or_else(|| by_bounds.to_owned());
    let line = value.line;
    Some(match distribution.as_str() {
        "constant" | "categorical" | "categorical_w_probabilities" => return None,
        "uniform" => Shape::float(min?, max?, false),
        "int_uniform" => Shape::int(min?, max?, false)?,
        "q_uniform" => Shape::rounded(min?, max?, q, false),
        // log(1/x) is uniform exactly where log(x) is.
        "log_uniform_values" | "inv_log_uniform_values" => Shape::float(min?, max?, true),
        "q_log_uniform_values" => Shape::rounded(min?, max?, q, true),
        "log_uniform" | "q_log_uniform" | "inv_log_uniform" => {
            let is_inverse = distribution.starts_with("inv");
            let (low, high) = if is_inverse { (-max?, -min?) } else { (min?, max?) };
            let (low, high) = (shape::plain(low.exp()), shape::plain(high.exp()));
            draft.note(
                line,
                format!("the bounds of `{distribution}` are exponents of e: `{name}` is between {low:e} and {high:e}"),
            );
            if distribution.starts_with('q') {
                Shape::rounded(low, high, q, true)
            } else {
                Shape::float(low, high, true)
            }
        }
        "normal" | "q_normal" | "log_normal" | "q_log_normal" => Shape::Normal {
            mu: number("mu").unwrap_or(0.0),
            sigma: number("sigma").unwrap_or(1.0),
            log: distribution.contains("log"),
            q: distribution.starts_with('q').then_some(q),
        },
        "beta" | "q_beta" => {
            draft.note(
                line,
                format!("the distribution `{distribution}` of `{name}` has no counterpart: uniform between 0 and 1 is written instead"),
            );
            Shape::float(0.0, 1.0, false)
        }
        other => {
            draft.note(line, format!("there is no distribution `{other}` in sweeps"));
            return None;
        }
    })
}
