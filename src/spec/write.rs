//! Writes a [`Spec`] as YAML with every default written out.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::command::{CommandLine, CommandSpec};
use super::declared::{self, Field, Written};
use super::domain::first_multiple;
use super::early_terminate;
use super::function::{self, FunctionSpec};
use super::hints::CONFIDENCES;
use super::objective::ASK_TELL_KEYS;
use super::pictures::PICTURE_KEYS;
use super::reading::READING_KEYS;
use super::resolved::{AskTellSpec, Criteria, DataSpec, HeldOut, Metric, ModelSource, ObjectiveSpec, Spec, Truncation};
use super::root::{self, Recipes, Root};
use super::split::{Amount, SPLIT_KEYS};
use super::{budget, cluster, limits, provenance, resources, selection};
use crate::preference::{Preference, Tolerance};
use crate::space::{Configuration, Domain, Hints, Parameter, Value};
use crate::units::Goal;

impl Spec {
    /// The spec as YAML with every default written out. If its paths are absolute, as [`load`](super::load) makes them,
    /// a file in any folder reads back as the same spec.
    pub fn to_yaml(&self) -> String {
        let mut yaml = Yaml::default();
        yaml.line(0, "name", &text(&self.name));
        self.write_objective(&mut yaml);
        write_metric(&mut yaml, &self.metric, &self.criteria);
        yaml.fields(0, root::KEYS, &self.root());
        yaml.open(0, "parameters");
        for parameter in self.space.parameters() {
            write_parameter(&mut yaml, parameter);
        }
        if !self.space.constraints().is_empty() {
            yaml.open(0, "constraints");
            for constraint in self.space.constraints() {
                yaml.item(1, &quoted(constraint.source()));
            }
        }
        let points: Vec<String> = self.space.points().map(write_point).collect();
        if !points.is_empty() {
            yaml.open(0, "points_to_evaluate");
        }
        for point in points {
            yaml.item(1, &point);
        }
        yaml.open(0, "epochs");
        yaml.line(1, "min", &float(self.epochs.min));
        yaml.line(1, "max", &float(self.epochs.max));
        let stops: Vec<String> = self.epochs.stops.iter().copied().map(float).collect();
        yaml.maybe(
            1,
            "stops",
            (!stops.is_empty()).then(|| format!("[{}]", stops.join(", "))),
        );
        let cooldown = self.epochs.cooldown;
        let cooldown = cooldown.map(|(from, to)| format!("[{}, {}]", float(from), float(to)));
        yaml.maybe(1, "cooldown", cooldown);
        yaml.section(0, "trial_limits", limits::KEYS, &self.trial_limits);
        yaml.open(0, "early_terminate");
        for (key, value) in early_terminate::write::lines(&self.early_terminate) {
            yaml.line(1, key, &value);
        }
        yaml.section(0, "budget", budget::KEYS, &self.budget);
        if let Some(selection) = &self.selection {
            yaml.section(0, "selection", selection::KEYS, selection);
        }
        yaml.section(0, "resources", resources::KEYS, &self.resources);
        if self.cluster.is_used() {
            yaml.section(0, "cluster", cluster::KEYS, &self.cluster);
        }
        if !self.warm_start.is_empty() {
            yaml.open(0, "warm_start");
            for leaderboard in &self.warm_start {
                yaml.item(1, &path(leaderboard));
            }
        }
        if !self.tracking.is_empty() {
            yaml.open(0, "tracking");
            for tracker in &self.tracking {
                let options: Vec<String> = tracker
                    .options
                    .iter()
                    .map(|(name, value)| format!("{name}: {}", quoted(value)))
                    .collect();
                yaml.item(1, &format!("{}: {{{}}}", tracker.name, options.join(", ")));
            }
        }
        if let Some(provenance) = &self.provenance {
            yaml.section(0, "provenance", provenance::KEYS, provenance);
        }
        yaml.text
    }

    /// The plain values at the top of the spec.
    fn root(&self) -> Root {
        Root {
            model_licence: match &self.objective {
                ObjectiveSpec::FineTune(fine_tune) => fine_tune.model_licence.clone(),
                ObjectiveSpec::Function(_) | ObjectiveSpec::Command(_) | ObjectiveSpec::AskTell(_) => None,
            },
            max_length: match &self.objective {
                ObjectiveSpec::FineTune(fine_tune) => Some(fine_tune.max_length).filter(|_| !fine_tune.searches_length),
                ObjectiveSpec::Function(_) | ObjectiveSpec::Command(_) | ObjectiveSpec::AskTell(_) => None,
            },
            image_size: match &self.objective {
                ObjectiveSpec::FineTune(fine_tune) => fine_tune.image_size,
                ObjectiveSpec::Function(_) | ObjectiveSpec::Command(_) | ObjectiveSpec::AskTell(_) => None,
            },
            method: self.searcher,
            prior: Recipes(self.uses_recipe),
            repeats: self.repeats,
            deterministic: self.deterministic,
            seed: self.seed,
        }
    }

    fn write_objective(&self, yaml: &mut Yaml) {
        match &self.objective {
            ObjectiveSpec::Function(function) => {
                write_function(yaml, function);
            }
            ObjectiveSpec::Command(command) => write_command(yaml, command),
            ObjectiveSpec::AskTell(ask_tell) if *ask_tell == AskTellSpec::default() => {
                yaml.line(0, "ask_tell", "{}");
            }
            ObjectiveSpec::AskTell(ask_tell) => yaml.section(0, "ask_tell", ASK_TELL_KEYS, ask_tell),
            ObjectiveSpec::FineTune(fine_tune) => {
                yaml.line(0, "task", fine_tune.task.name());
                yaml.line(
                    0,
                    "model",
                    &match &fine_tune.model {
                        ModelSource::Builtin(name) => text(&format!("builtin:{name}")),
                        ModelSource::Directory(directory) => path(directory),
                        ModelSource::Hub(id) => text(id),
                    },
                );
                yaml.open(0, "data");
                write_data(yaml, &fine_tune.data);
            }
        }
    }
}

fn write_function(yaml: &mut Yaml, function: &FunctionSpec) {
    yaml.section(0, "function", function::KEYS, function);
    if !function.faults.is_empty() {
        yaml.open(1, "faults");
    }
    for (fault, condition) in &function.faults {
        yaml.line(2, fault.name(), &quoted(condition.source()));
    }
}

fn write_command(yaml: &mut Yaml, command: &CommandSpec) {
    yaml.open(0, "command");
    match &command.line {
        CommandLine::Words(words) => {
            let words: Vec<String> = words.iter().map(|word| quoted(&word.source)).collect();
            yaml.line(1, "run", &format!("[{}]", words.join(", ")));
        }
        CommandLine::Shell(line) => yaml.line(1, "shell", &quoted(line)),
    }
    yaml.line(1, "folder", &path(&command.folder));
    yaml.maybe(0, "wandb", command.has_shim.then(|| "shim".to_owned()));
    if !command.patterns.is_empty() {
        yaml.open(0, "metrics");
    }
    for (name, pattern) in &command.patterns {
        yaml.line(1, &text(name), &quoted(pattern));
    }
}

fn write_metric(yaml: &mut Yaml, metric: &Metric, criteria: &Criteria) {
    yaml.open(0, "metric");
    if criteria.others.is_empty() {
        for (key, value) in metric_lines(metric) {
            yaml.line(1, key, &value);
        }
    } else {
        let levels = match &criteria.preference {
            Preference::Pareto => &[][..],
            Preference::Lexicographic(levels) => levels,
        };
        yaml.open(1, if levels.is_empty() { "pareto" } else { "lexicographic" });
        for (index, metric) in std::iter::once(metric).chain(&criteria.others).enumerate() {
            let mut lines = metric_lines(metric);
            lines.extend(levels.get(index).map(|level| ("tolerance", tolerance(level.tolerance))));
            let pairs: Vec<String> = lines.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            yaml.item(2, &format!("{{{}}}", pairs.join(", ")));
        }
    }
    if !criteria.constraints.is_empty() {
        yaml.open(0, "metric_constraints");
        for constraint in &criteria.constraints {
            yaml.item(1, &quoted(constraint.source()));
        }
    }
}

fn metric_lines(metric: &Metric) -> Vec<(&'static str, String)> {
    let goal = match metric.goal {
        Goal::Maximize => "maximize",
        Goal::Minimize => "minimize",
    };
    let mut lines = vec![("name", text(&metric.name)), ("goal", goal.to_owned())];
    lines.extend(metric.target.map(|target| ("target", float(target))));
    lines
}

fn tolerance(tolerance: Tolerance) -> String {
    match tolerance {
        Tolerance::Absolute(distance) => float(distance),
        Tolerance::Percent(percent) => quoted(&format!("{percent:?}%")),
    }
}

fn write_data(yaml: &mut Yaml, data: &DataSpec) {
    match data {
        DataSpec::Builtin {
            name,
            train_limit,
            test,
        } => {
            yaml.line(1, "train", &text(&format!("builtin:{name}")));
            yaml.maybe(1, "train_limit", train_limit.map(amount));
            yaml.maybe(1, "test", test.map(amount));
        }
        DataSpec::Table(table) => {
            if let Some(hub) = &table.hub {
                yaml.line(1, "hub", &text(&hub.id));
                yaml.maybe(1, "config", hub.config.as_deref().map(text));
                yaml.maybe(1, "licence", hub.licence.as_deref().map(text));
            }
            yaml.line(1, "train", &paths(&table.train));
            yaml.maybe(1, "validation", table.validation.as_ref().map(held_out));
            yaml.maybe(1, "test", table.test.as_ref().map(held_out));
            yaml.maybe(1, "train_limit", table.train_limit.map(amount));
            for (key, columns) in [("text", &table.text), ("label", &table.label)] {
                if !columns.is_empty() {
                    yaml.line(1, key, &one_or_more(columns));
                }
            }
            yaml.maybe(1, "multi_label", table.multi_label.as_deref().map(quoted));
            if table.truncation != Truncation::default() {
                yaml.line(1, "truncation", table.truncation.name());
            }
            yaml.maybe(1, "stride", table.stride.map(|stride| stride.to_string()));
            yaml.maybe(1, "max_windows", table.max_windows.map(|windows| windows.to_string()));
            yaml.lines(1, declared::written(&table.pictures, PICTURE_KEYS));
            yaml.lines(1, declared::written(&table.reading, READING_KEYS));
            let mut lines = declared::written(&table.split, SPLIT_KEYS);
            // Examples that are known already exclude a share for them.
            lines.retain(|(name, _)| match *name {
                "validation" => table.validation.is_none() && table.split.folds.is_none(),
                "test" => table.test.is_none(),
                "stratify" => table.split.by.is_none(),
                _ => true,
            });
            yaml.open(1, "split");
            yaml.lines(2, lines);
        }
    }
}

fn amount(amount: Amount) -> String {
    match amount {
        Amount::Share(share) => float(share),
        Amount::Count(count) => count.to_string(),
    }
}

fn held_out(part: &HeldOut) -> String {
    match part {
        HeldOut::Files(files) => paths(files),
        HeldOut::Count(count) => count.to_string(),
    }
}

fn paths(files: &[PathBuf]) -> String {
    match files {
        [only] => path(only),
        files => {
            let files: Vec<String> = files.iter().map(|file| path(file)).collect();
            format!("[{}]", files.join(", "))
        }
    }
}

/// One text, or a list of texts.
fn one_or_more(all: &[String]) -> String {
    match all {
        [only] => text(only),
        all => texts(all),
    }
}

/// A list of texts on one line.
pub(super) fn texts(all: &[String]) -> String {
    let all: Vec<String> = all.iter().map(|one| text(one)).collect();
    format!("[{}]", all.join(", "))
}

fn write_parameter(yaml: &mut Yaml, parameter: &Parameter) {
    yaml.open(1, &text(&parameter.name));
    match &parameter.domain {
        Domain::Float { .. } | Domain::Int { .. } => write_range(yaml, &parameter.domain, None),
        Domain::Normal { range, mean, deviation } => write_range(yaml, range, Some((*mean, *deviation))),
        Domain::Choice { values, ordered } => write_values(yaml, values, *ordered),
        Domain::Weighted {
            values,
            probabilities,
            ordered,
        } => {
            write_values(yaml, values, *ordered);
            let probabilities: Vec<String> = probabilities.iter().copied().map(float).collect();
            yaml.line(2, "probabilities", &format!("[{}]", probabilities.join(", ")));
        }
    }
    let condition = parameter.condition.as_ref();
    yaml.maybe(2, "when", condition.map(|condition| quoted(condition.source())));
    let Hints { prior, init, low_cost } = &parameter.hints;
    if let Some(prior) = prior {
        yaml.open(2, "prior");
        yaml.line(3, "value", &value(&prior.value));
        let confidence = CONFIDENCES.iter().find(|(_, known)| *known == prior.confidence);
        yaml.maybe(3, "confidence", confidence.map(|(word, _)| (*word).to_owned()));
    }
    yaml.maybe(2, "init", init.as_ref().map(value));
    yaml.maybe(2, "low_cost", low_cost.as_ref().map(value));
}

fn write_values(yaml: &mut Yaml, values: &[Value], ordered: bool) {
    let values: Vec<String> = values.iter().map(value).collect();
    yaml.line(2, "values", &format!("[{}]", values.join(", ")));
    yaml.line(2, "ordered", &ordered.to_string());
}

/// Writes a range, with the mean and standard deviation if it bounds a normal distribution.
fn write_range(yaml: &mut Yaml, range: &Domain, normal: Option<(f64, f64)>) {
    let (is_log, min, max, step) = match range {
        Domain::Float { min, max, log, step } => (*log, float(*min), float(*max), step.map(float)),
        Domain::Int { min, max, log, step } => (*log, min.to_string(), max.to_string(), Some(step.to_string())),
        // The range of a normal distribution is never one itself.
        Domain::Normal { .. } | Domain::Choice { .. } | Domain::Weighted { .. } => return,
    };
    let is_integer = matches!(range, Domain::Int { .. });
    let is_from_min = normal.is_none() && begins_its_steps(range);
    let distribution = match (normal.is_some(), is_integer, is_log, step.is_some() && !is_from_min) {
        (true, _, false, false) => "normal",
        (true, _, true, false) => "log_normal",
        (true, _, false, true) => "q_normal",
        (true, _, true, true) => "q_log_normal",
        (false, true, false, _) => "int_uniform",
        (false, true, true, _) => "int_log_uniform_values",
        (false, false, false, false) => "uniform",
        (false, false, true, false) => "log_uniform_values",
        (false, false, false, true) => "q_uniform",
        (false, false, true, true) => "q_log_uniform_values",
    };
    yaml.line(2, "distribution", distribution);
    if let Some((mean, deviation)) = normal {
        yaml.line(2, "mu", &float(mean));
        yaml.line(2, "sigma", &float(deviation));
    }
    yaml.line(2, "min", &min);
    yaml.line(2, "max", &max);
    yaml.maybe(2, if is_from_min { "step" } else { "q" }, step);
}

/// `true` if the values of a range are counted from its lower bound and are not multiples of its step.
fn begins_its_steps(range: &Domain) -> bool {
    match range {
        Domain::Int {
            log: false, min, step, ..
        } => min.rem_euclid(*step) != 0,
        Domain::Float {
            log: false,
            min,
            max,
            step: Some(step),
        } => min < max && first_multiple(*min, *step) != *min,
        Domain::Int { .. }
        | Domain::Float { .. }
        | Domain::Normal { .. }
        | Domain::Choice { .. }
        | Domain::Weighted { .. } => false,
    }
}

/// A configuration as a mapping on one line.
fn write_point(point: &Configuration) -> String {
    let values: Vec<String> = point
        .iter()
        .map(|(name, given)| format!("{}: {}", quoted(name), value(given)))
        .collect();
    format!("{{{}}}", values.join(", "))
}

/// Lines of block-style YAML.
#[derive(Default)]
struct Yaml {
    text: String,
}

impl Yaml {
    fn line(&mut self, depth: usize, key: &str, value: &str) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.text, "{:width$}{key}: {value}", "", width = 2 * depth);
    }

    fn maybe(&mut self, depth: usize, key: &str, value: Option<String>) {
        if let Some(value) = value {
            self.line(depth, key, &value);
        }
    }

    fn open(&mut self, depth: usize, key: &str) {
        let _ = writeln!(self.text, "{:width$}{key}:", "", width = 2 * depth);
    }

    /// A section with its declared keys; nothing if none of them has a value.
    fn section<T: Default>(&mut self, depth: usize, name: &str, fields: &'static [Field<T>], section: &T) {
        let lines = declared::written(section, fields);
        if !lines.is_empty() {
            self.open(depth, name);
            self.lines(depth + 1, lines);
        }
    }

    fn fields<T: Default>(&mut self, depth: usize, fields: &'static [Field<T>], section: &T) {
        self.lines(depth, declared::written(section, fields));
    }

    fn lines(&mut self, depth: usize, lines: Vec<(&'static str, Written)>) {
        for (name, written) in lines {
            match written {
                Written::Nothing => {}
                Written::Line(value) => self.line(depth, name, &value),
                Written::Items(items) => {
                    self.open(depth, name);
                    for item in &items {
                        self.item(depth + 1, item);
                    }
                }
            }
        }
    }

    fn item(&mut self, depth: usize, value: &str) {
        let _ = writeln!(self.text, "{:width$}- {value}", "", width = 2 * depth);
    }
}

/// The shortest YAML that reads back as the same number. It always has a point or an exponent.
pub fn yaml_number(number: f64) -> String {
    float(number)
}

/// The YAML of a value, in block or in flow style.
pub fn yaml_value(value: &Value) -> String {
    self::value(value)
}

/// The YAML of a text or a key, in block or in flow style.
pub fn yaml_text(text: &str) -> String {
    self::text(text)
}

pub(super) fn float(number: f64) -> String {
    format!("{number:?}")
}

fn value(value: &Value) -> String {
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => value.to_string(),
        Value::Text(text) => self::text(text),
        // JSON is valid YAML.
        Value::Data(json) => json.clone(),
    }
}

fn path(path: &Path) -> String {
    text(&path.display().to_string())
}

/// A text, quoted unless it is clearly a plain word.
pub(super) fn text(text: &str) -> String {
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '/'))
        && !text.ends_with(':')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '@'))
        && !["true", "false", "null"].contains(&text.to_ascii_lowercase().as_str());
    if is_word { text.to_owned() } else { quoted(text) }
}

/// A double-quoted text. YAML shares JSON's escapes, but breaks lines at, or forbids, some characters that JSON allows.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            letter
                if letter.is_control()
                    || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                let _ = write!(quoted, "\\u{:04X}", letter as u32);
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
