//! Everything that can happen to a study. The journal is a list of these.

use serde::{Deserialize, Serialize};

use super::Repeat;
use crate::space::Configuration;
use crate::spec::InputPart;
use crate::trials::{Failure, FailureKind, Parent, PastTrial, SegmentReport};
use crate::units::{Samples, Seed, TrialId};

/// Something that happened to a study: a decision of its own or news from outside.
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
        /// What the spec names, as it was found.
        inputs: Identity,
        /// What `warm_start` brought along from earlier studies, whose files may change or go.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        past: Vec<PastTrial>,
        /// Epochs of the schedules that were asked for, where the wall budget cannot pay them on this machine.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shortened_from: Option<f64>,
    },
    /// Input: so many slots work on the study from now on. With a wall budget, plans depend on it.
    SlotsOpened {
        /// How many.
        slots: u32,
    },
    /// A process took up a study that another one left.
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
        /// Where the segment ends.
        to: Samples,
        /// Whether the trial is complete there, its learning rate falling to 0 over this segment.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cools_down: bool,
        /// The logical worker that it is planned for.
        worker: u32,
        /// When it starts, on the virtual clock.
        start: f64,
        /// When it ends, on the virtual clock.
        finish: f64,
    },
    /// Input: a segment came to an end on some worker.
    SegmentEnded {
        /// The trial.
        trial: TrialId,
        /// What came of it.
        outcome: Outcome,
        /// Where it ran.
        device: String,
        /// Wall-clock time of its start, RFC 3339.
        started_at: String,
        /// Wall-clock time of its end, RFC 3339.
        finished_at: String,
    },
    /// Input: a segment was told to stop before its end; it can go on from its checkpoint.
    SegmentInterrupted {
        /// The trial.
        trial: TrialId,
        /// What was done until then.
        report: SegmentReport,
    },
    /// Input: the segment was lost, with its worker or because memory ran out; it will be tried again.
    SegmentLost {
        /// The trial.
        trial: TrialId,
        /// What is known of the cause.
        message: String,
        /// What the trial fails as if that happens again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<FailureKind>,
    },
    /// Decided: a segment's outcome counts from now on.
    SegmentDelivered {
        /// The trial.
        trial: TrialId,
    },
    /// The search is over, and a selection begins: decided, or because the wall budget has no more time for it.
    SearchClosed {
        /// Why.
        reason: EndReason,
    },
    /// Input: the wall budget is spent. Nothing new is planned; what waits for its turn goes on waiting, in case time is added.
    DeadlineReached,
    /// Decided: nothing more will happen, unless the study is resumed with a larger budget.
    StudyEnded {
        /// Why.
        reason: EndReason,
    },
}

/// The model and the data of a study, to notice when they change under it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// Samples of one epoch.
    pub epoch: Samples,
    /// Fingerprint of everything that training sees; empty for a function.
    pub fingerprint: String,
    /// The model and every part of the data by itself, to say which one has changed; empty of studies that did not note it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<InputPart>,
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        // What the parts say, the whole says too.
        (self.epoch, &self.fingerprint) == (other.epoch, &other.fingerprint)
    }
}

impl Eq for Identity {}

/// The birth of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Created {
    /// What it tries.
    pub configuration: Configuration,
    /// The searcher that proposed it.
    pub origin: String,
    /// Whose state it begins with; `None`: the pretrained model's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Why this configuration is trained again after the search; `None` for a trial of the search itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
}

/// What came of a segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It reached its end.
    Reached(SegmentReport),
    /// The trial cannot go on.
    Failed(Failure),
}

/// Why a study ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// A trial was as good as the target.
    Target,
    /// The wall budget was spent.
    Wall,
    /// All trials of the budget ran.
    Trials,
    /// The space has no configuration left that was not tried.
    Exhausted,
    /// The first trials all failed alike.
    Failures,
}

impl EndReason {
    /// The reason as the leaderboard's `stop_reason` shows it for trials that the end cut off.
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
        // And one without a warm start is written as it always was.
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
