//! The middle of a space: where a search with nothing else to go by begins.

use rand::RngExt as _;

use crate::rng::Rng;
use crate::space::{Configuration, Shape, Space};

/// The middle of every range, on its scale, with values without an order drawn by chance; `None` if it is not feasible.
///
/// Ranges are usually chosen around what is believed to be good, and their ends are not, so the middle beats most draws
/// (FLAML's searches begin there too).
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
