//! `automl leaderboard DIR`: the trials of a study, best first.

use std::io::{self, Write};
use std::process::ExitCode;

use comfy_table::{ContentArrangement, Table, presets};

use super::arguments::{Leaderboard as Arguments, TableFormat};
use super::output::{self, shown};
use super::{CliError, stored};
use crate::report::{Cell, Leaderboard, RowsError, markdown, plain, short};
use crate::warm_start::metric_column;

/// Columns of the table for people, beside the metrics that count; the others are in the CSV.
const TELLING: [&str; 12] = [
    "rank",
    "trial",
    "status",
    "pareto",
    "violation",
    "metric_mean",
    "metric_se",
    "test_metric",
    "best_epoch",
    "epochs",
    "origin",
    "repeats",
];

/// Those that only a selection fills.
const SELECTION: [&str; 3] = ["metric_mean", "metric_se", "test_metric"];

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
    let mut output = io::stdout().lock();
    let format = if arguments.json {
        TableFormat::Json
    } else {
        arguments.format
    };
    let written = match format {
        TableFormat::Csv => leaderboard.write_csv(&mut output, with_timing),
        TableFormat::Json => write_json(&leaderboard, &mut output, with_timing),
        TableFormat::Table => writeln!(
            output,
            "{}",
            table(&leaderboard, &study.settings().metrics(), str::to_owned)
        ),
        TableFormat::Md => {
            let mut table = table(&leaderboard, &study.settings().metrics(), markdown);
            // Each row is one line, however wide.
            table.set_content_arrangement(ContentArrangement::Disabled);
            writeln!(output, "{}", table.load_style(presets::ASCII_MARKDOWN))
        }
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

fn table(leaderboard: &Leaderboard, metrics: &[&str], escape: fn(&str) -> String) -> Table {
    let header = leaderboard.header(false);
    let metrics: Vec<String> = metrics.iter().map(|name| metric_column(name)).collect();
    let is_metric = |name: &str| metrics.iter().any(|metric| metric == name);
    let is_shown = |name: &str| TELLING.contains(&name) || is_metric(name) || name.starts_with("params.");
    let cells: Vec<Vec<Cell>> = leaderboard
        .rows()
        .iter()
        .map(|row| leaderboard.cells(row, false))
        .collect();
    // What a selection adds is of no interest without one.
    let is_selected = header.iter().any(|name| name == "repeats");
    let is_wanted = |name: &str| is_selected || !SELECTION.contains(&name);
    let shown: Vec<usize> = (0..header.len())
        .filter(|&index| is_shown(&header[index]) && is_wanted(&header[index]))
        .collect();
    let mut table = output::table(
        shown
            .iter()
            .map(|&index| escape(header[index].trim_start_matches("params."))),
    );
    for cells in cells {
        table.add_row(shown.iter().map(|&index| escape(&short(&plain(&cells[index])))));
    }
    table
}
