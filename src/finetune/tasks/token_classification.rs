//! A tag for each word of a sentence, such as the kinds of names in it.

use std::collections::BTreeSet;

use automl_metrics::{ClassCounts, Measure, MetricError, Mode, Outcomes, Tags, highest, spans};

use super::{Batch, Objective, Prediction, Scores, Task, TaskKind, Truth, measured, on_host};
use crate::{
    data::{LostWord, TagWindow, Targets},
    families::HeadKind,
    loss::cross_entropy,
};

#[derive(Debug)]
pub(super) struct TokenClassification;

impl Task for TokenClassification {
    fn kind(&self) -> TaskKind {
        TaskKind::TokenClassification
    }

    fn head(&self) -> HeadKind {
        HeadKind::Tokens
    }

    fn problem_type(&self) -> Option<&'static str> {
        None
    }

    fn weight(&self, targets: &Targets) -> f64 {
        windows(targets)
            .iter()
            .map(|window| window.tagged().count())
            .sum::<usize>() as f64
    }

    fn loss(&self, outputs: &[f32], targets: &Targets) -> f64 {
        mean_loss(outputs, windows(targets)).0
    }

    fn measure(&self, outputs: &[f32], truth: Truth<'_>, measures: &[Measure]) -> Result<Scores, MetricError> {
        let nothing = || Ok(measures.iter().map(|measure| (measure.to_string(), f64::NAN)).collect());
        if outputs.iter().any(|output| output.is_nan()) {
            return nothing();
        }
        let (predicted, exact) = sentences(outputs, windows(truth.targets), truth.names);
        match Tags::of_ids(&predicted, &exact, truth.names) {
            Ok(tags) => measured(&Outcomes::Tags(tags), measures),
            Err(_) => nothing(),
        }
    }

    /// The kinds of names, without `B-` and `I-`.
    fn classes(&self, names: &[String]) -> Vec<String> {
        let kinds: BTreeSet<&str> = names.iter().flat_map(|name| kinds(name)).collect();
        kinds.into_iter().map(str::to_owned).collect()
    }

    fn counts(&self, outputs: &[f32], truth: Truth<'_>) -> Vec<(String, ClassCounts)> {
        let (predicted, exact) = sentences(outputs, windows(truth.targets), truth.names);
        let Ok(tags) = Tags::of_ids(&predicted, &exact, truth.names) else {
            return Vec::new();
        };
        let counts = tags.counts(Mode::Default).into_iter();
        counts.map(|(kind, counts)| (kind.to_owned(), counts)).collect()
    }

    fn predict(&self, outputs: &[f32], example: Truth<'_>) -> Prediction {
        let windows = windows(example.targets);
        let of_window = |(window, outputs): (&TagWindow, &[f32])| -> Vec<(u32, f64)> {
            let tags = window.tagged().map(|(token, _)| {
                let row = row(outputs, window, token);
                let tag = highest(row) as u32;
                (tag, (-cross_entropy(row, &[tag], row.len(), 1.0).0).exp())
            });
            tags.collect()
        };
        let all = windows.iter().zip(by_window(outputs, windows));
        Prediction::Tags(all.flat_map(of_window).collect())
    }

    fn objective(&self, batch: Batch<'_>) -> Objective {
        let windows = windows(batch.targets);
        on_host(&batch, |outputs| mean_loss(outputs, windows))
    }
}

fn windows(targets: &Targets) -> &[TagWindow] {
    match targets {
        Targets::Tags(windows) => windows,
        _ => &[],
    }
}

/// The kind of name that a tag belongs to, if any.
fn kinds(tag: &str) -> impl Iterator<Item = &str> {
    spans(&[tag], Mode::Default).into_iter().map(|span| span.entity)
}

/// The tag of a word that is part of no name.
const OUTSIDE: &str = "O";

/// The predicted and the true tag of each word, sentence by sentence. A word without a token counts as one that the model
/// has missed.
fn sentences(outputs: &[f32], windows: &[TagWindow], names: &[String]) -> (Vec<Vec<u32>>, Vec<Vec<u32>>) {
    let (mut predicted, mut exact): (Vec<Vec<u32>>, Vec<Vec<u32>>) = Default::default();
    let mut unseen: Vec<&[LostWord]> = Vec::new();
    for (window, outputs) in windows.iter().zip(by_window(outputs, windows)) {
        if !window.continues || predicted.is_empty() {
            predicted.push(Vec::new());
            exact.push(Vec::new());
            unseen.push(&window.lost);
        }
        let last = predicted.len() - 1;
        for (token, tag) in window.tagged() {
            predicted[last].push(highest(row(outputs, window, token)) as u32);
            exact[last].push(tag);
        }
    }
    for ((predicted, exact), unseen) in predicted.iter_mut().zip(&mut exact).zip(unseen) {
        for (word, earlier) in unseen.iter().zip(0..) {
            let at = (word.before as usize + earlier).min(exact.len());
            predicted.insert(at, missed(word.tag, names));
            exact.insert(at, word.tag);
        }
    }
    (predicted, exact)
}

/// The prediction for a word that the model cannot see: that it is part of no name. Where every word has a tag, any other
/// tag than the right one.
fn missed(tag: u32, names: &[String]) -> u32 {
    match names.iter().position(|name| name == OUTSIDE) {
        Some(outside) => outside as u32,
        None => (tag + 1) % (names.len().max(1) as u32),
    }
}

/// The outputs of each window. All tokens have the same number of them.
fn by_window<'a>(outputs: &'a [f32], windows: &'a [TagWindow]) -> impl Iterator<Item = &'a [f32]> {
    let tokens: usize = windows.iter().map(|window| window.tags.len()).sum();
    let classes = outputs.len() / tokens.max(1);
    let mut rest = outputs;
    windows.iter().map(move |window| {
        let (of_window, others) = rest.split_at(window.tags.len() * classes);
        rest = others;
        of_window
    })
}

/// The outputs of a token of a window.
fn row<'a>(outputs: &'a [f32], window: &TagWindow, token: usize) -> &'a [f32] {
    let classes = outputs.len() / window.tags.len().max(1);
    &outputs[token * classes..][..classes]
}

/// The mean cross-entropy over all tokens with a tag, and its gradient. Without such a token both are 0.
fn mean_loss(outputs: &[f32], windows: &[TagWindow]) -> (f64, Vec<f32>) {
    let counted: usize = windows.iter().map(|window| window.tagged().count()).sum();
    let mut total = 0.0;
    let mut gradient = Vec::with_capacity(outputs.len());
    for (window, outputs) in windows.iter().zip(by_window(outputs, windows)) {
        let start = gradient.len();
        gradient.resize(start + outputs.len(), 0.0);
        for (token, tag) in window.tagged() {
            let row = row(outputs, window, token);
            let (loss, slope) = cross_entropy(row, &[tag], row.len(), counted as f32);
            total += loss;
            gradient[start + token * row.len()..][..row.len()].copy_from_slice(&slope);
        }
    }
    (total / counted.max(1) as f64, gradient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::UNTAGGED;

    fn targets() -> Targets {
        let window = |tags: &[u32], continues| TagWindow {
            tags: tags.into(),
            continues,
            lost: Box::default(),
        };
        // [CLS] a b [SEP], [CLS] c [SEP], and another sentence of one word.
        Targets::Tags(vec![
            window(&[UNTAGGED, 1, UNTAGGED, 2, UNTAGGED], false),
            window(&[UNTAGGED, 2, UNTAGGED], true),
            window(&[UNTAGGED, 0, UNTAGGED], false),
        ])
    }

    /// Outputs that are right about every word.
    fn outputs(targets: &Targets) -> Vec<f32> {
        let tokens = windows(targets).iter().flat_map(|window| window.tags.iter());
        let row = |&tag: &u32| {
            let mut row = [0.0; 3];
            // A token without a tag is wrong on purpose: it must not count.
            row[if tag == UNTAGGED { 1 } else { tag as usize }] = 5.0;
            row
        };
        tokens.flat_map(row).collect()
    }

    #[test]
    fn entities_go_on_in_the_next_window() {
        let names = ["O", "B-place", "I-place"].map(str::to_owned);
        let targets = targets();
        let truth = Truth {
            targets: &targets,
            thresholds: &[],
            names: &names,
        };
        let measures = ["f1", "accuracy"].map(|name| automl_metrics::metric(name).unwrap());
        let right = TokenClassification
            .measure(&outputs(&targets), truth, &measures)
            .unwrap();
        assert_eq!((right["f1"], right["accuracy"]), (1.0, 1.0));
        // The last word of the place, in the second window, is taken for something else.
        let mut wrong = outputs(&targets);
        wrong[(5 + 1) * 3] = 9.0;
        let wrong = TokenClassification.measure(&wrong, truth, &measures).unwrap();
        assert_eq!((wrong["f1"], wrong["accuracy"]), (0.0, 0.75));
    }

    #[test]
    fn a_word_without_a_token_is_one_that_the_model_has_missed() {
        let names = ["O", "B-place", "I-place"].map(str::to_owned);
        let mut targets = targets();
        let Targets::Tags(windows) = &mut targets else {
            panic!("the targets are tags")
        };
        // The place has one more word, between its second and its third.
        windows[0].lost = [LostWord { before: 2, tag: 2 }].into();
        let truth = Truth {
            targets: &targets,
            thresholds: &[],
            names: &names,
        };
        let measures = ["f1", "recall", "accuracy"].map(|name| automl_metrics::metric(name).unwrap());
        let scores = TokenClassification
            .measure(&outputs(&targets), truth, &measures)
            .unwrap();
        assert_eq!((scores["f1"], scores["recall"], scores["accuracy"]), (0.0, 0.0, 0.8));
        assert_eq!((missed(1, &names[1..]), missed(0, &names[1..])), (0, 1));
    }

    #[test]
    fn each_word_is_predicted_once_in_order() {
        let targets = targets();
        let sentence = targets.wholes();
        assert_eq!(sentence, [0..2, 2..3]);
        let first = targets.pick(&[0, 1]);
        let truth = Truth {
            targets: &first,
            thresholds: &[],
            names: &[],
        };
        let Prediction::Tags(tags) = TokenClassification.predict(&outputs(&first), truth) else {
            panic!("tags were predicted")
        };
        assert_eq!(tags.iter().map(|(tag, _)| *tag).collect::<Vec<_>>(), [1, 2, 2]);
        assert!(tags.iter().all(|(_, probability)| (0.9..1.0).contains(probability)));
    }

    #[test]
    fn a_batch_without_a_tag_costs_nothing() {
        let targets = Targets::Tags(vec![TagWindow {
            tags: [UNTAGGED; 2].into(),
            continues: false,
            lost: Box::default(),
        }]);
        let (loss, gradient) = mean_loss(&[1.0; 4], windows(&targets));
        assert_eq!((loss, gradient), (0.0, vec![0.0; 4]));
    }
}
