//! The preparation of images for a model: resize, crop, and the number that each byte stands for.

use std::sync::Arc;

use super::decode::Decoded;
use super::resample::resize;
use crate::data::ImageSize;
use crate::data::pixels::Scale;
use crate::preprocessing::{Preprocessing, Resize};

/// The bytes of an image at the size that a model takes, `[height, width, channels]`.
pub fn prepare(image: Decoded, preparation: &Preprocessing, size: ImageSize) -> Vec<u8> {
    let (height, width) = (image.height, image.width);
    let target = match preparation.resize {
        Resize::ShortestEdge(edge) => {
            // As torchvision and transformers: the longer side is rounded down.
            if height <= width {
                [edge, (edge * width / height).max(1)]
            } else {
                [(edge * height / width).max(1), edge]
            }
        }
        Resize::Cover(sides) => {
            let ratio = (height as f64 / sides[0] as f64).min(width as f64 / sides[1] as f64);
            [height, width].map(|side| ((side as f64 / ratio).round_ties_even() as usize).max(1))
        }
        Resize::Down([most_rows, most_columns]) if height > most_rows || width > most_columns => {
            [most_rows, most_columns]
        }
        Resize::To(sides) => sides,
        Resize::None | Resize::Down(_) => [height, width],
    };
    let mut image = resize(image, target, preparation.interpolation);
    if let Some(crop) = preparation.crop {
        image = centre(&image, crop, preparation.rounds_crop);
    }
    // A preparation without a fixed size, such as one that resizes nothing.
    let image = if [image.height, image.width] == [size.height, size.width] {
        image
    } else {
        resize(image, [size.height, size.width], preparation.interpolation)
    };
    if size.channels == 1 {
        return image.pixels.as_chunks::<3>().0.iter().copied().map(grey).collect();
    }
    image.pixels
}

/// The number that each byte of each channel stands for.
pub fn scale(preparation: &Preprocessing, channels: usize) -> Scale {
    let of_channel = |channel: usize| {
        let of = |values: &[f64]| values.get(channel % values.len().max(1)).copied();
        std::array::from_fn(|byte| {
            let value = byte as f64 * preparation.rescale.unwrap_or(1.0);
            let value = match &preparation.normalization {
                Some(found) => {
                    let deviation = of(&found.deviation).unwrap_or(1.0);
                    let value = (value - of(&found.mean).unwrap_or(0.0)) / deviation;
                    if found.divides_twice { value / deviation } else { value }
                }
                None => value,
            };
            value as f32
        })
    };
    let all: Vec<[f32; 256]> = (0..channels).map(of_channel).collect();
    Arc::from(all)
}

/// The part in the middle; what a smaller image lacks is black.
fn centre(image: &Decoded, [height, width]: [usize; 2], rounds: bool) -> Decoded {
    let (top, above) = offset(image.height, height, rounds);
    let (left, before) = offset(image.width, width, rounds);
    let mut pixels = vec![0; height * width * 3];
    let length = width.min(image.width) * 3;
    for row in 0..height.min(image.height) {
        let source = &image.pixels[((row + top) * image.width + left) * 3..][..length];
        pixels[((row + above) * width + before) * 3..][..length].copy_from_slice(source);
    }
    Decoded { height, width, pixels }
}

/// The first pixel of the image that is kept, and the pixel of the result where it stands.
fn offset(from: usize, to: usize, rounds: bool) -> (usize, usize) {
    if from <= to {
        return (0, (to - from).div_ceil(2));
    }
    let half = (from - to) as f64 / 2.0;
    let first = if rounds { half.round_ties_even() } else { half.floor() };
    (first as usize, 0)
}

/// The brightness of a colour, as Pillow's `convert("L")` has it (ITU-R 601-2).
fn grey([red, green, blue]: [u8; 3]) -> u8 {
    let sum = u32::from(red) * 19_595 + u32::from(green) * 38_470 + u32::from(blue) * 7_471 + 0x8000;
    (sum >> 16) as u8
}

#[cfg(test)]
mod tests;
