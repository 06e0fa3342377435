//! A regression tree over the unit cube (Breiman et al. 1984), grown on some of the observations.
//!
//! Conditional parameters: a tree asks about a parameter only if every observation of the node has it. If only some
//! have it, the question is judged by its gain among those. If it wins, the tree first asks about the parent that best
//! separates those that have the parameter from the others. So every leaf is a box of the unit cube, and an effect of
//! the mere presence of a parameter is learnt as an effect of its parents.

use std::ops::Range;

use rand::seq::SliceRandom as _;

use super::axis::Question;
use super::observations::Observations;
use super::region::{Region, WHOLE, intersection};
use super::split::{Pair, Split, best_split};
use crate::rng::Rng;

/// The default of Optuna and fANOVA.
const DEEPEST: usize = 64;

/// A tree, in which a node comes before its children.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// The observations it was grown on, leaf by leaf; an observation that was drawn several times is repeated.
    rows: Vec<u32>,
}

#[derive(Clone, Debug)]
enum Node {
    Leaf {
        value: f64,
        /// The range of the tree's `rows` in it.
        rows: Range<usize>,
    },
    Fork {
        axis: usize,
        question: Question,
        /// The nodes for the answer yes, and for the answer no.
        children: [usize; 2],
        /// The answer of most observations, which is used for an observation without a value on the axis.
        usual: bool,
    },
}

/// Settings for growing trees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Growth {
    /// Number of axes that compete at a node.
    pub(super) competing: usize,
    /// Smallest number of observations in a leaf.
    pub(super) smallest: usize,
}

impl Tree {
    /// Grows a tree on these observations.
    pub(super) fn grow(observations: &Observations, rows: Vec<u32>, growth: Growth, rng: &mut Rng) -> Self {
        let mut grower = Grower {
            observations,
            growth,
            rng,
            tree: Self {
                nodes: Vec::new(),
                rows,
            },
            pairs: Vec::new(),
        };
        let all = 0..grower.tree.rows.len();
        grower.node(all, 0);
        grower.tree
    }

    /// The prediction at a position of the unit cube, given the coordinate on each axis; NaN if there is none.
    pub(super) fn predict(&self, observations: &Observations, coordinate: impl Fn(usize) -> f64) -> f64 {
        let mut node = 0;
        loop {
            match &self.nodes[node] {
                Node::Leaf { value, .. } => return *value,
                Node::Fork {
                    axis,
                    question,
                    children,
                    usual,
                } => {
                    let position = coordinate(*axis);
                    let answer = if position.is_nan() {
                        *usual
                    } else {
                        question.is_true(&observations.axes[*axis], position)
                    };
                    node = children[usize::from(!answer)];
                }
            }
        }
    }

    /// The boxes of its leaves, which partition the unit cube.
    pub(super) fn regions(&self, observations: &Observations) -> Vec<Region<'_>> {
        let mut regions = Vec::new();
        let mut open = vec![(0, vec![vec![WHOLE]; observations.axes.len()])];
        while let Some((node, mut sides)) = open.pop() {
            match &self.nodes[node] {
                Node::Leaf { value, rows } => regions.push(Region {
                    value: *value,
                    sides,
                    rows: &self.rows[rows.clone()],
                }),
                Node::Fork {
                    axis,
                    question,
                    children,
                    ..
                } => {
                    let [yes, no] = [true, false].map(|answer| {
                        let intervals = question.intervals(&observations.axes[*axis], answer);
                        intersection(&sides[*axis], &intervals)
                    });
                    let mut others = sides.clone();
                    sides[*axis] = yes;
                    others[*axis] = no;
                    open.push((children[0], sides));
                    open.push((children[1], others));
                }
            }
        }
        regions
    }
}

/// A tree being grown.
struct Grower<'a> {
    observations: &'a Observations,
    growth: Growth,
    rng: &'a mut Rng,
    tree: Tree,
    /// Kept to save allocations.
    pairs: Vec<Pair>,
}

impl Grower<'_> {
    /// Grows the node of these rows and everything below it, and returns its index.
    fn node(&mut self, rows: Range<usize>, depth: usize) -> usize {
        let number = self.tree.nodes.len();
        let losses = self.tree.rows[rows.clone()]
            .iter()
            .map(|&row| self.observations.losses[row as usize]);
        let value = losses.sum::<f64>() / rows.len() as f64;
        self.tree.nodes.push(Node::Leaf {
            value,
            rows: rows.clone(),
        });
        if depth == DEEPEST || rows.len() < 2 * self.growth.smallest {
            return number;
        }
        let Some((axis, question)) = self.ask(rows.clone()) else {
            return number;
        };
        let border = self.part(rows.clone(), axis, &question);
        let usual = border - rows.start > rows.end - border;
        let children = [rows.start..border, border..rows.end].map(|part| self.node(part, depth + 1));
        self.tree.nodes[number] = Node::Fork {
            axis,
            question,
            children,
            usual,
        };
        number
    }

    /// Moves the rows with the answer yes to the front, and returns where the others begin.
    fn part(&mut self, rows: Range<usize>, axis: usize, question: &Question) -> usize {
        let column = &self.observations.columns[axis];
        let axis = &self.observations.axes[axis];
        let part = &mut self.tree.rows[rows.clone()];
        let is_yes = |row: u32| question.is_true(axis, column[row as usize]);
        let mut border = 0;
        for index in 0..part.len() {
            if is_yes(part[index]) {
                part.swap(border, index);
                border += 1;
            }
        }
        rows.start + border
    }

    /// The best question at a node about some random axes; about more axes if there is no question about these.
    fn ask(&mut self, rows: Range<usize>) -> Option<(usize, Question)> {
        let mut order: Vec<usize> = (0..self.observations.axes.len()).collect();
        order.shuffle(self.rng);
        let mut splits: Vec<(usize, Split)> = Vec::new();
        for (tried, &axis) in order.iter().enumerate() {
            if tried >= self.growth.competing && !splits.is_empty() {
                break;
            }
            let split = self.best_of_losses(rows.clone(), axis);
            splits.extend(split.map(|split| (axis, split)));
        }
        splits.sort_by(|left, right| right.1.gain.total_cmp(&left.1.gain));
        splits.into_iter().find_map(|(axis, split)| {
            if self.is_everywhere(rows.clone(), axis) {
                Some((axis, split.question))
            } else {
                self.best_of_presence(rows.clone(), axis)
                    .map(|(axis, split)| (axis, split.question))
            }
        })
    }

    /// The best question about an axis, judged by the losses of the rows that have a value there.
    fn best_of_losses(&mut self, rows: Range<usize>, axis: usize) -> Option<Split> {
        let Observations {
            axes, columns, losses, ..
        } = self.observations;
        self.pairs.clear();
        let here = self.tree.rows[rows].iter().map(|&row| row as usize);
        let pairs = here.map(|row| (columns[axis][row], losses[row]));
        self.pairs.extend(pairs.filter(|(position, _)| !position.is_nan()));
        best_split(&axes[axis], &mut self.pairs, self.growth.smallest)
    }

    /// The question about a parent or its parents that best separates the rows with a value on `child`.
    fn best_of_presence(&mut self, rows: Range<usize>, child: usize) -> Option<(usize, Split)> {
        let Observations { axes, columns, .. } = self.observations;
        let mut best: Option<(usize, Split)> = None;
        for &parent in axes[child].parents() {
            let candidate = if self.is_everywhere(rows.clone(), parent) {
                let is_there = |row: usize| f64::from(!columns[child][row].is_nan());
                self.pairs.clear();
                let here = self.tree.rows[rows.clone()].iter().map(|&row| row as usize);
                self.pairs.extend(here.map(|row| (columns[parent][row], is_there(row))));
                best_split(&axes[parent], &mut self.pairs, 1).map(|split| (parent, split))
            } else {
                self.best_of_presence(rows.clone(), parent)
            };
            let gain = best.as_ref().map_or(0.0, |(_, split)| split.gain);
            best = candidate.filter(|(_, split)| split.gain > gain).or(best);
        }
        best
    }

    fn is_everywhere(&self, rows: Range<usize>, axis: usize) -> bool {
        self.observations.presence(&self.tree.rows[rows], &[axis]) == 1.0
    }
}
