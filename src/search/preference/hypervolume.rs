//! The hypervolume: the volume below a reference point that a set of results dominates.

/// The volume of all points that at least one of `points` dominates and that dominate `reference`; smaller is better in
/// every coordinate. Exact in any number of dimensions (While, Bradstreet & Barone 2012, "A fast way of calculating
/// exact hypervolumes", algorithm WFG). Quick for a few hundred points in up to four dimensions. Points that do not
/// dominate the reference are ignored.
pub fn hypervolume(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    let is_inside = |point: &&Vec<f64>| point.iter().zip(reference).all(|(value, limit)| value < limit);
    let inside: Vec<Vec<f64>> = points.iter().filter(is_inside).cloned().collect();
    volume(undominated(inside), reference)
}

/// The volume of points that do not dominate each other.
fn volume(mut points: Vec<Vec<f64>>, reference: &[f64]) -> f64 {
    if reference.len() == 2 {
        return area(points, reference);
    }
    // Worst first in the last coordinate: then the limited sets shrink soonest.
    points.sort_by(|left, right| {
        right
            .last()
            .partial_cmp(&left.last())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let exclusive = |(index, point): (usize, &Vec<f64>)| {
        let limited = points[index + 1..].iter().map(|other| worse_of(other, point)).collect();
        box_of(point, reference) - volume(undominated(limited), reference)
    };
    points.iter().enumerate().map(exclusive).sum()
}

/// The volume in two dimensions, strip by strip.
fn area(mut points: Vec<Vec<f64>>, reference: &[f64]) -> f64 {
    points.sort_by(|left, right| left[0].total_cmp(&right[0]));
    let mut height = reference[1];
    let mut area = 0.0;
    for point in points {
        if point[1] < height {
            area += (reference[0] - point[0]) * (height - point[1]);
            height = point[1];
        }
    }
    area
}

fn box_of(point: &[f64], reference: &[f64]) -> f64 {
    point
        .iter()
        .zip(reference)
        .map(|(value, limit)| limit - value)
        .product()
}

fn worse_of(left: &[f64], right: &[f64]) -> Vec<f64> {
    left.iter().zip(right).map(|(left, right)| left.max(*right)).collect()
}

fn undominated(points: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let mut kept: Vec<Vec<f64>> = Vec::with_capacity(points.len());
    let covers = |one: &[f64], other: &[f64]| one.iter().zip(other).all(|(one, other)| one <= other);
    for point in points {
        if kept.iter().any(|member| covers(member, &point)) {
            continue;
        }
        kept.retain(|member| !covers(&point, member));
        kept.push(point);
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rng;
    use crate::units::Seed;

    #[test]
    fn hand_computed_volumes_come_out() {
        assert_eq!(hypervolume(&[], &[1.0, 1.0]), 0.0);
        assert_eq!(hypervolume(&[vec![0.25]], &[1.0]), 0.75);
        // Two rectangles of 3 × 1 and 1 × 3 that share 1 × 1.
        assert_eq!(hypervolume(&[vec![0.0, 2.0], vec![2.0, 0.0]], &[3.0, 3.0]), 5.0);
        // Three slabs of 2 × 1 × 1 that share one unit cube: 3 · 2 - 3 · 1 + 1.
        let slabs = [vec![0.0, 1.0, 1.0], vec![1.0, 0.0, 1.0], vec![1.0, 1.0, 0.0]];
        assert_eq!(hypervolume(&slabs, &[2.0, 2.0, 2.0]), 4.0);
        assert_eq!(hypervolume(&[vec![0.0, 4.0], vec![3.0, 0.0]], &[3.0, 3.0]), 0.0);
    }

    proptest! {
        #[test]
        fn it_is_the_share_of_random_points_that_are_dominated(
            dimensions in 1..5_usize, raw in prop::collection::vec(prop::array::uniform4(0.0..1.0_f64), 1..12)
        ) {
            const DRAWS: u32 = 20_000;
            let points: Vec<Vec<f64>> = raw.iter().map(|point| point[..dimensions].to_vec()).collect();
            let mut rng = rng::stream(Seed(1), "monte carlo", &[]);
            let mut hits = 0;
            for _ in 0..DRAWS {
                let drawn: Vec<f64> = (0..dimensions).map(|_| rng.random()).collect();
                hits += u32::from(points.iter().any(|point| point.iter().zip(&drawn).all(|(own, drawn)| own <= drawn)));
            }
            let share = f64::from(hits) / f64::from(DRAWS);
            // Five standard errors of a share.
            prop_assert!((hypervolume(&points, &vec![1.0; dimensions]) - share).abs() < 0.018);
        }

        #[test]
        fn another_point_never_makes_it_smaller(
            points in prop::collection::vec(prop::collection::vec(0.0..2.0_f64, 3), 1..10)
        ) {
            let reference = [1.5; 3];
            let before = hypervolume(&points[1..], &reference);
            prop_assert!(hypervolume(&points, &reference) >= before - 1e-12);
        }
    }
}
