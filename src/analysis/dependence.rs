//! How the loss depends on one parameter or on two, on average over all others (Friedman 2001, §8.2; on forests without
//! sampling: Hutter et al. 2014, algorithm 1).

use super::forest::Forest;
use super::marginal::{Cell, Line, Plane};

/// Places shown of one parameter.
const CURVE_PLACES: usize = 40;

/// Places shown of each of two parameters.
const CONTOUR_PLACES: usize = 24;

/// A loss as the forest expects it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean over the trees.
    pub mean: f64,
    /// The standard deviation over the trees: how sure the forest is of it.
    pub deviation: f64,
}

/// The loss at one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// A place of the unit interval, for [`Domain::decode`](crate::space::Domain::decode).
    pub place: f64,
    /// The loss there.
    pub loss: Estimate,
}

/// How the loss depends on one parameter where that is active.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The parameter's place in the space.
    pub parameter: usize,
    /// The loss at no more than 40 places, from the lowest to the highest; at every value of a domain that has no more.
    pub levels: Vec<Level>,
}

/// How the loss depends on two parameters where both are active.
#[derive(Clone, Debug, PartialEq)]
pub struct Contour {
    /// The parameters' places in the space.
    pub parameters: [usize; 2],
    /// For each of them, no more than 24 places of the unit interval.
    pub places: [Vec<f64>; 2],
    /// The loss at each place of the first parameter, for each of those at every place of the second; `None` where the
    /// two are not active together.
    pub losses: Vec<Vec<Option<Estimate>>>,
}

/// How the loss depends on an axis; `None` if its parameter was active in no trial.
pub(super) fn curve(forest: &Forest, axis: usize, parameter: usize, unit: impl Fn(f64) -> f64) -> Option<Curve> {
    let observations = &forest.observations;
    let trees = forest.trees.iter();
    let means: Vec<Line> = trees
        .map(|tree| Line::new(observations, &tree.regions(observations), axis))
        .collect();
    let places = observations.axes[axis].grid(CURVE_PLACES);
    let levels: Vec<Level> = places
        .into_iter()
        .filter_map(|place| {
            let loss = estimate(means.iter().map(|mean| mean.cell(place)), &unit)?;
            Some(Level { place, loss })
        })
        .collect();
    (!levels.is_empty()).then_some(Curve { parameter, levels })
}

/// How the loss depends on two axes; `None` if their parameters were active together in no trial.
pub(super) fn contour(
    forest: &Forest,
    axes: [usize; 2],
    parameters: [usize; 2],
    unit: impl Fn(f64) -> f64,
) -> Option<Contour> {
    let observations = &forest.observations;
    let trees = forest.trees.iter();
    let means: Vec<Plane> = trees
        .map(|tree| Plane::new(observations, &tree.regions(observations), axes))
        .collect();
    let places = axes.map(|axis| observations.axes[axis].grid(CONTOUR_PLACES));
    let at = |row, column| estimate(means.iter().map(|mean| mean.cell(row, column)), &unit);
    let losses: Vec<Vec<Option<Estimate>>> = places[0]
        .iter()
        .map(|&row| places[1].iter().map(|&column| at(row, column)).collect())
        .collect();
    losses.iter().flatten().any(Option::is_some).then_some(Contour {
        parameters,
        places,
        losses,
    })
}

/// What the trees expect that know anything of a place, in the unit of the loss.
fn estimate(cells: impl Iterator<Item = Cell>, unit: &impl Fn(f64) -> f64) -> Option<Estimate> {
    let losses: Vec<f64> = cells.filter_map(|cell| Some(unit(cell.mean()?))).collect();
    let count = losses.len() as f64;
    let mean = losses.iter().sum::<f64>() / count;
    let variance = losses.iter().map(|other| (other - mean).powi(2)).sum::<f64>() / count;
    (!losses.is_empty()).then(|| Estimate {
        mean,
        deviation: variance.sqrt(),
    })
}

#[cfg(test)]
mod tests;
