//! The best trial's configuration for production, as a spec that `automl train` can run.

use std::collections::BTreeMap;

use serde::Serialize;

use super::leaderboard::others;
use super::terminal::sentences;
use crate::space::{Configuration, Domain, Parameter, Space, Value};
use crate::spec::{
    Budget, EpochRange, InputPart, ObjectiveSpec, Provenance, Resources, SchedulerSpec, SearcherSpec, Spec,
    environment_name,
};
use crate::study::{Study, Winner};
use crate::units::{Goal, Seed, TrialId};

/// All export formats for the best configuration, the default first.
pub const EXPORTS: &[&Export] = &[
    &Export {
        name: "yaml",
        about: "A spec that `automl train` runs",
        write: |best, spec| best.to_yaml(spec),
    },
    &Export {
        name: "json",
        about: "One object with the configuration and its metric",
        write: |best, _| format!("{:#}", serde_json::to_value(best).unwrap_or_default()),
    },
    &Export {
        name: "env",
        about: "Lines for a shell: `AUTOML_PARAM_LEARNING_RATE=0.003`",
        write: |best, _| best.to_env(),
    },
    &Export {
        name: "args",
        about: "Arguments for another program: `--learning_rate=0.003`",
        write: |best, _| best.to_args(),
    },
];

/// An export format for the best configuration.
#[derive(Debug)]
pub struct Export {
    /// Name for `--format`.
    pub name: &'static str,
    /// Description in one line.
    pub about: &'static str,
    /// Returns the exported text.
    pub write: fn(&Best, &Spec) -> String,
}

impl Export {
    /// The export format with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        EXPORTS.iter().find(|export| export.name == name).copied()
    }
}

/// The best trial of a study, or the winner of its selection.
#[derive(Clone, Debug, Serialize)]
pub struct Best {
    /// The trial.
    pub trial: TrialId,
    /// The run of its configuration with the best value: the trial itself or a run with a fresh seed.
    pub run: TrialId,
    /// The metric's name.
    pub metric: String,
    /// The metric value of that run.
    pub value: f64,
    /// Expected value, estimated with fresh seeds; omitted from the JSON without a selection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
    /// Value of the run's model on the test examples; omitted from the JSON if it was not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<f64>,
    /// The model and the data; not in the JSON.
    #[serde(skip)]
    pub inputs: Vec<InputPart>,
    /// Values of the other metrics in goals and constraints, by name; omitted from the JSON if there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<String, f64>,
    /// The constraints on metrics, if no trial satisfies all of them; omitted from the JSON otherwise.
    ///
    /// This trial then violates them least.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unfulfilled: Vec<String>,
    /// Folds of a cross-validation whose mean the value is; omitted from the JSON without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folds: Option<FoldsMean>,
    /// Epoch of that value.
    pub best_epoch: f64,
    /// Epochs at which the trial was evaluated, up to the best one; not in the JSON.
    #[serde(skip)]
    pub stops: Vec<f64>,
    /// Start and end of the learning rate's decay to 0, if the trial ended before its schedule did; not in the JSON.
    #[serde(skip)]
    pub cooldown: Option<(f64, f64)>,
    /// Epochs of a complete trial; the learning-rate schedule spans them.
    pub max_epochs: f64,
    /// Trial from which this one was cloned, including its training; omitted from the JSON if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<TrialId>,
    /// The seed of the run.
    pub seed: Seed,
    /// The configuration.
    pub configuration: Configuration,
    /// Hash of the configuration, as in the leaderboard.
    pub config_hash: String,
}

/// The folds of a cross-validation whose mean is the value of a trial.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct FoldsMean {
    /// Number of folds.
    pub count: u32,
    /// The standard error of the mean over the folds.
    pub standard_error: f64,
}

/// Expected value of a configuration, estimated with fresh seeds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Expected {
    /// The mean.
    pub mean: f64,
    /// The standard error of the mean; `None` for fewer than two seeds.
    pub standard_error: Option<f64>,
    /// Number of seeds.
    pub seeds: usize,
}

impl Best {
    /// The first trial of the leaderboard: the winner of the selection, or the best trial if there is no selection. On
    /// a Pareto front it is the trial that is best in the first metric. `None` while no trial has a metric.
    pub fn new(study: &Study) -> Option<Self> {
        let Winner { trial: id, run, at } = study.winner()?;
        let trial = &study.trials()[id.index()];
        let settings = study.settings();
        let best = if run == id {
            study.best_observation(id)?
        } else {
            *study.trials()[run.index()].observations.last()?
        };
        let finalist = study.finalists().into_iter().find(|finalist| finalist.trial == id);
        let expected = finalist.and_then(|finalist| {
            Some(Expected {
                mean: settings.goal.value(Goal::Minimize.loss(finalist.mean()?)),
                standard_error: finalist.standard_error(),
                seeds: finalist.runs.len(),
            })
        });
        let tested = study
            .tested()
            .and_then(|(_, test)| study.record(test).evaluations.last());
        Some(Self {
            trial: trial.id,
            run,
            metric: settings.metric.clone(),
            value: settings.goal.value(best.loss),
            expected,
            test: tested.and_then(|tested| tested.metrics.get(&settings.metric).copied()),
            inputs: study.inputs().to_vec(),
            others: others(study, run, best),
            unfulfilled: study.unfulfilled().into_iter().map(str::to_owned).collect(),
            folds: study.fold_error(run).map(|standard_error| FoldsMean {
                count: settings.folds,
                standard_error,
            }),
            best_epoch: at.epochs(settings.epoch),
            stops: study
                .pieces(run, at)
                .into_iter()
                .map(|at| at.epochs(settings.epoch))
                .collect(),
            cooldown: trial
                .cooldown
                .map(|cooldown| (cooldown.from.epochs(settings.epoch), cooldown.to.epochs(settings.epoch))),
            max_epochs: settings.max.epochs(settings.epoch),
            parent: trial.parent.map(|parent| parent.trial),
            seed: study.seed_of(run),
            configuration: trial.configuration.clone(),
            config_hash: trial.configuration.hash(),
        })
    }

    /// `best.yaml`: the study's spec with this trial's values, its seed and its best epoch.
    pub fn to_yaml(&self, spec: &Spec) -> String {
        let parameters = self.configuration.iter().map(|(name, value)| {
            let values = vec![value.clone()];
            Parameter::new(name, Domain::Choice { values, ordered: false })
        });
        let epochs = EpochRange {
            stops: self.stops.clone(),
            cooldown: self.cooldown,
            ..spec.epochs.clone()
        };
        let Ok(space) = Space::new(parameters.collect(), Vec::new()) else {
            return String::new();
        };
        let runnable = Spec {
            name: format!("{}-best", spec.name),
            searcher: SearcherSpec::by_chance(),
            early_terminate: SchedulerSpec::none().into(),
            space,
            epochs,
            budget: Budget {
                wall: None,
                trials: Some(1),
                max_failures: None,
                from: None,
            },
            // The number of workers depends on the machine. Without it the file is the same on every machine.
            resources: Resources {
                workers: None,
                slots_per_device: None,
                ..spec.resources.clone()
            },
            seed: self.seed,
            repeats: None,
            selection: None,
            warm_start: Vec::new(),
            tracking: Vec::new(),
            provenance: Some(self.provenance(spec)),
            ..spec.clone()
        };
        let use_of_it = match spec.objective {
            ObjectiveSpec::FineTune(_) => "# `automl train` trains a model for production from this file.\n",
            ObjectiveSpec::Function(_) | ObjectiveSpec::Command(_) | ObjectiveSpec::AskTell(_) => "",
        };
        let descent = self.parent.map_or(String::new(), |parent| {
            format!("# It began as a clone of trial {parent}: trained by this file alone, from the pretrained model, it will not be the same.\n")
        });
        let others: Vec<String> = self
            .others
            .iter()
            .map(|(name, value)| format!(", {name} {value}"))
            .collect();
        let run = if self.run == self.trial {
            String::new()
        } else {
            format!(", run again with a fresh seed as trial {}", self.run)
        };
        let warning = self
            .warning()
            .map_or_else(String::new, |warning| format!("# Warning: {warning}.\n"));
        let folds = self.folds.map_or_else(String::new, |folds| {
            format!(
                "# That is the mean of {} folds, with a standard error of {:.4}. `automl train` trains on all of them.\n",
                folds.count, folds.standard_error
            )
        });
        format!(
            "{warning}# Trial {} of the study `{}`{run}: {} {}{} on the validation data, at epoch {}.\n{folds}{}{descent}{use_of_it}{}",
            self.trial,
            spec.name,
            self.metric,
            self.value,
            others.concat(),
            self.best_epoch,
            self.expectation(),
            runnable.to_yaml()
        )
    }

    /// A warning if the trial violates constraints on metrics.
    pub fn warning(&self) -> Option<String> {
        sentences::violates_least(&self.unfulfilled, self.trial)
    }

    /// A comment with the expected value, if there was a selection.
    fn expectation(&self) -> String {
        let Some(Expected {
            mean,
            standard_error,
            seeds,
        }) = self.expected
        else {
            return String::new();
        };
        let error = standard_error.map_or_else(String::new, |error| format!(" ± {error:.4}"));
        let test = self
            .test
            .map_or_else(String::new, |test| format!("; {test} on the test examples"));
        format!("# To be expected of it: {mean:.4}{error} (mean of {seeds} fresh seeds, standard error){test}.\n")
    }

    fn provenance(&self, spec: &Spec) -> Provenance {
        Provenance {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            study: spec.name.clone(),
            trial: self.trial.0,
            run: self.run.0,
            metric: self.metric.clone(),
            expected: self.expected.map(|expected| expected.mean),
            standard_error: match self.expected {
                Some(expected) => expected.standard_error,
                None => self.folds.map(|folds| folds.standard_error),
            },
            seeds: self.expected.map_or(0, |expected| expected.seeds as u32),
            validation: Some(self.value),
            test: self.test,
            inputs: self.inputs.clone(),
        }
    }

    /// The configuration as command-line arguments for another program: `--learning_rate=0.003 --batch_size=32`.
    pub fn to_args(&self) -> String {
        let arguments = self.configuration.iter();
        let arguments = arguments.map(|(name, value)| quoted(&format!("--{name}={value}")));
        arguments.collect::<Vec<_>>().join(" ")
    }

    /// The configuration as environment variables for a shell: `AUTOML_PARAM_LEARNING_RATE=0.003`.
    ///
    /// The names are those that the command of a study sees. Without the prefix, a parameter called `path` would
    /// overwrite `PATH`.
    pub fn to_env(&self) -> String {
        let line =
            |(name, value): (&str, &Value)| format!("{}={}\n", environment_name(name), quoted(&value.to_string()));
        self.configuration.iter().map(line).collect()
    }
}

/// A value quoted for a shell.
fn quoted(value: &str) -> String {
    let is_plain = !value.is_empty()
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./:+=".contains(c));
    if is_plain {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_reach_a_shell_as_they_are() {
        assert_eq!(
            ["0.003", "a b", "it's", ""].map(quoted),
            ["0.003", "'a b'", r"'it'\''s'", "''"]
        );
    }
}
