use super::super::testing::{assert_near, conditional, cube, draw, is, learn, number, space};
use super::*;
use crate::space::{Domain, Space};

#[test]
fn a_curve_follows_the_function_in_the_unit_of_the_loss() {
    let space = cube(2);
    let loss = |x: f64| 5.0 + 3.0 * (x - 0.3).powi(2);
    let trials = draw(&space, 400, |x| loss(number(x, "x0")) + number(x, "x1"));
    let curve = learn(&space, &trials).unwrap().dependence(0).unwrap();
    assert_eq!(curve.levels.len(), CURVE_POINTS);
    for level in &curve.levels {
        assert_near(level.loss.mean, loss(level.position) + 0.5, 0.15);
        assert!(level.loss.deviation < 0.2);
    }
}

#[test]
fn a_curve_shows_every_value_of_a_small_domain() {
    let space = space([("layers", Domain::int(1, 5)), ("kind", Domain::choice(["a", "b", "c"]))]);
    let trials = draw(&space, 200, |x| {
        number(x, "layers") + 4.0 * f64::from(is(x, "kind", "b"))
    });
    let landscape = learn(&space, &trials).unwrap();
    let losses = |parameter| {
        let levels = landscape.dependence(parameter).unwrap().levels;
        levels.iter().map(|level| level.loss.mean).collect::<Vec<_>>()
    };
    for (layers, loss) in losses(0).into_iter().enumerate() {
        assert_near(loss, layers as f64 + 1.0 + 4.0 / 3.0, 0.2);
    }
    for (loss, exact) in losses(1).into_iter().zip([3.0, 7.0, 3.0]) {
        assert_near(loss, exact, 0.2);
    }
}

fn optimisers() -> Space {
    let rate = || Domain::float(0.0, 1.0);
    conditional(
        [("optimizer", Domain::choice(["adam", "sgd"]))],
        [
            ("momentum", rate(), "optimizer == 'sgd'"),
            ("beta", rate(), "optimizer == 'adam'"),
        ],
    )
}

#[test]
fn the_curve_of_a_conditional_parameter_is_that_where_it_is_active() {
    let space = optimisers();
    let trials = draw(&space, 300, |x| {
        x.get("momentum").map_or(9.0, |_| number(x, "momentum"))
    });
    let curve = learn(&space, &trials).unwrap().dependence(1).unwrap();
    for level in curve.levels {
        assert_near(level.loss.mean, level.position, 0.06);
    }
}

#[test]
fn a_contour_shows_an_interaction() {
    let space = cube(3);
    let trials = draw(&space, 800, |x| {
        f64::from((number(x, "x0") > 0.5) == (number(x, "x2") > 0.5))
    });
    let contour = learn(&space, &trials).unwrap().contour(2, 0).unwrap();
    assert_eq!(contour.parameters, [2, 0]);
    assert_eq!([contour.losses.len(), contour.losses[0].len()], [CONTOUR_POINTS; 2]);
    let corner = |row: usize, column: usize| contour.losses[row][column].unwrap().mean;
    assert!(corner(1, 1) > 0.9 && corner(22, 22) > 0.9);
    assert!(corner(1, 22) < 0.1 && corner(22, 1) < 0.1);
}

#[test]
fn a_contour_of_a_parent_and_its_child_has_gaps() {
    let space = optimisers();
    let trials = draw(&space, 200, |x| number(x, "momentum"));
    let landscape = learn(&space, &trials).unwrap();
    let contour = landscape.contour(0, 1).unwrap();
    assert!(contour.losses[0].iter().all(Option::is_none), "no momentum with adam");
    assert!(contour.losses[1].iter().all(Option::is_some));
}

#[test]
fn there_is_nothing_to_show_of_parameters_that_are_never_active_together() {
    let space = optimisers();
    let trials = draw(&space, 200, |x| {
        number(x, "momentum") + f64::from(is(x, "optimizer", "adam"))
    });
    let landscape = learn(&space, &trials).unwrap();
    assert_eq!(landscape.contour(1, 2), None);
    assert_eq!(landscape.contour(1, 1), None);
    assert_eq!(landscape.dependence(7), None);
}
