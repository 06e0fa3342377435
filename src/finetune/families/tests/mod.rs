//! Holds every family to what the real libraries compute with the same tiny weights.
//!
//! Tolerances are those of the references' README. What needs no reference stands in `networks/tests`.

mod heads;
mod images;
mod low_rank;
mod reference;
mod variants;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use serde_json::Value;

use self::reference::{Reference, Tiny, probe, relative_difference};
use crate::{
    backend::{Device, values},
    data::Targets,
    dropout::DropoutKeys,
    gradients::Pass,
    imbalance::TrainingLoss,
    networks::{Batch, Frozen, PassSettings, passes::Objective},
    optimizer::{Optimizer, Settings, Update},
    parameters::{Handle, Parameter, Parameters, Role},
    tasks::{self, TaskKind, task},
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

/// All families of images, by the names of their references, with the height and the width of their inputs.
const IMAGES: &[(&str, [usize; 2])] = &[
    ("vit", [24, 24]),
    ("deit", [24, 24]),
    ("timm-vit_tiny", [24, 24]),
    ("dinov2", [35, 42]),
    ("resnet", [36, 40]),
    ("resnet-basic", [36, 40]),
    ("timm-resnet18", [36, 40]),
    ("timm-resnet50", [36, 40]),
    ("mobilenet_v2", [64, 80]),
    ("torchvision-mobilenet_v2", [36, 40]),
    ("efficientnet", [36, 40]),
    ("timm-efficientnet_b0", [36, 40]),
    ("timm-tf_efficientnet_lite0", [36, 40]),
    ("timm-mobilenetv3_small", [36, 40]),
    ("regnet", [36, 40]),
    ("convnext", [36, 40]),
    ("convnextv2", [36, 40]),
    ("swin", [36, 44]),
    ("timm-convnext_atto", [36, 40]),
];

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

/// Runs a check for every family of texts whose reference is there, and reports all that fail, also those that do not
/// load.
fn for_texts(check: impl Fn(&Reference, &mut Report)) {
    for_named(&TEXTS.map(|name| (name, None)), check);
}

/// Runs a check for every family of images.
fn for_images(check: impl Fn(&Reference, &mut Report)) {
    let names: Vec<_> = IMAGES.iter().map(|&(name, sides)| (name, Some(sides))).collect();
    for_named(&names, check);
}

/// Runs a check for every family.
fn for_all(check: impl Fn(&Reference, &mut Report)) {
    for_texts(&check);
    for_images(&check);
}

fn for_named(names: &[(&str, Option<[usize; 2]>)], check: impl Fn(&Reference, &mut Report)) {
    let mut faults = Vec::new();
    for &(name, sides) in names {
        let Some(reference) = Reference::of(name, sides) else {
            continue;
        };
        let mut report = Report::default();
        let run = catch_unwind(AssertUnwindSafe(|| check(&reference, &mut report)));
        if let Err(panic) = run {
            let text = panic.downcast_ref::<String>().cloned();
            report.faults.push(text.unwrap_or_else(|| "it panics".to_owned()));
        }
        println!("{name}: {}", report.largest());
        faults.extend(report.faults.iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// Says what is further apart than it may be.
#[derive(Default)]
struct Report {
    faults: Vec<String>,
    /// The largest difference of every kind of number.
    apart: BTreeMap<String, f64>,
}

impl Report {
    /// Holds a difference to its tolerance. What stands before the colon in `what` is the kind of number.
    fn hold(&mut self, what: &str, apart: f64, tolerance: f64) {
        let kind = what.split(':').next().unwrap_or(what);
        let largest = self.apart.entry(kind.to_owned()).or_insert(0.0);
        *largest = largest.max(apart);
        // A NaN is not below anything.
        if apart.is_nan() || apart >= tolerance {
            self.faults
                .push(format!("{what} differs by {apart:.2e}, not {tolerance:.0e}"));
        }
    }

    fn largest(&self) -> String {
        let parts = self.apart.iter().map(|(kind, apart)| format!("{kind} {apart:.1e}"));
        parts.collect::<Vec<_>>().join(", ")
    }
}

fn labels(reference: &Reference) -> Vec<u32> {
    let labels = reference.get(&format!("{}/labels/labels", reference.head()));
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
        drop_path: crate::dropout::DropPath::none(),
    };
    let freeze_depth = trainable.freeze_depth();
    let frozen: Option<Frozen> =
        (freeze_depth > 0).then(|| model.frozen(batch, None, &[freeze_depth]).unwrap().remove(0));
    model.pass((batch, frozen), settings, objective)
}

/// Everything that has a gradient while batch norms are in evaluation mode, as they are in the references' gradients: not
/// their own scales and shifts, which training holds.
fn evaluated(parameters: &Parameters) -> Trainable {
    let list = parameters.list();
    let has_statistics = !parameters_without_statistics(parameters);
    let is_of_norm = |parameter: &Parameter| {
        matches!(
            parameter.role,
            Role::Scale { .. } | Role::Shift | Role::Statistic { .. }
        )
    };
    Trainable::new(
        list,
        0,
        |_, parameter| !(has_statistics && is_of_norm(parameter)),
        |_| GROUP,
    )
}

fn parameters_without_statistics(parameters: &Parameters) -> bool {
    parameters.list().iter().all(Parameter::has_gradient)
}

/// A gradient in the layout of files.
fn gradient(tiny: &Tiny, pass: &Pass, name: &str) -> Option<Vec<f32>> {
    let handle = tiny.handle(name)?;
    let (_, gradient) = pass.gradients.iter().find(|(known, _)| *known == handle)?;
    Some(tiny.stored(handle, gradient))
}

/// Holds sums of the gradients of all parameters to those under `prefix`.
fn hold_gradient_sums(report: &mut Report, reference: &Reference, tiny: &Tiny, pass: &Pass, prefix: &str) {
    let words = &reference.words[reference.head()];
    let vanishing = strings(&words["vanishing_gradients"]);
    let probes = reference.get(&format!("{prefix}/grad_probes"));
    for (name, expected) in strings(&words["parameters"]).iter().zip(probes.rows()) {
        if vanishing.contains(name) {
            continue;
        }
        if tiny.ignores(name) {
            continue;
        }
        let is_trained = tiny
            .handle(name)
            .is_none_or(|handle| evaluated(&tiny.parameters).trains(handle));
        if !is_trained {
            continue;
        }
        let Some(found) = gradient(tiny, pass, name) else {
            report.faults.push(format!("no gradient of {name}"));
            continue;
        };
        let apart = probe(&found)
            .iter()
            .zip(expected)
            .map(|(x, y)| (x - y).abs())
            .fold(0.0, f64::max);
        report.hold(
            &format!("sums of gradients: {prefix}, {name}"),
            apart / expected[1],
            1e-3,
        );
    }
}

#[test]
fn hidden_states_and_logits_are_those_of_the_reference() {
    for_texts(|reference, report| {
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
                &format!("hidden states: {index}"),
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
    });
}

#[test]
fn losses_and_gradients_are_those_of_the_reference() {
    for_all(|reference, report| {
        let head = reference.head();
        let tiny = reference.model(head);
        let batch = reference.input();
        let pass = pass(
            &tiny,
            &tiny.parameters,
            &batch,
            &labels(reference),
            &evaluated(&tiny.parameters),
        );
        let loss = reference.get(&format!("{head}/loss")).values[0];
        report.hold("loss", (pass.loss.known() - loss).abs(), 1e-5 * loss.max(1.0));
        let mut largest: f64 = 0.0;
        for name in reference.names(&format!("{head}/grad/")) {
            let expected = reference.get(&format!("{head}/grad/{name}"));
            largest = expected.values.iter().map(|value| value.abs()).fold(largest, f64::max);
        }
        for name in reference.names(&format!("{head}/grad/")) {
            let expected = reference.get(&format!("{head}/grad/{name}"));
            let is_trained = tiny
                .handle(&name)
                .is_none_or(|handle| evaluated(&tiny.parameters).trains(handle));
            if !is_trained {
                continue;
            }
            let Some(found) = gradient(&tiny, &pass, &name) else {
                report.faults.push(format!("no gradient of {name}"));
                continue;
            };
            let apart = found
                .iter()
                .zip(&expected.values)
                .map(|(x, y)| (f64::from(*x) - y).abs());
            report.hold(&format!("gradients: {name}"), apart.fold(0.0, f64::max) / largest, 1e-4);
        }
        hold_gradient_sums(report, reference, &tiny, &pass, head);
    });
}

#[test]
fn several_labels_and_numbers_have_the_losses_and_gradients_of_the_reference() {
    for_texts(|reference, report| {
        let tiny = reference.model(CLASSIFICATION);
        let batch = reference.batch(&format!("{CLASSIFICATION}/in/"));
        for kind in [TaskKind::MultiLabel, TaskKind::Regression] {
            let task = task(kind).unwrap();
            let problem = task.problem_type().unwrap();
            let prefix = format!("{CLASSIFICATION}/{problem}");
            let Some(labels) = reference.find(&format!("{prefix}/labels")) else {
                report.faults.push(format!("no reference of {prefix}"));
                continue;
            };
            let width = labels.shape[1];
            let targets = match kind {
                TaskKind::MultiLabel => Targets::Labels {
                    width,
                    values: labels.values.iter().map(|&label| label > 0.5).collect(),
                },
                _ => Targets::Values {
                    width,
                    values: labels.values.iter().map(|&value| value as f32).collect(),
                },
            };
            let trainable = above(&tiny.parameters, 0);
            let settings = PassSettings {
                trainable: &trainable,
                dropout: DropoutKeys::none(),
                drop_path: crate::dropout::DropPath::none(),
            };
            let pass = tiny.model().pass((&batch, None), settings, &|kernels, outputs| {
                let found = task.objective(tasks::Batch {
                    training_loss: &TrainingLoss::default(),
                    kernels,
                    outputs,
                    targets: &targets,
                });
                (found.loss, found.gradient)
            });
            let loss = reference.get(&format!("{prefix}/loss")).values[0];
            report.hold(
                &format!("loss: {problem}"),
                (pass.loss.known() - loss).abs(),
                1e-5 * loss.max(1.0),
            );
            hold_gradient_sums(report, reference, &tiny, &pass, &prefix);
        }
    });
}

#[test]
fn five_steps_of_training_are_those_of_the_reference() {
    for_all(|reference, report| {
        let head = reference.head();
        let tiny = reference.model(head);
        let batch = reference.input();
        let labels = labels(reference);
        let mut runs: Vec<String> = reference
            .names(&format!("{head}/adamw/"))
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
            let get = |name: &str| reference.get(&format!("{head}/adamw/{run}/{name}"));
            let mut parameters = tiny.parameters.clone();
            let mut optimizer = optimizer();
            let words = &reference.words["training"][format!("{head}/adamw/{run}")];
            let tolerance = words["float32_error"]["losses"]
                .as_f64()
                .map_or(1e-3, |error| 1e-3_f64.max(10.0 * error));
            // Sixteen blocks with batch norms over three images: where a gradient is nearly 0, its sign decides a whole step.
            let room: f64 = if reference.name == "mobilenet_v2" { 20.0 } else { 1.0 };
            // Shifts before another batch norm are undetermined. They do not change training, but the running statistics
            // follow them only slowly.
            let is_determined = parameters_without_statistics(&tiny.parameters);
            let of_logits = if is_determined { 1e-3 } else { 2e-2 * room.min(10.0) };
            let tolerance = room * tolerance;
            let frozen: Vec<u64> = words["frozen"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_u64)
                .collect();
            let names = strings(&reference.words[head]["parameters"]);
            let trained = || {
                let all = names.iter().zip(0..);
                all.filter(|(name, index)| !frozen.contains(index) && !tiny.ignores(name))
            };
            let handles: Vec<Handle> = trained().map(|(name, _)| tiny.handle(name).unwrap()).collect();
            // The reference trains DeBERTa's convolution when all that it reads is frozen; we freeze it with its block.
            let list = parameters.list();
            let is_prefix = handles
                .iter()
                .all(|&handle| parameters.description(handle).is_above(freeze_depth));
            let freeze_depth = if is_prefix { freeze_depth } else { 0 };
            let trainable = Trainable::new(list, freeze_depth, |handle, _| handles.contains(&handle), |_| GROUP);
            for (step, expected) in get("losses").values.into_iter().enumerate() {
                let pass = pass(&tiny, &parameters, &batch, &labels, &trainable);
                let apart = (pass.loss.known() - expected).abs();
                report.hold(&format!("losses in training: {run}, step {step}"), apart, tolerance);
                for (handle, moved) in pass.statistics {
                    *parameters.tensor_mut(handle) = moved;
                }
                optimizer.update(&mut parameters, (pass.loss, pass.gradients), &update(&trainable));
            }
            let model = crate::networks::Model {
                parameters: &parameters,
                ..tiny.model()
            };
            let logits = values(&model.logits(&batch, None));
            report.hold(
                &format!("logits after training: {run}"),
                relative_difference(&logits, &get("logits").values),
                of_logits,
            );
            let undetermined = words["undetermined"].as_object().unwrap();
            let probes = get("probes");
            // A tensor without a gradient is among the weights there.
            let mut names = names.clone();
            if probes.shape[0] + frozen.len() > names.len() {
                let token = names.iter().position(|name| name.ends_with("cls_token")).unwrap();
                names.insert(token + 1, "dinov2.embeddings.mask_token".to_owned());
            }
            let of_all = names.iter().zip(0..).filter(|(_, index)| !frozen.contains(index));
            for ((name, _), expected) in of_all.zip(probes.rows()) {
                if tiny.ignores(name) {
                    continue;
                }
                if undetermined.contains_key(name) {
                    continue;
                }
                let found = probe(&parameters.stored(tiny.handle(name).unwrap()).values);
                let apart = found.iter().zip(expected).map(|(x, y)| (x - y).abs());
                let apart = apart.fold(0.0, f64::max) / expected[1];
                report.hold(&format!("sums of weights: {run}, {name}"), apart, room * 1e-3);
            }
            for name in reference.names(&format!("{head}/adamw/{run}/weights/")) {
                if undetermined.contains_key(&name) {
                    continue;
                }
                let found = parameters.stored(tiny.handle(&name).unwrap()).values;
                let expected = get(&format!("weights/{name}")).values;
                report.hold(
                    &format!("weights after training: {run}, {name}"),
                    relative_difference(&found, &expected),
                    room * 1e-3,
                );
            }
        }
    });
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
