//! Assigns planned segments to workers, with their instructions.

use std::collections::BTreeSet;
use std::time::Instant;

use super::{Engine, EngineError};
use crate::engine::{EngineEvent, Folder};
use crate::study::{InFlight, Repeat};
use crate::trials::{Evaluation, Part, Segment, SegmentLimits};
use crate::units::{Samples, TrialId};

impl Engine<'_> {
    /// Gives planned segments to ready workers, first those whose outcome is needed first. Returns `false` if nothing
    /// runs and nothing is planned.
    ///
    /// Segments that are predicted to end after the deadline come last. Among them, those that are evaluated before the
    /// deadline come first: the evaluation counts even if the segment is cut off. The others train as far as time
    /// allows, and resume from there if time is added.
    pub(super) fn dispatch(&mut self) -> Result<bool, EngineError> {
        if self.is_held {
            return Ok(true);
        }
        let running: BTreeSet<TrialId> = self.pool.trials().collect();
        let planned = self.study.waiting(|trial| running.contains(&trial));
        let now = Instant::now();
        let fits = |trial, from, to| {
            let work = self.study.work(trial, from, to);
            self.budget.fits(self.study.pace(), work, now)
        };
        let mut planned: Vec<_> = planned
            .into_iter()
            .map(|(trial, flight)| {
                let is_late = !fits(trial, flight.from, flight.to);
                let is_unmeasured = is_late && !fits(trial, flight.from, self.first_evaluation(&flight));
                (is_late, is_unmeasured, trial, flight)
            })
            .collect();
        planned.sort_by_key(|(is_late, is_unmeasured, ..)| (*is_late, *is_unmeasured));
        let has_work = !planned.is_empty();
        for (_, _, trial, flight) in planned {
            // If no machine with an idle worker has the memory, the segments behind it wait too: a large one would never
            // run if smaller ones always came first.
            let ready = self.pool.ready_for(trial).into_iter();
            let Some(slot) = ready.into_iter().find(|&slot| self.is_room_for(trial, slot)) else {
                break;
            };
            let segment = self.segment(trial, &flight);
            self.tell(&EngineEvent::SegmentStarted {
                slot,
                trial,
                from: flight.from,
                to: flight.to,
            })?;
            self.pool.run(slot, segment);
        }
        Ok(has_work || self.pool.is_any_busy())
    }

    /// The level of the first evaluation of a segment: the end of an epoch, or of the segment.
    fn first_evaluation(&self, flight: &InFlight) -> Samples {
        let epoch = self.study.settings().epoch.0.max(1);
        Samples((flight.from.0 / epoch + 1) * epoch).min(flight.to)
    }

    /// Returns whether the slot's machine has memory for a trial beside those that run there. The memory of a GPU does
    /// not count.
    fn is_room_for(&mut self, trial: TrialId, slot: usize) -> bool {
        let at = &self.pool.seats()[slot].slot;
        let configuration = &self.study.trials()[trial.index()].configuration;
        let configuration = at.is_host().then_some(configuration);
        self.memory.admits(at.node.as_deref(), slot, configuration)
    }

    fn segment(&self, trial: TrialId, flight: &InFlight) -> Segment {
        let settings = self.study.settings();
        let known = &self.study.trials()[trial.index()];
        let repeat = self.study.repeat(trial);
        Segment {
            trial,
            configuration: known.configuration.clone(),
            seed: self.study.seed_of(trial),
            from: flight.from,
            stops: match repeat {
                Some(Repeat::Test { run, .. }) => self.study.pieces(run, flight.to),
                Some(Repeat::Reseed { .. }) | None => known.observations.iter().map(|seen| seen.at).collect(),
            },
            last: self.last_evaluation(trial),
            to: flight.to,
            max: settings.max,
            cooldown: known.cooldown,
            checkpoints: self.folder.checkpoints(match repeat {
                Some(Repeat::Test { run, .. }) => run,
                Some(Repeat::Reseed { .. }) | None => trial,
            }),
            outputs: match repeat {
                Some(Repeat::Test { .. }) => None,
                Some(Repeat::Reseed { .. }) | None => Some(Folder::outputs(self.folder.path(), trial)),
            },
            log: self.folder.logs().join(format!("trial-{trial}.log")),
            limits: SegmentLimits {
                seconds: self
                    .terms
                    .limits
                    .wall
                    .map(|wall| (wall - self.seconds_spent(trial)).max(0.0)),
                memory: self.terms.limits.memory,
                silence: self.terms.limits.silence,
            },
            part: match repeat {
                Some(Repeat::Test { .. }) => Part::Test,
                Some(Repeat::Reseed { .. }) | None => Part::Validation,
            },
            inherited: known.parent.map(|parent| parent.at),
            is_kept: self.is_kept(trial),
            micro_batches: 1 << self.study.record(trial).splits.min(16),
        }
    }

    /// The last evaluation of a trial, or of its parent at the level where the trial began.
    fn last_evaluation(&self, trial: TrialId) -> Option<Evaluation> {
        let own = self.study.record(trial).evaluations.last();
        let inherited = || {
            let parent = self.study.trials()[trial.index()].parent?;
            let evaluations = &self.study.record(parent.trial).evaluations;
            evaluations.iter().rev().find(|evaluation| evaluation.at <= parent.at)
        };
        own.or_else(inherited).cloned()
    }

    /// Seconds that a trial has been trained for, including an interrupted segment.
    fn seconds_spent(&self, trial: TrialId) -> f64 {
        let record = self.study.record(trial);
        let partial = record.partial.as_ref().map_or(0.0, |report| report.usage.wall_seconds);
        record.usage.wall_seconds + partial
    }
}
