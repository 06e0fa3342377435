//! Numbers to predict that are all the same, or far from all others.

use super::super::Depth;
use super::super::finding::{Finding, Severity, counted};
use super::super::overview::quantile;
use super::super::rows::{Rows, Target};

/// A number is far away if it lies this many interquartile ranges beyond the quartiles. Tukey calls 3 "far out"; 10 is
/// silent about heavy tails.
const FAR: f64 = 10.0;

pub(super) fn check(rows: &Rows, _: Depth) -> Vec<Finding> {
    let width = rows.all.iter().find_map(|row| match &row.target {
        Target::Numbers(numbers) => Some(numbers.len()),
        _ => None,
    });
    (0..width.unwrap_or(0))
        .filter_map(|index| of_column(rows, index))
        .collect()
}

fn of_column(rows: &Rows, index: usize) -> Option<Finding> {
    let all = rows.all.iter().enumerate();
    let values: Vec<(usize, f64)> = all
        .filter_map(|(row, found)| match &found.target {
            Target::Numbers(numbers) => Some((row, f64::from(*numbers.get(index)?))),
            _ => None,
        })
        .collect();
    let mut sorted: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
    sorted.sort_by(f64::total_cmp);
    if sorted.first() == sorted.last() {
        let message = format!("every number is {}", sorted.first()?);
        let advice = "name another column: there is nothing to learn";
        return Some(Finding::new("one_number", Severity::Error, 1, message, advice));
    }
    let [low, high] = [0.25, 0.75].map(|share| quantile(&sorted, share));
    let range = high - low;
    let is_far = |value: f64| range > 0.0 && (value < low - FAR * range || value > high + FAR * range);
    let far: Vec<(usize, String)> = values
        .into_iter()
        .filter(|(_, value)| is_far(*value))
        .map(|(row, value)| (row, format!("{value}")))
        .collect();
    let message = format!(
        "{} far from all others, half of which lie between {low} and {high}",
        counted(far.len(), "number is", "numbers are")
    );
    let advice = "correct them if they are wrong: a few large errors dominate the squared error";
    let finding = Finding::new("far_numbers", Severity::Warning, far.len(), message, advice);
    (!far.is_empty()).then(|| finding.at(rows, far))
}
