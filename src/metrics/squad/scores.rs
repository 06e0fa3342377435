//! Exact match and F1 of every question's answer, the best over its correct answers.

use std::collections::HashMap;

use super::normalize::normalize_answer;
use crate::outcomes::{Answers, Question, SquadRules};

/// 1 for every question whose answer equals a correct one, else 0.
pub(crate) fn exact_scores(answers: &Answers<'_>) -> Vec<f64> {
    scores(answers, |predicted, gold| f64::from(u8::from(predicted == gold)))
}

/// The F1 of the words of every question's answer.
pub(crate) fn f1_scores(answers: &Answers<'_>) -> Vec<f64> {
    match answers.rules() {
        SquadRules::V1 => scores(answers, word_f1),
        SquadRules::V2 => scores(answers, |predicted, gold| {
            if predicted.is_empty() || gold.is_empty() {
                f64::from(u8::from(predicted == gold))
            } else {
                word_f1(predicted, gold)
            }
        }),
    }
}

/// The best score of every question's answer against its correct answers, all normalised; 0 without correct answers.
fn scores(answers: &Answers<'_>, score: fn(&str, &str) -> f64) -> Vec<f64> {
    let best = |question: &Question<'_>| {
        let predicted = normalize_answer(question.predicted);
        let gold = correct_answers(question, answers.rules());
        gold.iter().map(|gold| score(&predicted, gold)).fold(0.0, f64::max)
    };
    answers.questions().iter().map(best).collect()
}

fn correct_answers(question: &Question<'_>, rules: SquadRules) -> Vec<String> {
    let mut gold: Vec<String> = question.gold.iter().map(|gold| normalize_answer(gold)).collect();
    if rules == SquadRules::V2 {
        gold.retain(|gold| !gold.is_empty());
        if gold.is_empty() {
            gold.push(String::new());
        }
    }
    gold
}

/// The harmonic mean of the shares of common words, repeated words counted as often as they occur in both.
fn word_f1(predicted: &str, gold: &str) -> f64 {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for word in gold.split_whitespace() {
        *left.entry(word).or_default() += 1;
    }
    let mut common = 0_usize;
    for word in predicted.split_whitespace() {
        if let Some(count) = left.get_mut(word).filter(|count| **count > 0) {
            *count -= 1;
            common += 1;
        }
    }
    let words = predicted.split_whitespace().count() + gold.split_whitespace().count();
    if common == 0 {
        0.0
    } else {
        2.0 * common as f64 / words as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(predicted: &str, gold: &[&str], rules: SquadRules) -> (f64, f64) {
        let gold: Vec<String> = gold.iter().map(|&gold| gold.to_owned()).collect();
        let questions = [Question {
            predicted,
            no_answer_probability: None,
            gold: &gold,
        }];
        let answers = Answers::new(&questions).with_rules(rules);
        (exact_scores(&answers)[0], f1_scores(&answers)[0])
    }

    #[test]
    fn the_best_of_several_answers_counts() {
        assert_eq!(
            score("the red car", &["bus", "car red", "red"], SquadRules::V1),
            (0.0, 1.0)
        );
        assert_eq!(score("red red car", &["red car car"], SquadRules::V1), (0.0, 2.0 / 3.0));
    }

    #[test]
    fn no_answer_meets_no_answer() {
        assert_eq!(score("", &[], SquadRules::V2), (1.0, 1.0));
        assert_eq!(score("car", &[], SquadRules::V2), (0.0, 0.0));
        assert_eq!(score("", &["car"], SquadRules::V2), (0.0, 0.0));
    }

    #[test]
    fn the_scripts_differ_on_answers_without_words() {
        assert_eq!(score("a", &["the"], SquadRules::V1), (1.0, 0.0));
        assert_eq!(score("a", &["the"], SquadRules::V2), (1.0, 1.0));
        assert_eq!(score("a", &["the", "car"], SquadRules::V2), (0.0, 0.0));
    }
}
