//! Trials' checkpoints: handed on to clones, and removed when they are of no more use.

use std::collections::BTreeSet;

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

    /// Whether a segment saves a checkpoint although its trial is complete then: others may begin there, or the winner's test may.
    pub(super) fn is_kept(&self, trial: TrialId) -> bool {
        self.terms.has_clones || (self.has_test() && !matches!(self.study.repeat(trial), Some(Repeat::Test { .. })))
    }

    fn has_test(&self) -> bool {
        let selection = self.study.settings().selection;
        selection.is_some_and(|selection| selection.holdout)
    }

    /// Whose checkpoints are of use although they never go on: of external programs that of the best run, whose model may be there;
    /// of a study with a test those that it may begin with.
    pub(super) fn kept(&self) -> BTreeSet<TrialId> {
        let winner = self.terms.keeps_best.then(|| self.study.winner()).flatten();
        let mut kept: BTreeSet<TrialId> = winner.map(|winner| winner.run).into_iter().collect();
        let is_tested = |trial: TrialId| {
            matches!(self.study.repeat(trial), Some(Repeat::Test { .. })) && !self.study.flights().contains_key(&trial)
        };
        let trials = self.study.trials().iter().map(|trial| trial.id);
        if self.has_test() && !trials.clone().any(is_tested) {
            for finalist in self.study.to_select() {
                kept.insert(finalist);
                let is_its_run =
                    |id: &TrialId| matches!(self.study.repeat(*id), Some(Repeat::Reseed { of, .. }) if of == finalist);
                let loss = |id: TrialId| Some((self.study.best_observation(id)?.loss, id));
                let best = trials.clone().filter(is_its_run).filter_map(loss).min();
                kept.extend(best.map(|(_, run)| run));
            }
        }
        kept
    }

    /// Removes the checkpoints of trials that never go on and are of no other use.
    pub(super) fn tidy(&mut self, delivered: TrialId) {
        let kept = self.kept();
        let replaced = std::mem::replace(&mut self.kept, kept);
        let given_up = &self.study.given_up()[self.tidied..];
        self.tidied += given_up.len();
        for &trial in given_up.iter().chain([&delivered]).chain(&replaced) {
            let may_go_on = match self.study.trials()[trial.index()].status {
                Status::Paused | Status::Running { .. } => true,
                Status::Completed | Status::Stopped | Status::Failed => false,
            };
            if !may_go_on && !self.kept.contains(&trial) {
                let _ = std::fs::remove_dir_all(self.folder.checkpoints(trial));
            }
        }
    }
}
