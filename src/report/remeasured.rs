//! A leaderboard by another metric than the one that was optimized, from what the study kept: the metrics of its
//! evaluations, and its validation outputs. Nothing is trained again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::kept::Kept;
use super::leaderboard::Leaderboard;
use crate::metrics::{self, METRICS, Measure, MetricError};
use crate::spec::{similar_metric, usual_goal};
use crate::study::Study;
use crate::trials::Evaluation;
use crate::units::{Goal, TrialId};

/// Why a study cannot be ranked by a metric.
#[derive(Debug, thiserror::Error)]
pub enum RankError {
    /// No metric of the study has the name.
    #[error("unknown metric `{name}`{}", meant(suggestion.as_deref(), known))]
    Unknown {
        /// The name.
        name: String,
        /// A similar name.
        suggestion: Option<String>,
        /// The metrics that are known of this study.
        known: Vec<String>,
    },
    /// The metric exists, but the study kept nothing from which it could be computed.
    #[error(
        "`{name}` cannot be computed: the study has no validation outputs (tagged words and answers keep none, and neither \
         did earlier versions); it has {}",
        listed(known)
    )]
    NothingKept {
        /// The metric.
        name: String,
        /// The metrics of its evaluations.
        known: Vec<String>,
    },
    /// It is unknown which direction of the metric is better.
    #[error("it is unknown whether larger or smaller values of `{name}` are better: sort by its column with `--sort`")]
    NoGoal {
        /// The metric.
        name: String,
    },
    /// The metric does not measure the study's task, or names an unknown class.
    #[error(transparent)]
    Metric(#[from] MetricError),
}

fn meant(suggestion: Option<&str>, known: &[String]) -> String {
    match suggestion {
        Some(name) => format!("; did you mean `{name}`?"),
        None => format!("; known are {}", listed(known)),
    }
}

fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// A leaderboard that was ranked by another metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// The metric by its full name.
    pub metric: String,
    /// Number of trials with a result, but without the outputs that the metric needs.
    pub missing: usize,
}

impl Leaderboard {
    /// Ranks the trials by any metric of the study's task, such as `mcc` or `f1:spam`: each by the evaluation with
    /// which it counts, so the checkpoint and the epochs stay the same. `folder` is the study's.
    ///
    /// # Errors
    /// If the metric is unknown, does not fit the task, or cannot be computed from what the study kept.
    pub fn rank_by(&mut self, study: &Study, folder: &Path, name: &str) -> Result<Ranked, RankError> {
        let known = reported(study);
        let kept = Kept::open(folder);
        let measure = metrics::metric(name);
        let metric = measure.as_ref().map_or_else(|_| name.to_owned(), Measure::to_string);
        let measure = match (measure, &kept) {
            _ if known.contains(metric.as_str()) => None,
            (Ok(measure), Some(kept)) => {
                // One value tells whether the metric fits, whatever the outputs are.
                kept.truth.check(&measure)?;
                Some(measure)
            }
            (Ok(_), None) if is_fine_tuning(study) => {
                let known = known.into_iter().map(str::to_owned).collect();
                return Err(RankError::NothingKept { name: metric, known });
            }
            (Err(error @ MetricError::NotByClass { .. }), _) => return Err(error.into()),
            (Ok(_) | Err(_), _) => return Err(unknown(name, &known, kept.as_ref())),
        };
        let goal = goal(study, &metric).ok_or_else(|| RankError::NoGoal { name: metric.clone() })?;
        let value = |trial: TrialId| -> Option<f64> {
            let reported = evaluation(study, trial).and_then(|evaluation| evaluation.metrics.get(&metric));
            let measured = || {
                let kept = kept.as_ref()?;
                let outputs = kept.best_outputs(study, trial)?;
                kept.truth.measure(&outputs, measure.as_ref()?).ok()
            };
            reported.copied().or_else(measured).filter(|value| !value.is_nan())
        };
        let trials = study.trials().iter().map(|trial| trial.id);
        let values: BTreeMap<TrialId, f64> = trials.filter_map(|trial| Some((trial, value(trial)?))).collect();
        let with_result = study
            .searched()
            .filter(|trial| study.best_observation(trial.id).is_some());
        let missing = with_result.filter(|trial| !values.contains_key(&trial.id)).count();
        self.replace_metric(&metric, goal, &values);
        Ok(Ranked { metric, missing })
    }
}

/// The evaluation with which a trial counts.
fn evaluation(study: &Study, trial: TrialId) -> Option<&Evaluation> {
    let best = study.best_observation(trial)?;
    let cut_off = study.cut_off(trial).into_iter().flat_map(|report| &report.evaluations);
    let mut all = study.record(trial).evaluations.iter().chain(cut_off);
    all.find(|evaluation| evaluation.at == best.at)
}

/// The names of the metrics that the evaluations of the study have.
fn reported(study: &Study) -> BTreeSet<&str> {
    let trials = study.trials().iter();
    trials
        .filter_map(|trial| evaluation(study, trial.id))
        .flat_map(|evaluation| evaluation.metrics.keys().map(String::as_str))
        .collect()
}

/// True if the study trained models itself, so that outputs could have been kept.
fn is_fine_tuning(study: &Study) -> bool {
    study.inputs().iter().any(|part| part.part == "validation")
}

fn goal(study: &Study, metric: &str) -> Option<Goal> {
    let settings = study.settings();
    let others = settings.criteria.others.iter();
    let own = std::iter::once((&settings.metric, settings.goal)).chain(others.map(|other| (&other.name, other.goal)));
    let own = own.into_iter().find(|(name, _)| *name == metric);
    own.map(|(_, goal)| goal).or_else(|| usual_goal(metric))
}

fn unknown(name: &str, reported: &BTreeSet<&str>, kept: Option<&Kept>) -> RankError {
    let of_task = METRICS
        .iter()
        .filter(|metric| kept.is_some_and(|kept| metric.tasks().any(|task| task == kept.truth.task)));
    let mut known = reported.clone();
    known.extend(of_task.map(|metric| metric.name));
    RankError::Unknown {
        name: name.to_owned(),
        suggestion: similar_metric(name, known.iter().copied()),
        known: known.into_iter().map(str::to_owned).collect(),
    }
}
