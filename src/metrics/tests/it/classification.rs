//! Classification equals scikit-learn.

use automl_metrics::{Classes, Outcomes};

use crate::fixtures::{Compared, cases, count, numbers, scores};

#[test]
fn classification_equals_scikit_learn() {
    let mut compared = Compared::default();
    for (index, case) in cases("classification.json").iter().enumerate() {
        let (logits, classes) = (scores(case, "logits"), count(case, "classes"));
        let labels: Vec<u32> = numbers(case, "labels").into_iter().map(|label| label as u32).collect();
        let outcomes = Classes::new(&logits, classes, &labels, &[]).unwrap();
        let confusion: Vec<Vec<u64>> = serde_json::from_value(case["confusion"].clone()).unwrap();
        assert_eq!(outcomes.confusion(), confusion, "case {index}");
        compared.check(index, &Outcomes::Classes(outcomes), case);
    }
    compared.all_were_there();
}
