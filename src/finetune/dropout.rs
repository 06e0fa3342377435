//! Dropout with a mask that is a pure function of its key and the element's index. Backward passes and resumed runs
//! compute the mask again instead of storing it.

use super::vectorize::vectorize;
use crate::{rng::Fingerprint, units::Seed};

/// One dropout site of one training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dropout {
    /// An element is dropped if its 16 random bits are below this.
    threshold: u16,
    key: u64,
}

/// The dropout sites of one step, keyed by the trial's seed and the samples seen before the step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DropoutKeys {
    threshold: u16,
    step: Fingerprint,
}

impl DropoutKeys {
    /// `samples` is the number of samples seen before the step; `probability` is rounded to a multiple of 2^-16.
    pub(crate) fn new(probability: f64, seed: Seed, samples: u64) -> Self {
        let mut step = Fingerprint::new();
        step.bytes(b"dropout");
        step.number(seed.0);
        step.number(samples);
        Self {
            threshold: threshold(probability),
            step,
        }
    }

    /// No dropout anywhere.
    pub(crate) fn none() -> Self {
        Self::new(0.0, Seed(0), 0)
    }

    /// The same keys with another probability.
    pub(crate) fn at(&self, probability: f64) -> Self {
        Self {
            threshold: threshold(probability),
            ..*self
        }
    }

    /// The dropout at one site, numbered within the model; `None` if nothing would be dropped.
    pub(crate) fn site(&self, site: u64) -> Option<Dropout> {
        let mut key = self.step;
        key.number(site);
        (self.threshold > 0).then(|| Dropout {
            threshold: self.threshold,
            key: key.finish(),
        })
    }
}

/// Stochastic depth of one pass (Huang et al. 2016): branches that are left out for some examples. The draws are keyed by
/// the trial's seed, the branch and the number of the sample, so it does not matter how samples are grouped into steps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DropPath {
    rate: f64,
    key: Fingerprint,
    /// Samples seen before the first example.
    samples: u64,
}

impl DropPath {
    /// `rate` is that of the last branch.
    pub(crate) fn new(rate: f64, seed: Seed, samples: u64) -> Self {
        let mut key = Fingerprint::new();
        key.bytes(b"drop path");
        key.number(seed.0);
        Self { rate, key, samples }
    }

    /// Every branch counts.
    pub(crate) fn none() -> Self {
        Self::new(0.0, Seed(0), 0)
    }

    /// The factor of a branch for each of `count` examples: 0, or 1 / (1 - p); `None` if nothing is left out. `share` is the
    /// branch's part of the rate.
    pub(crate) fn factors(&self, site: u64, share: f64, count: usize) -> Option<Vec<f32>> {
        let mut key = self.key;
        key.number(site);
        let drawn = Dropout {
            threshold: threshold(self.rate * share),
            key: key.finish(),
        };
        (drawn.threshold > 0).then(|| {
            let mut factors = vec![0.0; count];
            drawn.fill(self.samples as usize, &mut factors);
            factors
        })
    }
}

fn threshold(probability: f64) -> u16 {
    (probability * 65536.0).round().clamp(0.0, 65535.0) as u16
}

impl Dropout {
    /// The dropout for one of several parts of a site, each with its own elements.
    pub(crate) fn of_part(self, part: u64) -> Self {
        Self {
            key: mix(self.key ^ mix(part)),
            ..self
        }
    }

    /// The factor for elements that are kept.
    pub(crate) fn scale(self) -> f32 {
        65536.0 / (65536.0 - f32::from(self.threshold))
    }

    /// The threshold below which an element's 16 random bits drop it.
    #[cfg(feature = "cuda")]
    pub(crate) fn threshold(self) -> u16 {
        self.threshold
    }

    /// The counter of the random bits of the first four elements.
    #[cfg(feature = "cuda")]
    pub(crate) fn key(self) -> u64 {
        self.key
    }

    /// Writes the factors of elements `start..start + factors.len()`: 0 for a dropped element, 1 / (1 - p) otherwise.
    pub(crate) fn fill(&self, start: usize, factors: &mut [f32]) {
        let scale = self.scale();
        // A word has the bits of four elements; the first one may have been begun by the row before.
        let begun = start % 4;
        let (first, factors) = factors.split_at_mut(((4 - begun) % 4).min(factors.len()));
        let next = start.div_ceil(4);
        vectorize(|| {
            let (chunks, rest) = factors.as_chunks_mut::<4>();
            let last = chunks.len();
            let word = |index: usize| mix(self.key.wrapping_add((next + index) as u64));
            let factor = |word: u64, lane: usize| {
                if ((word >> (16 * lane)) as u16) < self.threshold {
                    0.0
                } else {
                    scale
                }
            };
            let before = mix(self.key.wrapping_add((start / 4) as u64));
            for (lane, first) in first.iter_mut().enumerate() {
                *first = factor(before, begun + lane);
            }
            for (index, chunk) in chunks.iter_mut().enumerate() {
                let word = word(index);
                *chunk = std::array::from_fn(|lane| factor(word, lane));
            }
            for (lane, rest) in rest.iter_mut().enumerate() {
                *rest = factor(word(last), lane);
            }
        });
    }

    /// The factors of the first `length` elements.
    pub(crate) fn factors(&self, length: usize) -> Vec<f32> {
        let mut factors = vec![0.0; length];
        self.fill(0, &mut factors);
        factors
    }
}

/// `SplitMix64` at a counter (Steele, Lea, Flood 2014).
#[inline(always)]
fn mix(counter: u64) -> u64 {
    let mut z = counter.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_the_asked_share_is_dropped_and_the_mean_is_kept() {
        let factors = DropoutKeys::new(0.3, Seed(1), 64).site(2).unwrap().factors(100_000);
        let dropped = factors.iter().filter(|&&factor| factor == 0.0).count() as f64 / 1e5;
        let mean = factors.iter().map(|&factor| f64::from(factor)).sum::<f64>() / 1e5;
        assert!(
            (dropped - 0.3).abs() < 0.01 && (mean - 1.0).abs() < 0.02,
            "{dropped} {mean}"
        );
    }

    #[test]
    fn a_mask_is_the_same_whole_or_in_parts_and_differs_by_seed_step_and_site() {
        let site = |seed, seen, site| DropoutKeys::new(0.5, Seed(seed), seen).site(site).unwrap();
        let whole = site(1, 2, 3).factors(64);
        let mut part = vec![0.0; 24];
        site(1, 2, 3).fill(40, &mut part);
        assert_eq!(part, whole[40..]);
        for (start, end) in [(0, 0), (1, 2), (1, 9), (2, 4), (3, 4), (7, 30), (38, 64)] {
            let mut part = vec![0.0; end - start];
            site(1, 2, 3).fill(start, &mut part);
            assert_eq!(part, whole[start..end], "{start}");
        }
        for other in [site(2, 2, 3), site(1, 3, 3), site(1, 2, 4)] {
            assert_ne!(other.factors(64), whole);
        }
        assert_eq!(DropoutKeys::none().site(0), None);
    }
}
