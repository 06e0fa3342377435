//! Trials of earlier studies of this space: knowledge for models only.

use serde::{Deserialize, Serialize};

use super::{Observation, Status, Trial};
use crate::space::{Configuration, Space};
use crate::units::{Goal, Loss, Samples, TrialId};

/// A trial of an earlier study, with its result there.
///
/// Models use it as an observation. It is never promoted, and it counts neither as a trial nor as a duplicate of one:
/// the model or the data may have changed since.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastTrial {
    /// The configuration that it tried.
    pub configuration: Configuration,
    /// The length of its training, in epochs; in steps if there are no epochs.
    pub epochs: f64,
    /// Its best result; `None` if it failed.
    pub best: Option<PastResult>,
}

/// The best value that an earlier trial reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastResult {
    /// The epoch at which it was reached.
    pub epoch: f64,
    /// The value of this study's metric.
    pub value: f64,
}

impl PastTrial {
    /// The trial as searchers see it; `None` if its configuration does not belong to `space`. An epoch has `epoch`
    /// samples. A trial that was trained for at least `max` counts as complete.
    ///
    /// `number` distinguishes past trials: their ids count down from the largest, so that none is the id of a trial of
    /// this study.
    pub fn to_trial(&self, number: usize, space: &Space, goal: Goal, epoch: Samples, max: Samples) -> Option<Trial> {
        let samples = |epochs: f64| Samples::from_epochs(epochs, epoch).min(max);
        let reached = samples(self.epochs);
        let result = |best: PastResult| Observation {
            at: samples(best.epoch).min(reached),
            loss: goal.loss(best.value),
        };
        let observations: Vec<Observation> = self.best.map(result).into_iter().collect();
        let is_usable = observations.iter().any(|observation| observation.loss < Loss::WORST);
        let status = match (is_usable, reached >= max) {
            (false, _) => Status::Failed,
            (true, true) => Status::Completed,
            (true, false) => Status::Paused,
        };
        Some(Trial {
            scores: Vec::new(),
            cooldown: None,
            is_out_of_memory: false,
            is_last_alone: false,
            parent: None,
            id: TrialId(u32::MAX - number as u32),
            point: space.encode(&self.configuration)?,
            configuration: self.configuration.clone(),
            origin: "warm_start".to_owned(),
            status,
            reached,
            segments: 1,
            observations,
        })
    }

    /// All of `past` as searchers see them, without those whose configuration does not belong to `space`.
    pub fn to_trials(past: &[Self], space: &Space, goal: Goal, epoch: Samples, max: Samples) -> Vec<Trial> {
        let trials = past.iter().enumerate();
        trials
            .filter_map(|(number, trial)| trial.to_trial(number, space, goal, epoch, max))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Domain, Parameter, Value};

    fn space() -> Space {
        Space::new(vec![Parameter::new("x", Domain::float(0.0, 1.0))], vec![]).unwrap()
    }

    fn past(x: f64, epochs: f64, value: Option<f64>) -> PastTrial {
        PastTrial {
            configuration: [("x", Value::Float(x))].into_iter().collect(),
            epochs,
            best: value.map(|value| PastResult { epoch: 2.0, value }),
        }
    }

    fn trials(past: &[PastTrial]) -> Vec<Trial> {
        PastTrial::to_trials(past, &space(), Goal::Maximize, Samples(100), Samples(400))
    }

    #[test]
    fn a_past_trial_is_placed_by_its_epochs_and_never_beyond_a_complete_one() {
        let known = trials(&[past(0.25, 3.0, Some(0.9)), past(0.5, 30.0, Some(0.8))]);
        assert_eq!((known[0].reached, known[0].status), (Samples(300), Status::Paused));
        assert_eq!((known[1].reached, known[1].status), (Samples(400), Status::Completed));
        assert_eq!(known[0].best_observation().unwrap().at, Samples(200));
        assert_eq!(known[0].loss(), Some(Goal::Maximize.loss(0.9)));
        assert_eq!(known[0].point, [Some(0.25)]);
        assert_ne!(known[0].id, known[1].id);
    }

    #[test]
    fn a_past_failure_is_known_as_one_and_a_stranger_is_left_out() {
        let known = trials(&[
            past(0.25, 3.0, None),
            past(0.5, 3.0, Some(f64::NAN)),
            past(7.0, 3.0, Some(0.9)),
        ]);
        assert_eq!(known.len(), 2);
        assert!(known.iter().all(|trial| trial.loss() == Some(Loss::WORST)));
    }
}
