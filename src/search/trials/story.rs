//! The history of trials, which can be replayed with other losses.
//!
//! A searcher or scheduler that minimises one loss can serve a study with several metrics: it observes the same
//! history, with a single number as the loss. These numbers may change with every new result, so the history is
//! replayed from the beginning.

use super::{Observation, Status, Trial};
use crate::units::{Samples, TrialId};

/// The changes of trials, in order, each with the context of that moment.
#[derive(Clone, Debug)]
pub struct Story<T> {
    changes: Vec<Change<T>>,
}

impl<T> Default for Story<T> {
    fn default() -> Self {
        Self { changes: Vec::new() }
    }
}

/// A trial after one change, apart from its losses.
#[derive(Clone, Copy, Debug)]
struct Change<T> {
    trial: TrialId,
    status: Status,
    reached: Samples,
    segments: u32,
    observations: usize,
    then: T,
}

impl<T: Copy> Story<T> {
    /// Records a trial that changed.
    pub fn note(&mut self, trial: &Trial, then: T) {
        self.changes.push(Change {
            trial: trial.id,
            status: trial.status,
            reached: trial.reached,
            segments: trial.segments,
            observations: trial.observations.len(),
            then,
        });
    }

    /// Number of recorded changes.
    pub fn length(&self) -> usize {
        self.changes.len()
    }

    /// Replays every change to `listener`, with the trial as it was then. `visible` selects among the observations that
    /// the trial had at that point. `trials` are all trials by number, with the losses to use.
    pub fn tell(
        &self,
        trials: &[Trial],
        visible: impl Fn(&[Observation]) -> &[Observation],
        mut listener: impl FnMut(&Trial, T),
    ) {
        let mut told: Vec<Option<Trial>> = vec![None; trials.len()];
        for change in &self.changes {
            let Some(known) = trials.get(change.trial.index()) else {
                continue;
            };
            let trial = told[change.trial.index()].get_or_insert_with(|| known.clone());
            trial.status = change.status;
            trial.reached = change.reached;
            trial.segments = change.segments;
            trial.observations.clear();
            let so_far = &known.observations[..change.observations.min(known.observations.len())];
            trial.observations.extend_from_slice(visible(so_far));
            listener(trial, change.then);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trials::testing;

    fn trial(losses: &[f64], status: Status) -> Trial {
        let trial = testing::trial(0).with_status(status);
        let losses = (1..).zip(losses);
        losses.fold(trial, |trial, (at, &loss)| trial.observed(at, loss))
    }

    #[test]
    fn the_story_is_the_same_but_for_its_losses() {
        let mut story = Story::default();
        let running = Status::Running { to: Samples(1) };
        for (losses, status) in [
            (&[][..], running),
            (&[5.0], Status::Paused),
            (&[5.0, 4.0], Status::Completed),
        ] {
            story.note(&trial(losses, status), losses.len());
        }
        let mut heard = Vec::new();
        let retold = [trial(&[0.1, 0.2], Status::Completed)];
        story.tell(
            &retold,
            |all| all,
            |trial, then| heard.push((trial.status, trial.loss().map(crate::units::Loss::get), then)),
        );
        assert_eq!(
            heard,
            [
                (running, None, 0),
                (Status::Paused, Some(0.1), 1),
                (Status::Completed, Some(0.1), 2)
            ]
        );
        heard.clear();
        let newest = |all: &[Observation]| -> usize { all.len().saturating_sub(1) };
        story.tell(
            &retold,
            |all| &all[newest(all)..],
            |trial, then| heard.push((trial.status, trial.loss().map(crate::units::Loss::get), then)),
        );
        assert_eq!(heard[2], (Status::Completed, Some(0.2), 2));
    }
}
