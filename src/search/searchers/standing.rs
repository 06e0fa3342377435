//! Compares trials by the results at the ends of their segments. Searchers do not use the results in between.

use std::cmp::Reverse;

use crate::trials::{Status, Trial};
use crate::units::{Loss, Samples, TrialId};

/// A key of a ranking; the smallest is the best.
pub(super) type Rank = (bool, Reverse<Samples>, Loss, TrialId);

/// Returns whether any result of a trial is known.
pub(super) fn is_judged(trial: &Trial) -> bool {
    trial.status == Status::Failed || trial.reached > Samples(0)
}

/// Returns whether a trial will have no further results.
pub(super) fn is_settled(trial: &Trial) -> bool {
    match trial.status {
        Status::Completed | Status::Stopped | Status::Failed => true,
        Status::Running { .. } | Status::Paused => false,
    }
}

/// The smallest loss up to a level; the worst loss for a failed trial.
pub(super) fn loss_at(trial: &Trial, level: Samples) -> Loss {
    if trial.status == Status::Failed {
        return Loss::WORST;
    }
    let reached = trial.observations.iter().filter(|observation| observation.at <= level);
    reached.map(|observation| observation.loss).min().unwrap_or(Loss::WORST)
}

/// A key that ranks all trials. Failed trials come last. The others are ordered by resource, because a trial that was
/// trained further was better at every earlier rung; then by loss.
pub(super) fn rank(trial: &Trial) -> Rank {
    let failed = trial.status == Status::Failed;
    (failed, Reverse(trial.reached), loss_at(trial, trial.reached), trial.id)
}

/// Returns whether a trial is better at the highest level that both have reached.
pub(super) fn is_better(trial: &Trial, than: &Trial) -> bool {
    let level = if than.status == Status::Failed {
        trial.reached
    } else {
        trial.reached.min(than.reached)
    };
    loss_at(trial, level) < loss_at(than, level)
}
