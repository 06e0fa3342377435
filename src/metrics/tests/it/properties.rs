//! What holds for any input.

use automl_metrics::{
    Answers, Classes, Goal, Labels, METRICS, Outcomes, Question, Scheme, Tags, Values, check_scheme, measure_all,
    metric, normalize_answer, spans, tune_thresholds,
};
use proptest::{collection::vec, prelude::*};

const CLASSES: usize = 7;

/// Scores of which many are equal.
fn score() -> impl Strategy<Value = f32> {
    (-40_i32..40).prop_map(|sixteenths| sixteenths as f32 / 8.0)
}

fn class_rows() -> impl Strategy<Value = Vec<(Vec<f32>, u32)>> {
    vec((vec(score(), CLASSES), 0..CLASSES as u32), 1..30)
}

fn label_rows() -> impl Strategy<Value = Vec<(Vec<f32>, Vec<bool>)>> {
    vec((vec(score(), 3), vec(any::<bool>(), 3)), 1..30)
}

fn value_rows() -> impl Strategy<Value = Vec<([f64; 2], [f64; 2])>> {
    let value = || (-50_i32..50).prop_map(|tenths| f64::from(tenths) / 10.0);
    let pair = move || [value(), value()];
    vec((pair(), pair()), 1..30)
}

fn sentences() -> impl Strategy<Value = Vec<(Vec<String>, Vec<String>)>> {
    let tag = || "O|[BIES]-(PER|LOC)";
    vec(
        vec((tag(), tag()), 0..8).prop_map(|tags| tags.into_iter().unzip()),
        1..8,
    )
}

/// Answers whose no-answer probabilities all differ, since the official script depends on the order of equal ones.
fn asked() -> impl Strategy<Value = Vec<(String, Vec<String>, f64)>> {
    let text = || "(the |a |red |car |5 ){0,3}";
    vec((text(), vec(text(), 0..3)), 1..10).prop_map(|questions| {
        let numbered = questions.into_iter().enumerate();
        numbered
            .map(|(index, (predicted, gold))| (predicted, gold, index as f64 / 10.0))
            .collect()
    })
}

/// Calls a function with outcomes of classes.
fn of_classes<T>(rows: &[(Vec<f32>, u32)], act: impl Fn(&Outcomes<'_>) -> T) -> T {
    let (logits, labels): (Vec<Vec<f32>>, Vec<u32>) = rows.iter().cloned().unzip();
    act(&Outcomes::Classes(
        Classes::new(&logits.concat(), CLASSES, &labels, &[]).unwrap(),
    ))
}

fn of_labels<T>(rows: &[(Vec<f32>, Vec<bool>)], act: impl Fn(&Outcomes<'_>) -> T) -> T {
    let (logits, labels): (Vec<Vec<f32>>, Vec<Vec<bool>>) = rows.iter().cloned().unzip();
    act(&Outcomes::Labels(
        Labels::new(&logits.concat(), &labels.concat(), 3, &[], &[]).unwrap(),
    ))
}

fn of_values<T>(rows: &[([f64; 2], [f64; 2])], act: impl Fn(&Outcomes<'_>) -> T) -> T {
    let (predicted, truth): (Vec<[f64; 2]>, Vec<[f64; 2]>) = rows.iter().copied().unzip();
    act(&Outcomes::Values(
        Values::new(predicted.as_flattened(), truth.as_flattened(), 2).unwrap(),
    ))
}

fn of_tags<T>(rows: &[(Vec<String>, Vec<String>)], act: impl Fn(&Outcomes<'_>) -> T) -> T {
    let (predicted, truth): (Vec<Vec<String>>, Vec<Vec<String>>) = rows.iter().cloned().unzip();
    act(&Outcomes::Tags(Tags::of_names(&predicted, &truth).unwrap()))
}

fn of_answers<T>(rows: &[(String, Vec<String>, f64)], act: impl Fn(&Outcomes<'_>) -> T) -> T {
    let question = |(predicted, gold, probability): &'_ (String, Vec<String>, f64)| -> (String, Vec<String>, f64) {
        (predicted.clone(), gold.clone(), *probability)
    };
    let owned: Vec<_> = rows.iter().map(question).collect();
    let questions: Vec<Question<'_>> = owned
        .iter()
        .map(|(predicted, gold, probability)| Question {
            predicted,
            no_answer_probability: Some(*probability),
            gold,
        })
        .collect();
    act(&Outcomes::Answers(
        Answers::new(&questions).with_no_answer_threshold(0.6),
    ))
}

fn has_shares_in_range(outcomes: &Outcomes<'_>) -> Result<(), TestCaseError> {
    for (name, value) in measure_all(outcomes) {
        let is_share = metric(name).unwrap().metric.is_share;
        prop_assert!(
            !is_share || value.is_nan() || (0.0..=1.0).contains(&value),
            "{name} {value}"
        );
    }
    Ok(())
}

/// Compares the metrics of rows with those of the same rows in another order.
fn is_the_same_in_any_order<R: Clone>(
    rows: &[R],
    seed: usize,
    all: impl Fn(&[R]) -> Vec<(&'static str, f64)>,
) -> Result<(), TestCaseError> {
    let mut moved = rows.to_vec();
    moved.reverse();
    moved.rotate_left(seed % rows.len());
    for ((name, one), (_, other)) in all(rows).into_iter().zip(all(&moved)) {
        let is_same = (one.is_nan() && other.is_nan()) || (one - other).abs() <= 1e-12 * one.abs().max(1.0);
        prop_assert!(is_same, "{name}: {one} {other}");
    }
    Ok(())
}

fn listed(outcomes: &Outcomes<'_>) -> Vec<(&'static str, f64)> {
    measure_all(outcomes).into_iter().collect()
}

fn has_the_best_values(outcomes: &Outcomes<'_>) -> Result<(), TestCaseError> {
    for (name, value) in measure_all(outcomes) {
        let best = match metric(name).unwrap().metric.goal {
            Goal::Maximize => 1.0,
            Goal::Minimize => 0.0,
        };
        prop_assert!((value - best).abs() < 1e-12, "{name} {value}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn shares_are_between_0_and_1(
        classes in class_rows(), labels in label_rows(), values in value_rows(), tags in sentences(), answers in asked(),
    ) {
        of_classes(&classes, has_shares_in_range)?;
        of_labels(&labels, has_shares_in_range)?;
        of_values(&values, has_shares_in_range)?;
        of_tags(&tags, has_shares_in_range)?;
        of_answers(&answers, has_shares_in_range)?;
    }

    #[test]
    fn the_order_of_rows_does_not_matter(
        classes in class_rows(), labels in label_rows(), values in value_rows(), tags in sentences(), answers in asked(),
        seed in any::<usize>(),
    ) {
        is_the_same_in_any_order(&classes, seed, |rows| of_classes(rows, listed))?;
        is_the_same_in_any_order(&labels, seed, |rows| of_labels(rows, listed))?;
        is_the_same_in_any_order(&values, seed, |rows| of_values(rows, listed))?;
        is_the_same_in_any_order(&tags, seed, |rows| of_tags(rows, listed))?;
        is_the_same_in_any_order(&answers, seed, |rows| of_answers(rows, listed))?;
    }

    #[test]
    fn perfect_classes_have_the_best_values(more in vec(0..CLASSES as u32, 0..20)) {
        let labels = (0..CLASSES as u32).chain(more);
        let sure = |label| (0..CLASSES as u32).map(|class| if class == label { 60.0 } else { 0.0 }).collect();
        let rows: Vec<(Vec<f32>, u32)> = labels.map(|label| (sure(label), label)).collect();
        of_classes(&rows, has_the_best_values)?;
    }

    #[test]
    fn perfect_labels_have_the_best_values(more in vec(0..3_usize, 0..20)) {
        let rows: Vec<(Vec<f32>, Vec<bool>)> = (0..3).chain(more).map(|absent| {
            let labels: Vec<bool> = (0..3).map(|class| class != absent).collect();
            (labels.iter().map(|&label| if label { 60.0 } else { -60.0 }).collect(), labels)
        }).collect();
        of_labels(&rows, has_the_best_values)?;
    }

    #[test]
    fn perfect_values_have_the_best_values(more in vec([-9.0..9.0_f64, -9.0..9.0], 0..20)) {
        let truth = [[1.0, 5.0], [3.0, -2.0]].into_iter().chain(more);
        of_values(&truth.map(|row| (row, row)).collect::<Vec<_>>(), has_the_best_values)?;
    }

    #[test]
    fn perfect_tags_have_the_best_values(words in vec("B-PER I-PER|B-LOC|O", 0..9)) {
        let tags: Vec<String> = ["B-LOC".to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
            .split(' ').map(str::to_owned).collect();
        of_tags(&[(tags.clone(), tags)], has_the_best_values)?;
    }

    #[test]
    fn perfect_answers_have_the_best_values(words in vec("(red|car|5)( the bus)?", 1..9)) {
        let rows: Vec<_> = words.into_iter().map(|word| (word.clone(), vec!["x".to_owned(), word], 0.0)).collect();
        of_answers(&rows, has_the_best_values)?;
    }

    #[test]
    fn any_scores_are_measured_without_panic(
        logits in vec(proptest::num::f32::ANY, CLASSES * 3), labels in vec(0..CLASSES as u32, 3),
        truth in vec(any::<bool>(), CLASSES * 3), thresholds in vec(proptest::num::f64::ANY, CLASSES),
        predicted in vec(proptest::num::f64::ANY, 6), values in vec(proptest::num::f64::ANY, 6),
    ) {
        let classes = Outcomes::Classes(Classes::new(&logits, CLASSES, &labels, &[]).unwrap());
        let of_labels = Outcomes::Labels(Labels::new(&logits, &truth, CLASSES, &thresholds, &[]).unwrap());
        let values = Outcomes::Values(Values::new(&predicted, &values, 2).unwrap());
        for outcomes in [classes, of_labels, values] {
            has_shares_in_range(&outcomes)?;
            prop_assert!(!outcomes.has_nan() || measure_all(&outcomes).values().all(|value| value.is_nan()));
        }
        let tuned = tune_thresholds(&logits, &truth, CLASSES, metric("f1_micro").unwrap().metric).unwrap();
        prop_assert!(tuned.iter().all(|threshold| (0.0..=1.0).contains(threshold)));
    }

    #[test]
    fn infinite_scores_are_measured_without_panic(
        logits in vec(prop_oneof![Just(f32::INFINITY), Just(f32::NEG_INFINITY), score()], CLASSES * 3),
        labels in vec(0..CLASSES as u32, 3), truth in vec(any::<bool>(), CLASSES * 3),
    ) {
        has_shares_in_range(&Outcomes::Classes(Classes::new(&logits, CLASSES, &labels, &[]).unwrap()))?;
        has_shares_in_range(&Outcomes::Labels(Labels::new(&logits, &truth, CLASSES, &[], &[]).unwrap()))?;
    }

    #[test]
    fn any_tags_are_read_without_panic(tags in vec("\\PC{0,4}|[BIESO][-]?(PER|-)?", 0..8)) {
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        for scheme in [Scheme::Iob2, Scheme::Iobes] {
            let _ = check_scheme(&tags, scheme);
            for mode in [automl_metrics::Mode::Default, automl_metrics::Mode::Strict(scheme)] {
                let found = spans(&tags, mode);
                prop_assert!(found.windows(2).all(|two| two[0].end <= two[1].start));
                prop_assert!(found.iter().all(|span| span.start < span.end && span.end <= tags.len()));
            }
        }
    }

    #[test]
    fn any_text_is_normalised_once(text in "\\PC{0,20}|[aAnthe .,\\-\u{e9}]{0,20}") {
        let once = normalize_answer(&text);
        prop_assert_eq!(&normalize_answer(&once), &once);
    }

    #[test]
    fn tuned_thresholds_are_never_worse_than_one_half(rows in label_rows()) {
        let (logits, labels): (Vec<Vec<f32>>, Vec<Vec<bool>>) = rows.into_iter().unzip();
        let (logits, labels) = (logits.concat(), labels.concat());
        for name in automl_metrics::TUNABLE_METRICS {
            let measure = metric(name).unwrap();
            let tuned = tune_thresholds(&logits, &labels, 3, measure.metric).unwrap();
            let value = |thresholds: &[f64]| {
                measure.of(&Outcomes::Labels(Labels::new(&logits, &labels, 3, thresholds, &[]).unwrap())).unwrap()
            };
            prop_assert!(value(&tuned) >= value(&[]) && tuned.iter().all(|threshold| (0.0..=1.0).contains(threshold)));
        }
    }
}

#[test]
fn nothing_to_measure_is_nan() {
    let outcomes = [
        Outcomes::Classes(Classes::new(&[], 2, &[], &[]).unwrap()),
        Outcomes::Labels(Labels::new(&[], &[], 2, &[], &[]).unwrap()),
        Outcomes::Values(Values::new(&[], &[], 1).unwrap()),
        Outcomes::Tags(Tags::of_ids(&[vec![]], &[vec![]], &[]).unwrap()),
        Outcomes::Answers(Answers::new(&[])),
    ];
    let measured: usize = outcomes.iter().map(|outcomes| measure_all(outcomes).len()).sum();
    assert!(measured > METRICS.len() && outcomes.iter().flat_map(measure_all).all(|(_, value)| value.is_nan()));
}
