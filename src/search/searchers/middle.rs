//! The middle of a space: the start of a search without other information.

use rand::RngExt as _;

use crate::rng::Rng;
use crate::space::{Configuration, Shape, Space};

/// The middle of every range, on its scale, with random values for unordered choices; `None` if it is not feasible.
///
/// Users usually choose ranges around a value that they believe to be good, so the middle beats most draws (FLAML's
/// searches start there too).
pub(super) fn middle(space: &Space, rng: &mut Rng) -> Option<Configuration> {
    const MIDDLE: f64 = 0.5;
    let unit: Vec<f64> = space
        .parameters()
        .iter()
        .map(|parameter| match parameter.domain.shape() {
            Shape::Unordered { .. } => rng.random(),
            Shape::Constant | Shape::Continuous | Shape::Ordered { .. } => MIDDLE,
        })
        .collect();
    let configuration = space.decode(&unit);
    space.is_feasible(&configuration).then_some(configuration)
}
