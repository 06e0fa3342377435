//! Resizing as Pillow does it, to the last bit: two passes over bytes with weights in fixed point (`Resample.c`).

use super::decode::Decoded;
use crate::preprocessing::Interpolation;

/// Bits behind the point of a weight: 32 less those of a byte and two for sums that overflow (`PRECISION_BITS`).
const BITS: u32 = 32 - 8 - 2;

/// The weights of the pixels that make a pixel of the result.
struct Weights {
    /// The first of them.
    first: usize,
    /// With [`BITS`] bits behind the point.
    weights: Vec<i32>,
}

/// Resizes an image to a height and a width.
pub(super) fn resize(image: Decoded, [height, width]: [usize; 2], interpolation: Interpolation) -> Decoded {
    if (image.height, image.width) == (height, width) {
        return image;
    }
    let Some(filter) = Filter::of(interpolation) else {
        return nearest(&image, [height, width]);
    };
    let image = if image.width == width {
        image
    } else {
        horizontal(&image, &weights(image.width, width, &filter))
    };
    if image.height == height {
        image
    } else {
        vertical(&image, &weights(image.height, height, &filter))
    }
}

/// A filter, and the distance from which on it is 0.
struct Filter {
    support: f64,
    value: fn(f64) -> f64,
}

impl Filter {
    /// The filter; `None` for the nearest pixel.
    fn of(interpolation: Interpolation) -> Option<Self> {
        let (support, value): (f64, fn(f64) -> f64) = match interpolation {
            Interpolation::Nearest => return None,
            Interpolation::Box => (0.5, |x| if x > -0.5 && x <= 0.5 { 1.0 } else { 0.0 }),
            Interpolation::Bilinear => (1.0, |x| (1.0 - x.abs()).max(0.0)),
            Interpolation::Hamming => (1.0, hamming),
            Interpolation::Bicubic => (2.0, bicubic),
            Interpolation::Lanczos => (3.0, lanczos),
        };
        Some(Self { support, value })
    }
}

fn hamming(x: f64) -> f64 {
    let x = x.abs();
    if x == 0.0 {
        1.0
    } else if x >= 1.0 {
        0.0
    } else {
        let x = x * std::f64::consts::PI;
        x.sin() / x * (0.54 + 0.46 * x.cos())
    }
}

/// Keys 1981 with a = -0.5.
fn bicubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

fn lanczos(x: f64) -> f64 {
    let sinc = |x: f64| {
        if x == 0.0 {
            1.0
        } else {
            let x = x * std::f64::consts::PI;
            x.sin() / x
        }
    };
    if (-3.0..3.0).contains(&x) {
        sinc(x) * sinc(x / 3.0)
    } else {
        0.0
    }
}

/// The weights for each pixel of a row or column of `to` pixels that is made of `from` pixels.
fn weights(from: usize, to: usize, filter: &Filter) -> Vec<Weights> {
    let scale = from as f64 / to as f64;
    // A smaller image takes the mean over all pixels that fall into one of its own.
    let stretch = scale.max(1.0);
    let support = filter.support * stretch;
    let of_pixel = |pixel: usize| {
        let centre = (pixel as f64 + 0.5) * scale;
        let first = (centre - support + 0.5).max(0.0) as usize;
        let end = ((centre + support + 0.5) as usize).min(from);
        let exact: Vec<f64> = (first..end)
            .map(|index| (filter.value)((index as f64 - centre + 0.5) * (1.0 / stretch)))
            .collect();
        let sum: f64 = exact.iter().sum();
        let fixed = |weight: &f64| {
            let weight = if sum == 0.0 { *weight } else { weight / sum };
            let weight = weight * f64::from(1 << BITS);
            (if weight < 0.0 { weight - 0.5 } else { weight + 0.5 }) as i32
        };
        Weights {
            first,
            weights: exact.iter().map(fixed).collect(),
        }
    };
    (0..to).map(of_pixel).collect()
}

/// A sum in fixed point as a byte.
fn byte(sum: i32) -> u8 {
    (sum >> BITS).clamp(0, 255) as u8
}

const HALF: i32 = 1 << (BITS - 1);

fn horizontal(image: &Decoded, weights: &[Weights]) -> Decoded {
    let mut pixels = Vec::with_capacity(image.height * weights.len() * 3);
    for row in image.pixels.chunks_exact(image.width * 3) {
        for Weights { first, weights } in weights {
            let mut sums = [HALF; 3];
            for (pixel, weight) in row[first * 3..].chunks_exact(3).zip(weights) {
                for (sum, &value) in sums.iter_mut().zip(pixel) {
                    *sum += i32::from(value) * weight;
                }
            }
            pixels.extend(sums.map(byte));
        }
    }
    Decoded {
        height: image.height,
        width: weights.len(),
        pixels,
    }
}

fn vertical(image: &Decoded, weights: &[Weights]) -> Decoded {
    let length = image.width * 3;
    let mut pixels = Vec::with_capacity(weights.len() * length);
    let mut sums = vec![HALF; length];
    for Weights { first, weights } in weights {
        sums.fill(HALF);
        for (row, weight) in image.pixels[first * length..].chunks_exact(length).zip(weights) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += i32::from(value) * weight;
            }
        }
        pixels.extend(sums.iter().map(|&sum| byte(sum)));
    }
    Decoded {
        height: weights.len(),
        width: image.width,
        pixels,
    }
}

/// The pixel in which the centre of each pixel of the result lies.
fn nearest(image: &Decoded, [height, width]: [usize; 2]) -> Decoded {
    let of = |index: usize, from: usize, to: usize| {
        let centre = (index as f64 + 0.5) * (from as f64 / to as f64);
        (centre as usize).min(from - 1)
    };
    let mut pixels = Vec::with_capacity(height * width * 3);
    for row in 0..height {
        let row = &image.pixels[of(row, image.height, height) * image.width * 3..][..image.width * 3];
        for column in 0..width {
            pixels.extend_from_slice(&row[of(column, image.width, width) * 3..][..3]);
        }
    }
    Decoded { height, width, pixels }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Interpolation; 6] = [
        Interpolation::Nearest,
        Interpolation::Bilinear,
        Interpolation::Bicubic,
        Interpolation::Lanczos,
        Interpolation::Box,
        Interpolation::Hamming,
    ];

    fn ramp(height: usize, width: usize) -> Decoded {
        let pixels = (0..height * width * 3).map(|index| (index * index * 7 % 251) as u8);
        Decoded {
            height,
            width,
            pixels: pixels.collect(),
        }
    }

    /// Values of Pillow 13.0: `Image.fromarray(ramp).resize((4, 3), filter)`.
    #[test]
    fn an_image_has_the_bytes_that_pillow_gives() {
        let found: Vec<String> = ALL
            .into_iter()
            .map(|interpolation| format!("{:?}", resize(ramp(5, 7), [3, 4], interpolation).pixels))
            .collect();
        insta::assert_snapshot!(found.join("\n"), @"
        [0, 7, 28, 1, 92, 197, 4, 179, 117, 9, 17, 39, 49, 142, 249, 64, 241, 181, 81, 91, 115, 100, 194, 51, 196, 124, 66, 225, 237, 12, 5, 101, 211, 38, 218, 161]
        [37, 84, 141, 40, 154, 154, 46, 130, 83, 52, 63, 81, 89, 89, 206, 101, 159, 152, 117, 99, 92, 131, 148, 72, 135, 128, 169, 149, 175, 132, 100, 97, 156, 122, 154, 115]
        [33, 80, 140, 37, 162, 158, 42, 136, 78, 47, 56, 81, 89, 81, 217, 103, 164, 154, 124, 93, 86, 139, 150, 69, 137, 126, 171, 152, 179, 132, 100, 90, 161, 127, 159, 110]
        [30, 79, 138, 34, 170, 163, 37, 139, 71, 41, 55, 83, 91, 77, 224, 105, 163, 155, 129, 89, 82, 145, 146, 70, 141, 126, 169, 150, 180, 137, 102, 86, 163, 130, 158, 105]
        [39, 89, 152, 44, 177, 137, 49, 120, 79, 55, 64, 86, 84, 73, 201, 100, 172, 133, 81, 91, 115, 127, 200, 36, 128, 119, 186, 155, 166, 129, 112, 61, 150, 134, 146, 110]
        [35, 76, 131, 37, 150, 156, 42, 140, 88, 50, 57, 77, 85, 85, 209, 96, 182, 153, 110, 96, 96, 128, 169, 59, 135, 129, 166, 169, 186, 107, 89, 91, 163, 116, 167, 117]
        ");
    }

    proptest! {
        #[test]
        fn a_plain_image_stays_plain_at_every_size(
            (height, width) in (1_usize..20, 1_usize..20),
            (to_height, to_width) in (1_usize..40, 1_usize..40),
            grey: u8,
        ) {
            for interpolation in ALL {
                let image = Decoded { height, width, pixels: vec![grey; height * width * 3] };
                let resized = resize(image, [to_height, to_width], interpolation);
                prop_assert_eq!((resized.height, resized.width), (to_height, to_width));
                prop_assert_eq!(resized.pixels, vec![grey; to_height * to_width * 3]);
            }
        }
    }
}
