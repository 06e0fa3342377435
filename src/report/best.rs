//! The best trial's configuration, for production: a spec that `automl train` runs as it is.

use std::collections::BTreeMap;

use serde::Serialize;

use super::leaderboard::others;
use crate::space::{Configuration, Domain, Parameter, Space, Value};
use crate::spec::{Budget, EpochRange, ObjectiveSpec, Resources, SchedulerSpec, SearcherSpec, Spec};
use crate::study::Study;
use crate::units::{Seed, TrialId};

/// The best trial of a study.
#[derive(Clone, Debug, Serialize)]
pub struct Best {
    /// The trial.
    pub trial: TrialId,
    /// The metric's name.
    pub metric: String,
    /// Its best value.
    pub value: f64,
    /// The values of the other metrics that count, by name; not in the JSON where only one counts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<String, f64>,
    /// The epoch of that value.
    pub best_epoch: f64,
    /// The epochs at which the trial was evaluated, up to the best; not in the JSON.
    #[serde(skip)]
    pub stops: Vec<f64>,
    /// Epochs of a complete trial, over which the learning-rate schedule is laid out.
    pub max_epochs: f64,
    /// The trial that it began as a clone of, whose training is a part of its own; not in the JSON where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<TrialId>,
    /// The trial's own seed.
    pub seed: Seed,
    /// Its configuration.
    pub configuration: Configuration,
    /// Its configuration's name in the leaderboard.
    pub config_hash: String,
}

impl Best {
    /// The first trial of the leaderboard: of a front, the one that is best in the first metric. `None` while no trial has a metric.
    pub fn new(study: &Study) -> Option<Self> {
        let (id, loss) = study.incumbent()?;
        let (trial, best) = (&study.trials()[id.index()], study.best_observation(id)?);
        let cut_off = study.cut_off(id).into_iter().flat_map(|report| &report.evaluations);
        let evaluated = trial
            .observations
            .iter()
            .map(|observation| observation.at)
            .chain(cut_off.map(|last| last.at));
        let settings = study.settings();
        Some(Self {
            trial: trial.id,
            metric: settings.metric.clone(),
            value: settings.goal.value(loss),
            others: others(study, id, best),
            best_epoch: best.at.epochs(settings.epoch),
            stops: evaluated
                .filter(|&at| at <= best.at)
                .map(|at| at.epochs(settings.epoch))
                .collect(),
            max_epochs: settings.max.epochs(settings.epoch),
            parent: trial.parent.map(|parent| parent.trial),
            seed: settings.trial_seed(trial.id),
            configuration: trial.configuration.clone(),
            config_hash: trial.configuration.hash(),
        })
    }

    /// `best.yaml`: the study's spec with this trial's values, its seed, and where it was best.
    pub fn to_yaml(&self, spec: &Spec) -> String {
        let parameters = self.configuration.iter().map(|(name, value)| {
            let values = vec![value.clone()];
            Parameter::new(name, Domain::Choice { values, ordered: false })
        });
        let epochs = EpochRange {
            stops: self.stops.clone(),
            ..spec.epochs.clone()
        };
        let Ok(space) = Space::new(parameters.collect(), Vec::new()) else {
            return String::new();
        };
        let runnable = Spec {
            name: format!("{}-best", spec.name),
            searcher: SearcherSpec::Random,
            early_terminate: SchedulerSpec::None.into(),
            space,
            epochs,
            budget: Budget {
                wall: None,
                trials: Some(1),
            },
            // How many workers searched is a fact of that machine and that day: the file is the same whatever it was.
            resources: Resources {
                workers: None,
                slots_per_device: None,
                ..spec.resources.clone()
            },
            seed: self.seed,
            repeats: None,
            warm_start: Vec::new(),
            ..spec.clone()
        };
        let use_of_it = match spec.objective {
            ObjectiveSpec::FineTune(_) => "# `automl train` trains a model for production from this file.\n",
            ObjectiveSpec::Function(_) | ObjectiveSpec::Command(_) => "",
        };
        let descent = self.parent.map_or(String::new(), |parent| {
            format!("# It began as a clone of trial {parent}: trained by this file alone, from the pretrained model, it will not be the same.\n")
        });
        let others: Vec<String> = self
            .others
            .iter()
            .map(|(name, value)| format!(", {name} {value}"))
            .collect();
        format!(
            "# Trial {} of the study `{}`: {} {}{} on the validation data, at epoch {}.\n{descent}{use_of_it}{}",
            self.trial,
            spec.name,
            self.metric,
            self.value,
            others.concat(),
            self.best_epoch,
            runnable.to_yaml()
        )
    }

    /// The configuration as command-line arguments for another program: `--learning_rate=0.003 --batch_size=32`.
    pub fn to_args(&self) -> String {
        let arguments = self
            .configuration
            .iter()
            .map(|(name, value)| format!("--{name}={}", quoted(&value.to_string())));
        arguments.collect::<Vec<_>>().join(" ")
    }

    /// The configuration as lines for a shell: `LEARNING_RATE=0.003`.
    pub fn to_env(&self) -> String {
        let name = |name: &str| {
            name.to_uppercase()
                .replace(|letter: char| !letter.is_ascii_alphanumeric(), "_")
        };
        let line = |(key, value): (&str, &Value)| format!("{}={}\n", name(key), quoted(&value.to_string()));
        self.configuration.iter().map(line).collect()
    }
}

/// A value as a shell reads it back.
fn quoted(value: &str) -> String {
    let is_plain = !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:+".contains(c));
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
