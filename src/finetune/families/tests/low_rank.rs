//! Holds low-rank adapters to what the library `peft` computes with the same tiny weights.

use super::{
    CLASSIFICATION, GROUP, Report, labels, optimizer, pass,
    reference::{Reference, Tiny, probe, relative_difference},
    strings, update,
};
use crate::{
    FineTuned, PeftAdapter,
    adapters::{self, LowRankSettings},
    backend::{Device, values},
    data::{Inputs, Text},
    networks::{Batch, Model},
    parameters::Parameters,
    trainable::Trainable,
    weights::WeightFile,
};

/// The families with a reference of an adapter.
const FAMILIES: [&str; 3] = ["bert", "llama", "gpt2"];

/// The prefix of names in an adapter's file.
const PREFIX: &str = "base_model.model.";

/// A reference's model with its adapter, whose values are read from the file that `peft` wrote.
fn adapted(reference: &Reference) -> Tiny {
    let tiny = reference.model(CLASSIFICATION);
    let settings = LowRankSettings {
        rank: 4,
        alpha: 8.0,
        ..LowRankSettings::default()
    };
    let network = adapters::adapt(&tiny.network, &settings, |_| true);
    let parameters = tiny.parameters.extended(&network.parameters, Device::Cpu);
    let mut tiny = Tiny {
        network,
        parameters,
        ..tiny
    };
    let file = WeightFile::read(&reference.folder().join("lora/adapter_model.safetensors")).unwrap();
    for (name, stored) in file.tensors {
        let ours = name.strip_prefix(PREFIX).unwrap();
        let handle = tiny.handle(ours).unwrap_or_else(|| panic!("no {ours}"));
        let Tiny { parameters, .. } = &mut tiny;
        parameters.set(handle, stored.values, Device::Cpu);
    }
    tiny
}

fn with<'a>(tiny: &'a Tiny, parameters: &'a Parameters) -> Model<'a> {
    Model {
        parameters,
        ..tiny.model()
    }
}

/// The adapter and the classifier, as in the reference.
fn trainable(reference: &Reference, tiny: &Tiny) -> Trainable {
    let trained: Vec<_> = strings(&reference.words["lora"]["trained"])
        .iter()
        .map(|name| tiny.handle(name.strip_prefix(PREFIX).unwrap()).unwrap())
        .collect();
    let list = tiny.parameters.list();
    Trainable::new(list, 0, |handle, _| trained.contains(&handle), |_| GROUP)
}

#[test]
fn an_adapter_gives_the_reference_s_logits_and_merges_into_them() {
    for name in FAMILIES {
        let Some(reference) = Reference::of(name, None) else {
            return;
        };
        let mut report = Report::default();
        let tiny = adapted(&reference);
        let batch = reference.batch(&format!("{CLASSIFICATION}/in/"));
        let logits = values(&tiny.model().logits(&batch, None));
        let expected = reference.get("lora/logits").values;
        report.hold("logits", relative_difference(&logits, &expected), 1e-4);
        let merged = adapters::merged(&tiny.network, &tiny.parameters);
        let plain = reference.model(CLASSIFICATION);
        let model = Model {
            network: &plain.network,
            parameters: &merged,
            device: Device::Cpu,
        };
        let logits = values(&model.logits(&batch, None));
        let expected = reference.get("lora/merged/logits").values;
        report.hold("merged logits", relative_difference(&logits, &expected), 1e-4);
        for matrix in reference.names("lora/merged/") {
            let Some(handle) = tiny.handle(&matrix) else { continue };
            let expected = reference.get(&format!("lora/merged/{matrix}")).values;
            let found = merged.stored(handle).values;
            report.hold(&matrix, relative_difference(&found, &expected), 1e-5);
        }
        assert!(report.faults.is_empty(), "{name}: {:?}", report.faults);
    }
}

#[test]
fn an_adapter_has_the_reference_s_gradients_and_learns_in_the_same_steps() {
    for name in FAMILIES {
        let Some(reference) = Reference::of(name, None) else {
            return;
        };
        let mut report = Report::default();
        let tiny = adapted(&reference);
        let batch = reference.batch(&format!("{CLASSIFICATION}/in/"));
        let (labels, trainable) = (labels(&reference), trainable(&reference, &tiny));
        let first = pass(&tiny, &tiny.parameters, &batch, &labels, &trainable);
        let loss = reference.get("lora/loss").values[0];
        report.hold("loss", (first.loss.known() - loss).abs(), 1e-5);
        let names = reference.names("lora/grad/");
        assert_eq!(
            first.gradients.len(),
            names.len(),
            "{name}: only what trains has a gradient"
        );
        let expected = |name: &str| reference.get(&format!("lora/grad/{name}")).values;
        let largest = names
            .iter()
            .flat_map(|name| expected(name))
            .fold(0.0, |most: f64, value| most.max(value.abs()));
        for parameter in &names {
            let handle = tiny.handle(parameter.strip_prefix(PREFIX).unwrap()).unwrap();
            let (_, gradient) = first.gradients.iter().find(|(known, _)| *known == handle).unwrap();
            let found = tiny.stored(handle, gradient);
            let pairs = found.iter().zip(expected(parameter));
            let apart = pairs.map(|(found, expected)| (f64::from(*found) - expected).abs());
            report.hold(parameter, apart.fold(0.0, f64::max) / largest, 1e-4);
        }
        let mut parameters = tiny.parameters.clone();
        let mut optimizer = optimizer();
        for (step, expected) in reference.get("lora/adamw/losses").values.into_iter().enumerate() {
            let pass = pass(&tiny, &parameters, &batch, &labels, &trainable);
            report.hold(
                &format!("loss of step {step}"),
                (pass.loss.known() - expected).abs(),
                1e-3,
            );
            optimizer.update(&mut parameters, (pass.loss, pass.gradients), &update(&trainable));
        }
        let logits = values(&with(&tiny, &parameters).logits(&batch, None));
        let expected = reference.get("lora/adamw/logits").values;
        report.hold("logits after training", relative_difference(&logits, &expected), 1e-3);
        for parameter in reference.names("lora/adamw/weights/") {
            let handle = tiny.handle(parameter.strip_prefix(PREFIX).unwrap()).unwrap();
            let expected = reference.get(&format!("lora/adamw/weights/{parameter}")).values;
            let expected: Vec<f32> = expected.into_iter().map(|value| value as f32).collect();
            let [found, expected] = [parameters.stored(handle).values, expected].map(|values| probe(&values));
            let apart = found
                .iter()
                .zip(&expected)
                .map(|(x, y)| (x - y).abs())
                .fold(0.0, f64::max);
            report.hold(&format!("{parameter} after training"), apart / expected[1], 1e-3);
        }
        assert!(report.faults.is_empty(), "{name}: {:?}", report.faults);
    }
}

#[test]
fn a_folder_that_peft_wrote_is_merged_into_its_base() {
    for name in FAMILIES {
        let Some(reference) = Reference::of(name, None) else {
            return;
        };
        let mut report = Report::default();
        let adapter = PeftAdapter::read(&reference.folder().join("lora")).unwrap().unwrap();
        let base = reference.folder().join(CLASSIFICATION);
        let model = FineTuned::load_adapted((&base, Some(&adapter)), Device::Cpu).unwrap();
        let Batch::Texts {
            tokens, types, lengths, ..
        } = reference.batch(&format!("{CLASSIFICATION}/in/"))
        else {
            panic!("{name} reads texts")
        };
        let mut begin = 0;
        let texts = lengths.iter().map(|&length| {
            let place = begin..begin + length;
            begin += length;
            Text {
                types: types
                    .get(place.clone())
                    .unwrap_or_default()
                    .iter()
                    .map(|&of| of as u8)
                    .collect(),
                ..tokens[place].to_vec().into()
            }
        });
        let logits = model.logits(&Inputs::Texts(texts.collect())).unwrap();
        let expected = reference.get("lora/logits").values;
        report.hold("logits", relative_difference(&logits, &expected), 1e-4);
        assert!(report.faults.is_empty(), "{name}: {:?}", report.faults);
    }
}
