//! A spec under construction: the target of all converters.

use super::Note;
use super::shape::Shape;
use crate::catalogue::HYPERPARAMETERS;
use crate::metrics;
use crate::space::Value;
use crate::spec::SearcherSpec;
use crate::suggestion::did_you_mean;
use crate::units::Goal;

/// Placeholder for the metric's name in Optuna, whose objectives return a value without a name.
pub(super) const VALUE_OF_OPTUNA: &str = "the value of your objective";

/// Placeholder for the metric's name in NNI, whose trials report a result without a name.
pub(super) const RESULT_OF_NNI: &str = "the result that your trial reports";

/// Metrics that messages offer as examples.
pub(super) const USUAL_METRICS: &str = "accuracy, f1, mcc, roc_auc, loss, rmse";

const NAMELESS: [&str; 2] = [VALUE_OF_OPTUNA, RESULT_OF_NNI];

/// The content of a file that has been read so far.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) name: Option<String>,
    pub(super) metric: Option<Metric>,
    pub(super) method: Option<&'static str>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) epochs: Option<Epochs>,
    pub(super) early_terminate: Option<EarlyTerminate>,
    /// Wall-clock budget in seconds.
    pub(super) wall: Option<f64>,
    pub(super) trials: Option<u64>,
    pub(super) workers: Option<u64>,
    pub(super) seed: Option<u64>,
    /// The program that a trial runs. If it is known, the spec runs it too.
    pub(super) program: Option<Program>,
    /// Configurations to try first.
    pub(super) points: Vec<Vec<(String, Value)>>,
    /// Parameter values with a low cost.
    pub(super) low_costs: Vec<(String, Value)>,
    pub(super) notes: Vec<Note>,
}

/// A program, in the terms of our specs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Program {
    /// Its words, if any, and the value of `${program}` in them.
    Words {
        words: Vec<String>,
        program: Option<String>,
    },
    /// A shell command line.
    Shell(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) goal: Option<Goal>,
    pub(super) target: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) shape: Shape,
    pub(super) when: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Epochs {
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum EarlyTerminate {
    None,
    Asha { eta: Option<u64> },
    Median { min_trials: Option<u64> },
    Pbt,
}

impl Draft {
    pub(super) fn note(&mut self, line: impl Into<Option<usize>>, message: impl Into<String>) {
        let note = Note {
            line: line.into(),
            message: message.into(),
        };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The low-cost value of a parameter.
    pub(super) fn low_cost(&self, name: &str) -> Option<&Value> {
        let known = self.low_costs.iter().find(|(known, _)| known == name);
        known.map(|(_, value)| value)
    }

    /// Notes that something was left out.
    pub(super) fn leave_out(&mut self, line: impl Into<Option<usize>>, what: &str) {
        self.note(line, format!("{what} has no counterpart and is left out"));
    }

    /// Adds a parameter that is always active.
    pub(super) fn add(&mut self, line: usize, name: impl Into<String>, shape: Shape) {
        self.add_when(line, name, shape, None);
    }

    /// Adds a parameter. If it exists already with another shape, the first one is kept.
    pub(super) fn add_when(&mut self, line: usize, name: impl Into<String>, shape: Shape, when: Option<String>) {
        let name = name.into();
        match self.parameters.iter().find(|known| known.name == name) {
            None => self.parameters.push(Parameter { name, shape, when }),
            Some(known) if known.shape == shape => {}
            Some(_) => self.note(
                line,
                format!("`{name}` is given twice with different domains: the first one is kept"),
            ),
        }
    }

    /// Adds a choice between values. Duplicates are removed, because values in our specs are distinct.
    pub(super) fn add_choice(&mut self, line: usize, name: &str, values: Vec<Value>) {
        self.add_weighted(line, name, values, None);
    }

    /// As [`Self::add_choice`], with an optional weight for every value.
    pub(super) fn add_weighted(&mut self, line: usize, name: &str, values: Vec<Value>, weights: Option<Vec<f64>>) {
        let weights = weights.filter(|weights| weights.len() == values.len());
        let total: f64 = weights.iter().flatten().sum();
        let mut kept: Vec<Value> = Vec::new();
        let mut probabilities: Vec<f64> = Vec::new();
        for (place, value) in values.into_iter().enumerate() {
            let share = weights.as_ref().map_or(0.0, |weights| weights[place] / total);
            match kept.iter().position(|earlier| earlier.is_same(&value)) {
                None => {
                    kept.push(value);
                    probabilities.push(share);
                }
                Some(earlier) => {
                    probabilities[earlier] += share;
                    self.note(line, format!("`{name}` has the value `{value}` twice: it is kept once"));
                }
            }
        }
        if kept.is_empty() {
            self.note(
                line,
                format!("`{name}` has no values that could be read: it is left out"),
            );
            return;
        }
        let shape = Shape::Choice {
            values: kept,
            probabilities: weights.map(|_| probabilities),
        };
        self.add(line, name, shape);
    }

    /// Sets the first searcher of `ours` that this version has, as a replacement for the source's `theirs`.
    pub(super) fn set_method(&mut self, line: impl Into<Option<usize>>, theirs: &str, ours: &[&'static str]) {
        let is_known = |name: &&'static str| SearcherSpec::named(name).is_some();
        let found = ours.iter().copied().find(|name| is_known(name));
        let method = found.unwrap_or("auto");
        self.method = Some(method);
        if ours.first() != Some(&method) || method == "auto" {
            self.note(
                line,
                format!("the searcher `{theirs}` has no counterpart of its own: `method: {method}` is written instead"),
            );
        }
    }

    /// Sets asynchronous successive halving, with the settings that are known.
    pub(super) fn set_halving(&mut self, eta: Option<u64>, min: Option<f64>, max: Option<f64>) {
        self.early_terminate = Some(EarlyTerminate::Asha { eta });
        self.set_epochs(min, max);
    }

    /// Sets the known bounds of a trial's length.
    pub(super) fn set_epochs(&mut self, min: Option<f64>, max: Option<f64>) {
        let known = self.epochs.unwrap_or_default();
        self.epochs = Some(Epochs {
            min: min.or(known.min),
            max: max.or(known.max),
        });
    }

    /// Completes the draft with everything that requires the whole file.
    pub(super) fn finish(&mut self) {
        self.finish_name();
        self.finish_epochs();
        self.finish_low_costs();
        if self.program.is_some() {
            self.finish_metric_of_program();
        } else {
            self.finish_metric();
            self.note_names();
        }
    }

    fn finish_low_costs(&mut self) {
        for (name, _) in self.low_costs.clone() {
            if !self.parameters.iter().any(|parameter| parameter.name == name) {
                self.note(
                    None,
                    format!("`low_cost_partial_config` names the unknown parameter `{name}`"),
                );
            }
        }
    }

    /// Names the metric of a program: a program reports its metric under the name in the spec.
    fn finish_metric_of_program(&mut self) {
        let Some(metric) = &mut self.metric else {
            self.metric = Some(Metric {
                name: "loss".to_owned(),
                goal: Some(Goal::Minimize),
                target: None,
            });
            return self.note(None, "the file names no metric: `loss` is a guess, to be minimised");
        };
        if NAMELESS.contains(&metric.name.as_str()) {
            "result".clone_into(&mut metric.name);
            self.note(None, "the metric has no name there: it is called `result` here");
        }
        self.note(
            None,
            "the program reports its metric as lines of JSON on standard output: see \"Your own program\" in the book",
        );
    }

    /// Makes the study's name valid as a folder name.
    fn finish_name(&mut self) {
        let Some(name) = &self.name else { return };
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let plain: String = name
            .chars()
            .map(|c| if is_allowed(c) { c } else { '-' })
            .take(100)
            .collect();
        let plain = plain.trim_matches(['-', '_', '.']).to_owned();
        if plain != *name {
            self.note(
                None,
                format!("the name `{name}` becomes `{plain}`, which can be a folder"),
            );
            self.name = Some(plain).filter(|plain| !plain.is_empty());
        }
    }

    fn finish_epochs(&mut self) {
        /// Number of reductions by `eta` assumed between `epochs.min` and a missing `epochs.max`.
        const RUNGS: u32 = 2;
        let Some(epochs) = &mut self.epochs else { return };
        let eta = match self.early_terminate {
            Some(EarlyTerminate::Asha { eta: Some(eta) }) => eta as f64,
            Some(
                EarlyTerminate::Asha { eta: None }
                | EarlyTerminate::Median { .. }
                | EarlyTerminate::Pbt
                | EarlyTerminate::None,
            )
            | None => 3.0,
        };
        match (epochs.min, epochs.max) {
            (None, None) => self.epochs = None,
            (Some(min), None) => {
                let max = min * eta.powi(RUNGS as i32);
                epochs.max = Some(max);
                self.note(
                    None,
                    format!("the length of a complete trial is not given: `epochs.max` is a guess of {max}"),
                );
            }
            (Some(min), Some(max)) if min > max => {
                epochs.min = Some(max);
                self.note(
                    None,
                    format!("trials end after {max} epochs, before the first comparison after {min}"),
                );
            }
            (_, Some(_)) => {}
        }
        if self.epochs.is_some() {
            self.note(
                None,
                "resources are taken to be epochs here: if they were steps or something else, change `epochs`",
            );
        }
    }

    /// Renames the metric if fine-tuning reports it under another name.
    fn finish_metric(&mut self) {
        /// Common names for our metrics, without a prefix for the part of the data.
        const ALIASES: [(&str, &str); 9] = [
            ("accuracy", "accuracy"),
            ("acc", "accuracy"),
            ("mean_accuracy", "accuracy"),
            ("top1", "accuracy"),
            ("f1", "f1"),
            ("f1_score", "f1"),
            ("macro_f1", "f1"),
            ("loss", "loss"),
            ("mean_loss", "loss"),
        ];
        let Some(metric) = &mut self.metric else { return };
        let plain = metric.name.to_lowercase().replace(['-', '/', ' ', '.'], "_");
        let prefixes = ["validation_", "valid_", "val_", "eval_", "dev_"];
        let stem = prefixes.iter().find_map(|prefix| plain.strip_prefix(prefix));
        let stem = stem.unwrap_or(&plain);
        let known = ALIASES
            .iter()
            .find(|(theirs, _)| *theirs == stem)
            .map(|(_, ours)| *ours);
        let known = known.or_else(|| Some(metrics::metric(stem).ok()?.metric.name));
        let Some(ours) = known else {
            let message = format!(
                "fine-tuning reports no metric `{}`: choose one in the marked place, such as {USUAL_METRICS}",
                metric.name
            );
            return self.note(None, message);
        };
        if metric.name != ours {
            let message = format!("the metric `{}` is called `{ours}` here", metric.name);
            ours.clone_into(&mut metric.name);
            self.note(None, message);
        }
    }

    fn note_names(&mut self) {
        let names: Vec<&str> = HYPERPARAMETERS.iter().map(|known| known.name).collect();
        let strangers = self
            .parameters
            .iter()
            .filter(|known| !names.contains(&known.name.as_str()));
        let strangers: Vec<String> = strangers
            .map(|parameter| match counterpart(&parameter.name, &names) {
                Some(ours) => format!("`{}` (probably `{ours}`)", parameter.name),
                None => format!("`{}`", parameter.name),
            })
            .collect();
        if !strangers.is_empty() {
            let message = format!(
                "names are kept as they are, but fine-tuning does not know {}: rename or remove them",
                strangers.join(", ")
            );
            self.note(None, message);
        }
    }
}

/// Our hyperparameter that other programs call `name`.
fn counterpart<'a>(name: &str, names: &[&'a str]) -> Option<&'a str> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let ours = match last {
        "lr" => "learning_rate",
        "wd" => "weight_decay",
        "bs" | "per_device_train_batch_size" => "batch_size",
        "lr_scheduler" | "lr_scheduler_type" | "schedule" => "lr_schedule",
        "clip" | "grad_clip" | "gradient_clip_val" => "max_grad_norm",
        other => other,
    };
    names
        .iter()
        .copied()
        .find(|known| *known == ours)
        .or_else(|| did_you_mean(ours, names.iter().copied()))
}
