//! A population: trials that are trained side by side.

use std::collections::BTreeSet;

use crate::preference::{Preference, Scores};
use crate::trials::{Trial, View};
use crate::units::{Samples, TrialId};

/// Trials that are compared with each other.
#[derive(Clone, Debug)]
pub(super) struct Population {
    /// Number of members that did not replace another one.
    pub(super) begun: u32,
    /// The current members.
    pub(super) members: BTreeSet<TrialId>,
}

impl Population {
    /// A population whose first member is about to be added.
    pub(super) fn first() -> Self {
        Self {
            begun: 1,
            members: BTreeSet::new(),
        }
    }

    /// The members that have a result up to a level, best first.
    ///
    /// Their newest result up to the level counts, not their best, because a clone copies the current state.
    pub(super) fn ranking(&self, view: &View<'_>, until: Samples, preference: Option<&Preference>) -> Vec<TrialId> {
        let newest = self.members.iter().filter_map(|id| {
            let trial = &view.trials[id.index()];
            let index = trial.observations.iter().rposition(|seen| seen.at <= until)?;
            Some((trial, index))
        });
        let newest: Vec<(&Trial, usize)> = newest.collect();
        let mut ranking: Vec<usize> = (0..newest.len()).collect();
        if let Some(preference) = preference {
            let scores: Vec<Scores> = newest.iter().map(|(trial, index)| scores(trial, *index)).collect();
            let positions = preference.positions(&scores.iter().collect::<Vec<_>>());
            ranking.sort_by_key(|&member| (positions[member], newest[member].0.id));
        } else {
            ranking.sort_by_key(|&member| {
                let (trial, index) = newest[member];
                (trial.observations[index].loss, trial.id)
            });
        }
        ranking.into_iter().map(|member| newest[member].0.id).collect()
    }
}

fn scores(trial: &Trial, index: usize) -> Scores {
    let alone = || Scores::single(trial.observations[index].loss);
    trial.scores.get(index).cloned().unwrap_or_else(alone)
}
