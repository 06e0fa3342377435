//! Mixtures of two images and of their targets: mixup (Zhang et al. 2018) and `CutMix` (Yun et al. 2019).
//!
//! As in timm's `Mixup`, one draw serves a whole batch, and an image is mixed with the one at the same position from
//! the end of the batch.

use rand::RngExt as _;

use super::{Area, Augmentation, up_to};
use crate::{
    data::ImageSize,
    rng::{self, Rng},
    units::Seed,
};

/// The mixture of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mixture {
    /// The share of an image's own target, in 0..=1; its partner has the rest.
    pub(crate) share: f64,
    /// The rectangle that comes from the partner; `None` mixes all pixels by `share`.
    area: Option<Area>,
}

impl Mixture {
    /// The mixture of one batch, by its number in a pass over the data; `None` if it is not mixed.
    pub(crate) fn of(settings: &Augmentation, size: ImageSize, seed: Seed, (pass, batch): (u64, u64)) -> Option<Self> {
        if !settings.mixes() {
            return None;
        }
        let mut random = rng::stream(seed, "mix", &[pass, batch]);
        if random.random::<f64>() >= settings.mix_probability {
            return None;
        }
        let cuts = match (settings.mixup_alpha > 0.0, settings.cutmix_alpha > 0.0) {
            (true, true) => random.random::<f64>() < settings.mix_switch,
            (_, cuts) => cuts,
        };
        let alpha = if cuts {
            settings.cutmix_alpha
        } else {
            settings.mixup_alpha
        };
        let share = beta(alpha, &mut random);
        if !cuts {
            return Some(Self { share, area: None });
        }
        let area = rectangle(size, share, &mut random);
        // The rectangle may reach beyond the image: the share is that of the pixels.
        let outside = 1.0 - (area.height * area.width) as f64 / (size.height * size.width) as f64;
        Some(Self {
            share: outside,
            area: Some(area),
        })
    }

    /// Mixes an image with its partner; both `[channels, height, width]`.
    pub(crate) fn apply(&self, image: &mut [f32], partner: &[f32], size: ImageSize) {
        let Some(area) = self.area else {
            let share = self.share as f32;
            for (value, other) in image.iter_mut().zip(partner) {
                *value = *value * share + other * (1.0 - share);
            }
            return;
        };
        let plane = (size.height * size.width).max(1);
        for (image, partner) in image.chunks_exact_mut(plane).zip(partner.chunks_exact(plane)) {
            for row in area.top..area.top + area.height {
                let start = row * size.width + area.left;
                image[start..start + area.width].copy_from_slice(&partner[start..start + area.width]);
            }
        }
    }
}

/// A rectangle with about `1 - share` of the image's area around a random pixel, cut off at the borders.
fn rectangle(size: ImageSize, share: f64, random: &mut Rng) -> Area {
    let ratio = (1.0 - share).max(0.0).sqrt();
    let mut along = |side: usize| {
        let cut = (side as f64 * ratio) as usize;
        let centre = up_to(side.saturating_sub(1), random);
        let first = centre.saturating_sub(cut / 2);
        (first, (centre + cut.div_ceil(2)).min(side) - first)
    };
    let (top, height) = along(size.height);
    let (left, width) = along(size.width);
    Area {
        top,
        left,
        height,
        width,
    }
}

/// A draw from the symmetric beta distribution: the share of one of two gamma draws.
fn beta(alpha: f64, random: &mut Rng) -> f64 {
    let [one, other] = [0, 1].map(|_| log_gamma_draw(alpha, random));
    1.0 / (1.0 + (other - one).exp())
}

/// The logarithm of a draw from the gamma distribution (Marsaglia and Tsang 2000). Small shapes have draws that are too
/// small for a float, but their logarithms are not.
fn log_gamma_draw(shape: f64, random: &mut Rng) -> f64 {
    if shape < 1.0 {
        let uniform = 1.0 - random.random::<f64>();
        return log_gamma_draw(shape + 1.0, random) + uniform.ln() / shape;
    }
    let least = shape - 1.0 / 3.0;
    let width = 1.0 / (9.0 * least).sqrt();
    loop {
        let normal = rng::normal(random);
        let cube = (1.0 + width * normal).powi(3);
        let uniform = 1.0 - random.random::<f64>();
        if cube > 0.0 && uniform.ln() < 0.5 * normal * normal + least * (1.0 - cube + cube.ln()) {
            return (least * cube).ln();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIZE: ImageSize = ImageSize {
        channels: 2,
        height: 9,
        width: 13,
    };

    fn settings(mixup_alpha: f64, cutmix_alpha: f64) -> Augmentation {
        Augmentation {
            mixup_alpha,
            cutmix_alpha,
            ..Augmentation::default()
        }
    }

    proptest! {
        #[test]
        fn a_mixture_has_the_shares_of_its_pixels(alpha in 0.05..3.0_f64, batch in 0u64..500, cuts: bool) {
            let settings = if cuts { settings(0.0, alpha) } else { settings(alpha, 0.0) };
            let mixture = Mixture::of(&settings, SIZE, Seed(3), (1, batch)).unwrap();
            prop_assert!((0.0..=1.0).contains(&mixture.share));
            prop_assert_eq!(mixture.area.is_some(), cuts);
            let mut image = vec![1.0; SIZE.values()];
            mixture.apply(&mut image, &vec![0.0; SIZE.values()], SIZE);
            let mean = image.iter().map(|&value| f64::from(value)).sum::<f64>() / SIZE.values() as f64;
            prop_assert!((mean - mixture.share).abs() < 1e-5, "{mean} {mixture:?}");
            prop_assert_eq!(Some(mixture), Mixture::of(&settings, SIZE, Seed(3), (1, batch)));
        }
    }

    #[test]
    fn draws_have_the_moments_of_the_beta_distribution() {
        for alpha in [0.2, 1.0, 2.5] {
            let mut random = rng::stream(Seed(1), "test", &[]);
            let draws: Vec<f64> = (0..20_000).map(|_| beta(alpha, &mut random)).collect();
            let mean = draws.iter().sum::<f64>() / draws.len() as f64;
            let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / draws.len() as f64;
            let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            assert!((mean - 0.5).abs() < 0.01, "{alpha}: {mean}");
            assert!((variance - expected).abs() < 0.005, "{alpha}: {variance} {expected}");
        }
        let tiny = (0..100).map(|seed| beta(0.001, &mut rng::stream(Seed(seed), "test", &[])));
        assert!(tiny.into_iter().all(|draw| (0.0..=1.0).contains(&draw)));
    }

    #[test]
    fn both_kinds_take_turns_and_some_batches_stay_as_they_are() {
        let both = Augmentation {
            mix_probability: 0.5,
            mix_switch: 0.25,
            ..settings(0.8, 1.0)
        };
        let drawn = (0..2000).filter_map(|batch| Mixture::of(&both, SIZE, Seed(1), (0, batch)));
        let drawn: Vec<Mixture> = drawn.collect();
        let cuts = drawn.iter().filter(|mixture| mixture.area.is_some()).count();
        assert!((900..1100).contains(&drawn.len()), "{}", drawn.len());
        assert!((190..310).contains(&cuts), "{cuts}");
        assert_eq!(Mixture::of(&Augmentation::default(), SIZE, Seed(1), (0, 0)), None);
    }
}
