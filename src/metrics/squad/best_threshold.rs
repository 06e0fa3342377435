//! The no-answer threshold that is best for a score.

use serde::Serialize;

use super::scores::{exact_scores, f1_scores};
use crate::outcomes::Answers;

/// A threshold and what it reaches.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BestThreshold {
    /// The mean score at the threshold, in 0..=1.
    pub value: f64,
    /// Answers with a higher no-answer probability count as none.
    pub threshold: f64,
}

/// The threshold at which most answers match exactly, as the script of SQuAD v2.0 finds it.
pub fn best_exact_threshold(answers: &Answers<'_>) -> BestThreshold {
    best(answers, &exact_scores(answers))
}

/// The threshold at which the mean F1 is highest, as the script of SQuAD v2.0 finds it.
pub fn best_f1_threshold(answers: &Answers<'_>) -> BestThreshold {
    best(answers, &f1_scores(answers))
}

/// Begins with no answer anywhere, and admits answers from the lowest no-answer probability on. As in the script,
/// questions of equal probability are admitted one by one in their order, so that among them the value may be one that
/// no threshold reaches. Without questions, or with a NaN among the probabilities, both results are NaN.
fn best(answers: &Answers<'_>, scores: &[f64]) -> BestThreshold {
    let questions = answers.questions();
    if questions.is_empty() || answers.has_nan() {
        return BestThreshold {
            value: f64::NAN,
            threshold: f64::NAN,
        };
    }
    let probability = |index: usize| questions[index].no_answer_probability.unwrap_or(0.0);
    let mut order: Vec<usize> = (0..questions.len()).collect();
    // Adding 0 makes -0 equal to 0.
    order.sort_by(|&one, &other| (probability(one) + 0.0).total_cmp(&(probability(other) + 0.0)));
    let mut sum = questions.iter().filter(|question| !question.has_answer()).count() as f64;
    let (mut best, mut threshold) = (sum, 0.0);
    for index in order {
        let question = &questions[index];
        sum += match (question.has_answer(), question.predicted.is_empty()) {
            (true, _) => scores[index],
            (false, true) => 0.0,
            (false, false) => -1.0,
        };
        if sum > best {
            (best, threshold) = (sum, probability(index));
        }
    }
    BestThreshold {
        value: best / questions.len() as f64,
        threshold,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcomes::Question;

    #[test]
    fn answers_are_admitted_while_they_help() {
        let gold = ["yes".to_owned()];
        let question = |probability, gold| Question {
            predicted: "yes",
            no_answer_probability: Some(probability),
            gold,
        };
        let questions = [
            question(0.1, &gold),
            question(0.5, &[]),
            question(0.3, &gold),
            question(0.9, &gold),
        ];
        let expected = BestThreshold {
            value: 0.75,
            threshold: 0.3,
        };
        assert_eq!(best_exact_threshold(&Answers::new(&questions)), expected);
        assert_eq!(best_f1_threshold(&Answers::new(&questions)), expected);
    }

    #[test]
    fn nothing_to_choose_from_is_nan() {
        assert!(best_f1_threshold(&Answers::new(&[])).value.is_nan());
    }
}
