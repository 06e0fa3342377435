//! Conversion of errors into text and exit codes.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use crate::ask_tell::RecordError;
use crate::convert::ConvertError;
use crate::engine::{FolderError, LaunchError, StopError};
use crate::finetune::data::guess::GuessError;
use crate::fit::FitError;
use crate::journal::LockError;
use crate::objective::InputError;
use crate::production::ProductionError;
use crate::report::view::MetricsDiffer;
use crate::spec::SpecErrors;
use crate::tracking::TrackerError;
use crate::transports::tcp::PilotError;
use crate::warm_start::WarmStartError;
use crate::worker::SlotError;

/// The exit code of every error: invalid input, or a machine that cannot run it. No file is half-written then.
pub(super) const EXIT_CODE: u8 = 2;

/// Any error that ends the program early.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error("{0}")]
    Spec(SpecErrors),
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Guess(#[from] GuessError),
    #[error(transparent)]
    Fit(FitError),
    #[error(transparent)]
    Convert(#[from] ConvertError),
    #[error(transparent)]
    WarmStart(#[from] WarmStartError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Metrics(#[from] MetricsDiffer),
    #[error(transparent)]
    Record(RecordError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Stop(#[from] StopError),
    #[error(transparent)]
    Slots(#[from] SlotError),
    #[error(transparent)]
    Pilot(#[from] PilotError),
    #[error(transparent)]
    Launch(LaunchError),
    #[error(transparent)]
    Tracker(TrackerError),
    #[error(transparent)]
    Production(ProductionError),
    #[error("cannot {action} `{}`: {source}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{0}")]
    Usage(String),
}

impl From<LaunchError> for CliError {
    fn from(error: LaunchError) -> Self {
        match error {
            LaunchError::Slots(error) => Self::Slots(error),
            LaunchError::Folder(error) => Self::Folder(error),
            other => Self::Launch(other),
        }
    }
}

impl From<ProductionError> for CliError {
    fn from(error: ProductionError) -> Self {
        match error {
            ProductionError::Spec(errors) => Self::Spec(errors),
            other => Self::Production(other),
        }
    }
}

impl From<FitError> for CliError {
    fn from(error: FitError) -> Self {
        match error {
            FitError::Spec(errors) => Self::Spec(errors),
            FitError::Input(error) => Self::Input(*error),
            other => Self::Fit(other),
        }
    }
}

impl CliError {
    /// The message with its causes, without colours.
    pub(super) fn text(&self) -> String {
        chain(self)
    }

    /// Writes the message to standard error.
    pub(super) fn show(&self) {
        let text = match self {
            Self::Spec(errors) | Self::Convert(ConvertError::Text(errors)) => errors.render(is_coloured()),
            other => format!("error: {}", other.text()),
        };
        // If standard error is closed, the message is lost.
        let _ = writeln!(std::io::stderr(), "{}", text.trim_end());
    }
}

/// `true` if standard error shows colours: it is a terminal, and `NO_COLOR` (no-color.org) is not set.
#[expect(clippy::disallowed_methods, reason = "the one place that asks for NO_COLOR")]
pub(super) fn is_coloured() -> bool {
    std::io::stderr().is_terminal() && std::env::var("NO_COLOR").map_or(true, |value| value.is_empty())
}

/// An error with its causes. A cause that the message already repeats is omitted.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !text.contains(&message) {
            let _ = write!(text, ": {message}");
        }
        cause = error.source();
    }
    text
}
