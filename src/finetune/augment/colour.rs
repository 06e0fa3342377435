//! Operations on colours, for pixels in 0..=1. Other numbers of channels than three have no hue and no saturation.

use super::Picture;

/// Number of values of a byte.
const BYTES: usize = 256;

/// Just below 256: torchvision's factor from 0..=1 to bytes, which are cut off and not rounded.
const TO_BYTES: f32 = 255.999;

/// The weights of red, green and blue in grey (ITU-R 601-2, as torchvision has them).
const GREY: [f32; 3] = [0.2989, 0.587, 0.114];

/// `one · ratio + other · (1 - ratio)`, within 0..=1.
fn blend(one: f32, other: f32, ratio: f32) -> f32 {
    (one * ratio + other * (1.0 - ratio)).clamp(0.0, 1.0)
}

impl Picture<'_> {
    /// Towards black below 1, away from it above.
    pub(super) fn brighten(&mut self, factor: f32) {
        self.map(|value| (value * factor).clamp(0.0, 1.0));
    }

    /// Towards the mean grey below 1, away from it above.
    pub(super) fn contrast(&mut self, factor: f32) {
        let grey = self.grey();
        let sum: f64 = grey.iter().map(|&value| f64::from(value)).sum();
        let mean = (sum / grey.len().max(1) as f64) as f32;
        self.map(|value| blend(value, mean, factor));
    }

    /// Towards grey below 1, away from it above.
    pub(super) fn saturate(&mut self, factor: f32) {
        if !self.has_colours() {
            return;
        }
        let grey = self.grey();
        for plane in self.planes() {
            for (value, grey) in plane.iter_mut().zip(&grey) {
                *value = blend(*value, *grey, factor);
            }
        }
    }

    /// Turns the hue by a share of the whole circle.
    pub(super) fn turn_hue(&mut self, share: f32) {
        if !self.has_colours() {
            return;
        }
        let plane = self.plane();
        let (red, rest) = self.values.split_at_mut(plane);
        let (green, blue) = rest.split_at_mut(plane);
        for ((red, green), blue) in red.iter_mut().zip(green).zip(blue) {
            let [hue, saturation, value] = to_hsv([*red, *green, *blue]);
            let hue = (hue + share).rem_euclid(1.0);
            [*red, *green, *blue] = to_rgb([hue, saturation, value]);
        }
    }

    /// Towards the mean of neighbouring pixels below 1, away from it above. Pixels on the border stay.
    pub(super) fn sharpen(&mut self, factor: f32) {
        let (height, width) = (self.size.height, self.size.width);
        if height <= 2 || width <= 2 {
            return;
        }
        for plane in self.planes() {
            let before = plane.to_vec();
            for row in 1..height - 1 {
                for column in 1..width - 1 {
                    let mut sum = 4.0 * before[row * width + column];
                    for row in row - 1..=row + 1 {
                        sum += before[row * width + column - 1..][..3].iter().sum::<f32>();
                    }
                    let value = &mut plane[row * width + column];
                    *value += (sum / 13.0 - *value) * (1.0 - factor);
                }
            }
            for value in plane.iter_mut() {
                *value = value.clamp(0.0, 1.0);
            }
        }
    }

    /// Keeps this number of bits of every channel.
    pub(super) fn posterize(&mut self, bits: u32) {
        let levels = (1_u32 << bits.min(8)) as f32;
        self.map(|value| (value * levels).floor().clamp(0.0, levels - 1.0) / levels);
    }

    /// Inverts the values from `threshold` on.
    pub(super) fn solarize(&mut self, threshold: f32) {
        self.map(|value| if value >= threshold { 1.0 - value } else { value });
    }

    /// Stretches every channel to 0..=1.
    pub(super) fn auto_contrast(&mut self) {
        for plane in self.planes() {
            let least = plane.iter().copied().fold(f32::INFINITY, f32::min);
            let most = plane.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            if least < most {
                let span = most - least;
                for value in plane.iter_mut() {
                    *value = ((*value - least) / span).clamp(0.0, 1.0);
                }
            }
        }
    }

    /// Spreads the values of every channel evenly, in steps of bytes, as Pillow does.
    pub(super) fn equalize(&mut self) {
        for plane in self.planes() {
            let bytes: Vec<usize> = plane
                .iter()
                .map(|value| ((value * TO_BYTES) as usize).min(BYTES - 1))
                .collect();
            let mut counts = [0_usize; BYTES];
            for &byte in &bytes {
                counts[byte] += 1;
            }
            let highest = counts.iter().rposition(|&count| count > 0).unwrap_or(0);
            let step = (plane.len() - counts[highest]) / 255;
            let mut before = 0;
            let table: Vec<usize> = counts
                .iter()
                .enumerate()
                .map(|(byte, count)| {
                    let spread = (before + step / 2).checked_div(step);
                    let found = spread.map_or(byte, |spread| spread.min(255));
                    before += count;
                    found
                })
                .collect();
            for (value, byte) in plane.iter_mut().zip(bytes) {
                *value = table[byte] as f32 / 255.0;
            }
        }
    }

    fn map(&mut self, change: impl Fn(f32) -> f32) {
        for value in self.values.iter_mut() {
            *value = change(*value);
        }
    }

    /// The brightness of every pixel; of an image without colours, all channels.
    fn grey(&self) -> Vec<f32> {
        if !self.has_colours() {
            return self.values.to_vec();
        }
        let plane = self.plane();
        let value = |pixel: usize| {
            let channels = GREY.iter().enumerate();
            channels
                .map(|(channel, weight)| weight * self.values[channel * plane + pixel])
                .sum::<f32>()
        };
        (0..plane).map(value).collect()
    }
}

/// Hue and saturation in 0..=1, and the value.
fn to_hsv([red, green, blue]: [f32; 3]) -> [f32; 3] {
    let most = red.max(green).max(blue);
    let least = red.min(green).min(blue);
    if most <= least {
        return [0.0, 0.0, most];
    }
    let span = most - least;
    let [of_red, of_green, of_blue] = [red, green, blue].map(|value| (most - value) / span);
    let sextant = if red >= most {
        of_blue - of_green
    } else if green >= most {
        2.0 + of_red - of_blue
    } else {
        4.0 + of_green - of_red
    };
    [(sextant / 6.0 + 1.0) % 1.0, span / most, most]
}

/// The inverse of [`to_hsv`].
fn to_rgb([hue, saturation, value]: [f32; 3]) -> [f32; 3] {
    let sextant = (hue * 6.0).floor();
    let part = hue * 6.0 - sextant;
    let least = (value * (1.0 - saturation)).clamp(0.0, 1.0);
    let falling = (value * (1.0 - saturation * part)).clamp(0.0, 1.0);
    let rising = (value * (1.0 - saturation * (1.0 - part))).clamp(0.0, 1.0);
    match sextant as i32 % 6 {
        0 => [value, rising, least],
        1 => [falling, value, least],
        2 => [least, value, rising],
        3 => [least, falling, value],
        4 => [rising, least, value],
        _ => [value, least, falling],
    }
}
