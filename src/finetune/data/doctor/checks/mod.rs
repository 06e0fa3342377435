//! The checks. To add one, add a file and a line in [`CHECKS`].

mod classes;
mod columns;
mod damaged;
mod duplicates;
mod encoding;
mod missing;
mod numbers;
mod questions;

use super::Depth;
use super::finding::Finding;
use super::rows::Rows;

/// A check: pure, and linear in the rows.
type Check = fn(&Rows, Depth) -> Vec<Finding>;

/// All checks.
pub(super) const CHECKS: &[Check] = &[
    damaged::check,
    missing::check,
    duplicates::check,
    classes::check,
    numbers::check,
    questions::check,
    columns::check,
    encoding::check,
];

/// The checks of images, whose rows have a hash of the pixels in place of a text.
pub(super) const OF_IMAGES: &[Check] = &[duplicates::check, classes::check];
