//! `AdamW` (Loshchilov and Hutter 2019) over exactly the parameters that train.
//!
//! On the CPU a parameter's update is one pass over its values, its gradient and both moments, in place.

use std::collections::BTreeMap;

use super::{
    backend::{Device, Host, Tensor},
    gradients::Gradient,
    parameters::Parameters,
    vectorize::vectorize,
};

/// `PyTorch`'s defaults, from Kingma and Ba 2015.
const FIRST_DECAY: f64 = 0.9;
const SECOND_DECAY: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// The running means of a parameter's gradients and of their squares.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    pub(crate) first: Tensor<1>,
    pub(crate) second: Tensor<1>,
}

/// The optimizer's state.
#[derive(Clone, Debug)]
pub(crate) struct AdamW {
    /// Updates done so far.
    pub(crate) steps: u64,
    /// Moments by the parameter's index; made at the parameter's first update.
    pub(crate) moments: BTreeMap<usize, Moments>,
    device: Device,
}

/// The settings of one update.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update {
    pub(crate) learning_rate: f64,
    /// Decoupled, and on every parameter.
    pub(crate) weight_decay: f64,
    /// Gradients longer than this, all together, are shortened to it.
    pub(crate) max_grad_norm: Option<f64>,
}

/// The numbers that an update multiplies with.
struct Factors {
    gradient: f32,
    decay: f32,
    rate: f32,
    second_correction: f32,
}

impl AdamW {
    pub(crate) fn new(device: Device) -> Self {
        Self {
            steps: 0,
            moments: BTreeMap::new(),
            device,
        }
    }

    /// Moves the parameters; gives the length of all gradients together before clipping. Nothing moves if that is
    /// not finite.
    pub(crate) fn update(
        &mut self,
        parameters: &mut Parameters,
        gradients: Vec<(usize, Gradient)>,
        update: Update,
    ) -> f64 {
        let gradients: Vec<_> = gradients
            .into_iter()
            .map(|(index, gradient)| (index, Held::new(gradient, self.device)))
            .collect();
        let norm = update.max_grad_norm.map(|_| length(&gradients));
        if norm.is_some_and(|norm| !norm.is_finite()) {
            return f64::INFINITY;
        }
        let clip = match (norm, update.max_grad_norm) {
            // PyTorch's clip_grad_norm_ adds 1e-6 to the norm.
            (Some(norm), Some(limit)) => (limit / (norm + 1e-6)).min(1.0),
            (None, _) | (_, None) => 1.0,
        };
        self.steps += 1;
        let steps = self.steps as f64;
        let factors = Factors {
            gradient: clip as f32,
            decay: (1.0 - update.learning_rate * update.weight_decay) as f32,
            rate: (update.learning_rate / (1.0 - FIRST_DECAY.powf(steps))) as f32,
            second_correction: (1.0 / (1.0 - SECOND_DECAY.powf(steps)).sqrt()) as f32,
        };
        for (index, gradient) in gradients {
            let length = parameters.list()[index].length();
            let moments = self.moments.remove(&index).unwrap_or_else(|| Moments {
                first: self.device.zeros([length]),
                second: self.device.zeros([length]),
            });
            let tensor = parameters.tensor_mut(index);
            // The place holds a small tensor meanwhile, so that the real one is not shared and changes in place.
            let value = std::mem::replace(tensor, self.device.zeros([1]));
            let (value, moments) = match gradient {
                Held::Host(gradient) => self.on_host(value, moments, &gradient, &factors),
                Held::Rows { rows, values } => self.by_row(value, moments, &rows, &values, &factors),
                Held::Device(gradient) => on_device(value, moments, gradient, &factors),
            };
            *tensor = value;
            self.moments.insert(index, moments);
        }
        norm.unwrap_or(0.0)
    }

    fn on_host(
        &self,
        value: Tensor<1>,
        moments: Moments,
        gradient: &Host<1>,
        factors: &Factors,
    ) -> (Tensor<1>, Moments) {
        let [mut value, mut first, mut second] =
            [value, moments.first, moments.second].map(|tensor| Host::take(tensor, self.device));
        step(
            value.values_mut(),
            gradient.values(),
            first.values_mut(),
            second.values_mut(),
            factors,
        );
        (
            value.tensor(),
            Moments {
                first: first.tensor(),
                second: second.tensor(),
            },
        )
    }

    /// The same update where most rows of the gradient are zero: their moments decay and their values still move.
    fn by_row(
        &self,
        value: Tensor<1>,
        moments: Moments,
        rows: &[u32],
        values: &[f32],
        factors: &Factors,
    ) -> (Tensor<1>, Moments) {
        let [mut value, mut first, mut second] =
            [value, moments.first, moments.second].map(|tensor| Host::take(tensor, self.device));
        let width = values.len() / rows.len().max(1);
        let mut done = 0;
        let mut part = |until: usize, gradient: Option<&[f32]>| {
            let range = done..until;
            let [value, first, second] = [&mut value, &mut first, &mut second];
            let (value, first, second) = (
                &mut value.values_mut()[range.clone()],
                &mut first.values_mut()[range.clone()],
                &mut second.values_mut()[range],
            );
            match gradient {
                Some(gradient) => step(value, gradient, first, second, factors),
                None => step_without_gradient(value, first, second, factors),
            }
            done = until;
        };
        for (&row, gradient) in rows.iter().zip(values.chunks_exact(width.max(1))) {
            let start = row as usize * width;
            part(start, None);
            part(start + width, Some(gradient));
        }
        let length = value_length(&value);
        let (value_rest, first_rest, second_rest) = (
            &mut value.values_mut()[done..length],
            &mut first.values_mut()[done..length],
            &mut second.values_mut()[done..length],
        );
        step_without_gradient(value_rest, first_rest, second_rest, factors);
        (
            value.tensor(),
            Moments {
                first: first.tensor(),
                second: second.tensor(),
            },
        )
    }
}

fn value_length(value: &Host<1>) -> usize {
    value.shape()[0]
}

fn step(values: &mut [f32], gradients: &[f32], firsts: &mut [f32], seconds: &mut [f32], factors: &Factors) {
    let (keep_first, keep_second) = (FIRST_DECAY as f32, SECOND_DECAY as f32);
    let (add_first, add_second) = ((1.0 - FIRST_DECAY) as f32, (1.0 - SECOND_DECAY) as f32);
    vectorize(|| {
        for (((value, &gradient), first), second) in values.iter_mut().zip(gradients).zip(firsts).zip(seconds) {
            let gradient = gradient * factors.gradient;
            *first = *first * keep_first + gradient * add_first;
            *second = *second * keep_second + gradient * gradient * add_second;
            let deviation = second.sqrt() * factors.second_correction + EPSILON as f32;
            *value = *value * factors.decay - factors.rate * *first / deviation;
        }
    });
}

fn step_without_gradient(values: &mut [f32], firsts: &mut [f32], seconds: &mut [f32], factors: &Factors) {
    let (keep_first, keep_second) = (FIRST_DECAY as f32, SECOND_DECAY as f32);
    vectorize(|| {
        for ((value, first), second) in values.iter_mut().zip(firsts).zip(seconds) {
            *first *= keep_first;
            *second *= keep_second;
            let deviation = second.sqrt() * factors.second_correction + EPSILON as f32;
            *value = *value * factors.decay - factors.rate * *first / deviation;
        }
    });
}

fn on_device(value: Tensor<1>, moments: Moments, gradient: Tensor<1>, factors: &Factors) -> (Tensor<1>, Moments) {
    let gradient = gradient * factors.gradient;
    let first = moments.first * FIRST_DECAY + gradient.clone() * (1.0 - FIRST_DECAY);
    let second = moments.second * SECOND_DECAY + gradient.clone() * gradient * (1.0 - SECOND_DECAY);
    let deviation = second.clone().sqrt() * factors.second_correction + EPSILON;
    let value = value * factors.decay - first.clone() * factors.rate / deviation;
    (value, Moments { first, second })
}

/// A gradient where the update will read it.
enum Held {
    Host(Host<1>),
    Rows { rows: Vec<u32>, values: Vec<f32> },
    Device(Tensor<1>),
}

impl Held {
    fn new(gradient: Gradient, device: Device) -> Self {
        match gradient {
            Gradient::Dense(tensor) if device.is_host() => Self::Host(Host::take(tensor, device)),
            Gradient::Dense(tensor) => Self::Device(tensor),
            Gradient::Rows { rows, values } => Self::Rows { rows, values },
        }
    }
}

/// The length of all gradients together. What lies on a device is summed there and read once.
fn length(gradients: &[(usize, Held)]) -> f64 {
    let mut sum = 0.0;
    let mut on_device = Vec::new();
    for (_, gradient) in gradients {
        match gradient {
            Held::Host(host) => sum += squared(host.values()),
            Held::Rows { values, .. } => sum += squared(values),
            Held::Device(tensor) => on_device.push((tensor.clone() * tensor.clone()).sum()),
        }
    }
    if !on_device.is_empty() {
        sum += f64::from(Tensor::cat(on_device, 0).sum().into_scalar());
    }
    sum.sqrt()
}

/// The sum of squares: 32-bit within short runs, which vectorizes, 64-bit between them.
fn squared(values: &[f32]) -> f64 {
    let run = |run: &[f32]| {
        let (chunks, rest) = run.as_chunks::<16>();
        let lanes = chunks.iter().fold([0.0_f32; 16], |mut lanes, chunk| {
            lanes
                .iter_mut()
                .zip(chunk)
                .for_each(|(lane, value)| *lane += value * value);
            lanes
        });
        f64::from(lanes.iter().sum::<f32>() + rest.iter().map(|value| value * value).sum::<f32>())
    };
    vectorize(|| values.chunks(4096).map(run).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finetune::{
        backend::values,
        parameters::{Parameter, Start},
        weights::WeightFile,
    };

    const DEVICE: Device = Device::Cpu;

    fn parameters() -> Parameters {
        let parameter = Parameter {
            name: "table".to_owned(),
            shape: vec![5, 4],
            transposed: false,
            freezes_at: None,
            has_gradient: true,
            start: Start::Zeros,
        };
        let mut parameters =
            Parameters::from_file(vec![parameter], WeightFile::default(), "none", |_| false, DEVICE).unwrap();
        *parameters.tensor_mut(0) = DEVICE.tensor((0..20).map(|value| value as f32 * 0.1).collect(), [20]);
        parameters
    }

    fn dense() -> Vec<f32> {
        (0..20)
            .map(|place| {
                if matches!(place / 4, 1 | 3) {
                    (place as f32).sin()
                } else {
                    0.0
                }
            })
            .collect()
    }

    fn update() -> Update {
        Update {
            learning_rate: 1e-2,
            weight_decay: 0.1,
            max_grad_norm: Some(0.5),
        }
    }

    #[test]
    fn a_step_is_the_paper_s() {
        let mut parameters = parameters();
        let gradient = Gradient::Dense(DEVICE.tensor(vec![0.3; 20], [20]));
        let unclipped = Update {
            max_grad_norm: None,
            ..update()
        };
        AdamW::new(DEVICE).update(&mut parameters, vec![(0, gradient)], unclipped);
        // The first step has the length of the learning rate, after the decay.
        let moved = values(&parameters.vector(0));
        assert!(moved.iter().enumerate().all(|(place, &value)| {
            let expected = place as f32 * 0.1 * (1.0 - 1e-3) - 1e-2;
            (value - expected).abs() < 1e-6
        }));
    }

    #[test]
    fn rows_and_device_tensors_move_like_dense_gradients() {
        let run = |gradient: &dyn Fn() -> Gradient| {
            let (mut parameters, mut optimizer) = (parameters(), AdamW::new(DEVICE));
            let norms: Vec<f64> = (0..3)
                .map(|_| optimizer.update(&mut parameters, vec![(0, gradient())], update()))
                .collect();
            (values(&parameters.vector(0)), norms)
        };
        let by_dense = run(&|| Gradient::Dense(DEVICE.tensor(dense(), [20])));
        let rows = || [&dense()[4..8], &dense()[12..16]].concat();
        let by_row = run(&|| Gradient::Rows {
            rows: vec![1, 3],
            values: rows(),
        });
        assert_eq!(by_dense.0, by_row.0);
        assert!((by_dense.1[0] - by_row.1[0]).abs() < 1e-6);

        let factors = Factors {
            gradient: 0.5,
            decay: 0.99,
            rate: 0.01,
            second_correction: 3.0,
        };
        let moments = || Moments {
            first: DEVICE.zeros([20]),
            second: DEVICE.zeros([20]),
        };
        let gradient = DEVICE.tensor(dense(), [20]);
        let (device, _) = on_device(parameters().vector(0), moments(), gradient.clone(), &factors);
        let gradient = Host::take(gradient, DEVICE);
        let (host, _) = AdamW::new(DEVICE).on_host(parameters().vector(0), moments(), &gradient, &factors);
        assert!(
            values(&device)
                .iter()
                .zip(values(&host))
                .all(|(left, right)| (left - right).abs() < 1e-6)
        );
    }
}
