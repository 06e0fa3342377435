//! Expected final losses of unfinished trials: their best loss minus what other trials gained from the same level on.

use std::collections::BTreeMap;

use crate::trials::{Status, Trial, View};
use crate::units::{Loss, Samples};

/// The paused trials, ranked by their expected final loss.
pub(super) struct Outlook<'a> {
    paused: Vec<&'a Trial>,
    /// Number of paused trials that are expected to beat the completed ones.
    better: usize,
    epoch: Samples,
}

impl<'a> Outlook<'a> {
    /// Ranks the paused trials of a study.
    pub(super) fn new(view: &View<'a>) -> Self {
        // Cached by level, because trials pause at few levels.
        let mut gains: BTreeMap<Samples, f64> = BTreeMap::new();
        let mut ranked: Vec<(f64, &Trial)> = view
            .trials
            .iter()
            .filter(|trial| trial.status == Status::Paused)
            .filter_map(|trial| {
                let loss = trial.best_observation()?.loss;
                let gained = gains
                    .entry(trial.reached)
                    .or_insert_with(|| gain(view.trials, trial.reached));
                (loss < Loss::WORST).then(|| (loss.get() - *gained, trial))
            })
            .collect();
        // At equal promise, the trial that has trained longer needs less time.
        ranked.sort_by(|(one, first), (other, second)| {
            let by_promise = one.total_cmp(other);
            by_promise
                .then(second.reached.cmp(&first.reached))
                .then(first.id.cmp(&second.id))
        });
        let complete = view.trials.iter().filter(|trial| trial.status == Status::Completed);
        let complete = complete.filter_map(Trial::loss).min().map_or(f64::INFINITY, Loss::get);
        let better = ranked.iter().take_while(|(promise, _)| *promise < complete).count();
        Self {
            better,
            paused: ranked.into_iter().map(|(_, trial)| trial).collect(),
            epoch: view.epoch,
        }
    }

    /// The paused trials, the most promising first.
    pub(super) fn paused(&self) -> &[&'a Trial] {
        &self.paused
    }

    /// The paused trials that are expected to beat the completed ones.
    pub(super) fn better(&self) -> &[&'a Trial] {
        &self.paused[..self.better]
    }

    /// The last whole epoch at or below a level; `None` if it is 0.
    pub(super) fn level_up_to(&self, level: Samples) -> Option<Samples> {
        let epoch = self.epoch.0.max(1);
        let whole = Samples(level.0 / epoch * epoch);
        (whole.0 > 0).then_some(whole)
    }
}

/// The gain of another trial from a level on is known if it was evaluated there, or after at least this share of it.
const NEAR: f64 = 0.5;

/// Decrease of the loss from a level to the end of a trial; 0 while there is no data.
///
/// It is the median over all trials that were trained beyond the level: those are complete or nearly so.
fn gain(trials: &[Trial], from: Samples) -> f64 {
    let further = trials
        .iter()
        .filter(|trial| trial.status != Status::Failed && trial.reached > from);
    let mut gains: Vec<f64> = further
        .filter_map(|trial| {
            let up_to = trial.observations.iter().filter(|seen| seen.at <= from);
            up_to.clone().find(|seen| seen.at.0 as f64 >= NEAR * from.0 as f64)?;
            let then = up_to.map(|seen| seen.loss).min()?;
            let end = trial.best_observation()?.loss;
            Some(then.get() - end.get())
        })
        .filter(|gain| gain.is_finite())
        .collect();
    gains.sort_by(f64::total_cmp);
    gains.get(gains.len() / 2).copied().unwrap_or(0.0)
}
