//! Writes a draft as YAML, with a marked place that the user has to fill in.

use std::fmt::Write as _;

use super::draft::{Draft, EarlyTerminate, Metric, Parameter, Program, USUAL_METRICS};
use super::shape::{Shape, whole};
use crate::space::Value;
use crate::spec::{all_fine_tune_metrics, yaml_number, yaml_text, yaml_value};
use crate::units::Goal;

/// The objective in the written spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Objective {
    /// A marked place where the user says what a trial runs.
    Open,
    /// A function of any parameters, used to check the rest of the spec.
    Function,
}

/// The spec as YAML.
pub(super) fn yaml(draft: &Draft, title: &str, objective: Objective) -> String {
    let mut lines = Vec::new();
    if objective == Objective::Open {
        let first = if draft.program.is_some() {
            "Check"
        } else {
            "Fill in what a trial runs, then check"
        };
        lines.push(format!(
            "# Converted from {title}. {first} it: automl validate space.yaml"
        ));
        lines.push(String::new());
    }
    if let Some(name) = &draft.name {
        lines.push(format!("name: {}", yaml_text(name)));
        lines.push(String::new());
    }
    match objective {
        Objective::Function => lines.push("function: sphere".to_owned()),
        Objective::Open => match &draft.program {
            Some(program) => run(program, &mut lines),
            None => open(draft, &mut lines),
        },
    }
    lines.push(String::new());
    let is_reported = |metric: &&Metric| draft.program.is_some() || is_ours(metric);
    if let Some(metric) = draft.metric.as_ref().filter(is_reported) {
        match objective {
            Objective::Open => lines.push(metric_line(metric)),
            Objective::Function => lines.push("metric: loss".to_owned()),
        }
    }
    lines.extend(draft.method.map(|method| format!("method: {method}")));
    lines.push("parameters:".to_owned());
    lines.extend(
        draft
            .parameters
            .iter()
            .map(|parameter| parameter_line(parameter, draft.low_cost(&parameter.name))),
    );
    if !draft.points.is_empty() {
        lines.push("points_to_evaluate:".to_owned());
        lines.extend(draft.points.iter().map(|point| point_line(point)));
    }
    lines.push(String::new());
    if let Some(epochs) = draft.epochs {
        let bounds = [("min", epochs.min), ("max", epochs.max)].into_iter();
        let bounds = bounds.filter_map(|(key, bound)| Some(format!("{key}: {}", number(bound?))));
        lines.push(format!("epochs: {{{}}}", bounds.collect::<Vec<_>>().join(", ")));
    }
    lines.extend(draft.early_terminate.map(|kind| match kind {
        EarlyTerminate::None => "early_terminate: none".to_owned(),
        EarlyTerminate::Median { min_trials: None } => "early_terminate: {type: median}".to_owned(),
        EarlyTerminate::Median {
            min_trials: Some(least),
        } => {
            format!("early_terminate: {{type: median, min_trials: {least}}}")
        }
        EarlyTerminate::Pbt => "early_terminate: {type: pbt}".to_owned(),
        EarlyTerminate::Asha { eta: None } => "early_terminate: {type: asha}".to_owned(),
        EarlyTerminate::Asha { eta: Some(eta) } => format!("early_terminate: {{type: asha, eta: {eta}}}"),
    }));
    let wall = draft.wall.map(|wall| format!("wall: {}", number(wall)));
    let trials = draft.trials.map(|trials| format!("trials: {trials}"));
    let budget: Vec<String> = wall.into_iter().chain(trials).collect();
    if !budget.is_empty() {
        lines.push(format!("budget: {{{}}}", budget.join(", ")));
    } else if objective == Objective::Open {
        lines.push("budget: {trials: 50}               # the file named none: choose your own, such as {wall: 30m, trials: 50}".to_owned());
    } else {
        lines.push("budget: {trials: 50}".to_owned());
    }
    if let Some(workers) = draft.workers {
        lines.push(format!("resources: {{workers: {workers}, logical_workers: {workers}}}"));
    }
    lines.extend(draft.seed.map(|seed| format!("seed: {seed}")));
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

fn run(program: &Program, lines: &mut Vec<String>) {
    match program {
        Program::Words { words, program } => {
            lines.extend(
                program
                    .as_ref()
                    .map(|program| format!("program: {}", yaml_text(program))),
            );
            if !words.is_empty() {
                let words: Vec<String> = words.iter().map(|word| yaml_text(word)).collect();
                lines.push(format!("command: [{}]", words.join(", ")));
            }
        }
        Program::Shell(line) => lines.push(format!("command: {{shell: {}}}", yaml_text(line))),
    }
}

fn point_line(point: &[(String, Value)]) -> String {
    let values = point
        .iter()
        .map(|(name, value)| format!("{}: {}", yaml_text(name), yaml_value(value)));
    format!("  - {{{}}}", values.collect::<Vec<_>>().join(", "))
}

fn open(draft: &Draft, lines: &mut Vec<String>) {
    lines.push(
        "# ── What a trial runs: FILL THIS IN ───────────────────────────────────────────────────────────────────────────────────".to_owned(),
    );
    lines.extend(
        [
            "# task: text-classification        # or image-classification",
            "# model: ./my-model                # Hugging Face layout, or the id of a model on the Hugging Face hub",
            "# data: {train: data.csv, text: text, label: label, split: {validation: 0.2, test: 0.1}}",
        ]
        .map(str::to_owned),
    );
    if let Some(metric) = draft.metric.as_ref().filter(|metric| !is_ours(metric)) {
        lines.push(format!("# {}   # or {USUAL_METRICS}", metric_line(metric)));
    }
}

fn is_ours(metric: &Metric) -> bool {
    all_fine_tune_metrics().contains(&metric.name.as_str())
}

fn metric_line(metric: &Metric) -> String {
    let mut fields = vec![format!("name: {}", yaml_text(&metric.name))];
    fields.extend(metric.goal.map(|goal| {
        let word = match goal {
            Goal::Minimize => "minimize",
            Goal::Maximize => "maximize",
        };
        format!("goal: {word}")
    }));
    fields.extend(metric.target.map(|target| format!("target: {}", yaml_number(target))));
    format!("metric: {{{}}}", fields.join(", "))
}

fn parameter_line(parameter: &Parameter, low_cost: Option<&Value>) -> String {
    let name = yaml_text(&parameter.name);
    let mut fields = fields(&parameter.shape);
    fields.extend(low_cost.map(|value| format!("low_cost: {}", yaml_value(value))));
    // A condition uses single quotes itself, so it is put in double quotes.
    fields.extend(
        parameter
            .when
            .as_ref()
            .map(|when| format!("when: {}", double_quoted(when))),
    );
    let mut line = String::new();
    // Writing to a `String` cannot fail.
    let _ = write!(line, "  {name}: {{{}}}", fields.join(", "));
    line
}

fn fields(shape: &Shape) -> Vec<String> {
    let field = |key: &str, value: &str| format!("{key}: {value}");
    let list = |items: Vec<String>| format!("[{}]", items.join(", "));
    match shape {
        Shape::Constant(value) => vec![field("value", &yaml_value(value))],
        Shape::Choice { values, probabilities } => {
            let mut fields = vec![field("values", &list(values.iter().map(yaml_value).collect()))];
            let shares = probabilities
                .as_ref()
                .map(|shares| shares.iter().copied().map(yaml_number).collect());
            fields.extend(shares.map(|shares| field("probabilities", &list(shares))));
            fields
        }
        Shape::Steps(values) => {
            let values = values.iter().map(yaml_value).collect();
            vec![field("values", &list(values)), field("ordered", "true")]
        }
        Shape::Float { min, max, log, q } => {
            let distribution = match (log, q) {
                (false, None) => "uniform",
                (true, None) => "log_uniform_values",
                (false, Some(_)) => "q_uniform",
                (true, Some(_)) => "q_log_uniform_values",
            };
            let mut fields = vec![
                field("distribution", distribution),
                field("min", &yaml_number(*min)),
                field("max", &yaml_number(*max)),
            ];
            fields.extend(q.map(|q| field("q", &yaml_number(q))));
            fields
        }
        Shape::Int { min, max, log, q } => {
            let distribution = if *log { "int_log_uniform_values" } else { "int_uniform" };
            let mut fields = vec![
                field("distribution", distribution),
                field("min", &min.to_string()),
                field("max", &max.to_string()),
            ];
            fields.extend(q.map(|q| field("q", &q.to_string())));
            fields
        }
        Shape::Stepped { min, max, step } => {
            let numbers = [("min", min), ("max", max), ("step", step)];
            let are_whole = numbers.iter().all(|(_, number)| whole(**number).is_some());
            let number = |number: f64| match whole(number) {
                Some(whole) if are_whole => whole.to_string(),
                _ => yaml_number(number),
            };
            numbers.map(|(key, value)| field(key, &number(*value))).to_vec()
        }
        Shape::Normal { mu, sigma, log, q } => {
            let distribution = match (log, q) {
                (false, None) => "normal",
                (true, None) => "log_normal",
                (false, Some(_)) => "q_normal",
                (true, Some(_)) => "q_log_normal",
            };
            let mut fields = vec![
                field("distribution", distribution),
                field("mu", &yaml_number(*mu)),
                field("sigma", &yaml_number(*sigma)),
            ];
            fields.extend(q.map(|q| field("q", &yaml_number(q))));
            fields
        }
    }
}

fn double_quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A number without a trailing `.0` if it is an integer.
fn number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        format!("{number:.0}")
    } else {
        yaml_number(number)
    }
}
