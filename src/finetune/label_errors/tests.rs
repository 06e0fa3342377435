use super::*;
use crate::tasks::TaskKind;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|class| format!("c{class}")).collect()
}

/// Probabilities of a model that is right, except about examples 3 and 7, which have the label of the next class.
fn noisy() -> (Vec<u32>, Vec<f64>) {
    let mut classes = Vec::new();
    let mut probabilities = Vec::new();
    for example in 0..12_u32 {
        let truth = example as usize % 3;
        let sure = 0.7 + 0.02 * f64::from(example % 5);
        let mut row = [(1.0 - sure) * 0.6; 3];
        row[(truth + 1) % 3] = (1.0 - sure) * 0.4;
        row[truth] = sure;
        probabilities.extend(row);
        let given = if matches!(example, 3 | 7) {
            (truth + 1) % 3
        } else {
            truth
        };
        classes.push(given as u32);
    }
    (classes, probabilities)
}

#[test]
fn wrong_labels_are_found_and_the_least_plausible_comes_first() {
    let (classes, probabilities) = noisy();
    let found = LabelErrors::of_classes(&classes, &probabilities, &names(3));
    let suspects: Vec<(usize, &str, &str)> = found
        .suspects
        .iter()
        .map(|suspect| (suspect.example, suspect.given.as_str(), suspect.suggested.as_str()))
        .collect();
    assert_eq!(suspects, [(3, "c1", "c0"), (7, "c2", "c1")]);
    assert_eq!(found.examples, 12);
}

#[test]
fn right_labels_are_not_suspected() {
    let (_, probabilities) = noisy();
    let classes: Vec<u32> = (0..12).map(|example| example % 3).collect();
    let found = LabelErrors::of_classes(&classes, &probabilities, &names(3));
    assert_eq!((found.suspects, found.estimated_share), (Vec::new(), 0.0));
}

#[test]
fn each_of_several_labels_is_looked_at_by_itself() {
    let truth = KeptTruth {
        task: TaskKind::MultiLabel,
        names: vec!["a".to_owned(), "b".to_owned()],
        targets: Targets::Labels {
            width: 2,
            values: [
                [true, false],
                [true, false],
                [false, true],
                [false, true],
                [false, false],
                [true, true],
            ]
            .concat(),
        },
    };
    let outputs = [
        [4.0, -4.0],
        [4.0, -4.0],
        [-4.0, 4.0],
        [-4.0, 4.0],
        [4.5, -4.0],
        [4.0, 3.5],
    ]
    .concat();
    let found = LabelErrors::find(&truth, &outputs).unwrap();
    let suspects: Vec<(usize, &str, &str)> = found
        .suspects
        .iter()
        .map(|suspect| (suspect.example, suspect.given.as_str(), suspect.suggested.as_str()))
        .collect();
    assert_eq!(suspects, [(4, "no a", "a")]);
    assert_eq!(LabelErrors::find(&truth, &outputs[1..]), None);
}

/// Suspects, their order and their numbers are those of the reference implementation; see `cleanlab.py`.
#[test]
fn the_suspects_are_those_of_cleanlab() {
    let expected: serde_json::Value = serde_json::from_str(include_str!("cleanlab.json")).unwrap();
    let numbers = |value: &serde_json::Value| -> Vec<f64> {
        let numbers = value.as_array().unwrap().iter();
        numbers.map(|number| number.as_f64().unwrap()).collect()
    };
    for case in expected["cases"].as_array().unwrap() {
        let width = case["classes"].as_u64().unwrap() as usize;
        let truth = KeptTruth {
            task: TaskKind::Classification,
            names: names(width),
            targets: Targets::Classes(numbers(&case["labels"]).iter().map(|&class| class as u32).collect()),
        };
        let outputs: Vec<f32> = numbers(&case["logits"]).iter().map(|&logit| logit as f32).collect();
        let found = LabelErrors::find(&truth, &outputs).unwrap();
        let examples: Vec<f64> = found.suspects.iter().map(|suspect| suspect.example as f64).collect();
        assert_eq!(examples, numbers(&case["issues"]));
        for (suspect, confidence) in found.suspects.iter().zip(numbers(&case["self_confidence"])) {
            assert!((suspect.self_confidence - confidence).abs() < 1e-5);
        }
        for (suspect, margin) in found.suspects.iter().zip(numbers(&case["margin"])) {
            assert!((suspect.margin - margin).abs() < 1e-5);
        }
        // There the estimated counts are whole numbers, so each class differs by less than one example.
        let share = case["share"].as_f64().unwrap();
        assert!((found.estimated_share - share).abs() < width as f64 / found.examples as f64);
    }
}
