//! Functional analysis of variance: the share of a tree's variance that each parameter explains alone, and each pair
//! beyond that (Sobol' 1993; on forests, without sampling: Hutter, Hoos and Leyton-Brown 2014, algorithm 2).
//!
//! Every part is a share of the variance of a tree over the whole unit cube. Each value of a parameter is weighted by
//! its probability of being drawn, wherever the search went.
//!
//! # Conditional parameters
//!
//! fANOVA fills in the default where a parameter is inactive. Optuna leaves conditional parameters out (its
//! intersection search space). Both hide them. A forest that sees "absent" as one more value credits the child with
//! what its parent did.
//!
//! Here the effect of a parameter is that of its *values where it is active*. It is the variance of the mean along the
//! parameter over that part of the cube, times the size of the part. Whether the parameter is active is an effect of
//! its parents, and counts for them. So these effects do not overlap, and a child of a rare choice is no more important
//! than the choice is likely. Baba, Ozaki and Watanabe (2026, conditional PED-ANOVA) divide importance in the same way:
//! the variation inside a regime belongs to the parameter, that between regimes does not.
//!
//! The parts are exact if each leaf determines which parameters are active. Otherwise parts may overlap slightly.

use super::forest::Forest;
use super::marginal::{Line, Plane};
use super::region::Region;

/// Number of parameters, those with the largest effects, among which interactions are computed.
const PAIRED: usize = 8;

/// The contributions of the parameters to the variance of the loss over the space.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Importance {
    /// The effect of each parameter with more than one value, the largest first.
    pub effects: Vec<Effect>,
    /// The effects of pairs beyond those of their parameters, the largest first; only for the 8 largest effects.
    pub interactions: Vec<Interaction>,
}

/// The contribution of one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// Index of the parameter in the space.
    pub parameter: usize,
    /// Its share of the variance.
    pub share: Share,
}

/// The contribution of two parameters together, beyond the effects of each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interaction {
    /// Their indices in the space, the smaller first.
    pub parameters: [usize; 2],
    /// Their share of the variance.
    pub share: Share,
}

/// A share of the variance, between 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    /// The mean over the trees.
    pub mean: f64,
    /// The standard deviation over the trees: the uncertainty of the forest.
    pub deviation: f64,
}

impl Importance {
    /// The rest of the variance: interactions of more parameters, of pairs not computed, and the noise in the losses.
    pub fn rest(&self) -> f64 {
        let effects = self.effects.iter().map(|effect| effect.share.mean);
        let interactions = self.interactions.iter().map(|interaction| interaction.share.mean);
        (1.0 - effects.sum::<f64>() - interactions.sum::<f64>()).max(0.0)
    }
}

/// The importance of the parameters. `parameters` contains the parameter of each axis.
pub(super) fn importance(forest: &Forest, parameters: &[usize]) -> Importance {
    let mut alone = alone(forest);
    let mut order: Vec<usize> = (0..parameters.len()).collect();
    order.sort_by(|&left, &right| alone[right].mean.total_cmp(&alone[left].mean));
    let pairs = pairs(&order[..order.len().min(PAIRED)]);
    let mut together = together(forest, &pairs);
    no_more_than_all(alone.iter_mut().chain(&mut together));

    let effects = order.iter().map(|&axis| Effect {
        parameter: parameters[axis],
        share: alone[axis],
    });
    let interactions = pairs.iter().zip(together).map(|(pair, share)| Interaction {
        parameters: pair.map(|axis| parameters[axis]),
        share,
    });
    let mut interactions: Vec<Interaction> = interactions.collect();
    interactions.sort_by(|left, right| right.share.mean.total_cmp(&left.share.mean));
    Importance {
        effects: effects.collect(),
        interactions,
    }
}

/// All pairs of these axes, the smaller index first.
fn pairs(axes: &[usize]) -> Vec<[usize; 2]> {
    let others = |(index, &one): (usize, &usize)| {
        axes[index + 1..]
            .iter()
            .map(move |&other| [one.min(other), one.max(other)])
    };
    axes.iter().enumerate().flat_map(others).collect()
}

/// The share of each axis by itself.
fn alone(forest: &Forest) -> Vec<Share> {
    let observations = &forest.observations;
    let count = observations.axes.len();
    let mut shares = Shares::new(count);
    for tree in &forest.trees {
        let regions = tree.regions(observations);
        let variance = |axis| Line::new(observations, &regions, axis).variance();
        shares.add((0..count).map(variance).collect(), variance_of(&regions));
    }
    shares.finish()
}

/// The share of each pair beyond those of its axes.
fn together(forest: &Forest, pairs: &[[usize; 2]]) -> Vec<Share> {
    let observations = &forest.observations;
    let mut shares = Shares::new(pairs.len());
    for tree in &forest.trees {
        let regions = tree.regions(observations);
        let variance = |&pair| Plane::new(observations, &regions, pair).interaction();
        shares.add(pairs.iter().map(variance).collect(), variance_of(&regions));
    }
    shares.finish()
}

/// The variance of a tree over the unit cube.
fn variance_of(regions: &[Region<'_>]) -> f64 {
    let mean: f64 = regions.iter().map(|region| region.volume() * region.value).sum();
    let squares = regions
        .iter()
        .map(|region| region.volume() * (region.value - mean).powi(2));
    squares.sum()
}

/// Scales overlapping parts so that their sum is at most 1.
fn no_more_than_all<'a>(shares: impl Iterator<Item = &'a mut Share>) {
    let shares: Vec<&mut Share> = shares.collect();
    let sum: f64 = shares.iter().map(|share| share.mean).sum();
    if sum > 1.0 {
        for share in shares {
            share.mean /= sum;
            share.deviation /= sum;
        }
    }
}

/// Shares of the variance: a list for each tree that varies at all.
struct Shares {
    count: usize,
    trees: Vec<Vec<f64>>,
}

impl Shares {
    fn new(count: usize) -> Self {
        Self {
            count,
            trees: Vec::new(),
        }
    }

    fn add(&mut self, variances: Vec<f64>, total: f64) {
        /// Far below the square of a standardised loss, and above rounding errors of zero.
        const NO_VARIANCE: f64 = 1e-12;
        if total > NO_VARIANCE {
            self.trees.push(
                variances
                    .into_iter()
                    .map(|variance| (variance / total).clamp(0.0, 1.0))
                    .collect(),
            );
        }
    }

    fn finish(&self) -> Vec<Share> {
        let count = self.trees.len().max(1) as f64;
        let share = |index: usize| {
            let shares = self.trees.iter().map(|tree| tree[index]);
            let mean = shares.clone().sum::<f64>() / count;
            let variance = shares.map(|share| (share - mean).powi(2)).sum::<f64>() / count;
            Share {
                mean,
                deviation: variance.sqrt(),
            }
        };
        (0..self.count).map(share).collect()
    }
}

#[cfg(test)]
mod tests;
