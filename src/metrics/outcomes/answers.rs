//! Outcomes of question answering.

use serde::{Deserialize, Serialize};

/// A question's predicted and correct answers.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The predicted answer; empty if the model says that there is none.
    pub predicted: &'a str,
    /// The probability, in the model's opinion, that there is no answer; `None` counts as 0.
    pub no_answer_probability: Option<f64>,
    /// Every correct answer; empty if the question has none.
    pub gold: &'a [String],
}

impl Question<'_> {
    /// True if the question has an answer.
    pub fn has_answer(&self) -> bool {
        !self.gold.is_empty()
    }
}

/// The evaluation script whose rules are used. They differ where a text is empty once it is normalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SquadRules {
    /// SQuAD v1.1: answers without words share no word, so their F1 is 0.
    V1,
    /// SQuAD v2.0: correct answers without words are dropped; no answer has F1 1 against no answer.
    V2,
}

/// Predicted and correct answers to questions.
#[derive(Clone, Copy, Debug)]
pub struct Answers<'a> {
    questions: &'a [Question<'a>],
    rules: SquadRules,
    no_answer_threshold: f64,
}

impl<'a> Answers<'a> {
    /// Takes questions, under the rules of SQuAD v2.0 if one of them has no answer, else of v1.1. No predicted answer
    /// is turned into none.
    pub fn new(questions: &'a [Question<'a>]) -> Self {
        let all_answered = questions.iter().all(Question::has_answer);
        let rules = if all_answered { SquadRules::V1 } else { SquadRules::V2 };
        // The official script's default: no probability is higher.
        Self {
            questions,
            rules,
            no_answer_threshold: 1.0,
        }
    }

    /// The same questions under the rules of one script.
    #[must_use]
    pub fn with_rules(self, rules: SquadRules) -> Self {
        Self { rules, ..self }
    }

    /// The same questions, where an answer counts as none if its no-answer probability is higher than the threshold.
    #[must_use]
    pub fn with_no_answer_threshold(self, no_answer_threshold: f64) -> Self {
        Self {
            no_answer_threshold,
            ..self
        }
    }

    /// The questions.
    pub fn questions(&self) -> &'a [Question<'a>] {
        self.questions
    }

    /// The rules in use.
    pub fn rules(&self) -> SquadRules {
        self.rules
    }

    /// The no-answer probability above which an answer counts as none.
    pub fn no_answer_threshold(&self) -> f64 {
        self.no_answer_threshold
    }

    /// True if a no-answer probability or the threshold is NaN.
    pub fn has_nan(&self) -> bool {
        let mut probabilities = self
            .questions
            .iter()
            .filter_map(|question| question.no_answer_probability);
        self.no_answer_threshold.is_nan() || probabilities.any(f64::is_nan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_follow_from_the_questions() {
        let gold = ["yes".to_owned()];
        let answered = Question {
            predicted: "yes",
            no_answer_probability: None,
            gold: &gold,
        };
        assert_eq!(Answers::new(&[answered]).rules(), SquadRules::V1);
        assert_eq!(
            Answers::new(&[answered, Question { gold: &[], ..answered }]).rules(),
            SquadRules::V2
        );
    }

    #[test]
    fn a_nan_probability_shows() {
        let question = Question {
            predicted: "",
            no_answer_probability: Some(f64::NAN),
            gold: &[],
        };
        assert!(Answers::new(&[question]).has_nan());
    }
}
