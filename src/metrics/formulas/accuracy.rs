//! Shares of right and wrong decisions.

use crate::{
    counts::{ClassCounts, mean},
    metric::{Formula, Goal, Metric},
    outcomes::{Classes, Labels, Tags},
};

/// The number of highest scores among which the true class must be.
const TOP: usize = 5;

pub(crate) const ACCURACY: Metric = Metric {
    name: "accuracy",
    aliases: &["acc", "subset_accuracy"],
    goal: Goal::Maximize,
    is_share: true,
    help: "share of rows that are right (multi-label: in every label), or of tokens with the right tag",
    formulas: &[
        Formula::Classes(accuracy),
        Formula::Labels(subset_accuracy),
        Formula::Tags(token_accuracy),
    ],
    of_class: None,
};

pub(crate) const BALANCED_ACCURACY: Metric = Metric {
    name: "balanced_accuracy",
    aliases: &[],
    goal: Goal::Maximize,
    is_share: true,
    help: "mean recall of the classes that occur",
    formulas: &[Formula::Classes(balanced_accuracy)],
    of_class: None,
};

pub(crate) const TOP5_ACCURACY: Metric = Metric {
    name: "top5_accuracy",
    aliases: &["top_5_accuracy", "accuracy_top5"],
    goal: Goal::Maximize,
    is_share: true,
    help: "share of rows whose class is among the 5 with the highest scores",
    formulas: &[Formula::Classes(top5_accuracy)],
    of_class: None,
};

pub(crate) const HAMMING_LOSS: Metric = Metric {
    name: "hamming_loss",
    aliases: &["hamming"],
    goal: Goal::Minimize,
    is_share: true,
    help: "share of labels, over all rows, that are predicted wrongly",
    formulas: &[Formula::Labels(hamming_loss)],
    of_class: None,
};

fn accuracy(classes: &Classes<'_>) -> f64 {
    share_of(classes.decisions().map(|(predicted, label)| predicted == label))
}

fn subset_accuracy(labels: &Labels<'_>) -> f64 {
    share_of(
        labels
            .counts_of_rows()
            .map(|row| row.examples == row.right && row.predicted == row.right),
    )
}

fn token_accuracy(tags: &Tags<'_>) -> f64 {
    share_of(
        tags.sentences()
            .flat_map(|(predicted, truth)| predicted.iter().zip(truth).map(|(one, other)| one == other)),
    )
}

fn balanced_accuracy(classes: &Classes<'_>) -> f64 {
    mean(classes.counts().iter().filter_map(ClassCounts::recall)).unwrap_or(f64::NAN)
}

/// As in scikit-learn, the later of equal scores ranks higher.
fn top5_accuracy(classes: &Classes<'_>) -> f64 {
    share_of(classes.rows().map(|(logits, label)| {
        let ranks_higher =
            |class: &usize| logits[*class] > logits[label] || (logits[*class] == logits[label] && *class > label);
        (0..logits.len()).filter(ranks_higher).count() < TOP
    }))
}

fn hamming_loss(labels: &Labels<'_>) -> f64 {
    share_of(labels.decisions().map(|(_, predicted, label)| predicted != label))
}

fn share_of(cases: impl Iterator<Item = bool>) -> f64 {
    mean(cases.map(|holds| f64::from(u8::from(holds)))).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_of_a_row_must_be_right() {
        let labels = Labels::new(&[1.0, -1.0, 1.0, 1.0], &[true, false, true, false], 2, &[], &[]).unwrap();
        assert_eq!((subset_accuracy(&labels), hamming_loss(&labels)), (0.5, 0.25));
    }

    #[test]
    fn the_later_of_equal_scores_ranks_higher_among_the_first_five() {
        let top = |label| top5_accuracy(&Classes::new(&[0.0; 6], 6, &[label], &[]).unwrap());
        assert_eq!((top(0), top(1)), (0.0, 1.0));
    }
}
