//! How trials stand against each other, as far as their segments have ended: what comes in between is not for the search.

use std::cmp::Reverse;

use crate::trials::{Status, Trial};
use crate::units::{Loss, Samples, TrialId};

/// A place in a ranking; the smallest is the best.
pub(super) type Rank = (bool, Reverse<Samples>, Loss, TrialId);

/// Whether anything is known of a trial.
pub(super) fn is_judged(trial: &Trial) -> bool {
    trial.status == Status::Failed || trial.reached > Samples(0)
}

/// Whether nothing more will come of a trial.
pub(super) fn is_settled(trial: &Trial) -> bool {
    match trial.status {
        Status::Completed | Status::Stopped | Status::Failed => true,
        Status::Running { .. } | Status::Paused => false,
    }
}

/// The smallest loss up to a level; the worst for a failed trial.
pub(super) fn loss_at(trial: &Trial, level: Samples) -> Loss {
    if trial.status == Status::Failed {
        return Loss::WORST;
    }
    let reached = trial.observations.iter().filter(|observation| observation.at <= level);
    reached.map(|observation| observation.loss).min().unwrap_or(Loss::WORST)
}

/// Everything that is known of a trial in one number: failed ones last, then by resource, because who was trained further
/// was better at every rung before, then by loss.
pub(super) fn rank(trial: &Trial) -> Rank {
    let failed = trial.status == Status::Failed;
    (failed, Reverse(trial.reached), loss_at(trial, trial.reached), trial.id)
}

/// Whether one trial is better than another where both have been: at the level of the one that is less far.
pub(super) fn is_better(trial: &Trial, than: &Trial) -> bool {
    let level = if than.status == Status::Failed {
        trial.reached
    } else {
        trial.reached.min(than.reached)
    };
    loss_at(trial, level) < loss_at(than, level)
}
