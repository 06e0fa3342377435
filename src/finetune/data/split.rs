//! Splits examples into training, validation and test parts.

use std::collections::BTreeMap;

use crate::rng::stream;
use crate::units::Seed;

use super::error::DataError;
use super::shuffle::shuffle;

/// The examples of the training table that are held out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SplitOptions {
    /// Examples for validation.
    pub validation: Held,
    /// Examples for the final test.
    pub test: Held,
    /// True if each part keeps the share of every label.
    pub stratify: bool,
    /// The key of the random choice.
    pub seed: Seed,
}

/// Number of examples that are held out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Held {
    /// A share of all, in `0..1`.
    Share(f64),
    /// A number.
    Count(usize),
}

impl Held {
    /// None.
    pub const NONE: Self = Self::Count(0);

    /// The number of some examples. A share above 0 is the nearest whole number, and at least one.
    pub fn of(self, examples: usize) -> usize {
        match self {
            Self::Share(0.0) => 0,
            Self::Share(share) => ((share * examples as f64).round() as usize).max(1),
            Self::Count(count) => count,
        }
    }

    fn share(self) -> f64 {
        match self {
            Self::Share(share) => share,
            Self::Count(_) => 0.0,
        }
    }
}

/// Indices of examples; every example is in exactly one part, and each part is in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// For training; at least one example of every label.
    pub train: Vec<u32>,
    /// For comparing trials.
    pub validation: Vec<u32>,
    /// For the final test of the best trial.
    pub test: Vec<u32>,
}

/// The indices of `limit` examples with these classes, in ascending order: at least one of every label.
///
/// # Errors
/// Returns [`DataError::LimitBelowLabels`] if there are more labels.
pub fn sample(classes: &[u32], limit: usize, stratify: bool, seed: Seed) -> Result<Vec<u32>, DataError> {
    let labels = classes.iter().collect::<std::collections::BTreeSet<_>>().len();
    if limit < labels {
        return Err(DataError::LimitBelowLabels { limit, labels });
    }
    let options = SplitOptions {
        validation: Held::Count(classes.len().saturating_sub(limit)),
        test: Held::NONE,
        stratify,
        seed,
    };
    Ok(split(classes, &options)?.train)
}

/// Splits examples with these classes: a pure function of its arguments. A share above 0 holds out the nearest whole
/// number of examples, at least one. With `stratify`, held-out examples are distributed among the labels by largest
/// remainder (Hamilton's method).
///
/// # Errors
/// Returns [`DataError::Shares`] for shares outside of their range, [`DataError::TooFewExamples`] if a label would have
/// no training examples.
pub fn split(classes: &[u32], options: &SplitOptions) -> Result<Parts, DataError> {
    let SplitOptions {
        validation,
        test,
        stratify,
        seed,
    } = *options;
    let shares = (validation.share(), test.share());
    if !(shares.0 >= 0.0 && shares.1 >= 0.0 && shares.0 + shares.1 < 1.0) {
        let (validation, test) = shares;
        return Err(DataError::Shares { validation, test });
    }
    let wanted_validation = validation.of(classes.len());
    let wanted_test = test.of(classes.len());

    let groups = grouped(classes, stratify);
    let sizes: Vec<usize> = groups.values().map(Vec::len).collect();
    let spare: Vec<Vec<u32>> = groups
        .into_iter()
        .map(|(group, members)| spare(members, classes, seed, group))
        .collect();
    let mut room: Vec<usize> = spare.iter().map(Vec::len).collect();
    if room.iter().sum::<usize>() < wanted_validation.saturating_add(wanted_test) {
        return Err(DataError::TooFewExamples {
            examples: classes.len(),
            labels: classes.iter().collect::<std::collections::BTreeSet<_>>().len(),
            held_out: wanted_validation.saturating_add(wanted_test),
        });
    }
    let validation_counts = apportion(wanted_validation, &sizes, &room);
    for (room, taken) in room.iter_mut().zip(&validation_counts) {
        *room -= taken;
    }
    let test_counts = apportion(wanted_test, &sizes, &room);

    let mut held = vec![Part::Train; classes.len()];
    for ((spare, validation), test) in spare.iter().zip(validation_counts).zip(test_counts) {
        for (place, &example) in spare.iter().enumerate().take(validation + test) {
            held[example as usize] = if place < validation {
                Part::Validation
            } else {
                Part::Test
            };
        }
    }
    let members = |wanted: Part| {
        (0..)
            .zip(&held)
            .filter(|(_, part)| **part == wanted)
            .map(|(index, _)| index)
            .collect()
    };
    Ok(Parts {
        train: members(Part::Train),
        validation: members(Part::Validation),
        test: members(Part::Test),
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Train,
    Validation,
    Test,
}

/// The examples by label, or all in one group.
fn grouped(classes: &[u32], stratify: bool) -> BTreeMap<u32, Vec<u32>> {
    let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (example, &class) in (0..).zip(classes) {
        groups
            .entry(if stratify { class } else { 0 })
            .or_default()
            .push(example);
    }
    groups
}

/// The group's members in random order, without the first one of each label: that one always stays in training.
fn spare(mut members: Vec<u32>, classes: &[u32], seed: Seed, group: u32) -> Vec<u32> {
    shuffle(&mut members, &mut stream(seed, "split", &[u64::from(group)]));
    let mut learnt = std::collections::BTreeSet::new();
    members.retain(|&example| !learnt.insert(classes[example as usize]));
    members
}

/// Distributes `total` in proportion to `sizes`, but no more than `room` for each; `total` is at most the sum of
/// `room`.
pub(super) fn apportion(total: usize, sizes: &[usize], room: &[usize]) -> Vec<usize> {
    let all: usize = sizes.iter().sum();
    let quota = |size: usize| (total as u128 * size as u128).div_euclid(all.max(1) as u128) as usize;
    let remainder = |size: usize| (total as u128 * size as u128).rem_euclid(all.max(1) as u128);
    let mut counts: Vec<usize> = sizes
        .iter()
        .zip(room)
        .map(|(&size, &room)| quota(size).min(room))
        .collect();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&group| (std::cmp::Reverse(remainder(sizes[group])), group));
    let mut left = total - counts.iter().sum::<usize>();
    while left > 0 {
        let before = left;
        for &group in &order {
            if left > 0 && counts[group] < room[group] {
                counts[group] += 1;
                left -= 1;
            }
        }
        if left == before {
            break;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn options(validation: f64, test: f64, stratify: bool) -> SplitOptions {
        SplitOptions {
            validation: Held::Share(validation),
            test: Held::Share(test),
            stratify,
            seed: Seed(1),
        }
    }

    fn of_class(part: &[u32], classes: &[u32], class: u32) -> usize {
        part.iter()
            .filter(|&&example| classes[example as usize] == class)
            .count()
    }

    #[test]
    fn a_stratified_split_keeps_every_labels_share() {
        let classes: Vec<u32> = (0..100).map(|index| u32::from(index % 10 == 0)).collect();
        let parts = split(&classes, &options(0.2, 0.1, true)).unwrap();
        assert_eq!(
            (parts.train.len(), parts.validation.len(), parts.test.len()),
            (70, 20, 10)
        );
        assert_eq!(
            (
                of_class(&parts.validation, &classes, 1),
                of_class(&parts.test, &classes, 1)
            ),
            (2, 1)
        );
    }

    #[test]
    fn the_seed_decides_which_examples_are_held_out() {
        let classes = [0, 1].repeat(50);
        let one = split(&classes, &options(0.2, 0.0, false)).unwrap();
        assert_eq!(one, split(&classes, &options(0.2, 0.0, false)).unwrap());
        assert_ne!(
            one,
            split(
                &classes,
                &SplitOptions {
                    seed: Seed(2),
                    ..options(0.2, 0.0, false)
                }
            )
            .unwrap()
        );
        assert_ne!(one.validation, (0..20).collect::<Vec<u32>>());
        assert!(one.test.is_empty());
    }

    #[test]
    fn the_smallest_share_still_holds_out_one_example() {
        let parts = split(&[0, 1, 0], &options(0.01, 0.0, true)).unwrap();
        assert_eq!(parts.validation.len(), 1);
    }

    #[test]
    fn too_few_examples_and_shares_out_of_range_are_refused() {
        let error = split(&[0, 1, 2], &options(0.2, 0.0, true)).unwrap_err();
        assert!(
            matches!(
                error,
                DataError::TooFewExamples {
                    examples: 3,
                    labels: 3,
                    held_out: 1
                }
            ),
            "{error}"
        );
        for (validation, test) in [(0.5, 0.5), (-0.1, 0.0), (f64::NAN, 0.0), (0.2, f64::INFINITY)] {
            assert!(matches!(
                split(&[0, 1], &options(validation, test, false)),
                Err(DataError::Shares { .. })
            ));
        }
    }

    #[test]
    fn a_number_of_examples_is_held_out_or_kept() {
        let classes: Vec<u32> = (0..100).map(|index| u32::from(index % 10 == 0)).collect();
        let options = SplitOptions {
            validation: Held::Count(30),
            test: Held::Count(10),
            ..options(0.0, 0.0, true)
        };
        let parts = split(&classes, &options).unwrap();
        assert_eq!(
            (parts.train.len(), parts.validation.len(), parts.test.len()),
            (60, 30, 10)
        );
        assert_eq!(of_class(&parts.validation, &classes, 1), 3);
        let kept = sample(&classes, 20, true, Seed(1)).unwrap();
        assert_eq!((kept.len(), of_class(&kept, &classes, 1)), (20, 2));
        assert!(kept.is_sorted());
        assert_eq!(sample(&classes, 1000, true, Seed(1)).unwrap().len(), 100);
        let error = sample(&classes, 1, true, Seed(1)).unwrap_err();
        assert!(
            matches!(error, DataError::LimitBelowLabels { labels: 2, .. }),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn every_example_is_in_exactly_one_part_and_every_label_is_learnt(
            classes in prop::collection::vec(0_u32..5, 1..200),
            validation in 0.0..0.6_f64,
            test in 0.0..0.4_f64,
            stratify: bool,
            seed: u64,
        ) {
            let (validation, test) = (Held::Share(validation), Held::Share(test));
            let options = SplitOptions { validation, test, stratify, seed: Seed(seed) };
            match split(&classes, &options) {
                Err(DataError::TooFewExamples { examples, labels, held_out }) => {
                    prop_assert!(examples < labels + held_out);
                }
                Err(other) => prop_assert!(false, "{}", other),
                Ok(parts) => {
                    let mut all = [parts.train.clone(), parts.validation.clone(), parts.test.clone()].concat();
                    all.sort_unstable();
                    prop_assert_eq!(all, (0..classes.len() as u32).collect::<Vec<_>>());
                    prop_assert_eq!(parts.validation.len(), validation.of(classes.len()));
                    prop_assert_eq!(parts.test.len(), test.of(classes.len()));
                    for &class in &classes {
                        prop_assert!(of_class(&parts.train, &classes, class) > 0);
                    }
                }
            }
        }
    }
}
