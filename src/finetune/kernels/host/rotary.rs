//! Rotary positions: pairs of values that turn by an angle.

use crate::{
    backend::{Device, Host, Tensor},
    kernels::Turn,
    vectorize::vectorize,
};

/// Cosine and sine of the angle of every pair at the first positions.
#[derive(Debug)]
pub(crate) struct Angles {
    cosines: Vec<f32>,
    sines: Vec<f32>,
    pairs: usize,
}

impl Angles {
    /// The angles of `positions` positions; `frequencies` holds the angle of one step for each pair.
    pub(crate) fn new(frequencies: &[f32], positions: usize, scale: f32) -> Self {
        // The reference multiplies with 32 bits.
        let angles = || (0..positions).flat_map(|position| frequencies.iter().map(move |step| position as f32 * step));
        let of = |function: fn(f64) -> f64| -> Vec<f32> {
            angles()
                .map(|angle| (function(f64::from(angle)) * f64::from(scale)) as f32)
                .collect()
        };
        Self {
            cosines: of(f64::cos),
            sines: of(f64::sin),
            pairs: frequencies.len(),
        }
    }

    /// Number of positions.
    pub(crate) fn positions(&self) -> usize {
        self.cosines.len().checked_div(self.pairs).unwrap_or(usize::MAX)
    }

    fn of(&self, position: u32) -> (&[f32], &[f32]) {
        let start = position as usize * self.pairs;
        let range = start..start + self.pairs;
        (&self.cosines[range.clone()], &self.sines[range])
    }
}

pub(in crate::kernels) fn turn(
    device: Device,
    values: Tensor<2>,
    (positions, size): (&[u32], usize),
    angles: &Angles,
    direction: Turn,
) -> Tensor<2> {
    let mut values = Host::take(values, device);
    let [_, width] = values.shape();
    let sign = match direction {
        Turn::Forward => 1.0,
        Turn::Back => -1.0,
    };
    vectorize(|| {
        for (row, &position) in values.values_mut().chunks_exact_mut(width).zip(positions) {
            let (cosines, sines) = angles.of(position);
            for vector in row.chunks_exact_mut(size) {
                let (first, rest) = vector.split_at_mut(angles.pairs);
                let pairs = first.iter_mut().zip(rest).zip(cosines.iter().zip(sines));
                for ((one, other), (&cosine, &sine)) in pairs {
                    let turned = sine * sign;
                    (*one, *other) = (*one * cosine - *other * turned, *other * cosine + *one * turned);
                }
            }
        }
    });
    values.tensor()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::values;

    #[test]
    fn values_turn_forward_and_back_and_the_rest_of_a_head_stays() {
        let angles = Angles::new(&[1.0, 0.5], 8, 1.0);
        let input: Vec<f32> = (0..20).map(|value| value as f32).collect();
        let turned = |values: Tensor<2>, direction| turn(Device::Cpu, values, (&[0, 3], 5), &angles, direction);
        let there = turned(Device::Cpu.tensor(input.clone(), [2, 10]), Turn::Forward);
        let found = values(&there);
        assert_eq!(found[..10], input[..10], "position 0 does not turn");
        assert!((found[10] - (10.0 * 3_f32.cos() - 12.0 * 3_f32.sin())).abs() < 1e-5);
        assert_eq!((found[14], found[19]), (14.0, 19.0));
        let back = values(&turned(there, Turn::Back));
        assert!(
            back.iter()
                .zip(&input)
                .all(|(found, input)| (found - input).abs() < 1e-4)
        );
    }
}
