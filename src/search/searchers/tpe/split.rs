//! Splits trials into good and bad ones, and weighs each for the model.

use std::collections::BTreeMap;

use crate::trials::{Status, Trial};
use crate::units::{Loss, Samples};

/// Number of the newest bad trials that are modelled, so that the cost of a proposal stays bounded. By then the bad
/// regions are known well enough.
const MOST_BAD: usize = 1000;

/// Number of the newest bad trials with a weight of 1 (hyperopt's `linear_forgetting`; Bergstra et al. 2013).
const UNFORGOTTEN: usize = 25;

/// Maximum number of good trials (hyperopt's limit; Watanabe 2023, §3.1).
const MOST_GOOD: usize = 25;

/// A trial's point and its weight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample<'a> {
    /// One number per parameter, `None` where it is inactive.
    pub(super) point: &'a [Option<f64>],
    /// The weight: at least 0; the mean is 1 for good trials, the maximum is 1 for bad ones.
    pub(super) weight: f64,
}

/// The good trials and the others, each in the order of the trials.
#[derive(Debug)]
pub(super) struct Split<'a> {
    /// The best few trials.
    pub(super) good: Vec<Sample<'a>>,
    /// All others, including running and failed ones.
    pub(super) bad: Vec<Sample<'a>>,
}

/// Number of good trials among the judged ones: a share of them (Watanabe 2023, §3.1: linear, 0.15), at most 25.
pub(super) fn good_count(judged: usize) -> usize {
    (judged * 15).div_ceil(100).min(MOST_GOOD)
}

/// Splits the trials. Good are the best at the highest level that enough trials have reached.
///
/// Losses are compared at one level, as observed there: a loss after little training says little compared with one
/// after much training. (Falkner et al. 2018, §3.1: a model for the largest budget with enough observations.) All other
/// trials are bad: those that were worse at this level, did not reach it, failed, or are still running.
pub(super) fn split<'a>(trials: &[&'a Trial]) -> Split<'a> {
    let level = level(trials);
    let mut ranking: Vec<(Loss, usize)> = trials
        .iter()
        .enumerate()
        .filter(|(_, trial)| stands(trial) && trial.reached >= level)
        .filter_map(|(index, trial)| Some((loss_at(trial, level)?, index)))
        .collect();
    let count = good_count(ranking.len());
    if count < ranking.len() {
        ranking.select_nth_unstable(count);
    }
    // The best loss among the others: the weight of a good trial is its improvement on it.
    let threshold = ranking.get(count).map(|(loss, _)| loss.get());
    let mut gains: Vec<Option<f64>> = vec![None; trials.len()];
    for (loss, index) in &ranking[..count.min(ranking.len())] {
        gains[*index] = Some(threshold.map_or(0.0, |threshold| (threshold - loss.get()).max(0.0)));
    }
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (trial, gain) in trials.iter().zip(&gains) {
        let sample = Sample {
            point: &trial.point,
            weight: gain.unwrap_or(1.0),
        };
        if gain.is_some() { &mut good } else { &mut bad }.push(sample);
    }
    normalise(&mut good);
    bad.drain(..bad.len().saturating_sub(MOST_BAD));
    forget(&mut bad);
    Split { good, bad }
}

/// The highest level that at least d + 3 trials have reached, or else the lowest level (Falkner et al. 2018, §3.1: a
/// density needs d + 1 good trials, and two more).
fn level(trials: &[&Trial]) -> Samples {
    let enough = trials.first().map_or(0, |trial| trial.point.len()) + 3;
    let mut levels: BTreeMap<Samples, usize> = BTreeMap::new();
    for trial in trials.iter().filter(|trial| stands(trial)) {
        *levels.entry(trial.reached).or_default() += 1;
    }
    let mut reached = 0;
    let highest = levels.iter().rev().find(|(_, count)| {
        reached += **count;
        reached >= enough
    });
    highest
        .or(levels.first_key_value())
        .map_or(Samples(0), |(&level, _)| level)
}

/// Returns whether the trial has completed a segment and did not fail.
fn stands(trial: &Trial) -> bool {
    trial.status != Status::Failed && trial.segments > 0
}

/// The smallest loss observed up to a level.
fn loss_at(trial: &Trial, level: Samples) -> Option<Loss> {
    let seen = trial.observations.iter().filter(|observation| observation.at <= level);
    seen.map(|observation| observation.loss).min()
}

/// Weighs good trials by their improvement, with mean 1 (Song et al. 2022, §4; Watanabe 2023, §3.2). All weights are
/// equal if there is no usable improvement.
fn normalise(good: &mut [Sample<'_>]) {
    let mean = good.iter().map(|sample| sample.weight).sum::<f64>() / good.len() as f64;
    for sample in good {
        sample.weight = if mean > 0.0 && mean.is_finite() {
            sample.weight / mean
        } else {
            1.0
        };
    }
}

/// Reduces the weights of the older of many bad trials in equal steps down to nearly 0 (Bergstra et al. 2013).
fn forget(bad: &mut [Sample<'_>]) {
    let (count, old) = (bad.len() as f64, bad.len().saturating_sub(UNFORGOTTEN));
    for (age, sample) in bad[..old].iter_mut().enumerate() {
        sample.weight = 1.0 / count + (1.0 - 1.0 / count) * age as f64 / (old as f64 - 1.0).max(1.0);
    }
}
