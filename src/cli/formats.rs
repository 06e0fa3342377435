//! The registry of the leaderboard's formats, one row each. The arguments, the help and the reference use only this list.

use std::io::{self, Write};

use super::telling;
use crate::report::Leaderboard;

/// Every format of the leaderboard, the default first.
pub(super) const FORMATS: &[&Format] = &[
    &Format {
        name: "table",
        about: "For a terminal, with the most useful columns",
        write: |shown, output| {
            let tables = telling::tables(shown.leaderboard, shown.metrics, shown.width);
            writeln!(output, "{tables}")
        },
    },
    &Format {
        name: "csv",
        about: "All columns, comma-separated",
        write: |shown, output| shown.leaderboard.write_csv(output, shown.with_timing),
    },
    &JSON,
    &Format {
        name: "md",
        about: "A Markdown table",
        write: |shown, output| writeln!(output, "{}", telling::markdown(shown.leaderboard, shown.metrics)),
    },
];

/// The format that `--json` selects.
pub(super) const JSON: Format = Format {
    name: "json",
    about: "All columns, as a list of objects",
    write: write_json,
};

/// A format of the leaderboard.
#[derive(Debug)]
pub(super) struct Format {
    /// Name for `--format`.
    pub(super) name: &'static str,
    /// Description in one line.
    pub(super) about: &'static str,
    /// Writes a leaderboard.
    pub(super) write: fn(&Shown<'_>, &mut dyn Write) -> io::Result<()>,
}

/// A leaderboard, and how to show it.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub(super) leaderboard: &'a Leaderboard,
    /// The metrics in goals and constraints, the first one first.
    pub(super) metrics: &'a [&'a str],
    /// True if columns that depend on the machine are wanted.
    pub(super) with_timing: bool,
    /// The width of the terminal, in characters; `None` without a limit.
    pub(super) width: Option<usize>,
}

fn write_json(shown: &Shown<'_>, output: &mut dyn Write) -> io::Result<()> {
    let (leaderboard, with_timing) = (shown.leaderboard, shown.with_timing);
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
