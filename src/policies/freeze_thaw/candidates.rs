//! The search for the new configuration that is worth most: draws from the space and around the most promising trials, and
//! then around the best of those.

use rand::RngExt as _;

use crate::rng::Rng;
use crate::space::{Configuration, Space};

/// Draws from the whole space.
const DRAWS: usize = 200;

/// The most promising trials, around which new ones are looked for.
const PARENTS: usize = 8;

/// Neighbours of each.
const NEIGHBOURS: usize = 16;

/// Rounds of refining the best few candidates.
const ROUNDS: usize = 3;

/// Candidates refined.
const REFINED: usize = 4;

struct Candidate {
    value: f64,
    point: Vec<Option<f64>>,
    configuration: Configuration,
}

/// The best new configuration that is found; `None` where all that were looked at are tried.
///
/// `parents` are the points of trials, the most promising first.
pub(super) fn best(
    space: &Space,
    parents: &[&[Option<f64>]],
    is_new: impl Fn(&Configuration) -> bool,
    value: impl Fn(&[Option<f64>], &Configuration) -> f64,
    rng: &mut Rng,
) -> Option<Configuration> {
    let candidate = |configuration: Configuration| {
        if !is_new(&configuration) || !space.is_feasible(&configuration) {
            return None;
        }
        let point = space.encode(&configuration)?;
        Some(Candidate {
            value: value(&point, &configuration),
            point,
            configuration,
        })
    };
    let mut found = Vec::with_capacity(DRAWS + PARENTS * NEIGHBOURS);
    for _ in 0..DRAWS {
        found.extend(candidate(draw(space, rng)));
    }
    for parent in parents.iter().take(PARENTS) {
        for _ in 0..NEIGHBOURS {
            let width = 0.3 * 0.05f64.powf(rng.random::<f64>());
            found.extend(candidate(neighbour(space, parent, width, rng)));
        }
    }
    let sort = |found: &mut Vec<Candidate>| found.sort_by(|left, right| right.value.total_cmp(&left.value));
    sort(&mut found);
    for round in 0..ROUNDS {
        let width = 0.1 * 0.5f64.powi(round as i32);
        found.truncate(REFINED);
        let points: Vec<_> = found.iter().map(|candidate| candidate.point.clone()).collect();
        for point in &points {
            for _ in 0..NEIGHBOURS {
                found.extend(candidate(neighbour(space, point, width, rng)));
            }
        }
        sort(&mut found);
    }
    found.into_iter().next().map(|best| best.configuration)
}

/// A configuration from the prior, where the user has one.
pub(super) fn draw(space: &Space, rng: &mut Rng) -> Configuration {
    if space.has_prior() {
        space.sample_prior(rng)
    } else {
        space.sample(rng)
    }
}

/// A configuration near a point: some coordinates move by a normal step of `width`, few are drawn anew.
fn neighbour(space: &Space, point: &[Option<f64>], width: f64, rng: &mut Rng) -> Configuration {
    /// The share of coordinates that stay, so that most steps are along few of them.
    const STAY: f64 = 0.4;
    /// The share that is drawn anew, by which choices without an order change.
    const ANEW: f64 = 0.1;
    let unit: Vec<f64> = point
        .iter()
        .map(|coordinate| {
            let fate = rng.random::<f64>();
            match coordinate {
                Some(at) if fate < STAY => *at,
                Some(at) if fate < 1.0 - ANEW => (at + width * normal(rng)).clamp(0.0, 1.0),
                Some(_) | None => rng.random(),
            }
        })
        .collect();
    space.decode(&unit)
}

/// A standard normal draw (Box & Muller 1958).
fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (2.0 * std::f64::consts::PI * rng.random::<f64>()).cos()
}
