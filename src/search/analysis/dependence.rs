//! Partial dependence: the loss as a function of one or two parameters, on average over all others (Friedman 2001,
//! §8.2; on forests without sampling: Hutter et al. 2014, algorithm 1).

use super::forest::Forest;
use super::marginal::{Cell, Line, Plane};

/// Largest number of positions shown for one parameter.
const CURVE_POINTS: usize = 40;

/// Largest number of positions shown for each of two parameters.
const CONTOUR_POINTS: usize = 24;

/// A loss as predicted by the forest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean over the trees.
    pub mean: f64,
    /// The standard deviation over the trees: the uncertainty of the forest.
    pub deviation: f64,
}

/// The loss at one position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Position in the unit interval, for [`Domain::decode`](crate::space::Domain::decode).
    pub position: f64,
    /// The loss there.
    pub loss: Estimate,
}

/// The loss as a function of one parameter, where it is active.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Index of the parameter in the space.
    pub parameter: usize,
    /// The loss at up to 40 positions, from the lowest to the highest; at every value if the domain has no more.
    pub levels: Vec<Level>,
}

/// The loss as a function of two parameters, where both are active.
#[derive(Clone, Debug, PartialEq)]
pub struct Contour {
    /// Indices of the parameters in the space.
    pub parameters: [usize; 2],
    /// For each of them, up to 24 positions in the unit interval.
    pub positions: [Vec<f64>; 2],
    /// The loss at each position of the first parameter (outer) and of the second (inner); `None` where the two are not
    /// active together.
    pub losses: Vec<Vec<Option<Estimate>>>,
}

/// The dependence of the loss on an axis; `None` if its parameter was active in no trial.
pub(super) fn curve(forest: &Forest, axis: usize, parameter: usize, unit: impl Fn(f64) -> f64) -> Option<Curve> {
    let observations = &forest.observations;
    let trees = forest.trees.iter();
    let means: Vec<Line> = trees
        .map(|tree| Line::new(observations, &tree.regions(observations), axis))
        .collect();
    let positions = observations.axes[axis].grid(CURVE_POINTS);
    let levels: Vec<Level> = positions
        .into_iter()
        .filter_map(|position| {
            let loss = estimate(means.iter().map(|mean| mean.cell(position)), &unit)?;
            Some(Level { position, loss })
        })
        .collect();
    (!levels.is_empty()).then_some(Curve { parameter, levels })
}

/// The dependence of the loss on two axes; `None` if their parameters were active together in no trial.
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
    let positions = axes.map(|axis| observations.axes[axis].grid(CONTOUR_POINTS));
    let at = |row, column| estimate(means.iter().map(|mean| mean.cell(row, column)), &unit);
    let losses: Vec<Vec<Option<Estimate>>> = positions[0]
        .iter()
        .map(|&row| positions[1].iter().map(|&column| at(row, column)).collect())
        .collect();
    losses.iter().flatten().any(Option::is_some).then_some(Contour {
        parameters,
        positions,
        losses,
    })
}

/// The prediction of those trees that have data at a position, in the unit of the loss.
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
