//! Holds every family of texts to what the real libraries compute with the same tiny weights.
//!
//! Tolerances are those of the references' README. What needs no reference stands in `networks/tests`.

mod heads;
mod low_rank;
mod reference;

use serde_json::Value;

use self::reference::{Reference, Tiny, probe, relative_difference};
use crate::{
    backend::{Device, values},
    dropout::DropoutKeys,
    gradients::Pass,
    networks::{Batch, Frozen, PassSettings, passes::Objective},
    optimizer::{Optimizer, Settings, Update},
    parameters::Parameters,
    trainable::{Group, Trainable},
    training_config::TrainingConfig,
};

/// All families of texts, by the names of their references.
const TEXTS: [&str; 18] = [
    "bert",
    "distilbert",
    "roberta",
    "xlm-roberta",
    "electra",
    "albert",
    "mpnet",
    "deberta-v2",
    "modernbert",
    "gpt2",
    "gpt-neox",
    "llama",
    "llama2",
    "qwen2",
    "qwen3",
    "gemma2",
    "gemma3",
    "opt",
];

const CLASSIFICATION: &str = "sequence-classification";

/// The references' learning rate and weight decay.
const GROUP: Group = Group {
    learning_rate: 1e-3,
    weight_decay: 0.01,
};

fn optimizer() -> Optimizer {
    Optimizer::new(Settings::of(&TrainingConfig::default()), Device::Cpu)
}

fn update(trainable: &Trainable) -> Update<'_> {
    Update {
        trainable,
        schedule: 1.0,
        max_grad_norm: None,
    }
}

/// Runs a check for every family whose reference is there, and reports all that fail.
fn for_all(check: impl Fn(&Reference) -> Vec<String>) {
    let mut faults = Vec::new();
    for name in TEXTS {
        let Some(reference) = Reference::of(name) else { return };
        faults.extend(check(&reference).into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// Says what is further apart than it may be.
struct Report(Vec<String>);

impl Report {
    fn hold(&mut self, what: &str, apart: f64, tolerance: f64) {
        // A NaN is not below anything.
        if apart.is_nan() || apart >= tolerance {
            self.0
                .push(format!("{what} differs by {apart:.2e}, not {tolerance:.0e}"));
        }
    }
}

fn labels(reference: &Reference) -> Vec<u32> {
    let labels = reference.get(&format!("{CLASSIFICATION}/labels/labels"));
    labels.values.iter().map(|&label| label as u32).collect()
}

/// Everything above a freeze depth, with the references' learning rate and weight decay.
fn above(parameters: &Parameters, freeze_depth: usize) -> Trainable {
    Trainable::full(parameters.list(), freeze_depth, GROUP)
}

fn pass(tiny: &Tiny, parameters: &Parameters, batch: &Batch, labels: &[u32], trainable: &Trainable) -> Pass {
    pass_with(tiny, parameters, batch, trainable, &|kernels, outputs| {
        kernels.cross_entropy(outputs, labels)
    })
}

fn pass_with(
    tiny: &Tiny,
    parameters: &Parameters,
    batch: &Batch,
    trainable: &Trainable,
    objective: Objective<'_>,
) -> Pass {
    let model = crate::networks::Model {
        parameters,
        ..tiny.model()
    };
    let settings = PassSettings {
        trainable,
        dropout: DropoutKeys::none(),
    };
    let freeze_depth = trainable.freeze_depth();
    let frozen: Option<Frozen> =
        (freeze_depth > 0).then(|| model.frozen(batch, None, &[freeze_depth]).unwrap().remove(0));
    model.pass((batch, frozen), settings, objective)
}

#[test]
fn hidden_states_and_logits_are_those_of_the_reference() {
    for_all(|reference| {
        let mut report = Report(Vec::new());
        let tiny = reference.model(CLASSIFICATION);
        let batch = reference.batch(&format!("{CLASSIFICATION}/in/"));
        let Batch::Texts { lengths, .. } = &batch else {
            panic!("texts were given")
        };
        for (index, state) in tiny.model().hidden_states(&batch).iter().enumerate() {
            let Some(expected) = reference.find(&format!("{CLASSIFICATION}/hidden_states/{index}")) else {
                continue;
            };
            let width = state.dims()[1];
            let found = values(state);
            let start: usize = lengths[0] * width;
            let end = start + (lengths[1] + lengths[2]) * width;
            let real: Vec<f64> = expected
                .rows()
                .zip(&lengths[1..3])
                .flat_map(|(row, length)| row[..length * width].to_vec())
                .collect();
            report.hold(
                &format!("hidden state {index}"),
                relative_difference(&found[start..end], &real),
                1e-4,
            );
        }
        let logits = values(&tiny.model().logits(&batch, None));
        let expected = reference.get(&format!("{CLASSIFICATION}/logits"));
        report.hold("logits", relative_difference(&logits, &expected.values), 1e-4);
        // The library counts padding on the left as positions in a gpt2; we have no padding.
        if reference.name != "gpt2" && reference.find("left_padded/logits").is_some() {
            let logits = values(&tiny.model().logits(&reference.batch("left_padded/"), None));
            let expected = reference.get("left_padded/logits");
            report.hold(
                "left-padded logits",
                relative_difference(&logits, &expected.values),
                1e-4,
            );
        }
        report.0
    });
}

#[test]
fn losses_and_gradients_are_those_of_the_reference() {
    for_all(|reference| {
        let mut report = Report(Vec::new());
        let tiny = reference.model(CLASSIFICATION);
        let batch = reference.batch(&format!("{CLASSIFICATION}/in/"));
        let pass = pass(
            &tiny,
            &tiny.parameters,
            &batch,
            &labels(reference),
            &above(&tiny.parameters, 0),
        );
        let loss = reference.get(&format!("{CLASSIFICATION}/loss")).values[0];
        report.hold("loss", (pass.loss.known() - loss).abs(), 1e-5);
        let gradient = |name: &str| {
            let handle = tiny.handle(name)?;
            let (_, gradient) = pass.gradients.iter().find(|(known, _)| *known == handle)?;
            Some(tiny.stored(handle, gradient))
        };
        let mut largest: f64 = 0.0;
        for name in reference.names(&format!("{CLASSIFICATION}/grad/")) {
            let expected = reference.get(&format!("{CLASSIFICATION}/grad/{name}"));
            largest = expected.values.iter().map(|value| value.abs()).fold(largest, f64::max);
        }
        for name in reference.names(&format!("{CLASSIFICATION}/grad/")) {
            let expected = reference.get(&format!("{CLASSIFICATION}/grad/{name}"));
            let Some(found) = gradient(&name) else {
                report.0.push(format!("no gradient of {name}"));
                continue;
            };
            let apart = found
                .iter()
                .zip(&expected.values)
                .map(|(x, y)| (f64::from(*x) - y).abs());
            report.hold(
                &format!("gradient of {name}"),
                apart.fold(0.0, f64::max) / largest,
                1e-4,
            );
        }
        let words = &reference.words[CLASSIFICATION];
        let vanishing = strings(&words["vanishing_gradients"]);
        let probes = reference.get(&format!("{CLASSIFICATION}/grad_probes"));
        for (name, expected) in strings(&words["parameters"]).iter().zip(probes.rows()) {
            if vanishing.contains(name) {
                continue;
            }
            let Some(found) = gradient(name) else {
                report.0.push(format!("no gradient of {name}"));
                continue;
            };
            let found = probe(&found);
            let apart = found.iter().zip(expected).map(|(x, y)| (x - y).abs());
            let apart = apart.fold(0.0, f64::max) / expected[1];
            report.hold(&format!("probe of the gradient of {name}"), apart, 1e-3);
        }
        report.0
    });
}

#[test]
fn five_steps_of_training_are_those_of_the_reference() {
    for_all(|reference| {
        let mut report = Report(Vec::new());
        let tiny = reference.model(CLASSIFICATION);
        let batch = reference.batch(&format!("{CLASSIFICATION}/in/"));
        let labels = labels(reference);
        let mut runs: Vec<String> = reference
            .names(&format!("{CLASSIFICATION}/adamw/"))
            .iter()
            .filter_map(|name| name.split_once('/').map(|(run, _)| run.to_owned()))
            .collect();
        runs.dedup();
        assert!(!runs.is_empty(), "{} has no training", reference.name);
        for run in runs {
            let freeze_depth = match run.as_str() {
                "all" => 0,
                "stem" => 1,
                other => other.trim_start_matches("freeze_").parse().unwrap(),
            };
            let get = |name: &str| reference.get(&format!("{CLASSIFICATION}/adamw/{run}/{name}"));
            let mut parameters = tiny.parameters.clone();
            let mut optimizer = optimizer();
            let trainable = above(&parameters, freeze_depth);
            for (step, expected) in get("losses").values.into_iter().enumerate() {
                let pass = pass(&tiny, &parameters, &batch, &labels, &trainable);
                let apart = (pass.loss.known() - expected).abs();
                report.hold(&format!("{run}: loss of step {step}"), apart, 1e-3);
                optimizer.update(&mut parameters, (pass.loss, pass.gradients), &update(&trainable));
            }
            let model = crate::networks::Model {
                parameters: &parameters,
                ..tiny.model()
            };
            let logits = values(&model.logits(&batch, None));
            report.hold(
                &format!("{run}: logits after training"),
                relative_difference(&logits, &get("logits").values),
                1e-3,
            );
        }
        report.0
    });
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
