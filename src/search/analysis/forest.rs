//! A random forest for regression (Breiman 2001) over the unit cube.

use rand::RngExt as _;

use super::observations::Observations;
use super::tree::{Growth, Tree};
use crate::rng;
use crate::units::Seed;

/// Optuna's default for fANOVA (fANOVA's own is 16, SMAC's 10).
const TREES: u64 = 64;

/// The share of the axes that compete at a node (SMAC's `ratio_features`; fANOVA's is 0.7, Optuna's 1, and Breiman's
/// for regression 1/3). A third is too few, because a search has few axes. Nodes must then ask about axes that do not
/// matter, and these get a part of the variance.
const COMPETING: f64 = 5.0 / 6.0;

/// Smallest number of observations in a leaf (SMAC's `min_samples_leaf`).
const SMALLEST_LEAF: usize = 3;

/// Largest number of draws with replacement for a tree (fANOVA's `points_per_tree`): more cost time and change little.
const DRAWS: usize = 5_000;

/// Trees, each grown on other draws from the same observations.
#[derive(Clone, Debug)]
pub(super) struct Forest {
    pub(super) observations: Observations,
    pub(super) trees: Vec<Tree>,
    /// The share of the losses' variance that the trees explain for observations that they were not grown on. It is
    /// below 0 if they predict worse than the mean (Breiman 2001, §3.1: the out-of-bag estimate).
    pub(super) explained: f64,
}

impl Forest {
    /// Grows the trees; the same observations and seed give the same trees.
    pub(super) fn grow(observations: Observations, seed: Seed) -> Self {
        let count = observations.losses.len();
        let growth = Growth {
            competing: ((observations.axes.len() as f64 * COMPETING).round() as usize).max(1),
            smallest: SMALLEST_LEAF,
        };
        let mut outside = Outside::new(count);
        let trees = (0..TREES)
            .map(|number| {
                let mut rng = rng::stream(seed, "forest", &[number]);
                let draws = (0..count.min(DRAWS)).map(|_| rng.random_range(0..count as u32));
                let rows: Vec<u32> = draws.collect();
                let mut is_drawn = vec![false; count];
                for &row in &rows {
                    is_drawn[row as usize] = true;
                }
                let tree = Tree::grow(&observations, rows, growth, &mut rng);
                outside.add(&observations, &tree, &is_drawn);
                tree
            })
            .collect();
        Self {
            explained: outside.explained(&observations.losses),
            observations,
            trees,
        }
    }
}

/// The predictions of trees for observations that they were not grown on.
struct Outside {
    sums: Vec<f64>,
    counts: Vec<u32>,
}

impl Outside {
    fn new(count: usize) -> Self {
        Self {
            sums: vec![0.0; count],
            counts: vec![0; count],
        }
    }

    fn add(&mut self, observations: &Observations, tree: &Tree, is_drawn: &[bool]) {
        for (row, _) in is_drawn.iter().enumerate().filter(|(_, is_drawn)| !**is_drawn) {
            self.sums[row] += tree.predict(observations, |axis| observations.columns[axis][row]);
            self.counts[row] += 1;
        }
    }

    /// The coefficient of determination; 0 if every observation was used by every tree.
    fn explained(&self, losses: &[f64]) -> f64 {
        let known = self
            .sums
            .iter()
            .zip(&self.counts)
            .zip(losses)
            .filter(|((_, count), _)| **count > 0);
        let pairs: Vec<(f64, f64)> = known
            .map(|((sum, &count), &loss)| (sum / f64::from(count), loss))
            .collect();
        let mean = pairs.iter().map(|(_, loss)| loss).sum::<f64>() / pairs.len() as f64;
        let error: f64 = pairs.iter().map(|(guess, loss)| (loss - guess).powi(2)).sum();
        let total: f64 = pairs.iter().map(|(_, loss)| (loss - mean).powi(2)).sum();
        if total > 0.0 { 1.0 - error / total } else { 0.0 }
    }
}

#[cfg(test)]
mod tests;
