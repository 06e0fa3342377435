//! The content of a data set: rows of each part, how often each class is, and how numbers are distributed.

use std::collections::HashMap;

use serde::Serialize;

use super::rows::{Rows, Target};
use crate::tasks::TaskKind;

/// The rows of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartCount {
    /// `train`, `validation` or `test`.
    pub name: &'static str,
    /// Number of rows that can be read.
    pub rows: usize,
    /// Rows without a label; of questions those without an answer.
    pub unlabelled: usize,
    /// Rows without a text.
    pub empty: usize,
}

/// How often a class, a label or a type of entities is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassCount {
    /// Its name.
    pub name: String,
    /// How often it is in each part, in the order of the parts.
    pub rows: Vec<usize>,
    /// Its share of all of them; of several labels a row, the share of the labelled rows that have it.
    pub share: f64,
}

/// The distribution of a number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Distribution {
    /// The column.
    pub name: String,
    /// Number of values.
    pub values: usize,
    /// The smallest value, the quartiles, and the largest value.
    pub quantiles: [f64; 5],
    /// The mean.
    pub mean: f64,
    /// The standard deviation.
    pub deviation: f64,
}

pub(super) fn parts(rows: &Rows) -> Vec<PartCount> {
    let count = |part: &super::rows::Part| {
        let of_part = &rows.all[part.rows.clone()];
        let lacks = |target: &Target| match target {
            Target::Missing => true,
            Target::Answers(answers) => answers.is_empty(),
            Target::Class(_) | Target::Several(_) | Target::Numbers(_) | Target::Tags(_) => false,
        };
        PartCount {
            name: part.name,
            rows: of_part.len(),
            unlabelled: of_part.iter().filter(|row| lacks(&row.target)).count(),
            empty: of_part.iter().filter(|row| row.is_empty()).count(),
        }
    };
    rows.parts.iter().map(count).collect()
}

pub(super) fn classes(rows: &Rows) -> Vec<ClassCount> {
    let mut counts: HashMap<String, Vec<usize>> = HashMap::new();
    let mut labelled = 0;
    for (part, range) in rows.parts.iter().enumerate() {
        for row in &rows.all[range.rows.clone()] {
            labelled += usize::from(row.target != Target::Missing);
            for name in rows.counted_names(row) {
                counts.entry(name).or_insert_with(|| vec![0; rows.parts.len()])[part] += 1;
            }
        }
    }
    let all: usize = counts.values().flatten().sum();
    let of = if rows.task == TaskKind::MultiLabel {
        labelled
    } else {
        all
    };
    let mut classes: Vec<ClassCount> = counts
        .into_iter()
        .map(|(name, rows)| ClassCount {
            share: rows.iter().sum::<usize>() as f64 / of.max(1) as f64,
            name,
            rows,
        })
        .collect();
    classes.sort_by(|one, other| {
        other
            .share
            .total_cmp(&one.share)
            .then_with(|| one.name.cmp(&other.name))
    });
    classes
}

pub(super) fn numbers(rows: &Rows, columns: &[String]) -> Vec<Distribution> {
    let of_column = |(index, name): (usize, &String)| {
        let values = rows.all.iter().filter_map(|row| match &row.target {
            Target::Numbers(numbers) => numbers.get(index).map(|&number| f64::from(number)),
            _ => None,
        });
        Distribution::new(name, values.collect())
    };
    columns.iter().enumerate().filter_map(of_column).collect()
}

impl Distribution {
    fn new(name: &str, mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let quantiles = [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| quantile(&values, share));
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        (!values.is_empty()).then(|| Self {
            name: name.to_owned(),
            values: values.len(),
            quantiles,
            mean,
            deviation: variance.sqrt(),
        })
    }
}

/// The value below which a share of the sorted values lie, without interpolation; 0 without values.
pub(super) fn quantile<T: Copy + Default>(sorted: &[T], share: f64) -> T {
    let last = sorted.len().saturating_sub(1);
    let index = (share * last as f64).round() as usize;
    sorted.get(index).copied().unwrap_or_default()
}
