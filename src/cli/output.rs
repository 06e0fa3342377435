//! Results on standard output, and tables for people.

use std::io::{self, Write as _};
use std::process::ExitCode;

use comfy_table::{ContentArrangement, Table, presets};

use super::CliError;
use crate::finetune::Scores;

/// Prints a result.
pub(super) fn print(text: &str) -> Result<ExitCode, CliError> {
    let mut output = io::stdout().lock();
    let text = text.trim_end_matches('\n');
    shown(writeln!(output, "{text}").and_then(|()| output.flush()))
}

/// Metrics as a phrase: accuracy 0.9120, loss 0.2310.
pub(super) fn scores(scores: &Scores) -> String {
    let one = |(name, value): (&String, &f64)| format!("{name} {value:.4}");
    scores.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A table that fits the terminal.
pub(super) fn table<Name: ToString>(header: impl IntoIterator<Item = Name>) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header.into_iter().map(|name| name.to_string()));
    table
}

/// The width in characters of the terminal on standard output; `None` if it is not a terminal.
pub(super) fn width() -> Option<usize> {
    Table::new().width().map(usize::from)
}

/// The result of writing to standard output. A reader may stop early without error: `automl leaderboard DIR | head`.
pub(super) fn shown(written: io::Result<()>) -> Result<ExitCode, CliError> {
    match written {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => Err(CliError::File {
            action: "write",
            path: "standard output".into(),
            source,
        }),
        _ => Ok(ExitCode::SUCCESS),
    }
}
