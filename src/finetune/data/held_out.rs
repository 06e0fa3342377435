//! Training, validation and test examples of tasks whose examples come in groups: a part has its own files, or some groups
//! of the training files are held out for it.

use super::duplicates::DuplicateGroups;
use super::error::DataError;
use super::split::{Held, Parts, SplitOptions, sample, split};
use super::split_column::SplitValue;
use super::together::{SplitRows, split_together};

/// The examples of all parts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HeldOut<T> {
    pub(super) train: Vec<T>,
    pub(super) validation: Vec<T>,
    pub(super) test: Option<Vec<T>>,
    /// Number of examples that were kept together with an earlier duplicate.
    pub(super) repeated: usize,
}

/// How examples are held out of the training files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holding<'a> {
    pub(super) split: &'a SplitOptions,
    /// Training examples to keep.
    pub(super) train_limit: Option<Held>,
}

/// Examples that a split keeps together, and classes whose shares it keeps.
pub(super) struct Kept {
    pub(super) duplicates: DuplicateGroups,
    pub(super) classes: Vec<u32>,
    pub(super) values: Vec<SplitValue>,
    /// Number of texts that are duplicates of earlier ones.
    pub(super) repeated: usize,
}

impl<T: Clone> HeldOut<T> {
    /// Keeps duplicates in one part, and groups of a column, or splits by time.
    ///
    /// # Errors
    /// If there are too few examples, groups or times.
    pub(super) fn together(
        all: &[T],
        own: [Option<Vec<T>>; 2],
        holding: Holding<'_>,
        kept: &Kept,
    ) -> Result<Self, DataError> {
        let [validation, test] = &own;
        let options = SplitOptions {
            validation: holding.split.validation.unless(validation.is_some()),
            test: holding.split.test.unless(test.is_some()),
            ..*holding.split
        };
        let rows = SplitRows {
            classes: &kept.classes,
            duplicates: &kept.duplicates,
            values: &kept.values,
        };
        let parts = split_together(&options, &rows)?;
        let members = |part: &[u32]| part.iter().map(|&index| all[index as usize].clone()).collect();
        let [train, held_validation, held_test] =
            [&parts.train, &parts.validation, &parts.test].map(|part| members(part));
        Ok(Self {
            repeated: kept.repeated,
            ..Self::limited([train, held_validation, held_test], own, holding)?
        })
    }

    /// Keeps the examples of a group in one part: `group` gives the number of an example's group, from 0.
    ///
    /// # Errors
    /// If there are too few groups or examples.
    pub(super) fn new(
        all: &[T],
        own: [Option<Vec<T>>; 2],
        holding: Holding<'_>,
        group: impl Fn(usize) -> u32,
    ) -> Result<Self, DataError> {
        let [validation, test] = &own;
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
            validation,
            test,
        } = parts;
        Self::limited([&train, &validation, &test].map(|part| members(part)), own, holding)
    }

    /// These parts of the training files, where a part has no files of its own, with the limit of training examples.
    fn limited(
        [mut train, held_validation, held_test]: [Vec<T>; 3],
        [validation, test]: [Option<Vec<T>>; 2],
        holding: Holding<'_>,
    ) -> Result<Self, DataError> {
        if let Some(limit) = holding.train_limit {
            let limit = limit.of(train.len());
            let kept = sample(&vec![0; train.len()], limit, false, holding.split.seed)?;
            train = kept.into_iter().map(|index| train[index as usize].clone()).collect();
        }
        Ok(Self {
            train,
            validation: validation.unwrap_or(held_validation),
            test: test.or_else(|| (!held_test.is_empty()).then_some(held_test)),
            repeated: 0,
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
            train_limit: Some(Held::Count(10)),
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
