//! Pilots that a cluster runs as jobs.
//!
//! A [`JobSystem`] submits, lists and cancels jobs; each system is one file or folder beside this one. [`Submitted`] is
//! the transport over it: pilots join over TCP, and a thread (`keeper`) keeps as many jobs as the study can use. What to
//! do is decided by `roster`, which has no clock and no processes. Begin reading there.

mod error;
mod keeper;
mod roster;
mod state;
mod submitted;

pub use error::JobError;
pub use state::{Job, JobEnd, JobState, Obstacle, QueueState, QueuedJob};
pub use submitted::Submitted;

/// A system that runs pilots as jobs: it queues them, places them and ends them.
pub trait JobSystem: Send {
    /// Its name, for people.
    fn name(&self) -> &'static str;

    /// Submits `count` jobs, each with one pilot.
    ///
    /// # Errors
    /// If the system refuses them or is out of reach.
    fn submit(&mut self, count: usize) -> Result<(), JobError>;

    /// The jobs of the study, with those that ended a short time ago.
    ///
    /// # Errors
    /// If the system is out of reach. Then nothing is known: it does not mean that there are no jobs.
    fn list(&mut self) -> Result<Vec<Job>, JobError>;

    /// Cancels jobs.
    fn cancel(&mut self, jobs: &[String]);

    /// Cancels every job of the study.
    fn cancel_all(&mut self);

    /// The last lines that a job has written; `None` if they cannot be read.
    fn last_lines(&mut self, job: &str) -> Option<String>;
}
