//! The trials before the model has enough data.

use crate::rng;
use crate::searchers::middle::middle;
use crate::space::{Configuration, Space};
use crate::trials::View;
use crate::units::Seed;

/// Number of trials before the model is used: as many as there are parameters, within these limits. A few suffice,
/// because the priors on the hyperparameters keep the model from being overconfident; six to ten do neither better nor
/// worse.
const TRIALS: (usize, usize) = (4, 5);

/// Number of trials before the model is used.
pub(super) fn trials(space: &Space) -> usize {
    space.parameters().len().clamp(TRIALS.0, TRIALS.1)
}

/// The configuration to try before the model is used: a point of a scrambled Sobol sequence, whose points lie far apart
/// (Owen 1998; scrambled as in Burley 2020). With a prior, the points are distributed as the prior is. Otherwise they
/// are uniform, and the middle of the space comes first.
pub(super) fn configuration(view: &View<'_>, attempt: u32) -> Configuration {
    let number = view.trials.len() as u64;
    let space = view.space;
    let mut rng = rng::stream(view.seed, "gp startup", &[number, u64::from(attempt)]);
    let apart = || sobol(space.parameters().len() as u32, view.seed, number).filter(|_| attempt == 0);
    if space.has_prior() {
        let planned = apart().and_then(|shares| space.at_prior(&shares));
        return planned.unwrap_or_else(|| space.sample_prior(&mut rng));
    }
    let planned = if (attempt, number) == (0, 0) {
        middle(space, &mut rng)
    } else {
        let planned = apart().map(|unit| space.decode(&unit));
        planned.filter(|planned| space.is_feasible(planned))
    };
    planned.unwrap_or_else(|| space.sample(&mut rng))
}

/// A point of the sequence; `None` if there are too many dimensions or the index is too large.
fn sobol(dimensions: u32, seed: Seed, number: u64) -> Option<Vec<f64>> {
    /// The length of the sequence.
    const LENGTH: u64 = 1 << 16;
    if dimensions > sobol_burley::NUM_DIMENSIONS || number >= LENGTH {
        return None;
    }
    let point = |dimension| f64::from(sobol_burley::sample(number as u32, dimension, seed.0 as u32));
    Some((0..dimensions).map(point).collect())
}
