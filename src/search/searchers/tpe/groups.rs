//! Group decomposition: parameters that are active together are modelled together, others separately.
//!
//! The idea is that of Optuna's `group=True` for the multivariate estimator (Akiba et al. 2019). Here the groups follow
//! from the conditions of the space, so they are known before the first trial.

use crate::space::{Shape, Space};

/// Indices of parameters that are always active together. Never empty.
pub(super) type Group = Vec<usize>;

/// The groups of all parameters with more than one value: parameters with the same condition form a group.
pub(super) fn groups(space: &Space) -> Vec<Group> {
    let parameters = space.parameters();
    let mut groups: Vec<Group> = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        if parameter.domain.shape() == Shape::Constant {
            continue;
        }
        let together = |group: &&mut Group| parameters[group[0]].condition == parameter.condition;
        match groups.iter_mut().find(together) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;
    use crate::space::{Domain, Expression, Parameter};
    use crate::units::Seed;

    pub(in super::super) fn conditional_space() -> Space {
        let kind = Domain::choice(["sgd", "adam", "none"]);
        let float = Domain::float(0.0, 1.0);
        let when = |text: &str| Some(Expression::parse(text, &[("kind", &kind), ("momentum", &float)]).unwrap());
        let parameter = |name: &str, text: &str| Parameter {
            condition: when(text),
            ..Parameter::new(name, float.clone())
        };
        Space::new(
            vec![
                Parameter::new("kind", kind.clone()),
                parameter("momentum", "kind == 'sgd'"),
                parameter("damping", "kind == 'sgd'"),
                parameter("beta", "kind == 'adam'"),
                parameter("nesterov", "momentum > 0.5"),
                Parameter::new("rate", float.clone()),
            ],
            vec![],
        )
        .unwrap()
    }

    #[test]
    fn a_group_is_active_as_one_and_every_parameter_is_in_one_group() {
        let space = conditional_space();
        let groups = groups(&space);
        let name = |&index: &usize| space.parameters()[index].name.as_str();
        let mut names: Vec<Vec<&str>> = groups.iter().map(|group| group.iter().map(name).collect()).collect();
        names.sort();
        assert_eq!(
            names,
            [
                vec!["beta"],
                vec!["kind", "rate"],
                vec!["momentum", "damping"],
                vec!["nesterov"]
            ]
        );
        let mut rng = rng::stream(Seed(1), "test", &[]);
        for _ in 0..100 {
            let point = space.encode(&space.sample(&mut rng)).unwrap();
            for group in &groups {
                assert!(
                    group
                        .iter()
                        .all(|&index| point[index].is_some() == point[group[0]].is_some())
                );
            }
        }
    }
}
