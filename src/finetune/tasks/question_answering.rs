//! The part of a text that answers a question (Rajpurkar et al. 2016, `SQuAD`; Devlin et al. 2019, §4.2 and §4.3).

use automl_metrics::{Answers, Measure, MetricError, Outcomes, Question as Measured};

use super::{Answer, Batch, Objective, Prediction, Scores, Task, TaskKind, Truth, measured, on_host};
use crate::{
    data::{AnswerTargets, AnswerWindow, Targets},
    families::HeadKind,
    loss::cross_entropy,
};

/// The largest number of tokens of an answer, as in the scripts of `transformers`.
const LONGEST: usize = 30;

/// Outputs of a token: how well an answer begins there, and how well it ends there.
const OUTPUTS: usize = 2;

/// An answer counts as none above this probability that there is none.
const THRESHOLD: f64 = 0.5;

#[derive(Debug)]
pub(super) struct QuestionAnswering;

impl Task for QuestionAnswering {
    fn kind(&self) -> TaskKind {
        TaskKind::QuestionAnswering
    }

    fn head(&self) -> HeadKind {
        HeadKind::Answers
    }

    fn problem_type(&self) -> Option<&'static str> {
        None
    }

    fn labels(&self) -> Option<Vec<String>> {
        Some(["start", "end"].map(str::to_owned).to_vec())
    }

    fn loss(&self, outputs: &[f32], targets: &Targets) -> f64 {
        answers(targets).map_or(f64::NAN, |answers| mean_loss(outputs, &answers.windows).0)
    }

    fn measure(&self, outputs: &[f32], truth: Truth<'_>, measures: &[Measure]) -> Result<Scores, MetricError> {
        let Some(answers) = answers(truth.targets) else {
            return Ok(measures.iter().map(|measure| (measure.to_string(), f64::NAN)).collect());
        };
        let mut rest = outputs;
        let found = truth.targets.wholes().into_iter().map(|whole| {
            let windows = &answers.windows[whole];
            let (of_question, others) = rest.split_at(windows.iter().map(width).sum());
            rest = others;
            (windows[0].question as usize, answer(of_question, windows, answers))
        });
        let found: Vec<(usize, Option<Answer>)> = found.collect();
        let questions = found.iter().map(|(question, answer)| Measured {
            predicted: answer.as_ref().map_or("", |answer| &answer.text),
            no_answer_probability: answer.as_ref().and_then(|answer| answer.no_answer),
            gold: &answers.questions[*question].answers,
        });
        let questions: Vec<Measured<'_>> = questions.collect();
        let outcomes = Answers::new(&questions);
        let outcomes = if answers.allows_none {
            outcomes.with_no_answer_threshold(THRESHOLD)
        } else {
            outcomes
        };
        measured(&Outcomes::Answers(outcomes), measures)
    }

    fn predict(&self, outputs: &[f32], example: Truth<'_>) -> Prediction {
        let found = answers(example.targets).and_then(|answers| answer(outputs, &answers.windows, answers));
        Prediction::Answer(found.map(|answer| {
            if answer.no_answer.is_some_and(|probability| probability > THRESHOLD) {
                Answer {
                    text: String::new(),
                    characters: 0..0,
                    ..answer
                }
            } else {
                answer
            }
        }))
    }

    fn objective(&self, batch: Batch<'_>) -> Objective {
        let windows = answers(batch.targets).map_or(&[][..], |answers| &answers.windows);
        on_host(&batch, |outputs| mean_loss(outputs, windows))
    }
}

fn answers(targets: &Targets) -> Option<&AnswerTargets> {
    match targets {
        Targets::Answers(answers) => Some(answers),
        _ => None,
    }
}

/// Number of outputs of a window.
fn width(window: &AnswerWindow) -> usize {
    OUTPUTS * window.tokens as usize
}

/// The outputs of each window.
fn by_window<'a>(outputs: &'a [f32], windows: &'a [AnswerWindow]) -> impl Iterator<Item = &'a [f32]> {
    let mut rest = outputs;
    windows.iter().map(move |window| {
        let (of_window, others) = rest.split_at(width(window));
        rest = others;
        of_window
    })
}

/// One of the two outputs of each token.
fn column(outputs: &[f32], output: usize) -> Vec<f32> {
    outputs.iter().skip(output).step_by(OUTPUTS).copied().collect()
}

/// The mean over windows of the cross-entropies of both ends over all tokens, halved, and its gradient.
fn mean_loss(outputs: &[f32], windows: &[AnswerWindow]) -> (f64, Vec<f32>) {
    let terms = (OUTPUTS * windows.len()).max(1) as f64;
    let mut total = 0.0;
    let mut gradient = Vec::with_capacity(outputs.len());
    for (window, outputs) in windows.iter().zip(by_window(outputs, windows)) {
        let start = gradient.len();
        gradient.resize(start + outputs.len(), 0.0);
        for (output, &position) in window.span.iter().enumerate() {
            let column = column(outputs, output);
            let (loss, slopes) = cross_entropy(&column, &[position], column.len(), terms as f32);
            total += loss;
            for (target, slope) in gradient[start + output..].iter_mut().step_by(OUTPUTS).zip(slopes) {
                *target = slope;
            }
        }
    }
    (total / terms, gradient)
}

/// A candidate for the answer.
struct Candidate<'a> {
    window: &'a AnswerWindow,
    /// The sum of both outputs.
    sum: f32,
    score: f64,
    /// Its first and last token, counted from the first one of the context.
    span: [usize; 2],
}

/// The best answer in all windows of a question. If an output is NaN, so are its numbers.
fn answer(outputs: &[f32], windows: &[AnswerWindow], answers: &AnswerTargets) -> Option<Answer> {
    let is_broken = outputs.iter().any(|output| output.is_nan());
    let mut best: Option<Candidate<'_>> = None;
    // That there is no answer is said at the first token; the window that is the least sure of it counts.
    let mut none = f32::INFINITY;
    for (window, outputs) in windows.iter().zip(by_window(outputs, windows)) {
        none = none.min(outputs[0] + outputs[1]);
        let found = best_of(outputs, window);
        if best
            .as_ref()
            .is_none_or(|best| found.as_ref().is_some_and(|found| found.sum > best.sum))
        {
            best = found.or(best);
        }
    }
    let Candidate {
        window,
        sum,
        score,
        span: [first, last],
    } = best?;
    let context = &*answers.questions[window.question as usize].context;
    let bytes = window.offsets[first][0] as usize..window.offsets[last][1] as usize;
    let text = context.get(bytes.clone()).unwrap_or_default();
    let start = context.get(..bytes.start).map_or(0, |before| before.chars().count());
    let sure = |number: f64| if is_broken { f64::NAN } else { number };
    Some(Answer {
        text: text.to_owned(),
        characters: start..start + text.chars().count(),
        score: sure(score),
        no_answer: answers
            .allows_none
            .then(|| sure(1.0 / (1.0 + (f64::from(sum) - f64::from(none)).exp()))),
    })
}

/// The best answer within one window: the first of those with the largest sum.
fn best_of<'a>(outputs: &[f32], window: &'a AnswerWindow) -> Option<Candidate<'a>> {
    let [starts, ends] = [0, 1].map(|output| column(outputs, output));
    let first = window.first as usize;
    let tokens = window.offsets.len();
    let mut best: Option<(f32, [usize; 2])> = None;
    for start in 0..tokens {
        for end in start..tokens.min(start + LONGEST) {
            let sum = starts[first + start] + ends[first + end];
            let is_text = window.offsets[start][0] < window.offsets[end][1];
            if is_text && best.is_none_or(|(best, _)| sum > best) {
                best = Some((sum, [start, end]));
            }
        }
    }
    let (sum, span) = best?;
    let probability = |column: &[f32], token: usize| {
        let position = (first + token) as u32;
        (-cross_entropy(column, &[position], column.len(), 1.0).0).exp()
    };
    Some(Candidate {
        window,
        sum,
        score: probability(&starts, span[0]) * probability(&ends, span[1]),
        span,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::data::Question;

    /// "the cat sat" in two windows of a question of one token: `[CLS] q [SEP] the cat [SEP]` and `… cat sat [SEP]`.
    fn targets(answers: &[&str], allows_none: bool) -> Targets {
        let window = |span, offsets: [[u32; 2]; 2]| AnswerWindow {
            question: 0,
            span,
            tokens: 6,
            first: 3,
            offsets: offsets.into(),
        };
        Targets::Answers(AnswerTargets {
            windows: vec![window([4, 4], [[0, 3], [4, 7]]), window([3, 3], [[4, 7], [8, 11]])],
            questions: Arc::new([Question {
                context: "the cat sat".into(),
                answers: answers.iter().map(|&answer| answer.to_owned()).collect(),
            }]),
            allows_none,
        })
    }

    /// Outputs of two windows with these starts and ends.
    fn outputs(windows: [[[f32; 6]; 2]; 2]) -> Vec<f32> {
        let pairs = windows
            .into_iter()
            .flat_map(|[starts, ends]| starts.into_iter().zip(ends).flat_map(|(start, end)| [start, end]));
        pairs.collect()
    }

    fn answer_of(outputs: &[f32], targets: &Targets) -> Option<Answer> {
        let truth = Truth {
            targets,
            names: &[],
            thresholds: &[],
        };
        match QuestionAnswering.predict(outputs, truth) {
            Prediction::Answer(answer) => answer,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_best_window_answers_and_the_question_never_does() {
        let outputs = outputs([
            // The question's token is the best beginning, but no part of the context.
            [[0.0, 9.0, 0.0, 1.0, 0.0, 0.0], [0.0, 9.0, 0.0, 0.0, 2.0, 0.0]],
            [[0.0, 0.0, 0.0, 3.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 4.0, 0.0]],
        ]);
        let answer = answer_of(&outputs, &targets(&["cat sat"], false)).unwrap();
        assert_eq!((answer.text.as_str(), answer.characters.clone()), ("cat sat", 4..11));
        assert_eq!(answer.no_answer, None);
        let sum = |high: f64| high.exp() / (high.exp() + 5.0);
        assert!((answer.score - sum(3.0) * sum(4.0)).abs() < 1e-6, "{}", answer.score);
        let targets = targets(&["cat sat"], false);
        let truth = Truth {
            targets: &targets,
            thresholds: &[],
            names: &[],
        };
        let measures = ["exact_match", "f1"].map(|name| automl_metrics::metric(name).unwrap());
        let scores = QuestionAnswering.measure(&outputs, truth, &measures).unwrap();
        assert_eq!((scores["exact_match"], scores["f1"]), (1.0, 1.0));
    }

    #[test]
    fn an_end_never_stands_before_its_beginning() {
        let outputs = outputs([
            [[0.0, 0.0, 0.0, 0.0, 5.0, 0.0], [0.0, 0.0, 0.0, 5.0, 0.0, 0.0]],
            [[-9.0; 6], [-9.0; 6]],
        ]);
        let answer = answer_of(&outputs, &targets(&["the"], false)).unwrap();
        assert_eq!(answer.text, "the");
    }

    #[test]
    fn no_answer_is_said_where_the_model_learnt_it() {
        let sure = [[8.0, 0.0, 0.0, 1.0, 0.0, 0.0], [8.0, 0.0, 0.0, 1.0, 0.0, 0.0]];
        let outputs = outputs([sure, sure]);
        let none = answer_of(&outputs, &targets(&[], true)).unwrap();
        assert_eq!((none.text.as_str(), none.characters.clone()), ("", 0..0));
        assert!(none.no_answer.unwrap() > 0.99);
        let forced = answer_of(&outputs, &targets(&[], false)).unwrap();
        assert_eq!(forced.text, "the");
        let targets = targets(&[], true);
        let truth = Truth {
            targets: &targets,
            thresholds: &[],
            names: &[],
        };
        let measures = ["exact_match"].map(|name| automl_metrics::metric(name).unwrap());
        let scores = QuestionAnswering.measure(&outputs, truth, &measures).unwrap();
        assert_eq!(scores["exact_match"], 1.0);
        let broken = vec![f32::NAN; outputs.len()];
        let scores = QuestionAnswering.measure(&broken, truth, &measures).unwrap();
        assert!(scores["exact_match"].is_nan());
    }

    #[test]
    fn the_loss_is_the_mean_of_both_ends() {
        let targets = targets(&["cat"], false);
        let loss = QuestionAnswering.loss(&[0.0; 24], &targets);
        assert!((loss - 6.0_f64.ln()).abs() < 1e-9, "{loss}");
    }
}
