//! A forecast of a study: plays it through with invented results.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::RngExt as _;
use serde::Serialize;

use super::SAMPLE;
use super::proposals::sample;
use crate::engine::{Simulation, simulate_within};
use crate::rng;
use crate::spec::{Criteria, SearcherSpec, Spec};
use crate::study;
use crate::study::{Cost, EndReason, InFlight, Outcome, Settings, Study};
use crate::trials::{CostModel, Evaluation, SegmentReport, TrainingCurve, Trial, Usage};
use crate::units::{Goal, Samples, Seed};

/// Largest number of trials that are played.
const MOST_TRIALS: u32 = 10_000;

/// A forecast of a study.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// Number of trials that would be started.
    pub trials: usize,
    /// Number of trials that would reach each rung.
    pub reached: Vec<usize>,
    /// Seconds that it would take; `None` if the speed of trials is unknown.
    pub seconds: Option<f64>,
    /// The reason for its end; `None` if it was not played to its end.
    pub reason: Option<EndReason>,
}

/// Plays the study of `spec` on `workers` workers, if a unit of `cost` takes `rate` seconds.
///
/// `None` if nothing would ever end it, or if the choice of trials to continue depends on the learning curves
/// themselves.
///
/// The results are invented: the quality of a trial is random, and its curve falls as a power of the resource (Domhan
/// et al. 2015, table 1), some more steeply than others. The number of trials that reach a rung hardly depends on them.
pub(super) fn forecast(spec: &Spec, epoch: Samples, cost: Cost, rate: Option<f64>, workers: usize) -> Option<Forecast> {
    let wall = match (spec.budget.wall, rate) {
        (Some(wall), Some(rate)) if rate > 0.0 => wall,
        _ if spec.budget.trials.is_some() => f64::INFINITY,
        _ => return None,
    };
    if spec.searcher.decides_alone() {
        return None;
    }
    // The results are invented, so any searcher will do, and random draws are fast.
    let simple = Spec {
        searcher: SearcherSpec::by_chance(),
        criteria: Criteria::default(),
        ..spec.clone()
    };
    let mut settings = Settings::new(&simple, epoch);
    settings.target = None;
    let max_trials = settings.max_trials.map_or(MOST_TRIALS, |max| max.min(MOST_TRIALS));
    settings.max_trials = Some(max_trials);
    if !settings.is_deterministic {
        settings.logical_workers = settings.logical_workers.max(workers as u32);
    }
    let workers = workers.clamp(1, settings.logical_workers as usize);
    if wall.is_finite() {
        settings.selection = None;
    }
    let (metric, goal, max) = (settings.metric.clone(), settings.goal, settings.max);
    let policy = study::policy(&simple, settings.lengths());
    let cost: Arc<CostModel> = cost.into();
    let of_one = Arc::clone(&cost);
    let clock = settings.cost_of_folds(Box::new(move |configuration, from, to| of_one(configuration, from, to)));
    let mut study = Study::new(
        settings,
        policy,
        Box::new(move |configuration, from, to| cost(configuration, from, to)),
    );
    // The time of the selection is taken from the search.
    let kept = match (spec.selection, rate) {
        (Some(selection), Some(rate)) if wall.is_finite() => {
            let runs = selection.top_k * selection.reseeds + u32::from(selection.holdout);
            let costs = sample(spec, epoch, SAMPLE).into_iter();
            let costs: f64 = costs.map(|configuration| clock(&configuration, Samples(0), max)).sum();
            (costs / f64::from(SAMPLE) * rate * f64::from(runs) / workers as f64).min(wall / 2.0)
        }
        _ => 0.0,
    };
    let simulation = Simulation {
        workers,
        seconds: &mut |trial, flight| clock(&trial.configuration, flight.from, flight.to) * rate.unwrap_or(0.0),
        outcome: &|trial, flight| outcome(trial, flight, (&metric, goal, max)),
        journal: &mut |_| {},
    };
    let seconds = simulate_within(&mut study, wall - kept, simulation);
    let reached = |rung: &Samples| study.searched().filter(|trial| trial.reached >= *rung).count();
    let is_cut = max_trials < spec.budget.trials.unwrap_or(u32::MAX) && study.ended() == Some(EndReason::Trials);
    Some(Forecast {
        trials: study.searched().count(),
        reached: study.rungs().iter().map(reached).collect(),
        seconds: rate.map(|_| seconds),
        reason: study.ended().filter(|_| !is_cut),
    })
}

/// The outcome of a segment: a pure function of its trial.
fn outcome(trial: &Trial, flight: &InFlight, (metric, goal, max): (&str, Goal, Samples)) -> Outcome {
    let mut rng = rng::stream(Seed(0), "forecast", &[u64::from(trial.id.0)]);
    let (end, steepness): (f64, f64) = (rng.random(), rng.random_range(0.3..1.0));
    let share = flight.to.0 as f64 / max.0 as f64;
    let loss = end + 0.2 * (share.powf(-steepness) - 1.0);
    let value = match goal {
        Goal::Minimize => loss,
        Goal::Maximize => -loss,
    };
    Outcome::Reached(SegmentReport {
        reached: flight.to,
        evaluations: vec![Evaluation {
            at: flight.to,
            metrics: BTreeMap::from([(metric.to_owned(), value)]),
        }],
        training: TrainingCurve::default(),
        trainable_parameters: 0,
        usage: Usage::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(changes: &str) -> Spec {
        let text = format!(
            "function: {{name: sphere, trial_seconds: 1}}\nparameters: {{x: {{min: 0.0, max: 1.0}}}}\n\
             epochs: {{min: 1, max: 9}}\n{changes}\n"
        );
        crate::spec::from_text(&text, std::path::Path::new("space.yaml"), &[])
            .unwrap()
            .0
    }

    fn play(changes: &str, workers: usize) -> Option<Forecast> {
        let cost: Cost = Box::new(|_, from, to| (to.0 - from.0) as f64);
        forecast(&spec(changes), Samples(100), cost, Some(1.0 / 900.0), workers)
    }

    #[test]
    fn a_wall_budget_ends_it_in_time_and_more_workers_come_further() {
        let one = play("budget: {wall: 60}", 1).unwrap();
        let two = play("budget: {wall: 60}", 2).unwrap();
        assert_eq!(one.reason, Some(EndReason::Wall));
        assert!(one.seconds.unwrap() <= 60.0);
        assert!(two.trials > one.trials, "{one:?} {two:?}");
        // Sixty complete trials would fit; with early termination more are tried, and fewer are completed.
        assert!(one.trials > 60 && one.reached[2] < 60, "{one:?}");
        assert!(one.reached.is_sorted_by(|low, high| low >= high), "{one:?}");
    }

    #[test]
    fn a_budget_of_trials_ends_it_too() {
        let played = play("budget: {trials: 40}\nearly_terminate: none", 2).unwrap();
        assert_eq!((played.trials, played.reached), (40, vec![40]));
        assert_eq!(played.reason, Some(EndReason::Trials));
    }

    #[test]
    fn what_nothing_ends_is_not_played() {
        assert_eq!(play("", 1), None);
        assert_eq!(play("budget: {wall: 60}\nmethod: freeze_thaw", 1), None);
        let cost: Cost = Box::new(|_, _, _| 1.0);
        assert_eq!(forecast(&spec("budget: {wall: 60}"), Samples(100), cost, None, 1), None);
    }

    #[test]
    fn a_study_of_very_many_trials_is_not_played_to_its_end() {
        let played = play("budget: {trials: 1000000}\nearly_terminate: none", 8).unwrap();
        assert_eq!((played.trials, played.reason), (10_000, None));
    }
}
