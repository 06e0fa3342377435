//! Changes of training images: what they are, in which order they come, and how large they are.
//!
//! Operations and their ranges are those of torchvision (`transforms.v2` on pixels in 0..=1); mixing two images is that
//! of timm. Every random number is keyed by the trial's seed, the example and the pass over the data, and those of a
//! mixture by the batch. A training can therefore stop anywhere, and parts of a batch can be computed one by one.
//!
//! `colour`, `geometry` and `rand_augment` hold the operations, `mix` pairs of images, `settings` the hyperparameters.
//! Begin reading at [`Augmenter::image`].

mod colour;
mod geometry;
mod mix;
mod rand_augment;
mod settings;
#[cfg(test)]
mod tests;

pub use self::settings::Augmentation;
pub(crate) use self::{mix::Mixture, settings::Setting};

use rand::RngExt as _;

use crate::{
    data::{ImageSize, Pixels},
    rng::{self, Fingerprint, Rng},
    units::Seed,
};

/// How many times a random rectangle is drawn until it fits, as in torchvision.
const ATTEMPTS: usize = 10;

/// The areas of erased rectangles, as shares of the image, and the ratios of their sides (Zhong et al. 2020; the
/// defaults of torchvision's `RandomErasing`).
const ERASED_AREA: [f64; 2] = [0.02, 0.33];
const ERASED_RATIO: [f64; 2] = [0.3, 3.3];

/// The way from the values that a network takes to pixels in 0..=1: `pixel = value · factor + offset`, by channel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PixelScale {
    channels: Vec<[f32; 2]>,
}

impl PixelScale {
    /// Each channel with its factor and its offset; the last one serves all channels that are not listed.
    pub(crate) fn new(channels: &[[f64; 2]]) -> Self {
        let channels = channels.iter().map(|pair| pair.map(|number| number as f32));
        Self {
            channels: channels.collect(),
        }
    }

    /// The inverse of the scale of these images.
    pub(crate) fn of(pixels: &Pixels) -> Self {
        Self::new(&pixels.unit_scale())
    }

    fn channel(&self, channel: usize) -> [f32; 2] {
        let known = self.channels.get(channel).or(self.channels.last());
        known.copied().unwrap_or([1.0, 0.0])
    }
}

/// One image, `[channels, height, width]`.
pub(super) struct Picture<'a> {
    values: &'a mut [f32],
    size: ImageSize,
}

impl Picture<'_> {
    /// Number of pixels.
    fn plane(&self) -> usize {
        self.size.height * self.size.width
    }

    /// The channels, one after the other.
    fn planes(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let plane = self.plane().max(1);
        self.values.chunks_exact_mut(plane)
    }

    /// True if it has the colours that hue and saturation are made of.
    fn has_colours(&self) -> bool {
        self.size.channels == 3
    }

    /// To pixels in 0..=1.
    fn open(&mut self, scale: &PixelScale) {
        for (channel, plane) in self.planes().enumerate() {
            let [factor, offset] = scale.channel(channel);
            for value in plane.iter_mut() {
                *value = *value * factor + offset;
            }
        }
    }

    /// The inverse of [`Self::open`].
    fn close(&mut self, scale: &PixelScale) {
        for (channel, plane) in self.planes().enumerate() {
            let [factor, offset] = scale.channel(channel);
            for value in plane.iter_mut() {
                *value = (*value - offset) / factor;
            }
        }
    }
}

/// The changes of one trial's images, or of one cached view of them.
#[derive(Clone, Debug)]
pub(crate) struct Augmenter {
    settings: Augmentation,
    scale: PixelScale,
    seed: Seed,
}

impl Augmenter {
    /// `None` if the settings change no image.
    pub(crate) fn new(settings: Augmentation, scale: PixelScale, seed: Seed) -> Option<Self> {
        settings.changes_images().then_some(Self { settings, scale, seed })
    }

    /// A number that is equal for equal changes of the same examples.
    pub(crate) fn fingerprint(&self, pass: u64) -> u64 {
        let mut fingerprint = Fingerprint::new();
        for number in self.settings.of_images() {
            fingerprint.number(number.to_bits());
        }
        for number in self.scale.channels.iter().flatten() {
            fingerprint.number(u64::from(number.to_bits()));
        }
        fingerprint.number(self.seed.0);
        fingerprint.number(pass);
        fingerprint.finish()
    }

    /// Changes an image, `[channels, height, width]` as the network takes it, in the given pass over the data: crop, flip,
    /// `RandAugment`, colours, and a rectangle of zeros at last.
    pub(crate) fn image(&self, values: &mut [f32], size: ImageSize, (example, pass): (u32, u64)) {
        let mut random = rng::stream(self.seed, "augment", &[u64::from(example), pass]);
        let settings = &self.settings;
        let mut picture = Picture { values, size };
        if settings.crop_scale < 1.0 {
            let crop = resized_crop(size, [settings.crop_scale, 1.0], settings.crop_ratio, &mut random);
            picture.crop(crop);
        }
        if random.random::<f64>() < settings.horizontal_flip {
            picture.flip();
        }
        if settings.randaugment_ops > 0 || settings.changes_colours() {
            picture.open(&self.scale);
            for _ in 0..settings.randaugment_ops {
                rand_augment::apply(&mut picture, settings.randaugment_magnitude, &mut random);
            }
            if settings.changes_colours() {
                jitter(&mut picture, settings, &mut random);
            }
            picture.close(&self.scale);
        }
        if random.random::<f64>() < settings.random_erasing
            && let Some(area) = erased(size, &mut random)
        {
            picture.erase(area);
        }
    }
}

/// A rectangle of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) top: usize,
    pub(super) left: usize,
    pub(super) height: usize,
    pub(super) width: usize,
}

fn uniform([low, high]: [f64; 2], random: &mut Rng) -> f64 {
    low + (high - low) * random.random::<f64>()
}

/// An integer in 0..=`most`.
fn up_to(most: usize, random: &mut Rng) -> usize {
    ((random.random::<f64>() * (most + 1) as f64) as usize).min(most)
}

/// A random part of an image by its share of the area and by the ratio of width to height, as torchvision's
/// `RandomResizedCrop` draws it: after ten vain attempts the largest part in the middle with a ratio in the range.
fn resized_crop(size: ImageSize, scale: [f64; 2], largest_ratio: f64, random: &mut Rng) -> Area {
    let ImageSize { height, width, .. } = size;
    let limit = largest_ratio.ln();
    for _ in 0..ATTEMPTS {
        let area = (height * width) as f64 * uniform(scale, random);
        let ratio = uniform([-limit, limit], random).exp();
        let [wide, high] = [area * ratio, area / ratio].map(|square| square.sqrt().round_ties_even() as usize);
        if (1..=width).contains(&wide) && (1..=height).contains(&high) {
            let top = up_to(height - high, random);
            let left = up_to(width - wide, random);
            return Area {
                top,
                left,
                height: high,
                width: wide,
            };
        }
    }
    let ratio = width as f64 / height as f64;
    let (wide, high) = if ratio < 1.0 / largest_ratio {
        (width, (width as f64 * largest_ratio).round_ties_even() as usize)
    } else if ratio > largest_ratio {
        ((height as f64 * largest_ratio).round_ties_even() as usize, height)
    } else {
        (width, height)
    };
    let [wide, high] = [wide.clamp(1, width), high.clamp(1, height)];
    Area {
        top: (height - high) / 2,
        left: (width - wide) / 2,
        height: high,
        width: wide,
    }
}

/// A rectangle to erase; `None` if none was found that is smaller than the image.
fn erased(size: ImageSize, random: &mut Rng) -> Option<Area> {
    let ImageSize { height, width, .. } = size;
    let ratios = ERASED_RATIO.map(f64::ln);
    for _ in 0..ATTEMPTS {
        let area = (height * width) as f64 * uniform(ERASED_AREA, random);
        let ratio = uniform(ratios, random).exp();
        let [high, wide] = [area * ratio, area / ratio].map(|square| square.sqrt().round_ties_even() as usize);
        if high < height && wide < width {
            return Some(Area {
                top: up_to(height - high, random),
                left: up_to(width - wide, random),
                height: high,
                width: wide,
            });
        }
    }
    None
}

/// Brightness, contrast, saturation and hue in random order, each by a random factor.
fn jitter(picture: &mut Picture<'_>, settings: &Augmentation, random: &mut Rng) {
    let mut order = [0, 1, 2, 3];
    for last in (1..order.len()).rev() {
        order.swap(last, up_to(last, random));
    }
    let strengths = [
        settings.jitter_brightness,
        settings.jitter_contrast,
        settings.jitter_saturation,
    ];
    let factors = strengths.map(|strength| uniform([(1.0 - strength).max(0.0), 1.0 + strength], random) as f32);
    let hue = uniform([-settings.jitter_hue, settings.jitter_hue], random) as f32;
    for number in order {
        match number {
            0 if settings.jitter_brightness > 0.0 => picture.brighten(factors[0]),
            1 if settings.jitter_contrast > 0.0 => picture.contrast(factors[1]),
            2 if settings.jitter_saturation > 0.0 => picture.saturate(factors[2]),
            3 if settings.jitter_hue > 0.0 => picture.turn_hue(hue),
            _ => {}
        }
    }
}
