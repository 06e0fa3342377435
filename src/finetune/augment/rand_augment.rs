//! `RandAugment` (Cubuk et al. 2020): operations at random, all of one magnitude.

use rand::RngExt as _;

use super::{Picture, up_to};
use crate::rng::Rng;

/// The largest magnitude: torchvision has 31 of them.
pub(super) const MOST: f64 = 30.0;

/// The largest movement to the side, as a share of the width: `AutoAugment`'s 150 pixels of 331.
const FURTHEST: f64 = 150.0 / 331.0;

/// Number of operations of [`apply`].
const OPERATIONS: usize = 14;

/// Applies one of torchvision's operations. `magnitude` is in 0..=30.
pub(super) fn apply(picture: &mut Picture<'_>, magnitude: f64, random: &mut Rng) {
    let operation = up_to(OPERATIONS - 1, random);
    let sign = if random.random::<f64>() < 0.5 { -1.0 } else { 1.0 };
    let share = magnitude / MOST;
    let signed = |largest: f64| sign * share * largest;
    let factor = || (1.0 + signed(0.9)) as f32;
    let (width, height) = (picture.size.width as f64, picture.size.height as f64);
    match operation {
        0 => picture.shear_x(signed(0.3)),
        1 => picture.shear_y(signed(0.3)),
        2 => picture.translate(signed(FURTHEST * width) as i64, 0),
        3 => picture.translate(0, signed(FURTHEST * height) as i64),
        4 => picture.rotate(signed(30.0)),
        5 => picture.brighten(factor()),
        6 => picture.saturate(factor()),
        7 => picture.contrast(factor()),
        8 => picture.sharpen(factor()),
        9 => picture.posterize((8.0 - share * 4.0).round_ties_even() as u32),
        10 => picture.solarize(1.0 - share as f32),
        11 => picture.auto_contrast(),
        12 => picture.equalize(),
        // The identity.
        _ => {}
    }
}
