//! What the study remembers of a trial beyond what decisions need: for the leaderboard and the other derived files.

use crate::preference::Scores;
use crate::trials::{Evaluation, Failure, SegmentReport, Usage};
use crate::units::TrialId;

/// The particulars of one trial.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// All evaluations delivered, with every metric.
    pub evaluations: Vec<Evaluation>,
    /// What is known of a segment that was interrupted and has not ended yet.
    pub partial: Option<SegmentReport>,
    /// How many numbers its optimiser changes; 0 while unknown.
    pub trainable_parameters: u64,
    /// How often memory ran out and it was tried again: each time its steps are done in twice as many parts.
    pub splits: u32,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// The rule that gave it up for good.
    pub stopped_by: Option<&'static str>,
    /// What it cost in all.
    pub usage: Usage,
    /// Where its last segment ran.
    pub device: String,
    /// When its first segment started, RFC 3339.
    pub started_at: String,
    /// When its last segment ended, RFC 3339.
    pub finished_at: String,
}

/// A new incumbent, or where several metrics count a new result on the front.
#[derive(Clone, Debug, PartialEq)]
pub struct Improvement {
    /// Its trial.
    pub trial: TrialId,
    /// Its scores.
    pub scores: Scores,
    /// Trials created until then.
    pub trials: usize,
    /// Samples that all trials had seen until then.
    pub samples: u64,
    /// Seconds that the study had run.
    pub elapsed: f64,
}
