//! Regression equals scikit-learn and SciPy.

use automl_metrics::{Outcomes, Values};

use crate::fixtures::{Compared, cases, count, numbers};

#[test]
fn regression_equals_scikit_learn_and_scipy() {
    let mut compared = Compared::default();
    for (index, case) in cases("regression.json").iter().enumerate() {
        let (predicted, truth) = (numbers(case, "predicted"), numbers(case, "truth"));
        let values = Values::new(&predicted, &truth, count(case, "columns")).unwrap();
        compared.check(index, &Outcomes::Values(values), case);
    }
    compared.all_were_there();
}
