//! The order of a front's members if only some of them can be kept: well spread members first (Schmucker et al. 2021,
//! "Multi-objective asynchronous successive halving", §3.2, the ε-net; Salinas et al. 2021, §4).

use super::Scores;

/// The indices of `front`, ordered so that each is as far as possible from those before it. The best in the first
/// metric comes first. Distances are Euclidean, with every metric as a share of the front's range. Quadratic in the
/// front's length.
pub(super) fn epsilon_net(scores: &[&Scores], front: &[usize]) -> Vec<usize> {
    let points = normalised(scores, front);
    let mut left: Vec<usize> = (0..front.len()).collect();
    let mut gaps = vec![f64::INFINITY; front.len()];
    let mut chosen_first = Vec::with_capacity(front.len());
    let loss = |member: usize| &scores[front[member]].losses;
    let mut next =
        (0..front.len()).min_by(|&one, &other| loss(one).cmp(loss(other)).then(front[one].cmp(&front[other])));
    while let Some(chosen) = next {
        left.retain(|&member| member != chosen);
        chosen_first.push(front[chosen]);
        for &member in &left {
            gaps[member] = gaps[member].min(distance(&points[member], &points[chosen]));
        }
        // Ties go to the smallest index, so that the order depends on nothing else.
        next = left
            .iter()
            .copied()
            .max_by(|&one, &other| gaps[one].total_cmp(&gaps[other]).then(front[other].cmp(&front[one])));
    }
    chosen_first
}

fn normalised(scores: &[&Scores], front: &[usize]) -> Vec<Vec<f64>> {
    let metrics = front.first().map_or(0, |&first| scores[first].losses.len());
    let loss = |index: usize, metric: usize| scores[index].losses[metric].get();
    let ranges: Vec<(f64, f64)> = (0..metrics)
        .map(|metric| {
            let losses = front.iter().map(|&index| loss(index, metric));
            losses.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), loss| {
                (low.min(loss), high.max(loss))
            })
        })
        .collect();
    let share = |index: usize, metric: usize| {
        let (low, high) = ranges[metric];
        if high > low {
            (loss(index, metric) - low) / (high - low)
        } else {
            0.0
        }
    };
    front
        .iter()
        .map(|&index| (0..metrics).map(|metric| share(index, metric)).collect())
        .collect()
}

fn distance(left: &[f64], right: &[f64]) -> f64 {
    let squares = left.iter().zip(right).map(|(left, right)| (left - right).powi(2));
    squares.sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preference::scores::tests::feasible;

    #[test]
    fn ends_come_first_then_the_largest_gaps() {
        let all = [[0.0, 10.0], [1.0, 9.0], [4.0, 6.0], [9.0, 1.0], [10.0, 0.0]].map(|losses| feasible(&losses));
        let all: Vec<&Scores> = all.iter().collect();
        assert_eq!(epsilon_net(&all, &[0, 1, 2, 3, 4]), [0, 4, 2, 1, 3]);
        assert_eq!(epsilon_net(&all, &[]), [0; 0]);
    }
}
