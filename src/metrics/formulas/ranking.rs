//! How well scores rank positive above negative examples.
//!
//! Two classes are ranked by the difference of their logits. More classes are ranked by their softmax probabilities,
//! one against the rest, and labels by their logits. A class for which no curve exists is left out of the mean.

use crate::{
    counts::mean,
    curves::Ranking,
    metric::{Formula, Goal, Metric},
    outcomes::{Classes, Labels},
    softmax::Softmax,
};

pub(crate) const ROC_AUC: Metric = Metric {
    name: "roc_auc",
    aliases: &["auc", "auroc"],
    goal: Goal::Maximize,
    is_share: true,
    help: "area under the ROC curve; for several classes the mean, one against the rest",
    formulas: &[Formula::Classes(roc_auc), Formula::Labels(roc_auc_of_labels)],
    of_class: None,
};

pub(crate) const ROC_AUC_OVO: Metric = Metric {
    name: "roc_auc_ovo",
    aliases: &[],
    goal: Goal::Maximize,
    is_share: true,
    help: "area under the ROC curve, as the mean over all pairs of classes",
    formulas: &[Formula::Classes(roc_auc_one_versus_one)],
    of_class: None,
};

pub(crate) const AVERAGE_PRECISION: Metric = Metric {
    name: "average_precision",
    aliases: &["pr_auc", "auprc"],
    goal: Goal::Maximize,
    is_share: true,
    help: "area under the precision-recall curve, without interpolation; for several classes the mean",
    formulas: &[
        Formula::Classes(average_precision),
        Formula::Labels(average_precision_of_labels),
    ],
    of_class: None,
};

fn roc_auc(classes: &Classes<'_>) -> f64 {
    if let Some(ranking) = two_classes(classes) {
        return ranking.roc_auc().unwrap_or(f64::NAN);
    }
    one_versus_rest(classes, Ranking::roc_auc)
}

fn roc_auc_of_labels(labels: &Labels<'_>) -> f64 {
    mean_over(labels.classes(), |class| label_ranking(labels, class).roc_auc())
}

/// Scikit-learn's values: without positive examples, 0 for two classes and for a label; left out of the mean for more
/// classes.
fn average_precision(classes: &Classes<'_>) -> f64 {
    if let Some(ranking) = two_classes(classes) {
        return ranking.average_precision().unwrap_or(0.0);
    }
    one_versus_rest(classes, Ranking::average_precision)
}

fn average_precision_of_labels(labels: &Labels<'_>) -> f64 {
    mean_over(labels.classes(), |class| {
        Some(label_ranking(labels, class).average_precision().unwrap_or(0.0))
    })
}

/// The mean over pairs of classes that occur: how well each one's probability ranks it above the other. Hand and Till
/// 2001.
fn roc_auc_one_versus_one(classes: &Classes<'_>) -> f64 {
    let mut members = vec![Vec::new(); classes.classes()];
    for (row, (_, label)) in classes.rows().enumerate() {
        members[label].push(row);
    }
    let probabilities = Probabilities::of(classes);
    let versus = |class: usize, other: usize| {
        let positive = members[class].iter().map(|&row| (probabilities.at(row, class), true));
        let negative = members[other].iter().map(|&row| (probabilities.at(row, class), false));
        Ranking::of(positive.chain(negative)).roc_auc()
    };
    let pairs = (0..classes.classes()).flat_map(|one| (one + 1..classes.classes()).map(move |other| (one, other)));
    let values = pairs.filter_map(|(one, other)| Some(f64::midpoint(versus(one, other)?, versus(other, one)?)));
    mean(values).unwrap_or(f64::NAN)
}

/// The ranking of two classes; `None` if there are more or fewer.
fn two_classes(classes: &Classes<'_>) -> Option<Ranking> {
    let margin = |logits: &[f32]| f64::from(logits[1]) - f64::from(logits[0]);
    (classes.classes() == 2).then(|| Ranking::of(classes.rows().map(|(logits, label)| (margin(logits), label == 1))))
}

/// The mean over classes of the value of their ranking against all others.
fn one_versus_rest(classes: &Classes<'_>, value: fn(&Ranking) -> Option<f64>) -> f64 {
    let probabilities = Probabilities::of(classes);
    mean_over(classes.classes(), |class| value(&probabilities.one_versus_rest(class)))
}

fn label_ranking(labels: &Labels<'_>, class: usize) -> Ranking {
    Ranking::of(labels.column(class).map(|(logit, label)| (f64::from(logit), label)))
}

/// The probability of every class in every row.
struct Probabilities<'a> {
    rows: Vec<(&'a [f32], usize, Softmax)>,
}

impl<'a> Probabilities<'a> {
    fn of(classes: &Classes<'a>) -> Self {
        Self {
            rows: classes
                .rows()
                .map(|(logits, label)| (logits, label, Softmax::of(logits)))
                .collect(),
        }
    }

    fn at(&self, row: usize, class: usize) -> f64 {
        let (logits, _, softmax) = &self.rows[row];
        softmax.probability(logits[class])
    }

    fn one_versus_rest(&self, class: usize) -> Ranking {
        let positive = self.rows.iter().map(|(_, label, _)| *label == class);
        Ranking::of((0..self.rows.len()).map(|row| self.at(row, class)).zip(positive))
    }
}

fn mean_over(classes: usize, value: impl Fn(usize) -> Option<f64>) -> f64 {
    mean((0..classes).filter_map(value)).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_never_occurs_is_left_out() {
        let logits = [3.0, 1.0, 0.0, 1.0, 3.0, 0.0];
        let classes = Classes::new(&logits, 3, &[0, 1], &[]).unwrap();
        assert_eq!(
            (
                roc_auc(&classes),
                roc_auc_one_versus_one(&classes),
                average_precision(&classes)
            ),
            (1.0, 1.0, 1.0)
        );
    }

    #[test]
    fn probabilities_that_round_to_one_still_rank() {
        let classes = Classes::new(&[0.0, 50.0, 0.0, 60.0], 2, &[0, 1], &[]).unwrap();
        assert_eq!(roc_auc(&classes), 1.0);
    }

    #[test]
    fn an_infinite_logit_gives_nan_for_more_than_two_classes() {
        let classes = Classes::new(&[f32::INFINITY, 0.0, 0.0, 1.0, 2.0, 3.0], 3, &[0, 1], &[]).unwrap();
        assert!(roc_auc(&classes).is_nan() && roc_auc_one_versus_one(&classes).is_nan());
    }
}
