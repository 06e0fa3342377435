//! The hyperparameters of augmentation.

use super::rand_augment;

/// The changes of training images. The default changes nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Augmentation {
    /// The probability of a flip from left to right, in 0..=1.
    pub horizontal_flip: f64,
    /// The smallest share of the area that a random crop keeps, in 0..=1; 1 does not crop.
    pub crop_scale: f64,
    /// The largest ratio of the sides of a crop, in either direction; at least 1.
    pub crop_ratio: f64,
    /// Factors on brightness are within 1 ± this; 0 is off, as for the next three.
    pub jitter_brightness: f64,
    /// Factors on contrast are within 1 ± this.
    pub jitter_contrast: f64,
    /// Factors on saturation are within 1 ± this.
    pub jitter_saturation: f64,
    /// Hue turns by at most this share of the circle, in 0..=0.5.
    pub jitter_hue: f64,
    /// Number of `RandAugment`'s operations on an image; 0 is off.
    pub randaugment_ops: usize,
    /// The magnitude of these operations, in 0..=30.
    pub randaugment_magnitude: f64,
    /// Both parameters of the beta distribution of mixup's share; 0 is off.
    pub mixup_alpha: f64,
    /// The same for `CutMix`.
    pub cutmix_alpha: f64,
    /// The share of batches that are mixed, in 0..=1.
    pub mix_probability: f64,
    /// The share of mixed batches that `CutMix` mixes if both are on, in 0..=1.
    pub mix_switch: f64,
    /// The probability that a rectangle is erased, in 0..=1.
    pub random_erasing: f64,
    /// Number of changed views of every example that frozen layers see; with 0 they see it as it is.
    pub views: usize,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            horizontal_flip: 0.0,
            crop_scale: 1.0,
            crop_ratio: 4.0 / 3.0,
            jitter_brightness: 0.0,
            jitter_contrast: 0.0,
            jitter_saturation: 0.0,
            jitter_hue: 0.0,
            randaugment_ops: 0,
            randaugment_magnitude: 9.0,
            mixup_alpha: 0.0,
            cutmix_alpha: 0.0,
            mix_probability: 1.0,
            mix_switch: 0.5,
            random_erasing: 0.0,
            views: 0,
        }
    }
}

/// The allowed values of a setting.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Range {
    /// 0 to this number.
    UpTo(f64),
    /// At least this number.
    AtLeast(f64),
    /// More than 0, at most this number.
    AboveZero(f64),
}

/// A setting with its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) range: Range,
    /// True if the setting itself changes images or targets, and is not a detail of another one.
    pub(crate) is_change: bool,
}

impl Augmentation {
    /// All settings, in the order of their declaration.
    pub(crate) fn settings(&self) -> [Setting; 15] {
        let row = |name, value, range, is_change| Setting {
            name,
            value,
            range,
            is_change,
        };
        let change = |name, value, range| row(name, value, range, value != 0.0);
        let detail = |name, value, range| row(name, value, range, false);
        let (share, any) = (Range::UpTo(1.0), Range::AtLeast(0.0));
        [
            change("horizontal_flip", self.horizontal_flip, share),
            row(
                "crop_scale",
                self.crop_scale,
                Range::AboveZero(1.0),
                self.crop_scale < 1.0,
            ),
            detail("crop_ratio", self.crop_ratio, Range::AtLeast(1.0)),
            change("jitter_brightness", self.jitter_brightness, any),
            change("jitter_contrast", self.jitter_contrast, any),
            change("jitter_saturation", self.jitter_saturation, any),
            change("jitter_hue", self.jitter_hue, Range::UpTo(0.5)),
            change("randaugment_ops", self.randaugment_ops as f64, any),
            detail(
                "randaugment_magnitude",
                self.randaugment_magnitude,
                Range::UpTo(rand_augment::MOST),
            ),
            change("random_erasing", self.random_erasing, share),
            change("mixup_alpha", self.mixup_alpha, any),
            change("cutmix_alpha", self.cutmix_alpha, any),
            detail("mix_probability", self.mix_probability, share),
            detail("mix_switch", self.mix_switch, share),
            detail("views", self.views as f64, any),
        ]
    }

    /// The settings that decide how a single image changes.
    pub(super) fn of_images(&self) -> impl Iterator<Item = f64> {
        self.settings().into_iter().take(10).map(|setting| setting.value)
    }

    /// True if single images change.
    pub(crate) fn changes_images(&self) -> bool {
        self.settings().iter().take(10).any(|setting| setting.is_change)
    }

    /// True if images are mixed with each other.
    pub(crate) fn mixes(&self) -> bool {
        (self.mixup_alpha > 0.0 || self.cutmix_alpha > 0.0) && self.mix_probability > 0.0
    }

    /// True if colours jitter.
    pub(super) fn changes_colours(&self) -> bool {
        self.settings()[3..7].iter().any(|setting| setting.is_change)
    }
}

impl Range {
    pub(crate) fn contains(self, value: f64) -> bool {
        match self {
            Self::UpTo(most) => (0.0..=most).contains(&value),
            Self::AtLeast(least) => value >= least && value.is_finite(),
            Self::AboveZero(most) => value > 0.0 && value <= most,
        }
    }

    /// In words that follow "must be".
    pub(crate) fn words(self) -> String {
        match self {
            Self::UpTo(most) => format!("0 to {most}"),
            Self::AtLeast(least) => format!("{least} or more"),
            Self::AboveZero(most) => format!("more than 0, at most {most}"),
        }
    }
}
