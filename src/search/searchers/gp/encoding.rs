//! Points of the unit cube as inputs of the kernel: one coordinate for every parameter that can vary.

use super::kernel::Axis;
use crate::space::{Shape, Space};

/// The coordinate of an inactive number: the middle, as near to all values as possible. The parameter on which its
/// condition depends shows that it is inactive.
const INACTIVE_NUMBER: f64 = 0.5;

/// The category of an inactive choice, different from all others.
const INACTIVE_CATEGORY: f64 = -1.0;

/// The assignment of parameters to axes.
#[derive(Clone, Debug)]
pub(super) struct Encoding {
    axes: Vec<Axis>,
    /// For every axis but the resource, the index of its parameter.
    parameters: Vec<usize>,
}

impl Encoding {
    /// The axes of a space, and a last axis for the resource if requested.
    pub(super) fn new(space: &Space, with_resource: bool) -> Self {
        let mut axes = Vec::new();
        let mut parameters = Vec::new();
        for (index, parameter) in space.parameters().iter().enumerate() {
            match parameter.domain.shape() {
                Shape::Constant => continue,
                Shape::Continuous | Shape::Ordered { .. } => axes.push(Axis::Number),
                Shape::Unordered { .. } => axes.push(Axis::Category),
            }
            parameters.push(index);
        }
        if with_resource {
            axes.push(Axis::Resource);
        }
        Self { axes, parameters }
    }

    /// The axes.
    pub(super) fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// For every axis but the resource, the index of its parameter in the space.
    pub(super) fn parameters(&self) -> &[usize] {
        &self.parameters
    }

    /// The coordinates of a point of `space`; `missing` is the coordinate on the resource axis, if there is one.
    pub(super) fn coordinates(&self, space: &Space, point: &[Option<f64>], missing: f64) -> Vec<f64> {
        let mut coordinates: Vec<f64> = self
            .parameters
            .iter()
            .zip(&self.axes)
            .map(|(&index, axis)| match (axis, point[index]) {
                (Axis::Category, Some(position)) => space.parameters()[index].domain.number_at(position) as f64,
                (Axis::Category, None) => INACTIVE_CATEGORY,
                (Axis::Number | Axis::Resource, position) => position.unwrap_or(INACTIVE_NUMBER),
            })
            .collect();
        if self.axes.len() > self.parameters.len() {
            coordinates.push(missing);
        }
        coordinates
    }
}
