//! Question answering equals the scripts of SQuAD.

use automl_metrics::{
    Answers, Outcomes, Question, SquadRules, best_exact_threshold, best_f1_threshold, normalize_answer,
};
use serde_json::Value;

use crate::fixtures::{Compared, cases, is_close};

fn gold_of(case: &Value) -> Vec<Vec<String>> {
    let questions = case["questions"].as_array().unwrap().iter();
    questions
        .map(|question| serde_json::from_value(question["gold"].clone()).unwrap())
        .collect()
}

fn questions<'a>(case: &'a Value, gold: &'a [Vec<String>]) -> Vec<Question<'a>> {
    let asked = case["questions"].as_array().unwrap().iter().zip(gold);
    asked
        .map(|(question, gold)| Question {
            predicted: question["predicted"].as_str().unwrap(),
            no_answer_probability: question["no_answer"].as_f64(),
            gold,
        })
        .collect()
}

#[test]
fn question_answering_equals_the_scripts_of_squad() {
    let mut compared = Compared::default();
    for (index, case) in cases("squad.json").iter().enumerate() {
        let gold = gold_of(case);
        let questions = questions(case, &gold);
        let rules = if case["version"] == 1 {
            SquadRules::V1
        } else {
            SquadRules::V2
        };
        let answers = Answers::new(&questions)
            .with_rules(rules)
            .with_no_answer_threshold(case["threshold"].as_f64().unwrap());
        if rules == SquadRules::V2 {
            let (exact, f1) = (best_exact_threshold(&answers), best_f1_threshold(&answers));
            assert!(
                is_close(exact.threshold, &case["expected"]["best_exact_threshold"]),
                "case {index}: {exact:?}"
            );
            assert!(
                is_close(f1.threshold, &case["expected"]["best_f1_threshold"]),
                "case {index}: {f1:?}"
            );
        }
        compared.check(index, &Outcomes::Answers(answers), case);
    }
    compared.all_were_there();
}

#[test]
fn answers_are_normalised_as_in_the_scripts() {
    for case in cases("normalize.json") {
        assert_eq!(
            normalize_answer(case[0].as_str().unwrap()),
            case[1].as_str().unwrap(),
            "{case}"
        );
    }
}
