//! The leaderboard for people: the most useful columns that fit into the terminal, and a separate table of the trials
//! that a selection trained again.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};

use super::output;
use crate::report::{Cell, Leaderboard, plain, short};
use crate::warm_start::metric_column;

/// Columns other than the metrics and the parameters, in display order.
const COLUMNS: [(&str, Use); 11] = [
    ("rank", Use::Always),
    ("trial", Use::Always),
    ("status", Use::Always),
    ("pareto", Use::Telling),
    ("violation", Use::Telling),
    ("metric_mean", Use::Telling),
    ("metric_se", Use::Small),
    ("test_metric", Use::Telling),
    ("best_epoch", Use::Small),
    ("epochs", Use::Telling),
    ("origin", Use::Small),
];

/// Columns that only a selection fills.
const SELECTION: [&str; 3] = ["metric_mean", "metric_se", "test_metric"];

/// Columns of the trials that a selection trained again.
const OF_REPEATS: [&str; 4] = ["repeats", "trial", "status", "origin"];

/// The priority of a column in a narrow terminal; the last variants are left out first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    /// Never left out.
    Always,
    Telling,
    /// A parameter; the last parameters are left out first.
    Parameter,
    Small,
    /// A column with the same value in all rows.
    Constant,
}

/// A column of text.
struct Column {
    name: String,
    cells: Vec<String>,
    worth: Use,
}

impl Column {
    /// The width of its widest cell or its name; with a broken name, that of the longest piece.
    fn width(&self, is_broken: bool) -> usize {
        let cells = self.cells.iter().map(|cell| cell.chars().count());
        let pieces = self.name.split_inclusive('_').map(|piece| piece.chars().count());
        let name = if is_broken { pieces.max() } else { Some(pieces.sum()) };
        cells.chain(name).max().unwrap_or(0)
    }

    /// Its name. A broken name has several lines if the cells are narrower.
    fn title(&self, is_broken: bool) -> String {
        let width = self.width(is_broken);
        let mut lines = vec![String::new()];
        for piece in self.name.split_inclusive('_') {
            match lines.last_mut() {
                Some(line) if line.chars().count() + piece.chars().count() <= width => line.push_str(piece),
                _ => lines.push(piece.to_owned()),
            }
        }
        lines.join("\n")
    }
}

/// The tables for a terminal of `width` characters; `None`: no limit.
pub(super) fn tables(leaderboard: &Leaderboard, metrics: &[&str], width: Option<usize>) -> String {
    let (search, again) = parts(leaderboard);
    let columns = columns(leaderboard, metrics, &search);
    // Names are broken before columns are left out.
    let is_broken = width.is_some_and(|width| total(&columns, false) > width);
    let (columns, left_out) = fit(columns, width);
    let mut text = drawn(&columns, search.len(), is_broken).to_string();
    if !left_out.is_empty() {
        let _ = write!(text, "\nno room for {}: `--format csv` has them", left_out.join(", "));
    }
    if !again.is_empty() {
        let columns = of_repeats(leaderboard, metrics, &again);
        text += "\n\nTrained again after the search:\n";
        text += &drawn(&columns, again.len(), is_broken).to_string();
    }
    text
}

/// The tables as Markdown: each row is one line of any width.
pub(super) fn markdown(leaderboard: &Leaderboard, metrics: &[&str]) -> String {
    let all: Vec<Vec<Cell>> = rows(leaderboard);
    let mut columns = columns(leaderboard, metrics, &all);
    columns.extend(column(leaderboard, "repeats", &all, Use::Telling));
    for column in &mut columns {
        column.name = crate::report::markdown(&column.name);
        for cell in &mut column.cells {
            *cell = crate::report::markdown(cell);
        }
    }
    let mut table = output::table(columns.iter().map(|column| column.name.clone()));
    for row in 0..all.len() {
        table.add_row(columns.iter().map(|column| column.cells[row].clone()));
    }
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.load_style(presets::ASCII_MARKDOWN).to_string()
}

fn rows(leaderboard: &Leaderboard) -> Vec<Vec<Cell>> {
    let rows = leaderboard.rows().iter();
    rows.map(|row| leaderboard.cells(row, false)).collect()
}

/// The rows of the search, and those of trials that were trained again.
fn parts(leaderboard: &Leaderboard) -> (Vec<Vec<Cell>>, Vec<Vec<Cell>>) {
    let repeats = leaderboard.header(false).iter().position(|name| name == "repeats");
    let is_again = |row: &Vec<Cell>| repeats.is_some_and(|repeats| !row[repeats].is_null());
    rows(leaderboard).into_iter().partition(|row| !is_again(row))
}

/// The columns of the search in display order. Columns that are empty in every row are omitted.
fn columns(leaderboard: &Leaderboard, metrics: &[&str], rows: &[Vec<Cell>]) -> Vec<Column> {
    let mut shown = Vec::new();
    let header = leaderboard.header(false);
    let is_selected = header.iter().any(|name| name == "repeats");
    for (name, worth) in COLUMNS {
        if SELECTION.contains(&name) && !is_selected {
            continue;
        }
        shown.extend(column(leaderboard, name, rows, worth));
        if name == "status" {
            shown.extend(of_metrics(leaderboard, metrics, rows));
        }
    }
    for name in header.iter().filter(|name| name.starts_with("params.")) {
        shown.extend(column(leaderboard, name, rows, Use::Parameter));
    }
    shown
}

/// The columns of the metrics; the first metric is always shown.
fn of_metrics(leaderboard: &Leaderboard, metrics: &[&str], rows: &[Vec<Cell>]) -> Vec<Column> {
    let worths = std::iter::once(Use::Always).chain(std::iter::repeat(Use::Telling));
    let metrics = metrics.iter().zip(worths);
    metrics
        .filter_map(|(metric, worth)| column(leaderboard, &metric_column(metric), rows, worth))
        .collect()
}

fn of_repeats(leaderboard: &Leaderboard, metrics: &[&str], rows: &[Vec<Cell>]) -> Vec<Column> {
    let known = OF_REPEATS
        .iter()
        .filter_map(|name| column(leaderboard, name, rows, Use::Always));
    known.chain(of_metrics(leaderboard, metrics, rows)).collect()
}

/// A column, unless it does not exist or is empty.
fn column(leaderboard: &Leaderboard, name: &str, rows: &[Vec<Cell>], worth: Use) -> Option<Column> {
    let index = leaderboard.header(false).iter().position(|known| known == name)?;
    // Control characters would move the cursor or change colours.
    let shown = |cell: &Cell| short(&plain(cell)).replace(char::is_control, " ");
    let cells: Vec<String> = rows.iter().map(|row| shown(&row[index])).collect();
    let is_needed = worth == Use::Always || cells.iter().any(|cell| !cell.is_empty());
    let is_constant = cells.len() > 1 && cells.iter().all(|cell| *cell == cells[0]);
    let worth = if is_constant && worth > Use::Telling {
        Use::Constant
    } else {
        worth
    };
    is_needed.then(|| Column {
        name: name.trim_start_matches("params.").to_owned(),
        cells,
        worth,
    })
}

/// Leaves out the least useful columns until the others fit. Also returns the names of those left out.
fn fit(mut columns: Vec<Column>, width: Option<usize>) -> (Vec<Column>, Vec<String>) {
    let mut left_out = Vec::new();
    let Some(width) = width else { return (columns, left_out) };
    while total(&columns, true) > width {
        let optional = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.worth != Use::Always);
        // Among equals, the last.
        let Some((least, _)) = optional.max_by_key(|(_, column)| column.worth) else {
            break;
        };
        left_out.push(columns.remove(least).name);
    }
    left_out.reverse();
    (columns, left_out)
}

/// The width of a table: each column has a space on both sides and a line after it, and there is one more line.
fn total(columns: &[Column], is_broken: bool) -> usize {
    1 + columns.iter().map(|column| column.width(is_broken) + 3).sum::<usize>()
}

fn drawn(columns: &[Column], rows: usize, is_broken: bool) -> Table {
    let mut table = output::table(columns.iter().map(|column| column.title(is_broken)));
    for row in 0..rows {
        table.add_row(columns.iter().map(|column| &column.cells[row]));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, cell: &str, worth: Use) -> Column {
        Column {
            name: name.into(),
            cells: vec![cell.into()],
            worth,
        }
    }

    fn names(columns: &[Column]) -> Vec<&str> {
        columns.iter().map(|column| column.name.as_str()).collect()
    }

    #[test]
    fn what_tells_least_goes_first_and_the_last_parameter_before_the_first() {
        let all = || {
            vec![
                column("rank", "1", Use::Always),
                column("loss", "0.25", Use::Always),
                column("epochs", "4", Use::Telling),
                column("origin", "tpe", Use::Small),
                column("learning_rate", "3e-4", Use::Parameter),
                column("dropout", "0.1", Use::Parameter),
                column("seed", "7", Use::Constant),
            ]
        };
        let (shown, left_out) = fit(all(), None);
        assert_eq!((shown.len(), left_out.len()), (7, 0));
        let (shown, left_out) = fit(all(), Some(46));
        assert_eq!(names(&shown), ["rank", "loss", "epochs", "learning_rate", "dropout"]);
        assert_eq!(left_out, ["origin", "seed"]);
        let (shown, left_out) = fit(all(), Some(37));
        assert_eq!(names(&shown), ["rank", "loss", "epochs", "learning_rate"]);
        assert_eq!(left_out, ["dropout", "origin", "seed"]);
        // Required columns stay, however narrow the terminal.
        assert_eq!(names(&fit(all(), Some(5)).0), ["rank", "loss"]);
    }

    #[test]
    fn a_long_name_takes_several_lines_over_short_values() {
        let column = column("learning_rate_of_the_head", "0.0003", Use::Parameter);
        assert_eq!((column.width(false), column.width(true)), (25, 9));
        assert_eq!(column.title(true), "learning_\nrate_of_\nthe_head");
        assert_eq!(column.title(false), "learning_rate_of_the_head");
    }
}
