//! The schema agrees with the loader.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use super::*;
use crate::spec::keys::{Key, Kind, Section};
use crate::spec::objective::{FUNCTION_METRICS, all_fine_tune_metrics};
use crate::spec::sections;
use crate::spec::{Document, DocumentContent, TEMPLATE, schema};

static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| jsonschema::draft202012::new(&schema()).unwrap());

fn json(document: &Document) -> Json {
    match &document.content {
        DocumentContent::Null => Json::Null,
        DocumentContent::Value(value) => value.to_json(),
        DocumentContent::List(items) => items.iter().map(json).collect(),
        DocumentContent::Mapping(entries) => entries
            .iter()
            .map(|(key, value)| (key.clone(), json(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// The schema's objections to a spec.
pub(super) fn faults(text: &str) -> Vec<String> {
    let document = json(&Document::read("space.yaml", text).unwrap());
    let faults = VALIDATOR.iter_errors(&document);
    faults
        .map(|fault| format!("{} at {}", fault, fault.instance_path()))
        .collect()
}

#[test]
fn specs_that_are_ours_are_accepted() {
    let mut texts = vec![
        TEMPLATE.to_owned(),
        FUNCTION.to_owned(),
        format!("{FINE_TUNE}parameters: {{dropout: 0.1}}\n"),
    ];
    for entry in std::fs::read_dir(repository().join("search-spaces")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            texts.push(std::fs::read_to_string(path).unwrap());
        }
    }
    assert!(texts.len() > 4, "there are no search spaces");
    for text in texts {
        assert_eq!(faults(&text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn specs_in_the_whole_language_are_accepted() {
    let parameters = [
        "{distribution: normal, mu: 0, sigma: 2.5, min: -1, max: 1}",
        "{values: [a, 1, true], probabilities: [0.5, 0.25, 0.25]}",
        "{min: 1, max: 9, prior: {value: 3, confidence: high}, init: 2, low_cost: 1}",
        "{min: 1e-5, max: 1e-1, log: true, prior: 1e-3, when: \"y > 1\"}",
        "{parameters: {inner: {values: [1]}, deeper: {parameters: {x: 3}}}}",
        "plain",
    ];
    for parameter in parameters {
        let text = format!(
            "function: sphere\nparameters: {{x: {parameter}}}\npoints_to_evaluate: [{{x: 1}}]\nrepeats: 3\nwarm_start: [a.csv]\n\
             metric: {{lexicographic: [{{name: loss, tolerance: 0.01}}, {{name: cost, tolerance: 1%}}]}}\nmetric_constraints: [\"loss <= 1\"]\n\
             budget: {{wall: 1h30m}}\n"
        );
        assert_eq!(faults(&text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn specs_that_are_wrong_are_refused() {
    let wrong = [
        "metod: random",
        "method: randm",
        "seed: -1",
        "seed: seven",
        "budget: {trials: 0}",
        "budget: {wall: soon}",
        "budget: {wall: 0}",
        "deterministic: 3",
        "epochs: 0",
        "epochs: {min: 0, max: 3}",
        "early_terminate: {type: asha, eta: 1}",
        "resources: {gpus: 3}",
        "metric: {name: loss, goal: up}",
        "metric: [{name: loss, tolerance: 0.01}, cost]",
        "metric: {pareto: loss}",
        "metric: {lexicographic: []}",
        "constraints: [3]",
        "warm_start: 7",
    ];
    for line in wrong {
        assert_ne!(
            faults(&format!("function: sphere\nparameters: {{x: 1}}\n{line}\n")),
            Vec::<String>::new(),
            "{line}"
        );
    }
    for text in [
        "budget: {trials: 5}\nparameters: {x: 1}\n",
        "function: sphere\nbudget: {trials: 5}\n",
        "function: sphere\nparameters: {x: [1, 2]}\n",
        "function: sphere\nparameters: {x: {min: low, max: 3}}\n",
        "function: sphere\nparameters: {x: {minimum: 1, max: 3}}\n",
        "function: sphere\nparameters: {x: {values: []}}\n",
        "function: sphere\nparameters: {x: {distribution: unifrom, min: 0, max: 1}}\n",
        "task: text-classification\nmodel: a\nparameters: {dropout: 0}\n",
        "task: text-classification\nmodel: a\ndata: {train: a.csv, split: {validation: 1.0}}\nparameters: {dropout: 0}\n",
    ] {
        assert_ne!(faults(text), Vec::<String>::new(), "{text}");
    }
}

/// A spec with `inside` in the section.
fn probe(section: &str, inside: &str) -> String {
    match section {
        "spec" => format!("{FUNCTION}{inside}\n"),
        "data" => format!(
            "task: text-classification\nmodel: a\nparameters: {{dropout: 0}}\ndata: {{train: a.csv, {inside}}}\n"
        ),
        "split" => format!(
            "task: text-classification\nmodel: a\nparameters: {{dropout: 0}}\ndata: {{train: a.csv, split: {{{inside}}}}}\n"
        ),
        "function" => format!("parameters: {{x: 1}}\nbudget: {{trials: 1}}\nfunction: {{{inside}}}\n"),
        "faults" => {
            format!("parameters: {{x: 1}}\nbudget: {{trials: 1}}\nfunction: {{name: sphere, faults: {{{inside}}}}}\n")
        }
        "command" => format!("parameters: {{x: 1}}\nmetric: accuracy\ncommand: {{run: [a], {inside}}}\n"),
        "metric" => format!(
            "task: text-classification\nmodel: a\nparameters: {{dropout: 0}}\ndata: a.csv\nmetric: {{{inside}}}\n"
        ),
        "pareto" | "lexicographic" => {
            format!("function: sphere\nparameters: {{x: 1}}\nmetric: {{{section}: [loss], {inside}}}\n")
        }
        "level" => format!("function: sphere\nparameters: {{x: 1}}\nmetric: {{lexicographic: [{{{inside}}}]}}\n"),
        "input" => format!("function: sphere\nparameters: {{x: 1}}\nprovenance: {{inputs: [{{{inside}}}]}}\n"),
        "parameter" => format!("function: sphere\nparameters: {{x: {{min: 0, max: 1, {inside}}}}}\n"),
        tracker if tracker.starts_with("tracking_") => {
            let name = tracker.trim_start_matches("tracking_");
            format!("function: sphere\nparameters: {{x: 1}}\ntracking: {{{name}: {{{inside}}}}}\n")
        }
        "prior" => format!("function: sphere\nparameters: {{x: {{min: 0, max: 1, prior: {{value: 1, {inside}}}}}}}\n"),
        other => format!("function: sphere\nparameters: {{x: 1}}\n{other}: {{{inside}}}\n"),
    }
}

/// The names that the loader suggests in place of a wrong one.
fn offered(text: &str, message: &str) -> Option<BTreeSet<String>> {
    let errors = read(text).err()?;
    let mut diagnostics = errors.diagnostics().iter();
    let help = diagnostics
        .find(|diagnostic| diagnostic.message().contains(message))?
        .help()?
        .to_owned();
    let names = help.split('`').skip(1).step_by(2);
    Some(names.map(str::to_owned).collect())
}

fn keys_of_the_loader(section: &str) -> BTreeSet<String> {
    offered(&probe(section, "zzqq: 1"), "unknown key `zzqq`").unwrap_or_default()
}

fn ours(section: &Section) -> impl Iterator<Item = Key> {
    (section.keys)().into_iter().filter(|key| !key.is_deprecated)
}

/// Reports names that are only in `ours` or only in `theirs`.
fn compare(path: &str, ours: &BTreeSet<String>, theirs: &BTreeSet<String>, faults: &mut Vec<String>) {
    for name in ours.difference(theirs) {
        faults.push(format!("the loader does not know `{path}.{name}` of the schema"));
    }
    for name in theirs.difference(ours) {
        faults.push(format!("the schema lacks `{path}.{name}`: add it to src/spec/keys.rs"));
    }
}

#[test]
fn the_schema_and_the_loader_know_the_same_keys() {
    let mut faults = Vec::new();
    for section in sections() {
        let names = ours(section).map(|key| key.name.to_owned()).collect();
        compare(section.name, &names, &keys_of_the_loader(section.name), &mut faults);
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// The words that a key accepts; empty if it accepts none.
fn words(kind: Kind) -> BTreeSet<String> {
    match kind {
        Kind::Words(words) => words().into_iter().map(str::to_owned).collect(),
        Kind::OneOf(words) => words.iter().map(|word| (*word).to_owned()).collect(),
        Kind::Any(kinds) => kinds.iter().flat_map(|kind| words(*kind)).collect(),
        Kind::Boolean
        | Kind::Text
        | Kind::Scalar
        | Kind::Anything
        | Kind::Number { .. }
        | Kind::Integer { .. }
        | Kind::Duration
        | Kind::Size { .. }
        | Kind::Section(_)
        | Kind::Parameters
        | Kind::Configuration
        | Kind::Texts
        | Kind::List(_) => BTreeSet::new(),
    }
}

#[test]
fn the_schema_and_the_loader_know_the_same_words() {
    let mut faults = Vec::new();
    for section in sections() {
        for key in ours(section) {
            let ours = words(key.kind);
            // A single word is an alternative to a number, and the loader then asks for a number.
            if ours.len() < 2 {
                continue;
            }
            let text = match (section.name, key.name) {
                ("spec", "task") => "task: zzqq\nmodel: a\ndata: a.csv\nparameters: {dropout: 0}\n".to_owned(),
                ("spec", "function") => "function: zzqq\nparameters: {x: 1}\n".to_owned(),
                ("spec", "metric") => format!("{FINE_TUNE}parameters: {{dropout: 0}}\nmetric: zzqq\n"),
                (section, key) => probe(section, &format!("{key}: zzqq")),
            };
            let mut theirs = offered(&text, "cannot be `zzqq`").unwrap_or_default();
            // The metrics depend on the objective; the schema has all of them.
            if ours.contains("cost") {
                theirs.extend(
                    all_fine_tune_metrics()
                        .iter()
                        .chain(FUNCTION_METRICS)
                        .map(|&name| name.to_owned()),
                );
            }
            compare(&format!("{}.{}", section.name, key.name), &ours, &theirs, &mut faults);
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_default_and_example_is_accepted_by_its_own_schema() {
    for section in sections() {
        for key in (section.keys)() {
            assert!(key.about.ends_with('.'), "{}.{}", section.name, key.name);
            let default = key.default_json();
            let examples = key.examples.iter().copied();
            for text in examples.chain(Some(default).filter(|json| !json.is_empty())) {
                let value: Json = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
                let whole = schema();
                let of_key = if section.name == "spec" {
                    &whole["properties"][key.name]
                } else {
                    &whole["$defs"][section.name]["properties"][key.name]
                };
                let alone = json!({"$defs": whole["$defs"], "allOf": [of_key]});
                let validator = jsonschema::draft202012::new(&alone).unwrap();
                assert!(validator.is_valid(&value), "{}.{}: {text}", section.name, key.name);
            }
        }
    }
}

#[test]
fn what_is_deprecated_is_warned_about() {
    for section in sections() {
        for key in (section.keys)().into_iter().filter(|key| key.is_deprecated) {
            let said = warnings(&probe(section.name, &format!("{}: a", key.name)));
            assert!(said.contains(&format!("`{}`", key.name)), "{said}");
        }
    }
}
