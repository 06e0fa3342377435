//! Trials' checkpoints: handed on to clones, and removed when they are of no more use.

use super::{Engine, EngineError};
use crate::objective;
use crate::study::{Created, Event};
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

    /// Removes the checkpoints of trials that never go on. Of external programs the best trial's stay: its model may be there.
    pub(super) fn tidy(&mut self, delivered: TrialId) {
        let best = self.study.incumbent().map(|(best, _)| best);
        let best = best.filter(|_| self.terms.keeps_best);
        let replaced = std::mem::replace(&mut self.best, best);
        let given_up = &self.study.given_up()[self.tidied..];
        self.tidied += given_up.len();
        let candidates = [Some(delivered), replaced].into_iter().flatten();
        for trial in candidates
            .chain(given_up.iter().copied())
            .filter(|&trial| Some(trial) != best)
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
