//! The mean of a tree along one or two axes: exact, because its leaves are boxes (Hutter et al. 2014, algorithm 1).
//!
//! Between the borders of its leaves, a tree's mean along an axis is constant, so one number per cell is enough. The
//! mean is taken over the part of the cube where the parameters of the axes are active. The share of a leaf where they
//! are active is estimated from its own observations. It is 0 or 1 if the questions of the leaf determine it.

use super::axis::number;
use super::observations::Observations;
use super::region::Region;

/// Parts of the cube smaller than this are rounding errors.
const NOTHING: f64 = 1e-9;

/// The mean along one axis.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The start of each cell, and 1.
    edges: Vec<f64>,
    cells: Vec<Cell>,
}

/// The mean over a plane of two axes.
#[derive(Clone, Debug)]
pub(super) struct Plane {
    rows: Vec<f64>,
    columns: Vec<f64>,
    /// The cells, row by row.
    cells: Vec<Cell>,
}

/// The value of a tree over the part of the cube that projects onto a cell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    /// The share of that part in which the parameters are active.
    weight: f64,
    /// The mean value of the tree there, times the weight.
    sum: f64,
}

impl Cell {
    fn add(&mut self, weight: f64, value: f64) {
        self.weight += weight;
        self.sum += weight * value;
    }

    /// The mean value of the tree; `None` where the parameters are not active together.
    pub(super) fn mean(self) -> Option<f64> {
        (self.weight > NOTHING).then(|| self.sum / self.weight)
    }

    fn scaled(self, by: f64) -> Self {
        Self {
            weight: self.weight * by,
            sum: self.sum * by,
        }
    }
}

impl std::ops::Add for Cell {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            weight: self.weight + other.weight,
            sum: self.sum + other.sum,
        }
    }
}

impl Line {
    /// The mean along an axis of a tree with these regions.
    pub(super) fn new(observations: &Observations, regions: &[Region<'_>], axis: usize) -> Self {
        let edges = edges(regions, axis);
        // First the change at each edge; accumulated, the value in each cell.
        let mut cells = vec![Cell::default(); edges.len()];
        for region in regions {
            let weight = region.volume() / region.length(axis) * observations.presence(region.rows, &[axis]);
            for side in &region.sides[axis] {
                cells[at(&edges, side.from)].add(weight, region.value);
                cells[at(&edges, side.to)].add(-weight, region.value);
            }
        }
        accumulate(cells.iter_mut());
        cells.pop();
        Self { edges, cells }
    }

    /// The cell that contains a position.
    pub(super) fn cell(&self, position: f64) -> Cell {
        self.cells[number(&self.edges, position)]
    }

    /// The variance of the mean along the axis, times the share of the cube where its parameter is active.
    pub(super) fn variance(&self) -> f64 {
        let cells = self.edges.windows(2).zip(&self.cells);
        let cells: Vec<Cell> = cells.map(|(edge, cell)| cell.scaled(edge[1] - edge[0])).collect();
        let Some(mean) = total(&cells).mean() else { return 0.0 };
        let squares = cells
            .iter()
            .filter_map(|cell| Some(cell.weight * (cell.mean()? - mean).powi(2)));
        squares.sum()
    }
}

impl Plane {
    /// The mean over the plane of two axes of a tree with these regions.
    pub(super) fn new(observations: &Observations, regions: &[Region<'_>], axes: [usize; 2]) -> Self {
        let [rows, columns] = axes.map(|axis| edges(regions, axis));
        let width = columns.len();
        let mut cells = vec![Cell::default(); rows.len() * width];
        for region in regions {
            let base: f64 = axes.iter().map(|&axis| region.length(axis)).product();
            let weight = region.volume() / base * observations.presence(region.rows, &axes);
            for row in &region.sides[axes[0]] {
                let [top, bottom] = [row.from, row.to].map(|edge| at(&rows, edge) * width);
                for column in &region.sides[axes[1]] {
                    let [left, right] = [column.from, column.to].map(|edge| at(&columns, edge));
                    cells[top + left].add(weight, region.value);
                    cells[top + right].add(-weight, region.value);
                    cells[bottom + left].add(-weight, region.value);
                    cells[bottom + right].add(weight, region.value);
                }
            }
        }
        for row in cells.chunks_exact_mut(width) {
            accumulate(row.iter_mut());
        }
        for index in width..cells.len() {
            cells[index] = cells[index] + cells[index - width];
        }
        Self { rows, columns, cells }
    }

    /// The cell that contains a position of the plane.
    pub(super) fn cell(&self, row: f64, column: f64) -> Cell {
        self.cells[number(&self.rows, row) * self.columns.len() + number(&self.columns, column)]
    }

    /// The effect of the interaction of two parameters: the variance over the plane that the means along the two axes
    /// leave unexplained, times the share of the cube where both parameters are active.
    pub(super) fn interaction(&self) -> f64 {
        let width = self.columns.len();
        let rows = self.rows.windows(2).zip(self.cells.chunks_exact(width));
        let cells: Vec<Vec<Cell>> = rows
            .map(|(row, cells)| {
                let cells = self.columns.windows(2).zip(cells);
                let area = |column: &[f64]| (row[1] - row[0]) * (column[1] - column[0]);
                cells.map(|(column, cell)| cell.scaled(area(column))).collect()
            })
            .collect();
        let along_rows: Vec<Cell> = cells.iter().map(|row| total(row)).collect();
        let along_columns = cells.iter().fold(vec![Cell::default(); width - 1], |sums, row| {
            sums.into_iter().zip(row).map(|(sum, &cell)| sum + cell).collect()
        });
        let Some(mean) = total(&along_rows).mean() else {
            return 0.0;
        };
        let mut variance = 0.0;
        for (row, of_row) in cells.iter().zip(&along_rows) {
            for (cell, of_column) in row.iter().zip(&along_columns) {
                if let (Some(here), Some(row), Some(column)) = (cell.mean(), of_row.mean(), of_column.mean()) {
                    variance += cell.weight * (here - row - column + mean).powi(2);
                }
            }
        }
        variance
    }
}

/// The starts and ends of the regions on an axis, in ascending order.
fn edges(regions: &[Region<'_>], axis: usize) -> Vec<f64> {
    let sides = regions.iter().flat_map(|region| &region.sides[axis]);
    let mut edges: Vec<f64> = sides.flat_map(|side| [side.from, side.to]).collect();
    edges.sort_unstable_by(f64::total_cmp);
    edges.dedup();
    edges
}

/// The index of an edge.
fn at(edges: &[f64], edge: f64) -> usize {
    edges.partition_point(|&other| other < edge)
}

fn accumulate<'a>(cells: impl Iterator<Item = &'a mut Cell>) {
    let mut sum = Cell::default();
    for cell in cells {
        sum = sum + *cell;
        *cell = sum;
    }
}

fn total(cells: &[Cell]) -> Cell {
    cells.iter().fold(Cell::default(), |sum, &cell| sum + cell)
}
