//! The best trials: one, or a front if several metrics count.

use super::{EndReason, Improvement, Outcome, Settings, Study};
use crate::preference::{Preference, Scores};
use crate::trials::{Failure, Observation, SegmentReport, Status};
use crate::units::{Loss, TrialId};

/// The name under which an evaluation has the standard error of a metric over the folds of a cross-validation.
pub fn fold_error_name(metric: &str) -> String {
    format!("{metric}_se")
}

impl Study {
    /// The best trial, with its loss, among delivered results.
    ///
    /// If the wall budget ended the search, results of the interrupted segments count too. Of a front, it is the trial
    /// that is best in the first metric.
    pub fn incumbent(&self) -> Option<(TrialId, Loss)> {
        if !self.settings.criteria.is_plain() {
            let best = *self.front().first()?;
            return Some((best, self.best_observation(best)?.loss));
        }
        let delivered = self.incumbent;
        if self.search_ended() != Some(EndReason::Wall) {
            return delivered.map(|(loss, trial)| (trial, loss));
        }
        let cut_off = self
            .flights
            .keys()
            .filter(|id| self.repeat(**id).is_none())
            .filter_map(|&id| Some((self.best_observation(id)?.loss, id)));
        let best = delivered.into_iter().chain(cut_off);
        let best = best.min_by_key(|(loss, id)| (self.is_partial(*id), *loss, *id));
        best.map(|(loss, trial)| (trial, loss))
    }

    /// Returns whether the study has folds, and a trial was not measured on all of them. Then it stands behind every trial
    /// that was, whatever its value on some of them is.
    pub fn is_partial(&self, id: TrialId) -> bool {
        let max = self.settings.max;
        self.settings.folds > 1 && self.best_observation(id).is_none_or(|best| best.at < max)
    }

    /// The best trials, best in the first metric first; empty while no trial has a result.
    ///
    /// These are the trials that no other dominates. With metrics by priority, they are the first trial and its equals.
    /// While no trial satisfies the constraints on metrics, they are the trials that violate them least. If only one
    /// metric counts, there is one trial.
    pub fn front(&self) -> Vec<TrialId> {
        if self.settings.criteria.is_plain() {
            return self.incumbent().map(|(trial, _)| trial).into_iter().collect();
        }
        if self.search_ended() == Some(EndReason::Wall) {
            self.find_front()
        } else {
            self.front.clone()
        }
    }

    pub(super) fn find_front(&self) -> Vec<TrialId> {
        let results = self
            .searched()
            .filter_map(|trial| Some((trial.id, self.best_scores(trial.id)?)));
        let mut results: Vec<(TrialId, Scores)> = results.collect();
        if results.iter().any(|(id, _)| !self.is_partial(*id)) {
            results.retain(|(id, _)| !self.is_partial(*id));
        }
        let (ids, scores): (Vec<TrialId>, Vec<Scores>) = results.into_iter().unzip();
        let scores: Vec<&Scores> = scores.iter().collect();
        let mut best = self.settings.criteria.preference.best(&scores);
        best.sort_by(|&one, &other| {
            let by_loss = scores[one].losses.first().cmp(&scores[other].losses.first());
            by_loss.then(one.cmp(&other))
        });
        best.into_iter().map(|index| ids[index]).collect()
    }

    /// The constraints on metrics, if no trial satisfies them all. Then the winner violates them least.
    pub fn unfulfilled(&self) -> Vec<&str> {
        let winner = self.winner().and_then(|winner| self.best_scores(winner.trial));
        let constraints = self.settings.criteria.constraints.iter();
        let is_fulfilled = winner.is_none_or(|scores| scores.is_feasible());
        constraints
            .filter(|_| !is_fulfilled)
            .map(crate::space::Expression::source)
            .collect()
    }

    /// The best observation of a trial for people, which represents the trial as [`Trial::best_observation`] does.
    ///
    /// Evaluations before a failure count too, and so do those before the wall budget cut off the segment. They are
    /// real, although no decision used them.
    ///
    /// [`Trial::best_observation`]: crate::trials::Trial::best_observation
    pub fn best_observation(&self, id: TrialId) -> Option<Observation> {
        self.best_with_scores(id).map(|(observation, _)| observation)
    }

    /// All scores of the best observation of a trial.
    pub fn best_scores(&self, id: TrialId) -> Option<Scores> {
        self.best_with_scores(id)
            .map(|(observation, scores)| scores.unwrap_or_else(|| Scores::single(observation.loss)))
    }

    /// The best observation of a trial, with its scores if more than one metric counts.
    fn best_with_scores(&self, id: TrialId) -> Option<(Observation, Option<Scores>)> {
        let trial = &self.trials[id.index()];
        let delivered = trial.observations.iter().enumerate();
        let delivered = delivered.map(|(index, observation)| (*observation, trial.scores.get(index).cloned()));
        let cut_off = self.cut_off(id).into_iter().flat_map(|report| &report.evaluations);
        let cut_off = cut_off.map(|evaluation| self.settings.measure(evaluation));
        let all: Vec<(Observation, Option<Scores>)> = delivered.chain(cut_off).collect();
        let violation = |scores: &Option<Scores>| scores.as_ref().map_or(0.0, |scores| scores.violation);
        // A run with a fresh seed is represented by its final result: the best of its epochs would be lucky again.
        let is_again = self.repeat(id).is_some();
        // The result of all folds alone represents a trial that has it. The others are of one fold.
        let max = self.settings.max;
        let is_whole = self.settings.folds > 1 && all.iter().any(|(observation, _)| observation.at >= max);
        all.into_iter()
            .filter(|(observation, _)| !is_again || observation.at == trial.reached)
            .filter(|(observation, _)| !is_whole || observation.at >= max)
            .filter(|(observation, _)| observation.loss < Loss::WORST)
            .min_by(|(one, ones), (other, others)| {
                let by_violation = violation(ones).total_cmp(&violation(others));
                by_violation.then((one.loss, one.at).cmp(&(other.loss, other.at)))
            })
    }

    /// The standard error of a trial's metric over the folds of a cross-validation; `None` for a trial that was not measured
    /// on all of them.
    pub fn fold_error(&self, id: TrialId) -> Option<f64> {
        let best = self.best_observation(id).filter(|_| !self.is_partial(id))?;
        let delivered = self.records[id.index()].evaluations.iter();
        let cut_off = self.cut_off(id).into_iter().flat_map(|report| &report.evaluations);
        let evaluation = delivered.chain(cut_off).find(|evaluation| evaluation.at == best.at)?;
        evaluation.metrics.get(&fold_error_name(&self.settings.metric)).copied()
    }

    /// The reason why a trial ends: the end of the search, or of the study for repeats after the search.
    fn end_of(&self, id: TrialId) -> Option<EndReason> {
        match self.repeat(id) {
            None => self.search_ended(),
            Some(_) => self.ended,
        }
    }

    /// The report of a trial's last segment, if the wall budget cut it off or left its outcome undelivered.
    pub fn cut_off(&self, id: TrialId) -> Option<&SegmentReport> {
        let is_ended_by_wall = self.end_of(id) == Some(EndReason::Wall);
        let report = match self.left_waiting(id) {
            Some(Outcome::Reached(report)) => Some(report),
            Some(Outcome::Failed(_)) => None,
            None => self.records[id.index()].partial.as_ref(),
        };
        report.filter(|_| is_ended_by_wall)
    }

    /// The status of a trial, including an outcome that was still undelivered when the wall budget ended the study.
    pub fn standing(&self, id: TrialId) -> Status {
        match self.left_waiting(id) {
            Some(Outcome::Reached(report)) if report.reached >= self.settings.max => Status::Completed,
            Some(Outcome::Reached(_)) => Status::Paused,
            Some(Outcome::Failed(_)) => Status::Failed,
            None => self.trials[id.index()].status,
        }
    }

    /// The failure of a trial, if it failed.
    pub fn failure(&self, id: TrialId) -> Option<&Failure> {
        match self.left_waiting(id) {
            Some(Outcome::Failed(failure)) => Some(failure),
            Some(Outcome::Reached(_)) | None => self.records[id.index()].failure.as_ref(),
        }
    }

    /// The outcome that was still undelivered when the wall budget ended the study.
    fn left_waiting(&self, id: TrialId) -> Option<&Outcome> {
        let flight = self
            .flights
            .get(&id)
            .filter(|_| self.end_of(id) == Some(EndReason::Wall))?;
        flight.arrived.as_ref().map(|(_, outcome)| outcome)
    }

    /// Returns whether a trial meets the target. With several metrics it must meet all targets, and satisfy the
    /// constraints on metrics.
    pub fn is_target_met(&self) -> bool {
        if self.settings.criteria.is_plain() {
            return match (self.settings.target, self.incumbent()) {
                (Some(target), Some((id, loss))) => !self.is_partial(id) && loss <= self.settings.goal.loss(target),
                _ => false,
            };
        }
        let targets = self.settings.targets();
        self.settings.has_target()
            && self
                .front()
                .into_iter()
                .filter(|id| !self.is_partial(*id))
                .filter_map(|id| self.best_scores(id))
                .any(|scores| {
                    let mut pairs = scores.losses.iter().zip(&targets);
                    scores.is_feasible() && pairs.all(|(loss, target)| target.is_none_or(|target| *loss <= target))
                })
    }
}

impl Study {
    pub(super) fn note_incumbent(&mut self, id: TrialId, elapsed: f64) {
        if self.settings.folds > 1 {
            // A trial that gets its other folds may be worse than it was on one.
            let results = self.searched();
            let results = results.filter_map(|trial| Some((self.best_observation(trial.id)?.loss, trial.id)));
            let best = results.min_by_key(|(loss, id)| (self.is_partial(*id), *loss, *id));
            if let Some((loss, id)) = best.filter(|best| self.incumbent != Some(*best)) {
                self.incumbent = Some((loss, id));
                self.improve(id, Scores::single(loss), elapsed);
            }
            return;
        }
        if let Some(loss) = self.best_observation(id).map(|best| best.loss)
            && self.incumbent.is_none_or(|best| (loss, id) < best)
        {
            let is_new = self.incumbent.is_none_or(|(best, _)| loss < best);
            self.incumbent = Some((loss, id));
            if is_new {
                self.improve(id, Scores::single(loss), elapsed);
            }
        }
    }

    /// Updates the front after a change of a trial whose best scores were `before`.
    pub(super) fn note_front(&mut self, id: TrialId, before: Option<&Scores>, elapsed: f64) {
        self.front = self.find_front();
        if self.front.contains(&id)
            && let Some(scores) = self.best_scores(id)
            && before != Some(&scores)
        {
            self.improve(id, scores, elapsed);
        }
    }

    fn improve(&mut self, trial: TrialId, scores: Scores, elapsed: f64) {
        self.improvements.push(Improvement {
            trial,
            scores,
            trials: self.trials.len(),
            samples: self.samples_delivered,
            elapsed,
        });
    }
}

impl Settings {
    /// Returns whether there is a target that ends the study.
    pub fn has_target(&self) -> bool {
        self.targets().iter().any(Option::is_some)
    }

    /// The target of every metric, as a loss.
    ///
    /// With metrics by priority, a target only says when the next metric counts. Then no target ends the study, unless
    /// every metric has one.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policies;
    use crate::preference::{Level, Tolerance};
    use crate::space::{Configuration, Expression, Space};
    use crate::spec::{Criteria, Metric, SchedulerSpec, SearcherSpec};
    use crate::study::testing::settings;
    use crate::study::{Created, Event, Outcome};
    use crate::trials::{Evaluation, Usage};
    use crate::units::{Goal, Samples};

    /// A study of `a` and `b`, both to be minimized, with a preference and a constraint on `a`.
    fn study(preference: Preference, targets: [Option<f64>; 2]) -> Study {
        let criteria = Criteria {
            others: vec![Metric {
                name: "b".into(),
                goal: Goal::Minimize,
                target: targets[1],
            }],
            preference,
            constraints: vec![Expression::parse_of_metrics("a < 10", Some(&["a", "b"])).unwrap()],
        };
        let settings = Settings {
            metric: "a".into(),
            target: targets[0],
            criteria,
            max: Samples(2),
            logical_workers: 9,
            ..settings(Space::new(vec![], vec![]).unwrap())
        };
        let policy = policies::build(
            SearcherSpec::named("random").unwrap(),
            SchedulerSpec::named("none").unwrap(),
            None,
            settings.lengths(),
        );
        Study::new(settings, policy, Box::new(|_, _, _| 1.0))
    }

    fn report(results: &[[f64; 2]]) -> SegmentReport {
        let evaluation = |(index, result): (usize, &[f64; 2])| Evaluation {
            at: Samples(index as u64 + 1),
            metrics: [("a".to_owned(), result[0]), ("b".to_owned(), result[1])].into(),
        };
        SegmentReport {
            reached: Samples(results.len() as u64),
            evaluations: results.iter().enumerate().map(evaluation).collect(),
            training: crate::trials::TrainingCurve::default(),
            trainable_parameters: 0,
            usage: Usage::default(),
        }
    }

    fn plan(study: &mut Study) -> TrialId {
        let trial = TrialId(study.trials.len() as u32);
        let created = Created {
            configuration: Configuration::default(),
            origin: "test".into(),
            parent: None,
            repeat: None,
        };
        let planned = Event::SegmentPlanned {
            trial,
            created: Some(created),
            to: Samples(2),
            cools_down: false,
            worker: trial.0,
            start: 0.0,
            finish: 1.0,
        };
        study.apply(&planned, 0.0);
        trial
    }

    /// Runs a trial with these results, one after the other.
    fn run(study: &mut Study, results: &[[f64; 2]]) {
        let trial = plan(study);
        let ended = Event::SegmentEnded {
            trial,
            outcome: Outcome::Reached(report(results)),
            device: String::new(),
            started_at: String::new(),
            finished_at: String::new(),
        };
        study.apply(&ended, 0.0);
        study.apply(&Event::SegmentDelivered { trial }, 0.0);
    }

    fn numbers(front: &[TrialId]) -> Vec<u32> {
        front.iter().map(|trial| trial.0).collect()
    }

    #[test]
    fn the_front_grows_shrinks_and_begins_with_the_best_in_the_first_metric() {
        let mut study = study(Preference::Pareto, [None; 2]);
        assert!(study.front().is_empty() && study.incumbent().is_none());
        run(&mut study, &[[5.0, 5.0]]);
        run(&mut study, &[[9.0, 1.0]]);
        run(&mut study, &[[1.0, 9.0]]);
        assert_eq!(numbers(&study.front()), [2, 0, 1]);
        run(&mut study, &[[4.0, 4.0]]);
        run(&mut study, &[[6.0, 6.0]]);
        assert_eq!(numbers(&study.front()), [2, 3, 1]);
        assert_eq!(study.incumbent().unwrap().0, TrialId(2));
        let improvements: Vec<u32> = study
            .improvements()
            .iter()
            .map(|improvement| improvement.trial.0)
            .collect();
        assert_eq!(improvements, [0, 1, 2, 3], "the dominated one improved nothing");
    }

    #[test]
    fn an_infeasible_trial_is_best_only_while_there_is_no_other() {
        let mut study = study(Preference::Pareto, [Some(100.0), Some(100.0)]);
        run(&mut study, &[[20.0, 0.0]]);
        run(&mut study, &[[15.0, 0.0]]);
        assert_eq!(numbers(&study.front()), [1], "the lesser violation");
        assert!(!study.is_target_met(), "what violates a constraint meets no target");
        run(&mut study, &[[9.0, 99.0]]);
        assert_eq!(numbers(&study.front()), [2]);
        assert!(study.is_target_met());
    }

    #[test]
    fn a_trial_on_all_folds_counts_with_them_and_stands_before_those_on_one() {
        let settings = Settings {
            metric: "a".into(),
            max: Samples(2),
            folds: 3,
            logical_workers: 9,
            ..settings(Space::new(vec![], vec![]).unwrap())
        };
        let policy = policies::build(
            SearcherSpec::named("random").unwrap(),
            SchedulerSpec::named("none").unwrap(),
            None,
            settings.lengths(),
        );
        let mut study = Study::new(settings, policy, Box::new(|_, from, to| (to.0 - from.0) as f64));
        run(&mut study, &[[0.1, 0.0]]);
        assert_eq!(study.incumbent().unwrap().0, TrialId(0));
        run(&mut study, &[[0.05, 0.0], [0.5, 0.0]]);
        let (best, loss) = study.incumbent().unwrap();
        assert_eq!((best, loss.get()), (TrialId(1), 0.5));
        assert!(study.is_partial(TrialId(0)) && !study.is_partial(TrialId(1)));
        run(&mut study, &[[0.4, 0.0], [0.3, 0.0]]);
        assert_eq!(study.incumbent().unwrap().0, TrialId(2));
        // The last epoch of the first fold also trains the two others.
        assert_eq!(study.cost(TrialId(0), Samples(0), Samples(1)), 1.0);
        assert_eq!(study.cost(TrialId(0), Samples(1), Samples(2)), 1.0 + 2.0 * 2.0);
    }

    #[test]
    fn a_trial_stands_for_its_best_feasible_result() {
        let mut study = study(Preference::Pareto, [None; 2]);
        run(&mut study, &[[7.0, 3.0], [12.0, 0.0]]);
        assert_eq!(study.best_observation(TrialId(0)).unwrap().at, Samples(1));
        assert_eq!(
            study.best_scores(TrialId(0)).unwrap().losses,
            [7.0, 3.0].map(|loss| Goal::Minimize.loss(loss))
        );
    }

    #[test]
    fn a_metric_that_is_missing_fails_the_trial() {
        let mut study = study(Preference::Pareto, [None; 2]);
        run(&mut study, &[[1.0, f64::NAN]]);
        assert_eq!(study.trials()[0].status, Status::Failed);
        assert!(study.front().is_empty());
    }

    #[test]
    fn the_wall_budget_lets_what_was_measured_onto_the_front() {
        let mut study = study(Preference::Pareto, [None; 2]);
        run(&mut study, &[[5.0, 5.0]]);
        let trial = plan(&mut study);
        let partial = report(&[[1.0, 9.0]]);
        study.apply(&Event::SegmentInterrupted { trial, report: partial }, 0.0);
        assert_eq!(numbers(&study.front()), [0]);
        study.apply(
            &Event::StudyEnded {
                reason: EndReason::Wall,
            },
            0.0,
        );
        assert_eq!(numbers(&study.front()), [1, 0]);
        assert_eq!(study.incumbent().unwrap().0, TrialId(1));
    }

    #[test]
    fn by_priority_a_target_says_when_to_go_by_the_next_metric() {
        let levels = |target: Option<f64>| {
            let first = Level {
                tolerance: Tolerance::Absolute(0.5),
                target: target.map(|target| Goal::Minimize.loss(target)),
            };
            Preference::Lexicographic(vec![first, Level::default()])
        };
        for (target, expected) in [(None, 1), (Some(4.0), 2)] {
            let mut study = study(levels(target), [target, None]);
            for result in [[1.0, 9.0], [1.5, 5.0], [4.0, 1.0], [4.5, 0.0]] {
                run(&mut study, &[result]);
            }
            assert_eq!(study.incumbent().unwrap().0, TrialId(expected));
            assert!(!study.is_target_met(), "it ends a study only if every metric has one");
        }
    }
}
