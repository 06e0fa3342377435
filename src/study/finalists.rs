//! The finalists of a selection: the best trials of the search, ranked by their runs with fresh seeds.

use super::{Repeat, Study};
use crate::analysis::{accuracy_standard_error, mean, pooled_deviation};
use crate::preference::Scores;
use crate::spec::{Selection, SelectionRule};
use crate::trials::Status;
use crate::units::{Goal, Loss, Samples, TrialId};

/// A finalist that is worse than the best by more than this number of standard errors is not trained again. The error
/// is that of their difference on the validation examples. The chance that such a finalist is the better one is below 3
/// %.
const HOPELESS: f64 = 2.0;

/// A trial of the search that may win.
#[derive(Clone, Debug, PartialEq)]
pub struct Finalist {
    /// The trial.
    pub trial: TrialId,
    /// The level at which it was best, and up to which it is trained again.
    pub at: Samples,
    /// Its scores in the search.
    pub searched: Scores,
    /// Its runs with fresh seeds that have a result.
    pub runs: Vec<ReseedRun>,
    /// Runs with fresh seeds that failed.
    pub failed: usize,
    /// Standard deviation over seeds, pooled over all finalists: two runs of one finalist may agree by chance.
    deviation: Option<f64>,
    /// Cost of one training on the virtual clock.
    pub cost: f64,
}

/// A finalist's run with a fresh seed.
#[derive(Clone, Debug, PartialEq)]
pub struct ReseedRun {
    /// The run, a trial of its own.
    pub trial: TrialId,
    /// Index of the fresh seed.
    pub number: u32,
    /// Its scores at the level where the finalist was best, not the best of several epochs.
    pub scores: Scores,
}

/// The recommendation of a study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Winner {
    /// The trial of the search.
    pub trial: TrialId,
    /// The run whose seed and model are recommended: the best run of the configuration, from the search or a repeat.
    pub run: TrialId,
    /// The level up to which to train.
    pub at: Samples,
}

impl Finalist {
    /// The mean loss of the first metric over its fresh seeds.
    pub fn mean(&self) -> Option<f64> {
        mean(&self.losses(0))
    }

    /// The standard error of that mean, from the standard deviation over seeds of all finalists; `None` if that is
    /// unknown.
    pub fn standard_error(&self) -> Option<f64> {
        let seeds = self.runs.len() as f64;
        self.deviation
            .filter(|_| seeds > 0.0)
            .map(|deviation| deviation / seeds.sqrt())
    }

    /// The losses of its runs in one metric.
    fn losses(&self, metric: usize) -> Vec<f64> {
        self.runs.iter().map(|run| run.scores.losses[metric].get()).collect()
    }

    /// All metrics, each the mean over the fresh seeds.
    fn means(&self) -> Option<Scores> {
        let metrics = self.runs.first()?.scores.losses.len();
        let losses: Option<Vec<f64>> = (0..metrics).map(|metric| mean(&self.losses(metric))).collect();
        let violations: Vec<f64> = self.runs.iter().map(|run| run.scores.violation).collect();
        Some(Scores {
            losses: losses?.into_iter().map(|loss| Goal::Minimize.loss(loss)).collect(),
            violation: mean(&violations)?,
        })
    }

    /// Sort key: finalists without a failure first, then the smallest violation, then the smallest mean loss.
    fn key(&self) -> (bool, Loss, Loss, TrialId) {
        let (violation, mean) = self.means().map_or((Loss::WORST, Loss::WORST), |means| {
            (Goal::Minimize.loss(means.violation), means.losses[0])
        });
        (self.failed > 0, violation, mean, self.trial)
    }
}

impl Study {
    /// The finalists as ranked by the rule, the winner first; empty without a selection or a result.
    pub fn finalists(&self) -> Vec<Finalist> {
        let Some(selection) = self.settings.selection else {
            return Vec::new();
        };
        let best = self.best_trials(selection).into_iter();
        let mut finalists: Vec<Finalist> = best.map(|best| self.finalist(best)).collect();
        if finalists.iter().all(|finalist| finalist.runs.is_empty()) {
            // There are no new results, so the ranking of the search remains.
            return finalists;
        }
        let losses: Vec<Vec<f64>> = finalists.iter().map(|finalist| finalist.losses(0)).collect();
        // If all runs agree exactly, that is chance, and the effect of seeds is unknown.
        let deviation = pooled_deviation(losses.iter().map(Vec::as_slice)).filter(|deviation| *deviation > 0.0);
        for finalist in &mut finalists {
            finalist.deviation = deviation;
        }
        finalists.sort_by_key(Finalist::key);
        let chosen = match selection.rule {
            SelectionRule::OneSe => one_standard_error(&finalists),
            SelectionRule::Best if self.settings.criteria.is_plain() => 0,
            SelectionRule::Best | SelectionRule::Pareto => self.first_of_front(&finalists),
        };
        finalists[..=chosen].rotate_right(1);
        finalists
    }

    /// The recommendation of the study: the winner of the selection, or the best trial without one.
    pub fn winner(&self) -> Option<Winner> {
        let Some(finalist) = self.finalists().into_iter().next() else {
            let (trial, _) = self.incumbent()?;
            let at = self.best_observation(trial)?.at;
            return Some(Winner { trial, run: trial, at });
        };
        let own = (finalist.searched.violation, finalist.searched.losses[0], finalist.trial);
        let fresh = finalist.runs.iter();
        let fresh = fresh.map(|run| (run.scores.violation, run.scores.losses[0], run.trial));
        let best = fresh.chain([own]).min_by(|one, other| {
            let by_violation = one.0.total_cmp(&other.0);
            by_violation.then((one.1, one.2).cmp(&(other.1, other.2)))
        });
        Some(Winner {
            trial: finalist.trial,
            run: best.map_or(finalist.trial, |(.., run)| run),
            at: finalist.at,
        })
    }

    /// The winner and the trial that measured it on the test examples, if there is one.
    pub fn tested(&self) -> Option<(Winner, TrialId)> {
        let winner = self.winner()?;
        let is_it = |&id: &TrialId| {
            let is_winner =
                matches!(self.repeat(id), Some(Repeat::Test { of, run }) if (of, run) == (winner.trial, winner.run));
            is_winner && self.trials[id.index()].status == Status::Completed
        };
        let mut ids = self.trials.iter().map(|trial| trial.id).rev();
        Some((winner, ids.find(is_it)?))
    }

    /// The best trials of the search with different configurations, at most as many as there are finalists. Each with
    /// the level where it was best, and its scores there.
    pub(super) fn best_trials(&self, selection: Selection) -> Vec<(TrialId, Samples, Scores)> {
        let is_plain = self.settings.criteria.is_plain();
        let ids: Vec<TrialId> = if is_plain {
            self.searched().map(|trial| trial.id).collect()
        } else {
            self.front()
        };
        let result = |id| Some((id, self.best_observation(id)?.at, self.best_scores(id)?));
        let mut best: Vec<_> = ids.into_iter().filter_map(result).collect();
        if is_plain {
            best.sort_by_key(|(id, _, scores)| (self.is_partial(*id), scores.losses[0], *id));
            // A trial that was not measured on all folds is a finalist only if none was.
            let is_first_whole = best.first().is_some_and(|(id, ..)| !self.is_partial(*id));
            best.retain(|(id, ..)| !is_first_whole || !self.is_partial(*id));
        }
        let mut configurations = std::collections::BTreeSet::new();
        best.retain(|(id, ..)| {
            configurations.len() < selection.top_k as usize
                && configurations.insert(self.trials[id.index()].configuration.hash())
        });
        if let Some(hopeless) = best.first().and_then(|(.., scores)| self.hopeless(scores)) {
            best.retain(|(.., scores)| scores.losses[0] <= hopeless);
        }
        best
    }

    /// The loss above which a trial is too much worse than the best to win, from the sampling error on the validation
    /// examples; `None` if the metric is not a share of them, or their number is unknown.
    fn hopeless(&self, best: &Scores) -> Option<Loss> {
        let settings = &self.settings;
        if !settings.criteria.is_plain() || !["accuracy", "f1"].contains(&settings.metric.as_str()) {
            return None;
        }
        let value = settings.goal.value(best.losses[0]);
        let error = accuracy_standard_error(value, self.validation_rows()?)?;
        // By chance, two trials on the same examples differ at most as much as on separate examples.
        Some(Goal::Minimize.loss(best.losses[0].get() + HOPELESS * std::f64::consts::SQRT_2 * error))
    }

    /// Standard error of a value of the metric due to the limited number of validation examples; `None` if the metric
    /// is not a share of them, or their number is unknown.
    pub fn sampling_error(&self, value: f64) -> Option<f64> {
        let rows = self.validation_rows().filter(|_| self.settings.metric == "accuracy")?;
        accuracy_standard_error(value, rows)
    }

    /// Number of validation examples, if the study recorded it.
    pub fn validation_rows(&self) -> Option<u64> {
        let validation = self.rows("validation")?;
        let is_once = self.settings.folds == 1;
        Some(if is_once {
            validation
        } else {
            validation + self.rows("train")?
        })
    }

    pub(super) fn rows(&self, name: &str) -> Option<u64> {
        self.inputs().iter().find(|part| part.part == name)?.rows
    }

    fn finalist(&self, (trial, at, searched): (TrialId, Samples, Scores)) -> Finalist {
        let repeats = self.trials.iter().zip(&self.records);
        let repeats = repeats.filter_map(|(run, record)| match record.repeat {
            Some(Repeat::Reseed { of, number }) if of == trial => Some((run, number, record.cost)),
            _ => None,
        });
        let (mut runs, mut failed, mut cost) = (Vec::new(), 0, None);
        for (run, number, planned) in repeats {
            cost = cost.or(planned);
            failed += usize::from(run.status == Status::Failed);
            if let (Status::Completed, Some(last)) = (run.status, run.observations.last()) {
                runs.push(ReseedRun {
                    trial: run.id,
                    number,
                    scores: run.scores.last().cloned().unwrap_or_else(|| Scores::single(last.loss)),
                });
            }
        }
        Finalist {
            trial,
            at,
            searched,
            runs,
            failed,
            deviation: None,
            cost: cost.unwrap_or_else(|| self.cost(trial, Samples(0), at)),
        }
    }

    /// Index of the finalist that is best in the first metric, among those whose means no other dominates.
    fn first_of_front(&self, finalists: &[Finalist]) -> usize {
        let sound = finalists
            .iter()
            .enumerate()
            .filter(|(_, finalist)| finalist.failed == 0);
        let (indices, means): (Vec<usize>, Vec<Scores>) = sound
            .filter_map(|(index, finalist)| Some((index, finalist.means()?)))
            .unzip();
        let means: Vec<&Scores> = means.iter().collect();
        let front = self.settings.criteria.preference.best(&means);
        let first = front.into_iter().min_by_key(|&index| means[index].losses[0]);
        first.map_or(0, |sound| indices[sound])
    }
}

/// Index of the cheapest finalist within one standard error of the best mean; the finalists are sorted by their means.
fn one_standard_error(finalists: &[Finalist]) -> usize {
    let best = &finalists[0];
    let Some(mean) = best.mean() else { return 0 };
    let error = best.standard_error().unwrap_or(0.0);
    let is_as_good =
        |finalist: &Finalist| finalist.failed == 0 && finalist.mean().is_some_and(|other| other <= mean + error);
    let alike = finalists
        .iter()
        .enumerate()
        .filter(|(_, finalist)| is_as_good(finalist));
    let cheapest = alike.min_by(|(_, one), (_, other)| one.cost.total_cmp(&other.cost));
    cheapest.map_or(0, |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finalist(trial: u32, losses: &[f64], cost: f64) -> Finalist {
        let scores = |loss: f64| Scores::single(Goal::Minimize.loss(loss));
        let run = |(number, loss): (usize, &f64)| ReseedRun {
            trial: TrialId(100 * trial + number as u32),
            number: number as u32,
            scores: scores(*loss),
        };
        Finalist {
            trial: TrialId(trial),
            at: Samples(1),
            searched: scores(losses[0]),
            runs: losses.iter().enumerate().map(run).collect(),
            failed: 0,
            deviation: Some(0.002),
            cost,
        }
    }

    #[test]
    fn two_runs_that_agree_by_chance_do_not_make_the_best_mean_certain() {
        let best = finalist(0, &[0.100, 0.100], 9.0);
        let alike = finalist(1, &[0.099, 0.103], 1.0);
        let worse = finalist(2, &[0.118, 0.122], 0.5);
        assert!((best.standard_error().unwrap() - 0.002 / 2.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(one_standard_error(&[best.clone(), alike, worse]), 1);
        let mut certain = [best, finalist(1, &[0.101, 0.101], 1.0)];
        for finalist in &mut certain {
            finalist.deviation = None;
        }
        assert_eq!(
            one_standard_error(&certain),
            0,
            "the effect of seeds is unknown: the best mean wins"
        );
    }
}
