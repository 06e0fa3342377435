//! Which trials are good, and what each is worth to the model.

use std::cmp::Reverse;

use crate::trials::{Status, Trial};

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

/// Splits the trials. Whoever was trained further was better at every rung before, so trials are ranked by resource first
/// (as Optuna ranks pruned trials). Trials without any observation are running and count as bad.
pub(super) fn split(trials: &[Trial]) -> Split<'_> {
    let mut ranking: Vec<_> = trials
        .iter()
        .filter_map(|trial| {
            let loss = trial.loss()?;
            Some((
                (trial.status == Status::Failed, Reverse(trial.reached), loss, trial.id),
                trial,
            ))
        })
        .collect();
    let count = good_count(ranking.len());
    if count < ranking.len() {
        ranking.select_nth_unstable_by_key(count, |(key, _)| *key);
    }
    // The best of the others: good trials are worth what they gain on it.
    let threshold = ranking
        .get(count)
        .filter(|((failed, ..), _)| !failed)
        .map(|((_, _, loss, _), _)| loss.get());
    let mut gains: Vec<Option<f64>> = vec![None; trials.len()];
    for ((failed, _, loss, id), _) in &ranking[..count.min(ranking.len())] {
        if !failed {
            gains[id.index()] = Some(threshold.map_or(0.0, |threshold| (threshold - loss.get()).max(0.0)));
        }
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
