//! Comparison of several studies: results, speed and differences.

use super::{ComparisonView, PageView, StudyView};
use crate::engine::Clock;
use crate::report::terminal::words;

/// Version of the layout of a [`PageView`].
const FORMAT: u32 = 1;

/// The studies optimize different metrics and cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("studies of different metrics cannot be compared: `{one}` and `{other}`")]
pub struct MetricsDiffer {
    /// Metric and goal of the first study.
    pub one: String,
    /// Metric and goal of another study.
    pub other: String,
}

impl PageView {
    /// The page of one study, or of several studies with their comparison.
    ///
    /// # Errors
    /// If the studies do not optimize the same metric.
    pub fn new(studies: Vec<StudyView>) -> Result<Self, MetricsDiffer> {
        Ok(Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            generated_at: Clock::time_of_day(),
            comparison: compare(&studies)?,
            studies,
        })
    }
}

/// Compares studies that optimize the same metric; `None` for fewer than two.
fn compare(studies: &[StudyView]) -> Result<Option<ComparisonView>, MetricsDiffer> {
    let [first, rest @ ..] = studies else {
        return Ok(None);
    };
    if rest.is_empty() {
        return Ok(None);
    }
    let metric = &first.metrics[0];
    let key = |study: &StudyView| (study.metrics[0].name.clone(), study.metrics[0].goal);
    if let Some(other) = rest.iter().find(|study| key(study) != key(first)) {
        let other = &other.metrics[0];
        return Err(MetricsDiffer {
            one: format!("{} ({})", metric.name, metric.goal),
            other: format!("{} ({})", other.name, other.goal),
        });
    }
    let sign = if metric.goal == "maximize" { 1.0 } else { -1.0 };
    let bests: Vec<Option<f64>> = studies.iter().map(best).collect();
    let common = bests.iter().flatten().map(|value| sign * value).min_by(f64::total_cmp);
    let seconds_to_common: Vec<Option<f64>> = studies
        .iter()
        .map(|study| {
            let mut curve = study.incumbent.iter();
            let reached = curve.find(|point| common.is_some_and(|common| sign * point.value >= common));
            reached.map(|point| point.seconds)
        })
        .collect();
    Ok(Some(ComparisonView {
        sentences: sentences(studies, &bests, &seconds_to_common, (sign, common)),
        differences: differences(studies),
        seconds_to_common,
    }))
}

/// The best value in the search of a study.
fn best(study: &StudyView) -> Option<f64> {
    study.incumbent.last().map(|point| point.value)
}

fn sentences(
    studies: &[StudyView],
    bests: &[Option<f64>],
    seconds: &[Option<f64>],
    (sign, common): (f64, Option<f64>),
) -> Vec<String> {
    let metric = &studies[0].metrics[0].name;
    let mut sentences = Vec::new();
    let mut order: Vec<usize> = (0..studies.len()).filter(|&index| bests[index].is_some()).collect();
    order.sort_by(|&one, &other| {
        let value = |index: usize| sign * bests[index].unwrap_or(f64::NEG_INFINITY);
        value(other).total_cmp(&value(one))
    });
    let ranked: Vec<String> = order
        .iter()
        .filter_map(|&index| Some(format!("`{}` {}", label(studies, index), words::metric(bests[index]?))))
        .collect();
    if !ranked.is_empty() {
        sentences.push(format!("Best {metric}: {}.", ranked.join(", ")));
    }
    if let Some(common) = common {
        let times: Vec<String> = order
            .iter()
            .filter_map(|&index| {
                Some(format!(
                    "`{}` {}",
                    label(studies, index),
                    words::stopwatch(seconds[index]?)
                ))
            })
            .collect();
        sentences.push(format!(
            "Time to {metric} {}, which all of them reached: {}.",
            words::metric(sign * common),
            times.join(", ")
        ));
    }
    sentences.push(
        "One study each is one draw: run each with several seeds before believing that one way of searching is better."
            .to_owned(),
    );
    sentences
}

/// The name of a study, or its folder if several studies have the same name.
fn label(studies: &[StudyView], index: usize) -> String {
    let study = &studies[index];
    let is_alone = studies.iter().filter(|other| other.name == study.name).count() == 1;
    if is_alone {
        study.name.clone()
    } else {
        study.folder.clone()
    }
}

/// Facts and parameters that differ between studies.
fn differences(studies: &[StudyView]) -> Vec<(String, Vec<String>)> {
    let described: Vec<Vec<(String, String)>> = studies.iter().map(described).collect();
    let mut labels: Vec<&String> = Vec::new();
    for (label, _) in described.iter().flatten() {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    let row = |label: &String| {
        let value = |study: &Vec<(String, String)>| {
            let found = study.iter().find(|(other, _)| other == label);
            found.map_or_else(|| "none".to_owned(), |(_, value)| value.clone())
        };
        (label.clone(), described.iter().map(value).collect::<Vec<String>>())
    };
    let rows = labels.into_iter().map(row);
    rows.filter(|(_, values)| values.iter().any(|value| *value != values[0]))
        .collect()
}

fn described(study: &StudyView) -> Vec<(String, String)> {
    let mut all = study.facts.clone();
    all.push(("trials".to_owned(), study.searched().count().to_string()));
    for parameter in &study.parameters {
        let domain = match parameter.bounds {
            Some((low, high)) if parameter.kind == "number" => {
                let log = if parameter.is_log { ", log" } else { "" };
                format!("{low} to {high}{log}")
            }
            _ => {
                let values: Vec<String> = parameter.values.iter().map(ToString::to_string).collect();
                values.join(", ")
            }
        };
        all.push((parameter.name.clone(), domain));
    }
    all
}
