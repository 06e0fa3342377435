//! Results of several seeds of the same configuration; their spread shows how much of a result is chance.

use std::collections::BTreeMap;

use crate::analysis::{mean, standard_error};
use crate::study::Study;

/// Best values of the metric for the trials of one configuration, one per seed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seeds {
    /// The values, in the order of the trials.
    pub values: Vec<f64>,
    /// Number of failed trials.
    pub failed: usize,
}

impl Seeds {
    /// The seeds of every configuration of a study, by the hash of the configuration.
    pub fn by_configuration(study: &Study) -> BTreeMap<String, Self> {
        let mut all: BTreeMap<String, Self> = BTreeMap::new();
        for trial in study.searched() {
            let seeds = all.entry(trial.configuration.hash()).or_default();
            match study.best_observation(trial.id) {
                Some(best) => seeds.values.push(study.settings().goal.value(best.loss)),
                None => seeds.failed += usize::from(trial.status == crate::trials::Status::Failed),
            }
        }
        all
    }

    /// The mean; `None` without a value.
    pub fn mean(&self) -> Option<f64> {
        mean(&self.values)
    }

    /// The standard error of the mean; `None` for fewer than two values.
    pub fn standard_error(&self) -> Option<f64> {
        standard_error(&self.values)
    }

    /// The smallest and the largest value.
    pub fn range(&self) -> Option<(f64, f64)> {
        let values = self.values.iter().copied();
        Some((values.clone().reduce(f64::min)?, values.reduce(f64::max)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeds(values: &[f64]) -> Seeds {
        Seeds {
            values: values.to_vec(),
            failed: 0,
        }
    }

    #[test]
    fn the_standard_error_needs_two_values() {
        assert_eq!(seeds(&[]).mean(), None);
        assert_eq!(
            (seeds(&[0.3]).mean(), seeds(&[0.3]).standard_error()),
            (Some(0.3), None)
        );
        let three = seeds(&[1.0, 2.0, 3.0]);
        assert_eq!((three.mean(), three.range()), (Some(2.0), Some((1.0, 3.0))));
        assert!((three.standard_error().unwrap() - (1.0_f64 / 3.0).sqrt()).abs() < 1e-12);
    }
}
