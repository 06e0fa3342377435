//! Training losses against unequal classes: class weights, focal loss and label smoothing. Only the training uses them;
//! the metric `loss` stays the plain cross-entropy, so that trials can be compared.

use crate::{data::Targets, rng::Fingerprint, trainer::TrainError, training_config::TrainingConfig};

/// The weights of the classes or labels in the training loss.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ClassWeights {
    /// All weigh the same.
    #[default]
    None,
    /// A class weighs `examples / (classes · its examples)`, as in scikit-learn. The positive examples of a label weigh
    /// `others / its examples`.
    Balanced,
    /// These, by the names of classes or labels; the others weigh 1.
    Given(Vec<(String, f64)>),
}

impl ClassWeights {
    /// The words for those that need no numbers.
    pub const WORDS: [(&'static str, Self); 2] = [("none", Self::None), ("balanced", Self::Balanced)];

    /// A number that is different for different weights, and 0 for [`Self::None`].
    pub(crate) fn fingerprint(&self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Balanced => 1.0,
            Self::Given(weights) => {
                let mut fingerprint = Fingerprint::new();
                for (name, weight) in weights {
                    fingerprint.bytes(name.as_bytes());
                    fingerprint.number(weight.to_bits());
                }
                f64::from_bits(fingerprint.finish())
            }
        }
    }

    /// Checks that the classes or labels have these names.
    pub(crate) fn check(&self, names: &[String]) -> Result<(), TrainError> {
        let Self::Given(weights) = self else { return Ok(()) };
        match weights.iter().find(|(name, _)| !names.contains(name)) {
            None => Ok(()),
            Some((name, _)) => Err(TrainError::Label {
                name: "class_weights",
                label: name.clone(),
                known: names.to_vec(),
            }),
        }
    }

    /// The weight of each class or label in a loss over `targets`; `None` if all weigh the same.
    fn of(&self, targets: &Targets, names: &[String]) -> Option<Vec<f64>> {
        match (self, targets) {
            (Self::Given(given), Targets::Classes(_) | Targets::Labels { .. }) => {
                let weight = |name: &String| {
                    given
                        .iter()
                        .find(|(known, _)| known == name)
                        .map_or(1.0, |(_, weight)| *weight)
                };
                Some(names.iter().map(weight).collect())
            }
            (Self::Balanced, Targets::Classes(classes)) => {
                let mut counts = vec![0_u64; names.len()];
                for &class in classes {
                    counts[class as usize] += 1;
                }
                let present = counts.iter().filter(|count| **count > 0).count();
                let weight = |count: u64| classes.len() as f64 / (present as f64 * count as f64);
                Some(
                    counts
                        .into_iter()
                        .map(|count| if count == 0 { 1.0 } else { weight(count) })
                        .collect(),
                )
            }
            (Self::Balanced, Targets::Labels { width, values }) => {
                let rows = targets.len() as f64;
                let count = |label: usize| values.iter().skip(label).step_by(*width).filter(|&&has| has).count() as f64;
                let weight = |count: f64| {
                    if count == 0.0 || count == rows {
                        1.0
                    } else {
                        (rows - count) / count
                    }
                };
                Some((0..*width).map(|label| weight(count(label))).collect())
            }
            _ => None,
        }
    }
}

/// The training loss of a trial on its data.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TrainingLoss {
    /// The weight of each class or label; `None` if all weigh the same.
    weights: Option<Vec<f64>>,
    focal_gamma: f64,
    label_smoothing: f64,
}

impl TrainingLoss {
    pub(crate) fn new(config: &TrainingConfig, targets: &Targets, names: &[String]) -> Self {
        Self {
            weights: config.class_weights.of(targets, names),
            focal_gamma: config.focal_gamma,
            label_smoothing: config.label_smoothing,
        }
    }

    /// True if the loss is the plain one of the task.
    pub(crate) fn is_plain(&self) -> bool {
        self.weights.is_none() && self.focal_gamma == 0.0 && self.label_smoothing == 0.0
    }

    /// How much a part of a batch counts in the mean loss of the batch; `None`: as without weights
    /// ([`Task::weight`](crate::tasks::Task::weight)).
    pub(crate) fn weight(&self, targets: &Targets) -> Option<f64> {
        match (&self.weights, targets) {
            (Some(weights), Targets::Classes(classes)) => {
                Some(classes.iter().map(|&class| weights[class as usize]).sum())
            }
            _ => None,
        }
    }

    /// The mean over rows of logits `[rows, classes]`, and its gradient. Weights and smoothing together are those of
    /// PyTorch's `CrossEntropyLoss`; the focal factor `(1 - p)^γ` applies to the term of each class (Lin et al. 2017).
    pub(crate) fn of_classes(&self, logits: &[f32], labels: &[u32]) -> (f64, Vec<f32>) {
        let classes = logits.len() / labels.len().max(1);
        let weight = |class: usize| self.weights.as_ref().map_or(1.0, |weights| weights[class]);
        let divisor: f64 = labels.iter().map(|&label| weight(label as usize)).sum();
        let (mut total, mut gradient) = (0.0, Vec::with_capacity(logits.len()));
        for (row, &label) in logits.chunks_exact(classes.max(1)).zip(labels) {
            let logs = log_softmax(row);
            let mut pull = vec![0.0; classes];
            let mut sum = 0.0;
            for (class, &log) in logs.iter().enumerate() {
                let is_true = f64::from(u8::from(class == label as usize));
                let share = is_true * (1.0 - self.label_smoothing) + self.label_smoothing / classes as f64;
                if share > 0.0 {
                    let probability = log.exp();
                    let (value, slope) = self.focal(probability, 1.0 - probability, log);
                    total += weight(class) * share * value;
                    pull[class] = weight(class) * share * slope;
                    sum += pull[class];
                }
            }
            let slopes = logs
                .iter()
                .zip(&pull)
                .map(|(log, pull)| ((pull - sum * log.exp()) / divisor) as f32);
            gradient.extend(slopes);
        }
        (total / divisor, gradient)
    }

    /// The mean over all examples and labels, and its gradient. The weights multiply the positive examples, as
    /// `pos_weight` of PyTorch's `BCEWithLogitsLoss`.
    pub(crate) fn of_labels(&self, logits: &[f32], labels: &[bool], columns: usize) -> (f64, Vec<f32>) {
        let count = labels.len().max(1) as f64;
        let mut total = 0.0;
        let gradient = logits.iter().zip(labels).enumerate().map(|(index, (&logit, &label))| {
            let logit = f64::from(logit);
            let weight = self
                .weights
                .as_ref()
                .map_or(1.0, |weights| weights[index % columns.max(1)]);
            let target = f64::from(u8::from(label)) * (1.0 - self.label_smoothing) + self.label_smoothing / 2.0;
            let [log, log_other] = [-softplus(-logit), -softplus(logit)];
            let [probability, other] = [log, log_other].map(f64::exp);
            let (with, slope_with) = self.focal(probability, other, log);
            let (without, slope_without) = self.focal(other, probability, log_other);
            // A share of 0 must not meet an infinite loss.
            let (shares, mut slope) = ([weight * target, 1.0 - target], 0.0);
            for (share, value, change) in [
                (shares[0], with, slope_with * other),
                (shares[1], without, -slope_without * probability),
            ] {
                if share > 0.0 {
                    total += share * value;
                    slope += share * change;
                }
            }
            (slope / count) as f32
        });
        let gradient = gradient.collect();
        (total / count, gradient)
    }

    /// `-(1 - p)^γ ln p`, and its derivative with respect to `p` times `p`. `other` is `1 - p`, `log` is `ln p`.
    fn focal(&self, probability: f64, other: f64, log: f64) -> (f64, f64) {
        if self.focal_gamma == 0.0 {
            return (-log, -1.0);
        }
        let factor = other.powf(self.focal_gamma);
        // For p = 1 both parts vanish, but the power below is infinite if γ < 1. For p = 0 the first part vanishes.
        let bend = if other == 0.0 || probability == 0.0 {
            0.0
        } else {
            self.focal_gamma * other.powf(self.focal_gamma - 1.0) * probability * log
        };
        (-factor * log, bend - factor)
    }
}

/// `ln softmax(row)`; a NaN makes all of them NaN.
fn log_softmax(row: &[f32]) -> Vec<f64> {
    // Not `f32::max`, which would drop a NaN.
    let higher = |high: f32, logit: f32| if logit <= high { high } else { logit };
    let highest = row.iter().copied().fold(f32::NEG_INFINITY, higher);
    let above = |logit: f32| f64::from(logit) - f64::from(highest);
    let sum = row.iter().map(|&logit| above(logit).exp()).sum::<f64>().ln();
    row.iter().map(|&logit| above(logit) - sum).collect()
}

/// `ln(1 + e^x)`.
fn softplus(x: f64) -> f64 {
    // Not `f64::max`, which would drop a NaN.
    (-x.abs()).exp().ln_1p() + if x > 0.0 { x } else { 0.0 }
}

#[cfg(test)]
mod tests;
