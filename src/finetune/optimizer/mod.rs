//! Optimizers: how the trainable parameters move along their gradients. To add one, add one file and one line in
//! [`OPTIMIZERS`].
//!
//! `host` makes one pass over a parameter's values, its gradient and its moments, in place. On a GPU, `cuda` updates all
//! parameters of a group together in one launch of `AdamW`; other optimizers run on the host there.

mod adamw;
#[cfg(feature = "cuda")]
mod cuda;
mod host;
mod lion;
mod sgd;

use std::collections::BTreeMap;

#[cfg(feature = "cuda")]
pub(crate) use self::adamw::Factors;

use super::{
    backend::{Device, Tensor},
    gradients::{Gradient, StepLoss},
    parameters::{Handle, Parameters},
    trainable::{Group, Trainable},
    training_config::TrainingConfig,
};

/// The kinds of optimizers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OptimizerKind {
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    #[default]
    AdamW,
    /// Stochastic gradient descent with momentum, as in `PyTorch`: weight decay is added to the gradient.
    Sgd,
    /// Evolved sign momentum (Chen et al. 2023).
    Lion,
}

/// An optimizer.
struct Row {
    kind: OptimizerKind,
    /// Its name in specs.
    name: &'static str,
    /// The usual shares of its moments that a step keeps.
    betas: [f64; 2],
    /// True if it keeps a second moment.
    has_second: bool,
    /// The rule of one update.
    rule: fn(&Settings, &Step) -> Box<dyn Rule>,
}

/// All optimizers.
const OPTIMIZERS: &[Row] = &[adamw::ROW, sgd::ROW, lion::ROW];

impl OptimizerKind {
    /// The optimizer with this name.
    pub fn named(name: &str) -> Option<Self> {
        let row = OPTIMIZERS.iter().find(|row| row.name == name)?;
        Some(row.kind)
    }

    /// The names of all optimizers.
    pub fn names() -> Vec<&'static str> {
        OPTIMIZERS.iter().map(|row| row.name).collect()
    }

    /// Its name in specs.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    fn row(self) -> &'static Row {
        let row = OPTIMIZERS.iter().find(|row| row.kind == self);
        row.unwrap_or(&OPTIMIZERS[0])
    }
}

/// The settings that do not change from step to step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) kind: OptimizerKind,
    /// The shares of the moments that a step keeps.
    betas: [f64; 2],
    epsilon: f64,
    momentum: f64,
}

impl Settings {
    pub(crate) fn of(config: &TrainingConfig) -> Self {
        let [first, second] = config.optimizer.row().betas;
        Self {
            kind: config.optimizer,
            betas: [config.adam_beta1.unwrap_or(first), config.adam_beta2.unwrap_or(second)],
            epsilon: config.adam_epsilon,
            momentum: config.momentum,
        }
    }
}

/// The numbers of one update of one group.
struct Step {
    learning_rate: f64,
    weight_decay: f64,
    /// The factor that clips the gradient.
    clip: f32,
    /// Number of updates, this one included.
    count: u64,
}

/// The rule of one update.
trait Rule {
    /// Moves values along their gradients.
    fn step(&self, state: State<'_>, gradients: &[f32]);

    /// Moves values whose gradients are 0.
    fn step_without_gradient(&self, state: State<'_>);
}

/// Values of a parameter with their moments; `second` is empty for an optimizer that has none.
struct State<'a> {
    values: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
}

/// The running means of a parameter's gradients and, for `AdamW`, of their squares.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    pub(crate) first: Tensor<1>,
    pub(crate) second: Option<Tensor<1>>,
}

/// An optimizer with its state.
#[derive(Clone, Debug)]
pub(crate) struct Optimizer {
    settings: Settings,
    /// Number of updates so far.
    pub(crate) steps: u64,
    /// The moments of every parameter, created at the parameter's first update.
    moments: BTreeMap<Handle, Moments>,
    /// All trainable values and moments of each group together, on a device where one launch updates them.
    #[cfg(feature = "cuda")]
    flats: Vec<cuda::Flat>,
    device: Device,
}

/// The circumstances of one update.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update<'a> {
    /// The parameters that train, with their groups.
    pub(crate) trainable: &'a Trainable,
    /// The schedule's factor on all learning rates.
    pub(crate) schedule: f64,
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

impl Optimizer {
    pub(crate) fn new(settings: Settings, device: Device) -> Self {
        Self {
            settings,
            steps: 0,
            moments: BTreeMap::new(),
            #[cfg(feature = "cuda")]
            flats: Vec::new(),
            device,
        }
    }

    /// The same state with other settings of the same kind.
    pub(crate) fn with(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    pub(crate) fn kind(&self) -> OptimizerKind {
        self.settings.kind
    }

    /// Returns whether it keeps a second moment.
    pub(crate) fn has_second(&self) -> bool {
        self.settings.kind.row().has_second
    }

    /// A parameter's moments; `None` if it has not been updated.
    pub(crate) fn moments(&self, handle: Handle) -> Option<Moments> {
        #[cfg(feature = "cuda")]
        if let Some(moments) = self.flats.iter().find_map(|flat| flat.moments(handle)) {
            return Some(moments);
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
        pass: (StepLoss, Vec<(Handle, Gradient)>),
        update: &Update<'_>,
    ) -> Outcome {
        let outcome = match (self.device, self.settings.kind) {
            #[cfg(feature = "cuda")]
            (Device::Cuda(_), OptimizerKind::AdamW) => self.on_cuda(parameters, pass, update),
            _ => self.on_host(parameters, pass, update),
        };
        if outcome.is_finite() {
            self.steps += 1;
        }
        outcome
    }

    /// The numbers of the next update of a group.
    fn step(&self, group: Group, update: &Update<'_>, clip: f32) -> Step {
        Step {
            learning_rate: group.learning_rate * update.schedule,
            weight_decay: group.weight_decay,
            clip,
            count: self.steps + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        backend::values,
        parameters::{Parameter, Part, Role, Start},
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
            role: Role::Table,
            part: Part::Head,
            freezes_at: None,
            start: Start::Zeros,
        };
        let mut parameters =
            Parameters::from_file(vec![parameter], WeightFile::default(), "none", |_| false, DEVICE).unwrap();
        *parameters.tensor_mut(only()) = DEVICE.tensor((0..20).map(|value| value as f32 * 0.1).collect(), [20]);
        parameters
    }

    fn dense() -> Vec<f32> {
        (0..20)
            .map(|index| {
                if matches!(index / 4, 1 | 3) {
                    (index as f32).sin()
                } else {
                    0.0
                }
            })
            .collect()
    }

    /// The only parameter trains with this rate and this decay.
    fn trainable() -> Trainable {
        let group = Group {
            learning_rate: 2e-2,
            weight_decay: 0.1,
        };
        Trainable::full(parameters().list(), 0, group)
    }

    fn update(trainable: &Trainable) -> Update<'_> {
        Update {
            trainable,
            schedule: 0.5,
            max_grad_norm: Some(0.5),
        }
    }

    fn optimizer(kind: OptimizerKind) -> Optimizer {
        let config = TrainingConfig {
            optimizer: kind,
            ..TrainingConfig::default()
        };
        Optimizer::new(Settings::of(&config), DEVICE)
    }

    /// The values after these gradients, without clipping.
    fn after(kind: OptimizerKind, slopes: &[f32]) -> Vec<f32> {
        let (mut parameters, mut optimizer, trainable) = (parameters(), optimizer(kind), trainable());
        let unclipped = Update {
            max_grad_norm: None,
            ..update(&trainable)
        };
        for &slope in slopes {
            let gradient = Gradient::Dense(DEVICE.tensor(vec![slope; 20], [20]));
            optimizer.update(
                &mut parameters,
                (StepLoss::Known(1.0), vec![(only(), gradient)]),
                &unclipped,
            );
        }
        values(&parameters.vector(only()))
    }

    #[test]
    fn a_step_is_the_paper_s() {
        // After the decay, the first step of AdamW and every step of Lion moves a value by the learning rate.
        for kind in [OptimizerKind::AdamW, OptimizerKind::Lion] {
            let moved = after(kind, &[0.3]);
            assert!(moved.iter().enumerate().all(|(index, &value)| {
                let expected = index as f32 * 0.1 * (1.0 - 1e-3) - 1e-2;
                (value - expected).abs() < 1e-6
            }));
        }
    }

    #[test]
    fn steps_are_those_of_the_formulas_in_64_bits() {
        let (rate, decay, slopes) = (1e-2, 0.1, [0.3, -0.7, 0.2]);
        for (index, found) in after(OptimizerKind::Sgd, &slopes.map(|slope: f64| slope as f32))
            .iter()
            .enumerate()
        {
            let (mut value, mut velocity) = (index as f64 * 0.1, 0.0);
            for slope in slopes {
                velocity = 0.9 * velocity + slope + decay * value;
                value -= rate * velocity;
            }
            assert!((f64::from(*found) - value).abs() < 1e-6, "{found} {value}");
        }
        for (index, found) in after(OptimizerKind::Lion, &slopes.map(|slope| slope as f32))
            .iter()
            .enumerate()
        {
            let (mut value, mut mean) = (index as f64 * 0.1, 0.0);
            for slope in slopes {
                value = value * (1.0 - rate * decay) - rate * f64::signum(0.9 * mean + 0.1 * slope);
                mean = 0.99 * mean + 0.01 * slope;
            }
            assert!((f64::from(*found) - value).abs() < 1e-6, "{found} {value}");
        }
    }

    #[test]
    fn every_optimizer_has_a_row_and_a_name() {
        for kind in [OptimizerKind::AdamW, OptimizerKind::Sgd, OptimizerKind::Lion] {
            assert_eq!(OptimizerKind::named(kind.name()), Some(kind));
        }
    }

    #[test]
    fn nothing_moves_after_a_loss_or_a_gradient_that_is_no_number() {
        let trainable = trainable();
        for (loss, slope) in [(f64::NAN, 0.3), (1.0, f32::INFINITY)] {
            let (mut parameters, mut optimizer) = (parameters(), optimizer(OptimizerKind::AdamW));
            let gradient = Gradient::Dense(DEVICE.tensor(vec![slope; 20], [20]));
            let pass = (StepLoss::Known(loss), vec![(only(), gradient)]);
            let outcome = optimizer.update(&mut parameters, pass, &update(&trainable));
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
        let trainable = trainable();
        for kind in OPTIMIZERS.iter().map(|row| row.kind) {
            let run = |gradient: &dyn Fn() -> Gradient| {
                let (mut parameters, mut optimizer) = (parameters(), optimizer(kind));
                let norms: Vec<f64> = (0..3)
                    .map(|_| {
                        let pass = (StepLoss::Known(1.0), vec![(only(), gradient())]);
                        optimizer
                            .update(&mut parameters, pass, &update(&trainable))
                            .gradient_norm
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
            assert_eq!(by_dense.0, by_row.0, "{kind:?}");
            assert!((by_dense.1[0] - by_row.1[0]).abs() < 1e-6);
        }
    }
}
