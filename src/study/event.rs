//! The events of a study. The journal is a list of these.

use serde::{Deserialize, Serialize};

use super::Repeat;
use crate::space::Configuration;
use crate::spec::InputPart;
use crate::trials::{Failure, FailureKind, Parent, PastTrial, SegmentReport};
use crate::units::{Samples, Seed, TrialId};

/// An event of a study: a decision of its own or an input from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The first event of every study.
    StudyCreated {
        /// Version of this format.
        format: u32,
        /// Version of the program.
        version: String,
        /// Fingerprint of the resolved spec.
        spec: String,
        /// The study's seed.
        seed: Seed,
        /// The model and the data that the spec names, as they were found.
        inputs: Identity,
        /// Results that `warm_start` took from earlier studies, whose files may change or disappear.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        past: Vec<PastTrial>,
        /// The requested epochs of a schedule, if the wall budget cannot pay for them on this machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shortened_from: Option<f64>,
    },
    /// Input: the number of slots that work on the study from now on. With a wall budget, plans depend on it.
    SlotsOpened {
        /// Number of slots.
        slots: u32,
    },
    /// A process resumed a study that another one had left.
    StudyResumed {
        /// Seconds added to the wall budget.
        added_wall: f64,
    },
    /// Decided: the next segment of a trial.
    SegmentPlanned {
        /// The trial.
        trial: TrialId,
        /// Present if the trial is new.
        created: Option<Created>,
        /// The level at which the segment ends.
        to: Samples,
        /// True if the trial is complete at that level, with its learning rate falling to 0 over this segment.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cools_down: bool,
        /// The logical worker for which it is planned.
        worker: u32,
        /// Its start on the virtual clock.
        start: f64,
        /// Its end on the virtual clock.
        finish: f64,
    },
    /// Input: a segment ended on some worker.
    SegmentEnded {
        /// The trial.
        trial: TrialId,
        /// The result or the failure.
        outcome: Outcome,
        /// The device on which it ran.
        device: String,
        /// Wall-clock time of its start, RFC 3339.
        started_at: String,
        /// Wall-clock time of its end, RFC 3339.
        finished_at: String,
    },
    /// Input: a segment was interrupted before its end; it can resume from its checkpoint.
    SegmentInterrupted {
        /// The trial.
        trial: TrialId,
        /// The results until then.
        report: SegmentReport,
    },
    /// Input: the segment was lost, with its worker or because memory ran out; it will be retried.
    SegmentLost {
        /// The trial.
        trial: TrialId,
        /// A description of the cause, as far as known.
        message: String,
        /// The kind of failure that the trial gets if this happens again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<FailureKind>,
    },
    /// Decided: a segment's outcome counts from now on.
    SegmentDelivered {
        /// The trial.
        trial: TrialId,
    },
    /// The search ended, and a selection begins: by a decision, or because the wall budget needs the time for it.
    SearchClosed {
        /// The reason.
        reason: EndReason,
    },
    /// Input: the wall budget is spent. Nothing new is planned; undelivered outcomes wait in case time is added.
    DeadlineReached,
    /// Decided: the study ended. Nothing more will happen, unless it is resumed with a larger budget.
    StudyEnded {
        /// The reason.
        reason: EndReason,
    },
}

/// The model and the data of a study, to detect that they have changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// Samples of one epoch.
    pub epoch: Samples,
    /// Fingerprint of everything that training reads; empty for a function.
    pub fingerprint: String,
    /// Fingerprints of the model and of each part of the data, to say which one has changed; empty in older studies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<InputPart>,
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        // The fingerprint covers all parts.
        (self.epoch, &self.fingerprint) == (other.epoch, &other.fingerprint)
    }
}

impl Eq for Identity {}

/// The creation of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Created {
    /// The configuration to try.
    pub configuration: Configuration,
    /// The searcher that proposed it.
    pub origin: String,
    /// The trial whose state it begins with; `None` for the state of the pretrained model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The reason for training this configuration again after the search; `None` for a trial of the search itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
}

/// The outcome of a segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The segment reached its end.
    Reached(SegmentReport),
    /// The trial cannot continue.
    Failed(Failure),
}

/// The reason why a study ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// A trial reached the target.
    Target,
    /// The wall budget was spent.
    Wall,
    /// All trials of the budget ran.
    Trials,
    /// Every configuration of the space was tried.
    Exhausted,
    /// The first trials all failed in the same way.
    Failures,
}

impl EndReason {
    /// The reason as the leaderboard's `stop_reason` shows it for trials that were still unfinished.
    pub fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Wall => "wall",
            Self::Trials => "trials",
            Self::Exhausted => "exhausted",
            Self::Failures => "failures",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_from_before_warm_starts_still_opens() {
        let line = r#"{"type":"study_created","format":1,"version":"0.1.0","spec":"0123456789abcdef","seed":7,
            "inputs":{"epoch":1000,"fingerprint":""}}"#;
        let event: Event = serde_json::from_str(line).unwrap();
        assert!(matches!(&event, Event::StudyCreated { past, .. } if past.is_empty()));
        // A study without a warm start writes no `past`, as before.
        assert!(!serde_json::to_string(&event).unwrap().contains("past"));
    }

    #[test]
    fn a_trial_from_before_clones_still_opens_and_is_written_as_it_was() {
        let line = r#"{"configuration":{"x":1},"origin":"random"}"#;
        let created: Created = serde_json::from_str(line).unwrap();
        assert_eq!((created.parent, created.repeat), (None, None));
        assert_eq!(serde_json::to_string(&created).unwrap(), line);
    }
}
