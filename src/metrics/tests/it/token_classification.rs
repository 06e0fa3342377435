//! Token classification equals seqeval.

use automl_metrics::{Mode, Outcomes, Scheme, Tags, check_scheme, spans};
use serde_json::{Value, json};

use crate::fixtures::{Compared, cases};

fn read<T: serde::de::DeserializeOwned>(case: &Value, key: &str) -> T {
    serde_json::from_value(case[key].clone()).unwrap()
}

fn named<'a>(tags: &[u32], names: &'a [String]) -> Vec<&'a str> {
    tags.iter().map(|&tag| names[tag as usize].as_str()).collect()
}

fn spans_as_json(sentences: &[Vec<&str>], mode: Mode) -> Value {
    let of_sentence = |tags: &Vec<&str>| -> Vec<Value> {
        spans(tags, mode)
            .iter()
            .map(|span| json!([span.entity, span.start, span.end]))
            .collect()
    };
    sentences.iter().map(of_sentence).collect()
}

#[test]
fn token_classification_equals_seqeval() {
    let mut compared = Compared::default();
    for (index, case) in cases("tags.json").iter().enumerate() {
        let names: Vec<String> = read(case, "names");
        let predicted: Vec<Vec<u32>> = read(case, "predicted");
        let tags = Tags::of_ids(&predicted, &read::<Vec<Vec<u32>>>(case, "truth"), &names).unwrap();
        let sentences: Vec<Vec<&str>> = predicted.iter().map(|tags| named(tags, &names)).collect();
        assert_eq!(spans_as_json(&sentences, Mode::Default), case["spans"], "case {index}");
        assert_eq!(
            spans_as_json(&sentences, Mode::Strict(tags.scheme())),
            case["strict_spans"],
            "case {index}"
        );
        compared.check(index, &Outcomes::Tags(tags), case);
    }
    compared.all_were_there();
}

#[test]
fn both_modes_read_the_same_entities_where_tags_are_well_formed() {
    let mut well_formed = 0;
    for case in cases("tags.json") {
        let names: Vec<String> = read(&case, "names");
        let scheme = Scheme::of(names.iter().map(String::as_str));
        for tags in read::<Vec<Vec<u32>>>(&case, "predicted") {
            let tags = named(&tags, &names);
            if check_scheme(&tags, scheme).is_ok() {
                assert_eq!(
                    spans(&tags, Mode::Default),
                    spans(&tags, Mode::Strict(scheme)),
                    "{tags:?}"
                );
                well_formed += 1;
            }
        }
    }
    assert!(well_formed > 10, "{well_formed}");
}
