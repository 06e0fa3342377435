//! Columns that alone tell the label, and columns of the text that say nothing.

use std::collections::HashMap;

use super::super::Depth;
use super::super::finding::{Finding, Severity};
use super::super::rows::{Column, Row, Rows, Target};

/// Share of the rows whose label a column must tell, of those that the most frequent class leaves open.
const TELLING: f64 = 0.9;

/// Share of one value from which on a column says nothing.
const CONSTANT: f64 = 0.99;

/// Rows below which chance tells as much.
const FEWEST: usize = 50;

pub(super) fn check(rows: &Rows, _: Depth) -> Vec<Finding> {
    let classes: Vec<Option<u32>> = rows.train().iter().map(class).collect();
    let labelled = classes.iter().flatten().count();
    if labelled < FEWEST {
        return Vec::new();
    }
    let open = 1.0 - frequent(classes.iter().flatten().copied()) as f64 / labelled as f64;
    let mut findings: Vec<Finding> = rows
        .columns
        .iter()
        .filter_map(|column| telling(rows, column, &classes, open))
        .collect();
    findings.extend(rows.columns.iter().filter(|column| column.is_read).filter_map(constant));
    findings.extend(constant_text(rows));
    findings
}

fn class(row: &Row) -> Option<u32> {
    match row.target {
        Target::Class(class) => Some(class),
        _ => None,
    }
}

/// How often the most frequent of some values is.
fn frequent<T: std::hash::Hash + Eq>(values: impl Iterator<Item = T>) -> usize {
    let mut counts: HashMap<T, usize> = HashMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    counts.into_values().max().unwrap_or(0)
}

fn telling(rows: &Rows, column: &Column, classes: &[Option<u32>], open: f64) -> Option<Finding> {
    if open <= 0.0 {
        return None;
    }
    let (share, how) = match (by_value(column, classes), by_order(column, classes)) {
        (value, order) if value >= order => (value, "its value"),
        (_, order) => (order, "its order"),
    };
    // The share of what guessing the most frequent class would get wrong.
    if 1.0 - (1.0 - share) / open < TELLING {
        return None;
    }
    let message = format!(
        "`{}` alone tells the label of {:.1} % of the rows by {how}",
        column.name,
        100.0 * share
    );
    let (severity, advice) = if column.is_read {
        let advice = "remove it from the text, unless it is known before the label when the model is used";
        (Severity::Warning, advice)
    } else {
        let advice = "do not use it as text, and check whether the rows of a class were collected separately";
        (Severity::Note, advice)
    };
    let finding = Finding::new("telling_column", severity, 1, message, advice);
    let examples = (0..rows.train().len()).filter(|&row| column.hashes.get(row).is_some_and(|&hash| hash != 0));
    Some(finding.at(
        rows,
        examples.take(3).map(|row| (row, format!("column {}", column.name))),
    ))
}

/// The share of rows whose label is that of most other rows with the same value.
fn by_value(column: &Column, classes: &[Option<u32>]) -> f64 {
    let mut values: HashMap<u64, HashMap<u32, usize>> = HashMap::new();
    let mut all = 0_usize;
    for (&hash, class) in column.hashes.iter().zip(classes) {
        let Some(class) = class else { continue };
        all += 1;
        if hash != 0 {
            *values.entry(hash).or_default().entry(*class).or_default() += 1;
        }
    }
    // A row must not tell its own label: a value that is there once tells nothing.
    let told = |counts: &HashMap<u32, usize>| counts.values().copied().max().filter(|&most| most > 1).unwrap_or(0);
    values.values().map(told).sum::<usize>() as f64 / all.max(1) as f64
}

/// The share of rows that have the label of their neighbours when the rows are sorted by a column of different numbers.
fn by_order(column: &Column, classes: &[Option<u32>]) -> f64 {
    let both = column.numbers.iter().zip(classes);
    let mut sorted: Vec<(f64, u32)> = both
        .filter_map(|(&number, class)| (!number.is_nan()).then_some((number, (*class)?)))
        .collect();
    sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
    let differ = sorted.windows(2).filter(|pair| pair[0].0 < pair[1].0).count();
    let all = classes.iter().flatten().count();
    if differ * 2 < all || sorted.len() < FEWEST {
        return 0.0;
    }
    let same = sorted.windows(2).filter(|pair| pair[0].1 == pair[1].1).count();
    same as f64 / all.max(1) as f64
}

fn constant(column: &Column) -> Option<Finding> {
    let most = frequent(column.hashes.iter());
    let share = most as f64 / column.hashes.len().max(1) as f64;
    let message = format!(
        "`{}` has the same value in {:.1} % of the rows",
        column.name,
        100.0 * share
    );
    let advice = "remove it from the text: it costs tokens and says nothing";
    (share >= CONSTANT).then(|| Finding::new("constant_column", Severity::Warning, 1, message, advice))
}

fn constant_text(rows: &Rows) -> Option<Finding> {
    let texts = rows.train().iter().filter(|row| !row.is_empty());
    let most = frequent(texts.map(Row::texts));
    let share = most as f64 / rows.train().len().max(1) as f64;
    let message = format!("{:.1} % of the rows have the same text", 100.0 * share);
    let advice = "name another column with `text`: this one says nothing about the label";
    (share >= 0.5).then(|| Finding::new("constant_text", Severity::Error, most, message, advice))
}
