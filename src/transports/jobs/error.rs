//! The reasons why a job system does not do what it is asked for.

/// A job system does not do what it is asked for.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Its commands are missing on this machine.
    #[error(
        "cannot run `{command}`: {source}; start the search on a machine that can submit jobs, such as a login node"
    )]
    NoCommand {
        /// The command.
        command: String,
        /// The error of the system.
        source: std::io::Error,
    },
    /// It gave no answer.
    #[error("{system} does not answer: {message}")]
    Silent {
        /// Its name.
        system: &'static str,
        /// Its words.
        message: String,
    },
    /// It refused jobs.
    #[error("{system} refused the jobs: {message}; `automl cluster check SPEC` looks for the reason")]
    Refused {
        /// Its name.
        system: &'static str,
        /// Its words.
        message: String,
    },
    /// Jobs end again and again before their worker is ready.
    #[error(
        "{count} jobs of {system} in a row ended before their worker was ready, so no more are submitted; the last one was {job} ({how}){log}"
    )]
    NeverReady {
        /// Its name.
        system: &'static str,
        /// Number of such jobs.
        count: usize,
        /// The last one.
        job: String,
        /// How it ended.
        how: String,
        /// The end of its log, on lines of their own.
        log: String,
    },
}
