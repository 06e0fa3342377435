//! The size of images.

use std::fmt;

/// Number of channels, height and width of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImageSize {
    /// Number of channels: 3 for colours.
    pub channels: usize,
    /// Number of rows of pixels.
    pub height: usize,
    /// Number of pixels in a row.
    pub width: usize,
}

impl ImageSize {
    /// The size of the embedded images: three colours of 32 × 32.
    pub const SMALL: Self = Self {
        channels: 3,
        height: 32,
        width: 32,
    };

    /// Number of values of an image.
    pub const fn values(self) -> usize {
        self.channels * self.height * self.width
    }
}

impl fmt::Display for ImageSize {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            channels,
            height,
            width,
        } = self;
        write!(formatter, "{height} × {width} with {channels} channels")
    }
}
