//! Which trials are the best: one, or a front where several metrics count.

use super::{EndReason, Settings, Study};
use crate::preference::{Preference, Scores};
use crate::trials::{Observation, SegmentReport, Status};
use crate::units::{Loss, TrialId};

impl Study {
    /// The best trial, with its loss: of what was delivered, and when the wall budget has ended the study also of what
    /// its last segments had measured. Of a front, the trial that is best in the first metric.
    pub fn incumbent(&self) -> Option<(TrialId, Loss)> {
        if !self.settings.criteria.is_plain() {
            let best = *self.front().first()?;
            return Some((best, self.best_observation(best)?.loss));
        }
        let delivered = self.incumbent;
        if self.ended != Some(EndReason::Wall) {
            return delivered.map(|(loss, trial)| (trial, loss));
        }
        let cut_off = self
            .flights
            .keys()
            .filter_map(|&id| Some((self.best_observation(id)?.loss, id)));
        let best = delivered.into_iter().chain(cut_off).min();
        best.map(|(loss, trial)| (trial, loss))
    }

    /// The best trials, best in the first metric first: those that no other dominates, or with metrics by priority the first
    /// and its equals. While no trial satisfies the constraints on metrics, those that violate them least. Empty while no
    /// trial has a result; one trial where one metric is all that counts.
    pub fn front(&self) -> Vec<TrialId> {
        if self.settings.criteria.is_plain() {
            return self.incumbent().map(|(trial, _)| trial).into_iter().collect();
        }
        if self.ended == Some(EndReason::Wall) {
            self.find_front()
        } else {
            self.front.clone()
        }
    }

    pub(super) fn find_front(&self) -> Vec<TrialId> {
        let results = self.trials.iter();
        let results = results.filter_map(|trial| Some((trial.id, self.best_scores(trial.id)?)));
        let (ids, scores): (Vec<TrialId>, Vec<Scores>) = results.unzip();
        let scores: Vec<&Scores> = scores.iter().collect();
        let mut best = self.settings.criteria.preference.best(&scores);
        best.sort_by(|&one, &other| {
            let by_loss = scores[one].losses.first().cmp(&scores[other].losses.first());
            by_loss.then(one.cmp(&other))
        });
        best.into_iter().map(|index| ids[index]).collect()
    }

    /// The best observation of a trial that has not failed, which the trial stands for (see [`Trial::best`]). What a segment
    /// had measured before the wall budget cut it off counts too: it is real, though no decision used it.
    ///
    /// [`Trial::best`]: crate::trials::Trial::best
    pub fn best_observation(&self, id: TrialId) -> Option<Observation> {
        self.best_result(id).map(|(observation, _)| observation)
    }

    /// All scores of the best observation of a trial that has not failed.
    pub fn best_scores(&self, id: TrialId) -> Option<Scores> {
        self.best_result(id)
            .map(|(observation, scores)| scores.unwrap_or_else(|| Scores::single(observation.loss)))
    }

    fn best_result(&self, id: TrialId) -> Option<(Observation, Option<Scores>)> {
        let trial = &self.trials[id.index()];
        let delivered = trial.observations.iter().enumerate();
        let delivered = delivered.map(|(index, observation)| (*observation, trial.scores.get(index).cloned()));
        let cut_off = self.cut_off(id).into_iter().flat_map(|report| &report.evaluations);
        let cut_off = cut_off.map(|evaluation| self.settings.measure(evaluation));
        let violation = |scores: &Option<Scores>| scores.as_ref().map_or(0.0, |scores| scores.violation);
        let best = delivered
            .chain(cut_off)
            .filter(|(observation, _)| observation.loss < Loss::WORST)
            .min_by(|(one, ones), (other, others)| {
                let by_violation = violation(ones).total_cmp(&violation(others));
                by_violation.then((one.loss, one.at).cmp(&(other.loss, other.at)))
            });
        best.filter(|_| trial.status != Status::Failed)
    }

    /// What the wall budget cut off of a trial's last segment.
    pub fn cut_off(&self, id: TrialId) -> Option<&SegmentReport> {
        let is_ended_by_wall = self.ended == Some(EndReason::Wall);
        self.records[id.index()].partial.as_ref().filter(|_| is_ended_by_wall)
    }

    /// Whether a trial is as good as the target: as good as all targets of several metrics at once, and within the
    /// constraints on metrics.
    pub fn is_target_met(&self) -> bool {
        if self.settings.criteria.is_plain() {
            return match (self.settings.target, self.incumbent()) {
                (Some(target), Some((_, loss))) => loss <= self.settings.goal.loss(target),
                _ => false,
            };
        }
        let targets = self.settings.targets();
        self.settings.has_target()
            && self
                .front()
                .into_iter()
                .filter_map(|id| self.best_scores(id))
                .any(|scores| {
                    let mut pairs = scores.losses.iter().zip(&targets);
                    scores.is_feasible() && pairs.all(|(loss, target)| target.is_none_or(|target| *loss <= target))
                })
    }
}

impl Settings {
    /// Whether there is a target that ends the study.
    pub fn has_target(&self) -> bool {
        self.targets().iter().any(Option::is_some)
    }

    /// The target of every metric as a loss. By priority, a target says only when to go by the next metric: unless all have
    /// one, there is none to end the study.
    fn targets(&self) -> Vec<Option<Loss>> {
        let first = self.target.map(|target| self.goal.loss(target));
        let others = self.criteria.others.iter();
        let others = others.map(|metric| metric.target.map(|target| metric.goal.loss(target)));
        let targets: Vec<Option<Loss>> = std::iter::once(first).chain(others).collect();
        match self.criteria.preference {
            Preference::Lexicographic(_) if targets.contains(&None) => vec![None; targets.len()],
            Preference::Pareto | Preference::Lexicographic(_) => targets,
        }
    }
}
