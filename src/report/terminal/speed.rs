//! Estimated number of full runs that fit into the time left, reported once after enough segments.

use crate::engine::EngineEvent;
use crate::study::{Outcome, Study};
use crate::units::{Samples, TrialId};

use super::{DisplayFacts, header, words};
use crate::report::plan::ENOUGH;

/// Full runs below this number of seconds are not worth an estimate.
const LEAST_SECONDS: f64 = 0.01;

/// Speed of this machine, estimated from the segments so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Speed {
    slots: usize,
    /// Number of segments that have ended.
    ended: usize,
    is_told: bool,
}

/// Estimate for the time left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fits {
    /// Seconds of a full run, averaged over the trials so far.
    pub(super) full_run: f64,
    /// Number of such runs that fit on all slots.
    pub(super) runs: f64,
    /// Seconds left.
    pub(super) left: f64,
}

impl Speed {
    /// Updates the speed with an event, and returns once how many full runs fit into the wall budget. The estimate
    /// waits for as many ended segments as there are slots, so that each slot can show its speed.
    pub(super) fn take(
        &mut self,
        event: &EngineEvent<'_>,
        study: &Study,
        facts: &DisplayFacts,
        elapsed: f64,
    ) -> Option<Fits> {
        match event {
            EngineEvent::Started { slots, .. } => self.slots = slots.len(),
            EngineEvent::WorkerJoined { slot, .. } => self.slots = self.slots.max(slot + 1),
            EngineEvent::SegmentEnded {
                outcome: Some(Outcome::Reached(_)),
                ..
            } => self.ended += 1,
            _ => {}
        }
        let left = header::wall(study, facts)? - elapsed;
        if self.is_told || self.ended < self.slots.max(1) {
            return None;
        }
        let trials = study.searched().count() as u32;
        let full = |trial| study.work(TrialId(trial), Samples(0), study.settings().max);
        let all: f64 = (0..trials)
            .map(|trial| study.pace().seconds(full(trial)))
            .sum::<Option<f64>>()?;
        let full_run = all / f64::from(trials.max(1));
        self.is_told = true;
        let runs = (left.max(0.0) / full_run).floor() * self.slots as f64;
        (full_run >= LEAST_SECONDS).then_some(Fits { full_run, runs, left })
    }
}

/// The plan at the start of a study with a wall budget: `plan: 3:00 on 2 slots, rungs at 0.44, 1.3 and 4 epochs; …`.
pub(super) fn at_start(study: &Study, facts: &DisplayFacts, slots: usize) -> Option<String> {
    let wall = header::wall(study, facts)?;
    let rungs: Vec<String> = study
        .rungs()
        .iter()
        .map(|&rung| words::epochs(rung, facts.epoch))
        .collect();
    let rungs = match rungs.split_last()? {
        (last, []) => format!("{} a trial", words::counted(last, "epoch")),
        (last, before) => format!("rungs at {} and {}", before.join(", "), words::counted(last, "epoch")),
    };
    let (wall, slots) = (words::stopwatch(wall), words::counted(&slots.to_string(), "slot"));
    Some(format!(
        "plan: {wall} on {slots}, {rungs}; the estimate follows after the first segments"
    ))
}

/// `plan: a full run takes about 12 s, so about 26 fit into the 2:30 left`.
pub(super) fn fits(fits: Fits) -> String {
    let Fits { full_run, runs, left } = fits;
    let advice = if runs < ENOUGH {
        "; a longer budget or fewer epochs would leave more to explore"
    } else {
        ""
    };
    format!(
        "plan: a full run takes about {}, so about {runs:.0} fit into the {} left{advice}",
        words::seconds(full_run),
        words::stopwatch(left)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::testing;

    /// The estimates, each with the number of segments that had ended.
    fn told(facts: &DisplayFacts) -> Vec<(usize, Fits)> {
        let (mut speed, mut ended, mut told) = (Speed::default(), 0, Vec::new());
        testing::story(&mut |event, study, elapsed| {
            ended += usize::from(matches!(event, EngineEvent::SegmentEnded { .. }));
            told.extend(speed.take(event, study, facts, elapsed).map(|fits| (ended, fits)));
        });
        told
    }

    #[test]
    fn what_fits_is_told_once_when_every_slot_has_shown_its_speed() {
        let told = told(&testing::facts());
        assert_eq!(told.len(), 1);
        let (ended, told) = told[0];
        assert_eq!(ended, 2);
        // The speed is 100 samples per second, and a full run has 4000 samples.
        assert!((told.full_run - 40.0).abs() < 1e-9, "{told:?}");
        assert_eq!(told.runs, (told.left / 40.0).floor() * 2.0);
    }

    #[test]
    fn without_a_wall_budget_there_is_nothing_to_tell() {
        let endless = DisplayFacts {
            wall: None,
            ..testing::facts()
        };
        assert!(told(&endless).is_empty());
        assert_eq!(at_start(&testing::study_under_way(), &endless, 2), None);
    }

    #[test]
    fn a_study_without_early_termination_has_one_rung() {
        let study = testing::study(crate::spec::SchedulerSpec::named("none").unwrap(), None);
        insta::assert_snapshot!(
            at_start(&study, &testing::facts(), 1).unwrap(),
            @"plan: 3:00 on 1 slot, 4 epochs a trial; the estimate follows after the first segments"
        );
    }
}
