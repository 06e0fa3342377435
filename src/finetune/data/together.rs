//! Splits that keep rows together: duplicates of each other, and rows with the same value in a column. Or splits by time.
//!
//! Rows that stay together are a unit. Units with several rows come first, the largest before the others: each goes to the
//! part where it leaves the smallest squared distance to the numbers of rows that are wanted there, of each class and of
//! all (as in `StratifiedGroupKFold` of scikit-learn, which minimises the deviation of class shares). Rows that are by
//! themselves then fill what is missing of each class, exactly.

use std::collections::{BTreeMap, BTreeSet};

use crate::rng::stream;
use crate::units::Seed;

use super::duplicates::{self, DuplicateGroups};
use super::error::DataError;
use super::shuffle::shuffle;
use super::split::{Held, Parts, SplitOptions, apportion};
use super::split_column::{SplitColumn, SplitValue};

/// The rows that stay on one side of a split, beside exact duplicates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Together {
    /// The column that the split goes by.
    pub column: Option<SplitColumn>,
    /// True if near duplicates stay on one side too.
    pub near: bool,
}

impl Together {
    /// The rows that are duplicates of each other.
    pub(super) fn duplicates<Row: Sync>(
        &self,
        rows: &[Row],
        texts: impl Fn(&Row) -> Vec<&str> + Sync,
    ) -> DuplicateGroups {
        if self.near {
            duplicates::near(rows, texts)
        } else {
            duplicates::exact(rows, texts)
        }
    }
}

/// The rows of a split.
pub(super) struct SplitRows<'a> {
    /// The class of each row, or another number whose share a stratified split keeps.
    pub(super) classes: &'a [u32],
    /// Rows that are duplicates of each other.
    pub(super) duplicates: &'a DuplicateGroups,
    /// The value of each row in the column of the split; empty without a column.
    pub(super) values: &'a [SplitValue],
}

/// Splits rows: a pure function of its arguments.
///
/// # Errors
/// If there are too few rows, too few groups, or too few different times.
pub(super) fn split_together(options: &SplitOptions, rows: &SplitRows<'_>) -> Result<Parts, DataError> {
    let count = rows.classes.len();
    let wanted = [options.validation.of(count), options.test.of(count)];
    let held_out = wanted[0].saturating_add(wanted[1]);
    let labels = rows.classes.iter().collect::<BTreeSet<_>>().len();
    if held_out.saturating_add(labels) > count {
        return Err(DataError::TooFewExamples {
            examples: count,
            labels,
            held_out,
        });
    }
    let units = units(rows);
    let mut part_of = vec![TRAIN; count];
    let is_by_time = matches!(rows.values.first(), Some(SplitValue::Number(_) | SplitValue::Date(_)));
    let parts = if is_by_time {
        by_time(wanted, &units, rows.values)?
    } else {
        by_need(wanted, &units, rows.classes, options)?
    };
    for (unit, part) in units.iter().zip(parts) {
        for &row in unit {
            part_of[row as usize] = part;
        }
    }
    let members = |wanted: usize| -> Vec<u32> {
        let rows = (0..).zip(&part_of).filter(|(_, part)| **part == wanted);
        rows.map(|(row, _)| row).collect()
    };
    Ok(Parts {
        train: members(TRAIN),
        validation: members(VALIDATION),
        test: members(TEST),
    })
}

const TRAIN: usize = 0;
const VALIDATION: usize = 1;
const TEST: usize = 2;

/// Rows that stay together, in the order of their first rows.
pub(super) fn units(rows: &SplitRows<'_>) -> Vec<Vec<u32>> {
    let groups = rows.values.iter().filter_map(|value| match value {
        SplitValue::Group(group) => Some(group.as_str()),
        SplitValue::Number(_) | SplitValue::Date(_) => None,
    });
    let groups: Vec<&str> = groups.collect();
    let together = if groups.is_empty() {
        rows.duplicates.clone()
    } else {
        rows.duplicates.joined(&DuplicateGroups::of_keys(groups))
    };
    let mut units: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (row, &first) in (0..).zip(together.firsts()) {
        units.entry(first).or_default().push(row);
    }
    units.into_values().collect()
}

/// The classes, or one class for all.
pub(super) fn strata(classes: &[u32], is_stratified: bool) -> Vec<usize> {
    let known: BTreeSet<u32> = classes.iter().copied().collect();
    let numbers: BTreeMap<u32, usize> = known.into_iter().zip(0..).collect();
    let number = |class: &u32| if is_stratified { numbers[class] } else { 0 };
    classes.iter().map(number).collect()
}

pub(super) fn sizes(strata: &[usize]) -> Vec<usize> {
    let mut sizes = vec![0; strata.iter().max().map_or(0, |most| most + 1)];
    for &stratum in strata {
        sizes[stratum] += 1;
    }
    sizes
}

/// The part of each unit by the numbers of rows that are wanted for validation and test.
fn by_need(
    [validation, test]: [usize; 2],
    units: &[Vec<u32>],
    classes: &[u32],
    options: &SplitOptions,
) -> Result<Vec<usize>, DataError> {
    let strata = strata(classes, options.stratify);
    let sizes = sizes(&strata);
    // Every class keeps a row for training.
    let mut room: Vec<usize> = sizes.iter().map(|size| size - 1).collect();
    let mut take = |total: usize| {
        let counts = apportion(total.min(room.iter().sum()), &sizes, &room);
        for (room, count) in room.iter_mut().zip(&counts) {
            *room -= count;
        }
        counts
    };
    let (validation, test) = (take(validation), take(test));
    let rest = sizes.iter().zip(&validation).zip(&test);
    let train = rest
        .map(|((size, validation), test)| size - validation - test)
        .collect();
    let wanted = [train, validation, test];
    let mut parts = assign(&wanted, units, &strata, options.seed);
    teach(units, classes, &mut parts);
    fill_empty(&wanted, units, classes, &mut parts)?;
    Ok(parts)
}

/// The part of each unit. `wanted` has for each part the number of rows of each stratum.
pub(super) fn assign(wanted: &[Vec<usize>], units: &[Vec<u32>], strata: &[usize], seed: Seed) -> Vec<usize> {
    let mut order: Vec<usize> = (0..units.len()).collect();
    shuffle(&mut order, &mut stream(seed, "split together", &[]));
    order.sort_by_key(|&unit| std::cmp::Reverse(units[unit].len()));
    let (several, single): (Vec<usize>, Vec<usize>) = order.into_iter().partition(|&unit| units[unit].len() > 1);

    let totals: Vec<f64> = wanted.iter().map(|part| part.iter().sum::<usize>() as f64).collect();
    let mut missing: Vec<Vec<f64>> = wanted
        .iter()
        .map(|part| part.iter().map(|&count| count as f64).collect())
        .collect();
    let mut parts = vec![0; units.len()];
    for unit in several {
        let mut counts: BTreeMap<usize, f64> = BTreeMap::new();
        for &row in &units[unit] {
            *counts.entry(strata[row as usize]).or_default() += 1.0;
        }
        // The change of a squared distance, in proportion to what is wanted.
        let change = |count: f64, missing: f64, wanted: f64| count * (count - 2.0 * missing) / wanted.max(1.0);
        let cost = |part: usize| -> f64 {
            let of_strata = counts.iter().map(|(&stratum, &count)| {
                let wanted = wanted[part][stratum] as f64;
                change(count, missing[part][stratum], wanted)
            });
            let all = missing[part].iter().sum();
            of_strata.sum::<f64>() + change(units[unit].len() as f64, all, totals[part])
        };
        let possible = (0..wanted.len()).filter(|&part| totals[part] > 0.0);
        let part = possible.min_by(|&one, &other| cost(one).total_cmp(&cost(other)));
        let part = part.unwrap_or_default();
        parts[unit] = part;
        for (stratum, count) in counts {
            missing[part][stratum] -= count;
        }
    }
    let mut of_strata: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for unit in single {
        let stratum = strata[units[unit][0] as usize];
        of_strata.entry(stratum).or_default().push(unit);
    }
    for (stratum, members) in of_strata {
        let needs: Vec<usize> = missing.iter().map(|part| part[stratum].max(0.0) as usize).collect();
        let room = vec![members.len(); needs.len()];
        let counts = apportion(members.len(), &needs, &room);
        let numbers = counts.iter().enumerate();
        let each = numbers.flat_map(|(part, &count)| std::iter::repeat_n(part, count));
        for (unit, part) in members.into_iter().zip(each) {
            parts[unit] = part;
        }
    }
    parts
}

/// Moves the smallest unit with each class that has no training row into training.
fn teach(units: &[Vec<u32>], classes: &[u32], parts: &mut [usize]) {
    let taught = |parts: &[usize]| -> BTreeSet<u32> {
        let train = units.iter().zip(parts).filter(|(_, part)| **part == TRAIN);
        train
            .flat_map(|(unit, _)| unit.iter().map(|&row| classes[row as usize]))
            .collect()
    };
    let all: BTreeSet<u32> = classes.iter().copied().collect();
    for class in all {
        if taught(parts).contains(&class) {
            continue;
        }
        let has = |unit: &usize| units[*unit].iter().any(|&row| classes[row as usize] == class);
        if let Some(unit) = (0..units.len()).filter(has).min_by_key(|&unit| units[unit].len()) {
            parts[unit] = TRAIN;
        }
    }
}

/// Gives every part that should have rows at least one unit of the training rows, without which each class still has some.
fn fill_empty(
    wanted: &[Vec<usize>],
    units: &[Vec<u32>],
    classes: &[u32],
    parts: &mut [usize],
) -> Result<(), DataError> {
    let asked: Vec<usize> = wanted.iter().map(|part| part.iter().sum()).collect();
    for (part, &total) in asked.iter().enumerate() {
        if total == 0 || parts.contains(&part) {
            continue;
        }
        let of_unit = |unit: usize| -> BTreeSet<u32> { units[unit].iter().map(|&row| classes[row as usize]).collect() };
        let mut teachers: BTreeMap<u32, usize> = BTreeMap::new();
        for unit in (0..units.len()).filter(|&unit| parts[unit] == TRAIN) {
            for class in of_unit(unit) {
                *teachers.entry(class).or_default() += 1;
            }
        }
        let is_spare = |&unit: &usize| parts[unit] == TRAIN && of_unit(unit).iter().all(|class| teachers[class] > 1);
        let spare = (0..units.len()).filter(is_spare);
        let Some(unit) = spare.min_by_key(|&unit| units[unit].len().abs_diff(total)) else {
            return Err(DataError::TooFewTogether {
                groups: units.len(),
                parts: asked.iter().filter(|&&total| total > 0).count(),
            });
        };
        parts[unit] = part;
    }
    Ok(())
}

/// The part of each unit: the latest rows are for the test, those before them for validation. Rows of one time are in one
/// part, and a unit counts with its latest row: none of its rows is trained on before that time.
fn by_time([validation, test]: [usize; 2], units: &[Vec<u32>], times: &[SplitValue]) -> Result<Vec<usize>, DataError> {
    let time = |row: u32| &times[row as usize];
    let latest = |unit: &[u32]| {
        unit.iter()
            .copied()
            .max_by(|&one, &other| time(one).compare(time(other)))
    };
    let mut ordered: Vec<(usize, u32)> = units
        .iter()
        .enumerate()
        .filter_map(|(unit, rows)| Some((unit, latest(rows)?)))
        .collect();
    // The latest first.
    ordered.sort_by(|one, other| time(other.1).compare(time(one.1)).then(one.0.cmp(&other.0)));
    let moments: Vec<&[(usize, u32)]> = ordered
        .chunk_by(|one, other| time(one.1).compare(time(other.1)).is_eq())
        .collect();
    let needed = 1 + usize::from(validation > 0) + usize::from(test > 0);
    if moments.len() < needed {
        return Err(DataError::TooFewTimes {
            times: moments.len(),
            parts: needed,
        });
    }
    let rows = |moment: &[(usize, u32)]| moment.iter().map(|(unit, _)| units[*unit].len()).sum::<usize>();
    let mut until = vec![0];
    for moment in &moments {
        until.push(until[until.len() - 1] + rows(moment));
    }
    // The end of a part, as a number of moments: the closest to the number of rows that are wanted.
    let end = |begin: usize, wanted: usize, after: usize| {
        if wanted == 0 {
            return begin;
        }
        let ends = begin + 1..=moments.len() - after;
        let distance = |end: &usize| until[*end].abs_diff(until[begin] + wanted);
        ends.min_by_key(distance).unwrap_or(begin)
    };
    let test_end = end(0, test, 1 + usize::from(validation > 0));
    let validation_end = end(test_end, validation, 1);
    let mut parts = vec![TRAIN; units.len()];
    for (number, moment) in moments.iter().enumerate() {
        for (unit, _) in *moment {
            parts[*unit] = match number {
                number if number < test_end => TEST,
                number if number < validation_end => VALIDATION,
                _ => TRAIN,
            };
        }
    }
    Ok(parts)
}

impl Held {
    /// This amount, or none if the part has its own files.
    pub(super) fn unless(self, has_files: bool) -> Self {
        if has_files { Self::NONE } else { self }
    }
}

#[cfg(test)]
mod tests;
