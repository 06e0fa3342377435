//! Likely label errors by confident learning: Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating
//! Uncertainty in Dataset Labels", <https://arxiv.org/abs/1911.00068>.
//!
//! An example counts as confidently of a class if its probability of that class is at least the mean probability of the
//! class among the examples with that label. Where this class is not the label, the label is suspect. The probabilities
//! must come from a model that has not been trained on the examples.

use crate::{data::Targets, kept_outputs::KeptTruth};

/// Slack of a comparison with a threshold, as in the reference implementation: a class with one example is its own
/// threshold.
const SLACK: f64 = 1e-6;

/// The labels of some examples, seen with the probabilities of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelErrors {
    /// Number of examples.
    pub examples: usize,
    /// The estimated share of examples whose label is wrong (the sum beside the diagonal of the calibrated confident joint).
    pub estimated_share: f64,
    /// The suspects, the least plausible label first.
    pub suspects: Vec<Suspect>,
}

/// An example whose label is likely wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// The index of the example.
    pub example: usize,
    /// The label that it has: of one class a row the class, of several labels `no spam` for a label that it lacks.
    pub given: String,
    /// The label that it more likely has.
    pub suggested: String,
    /// The probability of the label that it has.
    pub self_confidence: f64,
    /// The same probability minus the largest other one, from -1 to 1.
    pub margin: f64,
}

impl LabelErrors {
    /// The likely errors among kept targets, seen with the outputs of one evaluation; `None` for tasks without classes.
    pub fn find(truth: &KeptTruth, outputs: &[f32]) -> Option<Self> {
        let width = truth.names.len();
        if width == 0 || outputs.len() != truth.targets.len() * width || outputs.iter().any(|output| output.is_nan()) {
            return None;
        }
        match &truth.targets {
            Targets::Classes(classes) => {
                let probabilities: Vec<f64> = outputs.chunks_exact(width).flat_map(softmax).collect();
                Some(Self::of_classes(classes, &probabilities, &truth.names))
            }
            Targets::Labels { values, .. } => Some(Self::of_labels(values, outputs, &truth.names)),
            Targets::Values { .. } | Targets::Tags(_) | Targets::Answers(_) => None,
        }
    }

    /// Each label of several by itself, as a choice between having it and not.
    fn of_labels(values: &[bool], outputs: &[f32], names: &[String]) -> Self {
        let width = names.len();
        let examples = values.len() / width;
        let mut all = Self {
            examples,
            estimated_share: 0.0,
            suspects: Vec::new(),
        };
        for (label, name) in names.iter().enumerate() {
            let classes: Vec<u32> = values
                .iter()
                .skip(label)
                .step_by(width)
                .map(|&has| u32::from(has))
                .collect();
            let of_label = outputs.iter().skip(label).step_by(width);
            let probabilities: Vec<f64> = of_label
                .flat_map(|&output| {
                    let has = 1.0 / (1.0 + (-f64::from(output)).exp());
                    [1.0 - has, has]
                })
                .collect();
            let of_label = Self::of_classes(&classes, &probabilities, &[format!("no {name}"), name.clone()]);
            all.estimated_share += of_label.estimated_share / width as f64;
            all.suspects.extend(of_label.suspects);
        }
        all.sort();
        all
    }

    /// One class for each example; `probabilities` is `[examples, classes]`.
    fn of_classes(classes: &[u32], probabilities: &[f64], names: &[String]) -> Self {
        let width = names.len();
        let thresholds = thresholds(classes, probabilities, width);
        let mut joint = vec![0_usize; width * width];
        let mut suspects = Vec::new();
        for (example, (&class, row)) in classes.iter().zip(probabilities.chunks_exact(width)).enumerate() {
            let class = class as usize;
            let confident = (0..width).filter(|&other| row[other] >= thresholds[other] - SLACK);
            let Some(likely) = confident.max_by(|&one, &other| row[one].total_cmp(&row[other]).then(other.cmp(&one)))
            else {
                continue;
            };
            joint[class * width + likely] += 1;
            // Even an unusually likely other class is no error if the label is still the most probable one.
            if likely != class && largest(row) != class {
                let other = (0..width).filter(|&other| other != class).map(|other| row[other]);
                suspects.push(Suspect {
                    example,
                    given: names[class].clone(),
                    suggested: names[likely].clone(),
                    self_confidence: row[class],
                    margin: row[class] - other.fold(0.0, f64::max),
                });
            }
        }
        let mut found = Self {
            examples: classes.len(),
            estimated_share: share_beside_diagonal(classes, joint, width),
            suspects,
        };
        found.sort();
        found
    }

    fn sort(&mut self) {
        self.suspects.sort_by(|one, other| {
            let by_confidence = one.self_confidence.total_cmp(&other.self_confidence);
            by_confidence
                .then(one.margin.total_cmp(&other.margin))
                .then(one.example.cmp(&other.example))
        });
    }
}

/// The mean probability of each class among the examples with this label; infinite for a class without examples.
fn thresholds(classes: &[u32], probabilities: &[f64], width: usize) -> Vec<f64> {
    let (mut sums, mut counts) = (vec![0.0; width], vec![0_usize; width]);
    for (&class, row) in classes.iter().zip(probabilities.chunks_exact(width)) {
        sums[class as usize] += row[class as usize];
        counts[class as usize] += 1;
    }
    let mean = |(sum, count): (f64, usize)| if count == 0 { f64::INFINITY } else { sum / count as f64 };
    sums.into_iter().zip(counts).map(mean).collect()
}

/// The share beside the diagonal of the confident joint, after its rows are scaled to how often each label is.
fn share_beside_diagonal(classes: &[u32], mut joint: Vec<usize>, width: usize) -> f64 {
    let mut counts = vec![0_usize; width];
    for &class in classes {
        counts[class as usize] += 1;
    }
    let mut beside = 0.0;
    for (class, row) in joint.chunks_exact_mut(width).enumerate() {
        // A class without a confident example is right where it stands.
        row[class] = row[class].max(1);
        let sum: usize = row.iter().sum();
        beside += counts[class] as f64 * (sum - row[class]) as f64 / sum as f64;
    }
    beside / classes.len().max(1) as f64
}

/// The first of the largest values.
fn largest(row: &[f64]) -> usize {
    (1..row.len()).fold(0, |best, other| if row[other] > row[best] { other } else { best })
}

fn softmax(row: &[f32]) -> Vec<f64> {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = row.iter().map(|&output| f64::from(output - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

#[cfg(test)]
mod tests;
