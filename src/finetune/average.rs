//! An exponential moving average of the values that a trial changes, evaluated and exported in their place.
//!
//! The rule and its warm-up are those of timm's `ModelEmaV3` with `use_warmup`: the first steps forget faster, so that
//! the average does not hold the values of the start. Running statistics of batch norms are averaged too.

use super::{
    backend::{Device, Host},
    parameters::Parameters,
    trainable::Trainable,
};

/// The exponent of the warm-up.
const WARM_UP: f64 = 2.0 / 3.0;

/// The share of the average that a step keeps; `steps` is the number of updates, the latest one included.
pub(crate) fn kept(decay: f64, steps: u64) -> f64 {
    let before = steps.saturating_sub(1) as f64;
    (1.0 - (1.0 + before).powf(-WARM_UP)).min(decay)
}

/// Moves the average towards the values after an update.
pub(crate) fn follow(average: &mut Parameters, values: &Parameters, trainable: &Trainable, kept: f64, device: Device) {
    let changed: Vec<_> = values
        .described()
        .map(|(handle, _)| handle)
        .filter(|&handle| trainable.changes(handle))
        .collect();
    for handle in changed {
        let latest = values.vector(handle);
        let tensor = average.tensor_mut(handle);
        if !device.is_host() {
            *tensor = tensor.clone() * kept + latest * (1.0 - kept);
            continue;
        }
        // The only reference is moved out, so that nothing is copied.
        let owned = std::mem::replace(tensor, latest.clone());
        let mut moved = Host::take(owned, device);
        let latest = Host::take(latest, device);
        let share = (1.0 - kept) as f32;
        for (average, value) in moved.values_mut().iter_mut().zip(latest.values()) {
            *average += (value - *average) * share;
        }
        *tensor = moved.tensor();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_warm_up_is_that_of_timm() {
        // By `ModelEmaV3(decay=0.9, use_warmup=True).get_decay(step)`.
        let expected = [
            (1, 0.0),
            (2, 0.370_039_5),
            (3, 0.519_250_1),
            (11, 0.797_819_9),
            (40, 0.9),
        ];
        for (steps, expected) in expected {
            assert!(
                (kept(0.9, steps) - expected).abs() < 1e-6,
                "{steps}: {}",
                kept(0.9, steps)
            );
        }
    }
}
