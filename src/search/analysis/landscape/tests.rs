use proptest::prelude::*;

use super::super::testing::{cube, draw, learn, number, space};
use super::*;
use crate::space::Domain;

#[test]
fn too_few_trials_teach_nothing() {
    let space = cube(2);
    let trials = draw(&space, 8, |x| number(x, "x0"));
    assert!(learn(&space, &trials).is_some());
    assert!(learn(&space, &trials[..7]).is_none());
}

#[test]
fn there_must_be_something_to_tell_trials_apart_by() {
    let equal = draw(&cube(2), 20, |_| 3.0);
    assert!(learn(&cube(2), &equal).is_none());
    let constant = space([("x", Domain::int(2, 2))]);
    let mut trials = draw(&constant, 20, |_| 0.0);
    trials[3].1 = 1.0;
    assert!(learn(&constant, &trials).is_none());
}

#[test]
fn points_of_another_space_are_left_out() {
    let space = cube(2);
    let mut trials = draw(&space, 9, |x| number(x, "x0"));
    trials[0].0.pop();
    trials[1].0.push(None);
    assert!(learn(&space, &trials).is_none());
}

#[test]
fn a_constant_parameter_has_no_importance() {
    let space = space([("one", Domain::int(2, 2)), ("x", Domain::float(0.0, 1.0))]);
    let landscape = learn(&space, &draw(&space, 20, |x| number(x, "x"))).unwrap();
    let effects = landscape.importance().effects;
    assert_eq!(effects.len(), 1);
    assert_eq!(effects[0].parameter, 1);
    assert_eq!(landscape.dependence(0), None);
}

#[test]
fn the_same_seed_gives_the_same_landscape_and_another_does_not() {
    let space = cube(3);
    let trials = draw(&space, 50, |x| number(x, "x0") + 0.3 * number(x, "x1"));
    let importance = |seed| {
        let trials = trials.iter().map(|(point, loss)| (point.as_slice(), *loss));
        Landscape::learn(&space, trials, Focus::All, Seed(seed))
            .unwrap()
            .importance()
    };
    assert_eq!(importance(1), importance(1));
    assert_ne!(importance(1), importance(2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn the_order_of_trials_does_not_matter(
        order in Just((0..40).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let space = cube(3);
        let trials = draw(&space, 40, |x| number(x, "x0") * number(x, "x1"));
        let shuffled: Vec<_> = order.iter().map(|&index| trials[index].clone()).collect();
        let [one, other] = [trials, shuffled].map(|trials| learn(&space, &trials).unwrap());
        prop_assert_eq!(one.explained(), other.explained());
        prop_assert_eq!(one.importance(), other.importance());
        prop_assert_eq!(one.dependence(0), other.dependence(0));
    }
}
