//! Compares with Hugging Face's numbers if they are available, and gradients with finite differences of the loss.

use std::path::Path;

use super::{
    block::{Block, Positions},
    *,
};
use crate::{
    batching::gather,
    data::Inputs,
    models::{Network, PassSettings},
    optimizer::{AdamW, Update},
    pretrained::{read_config, read_parameters},
    testing,
    units::Seed,
};

const DEVICE: Device = Device::Cpu;

fn load(folder: &Path, head: Head) -> (Bert, Parameters) {
    let (_, config) = read_config(folder).unwrap();
    let config = BertConfig::parse(&config.to_string()).unwrap();
    let bert = Bert {
        config,
        head,
        head_source: HeadSource::New,
        classes: 2,
    };
    let bytes = std::fs::read(folder.join("model.safetensors")).unwrap();
    let parameters = read_parameters(&Network::Bert(bert.clone()), &bytes, "model", DEVICE).unwrap();
    (bert, parameters)
}

/// The hidden states before and after every block, at all positions.
fn hidden_states(bert: &Bert, parameters: &Parameters, batch: &Batch) -> Vec<Tensor<2>> {
    let (tokens, lengths) = texts(batch);
    let layout = bert.layout(lengths, DEVICE);
    let mut states = vec![bert.embed(parameters, (tokens, &layout), None, DEVICE).0];
    for number in 0..bert.config.num_hidden_layers {
        let block = bert.block(parameters, &layout, number, DropoutKeys::none(), DEVICE);
        let block = Block {
            positions: Positions::All,
            ..block
        };
        states.push(block.forward(states[number].clone()).0);
    }
    states
}

fn batch(reference: &serde_json::Value) -> Batch {
    let rows = reference["input_ids"].as_array().unwrap();
    let masks = reference["attention_mask"].as_array().unwrap();
    let texts = rows.iter().zip(masks).map(|(row, mask)| {
        let length = testing::numbers(mask).iter().sum::<f64>() as usize;
        testing::numbers(row)[..length]
            .iter()
            .map(|&token| token as u32)
            .collect()
    });
    let texts: Vec<Vec<u32>> = texts.collect();
    let places: Vec<u32> = (0..texts.len() as u32).collect();
    gather(&Inputs::Texts(texts), &places)
}

fn forward_equals(reference: &serde_json::Value, folder: &Path) {
    let (bert, parameters) = load(folder, Head::Pooler);
    let batch = batch(reference);
    let (_, lengths) = texts(&batch);
    let layout = bert.layout(lengths, DEVICE);
    let hidden = bert.config.hidden_size;
    let states = hidden_states(&bert, &parameters, &batch);
    let first = states.last().unwrap().clone().select(&layout.firsts());
    let close = |what: &str, found: &[f32], expected: &serde_json::Value| {
        let difference = testing::largest_difference(found, &testing::numbers(expected));
        println!("{what}: {difference:.2e}");
        assert!(difference < 1e-4, "{what} differs by {difference}");
    };
    close("cls_last_hidden", &values(&first), &reference["cls_last_hidden"]);
    let short = bert.first_hidden(&parameters, &batch, None, DEVICE);
    close(
        "cls_last_hidden by the short way",
        &values(&short),
        &reference["cls_last_hidden"],
    );
    let last = values(states.last().unwrap());
    let mean: Vec<f32> = lengths
        .iter()
        .enumerate()
        .flat_map(|(text, &length)| {
            let rows = &last[layout.starts[text] * hidden..][..length * hidden];
            (0..hidden).map(move |column| rows.iter().skip(column).step_by(hidden).sum::<f32>() / length as f32)
        })
        .collect();
    close("mean_pooled", &mean, &reference["mean_pooled"]);
    let norm = |state: &Tensor<2>| {
        let rows = values(&state.clone().select(&layout.firsts()));
        let norm = |row: &[f32]| row.iter().map(|value| value * value).sum::<f32>().sqrt();
        rows.chunks_exact(hidden).map(norm).collect::<Vec<_>>()
    };
    let norms: Vec<f32> = states.iter().flat_map(norm).collect();
    close("block_outputs_cls_norm", &norms, &reference["block_outputs_cls_norm"]);
    if !reference["pooler_output"].is_null() {
        close(
            "pooler_output",
            &values(&Bert::pool(&parameters, first, DEVICE)),
            &reference["pooler_output"],
        );
    }
}

/// A training pass that computes the activations of the frozen blocks first.
fn trained_pass(bert: &Bert, parameters: &Parameters, batch: &Batch, labels: &[u32], settings: PassSettings) -> Pass {
    let stops = [settings.freeze_depth];
    let frozen = (settings.freeze_depth > 0).then(|| bert.frozen(parameters, (batch, None), &stops, DEVICE).remove(0));
    bert.pass(parameters, (batch, frozen), labels, settings, DEVICE)
}

fn training_equals(reference: &serde_json::Value, folder: &Path) {
    let (bert, base) = load(folder, Head::Cls);
    let batch = batch(reference);
    for run in reference["training"]["runs"].as_array().unwrap() {
        let freeze_depth = run["freeze_depth"].as_u64().unwrap() as usize;
        let labels: Vec<u32> = testing::numbers(&run["labels"])
            .iter()
            .map(|&label| label as u32)
            .collect();
        let mut parameters = base.clone();
        let hidden = bert.config.hidden_size;
        // The reference's weight[i][j] = 0.02 · sin(i · hidden + j), transposed.
        let weight = |place: usize| (0.02 * ((place % 2 * hidden + place / 2) as f64).sin()) as f32;
        let place = parameters.list().len() - 2;
        *parameters.tensor_mut(place) = DEVICE.tensor((0..2 * hidden).map(weight).collect(), [2 * hidden]);
        assert_eq!(parameters.trainable(freeze_depth), run["trainable"].as_u64().unwrap());
        let mut optimizer = AdamW::new(DEVICE);
        let settings = PassSettings {
            freeze_depth,
            dropout: DropoutKeys::none(),
        };
        for (step, expected) in testing::numbers(&run["losses"]).into_iter().enumerate() {
            let pass = trained_pass(&bert, &parameters, &batch, &labels, settings);
            let loss = pass.loss.known();
            println!("freeze depth {freeze_depth}, step {step}: {loss:.6} for {expected:.6}");
            assert!(
                (loss - expected).abs() < 1e-3,
                "depth {freeze_depth}, step {step}: {loss}"
            );
            let update = Update {
                learning_rate: 1e-3,
                weight_decay: 0.01,
                max_grad_norm: None,
            };
            optimizer.update(&mut parameters, (pass.loss, pass.gradients), update);
        }
        let trainable = parameters
            .list()
            .iter()
            .filter(|parameter| parameter.trains(freeze_depth))
            .count();
        let moved = (0..parameters.list().len()).filter(|&index| optimizer.moments(index).is_some());
        assert_eq!(moved.count(), trainable, "moments only for what trains");
    }
}

#[test]
fn bert_tiny_equals_the_reference_forward() {
    if let (Some(reference), Some(folder)) = (testing::reference("bert-tiny.json"), testing::shared("bert-tiny")) {
        forward_equals(&reference, &folder);
    }
}

#[test]
fn bert_tiny_trains_like_the_reference_at_every_freeze_depth() {
    if let (Some(reference), Some(folder)) = (testing::reference("bert-tiny.json"), testing::shared("bert-tiny")) {
        training_equals(&reference, &folder);
    }
}

#[test]
fn minilm_equals_the_reference_forward() {
    if let (Some(reference), Some(folder)) = (testing::reference("all-MiniLM-L6-v2.json"), testing::minilm()) {
        forward_equals(&reference, &folder);
    }
}

#[test]
fn minilm_trains_like_the_reference_at_every_freeze_depth() {
    if let (Some(reference), Some(folder)) = (testing::reference("all-MiniLM-L6-v2.json"), testing::minilm()) {
        training_equals(&reference, &folder);
    }
}

fn small(head: Head) -> (Bert, Parameters, Batch, Vec<u32>) {
    let folder = tempfile::tempdir().unwrap();
    testing::write_small_bert(folder.path());
    let (bert, mut parameters) = load(folder.path(), head);
    parameters.start_head(Seed(1), DEVICE);
    let examples = testing::texts(5, 2);
    (
        bert,
        parameters,
        gather(&examples.inputs, &[0, 1, 2, 3, 4]),
        examples.labels,
    )
}

#[test]
fn every_gradient_is_the_slope_of_the_loss_with_dropout_and_padding() {
    for head in [Head::Cls, Head::Pooler] {
        let (bert, parameters, batch, labels) = small(head);
        let settings = PassSettings {
            freeze_depth: 0,
            dropout: DropoutKeys::new(0.3, Seed(2), 40),
        };
        let pass = trained_pass(&bert, &parameters, &batch, &labels, settings);
        assert_eq!(
            pass.gradients.len(),
            parameters.list().len(),
            "every parameter has a gradient"
        );
        for (index, gradient) in pass.gradients {
            let name = parameters.list()[index].name.clone();
            let gradient = match gradient {
                Gradient::Dense(gradient) => values(&gradient),
                Gradient::Rows { rows, values } => {
                    let mut dense = vec![0.0; parameters.list()[index].length()];
                    for (&row, values) in rows.iter().zip(values.chunks_exact(16)) {
                        dense[row as usize * 16..][..16].copy_from_slice(values);
                    }
                    dense
                }
            };
            // In the direction of the gradient, the slope is the gradient's squared norm.
            let squared: f64 = gradient.iter().map(|value| f64::from(value * value)).sum();
            let step = 2e-2 / squared.sqrt().max(1e-6);
            let at = |sign: f64| {
                let mut moved = parameters.clone();
                let start = values(&moved.vector(index));
                let shifted = start
                    .iter()
                    .zip(&gradient)
                    .map(|(start, slope)| start + (sign * step) as f32 * slope);
                *moved.tensor_mut(index) = DEVICE.tensor(shifted.collect(), [start.len()]);
                trained_pass(&bert, &moved, &batch, &labels, settings).loss.known()
            };
            let slope = (at(1.0) - at(-1.0)) / (2.0 * step);
            let tolerance = 0.02 * squared + 2e-5 * squared.sqrt() + 1e-9;
            assert!(
                (slope - squared).abs() < tolerance,
                "{head:?} {name}: slope {slope}, gradient {squared}"
            );
        }
    }
}

#[test]
fn freezing_changes_no_gradient_of_what_still_trains() {
    let (bert, parameters, batch, labels) = small(Head::Pooler);
    let gradients = |freeze_depth| {
        let settings = PassSettings {
            freeze_depth,
            dropout: DropoutKeys::none(),
        };
        trained_pass(&bert, &parameters, &batch, &labels, settings).gradients
    };
    let all = gradients(0);
    for depth in 1..=2 {
        let some = gradients(depth);
        let expected = parameters
            .list()
            .iter()
            .filter(|parameter| parameter.trains(depth))
            .count();
        assert_eq!(some.len(), expected);
        for (index, gradient) in some {
            let (_, whole) = all.iter().find(|(other, _)| *other == index).unwrap();
            let (Gradient::Dense(gradient), Gradient::Dense(whole)) = (gradient, whole) else {
                panic!("word vectors do not train here");
            };
            assert_eq!(values(&gradient), values(whole));
        }
    }
}

#[test]
fn padding_changes_no_logit() {
    let (bert, parameters, _, _) = small(Head::Pooler);
    let texts = Inputs::Texts(vec![vec![1, 5, 9], vec![1, 7, 8, 9, 11, 20, 3]]);
    let both = values(&bert.logits(&parameters, &gather(&texts, &[0, 1]), None, DEVICE));
    let alone = values(&bert.logits(&parameters, &gather(&texts, &[0]), None, DEVICE));
    assert!(
        both[..2]
            .iter()
            .zip(alone)
            .all(|(both, alone)| (both - alone).abs() < 1e-5)
    );
}
