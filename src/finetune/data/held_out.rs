//! Training, validation and test examples of tasks whose examples come in groups: a part has its own files, or some groups
//! of the training files are held out for it.

use super::error::DataError;
use super::split::{Held, Parts, SplitOptions, sample, split};

/// The examples of all parts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HeldOut<T> {
    pub(super) train: Vec<T>,
    pub(super) validation: Vec<T>,
    pub(super) test: Option<Vec<T>>,
}

/// How examples are held out of the training files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holding<'a> {
    pub(super) split: &'a SplitOptions,
    /// Number of training examples to keep.
    pub(super) train_limit: Option<usize>,
}

impl<T: Clone> HeldOut<T> {
    /// Keeps the examples of a group in one part: `group` gives the number of an example's group, from 0.
    ///
    /// # Errors
    /// If there are too few groups or examples.
    pub(super) fn new(
        all: &[T],
        [validation, test]: [Option<Vec<T>>; 2],
        holding: Holding<'_>,
        group: impl Fn(usize) -> u32,
    ) -> Result<Self, DataError> {
        let groups = (0..all.len()).map(|index| group(index) + 1).max().unwrap_or(0) as usize;
        // Counts of examples become the same share of the groups.
        let of_groups = |has_files: bool, held: Held| match held {
            _ if has_files => Held::NONE,
            Held::Count(count) if groups < all.len() && count > 0 => Held::Share(count as f64 / all.len() as f64),
            held => held,
        };
        let options = SplitOptions {
            validation: of_groups(validation.is_some(), holding.split.validation),
            test: of_groups(test.is_some(), holding.split.test),
            stratify: false,
            ..*holding.split
        };
        let parts = split(&vec![0; groups], &options).map_err(|error| match error {
            DataError::TooFewExamples { held_out, .. } => DataError::TooFewGroups { groups, held_out },
            error => error,
        })?;
        let members = |part: &[u32]| -> Vec<T> {
            let is_in = |index: usize| part.binary_search(&group(index)).is_ok();
            let examples = all.iter().enumerate().filter(|(index, _)| is_in(*index));
            examples.map(|(_, example)| example.clone()).collect()
        };
        let Parts {
            train,
            validation: held_validation,
            test: held_test,
        } = parts;
        let mut train = members(&train);
        if let Some(limit) = holding.train_limit {
            let kept = sample(&vec![0; train.len()], limit, false, holding.split.seed)?;
            train = kept.into_iter().map(|index| train[index as usize].clone()).collect();
        }
        Ok(Self {
            train,
            validation: validation.unwrap_or_else(|| members(&held_validation)),
            test: test.or_else(|| (!held_test.is_empty()).then(|| members(&held_test))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Seed;

    #[test]
    fn a_group_is_in_one_part() {
        let all: Vec<usize> = (0..60).collect();
        let split = SplitOptions {
            validation: Held::Share(0.25),
            test: Held::Count(6),
            stratify: true,
            seed: Seed(3),
        };
        let holding = Holding {
            split: &split,
            train_limit: Some(10),
        };
        let parts = HeldOut::new(&all, [None, None], holding, |index| index as u32 / 3).unwrap();
        assert_eq!((parts.validation.len(), parts.train.len()), (15, 10));
        let test = parts.test.clone().unwrap();
        assert_eq!(test.len(), 6);
        let group = |example: &usize| example / 3;
        for example in &parts.train {
            let others = parts.validation.iter().chain(&test);
            assert!(others.clone().all(|other| group(other) != group(example)));
        }
        let own = HeldOut::new(&all, [Some(vec![99]), None], holding, |index| index as u32).unwrap();
        assert_eq!(own.validation, [99]);
    }
}
