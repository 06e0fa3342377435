//! Trials' checkpoints: handed on to clones, and removed when they are of no more use.

use super::{Engine, EngineError};
use crate::objective;
use crate::study::{Created, Event, Repeat};
use crate::trials::Status;
use crate::units::TrialId;

impl Engine<'_> {
    /// A trial that is to begin where another one stands gets its checkpoint before it exists, so that no crash parts the two,
    /// and before the other one goes on.
    pub(super) fn inherit(&self, event: &Event) -> Result<(), EngineError> {
        if let Event::SegmentPlanned {
            trial,
            created: Some(Created {
                parent: Some(parent), ..
            }),
            ..
        } = event
        {
            let (from, to) = (self.folder.checkpoints(parent.trial), self.folder.checkpoints(*trial));
            objective::inherit(&from, &to, parent.at).map_err(|source| EngineError::Results {
                folder: self.folder.path().display().to_string(),
                source,
            })?;
        }
        Ok(())
    }

    /// Whether a finalist's run with a fresh seed may turn out to be what is measured on the test examples: the best of its
    /// finalist's so far, while that has not happened.
    pub(super) fn may_be_tested(&self, trial: TrialId) -> bool {
        let has_test = self
            .study
            .settings()
            .selection
            .is_some_and(|selection| selection.holdout);
        let Some(Repeat::Reseed { of, .. }) = self.study.repeat(trial).filter(|_| has_test) else {
            return false;
        };
        let rival =
            |other: &TrialId| matches!(self.study.repeat(*other), Some(Repeat::Reseed { of: same, .. }) if same == of);
        let loss = |trial: TrialId| self.study.best_observation(trial).map(|best| best.loss);
        let ids = || self.study.trials().iter().map(|trial| trial.id);
        let is_over = ids().any(|id| {
            let is_test = matches!(self.study.repeat(id), Some(Repeat::Test { .. }));
            is_test && !self.study.flights().contains_key(&id)
        });
        let best = ids().filter(rival).filter_map(|id| Some((loss(id)?, id))).min();
        let is_unknown = loss(trial).is_none() && self.study.flights().contains_key(&trial);
        !is_over && (is_unknown || best.is_some_and(|(_, best)| best == trial))
    }

    /// Whose checkpoint is of use although it never goes on: of external programs that of the best run.
    pub(super) fn kept(&self) -> Option<TrialId> {
        let winner = self.terms.keeps_best.then(|| self.study.winner()).flatten();
        winner.map(|winner| winner.run)
    }

    /// Removes the checkpoints of trials that never go on. Of external programs the best trial's stay: its model may be there.
    pub(super) fn tidy(&mut self, delivered: TrialId) {
        let best = self.kept();
        let replaced = std::mem::replace(&mut self.best, best);
        let given_up = &self.study.given_up()[self.tidied..];
        self.tidied += given_up.len();
        let candidates = [Some(delivered), replaced].into_iter().flatten();
        let is_selecting = self.study.is_selecting();
        let repeats = self
            .study
            .trials()
            .iter()
            .filter(|_| is_selecting)
            .map(|trial| trial.id);
        let repeats = repeats.filter(|&trial| self.study.repeat(trial).is_some());
        for trial in candidates
            .chain(given_up.iter().copied())
            .chain(repeats)
            .filter(|&trial| Some(trial) != best && !self.may_be_tested(trial))
        {
            let may_go_on = match self.study.trials()[trial.index()].status {
                Status::Paused | Status::Running { .. } => true,
                Status::Completed | Status::Stopped | Status::Failed => false,
            };
            if !may_go_on {
                let _ = std::fs::remove_dir_all(self.folder.checkpoints(trial));
            }
        }
    }
}
