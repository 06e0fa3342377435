use super::super::axis::Axis;
use super::super::region::Region;
use super::super::testing::{assert_near, conditional, cube, draw, learn, number};
use super::*;
use crate::space::{Domain, Space};

fn forest(space: &Space, count: u64) -> Forest {
    let trials = draw(space, count, |x| number(x, "x0") + number(x, "x1") * number(x, "child"));
    let (parameters, axes): (Vec<usize>, Vec<Axis>) = Axis::all(space).into_iter().unzip();
    let column = |&index: &usize| {
        trials
            .iter()
            .map(|(point, _)| point[index].unwrap_or(f64::NAN))
            .collect()
    };
    let columns = parameters.iter().map(column).collect();
    let losses = trials.iter().map(|(_, loss)| *loss).collect();
    Forest::grow(Observations::new(axes, columns, losses), Seed(1))
}

fn mixed() -> Space {
    conditional(
        [
            ("x0", Domain::float(0.0, 1.0)),
            ("x1", Domain::int(0, 9)),
            ("kind", Domain::choice(["a", "b", "c", "d"])),
        ],
        [("child", Domain::float(0.0, 1.0), "kind in ['a', 'c']")],
    )
}

#[test]
fn the_leaves_share_out_the_unit_cube() {
    let forest = forest(&mixed(), 120);
    for tree in &forest.trees {
        let regions = tree.regions(&forest.observations);
        assert_near(regions.iter().map(Region::volume).sum(), 1.0, 1e-9);
        assert!(
            regions
                .iter()
                .all(|region| region.rows.len() >= SMALLEST_LEAF || region.rows.len() == 120)
        );
    }
}

#[test]
fn a_tree_predicts_at_a_point_what_the_leaf_around_it_predicts() {
    let forest = forest(&mixed(), 120);
    let mut rng = rng::stream(Seed(2), "test", &[]);
    for tree in &forest.trees {
        let regions = tree.regions(&forest.observations);
        for _ in 0..20 {
            let point: [f64; 4] = std::array::from_fn(|_| rng.random());
            let is_around = |region: &&Region<'_>| {
                let mut sides = region.sides.iter().zip(point);
                sides.all(|(side, at)| side.iter().any(|part| (part.from..part.to).contains(&at)))
            };
            let around: Vec<f64> = regions.iter().filter(is_around).map(|region| region.value).collect();
            assert_eq!(around, [tree.predict(&forest.observations, |axis| point[axis])]);
        }
    }
}

#[test]
fn a_conditional_parameter_divides_only_where_it_is_active() {
    let forest = forest(&mixed(), 120);
    let regions = forest.trees.iter().flat_map(|tree| tree.regions(&forest.observations));
    let mut divided = 0;
    for region in regions.filter(|region| region.length(3) < 1.0) {
        divided += 1;
        assert_eq!(forest.observations.presence(region.rows, &[3]), 1.0);
    }
    assert!(divided > 100, "{divided}");
}

#[test]
fn a_forest_explains_a_function_and_not_noise() {
    let space = cube(3);
    let function = draw(&space, 200, |x| number(x, "x0") + number(x, "x1"));
    assert!(learn(&space, &function).unwrap().explained() > 0.85);
    let mut noise = function;
    let mut rng = rng::stream(Seed(3), "test", &[]);
    for trial in &mut noise {
        trial.1 = rng.random();
    }
    assert!(learn(&space, &noise).unwrap().explained() < 0.1);
}
