use proptest::prelude::*;

use super::*;
use crate::searchers::testing::{cube, cube_trial, mixed_space, new_cube_trial};
use crate::trials::testing::view;
use crate::units::Seed;

/// The thread after these trials of the cube; it starts from the first of them.
fn thread(space: &Space, trials: &[Trial]) -> Thread {
    let mut thread = Thread::new(&trials[0], position_of(&trials[0], &[]), PACE.first);
    for trial in &trials[1..] {
        thread.take(&view(space, 1, trials), trial, true);
    }
    thread
}

fn proposed(space: &Space, trials: &[Trial]) -> Vec<f64> {
    let configuration = thread(space, trials).propose(&view(space, 1, trials), 0).unwrap();
    position_of(
        &Trial {
            point: space.encode(&configuration).unwrap(),
            ..trials[0].clone()
        },
        &[],
    )
}

#[test]
fn after_a_failure_the_opposite_step_is_tried_and_then_a_new_direction() {
    let space = cube(2);
    let mut trials = vec![
        cube_trial(0, &[0.5, 0.5], 1.0, "cfo"),
        cube_trial(1, &[0.6, 0.45], 2.0, STEP),
    ];
    let opposite = proposed(&space, &trials);
    assert!(
        (opposite[0] - 0.4).abs() < 1e-9 && (opposite[1] - 0.55).abs() < 1e-9,
        "{opposite:?}"
    );
    trials.push(cube_trial(2, &opposite, 2.0, STEP));
    let next = proposed(&space, &trials);
    assert!((next[0] - 0.6).abs() > 1e-6 && (next[0] - 0.4).abs() > 1e-6, "{next:?}");
}

#[test]
fn a_step_has_the_length_that_the_paper_gives_it() {
    let space = cube(4);
    let start = cube_trial(0, &[0.5; 4], 1.0, "cfo");
    let next = proposed(&space, &[start]);
    let length = next.iter().map(|at| (at - 0.5).powi(2)).sum::<f64>().sqrt();
    assert!((length - PACE.first * 2.0).abs() < 1e-9, "{length}");
}

#[test]
fn an_improvement_becomes_the_incumbent_and_a_failed_trial_never() {
    let space = cube(2);
    let trials = [
        cube_trial(0, &[0.5, 0.5], 1.0, "cfo"),
        cube_trial(1, &[0.6, 0.6], f64::INFINITY, STEP),
        cube_trial(2, &[0.4, 0.4], 0.5, STEP),
        cube_trial(3, &[0.3, 0.3], 0.7, STEP),
    ];
    let thread = thread(&space, &trials);
    assert_eq!((thread.best(), thread.position()), (2, &[0.4, 0.4][..]));
}

#[test]
fn the_step_shrinks_after_a_run_of_failures_for_each_dimension_until_it_has_converged() {
    let space = cube(3);
    let mut trials = vec![cube_trial(0, &[0.5; 3], 1.0, "cfo")];
    let fail = |trials: &mut Vec<Trial>| {
        let number = trials.len() as u32;
        trials.push(cube_trial(number, &[0.6, 0.5, 0.4], 2.0, STEP));
    };
    fail(&mut trials);
    fail(&mut trials);
    assert_eq!(thread(&space, &trials).scale(), PACE.first);
    fail(&mut trials);
    assert_eq!(thread(&space, &trials).scale(), PACE.first * PACE.shrink);
    for _ in 0..30 {
        fail(&mut trials);
    }
    assert!(thread(&space, &trials).is_converged());
}

#[test]
fn several_workers_get_different_steps_and_none_is_answered_twice() {
    let space = cube(2);
    let mut trials = vec![
        cube_trial(0, &[0.5, 0.5], 1.0, "cfo"),
        cube_trial(1, &[0.6, 0.45], 2.0, STEP),
    ];
    let mut positions = Vec::new();
    for number in 2..6 {
        let position = proposed(&space, &trials);
        assert!(!positions.contains(&position));
        trials.push(new_cube_trial(number, &position, STEP).running_to(1));
        positions.push(position);
    }
    assert!(
        (positions[0][0] - 0.4).abs() < 1e-9,
        "the opposite comes first: {positions:?}"
    );
}

#[test]
fn a_trial_is_compared_where_both_have_been() {
    let space = cube(1);
    let far = new_cube_trial(0, &[0.5], "cfo").observed(1, 0.8).ended(9, 0.2);
    let trials = [far.clone(), cube_trial(1, &[0.6], 0.7, STEP)];
    assert_eq!(thread(&space, &trials).best(), 1);
    let trials = [far, cube_trial(1, &[0.6], 0.9, STEP)];
    assert_eq!(thread(&space, &trials).best(), 0);
}

proptest! {
    #[test]
    fn steps_and_their_opposites_stay_inside_and_change_something(seed in 0_u64..500, scale in 0.01..0.3_f64) {
        let space = mixed_space();
        let mut rng = crate::rng::stream(Seed(seed), "test", &[]);
        let from = space.encode(&space.sample(&mut rng)).unwrap();
        let position: Vec<f64> = from.iter().map(|at| at.unwrap()).collect();
        let step = forward(&space, &position, &from, scale, &mut rng);
        let back = opposite(&space, &position, &step, Seed(seed), 3);
        prop_assert!(step.iter().chain(&back).all(|at| (0.0..=1.0).contains(at)));
        prop_assert!(!is_same(&space, &step, &position, &from));
        prop_assert!(!is_same(&space, &step, &back, &from));
        // A parameter that did not move forward does not move back.
        for (index, parameter) in space.parameters().iter().enumerate().skip(1) {
            let number = |position: &[f64]| parameter.domain.number_at(position[index]);
            prop_assert!(number(&step) != number(&position) || number(&back) == number(&position));
        }
    }
}
