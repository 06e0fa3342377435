//! The selection after the search: finalists are trained again with fresh seeds, a rule chooses among them, and the
//! winner is measured on the test examples.
//!
//! The best of many trials is partly lucky. Fresh seeds are the same for every finalist, so differences between
//! finalists are paired. Runs for the selection are trials in the journal, but no searcher or scheduler sees them.

use serde::{Deserialize, Serialize};

use super::{EndReason, Study, Winner};
use crate::preference::Scores;
use crate::rng;
use crate::spec::Selection;
use crate::trials::{MARGIN, Status, Trial};
use crate::units::{Samples, Seed, TrialId};

/// Largest share of a wall budget for fresh seeds: the search needs most of a small one. Chosen, not measured.
const MOST_FOR_SEEDS: f64 = 0.25;

/// Largest share of a wall budget for the winner's test, if its model has to be trained again for it.
const MOST_FOR_TEST: f64 = 0.15;

/// A run with a fresh seed starts only if this many times its predicted time is left.
const ROOM_TO_SPARE: f64 = 1.15;

/// Largest number of fresh seeds per finalist if the wall budget ended the search and time is left.
const MOST_SEEDS: u32 = 5;

/// The reason for training a configuration again after the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// A finalist with a fresh seed.
    Reseed {
        /// The finalist.
        of: TrialId,
        /// Index of the fresh seed.
        number: u32,
    },
    /// The winner's model again, to measure it on the test examples.
    Test {
        /// The winner.
        of: TrialId,
        /// The winner's run whose seed is used: the winner itself or a run with a fresh seed.
        run: TrialId,
    },
}

/// Seconds that are reserved for a selection.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SelectionSeconds {
    /// For runs with fresh seeds.
    pub seeds: f64,
    /// For measuring the winner on the test examples.
    pub test: f64,
}

impl Study {
    /// The reason for training a trial again after the search; `None` for a trial of the search itself.
    pub fn repeat(&self, id: TrialId) -> Option<Repeat> {
        self.records[id.index()].repeat
    }

    /// The trials of the search itself.
    pub fn searched(&self) -> impl Iterator<Item = &Trial> {
        self.trials.iter().filter(|trial| self.repeat(trial.id).is_none())
    }

    /// The reason why the search ended; afterwards the study continues with a selection, or has ended.
    pub fn search_ended(&self) -> Option<EndReason> {
        self.closed.or(self.ended)
    }

    /// Returns whether finalists are being trained again.
    pub fn is_selecting(&self) -> bool {
        self.closed.is_some() && self.ended.is_none()
    }

    /// The seed for everything random inside a trial.
    pub fn seed_of(&self, id: TrialId) -> Seed {
        match self.repeat(id) {
            None => self.settings.trial_seed(id),
            Some(Repeat::Reseed { number, .. }) => rng::seed(self.settings.seed, "reseed", &[u64::from(number)]),
            Some(Repeat::Test { run, .. }) => self.seed_of(run),
        }
    }

    /// The levels up to `until` at which a trial was evaluated: its model is trained in these pieces.
    pub fn pieces(&self, id: TrialId, until: Samples) -> Vec<Samples> {
        let delivered = self.trials[id.index()].observations.iter().map(|seen| seen.at);
        let cut_off = self.cut_off(id).into_iter().flat_map(|report| &report.evaluations);
        let levels = delivered.chain(cut_off.map(|last| last.at));
        levels.filter(|&at| at <= until).collect()
    }

    /// The finalists that a selection would train again, or whose winner it would test, if the search ended now.
    pub fn to_select(&self) -> Vec<TrialId> {
        let Some(selection) = self.settings.selection else {
            return Vec::new();
        };
        if selection.reseeds == 0 && !selection.holdout {
            return Vec::new();
        }
        let best = self.best_trials(selection).into_iter();
        best.map(|(id, ..)| id).collect()
    }

    /// Seconds of a wall budget that are reserved for a selection, from the current results: for fresh seeds of the
    /// finalists, at most a share of the budget, and for the winner's test.
    pub fn seconds_for_selection(&self) -> SelectionSeconds {
        let (Some(selection), Some(wall)) = (self.settings.selection, self.wall()) else {
            return SelectionSeconds::default();
        };
        let finalists = self.best_trials(selection);
        let seconds = |&(id, at, _): &(TrialId, Samples, Scores)| {
            // An incomplete finalist will be completed, or replaced by a complete one.
            let trial = &self.trials[id.index()];
            let until = if trial.status == Status::Completed {
                at
            } else {
                self.settings.max
            };
            let work = self.work(id, Samples(0), until);
            MARGIN * self.timing.pace.seconds(work).unwrap_or(0.0)
        };
        let test = match finalists.first() {
            Some(&(best, at, _)) if selection.holdout => self.seconds_for_test(best, at),
            Some(_) | None => 0.0,
        };
        // A single finalist wins without another run.
        let runs = if finalists.len() > 1 {
            selection.reseeds as usize
        } else {
            0
        };
        let slots = self.slots().max(1);
        // A fresh seed is for all finalists or for none: a single run compares nothing, and the time reserved for it is
        // lost.
        let (mut all, mut longest, mut kept) = (0.0, 0.0_f64, 0.0);
        for _ in 0..runs {
            for seconds in finalists.iter().map(seconds) {
                all += seconds;
                longest = longest.max(seconds);
            }
            // Upper bound for any assignment to the slots (Graham 1969).
            let bound = ROOM_TO_SPARE * (all / slots as f64 + longest * (1.0 - 1.0 / slots as f64));
            if bound > MOST_FOR_SEEDS * wall {
                break;
            }
            kept = bound;
        }
        SelectionSeconds {
            seeds: kept,
            test: (ROOM_TO_SPARE * test).min(MOST_FOR_TEST * wall),
        }
    }

    /// Seconds for measuring a run's model at a level on the test examples. If the run ended at that level, its
    /// checkpoint exists; otherwise it is trained again.
    fn seconds_for_test(&self, run: TrialId, at: Samples) -> f64 {
        let trial = &self.trials[run.index()];
        let predicted = |work| MARGIN * self.timing.pace.seconds(work).unwrap_or(0.0);
        let last = Samples(at.0.saturating_sub(1));
        let ratio = match (self.rows("test"), self.validation_rows()) {
            (Some(test), Some(validation)) if validation > 0 => test as f64 / validation as f64,
            _ => 1.0,
        };
        let evaluation = ratio.max(1.0) * predicted(self.work(run, last, at));
        // An incomplete trial will end at another level, which may be its best.
        if trial.status == Status::Completed && trial.reached > at {
            evaluation + predicted(self.work(run, Samples(0), at))
        } else {
            evaluation
        }
    }

    /// The next training for the selection; `None` if it depends on running segments, or if all is done.
    pub(super) fn next_repeat(&self) -> Option<Repeat> {
        let selection = self.settings.selection?;
        let known: Vec<Repeat> = self.records.iter().filter_map(|record| record.repeat).collect();
        let finalists = self.best_trials(selection);
        let has_time = self.closed == Some(EndReason::Wall) && selection.reseeds > 0 && self.settings.wall.is_some();
        let seeds = if has_time {
            selection.reseeds.max(MOST_SEEDS)
        } else {
            selection.reseeds
        };
        let reseeds =
            (0..seeds).flat_map(|number| finalists.iter().map(move |&(of, ..)| Repeat::Reseed { of, number }));
        let mut missing = reseeds.filter(|repeat| !known.contains(repeat));
        if let Some(repeat) = missing.next().filter(|repeat| self.has_time_for(*repeat, selection)) {
            return Some(repeat);
        }
        let is_tested = known.iter().any(|repeat| matches!(repeat, Repeat::Test { .. }));
        if !selection.holdout || is_tested || !self.due.is_empty() {
            return None;
        }
        let Winner { trial, run, .. } = self.winner()?;
        Some(Repeat::Test { of: trial, run })
    }

    /// Returns whether a run with a fresh seed would end before the deadline, and the winner's test after it.
    fn has_time_for(&self, repeat: Repeat, selection: Selection) -> bool {
        let Some(horizon) = self.horizon() else { return true };
        let (Repeat::Reseed { of, .. } | Repeat::Test { of, .. }) = repeat;
        let until = self.best_observation(of).map_or(self.settings.max, |best| best.at);
        let run = self.timing.pace.seconds(self.work(of, Samples(0), until));
        let run = run.map_or(0.0, |seconds| MARGIN * seconds);
        let winner = self.winner().filter(|_| selection.holdout);
        let test = winner.map_or(0.0, |winner| {
            self.seconds_for_test(winner.run, winner.at)
                .min(MOST_FOR_TEST * horizon.wall)
        });
        // A run that is cut off is lost, and so is the winner's test. They get more room than a segment that cools
        // down.
        ROOM_TO_SPARE * (run + test) <= horizon.room()
    }

    /// The level up to which a repeat is trained.
    pub(super) fn repeat_until(&self, repeat: Repeat) -> Samples {
        let (Repeat::Reseed { of, .. } | Repeat::Test { of, .. }) = repeat;
        self.best_observation(of).map_or(self.settings.max, |best| best.at)
    }
}
