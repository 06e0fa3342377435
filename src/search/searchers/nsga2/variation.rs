//! Creates a child of two points of the unit cube. Ordered axes use simulated binary crossover and polynomial mutation
//! (Deb & Agrawal 1995; Deb et al. 2002, §V-A); unordered axes use exchange and redraw.

use rand::RngExt as _;

use crate::rng::Rng;
use crate::space::{Shape, Space};

/// Probability that two parents are crossed; Deb et al. 2002, §V-A.
const CROSSOVER: f64 = 0.9;

/// Distribution index of crossover: larger values keep children closer to their parents; Deb et al. 2002, §V-A.
const CROSSOVER_INDEX: f64 = 20.0;

/// Distribution index of mutation; Deb et al. 2002, §V-A.
const MUTATION_INDEX: f64 = 20.0;

/// One child of two parents, one number in `[0, 1]` for each parameter of the space. If one parent lacks a parameter,
/// it comes from the other parent; if both lack it, it is random. Conditions decide later which parameters are active.
pub(super) fn child(space: &Space, parents: [&[Option<f64>]; 2], rng: &mut Rng) -> Vec<f64> {
    let shapes: Vec<Shape> = space
        .parameters()
        .iter()
        .map(|parameter| parameter.domain.shape())
        .collect();
    let varying = shapes.iter().filter(|shape| **shape != Shape::Constant).count();
    // One parameter in each child on average; Deb et al. 2002, §V-A.
    let mutation = 1.0 / varying.max(1) as f64;
    let is_crossed = rng.random_bool(CROSSOVER);
    let position = |parent: usize, axis: usize| parents[parent].get(axis).copied().flatten();
    let mut child = Vec::with_capacity(shapes.len());
    for (axis, shape) in shapes.into_iter().enumerate() {
        let inherited = match (position(0, axis), position(1, axis)) {
            (Some(one), Some(other)) if is_crossed => Some(crossed(one, other, shape, rng)),
            (Some(one), _) => Some(one),
            (None, other) => other,
        };
        let is_mutated = rng.random_bool(mutation);
        child.push(match inherited {
            Some(position) if is_mutated => mutated(position, shape, rng),
            Some(position) => position,
            None => rng.random(),
        });
    }
    child
}

fn crossed(one: f64, other: f64, shape: Shape, rng: &mut Rng) -> f64 {
    let is_first = rng.random_bool(0.5);
    let kept = if is_first { one } else { other };
    match shape {
        // Each axis takes part with probability one half, as in the authors' program.
        Shape::Continuous | Shape::Ordered { .. } if rng.random_bool(0.5) => {
            binary_crossover(one, other, is_first, rng.random())
        }
        Shape::Continuous | Shape::Ordered { .. } | Shape::Constant | Shape::Unordered { .. } => kept,
    }
}

/// Simulated binary crossover within `[0, 1]`: the child on the side of the first or of the second parent. Its distance
/// is distributed as in single-point crossover of bit strings. `uniform` is uniform in `[0, 1)`.
fn binary_crossover(one: f64, other: f64, is_first: bool, uniform: f64) -> f64 {
    let (low, high) = (one.min(other), one.max(other));
    if high - low < 1e-14 {
        return one;
    }
    // The bounded form of the authors' program: the distance of a child is limited by the nearer bound.
    let spread = |room: f64| {
        let alpha = 2.0 - (1.0 + 2.0 * room / (high - low)).powf(-(CROSSOVER_INDEX + 1.0));
        let exponent = 1.0 / (CROSSOVER_INDEX + 1.0);
        if uniform * alpha <= 1.0 {
            (uniform * alpha).powf(exponent)
        } else {
            (1.0 / (2.0 - uniform * alpha)).powf(exponent)
        }
    };
    let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
    let position = if is_first == (one < other) {
        middle - spread(low) * half
    } else {
        middle + spread(1.0 - high) * half
    };
    position.clamp(0.0, 1.0)
}

fn mutated(position: f64, shape: Shape, rng: &mut Rng) -> f64 {
    match shape {
        Shape::Constant => position,
        Shape::Unordered { .. } => rng.random(),
        Shape::Continuous => polynomial_mutation(position, rng.random()),
        // On a coarse axis a small step changes nothing: move at least to a neighbouring value.
        Shape::Ordered { count } => {
            let step = 1.0 / count as f64;
            let moved = polynomial_mutation(position, rng.random());
            if (moved - position).abs() >= step {
                moved
            } else {
                (position + step.copysign(moved - position)).clamp(0.0, 1.0)
            }
        }
    }
}

/// Polynomial mutation within `[0, 1]`, in the bounded form of the authors' program. `uniform` is uniform in `[0, 1)`.
fn polynomial_mutation(position: f64, uniform: f64) -> f64 {
    let power = MUTATION_INDEX + 1.0;
    let moved = if uniform < 0.5 {
        let room = (1.0 - position).powf(power);
        position + (2.0 * uniform + (1.0 - 2.0 * uniform) * room).powf(1.0 / power) - 1.0
    } else {
        let room = position.powf(power);
        position + 1.0 - (2.0 * (1.0 - uniform) + 2.0 * (uniform - 0.5) * room).powf(1.0 / power)
    };
    moved.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rng;
    use crate::units::Seed;

    proptest! {
        #[test]
        fn positions_stay_in_the_unit_interval(
            one in 0.0..=1.0_f64, other in 0.0..=1.0_f64, is_first: bool, uniform in 0.0..1.0_f64
        ) {
            prop_assert!((0.0..=1.0).contains(&binary_crossover(one, other, is_first, uniform)));
            prop_assert!((0.0..=1.0).contains(&polynomial_mutation(one, uniform)));
        }

        #[test]
        fn far_from_the_bounds_the_two_children_have_the_mean_of_their_parents(
            one in 0.45..0.5_f64, other in 0.5..0.55_f64, uniform in 0.05..0.95_f64
        ) {
            // The defining property of simulated binary crossover (Deb & Agrawal 1995, §3).
            let children = [true, false].map(|is_first| binary_crossover(one, other, is_first, uniform));
            prop_assert!((children[0] + children[1] - one - other).abs() < 1e-9);
        }
    }

    #[test]
    fn half_of_the_crossovers_contract_and_half_expand() {
        let near = binary_crossover(0.49, 0.51, true, 0.4);
        let far = binary_crossover(0.49, 0.51, true, 0.6);
        assert!(near > 0.49 && far < 0.49, "{near} {far}");
        assert!((binary_crossover(0.49, 0.51, true, 0.5) - 0.49).abs() < 1e-9);
    }

    #[test]
    fn mutation_has_no_drift_and_the_size_of_its_index() {
        // The mean absolute step of polynomial mutation is 1/(index + 2) (the mean of its density).
        let mut rng = rng::stream(Seed(3), "mutation", &[]);
        let steps: Vec<f64> = (0..20_000)
            .map(|_| polynomial_mutation(0.5, rng.random()) - 0.5)
            .collect();
        let mean = steps.iter().sum::<f64>() / 20_000.0;
        let size = steps.iter().map(|step| step.abs()).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.002, "{mean}");
        assert!((size - 1.0 / (MUTATION_INDEX + 2.0)).abs() < 0.002, "{size}");
    }
}
