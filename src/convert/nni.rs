//! NNI: a search space of `_type` and `_value` (nni.readthedocs.io, "Search space specification"), alone or with an
//! experiment configuration.

use super::draft::{Draft, EarlyTerminate, Metric, Program, RESULT_OF_NNI};
use super::shape::Shape;
use super::{Beside, Converter};
use crate::space::Value;
use crate::spec::{Document, SpecErrors};
use crate::units::Goal;

/// Its entry in `CONVERTERS`.
pub(super) const CONVERTER: Converter = Converter {
    name: "nni",
    title: "NNI",
    about: "a search space of NNI (JSON), or the configuration that names it (YAML)",
    expected: "neither `_type` and `_value` nor `searchSpace`",
    read: |text| read(text.name, text.content, text.beside),
};

/// Reads a search space, or an experiment configuration that contains one or names its file.
fn read(name: &str, text: &str, beside: Beside<'_>) -> Result<Draft, SpecErrors> {
    let root = Document::read(name, text)?;
    let mut draft = Draft::default();
    let is_space = root.entries().iter().any(|(_, value)| value.get("_type").is_some());
    if is_space {
        space(&root, "", None, &mut draft);
    } else {
        configuration(&root, beside, &mut draft)?;
        if draft.program.is_some() {
            draft.note(
                None,
                "the program asks NNI for its parameters: here they are in variables such as `$AUTOML_PARAM_LR` and in the file `$AUTOML_PARAMETERS_FILE`",
            );
        }
    }
    Ok(draft)
}

fn configuration(root: &Document, beside: Beside<'_>, draft: &mut Draft) -> Result<(), SpecErrors> {
    for (key, value) in root.entries() {
        let count = value.number().map(|number| number as u64);
        match key.as_str() {
            "searchSpace" => space(value, "", None, draft),
            "searchSpaceFile" | "searchSpacePath" => {
                let file = value.text().unwrap_or_default();
                match beside(&file) {
                    Some(text) => space(&Document::read(&file, &text)?, "", None, draft),
                    None => draft.note(value.line, format!("the search space `{file}` cannot be read")),
                }
            }
            "experimentName" => draft.name = value.text(),
            "trialCommand" => draft.program = value.text().map(Program::Shell),
            "trial" => draft.program = value.get("command").and_then(Document::text).map(Program::Shell),
            // The author and the machines that run trials have no counterpart here.
            "authorName" | "trainingServicePlatform" | "trainingService" | "useAnnotation" => {}
            "trialConcurrency" => draft.workers = count,
            "maxTrialNumber" | "maxTrialNum" => draft.trials = count,
            "maxExperimentDuration" | "maxExecDuration" => match seconds(value) {
                Some(seconds) => draft.wall = Some(seconds),
                None => draft.leave_out(value.line, &format!("`{key}`")),
            },
            "tuner" => tuner(value, draft),
            "advisor" => advisor(value, draft),
            "assessor" => assessor(value, draft),
            other => draft.leave_out(value.line, &format!("`{other}`")),
        }
    }
    Ok(())
}

/// A duration in seconds: a plain number, or a number with `s`, `m`, `h` or `d`.
fn seconds(value: &Document) -> Option<f64> {
    let text = value.text()?;
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len()));
    let unit = match unit.trim() {
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    Some(number.trim().parse::<f64>().ok()? * unit)
}

/// Adds the parameters of a space; `parent` is the option that they depend on.
fn space(value: &Document, prefix: &str, parent: Option<&Parent<'_>>, draft: &mut Draft) {
    for (key, value) in value.entries().iter().filter(|(key, _)| key != "_name") {
        let mut name = format!("{prefix}{key}");
        if let Some(parent) = parent
            && draft.parameters.iter().any(|known| known.name == name)
        {
            name = format!("{prefix}{}.{key}", parent.option);
        }
        parameter(&name, value, parent, draft);
    }
}

/// An option of a choice that has parameters of its own.
struct Parent<'a> {
    choice: &'a str,
    option: &'a str,
}

impl Parent<'_> {
    fn condition(&self) -> String {
        // In backticks, any name is allowed.
        format!("`{}` == '{}'", self.choice, self.option)
    }
}

fn parameter(name: &str, value: &Document, parent: Option<&Parent<'_>>, draft: &mut Draft) {
    let line = value.line;
    let kind = value.get("_type").and_then(Document::text).unwrap_or_default();
    let items = value.get("_value").map(Document::items).unwrap_or_default();
    if kind == "choice" {
        return choice(line, name, items, parent, draft);
    }
    let numbers: Vec<f64> = items.iter().filter_map(Document::number).collect();
    let shape = match (kind.as_str(), numbers.as_slice()) {
        ("uniform", [low, high]) => Some(Shape::float(*low, *high, false)),
        ("loguniform", [low, high]) => Some(Shape::float(*low, *high, true)),
        ("quniform", [low, high, q]) => Some(Shape::clipped(*low, *high, *q, false)),
        ("qloguniform", [low, high, q]) => Some(Shape::clipped(*low, *high, *q, true)),
        // The upper bound is exclusive.
        ("randint", [low, high]) => Shape::int_below(*low, *high, false),
        ("normal" | "lognormal", [mu, sigma]) => Some(normal(*mu, *sigma, &kind, None)),
        ("qnormal" | "qlognormal", [mu, sigma, q]) => Some(normal(*mu, *sigma, &kind, Some(*q))),
        _ => None,
    };
    match shape {
        Some(shape) => draft.add_when(line, name, shape, parent.map(Parent::condition)),
        None => draft.leave_out(line, &format!("the parameter `{name}` of the type `{kind}`")),
    }
}

fn normal(mu: f64, sigma: f64, kind: &str, q: Option<f64>) -> Shape {
    Shape::Normal {
        mu,
        sigma,
        log: kind.ends_with("lognormal"),
        q,
    }
}

/// Adds a choice. An option with a `_name` may have parameters of its own, which are active only if it is chosen.
fn choice(line: usize, name: &str, items: &[Document], parent: Option<&Parent<'_>>, draft: &mut Draft) {
    let mut values = Vec::with_capacity(items.len());
    let mut options = Vec::new();
    for item in items {
        match item.get("_name").and_then(Document::text) {
            Some(option) => {
                values.push(Value::Text(option.clone()));
                options.push((option, item));
            }
            None => values.extend(item.any_value()),
        }
    }
    draft.add_choice(line, name, values);
    if let (Some(parent), Some(added)) = (parent, draft.parameters.last_mut())
        && added.name == name
    {
        added.when = Some(parent.condition());
    }
    for (option, item) in &options {
        let parent = Parent { choice: name, option };
        space(item, &format!("{name}."), Some(&parent), draft);
    }
}

fn tuner(value: &Document, draft: &mut Draft) {
    let name = value.get("name").or_else(|| value.get("builtinTunerName"));
    let theirs = name.and_then(Document::text).unwrap_or_default();
    let ours: &[&str] = match theirs.as_str() {
        "Random" => &["random"],
        "GridSearch" => &["grid"],
        "TPE" => &["tpe"],
        "GP" | "MetisTuner" | "SMAC" => &["gp"],
        _ => &["auto"],
    };
    if theirs == "PBTTuner" {
        draft.early_terminate = Some(EarlyTerminate::Pbt);
        draft.method = Some("random");
    } else {
        draft.set_method(value.line, &theirs, ours);
    }
    mode(value, draft);
}

fn advisor(value: &Document, draft: &mut Draft) {
    let name = value.get("name").or_else(|| value.get("builtinAdvisorName"));
    let theirs = name.and_then(Document::text).unwrap_or_default();
    let number = |key: &str| {
        value
            .get("classArgs")
            .and_then(|arguments| arguments.get(key))
            .and_then(Document::number)
    };
    match theirs.as_str() {
        "Hyperband" => draft.set_halving(number("eta").map(|eta| eta as u64), None, number("R")),
        "BOHB" => {
            let eta = number("eta").map(|eta| eta as u64);
            draft.set_halving(eta, number("min_budget"), number("max_budget"));
        }
        other => draft.leave_out(value.line, &format!("the advisor `{other}`")),
    }
    mode(value, draft);
}

/// Sets the goal of the metric, which has no name in NNI.
fn mode(value: &Document, draft: &mut Draft) {
    let mode = value
        .get("classArgs")
        .and_then(|arguments| arguments.get("optimize_mode"));
    let Some(mode) = mode.and_then(Document::text) else {
        return;
    };
    draft.metric = Some(Metric {
        name: RESULT_OF_NNI.to_owned(),
        goal: Some(if mode == "minimize" {
            Goal::Minimize
        } else {
            Goal::Maximize
        }),
        target: None,
    });
}

fn assessor(value: &Document, draft: &mut Draft) {
    let name = value.get("name").or_else(|| value.get("builtinAssessorName"));
    let theirs = name.and_then(Document::text).unwrap_or_default();
    if theirs == "Medianstop" {
        draft.early_terminate = Some(EarlyTerminate::Median { min_trials: None });
        return;
    }
    draft.early_terminate = Some(EarlyTerminate::Asha { eta: None });
    draft.note(
        value.line,
        format!("the assessor `{theirs}` has no counterpart: asynchronous successive halving is written instead"),
    );
}
