use proptest::prelude::*;

use super::*;

fn options(validation: Held, test: Held, stratify: bool) -> SplitOptions {
    SplitOptions {
        validation,
        test,
        stratify,
        seed: Seed(1),
    }
}

fn group(name: u32) -> SplitValue {
    SplitValue::Group(name.to_string())
}

fn groups(names: &[u32]) -> Vec<SplitValue> {
    names.iter().copied().map(group).collect()
}

fn split_rows(
    options: &SplitOptions,
    classes: &[u32],
    duplicates: &DuplicateGroups,
    values: &[SplitValue],
) -> Result<Parts, DataError> {
    let rows = SplitRows {
        classes,
        duplicates,
        values,
    };
    split_together(options, &rows)
}

/// The part of each row.
fn part_of(parts: &Parts, rows: usize) -> Vec<usize> {
    let mut part_of = vec![usize::MAX; rows];
    for (part, members) in [&parts.train, &parts.validation, &parts.test].into_iter().enumerate() {
        for &row in members {
            assert_eq!(part_of[row as usize], usize::MAX, "row {row} is in two parts");
            part_of[row as usize] = part;
        }
    }
    assert!(!part_of.contains(&usize::MAX), "a row is in no part");
    part_of
}

fn count(part: &[u32], classes: &[u32], class: u32) -> usize {
    part.iter().filter(|&&row| classes[row as usize] == class).count()
}

#[test]
fn without_duplicates_the_sizes_are_exact_and_every_class_keeps_its_share() {
    let classes: Vec<u32> = (0..1_000).map(|row| [0, 0, 0, 0, 0, 0, 1, 1, 1, 2][row % 10]).collect();
    let none = DuplicateGroups::none(classes.len());
    let parts = split_rows(&options(Held::Share(0.2), Held::Count(50), true), &classes, &none, &[]).unwrap();
    let of = |part: &[u32]| [0, 1, 2].map(|class| count(part, &classes, class));
    // As `StratifiedShuffleSplit` of scikit-learn: the nearest numbers to the shares of each class.
    assert_eq!(of(&parts.validation), [120, 60, 20]);
    assert_eq!(of(&parts.test), [30, 15, 5]);
    assert_eq!(of(&parts.train), [450, 225, 75]);
    assert_ne!(parts.validation, (0..200).collect::<Vec<u32>>());
}

#[test]
fn groups_are_split_as_near_to_the_shares_as_they_can_be() {
    // 50 groups of 20 rows; in some one class is frequent, in others the other.
    let names: Vec<u32> = (0..1_000).map(|row| row / 20).collect();
    let classes: Vec<u32> = (0..1_000)
        .map(|row| u32::from(row % 20 < [4, 16][(row as usize / 20) % 2]))
        .collect();
    let none = DuplicateGroups::none(classes.len());
    let options = options(Held::Share(0.2), Held::Share(0.1), true);
    let parts = split_rows(&options, &classes, &none, &groups(&names)).unwrap();
    assert_eq!(
        (parts.train.len(), parts.validation.len(), parts.test.len()),
        (700, 200, 100)
    );
    assert_eq!(count(&parts.validation, &classes, 1), 100);
    // Five groups cannot be half of each kind: 3 of one and 2 of the other are the nearest.
    assert!([44, 56].contains(&count(&parts.test, &classes, 1)), "{parts:?}");
}

#[test]
fn a_group_larger_than_a_part_is_trained_on() {
    let names: Vec<u32> = (0..100_u32).map(|row| row.saturating_sub(59)).collect();
    let classes = vec![0; 100];
    let none = DuplicateGroups::none(100);
    let parts = split_rows(
        &options(Held::Share(0.2), Held::NONE, true),
        &classes,
        &none,
        &groups(&names),
    )
    .unwrap();
    assert_eq!(parts.validation.len(), 20);
    assert!(parts.train.starts_with(&(0..60).collect::<Vec<u32>>()));
}

#[test]
fn every_part_that_is_asked_for_has_a_group() {
    let classes = vec![0; 40];
    let none = DuplicateGroups::none(40);
    let names: Vec<u32> = (0..40).map(|row| row / 20).collect();
    let two = split_rows(
        &options(Held::Share(0.2), Held::NONE, true),
        &classes,
        &none,
        &groups(&names),
    )
    .unwrap();
    assert_eq!((two.train.len(), two.validation.len()), (20, 20));
    let error = split_rows(
        &options(Held::Share(0.2), Held::Share(0.1), true),
        &classes,
        &none,
        &groups(&names),
    );
    insta::assert_snapshot!(
        error.unwrap_err(),
        @"rows that stay together, such as duplicates, leave 2 groups, too few for 3 parts of the data; add examples, or hold out fewer parts"
    );
    let one = split_rows(
        &options(Held::Share(0.2), Held::NONE, true),
        &classes,
        &none,
        &groups(&[7; 40]),
    );
    assert!(matches!(
        one.unwrap_err(),
        DataError::TooFewTogether { groups: 1, parts: 2 }
    ));
}

#[test]
fn the_latest_rows_are_held_out_and_rows_of_one_time_stay_together() {
    let times: Vec<SplitValue> = [5.0, 1.0, 2.0, 4.0, 4.0, 3.0, 4.0, 0.0, 6.0, 2.0]
        .map(SplitValue::Number)
        .to_vec();
    let classes = vec![0; 10];
    let none = DuplicateGroups::none(10);
    let parts = |validation, test| {
        split_rows(
            &options(Held::Count(validation), Held::Count(test), false),
            &classes,
            &none,
            &times,
        )
        .unwrap()
    };
    assert_eq!(parts(2, 0).validation, [0, 8]);
    let both = parts(3, 2);
    assert_eq!((both.test, both.validation), (vec![0, 8], vec![3, 4, 6]));
    // Of three rows at once the nearer boundary counts.
    assert_eq!(parts(3, 0).validation, [0, 8]);
    assert_eq!(parts(4, 0).validation, [0, 3, 4, 6, 8]);
    // A duplicate of a late row is not trained on.
    let duplicates = DuplicateGroups::of_keys([0, 1, 2, 3, 4, 5, 6, 7, 0, 9].map(|key| if key == 7 { 0 } else { key }));
    let kept = split_rows(
        &options(Held::Count(3), Held::NONE, false),
        &classes,
        &duplicates,
        &times,
    )
    .unwrap();
    assert_eq!(kept.validation, [0, 7, 8]);
    let error = split_rows(
        &options(Held::Count(3), Held::NONE, false),
        &classes,
        &none,
        &vec![SplitValue::Number(1.0); 10],
    );
    insta::assert_snapshot!(
        error.unwrap_err(),
        @"the rows have 1 different time, too few for 2 parts of the data: rows of one time stay together"
    );
}

fn amount() -> impl Strategy<Value = Held> {
    prop_oneof![
        (0.0..0.5_f64).prop_map(Held::Share),
        (0..30_usize).prop_map(Held::Count)
    ]
}

proptest! {
    #[test]
    fn no_group_and_no_duplicate_is_on_two_sides(
        rows in prop::collection::vec((0_u32..4, 0_u32..30, 0_u32..60), 1..150),
        (validation, test) in (amount(), amount()),
        has_groups: bool,
        stratify: bool,
        seed: u64,
    ) {
        let classes: Vec<u32> = rows.iter().map(|row| row.0).collect();
        let names: Vec<u32> = rows.iter().map(|row| row.1).collect();
        let duplicates = DuplicateGroups::of_keys(rows.iter().map(|row| row.2));
        let values = if has_groups { groups(&names) } else { Vec::new() };
        let options = SplitOptions { validation, test, stratify, seed: Seed(seed) };
        let split = split_rows(&options, &classes, &duplicates, &values);
        let Ok(parts) = split else { return Ok(()) };
        prop_assert_eq!(&split_rows(&options, &classes, &duplicates, &values).unwrap(), &parts);
        let part_of = part_of(&parts, rows.len());
        for (row, &first) in duplicates.firsts().iter().enumerate() {
            prop_assert_eq!(part_of[row], part_of[first as usize]);
        }
        if has_groups {
            for one in 0..rows.len() {
                for other in 0..one {
                    prop_assert!(names[one] != names[other] || part_of[one] == part_of[other]);
                }
            }
        }
        for class in &classes {
            prop_assert!(count(&parts.train, &classes, *class) > 0, "class {} is not learnt", class);
        }
        prop_assert_eq!(parts.validation.is_empty(), validation.of(rows.len()) == 0);
        prop_assert_eq!(parts.test.is_empty(), test.of(rows.len()) == 0);
    }

    #[test]
    fn rows_by_themselves_give_the_numbers_that_are_wanted(
        classes in prop::collection::vec(0_u32..4, 10..200),
        (validation, test) in (amount(), amount()),
        stratify: bool,
        seed: u64,
    ) {
        let none = DuplicateGroups::none(classes.len());
        let options = SplitOptions { validation, test, stratify, seed: Seed(seed) };
        let Ok(parts) = split_rows(&options, &classes, &none, &[]) else { return Ok(()) };
        if stratify {
            prop_assert_eq!(parts.validation.len(), validation.of(classes.len()));
            prop_assert_eq!(parts.test.len(), test.of(classes.len()));
            for class in 0..4 {
                let share = count(&parts.validation, &classes, class) as f64;
                let exact = parts.validation.len() as f64 * count(&(0..classes.len() as u32).collect::<Vec<_>>(), &classes, class) as f64 / classes.len() as f64;
                // A class that keeps one row for training leaves its place to others.
                prop_assert!((share - exact).abs() < 4.0, "{share} of {exact}");
            }
        }
    }

    #[test]
    fn nothing_that_is_trained_on_is_later_than_what_is_held_out(
        rows in prop::collection::vec((0_u8..40, 0_u32..60), 3..120),
        validation in 1..20_usize,
        test in 0..20_usize,
    ) {
        let times: Vec<SplitValue> = rows.iter().map(|row| SplitValue::Number(f64::from(row.0))).collect();
        let duplicates = DuplicateGroups::of_keys(rows.iter().map(|row| row.1));
        let classes = vec![0; rows.len()];
        let options = options(Held::Count(validation), Held::Count(test), false);
        let Ok(parts) = split_rows(&options, &classes, &duplicates, &times) else { return Ok(()) };
        part_of(&parts, rows.len());
        let latest = |part: &[u32]| part.iter().map(|&row| rows[row as usize].0).max();
        prop_assert!(latest(&parts.train) < latest(&parts.validation));
        prop_assert!(test == 0 || latest(&parts.validation) < latest(&parts.test));
        // Without duplicates a part begins where the one before has ended.
        let first = |part: &[u32]| {
            let alone = part.iter().filter(|&&row| duplicates.firsts().iter().filter(|&&first| first == duplicates.firsts()[row as usize]).count() == 1);
            alone.map(|&row| rows[row as usize].0).min()
        };
        if let (Some(first), Some(last)) = (first(&parts.validation), latest(&parts.train)) {
            prop_assert!(last < first);
        }
    }
}
