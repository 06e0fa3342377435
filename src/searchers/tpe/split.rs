//! Which trials are good, and what each is worth to the model.

use std::collections::BTreeMap;

use crate::trials::{Status, Trial};
use crate::units::{Loss, Samples};

/// The newest so many of the bad trials are modelled, so that a proposal's cost does not grow without end. What is bad is
/// known well enough by then.
const MOST_BAD: usize = 1000;

/// The newest so many bad trials weigh 1 each (hyperopt's `linear_forgetting`; Bergstra et al. 2013).
const UNFORGOTTEN: usize = 25;

/// The most good trials (hyperopt's limit; Watanabe 2023, §3.1).
const MOST_GOOD: usize = 25;

/// A trial's point and its weight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample<'a> {
    /// One number per parameter, `None` where it is inactive.
    pub(super) point: &'a [Option<f64>],
    /// At least 0; 1 on average or at most.
    pub(super) weight: f64,
}

/// The good trials and the others, each in the order of the trials.
#[derive(Debug)]
pub(super) struct Split<'a> {
    /// The best few.
    pub(super) good: Vec<Sample<'a>>,
    /// All others, also those that are running or failed.
    pub(super) bad: Vec<Sample<'a>>,
}

/// How many of so many judged trials are good: a share of them (Watanabe 2023, §3.1: linear, 0.15), at most 25.
pub(super) fn good_count(judged: usize) -> usize {
    (judged * 15).div_ceil(100).min(MOST_GOOD)
}

/// Splits the trials: the best at the highest level that enough have reached are good.
///
/// Losses are compared at one level, as seen there, since a loss after little training says little beside one after much
/// (Falkner et al. 2018, §3.1: a model for the largest budget with enough observations). All others are bad: those who did
/// worse there, who never got there, who failed, and who are still running.
pub(super) fn split<'a>(trials: &[&'a Trial]) -> Split<'a> {
    let level = level(trials);
    let mut ranking: Vec<(Loss, usize)> = trials
        .iter()
        .enumerate()
        .filter(|(_, trial)| stands(trial) && trial.reached >= level)
        .filter_map(|(place, trial)| Some((loss_at(trial, level)?, place)))
        .collect();
    let count = good_count(ranking.len());
    if count < ranking.len() {
        ranking.select_nth_unstable(count);
    }
    // The best of the others: good trials are worth what they gain on it.
    let threshold = ranking.get(count).map(|(loss, _)| loss.get());
    let mut gains: Vec<Option<f64>> = vec![None; trials.len()];
    for (loss, place) in &ranking[..count.min(ranking.len())] {
        gains[*place] = Some(threshold.map_or(0.0, |threshold| (threshold - loss.get()).max(0.0)));
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

/// The highest level that at least d + 3 trials have reached, or the lowest of all (Falkner et al. 2018, §3.1: a density of
/// d + 1 good ones and two more).
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

/// Whether the trial has stood at a level and did not fail.
fn stands(trial: &Trial) -> bool {
    trial.status != Status::Failed && trial.segments > 0
}

/// The smallest loss that was seen up to a level.
fn loss_at(trial: &Trial, level: Samples) -> Option<Loss> {
    let seen = trial.observations.iter().filter(|observation| observation.at <= level);
    seen.map(|observation| observation.loss).min()
}

/// Weighs good trials by their expected improvement, 1 on average (Song et al. 2022, §4; Watanabe 2023, §3.2);
/// equally where gains say nothing.
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

/// The older of many bad trials weigh less, in equal steps down to nearly nothing (Bergstra et al. 2013).
fn forget(bad: &mut [Sample<'_>]) {
    let (count, old) = (bad.len() as f64, bad.len().saturating_sub(UNFORGOTTEN));
    for (age, sample) in bad[..old].iter_mut().enumerate() {
        sample.weight = 1.0 / count + (1.0 - 1.0 / count) * age as f64 / (old as f64 - 1.0).max(1.0);
    }
}
