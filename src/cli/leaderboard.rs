//! `automl leaderboard DIR`: the trials of a study, best first.

use std::io::{self, Write};
use std::process::ExitCode;

use super::arguments::{Leaderboard as Arguments, TableFormat};
use super::output::{self, shown};
use super::{CliError, stored, telling};
use crate::report::{Leaderboard, RowsError};

/// Prints the leaderboard.
pub(super) fn leaderboard(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let (_, study) = stored::load(&arguments.folder)?;
    let mut leaderboard = Leaderboard::new(&study);
    let wrong = |error: RowsError| CliError::Usage(error.to_string());
    if let Some(condition) = &arguments.condition {
        leaderboard.keep_where(condition).map_err(wrong)?;
    }
    if let Some(order) = &arguments.sort {
        leaderboard.sort_by(order).map_err(wrong)?;
    }
    if let Some(top) = arguments.top {
        leaderboard.truncate(top);
    }
    let with_timing = !arguments.no_timing;
    let width = output::width();
    let mut output = io::stdout().lock();
    let format = if arguments.json {
        TableFormat::Json
    } else {
        arguments.format
    };
    let metrics = study.settings().metrics();
    let written = match format {
        TableFormat::Csv => leaderboard.write_csv(&mut output, with_timing),
        TableFormat::Json => write_json(&leaderboard, &mut output, with_timing),
        TableFormat::Table => writeln!(output, "{}", telling::tables(&leaderboard, &metrics, width)),
        TableFormat::Md => writeln!(output, "{}", telling::markdown(&leaderboard, &metrics)),
    };
    shown(written.and_then(|()| output.flush()))
}

fn write_json(leaderboard: &Leaderboard, output: &mut impl Write, with_timing: bool) -> io::Result<()> {
    let header = leaderboard.header(with_timing);
    let object = |row| -> serde_json::Value {
        let cells = leaderboard.cells(row, with_timing);
        header
            .iter()
            .cloned()
            .zip(cells)
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let rows: Vec<serde_json::Value> = leaderboard.rows().iter().map(object).collect();
    writeln!(output, "{:#}", serde_json::Value::from(rows))
}
