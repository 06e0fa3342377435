//! The trials as a table: one row per observation, one column per axis.

use super::axis::Axis;

/// The data on which trees are grown.
#[derive(Clone, Debug)]
pub(super) struct Observations {
    pub(super) axes: Vec<Axis>,
    /// For each axis the coordinate of every observation; NaN if it has none.
    pub(super) columns: Vec<Vec<f64>>,
    pub(super) losses: Vec<f64>,
    /// For each axis, true if some observation has no coordinate.
    has_gaps: Vec<bool>,
}

impl Observations {
    pub(super) fn new(axes: Vec<Axis>, columns: Vec<Vec<f64>>, losses: Vec<f64>) -> Self {
        Self {
            has_gaps: columns
                .iter()
                .map(|column| column.iter().any(|coordinate| coordinate.is_nan()))
                .collect(),
            axes,
            columns,
            losses,
        }
    }

    /// The share of these observations that have a coordinate on each of `axes`.
    pub(super) fn presence(&self, rows: &[u32], axes: &[usize]) -> f64 {
        if axes.iter().all(|&axis| !self.has_gaps[axis]) {
            return 1.0;
        }
        let is_there = |row: u32| axes.iter().all(|&axis| !self.columns[axis][row as usize].is_nan());
        rows.iter().filter(|&&row| is_there(row)).count() as f64 / rows.len() as f64
    }
}
