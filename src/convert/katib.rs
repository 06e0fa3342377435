//! Experiments of Kubeflow Katib (kubeflow.org, "How to configure Katib Experiment").

use super::Converter;
use super::draft::{Draft, EarlyTerminate, Metric, Program};
use super::shape::{Shape, whole};
use crate::space::Value;
use crate::spec::{Document, SpecErrors, literal_word};
use crate::units::Goal;

/// Its entry in `CONVERTERS`.
pub(super) const CONVERTER: Converter = Converter {
    name: "katib",
    title: "Katib",
    about: "an `Experiment` of Kubeflow Katib (YAML)",
    expected: "it has no `spec.parameters`",
    read: |text| read(text.name, text.content),
};

/// Reads an `Experiment`.
fn read(name: &str, text: &str) -> Result<Draft, SpecErrors> {
    let root = Document::read(name, text)?;
    let mut draft = Draft {
        name: root
            .get("metadata")
            .and_then(|metadata| metadata.get("name"))
            .and_then(Document::text),
        ..Draft::default()
    };
    let entries = root.get("spec").map(Document::entries).unwrap_or_default();
    for (key, value) in entries {
        let count = value.number().map(|number| number as u64);
        match key.as_str() {
            "parameters" => value.items().iter().for_each(|item| parameter(item, &mut draft)),
            "objective" => objective(value, &mut draft),
            "algorithm" => algorithm(value, &mut draft),
            "parallelTrialCount" => draft.workers = count,
            "maxTrialCount" => draft.trials = count,
            "earlyStopping" => early_stopping(value, &mut draft),
            "trialTemplate" => draft.program = program(value, &mut draft),
            "nasConfig" => draft.leave_out(value.line, "a search for architectures (`nasConfig`)"),
            other => draft.leave_out(value.line, &format!("`spec.{other}`")),
        }
    }
    Ok(draft)
}

fn parameter(item: &Document, draft: &mut Draft) {
    let line = item.line;
    let Some(name) = item.get("name").and_then(Document::text) else {
        return draft.leave_out(line, "a parameter without a name");
    };
    let kind = item.get("parameterType").and_then(Document::text).unwrap_or_default();
    let feasible = item.get("feasibleSpace");
    let get = |key: &str| feasible.and_then(|feasible| feasible.get(key));
    // In Katib bounds and lists are strings, whatever the type.
    let number = |key: &str| get(key).and_then(Document::number);
    if let Some(list) = get("list") {
        let values = list.items().iter().filter_map(|item| value(item, &kind)).collect();
        return draft.add_choice(line, &name, values);
    }
    let range = Range {
        min: number("min"),
        max: number("max"),
        step: number("step"),
        distribution: get("distribution").and_then(Document::text).unwrap_or_default(),
    };
    let shape = match kind.as_str() {
        "double" => range.double(),
        "int" => range.int(),
        _ => None,
    };
    match shape {
        Some(shape) => draft.add(line, name, shape),
        None => draft.leave_out(line, &format!("the parameter `{name}` of the type `{kind}`")),
    }
}

/// A value of a list. Numbers are read as numbers except in categorical lists.
fn value(item: &Document, kind: &str) -> Option<Value> {
    match item.number() {
        Some(number) if kind != "categorical" => Some(whole(number).map_or(Value::Float(number), Value::Int)),
        _ => item.value().cloned(),
    }
}

struct Range {
    min: Option<f64>,
    max: Option<f64>,
    step: Option<f64>,
    distribution: String,
}

impl Range {
    /// Converts a normal distribution; `None` for other distributions.
    ///
    /// Katib passes it to hyperopt with the midpoint of the range as the mean and a sixth of the range as the standard
    /// deviation (katib `hyperopt/base_service.py`).
    fn normal(&self, min: f64, max: f64, q: Option<f64>) -> Option<Shape> {
        let log = match self.distribution.as_str() {
            "normal" => false,
            "logNormal" => true,
            _ => return None,
        };
        let (low, high) = if log { (min.ln(), max.ln()) } else { (min, max) };
        Some(Shape::Normal {
            mu: f64::midpoint(low, high),
            sigma: (high - low) / 6.0,
            log,
            q,
        })
    }

    fn double(&self) -> Option<Shape> {
        let (min, max) = (self.min?, self.max?);
        if let Some(normal) = self.normal(min, max, self.step) {
            return Some(normal);
        }
        Some(match self.distribution.as_str() {
            "logUniform" => match self.step {
                Some(step) => Shape::rounded(min, max, step, true),
                None => Shape::float(min, max, true),
            },
            _ => match self.step {
                Some(step) => Shape::stepped(min, max, step),
                None => Shape::float(min, max, false),
            },
        })
    }

    /// An integer range; both bounds are included.
    fn int(&self) -> Option<Shape> {
        let (min, max) = (whole(self.min?)?, whole(self.max?)?);
        let step = self.step.unwrap_or(1.0);
        if let Some(normal) = self.normal(min as f64, max as f64, Some(step)) {
            return Some(normal);
        }
        let log = self.distribution == "logUniform";
        match self.step.filter(|step| *step > 1.0) {
            Some(step) => Some(Shape::stepped(min as f64, max as f64, step)),
            None => Some(Shape::Int { min, max, log, q: None }),
        }
    }
}

fn objective(value: &Document, draft: &mut Draft) {
    let Some(name) = value.get("objectiveMetricName").and_then(Document::text) else {
        return draft.leave_out(value.line, "an objective without `objectiveMetricName`");
    };
    let is_maximized = value.get("type").and_then(Document::text).as_deref() == Some("maximize");
    draft.metric = Some(Metric {
        name,
        goal: Some(if is_maximized { Goal::Maximize } else { Goal::Minimize }),
        target: value.get("goal").and_then(Document::number),
    });
    for (key, value) in value.entries() {
        if !["objectiveMetricName", "type", "goal"].contains(&key.as_str()) {
            draft.leave_out(value.line, &format!("`objective.{key}`"));
        }
    }
}

fn algorithm(value: &Document, draft: &mut Draft) {
    let theirs = value.get("algorithmName").and_then(Document::text).unwrap_or_default();
    let setting = |name: &str| {
        let settings = value.get("algorithmSettings").map(Document::items).unwrap_or_default();
        let named = |setting: &&Document| setting.get("name").and_then(Document::text).as_deref() == Some(name);
        settings
            .iter()
            .find(named)
            .and_then(|setting| setting.get("value")?.number())
    };
    match theirs.as_str() {
        "hyperband" => {
            // `r_l` is the maximum resource.
            draft.set_halving(setting("eta").map(|eta| eta as u64), None, setting("r_l"));
            draft.method = Some("random");
        }
        "pbt" => {
            draft.early_terminate = Some(EarlyTerminate::Pbt);
            draft.method = Some("random");
        }
        other => {
            let ours: &[&str] = match other {
                "random" => &["random"],
                "grid" => &["grid"],
                "sobol" => &["sobol"],
                "tpe" | "multivariate-tpe" => &["tpe"],
                "bayesianoptimization" => &["gp"],
                "cmaes" => &["cma-es"],
                _ => &["auto"],
            };
            draft.set_method(value.line, other, ours);
        }
    }
    draft.seed = setting("random_state").map(|seed| seed as u64);
}

fn early_stopping(value: &Document, draft: &mut Draft) {
    let theirs = value.get("algorithmName").and_then(Document::text).unwrap_or_default();
    if matches!(draft.early_terminate, Some(EarlyTerminate::Pbt)) {
        return draft.leave_out(value.line, &format!("early stopping by `{theirs}` beside `pbt`"));
    }
    if theirs == "medianstop" {
        let settings = value.get("algorithmSettings").map(Document::items).unwrap_or_default();
        let least = settings
            .iter()
            .find(|setting| setting.get("name").and_then(Document::text).as_deref() == Some("min_trials_required"));
        let least = least.and_then(|setting| setting.get("value")?.number());
        draft.early_terminate = Some(EarlyTerminate::Median {
            min_trials: least.map(|least| least as u64),
        });
        return;
    }
    draft.early_terminate = Some(EarlyTerminate::Asha { eta: None });
    draft.note(
        value.line,
        format!("early stopping by `{theirs}` has no counterpart: asynchronous successive halving is written instead"),
    );
}

/// The command of the first container in an inline template, with placeholders for the parameters.
fn program(template: &Document, draft: &mut Draft) -> Option<Program> {
    let containers = template
        .get("trialSpec")?
        .get("spec")?
        .get("template")?
        .get("spec")?
        .get("containers")?;
    let container = containers.items().first()?;
    let words = ["command", "args"].into_iter().filter_map(|key| container.get(key));
    let words: Vec<String> = words.flat_map(Document::items).filter_map(Document::text).collect();
    if words.is_empty() {
        return None;
    }
    if let Some(image) = container.get("image").and_then(Document::text) {
        draft.note(
            container.line,
            format!(
                "trials ran in the image `{image}`: here the program runs on this machine, where its files must be"
            ),
        );
    }
    let parameters = template.get("trialParameters").map(Document::items).unwrap_or_default();
    let words = words.iter().map(|word| with_places(word, parameters)).collect();
    Some(Program::Words { words, program: None })
}

/// A word in which each `${trialParameters.name}` is replaced by a placeholder for the parameter that it refers to.
fn with_places(word: &str, parameters: &[Document]) -> String {
    const PLACE: &str = "${trialParameters.";
    let mut ours = String::new();
    let mut rest = word;
    while let Some(start) = rest.find(PLACE) {
        let after = &rest[start + PLACE.len()..];
        let Some(end) = after.find('}') else { break };
        let named =
            |parameter: &&Document| parameter.get("name").and_then(Document::text).as_deref() == Some(&after[..end]);
        let meant = parameters
            .iter()
            .find(named)
            .and_then(|parameter| parameter.get("reference")?.text());
        ours += &literal_word(&rest[..start]);
        ours.extend(["{", meant.as_deref().unwrap_or(&after[..end]), "}"]);
        rest = &after[end + 1..];
    }
    ours + &literal_word(rest)
}
