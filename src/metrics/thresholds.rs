//! Thresholds of multi-label decisions that maximise F1 on validation data.

use crate::{error::MetricError, metric::Metric, outcomes::Labels, softmax::sigmoid};

/// The metrics that thresholds can be tuned for. The macro and the weighted mean have the same best thresholds, since
/// each class can be tuned by itself.
pub const TUNABLE_METRICS: [&str; 4] = ["f1", "f1_macro", "f1_weighted", "f1_micro"];

/// A threshold for every class that maximises an F1 over the labels, exactly.
///
/// `logits` and `labels` are `[rows, classes]`. A threshold lies halfway between two neighbouring probabilities, or is
/// 0.5. Of several that are equally good, the one nearest to 0.5 is taken, then the lower one; so a class without
/// positive examples keeps 0.5 for the macro mean. A NaN logit, or no rows, leaves every threshold at 0.5.
///
/// # Errors
/// Fails if the metric is not one of [`TUNABLE_METRICS`], or if lengths do not fit.
pub fn tune_thresholds(
    logits: &[f32],
    labels: &[bool],
    classes: usize,
    metric: &Metric,
) -> Result<Vec<f64>, MetricError> {
    if !TUNABLE_METRICS.contains(&metric.name) {
        return Err(MetricError::NotTunable { metric: metric.name });
    }
    let labels = Labels::new(logits, labels, classes, &[], &[])?;
    if labels.has_nan() {
        return Ok(vec![0.5; classes]);
    }
    let classes: Vec<Vec<Candidate>> = (0..classes).map(|class| candidates(&labels, class)).collect();
    let thresholds = if metric.name == "f1_micro" {
        together(&classes)
    } else {
        one_by_one(&classes)
    };
    Ok(thresholds)
}

/// A threshold and the counts it leads to.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    threshold: f64,
    predicted: u64,
    right: u64,
    examples: u64,
}

impl Candidate {
    fn distance(&self) -> f64 {
        (self.threshold - 0.5).abs()
    }
}

/// A ratio of whole numbers, compared exactly.
#[derive(Clone, Copy, Debug)]
struct Ratio {
    part: u64,
    whole: u64,
}

impl Ratio {
    fn is_below(self, other: Self) -> bool {
        u128::from(self.part) * u128::from(other.whole) < u128::from(other.part) * u128::from(self.whole)
    }
}

/// All thresholds of a class that differ in what they predict, those nearest to 0.5 first.
fn candidates(labels: &Labels<'_>, class: usize) -> Vec<Candidate> {
    let mut scored: Vec<(f64, bool)> = labels
        .column(class)
        .map(|(logit, label)| (sigmoid(logit), label))
        .collect();
    scored.sort_unstable_by(|one, other| other.0.total_cmp(&one.0));
    let examples = scored.iter().filter(|(_, label)| *label).count() as u64;
    let groups: Vec<&[(f64, bool)]> = scored.chunk_by(|one, other| one.0 == other.0).collect();
    let (mut predicted, mut right) = (0, 0);
    let mut found = Vec::with_capacity(groups.len() + 1);
    let mut above = 1.0;
    for index in 0..=groups.len() {
        let next = groups.get(index).copied().unwrap_or_default();
        let below = next.first().map_or(0.0, |first| first.0);
        // Nothing is above a probability of 1, so no threshold in 0..=1 refuses it.
        if index > 0 || below < 1.0 {
            found.push(Candidate {
                threshold: between(below, above),
                predicted,
                right,
                examples,
            });
        }
        predicted += next.len() as u64;
        right += next.iter().filter(|(_, label)| *label).count() as u64;
        above = below;
    }
    found.sort_by(|one, other| {
        one.distance()
            .total_cmp(&other.distance())
            .then(one.threshold.total_cmp(&other.threshold))
    });
    found
}

/// The threshold that admits `above` but not `below`: 0.5 if it does, else the one halfway.
fn between(below: f64, above: f64) -> f64 {
    if below < 0.5 && 0.5 <= above {
        return 0.5;
    }
    let middle = f64::midpoint(below, above);
    if middle > below { middle } else { above }
}

/// The first of a class's candidates with the highest F1.
fn one_by_one(classes: &[Vec<Candidate>]) -> Vec<f64> {
    let f1 = |candidate: &Candidate| Ratio {
        part: 2 * candidate.right,
        whole: (candidate.predicted + candidate.examples).max(1),
    };
    classes
        .iter()
        .map(|candidates| first_best(candidates, |best, candidate| f1(best).is_below(f1(candidate))))
        .map(|best| best.map_or(0.5, |best| best.threshold))
        .collect()
}

/// The candidates with the highest F1 of all classes' counts together. Dinkelbach 1967: for a ratio to beat, every
/// class takes the candidate that gains most over it; the ratio rises until nothing beats it.
fn together(classes: &[Vec<Candidate>]) -> Vec<f64> {
    let mut ratio = Ratio { part: 0, whole: 1 };
    loop {
        let chosen: Vec<Candidate> = classes
            .iter()
            .filter_map(|candidates| most_gain(candidates, ratio))
            .collect();
        let reached = Ratio {
            part: chosen.iter().map(|candidate| 2 * candidate.right).sum(),
            whole: chosen
                .iter()
                .map(|candidate| candidate.predicted + candidate.examples)
                .sum::<u64>()
                .max(1),
        };
        if !ratio.is_below(reached) {
            return chosen.iter().map(|candidate| candidate.threshold).collect();
        }
        ratio = reached;
    }
}

fn most_gain(candidates: &[Candidate], ratio: Ratio) -> Option<Candidate> {
    let gain = |candidate: &Candidate| {
        i128::from(2 * candidate.right) * i128::from(ratio.whole)
            - i128::from(ratio.part) * i128::from(candidate.predicted)
    };
    first_best(candidates, |best, candidate| gain(best) < gain(candidate))
}

/// The first candidate that none is better than.
fn first_best(candidates: &[Candidate], is_better: impl Fn(&Candidate, &Candidate) -> bool) -> Option<Candidate> {
    candidates
        .iter()
        .copied()
        .reduce(|best, candidate| if is_better(&best, &candidate) { candidate } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::metric;

    fn tuned(logits: &[f32], labels: &[bool], classes: usize, name: &str) -> Result<Vec<f64>, MetricError> {
        tune_thresholds(logits, labels, classes, metric(name)?.metric)
    }

    #[test]
    fn a_threshold_that_needs_no_tuning_stays_at_one_half() {
        assert_eq!(tuned(&[3.0, -3.0], &[true, false], 1, "f1"), Ok(vec![0.5]));
        assert_eq!(tuned(&[3.0, -3.0], &[false, false], 1, "f1"), Ok(vec![0.5]));
        assert_eq!(tuned(&[f32::NAN, 0.0], &[true, false], 1, "f1"), Ok(vec![0.5]));
    }

    #[test]
    fn a_threshold_lies_halfway_between_probabilities() {
        let expected = f64::midpoint(sigmoid(-2.0), sigmoid(-1.0));
        assert_eq!(
            tuned(&[-1.0, -2.0, -3.0], &[true, false, false], 1, "f1"),
            Ok(vec![expected])
        );
    }

    #[test]
    fn equal_probabilities_are_never_parted() {
        let thresholds = tuned(&[2.0, 2.0, 1.0, -1.0], &[true, false, true, false], 1, "f1");
        assert_eq!(thresholds, Ok(vec![0.5]));
    }

    #[test]
    fn a_poor_class_is_silenced_for_the_micro_mean_alone() {
        // Eight right predictions of the first class; the second finds its one example below seven others.
        let logits: Vec<f32> = (0..8).flat_map(|row| [4.0, -0.5 * row as f32 - 1.0]).collect();
        let labels: Vec<bool> = (0..8).flat_map(|row| [true, row == 7]).collect();
        assert!(tuned(&logits, &labels, 2, "f1_macro").unwrap()[1] < sigmoid(-4.5));
        assert_eq!(tuned(&logits, &labels, 2, "f1_micro"), Ok(vec![0.5, 0.5]));
    }

    #[test]
    fn a_metric_that_cannot_be_tuned_is_refused() {
        let message = tuned(&[0.0], &[true], 1, "roc_auc").unwrap_err().to_string();
        assert_eq!(
            message,
            "thresholds cannot be tuned for `roc_auc`; choose one of f1, f1_macro, f1_weighted, f1_micro"
        );
    }
}
