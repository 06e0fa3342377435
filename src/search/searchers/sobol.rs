//! Quasi-random search: the Sobol sequence (Sobol' 1967; Joe & Kuo 2008), scrambled (Owen 1995; Burley 2020). Its
//! points cover the cube more evenly than independent draws, and the study's seed selects the scramble.

use std::cell::Cell;

use rand::{Rng as _, RngExt as _};
use sobol_burley::{NUM_DIMENSIONS, sample};

use super::{Entry, Info, Needs, Proposal, Searcher, Several};
use crate::rng;
use crate::space::{Configuration, Space};
use crate::trials::View;
use crate::units::Seed;

/// Number of points per scramble; later points come from the same sequence with a new scramble.
const SCRAMBLE: u64 = 1 << 16;

/// Number of points that are checked in search of the next feasible one, or of the point of a trial.
const STEPS: u64 = 10_000;

/// The feasible points of the scrambled Sobol sequence, in order.
#[derive(Clone, Debug, Default)]
pub struct Sobol {
    progress: Cell<Progress>,
}

/// The part of the sequence that is used up. It follows from the trials and is cached so that they are read only once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Progress {
    /// The seed of the study.
    seed: u64,
    /// Number of trials taken into account.
    trials: usize,
    /// The index of the next point.
    next: u64,
}

/// Its line in the registry.
pub(super) const ENTRY: Entry = Entry {
    info: Info {
        name: "sobol",
        aliases: &[],
        about: "spreads configurations evenly: the scrambled Sobol sequence",
        needs: Needs::NOTHING,
    },
    build: || Box::new(Sobol::default()),
    several: Several::Scalarised,
};

impl Searcher for Sobol {
    fn name(&self) -> &'static str {
        ENTRY.info.name
    }

    fn propose(&self, view: &View<'_>, attempt: u32) -> Proposal {
        let progress = self.advance(view);
        let points = (progress.next..progress.next + STEPS + u64::from(attempt))
            .map(|index| view.space.decode(&point(view.space, view.seed, index)));
        let feasible = points
            .filter(|configuration| view.space.is_feasible(configuration))
            .nth(attempt as usize);
        Proposal {
            configuration: feasible.unwrap_or_else(|| {
                let mut rng = rng::stream(view.seed, "sobol rest", &[view.trials.len() as u64, u64::from(attempt)]);
                view.space.sample(&mut rng)
            }),
            origin: self.name(),
        }
    }
}

impl Sobol {
    /// Advances past the points of all trials that came from the sequence.
    fn advance(&self, view: &View<'_>) -> Progress {
        let mut progress = self.progress.get();
        if progress.seed != view.seed.0 || progress.trials > view.trials.len() {
            progress = Progress {
                seed: view.seed.0,
                ..Progress::default()
            };
        }
        for trial in &view.trials[progress.trials..] {
            if trial.origin == self.name() {
                progress.next = after(view.space, view.seed, progress.next, &trial.configuration);
            }
        }
        progress.trials = view.trials.len();
        self.progress.set(progress);
        progress
    }
}

/// The index after the point that is `configuration`, or `next` if the next points do not contain it.
fn after(space: &Space, seed: Seed, next: u64, configuration: &Configuration) -> u64 {
    (next..next + STEPS)
        .find(|&index| space.decode(&point(space, seed, index)) == *configuration)
        .map_or(next, |index| index + 1)
}

/// A point of the sequence. Beyond the sequence's number of dimensions, coordinates are drawn independently.
pub(super) fn point(space: &Space, seed: Seed, index: u64) -> Vec<f64> {
    let mut rng = rng::stream(seed, "sobol", &[index / SCRAMBLE]);
    let scramble = rng.next_u32();
    let mut rest = rng::stream(seed, "sobol dimensions", &[index]);
    (0..space.parameters().len())
        .map(|dimension| {
            if dimension < NUM_DIMENSIONS as usize {
                f64::from(sample((index % SCRAMBLE) as u32, dimension as u32, scramble))
            } else {
                rest.random()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::searchers::Random;
    use crate::searchers::testing::{cube, mixed_space, run};
    use crate::space::{Domain, Expression, Parameter, Value};
    use crate::trials::testing::view;

    fn points(searcher: &dyn Searcher, space: &Space, seed: u64, count: u32) -> Vec<Vec<f64>> {
        let trials = run(searcher, space, seed, count, &|_| 1.0);
        let coordinates = |point: Vec<Option<f64>>| point.into_iter().map(Option::unwrap).collect();
        trials.into_iter().map(|trial| coordinates(trial.point)).collect()
    }

    /// The centred L2 discrepancy, squared (Hickernell 1998, eq. 5.1).
    fn discrepancy(points: &[Vec<f64>]) -> f64 {
        let count = points.len() as f64;
        let far = |x: f64| (x - 0.5).abs();
        let dimensions = points[0].len() as i32;
        let singles: f64 = points
            .iter()
            .map(|point| {
                point
                    .iter()
                    .map(|&x| 1.0 + 0.5 * far(x) - 0.5 * far(x).powi(2))
                    .product::<f64>()
            })
            .sum();
        let pairs: f64 = points
            .iter()
            .flat_map(|left| points.iter().map(move |right| left.iter().zip(right)))
            .map(|pair| {
                pair.map(|(&x, &y)| 1.0 + 0.5 * (far(x) + far(y) - (x - y).abs()))
                    .product::<f64>()
            })
            .sum();
        (13.0_f64 / 12.0).powi(dimensions) - 2.0 / count * singles + pairs / (count * count)
    }

    #[test]
    fn every_half_quarter_and_eighth_of_every_axis_holds_its_share() {
        // The first 2^k points of a (t, s)-sequence in base 2 have exactly one in each interval of length 2^-k (Owen
        // 1995).
        for points in [
            points(&Sobol::default(), &cube(7), 3, 8),
            points(&Sobol::default(), &cube(7), 4, 8),
        ] {
            for dimension in 0..7 {
                let mut eighths: Vec<usize> = points.iter().map(|point| (point[dimension] * 8.0) as usize).collect();
                eighths.sort_unstable();
                assert_eq!(eighths, [0, 1, 2, 3, 4, 5, 6, 7]);
            }
        }
    }

    #[test]
    fn points_are_more_even_than_independent_draws() {
        let space = cube(4);
        for seed in 0..5 {
            let (sobol, random) = (
                points(&Sobol::default(), &space, seed, 64),
                points(&Random, &space, seed, 64),
            );
            assert!(discrepancy(&sobol) < 0.5 * discrepancy(&random));
        }
    }

    #[test]
    fn infeasible_points_and_redraws_use_up_the_sequence_and_nothing_else_does() {
        let domain = Domain::float(0.0, 1.0);
        let constraint = Expression::parse("x > 0.5", &[("x", &domain)]).unwrap();
        let space = Space::new(vec![Parameter::new("x", domain)], vec![constraint]).unwrap();
        let expected: Vec<f64> = (0..64)
            .map(|index| point(&space, Seed(9), index)[0])
            .filter(|&x| x > 0.5)
            .take(20)
            .collect();
        let live = Sobol::default();
        let trials = run(&live, &space, 9, 19, &|_| 1.0);
        let drawn: Vec<f64> = trials.iter().map(|trial| trial.point[0].unwrap()).collect();
        assert_eq!(drawn, expected[..19]);
        let next = |searcher: &Sobol, attempt| {
            let proposal = searcher.propose(&view(&space, 9, &trials[..18]), attempt);
            proposal.configuration.get("x").and_then(Value::as_f64).unwrap()
        };
        assert_eq!([next(&live, 0), next(&live, 1)], expected[18..20]);
        assert_eq!(
            [next(&Sobol::default(), 0), next(&Sobol::default(), 1)],
            expected[18..20]
        );
    }

    #[test]
    fn more_dimensions_than_the_sequence_has_are_drawn() {
        let space = cube(300);
        assert!(
            points(&Sobol::default(), &space, 1, 3)
                .iter()
                .flatten()
                .all(|x| (0.0..1.0).contains(x))
        );
        let mixed = mixed_space();
        assert_eq!(run(&Sobol::default(), &mixed, 1, 20, &|_| 1.0).len(), 20);
    }
}
