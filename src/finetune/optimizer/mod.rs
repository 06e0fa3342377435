//! `AdamW` (Loshchilov and Hutter 2019) for the trainable parameters.
//!
//! `host` makes one pass over a parameter's values, its gradient and both moments, in place. `cuda` needs one launch
//! for all parameters together.

#[cfg(feature = "cuda")]
mod cuda;
mod host;

use std::collections::BTreeMap;

use super::{
    backend::{Device, Tensor},
    gradients::{Gradient, Loss},
    parameters::{Handle, Parameters},
};

/// `PyTorch`'s defaults, from Kingma and Ba 2015.
const FIRST_DECAY: f64 = 0.9;
const SECOND_DECAY: f64 = 0.999;

/// The running means of a parameter's gradients and of their squares.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    pub(crate) first: Tensor<1>,
    pub(crate) second: Tensor<1>,
}

/// The optimizer's state.
#[derive(Clone, Debug)]
pub(crate) struct AdamW {
    /// Number of updates so far.
    pub(crate) steps: u64,
    /// The moments of every parameter, created at the parameter's first update.
    moments: BTreeMap<Handle, Moments>,
    /// All trainable values and moments together, on a device where one launch updates them.
    #[cfg(feature = "cuda")]
    flat: Option<cuda::Flat>,
    device: Device,
}

/// The settings of one update.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update {
    pub(crate) learning_rate: f64,
    /// Decoupled weight decay, for every parameter.
    pub(crate) weight_decay: f64,
    /// The largest norm of all gradients together; longer gradients are clipped to it.
    pub(crate) max_grad_norm: Option<f64>,
}

/// The result of an update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// The batch's mean loss before the update.
    pub(crate) loss: f64,
    /// The norm of all gradients together before clipping; 0 without clipping.
    pub(crate) gradient_norm: f64,
}

impl Outcome {
    pub(crate) fn is_finite(self) -> bool {
        self.loss.is_finite() && self.gradient_norm.is_finite()
    }
}

/// The factors of an update.
pub(crate) struct Factors {
    pub(crate) decay: f32,
    pub(crate) rate: f32,
    pub(crate) second_correction: f32,
}

impl Factors {
    /// Factors of the first moment: for its old value, and for the gradient.
    pub(crate) const FIRST: (f32, f32) = (FIRST_DECAY as f32, (1.0 - FIRST_DECAY) as f32);
    /// Factors of the second moment: for its old value, and for the squared gradient.
    pub(crate) const SECOND: (f32, f32) = (SECOND_DECAY as f32, (1.0 - SECOND_DECAY) as f32);
    /// Keeps the division finite.
    pub(crate) const EPSILON: f32 = 1e-8;

    /// The factors of the update that follows `steps` earlier ones.
    fn new(steps: u64, update: Update) -> Self {
        let steps = (steps + 1) as f64;
        Self {
            decay: (1.0 - update.learning_rate * update.weight_decay) as f32,
            rate: (update.learning_rate / (1.0 - FIRST_DECAY.powf(steps))) as f32,
            second_correction: (1.0 / (1.0 - SECOND_DECAY.powf(steps)).sqrt()) as f32,
        }
    }
}

impl AdamW {
    pub(crate) fn new(device: Device) -> Self {
        Self {
            steps: 0,
            moments: BTreeMap::new(),
            #[cfg(feature = "cuda")]
            flat: None,
            device,
        }
    }

    /// A parameter's moments; `None` if it has not been updated.
    pub(crate) fn moments(&self, handle: Handle) -> Option<Moments> {
        #[cfg(feature = "cuda")]
        if let Some(flat) = &self.flat {
            return flat.moments(handle);
        }
        self.moments.get(&handle).cloned()
    }

    /// Sets a parameter's moments from earlier updates; only before the first update of this optimizer.
    pub(crate) fn remember(&mut self, handle: Handle, moments: Moments) {
        self.moments.insert(handle, moments);
    }

    /// Updates the parameters. Nothing changes if the loss or the gradient norm is not finite.
    pub(crate) fn update(
        &mut self,
        parameters: &mut Parameters,
        (loss, gradients): (Loss, Vec<(Handle, Gradient)>),
        update: Update,
    ) -> Outcome {
        let factors = Factors::new(self.steps, update);
        let outcome = match self.device {
            #[cfg(feature = "cuda")]
            Device::Cuda(_) => self.on_cuda(parameters, (loss, gradients), update.max_grad_norm, &factors),
            _ => self.on_host(parameters, (loss, gradients), update.max_grad_norm, &factors),
        };
        if outcome.is_finite() {
            self.steps += 1;
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        backend::values,
        parameters::{Parameter, Start},
        weights::WeightFile,
    };

    const DEVICE: Device = Device::Cpu;

    /// The only parameter.
    fn only() -> Handle {
        Handle::first(1).next().unwrap()
    }

    fn parameters() -> Parameters {
        let parameter = Parameter {
            name: "table".to_owned(),
            shape: vec![5, 4],
            transposed: false,
            is_table: true,
            freezes_at: None,
            has_gradient: true,
            start: Start::Zeros,
        };
        let mut parameters =
            Parameters::from_file(vec![parameter], WeightFile::default(), "none", |_| false, DEVICE).unwrap();
        *parameters.tensor_mut(only()) = DEVICE.tensor((0..20).map(|value| value as f32 * 0.1).collect(), [20]);
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
        AdamW::new(DEVICE).update(&mut parameters, (Loss::Known(1.0), vec![(only(), gradient)]), unclipped);
        // After the decay, the first step moves each value by the learning rate.
        let moved = values(&parameters.vector(only()));
        assert!(moved.iter().enumerate().all(|(place, &value)| {
            let expected = place as f32 * 0.1 * (1.0 - 1e-3) - 1e-2;
            (value - expected).abs() < 1e-6
        }));
    }

    #[test]
    fn nothing_moves_after_a_loss_or_a_gradient_that_is_no_number() {
        for (loss, slope) in [(f64::NAN, 0.3), (1.0, f32::INFINITY)] {
            let (mut parameters, mut optimizer) = (parameters(), AdamW::new(DEVICE));
            let gradient = Gradient::Dense(DEVICE.tensor(vec![slope; 20], [20]));
            let outcome = optimizer.update(&mut parameters, (Loss::Known(loss), vec![(only(), gradient)]), update());
            assert!(!outcome.is_finite());
            assert_eq!(
                values(&parameters.vector(only())),
                values(&self::parameters().vector(only()))
            );
            assert_eq!(optimizer.steps, 0);
        }
    }

    #[test]
    fn rows_move_like_dense_gradients() {
        let run = |gradient: &dyn Fn() -> Gradient| {
            let (mut parameters, mut optimizer) = (parameters(), AdamW::new(DEVICE));
            let norms: Vec<f64> = (0..3)
                .map(|_| {
                    let pass = (Loss::Known(1.0), vec![(only(), gradient())]);
                    optimizer.update(&mut parameters, pass, update()).gradient_norm
                })
                .collect();
            (values(&parameters.vector(only())), norms)
        };
        let by_dense = run(&|| Gradient::Dense(DEVICE.tensor(dense(), [20])));
        let rows = || [&dense()[4..8], &dense()[12..16]].concat();
        let by_row = run(&|| Gradient::Rows {
            rows: vec![1, 3],
            values: rows(),
        });
        assert_eq!(by_dense.0, by_row.0);
        assert!((by_dense.1[0] - by_row.1[0]).abs() < 1e-6);
    }
}
