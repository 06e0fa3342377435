//! The trials before the model has anything to go by.

use crate::rng;
use crate::searchers::middle::middle;
use crate::space::{Configuration, Space};
use crate::trials::View;
use crate::units::Seed;

/// Trials before the model decides: as many as there are parameters, but not fewer and not more than these. Few, because the
/// priors on the hyperparameters keep the model from being too sure; six to ten do neither better nor worse.
const TRIALS: (usize, usize) = (4, 5);

/// How many trials there are before the model decides.
pub(super) fn trials(space: &Space) -> usize {
    space.parameters().len().clamp(TRIALS.0, TRIALS.1)
}

/// What to try before the model decides: draws from the user's belief, or the middle of the space and then points of a
/// scrambled Sobol sequence, which lie apart from each other (Owen 1998; scrambled as in Burley 2020).
pub(super) fn configuration(view: &View<'_>, attempt: u32) -> Configuration {
    let number = view.trials.len() as u64;
    let mut rng = rng::stream(view.seed, "gp startup", &[number, u64::from(attempt)]);
    if view.space.has_prior() {
        return view.space.sample_prior(&mut rng);
    }
    let planned = match (attempt, number) {
        (0, 0) => middle(view.space, &mut rng),
        (0, _) => sobol(view.space, view.seed, number),
        _ => None,
    };
    planned.unwrap_or_else(|| view.space.sample(&mut rng))
}

/// A point of the sequence, if it is feasible and neither the space nor the number is too large for the sequence.
fn sobol(space: &Space, seed: Seed, number: u64) -> Option<Configuration> {
    /// The length of the sequence.
    const LENGTH: u64 = 1 << 16;
    let dimensions = space.parameters().len() as u32;
    if dimensions > sobol_burley::NUM_DIMENSIONS || number >= LENGTH {
        return None;
    }
    let unit: Vec<f64> = (0..dimensions)
        .map(|dimension| f64::from(sobol_burley::sample(number as u32, dimension, seed.0 as u32)))
        .collect();
    let configuration = space.decode(&unit);
    space.is_feasible(&configuration).then_some(configuration)
}
