//! Precision, recall and F1, averaged over classes, labels or entity types.
//!
//! A class without predictions has precision 0, one without examples recall 0, as with scikit-learn's
//! `zero_division=0`. Classes that neither occur nor are predicted are left out of means, as in scikit-learn; labels of
//! multi-label tasks all count. Entities are read as in seqeval's default mode.

use super::{entities, question_answering};
use crate::{
    counts::{Average, ClassCounts, mean},
    metric::{Formula, Goal, Metric},
    outcomes::{Classes, Labels},
    tagging::Mode,
};

/// A row whose score is a share and higher is better.
const fn score(
    name: &'static str,
    aliases: &'static [&'static str],
    help: &'static str,
    formulas: &'static [Formula],
) -> Metric {
    Metric {
        name,
        aliases,
        goal: Goal::Maximize,
        is_share: true,
        help,
        formulas,
        of_class: None,
    }
}

/// The formulas of one score: its average over classes and labels, its average over entity types, and more.
macro_rules! formulas {
    ($score:ident, $classes:ident, $entities:ident $(, $more:expr)?) => {
        &[
            Formula::Classes(|classes| of_classes(classes, Average::$classes, ClassCounts::$score)),
            Formula::Labels(|labels| Average::$classes.of(&labels.counts(), ClassCounts::$score)),
            Formula::Tags(|tags| entities::average(tags, Mode::Default, Average::$entities, ClassCounts::$score)),
            $($more,)?
        ]
    };
}

pub(crate) const F1: Metric = Metric {
    of_class: Some(|class| class.f1().unwrap_or(0.0)),
    ..score(
        "f1",
        &[],
        "the task's usual F1: mean over classes, over entities, or over words of answers; `f1:CLASS` for one class",
        formulas!(f1, Macro, Micro, Formula::Answers(question_answering::f1)),
    )
};

pub(crate) const PRECISION: Metric = Metric {
    of_class: Some(|class| class.precision().unwrap_or(0.0)),
    ..score(
        "precision",
        &[],
        "the task's usual precision: mean over classes, or over all entities; `precision:CLASS` is for one class",
        formulas!(precision, Macro, Micro),
    )
};

pub(crate) const RECALL: Metric = Metric {
    of_class: Some(|class| class.recall().unwrap_or(0.0)),
    ..score(
        "recall",
        &[],
        "the task's usual recall: mean over classes, or over all entities; `recall:CLASS` is for one class",
        formulas!(recall, Macro, Micro),
    )
};

pub(crate) const F1_MACRO: Metric = score(
    "f1_macro",
    &["macro_f1"],
    "unweighted mean of the F1 of classes or entity types",
    formulas!(f1, Macro, Macro),
);

pub(crate) const F1_MICRO: Metric = score(
    "f1_micro",
    &["micro_f1"],
    "F1 of all classes' or entity types' counts together",
    formulas!(f1, Micro, Micro),
);

pub(crate) const F1_WEIGHTED: Metric = score(
    "f1_weighted",
    &["weighted_f1"],
    "mean of the F1 of classes or entity types, weighted by their number of examples",
    formulas!(f1, Weighted, Weighted),
);

pub(crate) const F1_SAMPLES: Metric = score(
    "f1_samples",
    &[],
    "mean of the F1 of rows, each over its labels",
    &[Formula::Labels(f1_samples)],
);

pub(crate) const PRECISION_MACRO: Metric = score(
    "precision_macro",
    &["macro_precision"],
    "unweighted mean of the precision of classes or entity types",
    formulas!(precision, Macro, Macro),
);

pub(crate) const PRECISION_MICRO: Metric = score(
    "precision_micro",
    &["micro_precision"],
    "precision of all classes' or entity types' counts together",
    formulas!(precision, Micro, Micro),
);

pub(crate) const PRECISION_WEIGHTED: Metric = score(
    "precision_weighted",
    &["weighted_precision"],
    "mean of the precision of classes or entity types, weighted by their number of examples",
    formulas!(precision, Weighted, Weighted),
);

pub(crate) const RECALL_MACRO: Metric = score(
    "recall_macro",
    &["macro_recall"],
    "unweighted mean of the recall of classes or entity types",
    formulas!(recall, Macro, Macro),
);

pub(crate) const RECALL_MICRO: Metric = score(
    "recall_micro",
    &["micro_recall"],
    "recall of all classes' or entity types' counts together",
    formulas!(recall, Micro, Micro),
);

pub(crate) const RECALL_WEIGHTED: Metric = score(
    "recall_weighted",
    &["weighted_recall"],
    "mean of the recall of classes or entity types, weighted by their number of examples",
    formulas!(recall, Weighted, Weighted),
);

fn of_classes(classes: &Classes<'_>, average: Average, score: fn(&ClassCounts) -> Option<f64>) -> f64 {
    let seen: Vec<ClassCounts> = classes.counts().into_iter().filter(ClassCounts::is_seen).collect();
    average.of(&seen, score)
}

fn f1_samples(labels: &Labels<'_>) -> f64 {
    mean(labels.counts_of_rows().map(|row| row.f1().unwrap_or(0.0))).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits `[rows, 3]` that predict classes.
    fn logits(predicted: &[usize]) -> Vec<f32> {
        predicted
            .iter()
            .flat_map(|&class| (0..3).map(move |other| f32::from(u8::from(other == class))))
            .collect()
    }

    fn f1(predicted: &[usize], labels: &[u32]) -> f64 {
        of_classes(
            &Classes::new(&logits(predicted), 3, labels, &[]).unwrap(),
            Average::Macro,
            ClassCounts::f1,
        )
    }

    #[test]
    fn f1_equals_that_of_scikit_learn() {
        // f1_score([0,1,2,0,1,2], [0,2,1,0,0,1], average="macro") = 0.26666…
        assert!((f1(&[0, 2, 1, 0, 0, 1], &[0, 1, 2, 0, 1, 2]) - 0.8 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn classes_that_never_show_do_not_lower_f1() {
        assert_eq!(f1(&[0, 1], &[0, 1]), 1.0);
    }

    #[test]
    fn labels_that_never_show_lower_f1() {
        let labels = Labels::new(&[1.0, -1.0], &[true, false], 2, &[], &[]).unwrap();
        assert_eq!(Average::Macro.of(&labels.counts(), ClassCounts::f1), 0.5);
    }
}
