//! Scores of answers, as the scripts of SQuAD compute them.

use crate::{
    counts::mean,
    metric::{Formula, Goal, Metric},
    outcomes::Answers,
    squad::{best_exact_threshold, best_f1_threshold, exact_scores, f1_scores},
};

/// A row for a mean score of answers.
const fn answers(
    name: &'static str,
    aliases: &'static [&'static str],
    help: &'static str,
    formulas: &'static [Formula],
) -> Metric {
    Metric {
        name,
        aliases,
        goal: Goal::Maximize,
        is_share: true,
        help,
        formulas,
        of_class: None,
    }
}

pub(crate) const EXACT_MATCH: Metric = answers(
    "exact_match",
    &["exact", "em"],
    "share of questions whose answer equals a correct one, without case, punctuation and articles",
    &[Formula::Answers(exact_match)],
);

pub(crate) const BEST_EXACT_MATCH: Metric = answers(
    "best_exact_match",
    &["best_exact"],
    "exact match at the no-answer threshold that is best for it",
    &[Formula::Answers(|answers| best_exact_threshold(answers).value)],
);

pub(crate) const BEST_F1: Metric = answers(
    "best_f1",
    &[],
    "F1 of answers at the no-answer threshold that is best for it",
    &[Formula::Answers(|answers| best_f1_threshold(answers).value)],
);

fn exact_match(answers: &Answers<'_>) -> f64 {
    at_threshold(answers, &exact_scores(answers))
}

/// The mean F1 of predicted and correct words.
pub(super) fn f1(answers: &Answers<'_>) -> f64 {
    at_threshold(answers, &f1_scores(answers))
}

/// The mean score, where an answer whose no-answer probability is too high counts as none.
fn at_threshold(answers: &Answers<'_>, scores: &[f64]) -> f64 {
    let counted = answers.questions().iter().zip(scores).map(|(question, &score)| {
        let says_none = question.no_answer_probability.unwrap_or(0.0) > answers.no_answer_threshold();
        if says_none {
            f64::from(u8::from(!question.has_answer()))
        } else {
            score
        }
    });
    mean(counted).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcomes::Question;

    #[test]
    fn an_improbable_answer_counts_as_none() {
        let gold = ["yes".to_owned()];
        let questions = [
            Question {
                predicted: "yes",
                no_answer_probability: Some(0.9),
                gold: &gold,
            },
            Question {
                predicted: "yes",
                no_answer_probability: Some(0.9),
                gold: &[],
            },
        ];
        let answers = Answers::new(&questions);
        assert_eq!((exact_match(&answers), f1(&answers)), (0.5, 0.5));
        let strict = Answers::new(&questions[..1]).with_no_answer_threshold(0.5);
        assert_eq!(exact_match(&strict), 0.0);
        let strict = Answers::new(&questions[1..]).with_no_answer_threshold(0.5);
        assert_eq!(exact_match(&strict), 1.0);
    }
}
