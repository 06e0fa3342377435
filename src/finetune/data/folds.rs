//! Cross-validation: rows in folds, each of which is validated once by a model that is trained on the others.
//!
//! Duplicates stay in one fold, and so do rows with the same value in the column of the split. Every class is in at least
//! two folds, so that every model learns it. All trials of a study have the same folds: their results are paired.

use std::collections::{BTreeMap, BTreeSet};

use super::error::DataError;
use super::split::SplitOptions;
use super::together::{SplitRows, assign, sizes, strata, units};

/// Times that rows are moved until every fold has rows and every class is in two folds.
const MOST_PASSES: usize = 16;

/// The folds of some rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds {
    /// The rows of each fold in ascending order. Every row is in one of them.
    members: Vec<Vec<u32>>,
}

impl Folds {
    /// Folds with these rows.
    pub(super) fn new(members: Vec<Vec<u32>>) -> Self {
        Self { members }
    }

    /// Number of folds, at least 2.
    pub fn count(&self) -> usize {
        self.members.len()
    }

    /// Number of rows in all folds.
    pub fn rows(&self) -> usize {
        self.members.iter().map(Vec::len).sum()
    }

    /// The rows on which a fold's model is validated.
    pub fn validation(&self, fold: usize) -> &[u32] {
        &self.members[fold]
    }

    /// The rows that a fold's model is trained on, in ascending order.
    pub fn train(&self, fold: usize) -> Vec<u32> {
        let others = self.members.iter().enumerate().filter(|(other, _)| *other != fold);
        let mut rows: Vec<u32> = others.flat_map(|(_, rows)| rows.iter().copied()).collect();
        rows.sort_unstable();
        rows
    }

    /// The same folds for the rows in another order: first those that the first fold is trained on, then those on which it
    /// is validated.
    pub(super) fn first_fold_last(&self) -> Self {
        let order = self.train(0).into_iter().chain(self.members[0].iter().copied());
        let place: BTreeMap<u32, u32> = order.zip(0..).collect();
        let moved = |rows: &Vec<u32>| {
            let mut rows: Vec<u32> = rows.iter().map(|row| place[row]).collect();
            rows.sort_unstable();
            rows
        };
        Self::new(self.members.iter().map(moved).collect())
    }
}

/// Distributes rows over `count` folds: a pure function of its arguments. With `stratify` every fold has its share of
/// every class. `labels` are the names of the classes, for errors.
///
/// # Errors
/// If there are fewer groups of rows than folds, or if a class is in one group only.
pub(super) fn folds(
    count: usize,
    options: &SplitOptions,
    rows: &SplitRows<'_>,
    labels: &[String],
) -> Result<Folds, DataError> {
    let units = units(rows);
    if units.len() < count {
        return Err(DataError::TooFewTogether {
            groups: units.len(),
            parts: count,
        });
    }
    let strata = strata(rows.classes, options.stratify);
    let mut fold_of = assign(&wanted(count, &sizes(&strata)), &units, &strata, options.seed);
    let classes_of: Vec<BTreeSet<u32>> = units
        .iter()
        .map(|unit| unit.iter().map(|&row| rows.classes[row as usize]).collect())
        .collect();
    let all: BTreeSet<u32> = classes_of.iter().flatten().copied().collect();
    for class in all {
        let mut with = (0..units.len()).filter(|&unit| classes_of[unit].contains(&class));
        if let (Some(only), None) = (with.next(), with.next()) {
            let label = labels.get(class as usize).cloned();
            return Err(DataError::LabelInOneFold {
                label: label.unwrap_or_else(|| class.to_string()),
                rows: units[only].len(),
            });
        }
    }
    let is_settled = (0..MOST_PASSES).any(|_| {
        let is_filled = fill_empty(count, &units, &classes_of, &mut fold_of);
        let is_spread = spread_classes(count, &units, &classes_of, &mut fold_of);
        is_filled && is_spread
    });
    if !is_settled {
        return Err(DataError::TooFewTogether {
            groups: units.len(),
            parts: count,
        });
    }
    let mut members = vec![Vec::new(); count];
    for (unit, fold) in units.iter().zip(fold_of) {
        members[fold].extend_from_slice(unit);
    }
    for rows in &mut members {
        rows.sort_unstable();
    }
    Ok(Folds::new(members))
}

/// The number of rows of each stratum in each fold: equal ones, and what remains goes where the fewest rows are.
fn wanted(count: usize, sizes: &[usize]) -> Vec<Vec<usize>> {
    let mut wanted = vec![vec![0; sizes.len()]; count];
    let mut totals = vec![0; count];
    for (stratum, size) in sizes.iter().enumerate() {
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|&fold| (totals[fold], fold));
        for (place, fold) in order.into_iter().enumerate() {
            let rows = size / count + usize::from(place < size % count);
            wanted[fold][stratum] = rows;
            totals[fold] += rows;
        }
    }
    wanted
}

fn rows_in(fold: usize, units: &[Vec<u32>], fold_of: &[usize]) -> usize {
    let members = units.iter().zip(fold_of).filter(|(_, of)| **of == fold);
    members.map(|(unit, _)| unit.len()).sum()
}

/// Moves the smallest unit of the largest fold with several units to each fold that has none. Returns whether nothing had
/// to move.
fn fill_empty(count: usize, units: &[Vec<u32>], classes_of: &[BTreeSet<u32>], fold_of: &mut [usize]) -> bool {
    let mut is_full = true;
    while let Some(empty) = (0..count).find(|fold| !fold_of.contains(fold)) {
        is_full = false;
        let has_several = |fold: &usize| fold_of.iter().filter(|of| *of == fold).count() > 1;
        let largest = (0..count)
            .filter(has_several)
            .max_by_key(|&fold| rows_in(fold, units, fold_of));
        let unit = (0..units.len())
            .filter(|&unit| Some(fold_of[unit]) == largest)
            .min_by_key(|&unit| (units[unit].len(), classes_of[unit].len()));
        let Some(unit) = unit else { break };
        fold_of[unit] = empty;
    }
    is_full
}

/// Sees to it that every class is in two folds: else the model that is validated on its fold would never see it. Returns
/// whether nothing had to move.
fn spread_classes(count: usize, units: &[Vec<u32>], classes_of: &[BTreeSet<u32>], fold_of: &mut [usize]) -> bool {
    let all: BTreeSet<u32> = classes_of.iter().flatten().copied().collect();
    let mut is_spread = true;
    for class in all {
        let with: Vec<usize> = (0..units.len())
            .filter(|&unit| classes_of[unit].contains(&class))
            .collect();
        let fold = fold_of[with[0]];
        if with.iter().any(|&unit| fold_of[unit] != fold) {
            continue;
        }
        is_spread = false;
        let smallest = with.into_iter().min_by_key(|&unit| units[unit].len());
        let others = (0..count).filter(|&other| other != fold);
        let target = others.min_by_key(|&other| rows_in(other, units, fold_of));
        if let (Some(unit), Some(target)) = (smallest, target) {
            fold_of[unit] = target;
        }
    }
    is_spread
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::duplicates::DuplicateGroups;
    use super::super::split::Held;
    use super::*;
    use crate::units::Seed;

    fn options(seed: u64) -> SplitOptions {
        SplitOptions {
            validation: Held::NONE,
            test: Held::NONE,
            stratify: true,
            seed: Seed(seed),
        }
    }

    fn of(classes: &[u32], duplicates: &DuplicateGroups, count: usize, seed: u64) -> Result<Folds, DataError> {
        let rows = SplitRows {
            classes,
            duplicates,
            values: &[],
        };
        folds(count, &options(seed), &rows, &[])
    }

    #[test]
    fn every_fold_has_its_share_of_every_class() {
        let classes: Vec<u32> = (0..50).map(|row| u32::from(row % 10 == 0)).collect();
        let folds = of(&classes, &DuplicateGroups::none(50), 5, 1).unwrap();
        for fold in 0..5 {
            let rows = folds.validation(fold);
            assert_eq!(rows.len(), 10);
            assert_eq!(rows.iter().filter(|&&row| classes[row as usize] == 1).count(), 1);
            assert_eq!(folds.train(fold).len(), 40);
        }
        let other = of(&classes, &DuplicateGroups::none(50), 5, 2).unwrap();
        assert_ne!(folds, other, "the seed decides");
    }

    #[test]
    fn the_first_fold_is_validated_on_the_last_rows_of_the_new_order() {
        let folds = Folds::new(vec![vec![1, 4], vec![0, 2], vec![3]]).first_fold_last();
        assert_eq!(folds, Folds::new(vec![vec![3, 4], vec![0, 1], vec![2]]));
        assert_eq!(folds.train(0), [0, 1, 2]);
    }

    #[test]
    fn a_class_in_one_group_and_too_few_groups_are_refused() {
        let error = of(&[0, 0, 0, 1], &DuplicateGroups::none(4), 2, 1).unwrap_err();
        assert!(
            matches!(&error, DataError::LabelInOneFold { rows: 1, label } if label == "1"),
            "{error}"
        );
        let error = of(&[0, 0], &DuplicateGroups::none(2), 3, 1).unwrap_err();
        assert!(
            matches!(error, DataError::TooFewTogether { groups: 2, parts: 3 }),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn groups_stay_in_one_fold_and_every_fold_learns_every_class(
            keys in prop::collection::vec((0_u32..3, 0_u32..40), 8..150),
            count in 2_usize..8,
            seed: u64,
        ) {
            let classes: Vec<u32> = keys.iter().map(|(class, _)| *class).collect();
            let groups = DuplicateGroups::of_keys(keys.iter().map(|(_, key)| *key));
            let folds = match of(&classes, &groups, count, seed) {
                Ok(folds) => folds,
                Err(DataError::TooFewTogether { .. } | DataError::LabelInOneFold { .. }) => return Ok(()),
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            };
            let mut fold_of = vec![usize::MAX; keys.len()];
            for fold in 0..count {
                prop_assert!(!folds.validation(fold).is_empty());
                for &row in folds.validation(fold) {
                    prop_assert_eq!(fold_of[row as usize], usize::MAX);
                    fold_of[row as usize] = fold;
                }
            }
            for class in &classes {
                let with = (0..count).filter(|&fold| {
                    folds.validation(fold).iter().any(|&row| classes[row as usize] == *class)
                });
                prop_assert!(with.count() > 1);
            }
            for (row, first) in groups.firsts().iter().enumerate() {
                prop_assert_eq!(fold_of[row], fold_of[*first as usize]);
            }
        }
    }
}
