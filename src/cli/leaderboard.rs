//! `automl leaderboard DIR`: the trials of a study, best first.

use std::io::{self, Write};
use std::process::ExitCode;

use comfy_table::{ContentArrangement, Table, TableStyle, presets};

use super::arguments::{Leaderboard as Arguments, TableFormat};
use super::stored::shown;
use super::{CliError, stored};
use crate::report::{Leaderboard, plain};

/// Columns of the table for people, beside the metrics that count; the others are in the CSV.
const TELLING: [&str; 8] = [
    "rank",
    "trial",
    "status",
    "pareto",
    "violation",
    "best_epoch",
    "epochs",
    "origin",
];

/// Prints the leaderboard.
pub(super) fn leaderboard(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let (_, study) = stored::load(&arguments.folder)?;
    let mut leaderboard = Leaderboard::new(&study);
    if let Some(top) = arguments.top {
        leaderboard.truncate(top);
    }
    let with_timing = !arguments.no_timing;
    let mut output = io::stdout().lock();
    let written = match arguments.format {
        TableFormat::Csv => leaderboard.write_csv(&mut output, with_timing),
        TableFormat::Json => write_json(&leaderboard, &mut output, with_timing),
        TableFormat::Table => writeln!(
            output,
            "{}",
            table(&leaderboard, &study.settings().metrics(), presets::UTF8_FULL_CONDENSED)
        ),
        TableFormat::Md => writeln!(
            output,
            "{}",
            table(&leaderboard, &study.settings().metrics(), presets::ASCII_MARKDOWN)
        ),
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

fn table(leaderboard: &Leaderboard, metrics: &[&str], preset: TableStyle) -> Table {
    let header = leaderboard.header(false);
    let is_shown = |name: &str| TELLING.contains(&name) || metrics.contains(&name) || name.starts_with("params.");
    let shown: Vec<usize> = (0..header.len()).filter(|&index| is_shown(&header[index])).collect();
    let mut table = Table::new();
    table
        .load_style(preset)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(shown.iter().map(|&index| header[index].trim_start_matches("params.")));
    for row in leaderboard.rows() {
        let cells = leaderboard.cells(row, false);
        table.add_row(shown.iter().map(|&index| short(&plain(&cells[index]))));
    }
    table
}

/// A number with four significant digits; anything else as it is.
pub(super) fn short(cell: &str) -> String {
    match cell.parse::<f64>() {
        Ok(number) if number.fract() != 0.0 && number.is_finite() => {
            let digits = (3 - number.abs().log10().floor() as i32).max(0) as usize;
            if digits > 7 {
                return format!("{number:.3e}");
            }
            let text = format!("{number:.digits$}");
            if text.contains('.') {
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            } else {
                text
            }
        }
        _ => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shortened_for_people() {
        let cells = [
            "0.00031415926",
            "12",
            "0.8790000001",
            "1.5",
            "linear",
            "",
            "0.000000123456",
            "12345.67",
        ];
        let expected = ["0.0003142", "12", "0.879", "1.5", "linear", "", "1.235e-7", "12346"];
        assert_eq!(cells.map(short), expected);
    }
}
