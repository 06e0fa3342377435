//! The heads for tokens and for answers, held to the references of all encoders.

use super::{
    Report, above,
    reference::{Numbers, Reference, probe, relative_difference},
    strings,
};
use crate::{
    backend::values,
    data::{AnswerTargets, AnswerWindow, Question, TagWindow, Targets, UNTAGGED},
    families::HeadKind,
    imbalance::TrainingLoss,
    networks::{Batch, Model},
    tasks::{self, TaskKind},
};

/// All encoders, by the names of their references: `transformers` has these heads for them.
const ENCODERS: [&str; 9] = [
    "bert",
    "distilbert",
    "roberta",
    "xlm-roberta",
    "electra",
    "albert",
    "mpnet",
    "deberta-v2",
    "modernbert",
];

fn for_encoders(check: impl Fn(&Reference) -> Vec<String>) {
    let mut faults = Vec::new();
    for name in ENCODERS {
        let Some(reference) = Reference::of(name, None) else {
            return;
        };
        faults.extend(check(&reference).into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

fn lengths(batch: &Batch) -> &[usize] {
    match batch {
        Batch::Texts { lengths, .. } => lengths,
        Batch::Images { .. } => panic!("texts were given"),
    }
}

/// The numbers of real tokens, `width` for each.
fn without_padding(numbers: &Numbers, lengths: &[usize], width: usize) -> Vec<f64> {
    let rows = numbers.rows().zip(lengths);
    rows.flat_map(|(row, length)| row[..length * width].to_vec()).collect()
}

#[test]
fn tagged_tokens_are_those_of_the_reference() {
    const HEAD: &str = "token-classification";
    let task = tasks::task(TaskKind::TokenClassification).unwrap();
    for_encoders(|reference| {
        let mut report = Report::default();
        let tiny = reference.model_with(HEAD, HeadKind::Tokens);
        let batch = reference.batch(&format!("{HEAD}/in/"));
        let lengths = lengths(&batch);
        let labels = without_padding(&reference.get(&format!("{HEAD}/labels/labels")), lengths, 1);
        let mut labels = labels
            .iter()
            .map(|&label| if label < 0.0 { UNTAGGED } else { label as u32 });
        let window = |&length: &usize| TagWindow {
            tags: labels.by_ref().take(length).collect(),
            continues: false,
            lost: Box::default(),
        };
        let targets = Targets::Tags(lengths.iter().map(window).collect());
        let trainable = above(&tiny.parameters, 0);
        let pass = |parameters: &_| {
            super::pass_with(&tiny, parameters, &batch, &trainable, &|kernels, outputs| {
                let objective = task.objective(tasks::Batch {
                    training_loss: &TrainingLoss::default(),
                    kernels,
                    outputs,
                    targets: &targets,
                });
                (objective.loss, objective.gradient)
            })
        };
        let mut check_logits = |what: &str, found: &[f32], expected: &Numbers, tolerance: f64| {
            let classes = expected.shape[2];
            let expected = without_padding(expected, lengths, classes);
            report.hold(what, relative_difference(found, &expected), tolerance);
        };
        let logits = values(&tiny.model().logits(&batch, None));
        check_logits("logits", &logits, &reference.get(&format!("{HEAD}/logits")), 1e-4);
        let first = pass(&tiny.parameters);
        let mut parameters = tiny.parameters.clone();
        let mut optimizer = super::optimizer();
        let losses = reference.get(&format!("{HEAD}/adamw/all/losses"));
        let mut found = Vec::new();
        for _ in &losses.values {
            let pass = pass(&parameters);
            found.push(pass.loss.known());
            optimizer.update(&mut parameters, (pass.loss, pass.gradients), &super::update(&trainable));
        }
        let trained = Model {
            parameters: &parameters,
            ..tiny.model()
        };
        let logits = values(&trained.logits(&batch, None));
        let expected = reference.get(&format!("{HEAD}/adamw/all/logits"));
        check_logits("logits after training", &logits, &expected, 1e-3);
        let loss = reference.get(&format!("{HEAD}/loss")).values[0];
        report.hold("loss", (first.loss.known() - loss).abs(), 1e-5);
        for (step, (found, expected)) in found.iter().zip(&losses.values).enumerate() {
            report.hold(&format!("loss: step {step}"), (found - expected).abs(), 1e-3);
        }
        let words = &reference.words[HEAD];
        let vanishing = strings(&words["vanishing_gradients"]);
        let probes = reference.get(&format!("{HEAD}/grad_probes"));
        for (name, expected) in strings(&words["parameters"]).iter().zip(probes.rows()) {
            if vanishing.contains(name) {
                continue;
            }
            let found = tiny.handle(name).and_then(|handle| {
                let (_, gradient) = first.gradients.iter().find(|(known, _)| *known == handle)?;
                Some(probe(&tiny.stored(handle, gradient)))
            });
            let Some(found) = found else {
                report.faults.push(format!("no gradient of {name}"));
                continue;
            };
            let apart = found.iter().zip(expected).map(|(x, y)| (x - y).abs());
            report.hold(
                &format!("probe of the gradient of {name}"),
                apart.fold(0.0, f64::max) / expected[1],
                1e-3,
            );
        }
        report.faults
    });
}

/// The library lets an answer begin on padding, so its loss depends on the other texts of a batch. Ours does not, so it is
/// compared with the loss of the library's own outputs at the tokens that are there.
#[test]
fn beginnings_and_ends_of_answers_are_those_of_the_reference() {
    const HEAD: &str = "question-answering";
    let task = tasks::task(TaskKind::QuestionAnswering).unwrap();
    for_encoders(|reference| {
        let mut report = Report::default();
        let tiny = reference.model_with(HEAD, HeadKind::Answers);
        let batch = reference.batch(&format!("{HEAD}/in/"));
        let lengths = lengths(&batch);
        let logits = values(&tiny.model().logits(&batch, None));
        let positions = ["start", "end"].map(|end| reference.get(&format!("{HEAD}/labels/{end}_positions")).values);
        let mut exact = Vec::new();
        for (output, end) in ["start_logits", "end_logits"].into_iter().enumerate() {
            let expected = without_padding(&reference.get(&format!("{HEAD}/{end}")), lengths, 1);
            let found: Vec<f32> = logits.iter().skip(output).step_by(2).copied().collect();
            report.hold(end, relative_difference(&found, &expected), 1e-4);
            exact.push(expected);
        }
        let window = |(row, &length): (usize, &usize)| AnswerWindow {
            question: row as u32,
            // An end that lies outside of its text is moved into it, here and in what is expected.
            span: [0, 1].map(|end| (positions[end][row] as u32).min(length as u32 - 1)),
            tokens: length as u32,
            first: 0,
            offsets: Box::default(),
        };
        let windows: Vec<AnswerWindow> = lengths.iter().enumerate().map(window).collect();
        let mut expected = 0.0;
        for (end, exact) in exact.iter().enumerate() {
            let mut rest = exact.as_slice();
            for window in &windows {
                let (row, others) = rest.split_at(window.tokens as usize);
                rest = others;
                let sum: f64 = row.iter().map(|output| output.exp()).sum();
                expected += sum.ln() - row[window.span[end] as usize];
            }
        }
        let questions = lengths.iter().map(|_| Question {
            context: "".into(),
            answers: Vec::new(),
        });
        let targets = Targets::Answers(AnswerTargets {
            questions: questions.collect(),
            allows_none: true,
            windows,
        });
        let loss = task.loss(&logits, &targets);
        report.hold("loss", (loss - expected / (2 * lengths.len()) as f64).abs(), 1e-5);
        report.faults
    });
}
