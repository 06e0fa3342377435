//! Multi-label classification equals scikit-learn, and tuned thresholds are the best there are.

use automl_metrics::{Labels, Outcomes, metric, tune_thresholds};

use crate::fixtures::{Compared, cases, count, flags, is_close, numbers, scores};

#[test]
fn multi_label_equals_scikit_learn() {
    let mut compared = Compared::default();
    for (index, case) in cases("multi_label.json").iter().enumerate() {
        let (logits, labels, classes) = (scores(case, "logits"), flags(case, "labels"), count(case, "classes"));
        let thresholds = numbers(case, "thresholds");
        let outcomes = Labels::new(&logits, &labels, classes, &thresholds, &[]).unwrap();
        compared.check(index, &Outcomes::Labels(outcomes), case);
    }
    compared.all_were_there();
}

#[test]
fn no_thresholds_beat_the_tuned_ones() {
    for (index, case) in cases("thresholds.json").iter().enumerate() {
        let (logits, labels, classes) = (scores(case, "logits"), flags(case, "labels"), count(case, "classes"));
        for (name, expected) in case["expected"].as_object().unwrap() {
            let measure = metric(name).unwrap();
            let thresholds = tune_thresholds(&logits, &labels, classes, measure.metric).unwrap();
            let outcomes = Labels::new(&logits, &labels, classes, &thresholds, &[]).unwrap();
            let reached = measure.of(&Outcomes::Labels(outcomes)).unwrap();
            assert!(
                is_close(reached, expected),
                "case {index}, {name}: {reached} instead of {expected}"
            );
        }
    }
}
