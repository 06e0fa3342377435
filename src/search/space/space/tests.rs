//! Spaces, their conditions and constraints.

use proptest::prelude::*;

use super::super::Value;
use super::*;
use crate::rng;
use crate::units::Seed;

fn float(min: f64, max: f64) -> Domain {
    Domain::Float {
        min,
        max,
        log: false,
        step: None,
    }
}

fn texts(texts: &[&str]) -> Domain {
    Domain::Choice {
        values: texts.iter().map(|text| Value::Text((*text).to_owned())).collect(),
        ordered: false,
    }
}

/// Builds a space from (name, domain, condition) and constraints.
fn space(parameters: &[(&str, Domain, &str)], constraints: &[&str]) -> Result<Space, SpaceError> {
    let domains: Vec<(&str, &Domain)> = parameters.iter().map(|(name, domain, _)| (*name, domain)).collect();
    let expression = |text: &str| Expression::parse(text, &domains).unwrap();
    let built = parameters.iter().map(|(name, domain, condition)| Parameter {
        condition: (!condition.is_empty()).then(|| expression(condition)),
        ..Parameter::new(*name, domain.clone())
    });
    Space::new(
        built.collect(),
        constraints.iter().map(|text| expression(text)).collect(),
    )
}

fn nested() -> Space {
    space(
        &[
            (
                "power",
                Domain::Int {
                    min: 1,
                    max: 3,
                    log: false,
                    step: 1,
                },
                "warmup > 0.1",
            ),
            ("warmup", float(0.0, 0.2), "scheduler != 'constant'"),
            ("scheduler", texts(&["linear", "cosine", "constant"]), ""),
            (
                "dropout",
                Domain::Float {
                    min: 0.0,
                    max: 0.5,
                    log: false,
                    step: Some(0.05),
                },
                "",
            ),
        ],
        &["warmup <= dropout"],
    )
    .unwrap()
}

#[test]
fn parents_come_before_children_and_the_rest_keeps_its_order() {
    let names: Vec<String> = nested()
        .parameters()
        .iter()
        .map(|parameter| parameter.name.clone())
        .collect();
    assert_eq!(names, ["scheduler", "warmup", "power", "dropout"]);
}

#[test]
fn a_circle_of_conditions_is_shown() {
    let error = space(
        &[
            ("a", float(0.0, 1.0), ""),
            ("b", float(0.0, 1.0), "c > a"),
            ("c", float(0.0, 1.0), "d > 0"),
            ("d", float(0.0, 1.0), "b > 0"),
        ],
        &[],
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the conditions depend on each other in a circle: `b` → `c` → `d` → `b`"
    );
    let own = space(&[("a", float(0.0, 1.0), "a > 0.5")], &[]).unwrap_err();
    assert_eq!(
        own,
        SpaceError::Cycle {
            names: vec!["a".to_owned()]
        }
    );
}

#[test]
fn the_constraint_that_leaves_nothing_is_blamed() {
    let error = space(
        &[("a", float(0.0, 1.0), ""), ("b", float(0.0, 1.0), "")],
        &["a < 0.9", "a + b > 2.5"],
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "no configuration satisfies the constraints: of 50000 drawn, 0 satisfy `a + b > 2.5`"
    );
}

#[test]
fn constraints_that_only_conflict_together_are_blamed_together() {
    let unit = |name: &'static str| (name, float(0.0, 1.0), "");
    let error = space(&[unit("a"), unit("b")], &["a < 0.6", "b < 0.9", "a > 0.7"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no configuration satisfies the constraints: of 50000 drawn, 0 satisfy `a < 0.6` and `a > 0.7` together"
    );
    let SpaceError::Infeasible(conflict) = error else {
        panic!("{error}")
    };
    assert!((29_500..30_500).contains(&conflict.blamed[0].satisfied), "{conflict:?}");
    assert!((14_500..15_500).contains(&conflict.blamed[1].satisfied), "{conflict:?}");
    // Any two of these constraints can hold together, but not all.
    let three = space(
        &[unit("a"), unit("b"), unit("c")],
        &["a > b + 0.1", "c < 0.99", "b > c + 0.1", "c > a + 0.1"],
    );
    let SpaceError::Infeasible(conflict) = three.unwrap_err() else {
        panic!("another error")
    };
    let blamed: Vec<usize> = conflict.blamed.iter().map(|blamed| blamed.index).collect();
    assert_eq!(blamed, [0, 2, 3]);
}

#[test]
fn a_space_is_refused_when_fewer_than_one_in_ten_thousand_are_feasible() {
    let unit = |name: &'static str| (name, float(0.0, 1.0), "");
    let parameters = [unit("a"), unit("b"), unit("c")];
    let error = space(&parameters, &["a < 0.01 and b < 0.01 and c < 0.05"]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("configuration satisfies the constraints: of 50000 drawn"),
        "{error}"
    );
    let rare = space(&parameters, &["a < 0.01", "b < 0.05"]).unwrap();
    let mut rng = rng::stream(Seed(3), "test", &[]);
    assert!((0..20).all(|_| rare.is_feasible(&rare.sample(&mut rng))));
}

#[test]
fn names_are_unique_and_references_known() {
    let twice = space(&[("a", float(0.0, 1.0), ""), ("a", float(0.0, 1.0), "")], &[]).unwrap_err();
    assert_eq!(twice, SpaceError::Duplicate { name: "a".to_owned() });
    let elsewhere = float(0.0, 1.0);
    let stranger = Expression::parse("b > 0", &[("b", &elsewhere)]).unwrap();
    let error = Space::new(Vec::new(), vec![stranger]).unwrap_err();
    assert_eq!(error.to_string(), "`b > 0` refers to `b`, which is not a parameter");
}

#[test]
fn an_empty_space_has_one_configuration() {
    let space = Space::new(Vec::new(), Vec::new()).unwrap();
    assert_eq!(space.cardinality(), Some(1));
    assert!(space.contains(&space.sample(&mut rng::stream(Seed(1), "test", &[]))));
}

#[test]
fn cardinality_is_a_product_that_saturates() {
    let big = Domain::Int {
        min: 0,
        max: i64::MAX - 1,
        log: false,
        step: 1,
    };
    assert_eq!(nested().cardinality(), None);
    let choices = [
        ("a", texts(&["x", "y"]), ""),
        (
            "b",
            Domain::Int {
                min: 1,
                max: 9,
                log: false,
                step: 2,
            },
            "",
        ),
    ];
    assert_eq!(space(&choices, &[]).unwrap().cardinality(), Some(10));
    let huge = [("a", big.clone(), ""), ("b", big, "")];
    assert_eq!(space(&huge, &[]).unwrap().cardinality(), Some(u64::MAX));
}

#[test]
fn values_of_inactive_and_unknown_parameters_are_not_contained() {
    let space = nested();
    let mut configuration = space.decode(&[0.9, 0.5, 0.5, 0.5]);
    assert_eq!(configuration.get("warmup"), None);
    assert!(space.contains(&configuration));
    let mut unknown = configuration.clone();
    unknown.set("momentum", Value::Float(0.9));
    assert!(!space.contains(&unknown));
    configuration.set("warmup", Value::Float(0.1));
    assert!(!space.contains(&configuration));
    assert!(!space.contains(&Configuration::default()));
}

proptest! {
    #[test]
    fn parameters_are_active_exactly_when_their_condition_is_true(unit in prop::collection::vec(0.0..=1.0, 4)) {
        let space = nested();
        let configuration = space.decode(&unit);
        for parameter in space.parameters() {
            let is_active = parameter.condition.as_ref().is_none_or(|condition| condition.is_true(&configuration));
            prop_assert_eq!(configuration.get(&parameter.name).is_some(), is_active);
        }
        let again = space.encode(&configuration).unwrap();
        let filled: Vec<f64> = again.iter().map(|position| position.unwrap_or(0.123)).collect();
        prop_assert_eq!(space.decode(&filled).hash().len(), 16);
        prop_assert!(space.contains(&space.decode(&filled)));
        for (parameter, position) in space.parameters().iter().zip(&again) {
            prop_assert_eq!(position.is_some(), configuration.get(&parameter.name).is_some());
        }
    }

    #[test]
    fn samples_are_contained_feasible_and_repeatable(seed: u64) {
        let space = nested();
        let configuration = space.sample(&mut rng::stream(Seed(seed), "test", &[]));
        prop_assert!(space.contains(&configuration));
        prop_assert!(space.is_feasible(&configuration));
        prop_assert_eq!(&configuration, &space.sample(&mut rng::stream(Seed(seed), "test", &[])));
    }

    #[test]
    fn a_point_is_judged_like_the_configuration_it_stands_for(unit in prop::collection::vec(0.0..=1.0, 4)) {
        let space = nested();
        prop_assert_eq!(space.is_feasible_at(&unit), space.is_feasible(&space.decode(&unit)));
    }
}
