//! Checkpoints of trials: copied to clones, and removed when they are no longer useful.

use std::collections::BTreeSet;

use super::{Engine, EngineError};
use crate::objective;
use crate::study::{Created, Event, Repeat};
use crate::trials::Status;
use crate::units::TrialId;

impl Engine<'_> {
    /// Copies the checkpoint of a parent to its clone. This happens before the clone is recorded, so that a crash
    /// cannot separate the two, and before the parent continues.
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

    /// Returns whether a complete trial saves a checkpoint: a clone or the winner's test may begin there.
    pub(super) fn is_kept(&self, trial: TrialId) -> bool {
        self.terms.has_clones || (self.has_test() && !matches!(self.study.repeat(trial), Some(Repeat::Test { .. })))
    }

    fn has_test(&self) -> bool {
        let selection = self.study.settings().selection;
        selection.is_some_and(|selection| selection.holdout)
    }

    /// Trials whose checkpoints are kept although the trials do not continue. For external programs it is the best run,
    /// whose model may be there. In a study with a test they are the runs from which the test may begin.
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

    /// Removes the checkpoints of trials that do not continue and have no other use.
    pub(super) fn tidy(&mut self, delivered: TrialId) {
        let kept = self.kept();
        let replaced = std::mem::replace(&mut self.kept, kept);
        let given_up = &self.study.given_up()[self.tidied..];
        self.tidied += given_up.len();
        for &trial in given_up.iter().chain([&delivered]).chain(&replaced) {
            let may_continue = match self.study.trials()[trial.index()].status {
                Status::Paused | Status::Running { .. } => true,
                Status::Completed | Status::Stopped | Status::Failed => false,
            };
            if !may_continue && !self.kept.contains(&trial) {
                let _ = std::fs::remove_dir_all(self.folder.checkpoints(trial));
            }
        }
    }
}
