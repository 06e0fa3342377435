//! The state of jobs, as their system says it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// A job, as its system sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its name in the system, such as `123_4`.
    pub id: String,
    /// Its state.
    pub state: JobState,
    /// The machine on which it runs; empty while it waits.
    pub node: String,
}

/// The state of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It waits, for a reason in plain words.
    Waiting {
        /// The reason; empty if the system gives none.
        why: String,
        /// The obstacle that does not go away by waiting, if there is one.
        obstacle: Option<Obstacle>,
    },
    /// It runs.
    Running,
    /// It has ended.
    Ended(JobEnd),
}

/// An obstacle that does not go away by waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The job is held. Another job may not be.
    Held,
    /// No job with these options can start.
    Impossible,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// Its command ended without an error.
    Completed,
    /// Its command failed, or the system could not start it.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
    /// It made room for another job.
    Preempted,
    /// Its machine failed.
    NodeFailed,
    /// Its time was over.
    TimedOut,
    /// It took more memory than it may.
    OutOfMemory,
}

impl JobEnd {
    /// The end in words, after "the job".
    pub fn words(self) -> &'static str {
        match self {
            Self::Completed => "ended without an error",
            Self::Failed => "failed",
            Self::Cancelled => "was cancelled",
            Self::Preempted => "made room for another job",
            Self::NodeFailed => "was lost with its machine",
            Self::TimedOut => "reached its time limit",
            Self::OutOfMemory => "took more memory than it may",
        }
    }

    /// Returns whether it may be the job's own fault.
    pub fn is_failure(self) -> bool {
        match self {
            Self::Completed | Self::Failed | Self::TimedOut | Self::OutOfMemory => true,
            Self::Cancelled | Self::Preempted | Self::NodeFailed => false,
        }
    }
}

/// The jobs of a study that wait or run, for people and programs. The JSON fields are stable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueState {
    /// The name of the job system.
    pub system: String,
    /// Number of jobs that the study wants.
    pub wanted: usize,
    /// The jobs that wait or run.
    pub jobs: Vec<QueuedJob>,
    /// The reason why the study does not get its workers, in plain words; `None` if nothing does.
    pub problem: Option<String>,
}

/// A job that waits or runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedJob {
    /// Its name in the system.
    pub job: String,
    /// `waiting`, `starting` (it runs, but its worker is not ready) or `ready`.
    pub state: String,
    /// The reason why it waits; empty if it runs.
    pub why: String,
    /// The machine on which it runs; empty while it waits.
    pub node: String,
}

impl QueueState {
    /// One sentence: `slurm: 3 of 8 jobs run; 5 wait: other jobs come first`.
    pub fn sentence(&self) -> String {
        let waiting: Vec<&QueuedJob> = self.jobs.iter().filter(|job| job.state == "waiting").collect();
        let starting = self.jobs.iter().filter(|job| job.state == "starting").count();
        let running = self.jobs.len() - waiting.len();
        let mut sentence = format!("{}: {running} of {} jobs run", self.system, self.wanted);
        if starting > 0 {
            let _ = write!(sentence, ", {starting} of them not ready yet");
        }
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for job in &waiting {
            *reasons.entry(&job.why).or_default() += 1;
        }
        for (why, count) in reasons {
            let verb = if count == 1 { "waits" } else { "wait" };
            let _ = write!(sentence, "; {count} {verb}");
            if !why.is_empty() {
                sentence += ": ";
                sentence += why;
            }
        }
        if let Some(problem) = &self.problem {
            sentence += "; ";
            sentence += problem;
        }
        sentence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_told_in_one_sentence() {
        let job = |state: &str, why: &str| QueuedJob {
            job: String::new(),
            state: state.to_owned(),
            why: why.to_owned(),
            node: String::new(),
        };
        let queue = QueueState {
            system: "slurm".to_owned(),
            wanted: 4,
            jobs: vec![
                job("ready", ""),
                job("starting", ""),
                job("waiting", "other jobs come first"),
                job("waiting", "other jobs come first"),
            ],
            problem: None,
        };
        insta::assert_snapshot!(queue.sentence(), @"slurm: 2 of 4 jobs run, 1 of them not ready yet; 2 wait: other jobs come first");
        let silent = QueueState {
            problem: Some("slurm does not answer".to_owned()),
            jobs: Vec::new(),
            ..queue
        };
        insta::assert_snapshot!(silent.sentence(), @"slurm: 0 of 4 jobs run; slurm does not answer");
    }
}
