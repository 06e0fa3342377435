//! The other ways in which weights and configurations lie on the hub.

use serde_json::Value;

use super::{
    CLASSIFICATION, Report, for_texts,
    reference::{Numbers, Reference, Tiny, load, outputs, relative_difference},
};
use crate::{
    backend::{Device, values},
    families::{HeadKind, HeadRequest, HeadSource},
    networks::{Batch, Model},
    pretrained::network,
    weights::{WeightFile, WeightsError},
};

/// The last hidden states of the two texts that a reference holds, and what it says of them.
fn hold_last_states(report: &mut Report, reference: &Reference, tiny: &Tiny) {
    let batch = reference.batch(&format!("{CLASSIFICATION}/in/"));
    let Batch::Texts { lengths, .. } = &batch else {
        panic!("texts were given")
    };
    let states = tiny.model().hidden_states(&batch);
    let last = states.last().unwrap();
    let expected = reference.get(&format!("{CLASSIFICATION}/hidden_states/{}", states.len() - 1));
    let width = last.dims()[1];
    let found = values(last);
    let start = lengths[0] * width;
    let found = &found[start..start + (lengths[1] + lengths[2]) * width];
    report.hold(
        "hidden states: last",
        relative_difference(found, &without_padding(&expected, &lengths[1..3], width)),
        1e-4,
    );
}

fn without_padding(states: &Numbers, lengths: &[usize], width: usize) -> Vec<f64> {
    let rows = states.rows().zip(lengths);
    rows.flat_map(|(row, length)| row[..length * width].to_vec()).collect()
}

#[test]
fn configurations_in_the_words_of_older_releases_say_the_same() {
    for_texts(|reference, report| {
        let folder = reference.folder().join(CLASSIFICATION);
        let path = folder.join("config-old.json");
        let Ok(text) = std::fs::read_to_string(&path) else {
            return;
        };
        let config: Value = serde_json::from_str(&text).unwrap();
        let tiny = reference.model(CLASSIFICATION);
        let request = HeadRequest {
            kind: HeadKind::Whole,
            outputs: outputs(&config),
            source: HeadSource::File,
        };
        let (_, old) = network(path, &config, request).unwrap();
        let model = Model {
            network: &old,
            parameters: &tiny.parameters,
            device: Device::Cpu,
        };
        let logits = values(&model.logits(&reference.batch(&format!("{CLASSIFICATION}/in/")), None));
        let expected = reference.get(&format!("{CLASSIFICATION}/logits")).values;
        report.hold("logits", relative_difference(&logits, &expected), 1e-4);
    });
}

#[test]
fn weights_of_half_the_size_give_the_reference_s_logits() {
    for_texts(|reference, report| {
        for kind in ["fp16", "bf16"] {
            let folder = reference.folder().join(kind);
            if folder.exists() {
                let tiny = load(&folder, HeadSource::File);
                let logits = values(
                    &tiny
                        .model()
                        .logits(&reference.batch(&format!("{CLASSIFICATION}/in/")), None),
                );
                let expected = reference.get(&format!("{kind}/logits")).values;
                report.hold(
                    &format!("logits: {kind}"),
                    relative_difference(&logits, &expected),
                    1e-4,
                );
            }
        }
    });
}

#[test]
fn names_of_older_releases_and_files_without_a_prefix_give_the_same_hidden_states() {
    for_texts(|reference, report| {
        for kind in ["old-style", "hub-style"] {
            let folder = reference.folder().join(kind);
            if folder.exists() {
                hold_last_states(report, reference, &load(&folder, HeadSource::New));
            }
        }
    });
}

#[test]
fn a_model_of_another_head_gives_its_base() {
    for_texts(|reference, _| {
        for head in ["token-classification", "question-answering", "causal-lm", "sharded"] {
            let folder = reference.folder().join(head);
            if folder.exists() {
                let found = std::panic::catch_unwind(|| load(&folder, HeadSource::New));
                assert!(found.is_ok(), "{head} is refused");
            }
        }
    });
}

#[test]
fn parts_of_a_file_are_the_whole() {
    for_texts(|reference, _| {
        let [parts, whole] = ["sharded", "causal-lm"].map(|name| reference.folder().join(name));
        if parts.exists() {
            let [parts, whole] = [parts, whole].map(|folder| WeightFile::read_folder(&folder).unwrap().0);
            assert_eq!(parts.tensors, whole.tensors);
        }
    });
}

#[test]
fn pickles_are_refused() {
    for_texts(|reference, _| {
        let folder = reference.folder().join("bin");
        if folder.exists() {
            let refused = WeightFile::read_folder(&folder);
            assert!(matches!(refused, Err(WeightsError::Pickle { .. })), "{refused:?}");
        }
    });
}
