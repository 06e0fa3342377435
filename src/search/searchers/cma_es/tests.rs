use super::*;
use crate::searchers::Random;
use crate::searchers::testing::{best, cube, mixed_space, run, sphere};
use crate::space::Configuration;
use crate::trials::testing::view;
use crate::units::Seed;

/// The best loss of `function` over the cube, after `evaluations` draws in generations from a distribution alone.
fn evolve(dimensions: usize, evaluations: usize, seed: u64, function: &dyn Fn(&[f64]) -> f64) -> f64 {
    let mut rng = rng::stream(Seed(seed), "test", &[]);
    let size = 4 + (3.0 * (dimensions as f64).ln()) as usize;
    let rates = Rates::new(dimensions, size);
    let mut gaussian = Gaussian::new(vec![0.5; dimensions], 0.2);
    let mut best = f64::INFINITY;
    for _ in 0..evaluations / size {
        let mut members: Vec<Vec<f64>> = (0..size)
            .map(|_| gaussian.at(&(0..dimensions).map(|_| normal(&mut rng)).collect::<Vec<_>>()))
            .collect();
        members.sort_by(|left, right| function(left).total_cmp(&function(right)));
        best = best.min(function(&members[0]));
        gaussian.adapt(&members, &rates);
    }
    best
}

/// An ellipsoid with axes up to 1,000 times as long as others (a condition number of 10⁶), its minimum at 0.6.
fn ellipsoid(point: &[f64]) -> f64 {
    let last = point.len() as f64 - 1.0;
    let parts = point.iter().enumerate();
    parts
        .map(|(index, at)| 1e6_f64.powf(index as f64 / last) * (at - 0.6).powi(2))
        .sum()
}

#[test]
fn weights_and_rates_are_those_of_the_tutorial() {
    // λ = 10: μ_eff is 3.17 (Hansen 2016, §2.2 and table 1).
    let rates = Rates::new(10, 10);
    let positive: Vec<f64> = rates.weights.iter().copied().filter(|weight| *weight > 0.0).collect();
    assert_eq!(positive.len(), 5);
    assert!((positive.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(positive.windows(2).all(|pair| pair[0] > pair[1]));
    let effective = 1.0 / positive.iter().map(|weight| weight * weight).sum::<f64>();
    assert!((effective - 3.17).abs() < 0.01, "{effective}");
    assert!(rates.weights.iter().all(|weight| *weight > -1.0));
    let sizes = [1, 2, 6, 14, 50].map(|dimensions| default_size(&cube(dimensions)));
    assert_eq!(sizes, [4, 4, 6, 8, 11]);
}

#[test]
fn it_converges_on_a_sphere_and_on_a_bad_ellipsoid_within_the_evaluations_of_the_literature() {
    // Hansen's tutorial, 10 dimensions: 10⁻⁹ takes about 1,500–2,000 evaluations on the sphere and 5,000–6,500 on the
    // ellipsoid.
    let sphere = evolve(10, 2_500, 1, &|point| point.iter().map(|at| (at - 0.6).powi(2)).sum());
    assert!(sphere < 1e-9, "{sphere}");
    let straight = evolve(10, 7_000, 1, &ellipsoid);
    assert!(straight < 1e-9, "{straight}");
}

#[test]
fn a_rotated_ellipsoid_is_no_harder() {
    // Householder's reflection along (1, …, n) as the rotation.
    let rotated = |point: &[f64]| {
        let shifted: Vec<f64> = point.iter().map(|at| at - 0.6).collect();
        let direction = |index: usize| (index + 1) as f64;
        let length: f64 = (0..shifted.len()).map(|index| direction(index).powi(2)).sum();
        let along: f64 = shifted
            .iter()
            .enumerate()
            .map(|(index, at)| direction(index) * at)
            .sum();
        let parts = shifted.iter().enumerate();
        let turned: Vec<f64> = parts
            .map(|(index, at)| at - 2.0 * along * direction(index) / length + 0.6)
            .collect();
        ellipsoid(&turned)
    };
    let loss = evolve(10, 7_000, 2, &rotated);
    assert!(loss < 1e-9, "{loss}");
}

#[test]
fn the_margin_keeps_every_neighbour_possible() {
    let margin = 0.05;
    // Standard deviations and means of a collapsed distribution; sub-intervals of a middle value, of the first and of
    // the last.
    for sigma in [1e-6, 1e-3, 0.02, 0.2] {
        for mean in [0.42, 0.5, 0.58] {
            let mut middle = Gaussian::new(vec![mean], sigma);
            middle.keep_margin(0, Some(0.4), Some(0.6), margin);
            let deviation = middle.deviation(0);
            let below = cumulative((0.4 - middle.mean[0]) / deviation);
            let above = cumulative((middle.mean[0] - 0.6) / deviation);
            assert!(
                below > margin / 2.0 - 1e-9 && above > margin / 2.0 - 1e-9,
                "{below} {above}"
            );
            assert!((0.4..0.6).contains(&middle.mean[0]) || sigma > 0.1);
        }
        let mut first = Gaussian::new(vec![0.1], sigma);
        first.keep_margin(0, None, Some(0.2), margin);
        let above = cumulative((first.mean[0] - 0.2) / first.deviation(0));
        assert!(above > margin - 1e-9, "{above}");
        let mut last = Gaussian::new(vec![0.9], sigma);
        last.keep_margin(0, Some(0.8), None, margin);
        let below = cumulative((0.8 - last.mean[0]) / last.deviation(0));
        assert!(below > margin - 1e-9, "{below}");
    }
}

#[test]
fn a_wide_distribution_needs_no_margin() {
    let mut gaussian = Gaussian::new(vec![0.5], 0.3);
    gaussian.keep_margin(0, Some(0.4), Some(0.6), 0.05);
    assert_eq!((gaussian.mean[0], gaussian.deviation(0)), (0.5, 0.3));
}

#[test]
fn choices_move_to_the_selected_one_and_none_dies_out() {
    let mut choices = Choices::new(4);
    for _ in 0..100 {
        choices.adapt([(Some(2), 0.6), (Some(2), 0.3), (None, 0.1)].into_iter(), 0.3, 0.05);
    }
    let all: Vec<f64> = (0..4).map(|choice| choices.probability(choice)).collect();
    assert!((all.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    assert!(
        all[2] > 0.84 && all.iter().all(|probability| *probability > 0.05 - 1e-9),
        "{all:?}"
    );
    assert_eq!([0.01, 0.12, 0.5, 0.99].map(|at| choices.at(at)), [0, 2, 2, 3]);
}

#[test]
fn it_finds_the_valley_of_a_mixed_space_before_chance_does() {
    let valley = |configuration: &Configuration| {
        let number = |name: &str| configuration.get(name).and_then(crate::space::Value::as_f64).unwrap();
        let right = configuration.get("kind").and_then(|kind| kind.as_str()) == Some("b");
        (number("rate").log10() + 4.0).powi(2) + (number("depth") - 5.0).powi(2) + f64::from(!right)
    };
    let mean = |searcher: &dyn Fn() -> Box<dyn Searcher>| {
        let runs = (0..8).map(|seed| best(&run(searcher().as_ref(), &mixed_space(), seed, 80, &valley)));
        runs.sum::<f64>() / 8.0
    };
    let (own, random) = (mean(&|| Box::new(CmaEs::default())), mean(&|| Box::new(Random)));
    assert!(own < 0.5 * random, "{own} against {random}");
}

#[test]
fn a_distribution_that_has_converged_begins_anew_with_larger_generations() {
    let space = cube(2);
    let trials = run(&CmaEs::default(), &space, 1, 400, &sphere);
    let view = view(&space, 1, &trials);
    let mut strategy = Strategy::new(&view);
    for trial in &trials {
        strategy.take(&view, trial);
    }
    assert!(strategy.size > default_size(&space));
    assert!(best(&trials) < 1e-4);
}

#[test]
fn folding_back_reflects_at_the_borders() {
    let folded = [-0.25, 0.25, 1.25, 2.25, -1.25].map(folded_back);
    assert_eq!(folded, [0.25, 0.25, 0.75, 0.25, 0.75]);
}
