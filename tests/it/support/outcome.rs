//! The outcome of a run of the program.

use std::path::PathBuf;
use std::time::Duration;

/// The outcome of a run of the program.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The command line.
    pub(crate) what: String,
    /// The exit code; `None` after a signal.
    pub(crate) code: Option<i32>,
    /// Results.
    pub(crate) stdout: String,
    /// Standard error, the output for people.
    pub(crate) stderr: String,
    /// From start to end.
    pub(crate) seconds: Duration,
    /// The story's folder.
    pub(crate) folder: PathBuf,
}

impl Outcome {
    /// Fails the test unless the program ended with this exit code and without a panic.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        let Self { what, stderr, .. } = &self;
        assert!(!stderr.contains("panicked"), "`{what}` panicked:\n{stderr}");
        assert_eq!(self.code, Some(code), "exit code of `{what}`, which said:\n{stderr}");
        self
    }

    /// Fails the test unless the output for people contains this text.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        let Self { what, stderr, .. } = &self;
        assert!(stderr.contains(words), "`{what}` did not say `{words}`, but:\n{stderr}");
        self
    }

    /// The one message on standard error, without what changes from run to run.
    #[track_caller]
    pub(crate) fn message(&self) -> String {
        let Self { what, stderr, .. } = self;
        let errors = stderr.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(errors, 1, "messages of `{what}`:\n{stderr}");
        self.filtered()
    }

    /// Standard error with the folder and process numbers replaced.
    pub(crate) fn filtered(&self) -> String {
        let text = self
            .stderr
            .replace(&self.folder.display().to_string(), "[FOLDER]")
            .replace(env!("CARGO_BIN_EXE_automl"), "[AUTOML]");
        match text.split_once("(pid ") {
            Some((before, after)) => {
                let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
                format!("{before}(pid [PID]{rest}")
            }
            None => text,
        }
    }
}
