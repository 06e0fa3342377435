//! The expected values that `tests/fixtures/make.py` wrote.

use std::{collections::BTreeSet, path::Path};

use automl_metrics::{METRICS, Outcomes, metric};
use serde_json::Value;

/// The tolerance of all comparisons.
const CLOSE: f64 = 1e-9;

/// The cases of a file.
pub(crate) fn cases(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A list of numbers under a key.
pub(crate) fn numbers(case: &Value, key: &str) -> Vec<f64> {
    case[key]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_f64().unwrap())
        .collect()
}

/// A list of 32-bit scores under a key.
pub(crate) fn scores(case: &Value, key: &str) -> Vec<f32> {
    numbers(case, key).into_iter().map(|value| value as f32).collect()
}

/// A list of truth values, written as 0 and 1, under a key.
pub(crate) fn flags(case: &Value, key: &str) -> Vec<bool> {
    numbers(case, key).into_iter().map(|value| value == 1.0).collect()
}

/// A number under a key.
pub(crate) fn count(case: &Value, key: &str) -> usize {
    case[key].as_u64().unwrap() as usize
}

/// Whether a measured value is the expected one; `null` stands for NaN.
pub(crate) fn is_close(measured: f64, expected: &Value) -> bool {
    match expected.as_f64() {
        None => measured.is_nan(),
        Some(expected) => (measured - expected).abs() <= CLOSE * expected.abs().max(1.0),
    }
}

/// The metrics of all cases of one file.
#[derive(Default)]
pub(crate) struct Compared {
    names: BTreeSet<String>,
    task: Option<automl_metrics::Task>,
}

impl Compared {
    /// Compares every metric that the case expects.
    pub(crate) fn check(&mut self, index: usize, outcomes: &Outcomes<'_>, case: &Value) {
        for (name, expected) in case["expected"].as_object().unwrap() {
            let Ok(measure) = metric(name) else { continue };
            let measured = measure.of(outcomes).unwrap();
            assert!(
                is_close(measured, expected),
                "case {index}, {name}: {measured} instead of {expected}"
            );
            self.names.insert(name.clone());
        }
        self.task = Some(outcomes.task());
    }

    /// Fails if the registry has a metric for the task that no case expects.
    pub(crate) fn all_were_there(&self) {
        let of_task = METRICS
            .iter()
            .filter(|metric| metric.tasks().any(|task| Some(task) == self.task));
        let missing: Vec<&str> = of_task
            .map(|metric| metric.name)
            .filter(|name| !self.names.contains(*name))
            .collect();
        assert!(missing.is_empty(), "no expected values for {missing:?}");
    }
}
