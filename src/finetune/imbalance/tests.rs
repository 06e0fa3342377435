use proptest::prelude::*;
use serde::Deserialize;

use super::*;

/// Made by `make_losses.py` with PyTorch.
#[derive(Deserialize)]
struct Expected {
    logits: Vec<f32>,
    classes: Vec<u32>,
    labels: Vec<bool>,
    weights: Vec<f64>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    weighted: bool,
    smoothing: f64,
    gamma: f64,
    classes: Values,
    labels: Values,
}

#[derive(Deserialize)]
struct Values {
    loss: f64,
    gradient: Vec<f64>,
}

type LossAndGradient = (f64, Vec<f32>);

type LossOfLogits<'a> = dyn Fn(&[f32]) -> LossAndGradient + 'a;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|class| format!("class {class}")).collect()
}

fn assert_equal((loss, gradient): LossAndGradient, expected: &Values, what: &str) {
    assert!((loss - expected.loss).abs() < 1e-9, "{what}: {loss} {}", expected.loss);
    for (found, expected) in gradient.iter().zip(&expected.gradient) {
        assert!(
            (f64::from(*found) - expected).abs() < 1e-7,
            "{what}: {found} {expected}"
        );
    }
}

#[test]
fn losses_and_gradients_are_those_of_pytorch() {
    let expected: Expected = serde_json::from_str(include_str!("losses.json")).unwrap();
    for case in expected.cases {
        let loss = TrainingLoss {
            weights: case.weighted.then(|| expected.weights.clone()),
            focal_gamma: case.gamma,
            label_smoothing: case.smoothing,
        };
        let what = format!("{loss:?}");
        assert_equal(
            loss.of_classes(&expected.logits, &expected.classes),
            &case.classes,
            &what,
        );
        assert_equal(
            loss.of_labels(&expected.logits, &expected.labels, 4),
            &case.labels,
            &what,
        );
    }
}

#[test]
fn balanced_weights_are_those_of_scikit_learn() {
    let weights = ClassWeights::Balanced.of(&Targets::Classes(vec![0, 0, 0, 1, 3, 3]), &names(4));
    // compute_class_weight("balanced", classes=[0, 1, 3], y=…); class 2 does not occur.
    assert_eq!(weights, Some(vec![6.0 / 9.0, 2.0, 1.0, 1.0]));
    let labels = Targets::Labels {
        width: 2,
        values: vec![true, false, false, false, false, false],
    };
    assert_eq!(ClassWeights::Balanced.of(&labels, &names(2)), Some(vec![2.0, 1.0]));
    let given = ClassWeights::Given(vec![("class 1".to_owned(), 5.0)]);
    assert_eq!(given.of(&labels, &names(2)), Some(vec![1.0, 5.0]));
    assert!(given.check(&names(2)).is_ok());
    let error = given.check(&names(1)).unwrap_err().to_string();
    assert_eq!(
        error,
        "`class_weights` names the label `class 1`, but the labels are `class 0`"
    );
}

#[test]
fn extreme_logits_neither_overflow_nor_hide_a_nan() {
    let loss = TrainingLoss {
        weights: None,
        focal_gamma: 0.5,
        label_smoothing: 0.0,
    };
    let (value, gradient) = loss.of_classes(&[1e4, -1e4, -1e4, 1e4], &[0, 0]);
    assert!(
        value.is_finite() && gradient.iter().all(|slope| slope.is_finite()),
        "{gradient:?}"
    );
    let (value, gradient) = loss.of_labels(&[1e4, -1e4], &[true, true], 1);
    assert!(
        value.is_finite() && gradient.iter().all(|slope| slope.is_finite()),
        "{gradient:?}"
    );
    assert!(loss.of_classes(&[f32::NAN, 0.0], &[1]).0.is_nan());
    assert!(loss.of_labels(&[f32::NAN], &[true], 1).0.is_nan());
}

proptest! {
    #[test]
    fn gradients_are_the_slopes_of_the_losses(
        logits in proptest::collection::vec(-4.0..4.0_f32, 12),
        classes in proptest::collection::vec(0..3_u32, 4),
        labels in proptest::collection::vec(any::<bool>(), 12),
        weights in proptest::option::of(proptest::collection::vec(0.1..5.0_f64, 3)),
        focal_gamma in prop_oneof![Just(0.0), 0.1..3.0_f64],
        label_smoothing in prop_oneof![Just(0.0), 0.01..0.5_f64],
    ) {
        let loss = TrainingLoss { weights, focal_gamma, label_smoothing };
        let losses: [&LossOfLogits<'_>; 2] =
            [&|logits| loss.of_classes(logits, &classes), &|logits| loss.of_labels(logits, &labels, 3)];
        for of in losses {
            let (_, gradient) = of(&logits);
            for index in 0..logits.len() {
                let at = |shift: f32| {
                    let mut moved = logits.clone();
                    moved[index] += shift;
                    (of(&moved).0, f64::from(moved[index]))
                };
                let ((above, upper), (below, lower)) = (at(1e-3), at(-1e-3));
                let slope = (above - below) / (upper - lower);
                prop_assert!((slope - f64::from(gradient[index])).abs() < 1e-4, "{slope} {}", gradient[index]);
            }
        }
    }

    #[test]
    fn parts_of_a_batch_add_up_to_the_whole(
        logits in proptest::collection::vec(-4.0..4.0_f32, 12),
        classes in proptest::collection::vec(0..3_u32, 4),
        weights in proptest::option::of(proptest::collection::vec(0.1..5.0_f64, 3)),
        cut in 1..4_usize,
    ) {
        let loss = TrainingLoss { weights, focal_gamma: 2.0, label_smoothing: 0.1 };
        let targets = |classes: &[u32]| Targets::Classes(classes.to_vec());
        let (whole, gradient) = loss.of_classes(&logits, &classes);
        let parts = [(&logits[..3 * cut], &classes[..cut]), (&logits[3 * cut..], &classes[cut..])];
        let (mut sum, mut slopes) = (0.0, Vec::new());
        for (logits, part) in parts {
            let weight = |part: &[u32]| loss.weight(&targets(part)).unwrap_or(part.len() as f64);
            let share = weight(part) / weight(&classes);
            let (value, gradient) = loss.of_classes(logits, part);
            sum += share * value;
            slopes.extend(gradient.iter().map(|slope| f64::from(*slope) * share));
        }
        prop_assert!((sum - whole).abs() < 1e-9);
        for (found, expected) in slopes.iter().zip(&gradient) {
            prop_assert!((found - f64::from(*expected)).abs() < 1e-6);
        }
    }
}
