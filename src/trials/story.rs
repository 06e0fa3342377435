//! How trials came to be as they are, to be told again to somebody who knows only one number.
//!
//! A searcher or scheduler that minimises a loss serves a study with several metrics when it is told the same story with
//! other losses. What a loss is then may change with every new result, so the story is told from its beginning.

use super::{Observation, Status, Trial};
use crate::units::{Samples, TrialId};

/// The changes of trials, in order, each with what else counted then.
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
    /// Takes note of a trial that changed.
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

    /// How many changes there were.
    pub fn length(&self) -> usize {
        self.changes.len()
    }

    /// Tells every change to `listener`: the trial as it stood then, with the observations that `visible` leaves of the
    /// trial's first so many. `trials` are all trials by number, with the losses to be told.
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
    use crate::space::Configuration;
    use crate::units::Goal;

    fn trial(losses: &[f64], status: Status) -> Trial {
        let observation = |(index, loss): (usize, &f64)| Observation {
            at: Samples(index as u64 + 1),
            loss: Goal::Minimize.loss(*loss),
        };
        Trial {
            id: TrialId(0),
            configuration: Configuration::default(),
            point: vec![],
            origin: "test".into(),
            status,
            reached: Samples(losses.len() as u64),
            segments: losses.len() as u32,
            observations: losses.iter().enumerate().map(observation).collect(),
            scores: vec![],
            cooldown: None,
            is_out_of_memory: false,
            parent: None,
        }
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
