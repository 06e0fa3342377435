//! Keyed random streams. Every random decision has its own key, so no decision depends on the ones before it.

use rand::{Rng as _, RngExt as _, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::units::Seed;

/// The generator of all recorded decisions. It is a named algorithm because a seed must always give the same stream.
pub type Rng = ChaCha8Rng;

/// The random stream for one purpose (`label`) and one `key` (such as a trial's number), independent of all others.
pub fn stream(seed: Seed, label: &str, key: &[u64]) -> Rng {
    let mut state = Fingerprint::new();
    state.bytes(label.as_bytes());
    state.number(label.len() as u64);
    state.number(seed.0);
    for &part in key {
        state.number(part);
    }
    let mut bytes = [0; 32];
    for (index, chunk) in bytes.chunks_exact_mut(8).enumerate() {
        let mut lane = state;
        lane.number(index as u64);
        chunk.copy_from_slice(&lane.finish().to_le_bytes());
    }
    ChaCha8Rng::from_seed(bytes)
}

/// A seed for one purpose and one key, independent of all others. It fits into 53 bits, so that every reader of JSON
/// and YAML keeps it exactly.
pub fn seed(seed: Seed, label: &str, key: &[u64]) -> Seed {
    Seed(stream(seed, label, key).next_u64() >> 11)
}

/// A standard normal draw (Box & Muller 1958).
pub fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}

/// A 64-bit fingerprint: FNV-1a with the finaliser of `SplitMix64`, the same on every machine and in every version.
#[derive(Clone, Copy, Debug)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// An empty fingerprint.
    #[expect(clippy::new_without_default, reason = "a default fingerprint would say nothing")]
    pub fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// Adds a number.
    pub fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    /// The fingerprint of everything added.
    pub fn finish(self) -> u64 {
        let mut z = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng as _;

    use super::*;

    #[test]
    fn streams_are_repeatable_and_differ_by_seed_label_and_key() {
        let first = |seed, label, key: &[u64]| stream(Seed(seed), label, key).next_u64();
        assert_eq!(first(1, "search", &[3]), first(1, "search", &[3]));
        let others = [
            first(2, "search", &[3]),
            first(1, "shuffle", &[3]),
            first(1, "search", &[3, 0]),
        ];
        assert!(others.iter().all(|&other| other != first(1, "search", &[3])));
    }

    #[test]
    fn a_stream_is_the_same_in_every_version() {
        // Recorded studies depend on these numbers: if they change, those studies can no longer be resumed.
        assert_eq!(stream(Seed(7), "search", &[0]).next_u64(), 14_997_043_723_417_467_843);
    }
}
