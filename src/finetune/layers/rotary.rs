//! Rotary positions (Su et al. 2021): queries and keys turn by angles that grow with their position.
//!
//! Number `i` of a head's first half turns with number `i` of its second half, as in Hugging Face's `rotate_half`.

use std::sync::{Arc, PoisonError, RwLock};

use super::Context;
use crate::{
    backend::Tensor,
    kernels::{Angles, Turn},
};

/// Rotary positions of one kind.
#[derive(Clone, Debug)]
pub(crate) struct Rotary {
    /// The angle of one step for each pair of numbers.
    frequencies: Arc<[f32]>,
    /// Multiplies both sine and cosine.
    scale: f32,
    /// The angles of the first positions, computed when they are first needed.
    angles: Arc<RwLock<Arc<Angles>>>,
}

impl Rotary {
    /// Pairs that turn by these angles at each step.
    pub(crate) fn new(frequencies: Vec<f32>, scale: f32) -> Self {
        let angles = Angles::new(&frequencies, 0, scale);
        Self {
            frequencies: frequencies.into(),
            scale,
            angles: Arc::new(RwLock::new(Arc::new(angles))),
        }
    }

    /// The usual frequencies `base^(-2i / size)` for `size` numbers of a head.
    pub(crate) fn frequencies(base: f64, size: usize) -> Vec<f32> {
        (0..size / 2)
            .map(|pair| base.powf(-2.0 * pair as f64 / size as f64) as f32)
            .collect()
    }

    /// Turns rows of vectors of `size` numbers; `positions` holds the position of each row.
    pub(crate) fn turn(
        &self,
        values: Tensor<2>,
        (positions, size): (&[u32], usize),
        direction: Turn,
        context: &Context<'_>,
    ) -> Tensor<2> {
        let furthest = positions.iter().copied().max().unwrap_or(0) as usize;
        let angles = self.angles_up_to(furthest);
        context.kernels().turn(values, (positions, size), &angles, direction)
    }

    fn angles_up_to(&self, furthest: usize) -> Arc<Angles> {
        let known = self.angles.read().unwrap_or_else(PoisonError::into_inner).clone();
        if known.positions() > furthest {
            return known;
        }
        let more = Arc::new(Angles::new(
            &self.frequencies,
            (furthest + 1).next_power_of_two(),
            self.scale,
        ));
        *self.angles.write().unwrap_or_else(PoisonError::into_inner) = more.clone();
        more
    }
}
