//! The right and wrong predictions of the best trial on the validation examples.

use std::cmp::Reverse;
use std::path::Path;

use super::{ConfusedView, ConfusionView};
use crate::report::kept::Kept;
use crate::study::Study;
use crate::units::TrialId;

/// Largest number of classes for which all counts are shown.
const MOST_CLASSES: usize = 30;

/// Largest number of confused pairs.
const MOST_PAIRS: usize = 30;

impl ConfusionView {
    /// The confusion matrix of the best trial of a study; `None` if its outputs were not kept, or if an example has no class.
    pub fn new(study: &Study, folder: &Path) -> Option<Self> {
        let trial = study.winner()?.trial;
        let kept = Kept::open(folder)?;
        let counts = kept.truth.confusion(&kept.best_outputs(study, trial)?)?;
        Some(Self::of(trial, &kept.truth.names, counts))
    }

    fn of(trial: TrialId, names: &[String], counts: Vec<Vec<u64>>) -> Self {
        let cells = counts.iter().enumerate().flat_map(|(class, row)| {
            let cells = row.iter().enumerate();
            cells.map(move |(predicted, &examples)| (class, predicted, examples))
        });
        let mut confused: Vec<_> = cells
            .filter(|&(class, predicted, examples)| class != predicted && examples > 0)
            .collect();
        confused.sort_by_key(|&(class, predicted, examples)| (Reverse(examples), class, predicted));
        let examples = |class: usize| counts[class].iter().sum();
        let pairs = confused.iter().take(MOST_PAIRS);
        let pairs = pairs.map(|&(class, predicted, count)| ConfusedView {
            class: names[class].clone(),
            predicted: names[predicted].clone(),
            count,
            examples: examples(class),
        });
        let is_shown = names.len() <= MOST_CLASSES;
        Self {
            trial: trial.0,
            examples: (0..counts.len()).map(examples).sum(),
            right: (0..counts.len()).map(|class| counts[class][class]).sum(),
            number_of_classes: names.len(),
            pairs: pairs.collect(),
            classes: if is_shown { names.to_vec() } else { Vec::new() },
            counts: if is_shown { counts } else { Vec::new() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|class| format!("class {class}")).collect()
    }

    #[test]
    fn pairs_are_listed_with_the_most_confused_first() {
        let view = ConfusionView::of(TrialId(4), &names(3), vec![vec![5, 1, 0], vec![3, 2, 1], vec![0, 0, 0]]);
        let pairs: Vec<String> = view
            .pairs
            .iter()
            .map(|pair| {
                format!(
                    "{} of {} {} for {}",
                    pair.count, pair.examples, pair.class, pair.predicted
                )
            })
            .collect();
        assert_eq!(
            pairs,
            [
                "3 of 6 class 1 for class 0",
                "1 of 6 class 0 for class 1",
                "1 of 6 class 1 for class 2"
            ]
        );
        assert_eq!((view.right, view.examples, view.counts.len()), (7, 12, 3));
    }

    #[test]
    fn of_many_classes_only_the_pairs_are_shown() {
        let view = ConfusionView::of(TrialId(0), &names(31), vec![vec![1; 31]; 31]);
        assert!(view.counts.is_empty() && view.classes.is_empty());
        assert_eq!((view.number_of_classes, view.pairs.len(), view.right), (31, 30, 31));
    }
}
