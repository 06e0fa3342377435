//! The JSON Schema of specs (draft 2020-12), generated from the table of keys, for completion and checks in editors.

use serde_json::{Map, Value as Json, json};

use super::keys::{Key, Kind, Section};
use super::root::{SPEC, sections};
use crate::catalogue::{HYPERPARAMETERS, HyperparameterKind};

/// The JSON Schema of a `space.yaml`. It accepts slightly more than the loader, which also checks rules that involve
/// several keys.
pub fn schema() -> Json {
    let sections = sections().into_iter().filter(|section| section.name != SPEC.name);
    let mut definitions: Map<String, Json> = sections
        .map(|section| (section.name.to_owned(), self::section(section)))
        .collect();
    definitions.insert("parameters".to_owned(), parameters());
    let mut root = section(&SPEC);
    for (key, value) in [
        ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        ("title", json!("automl spec")),
        ("required", json!(["parameters"])),
        (
            "anyOf",
            json!([
                {"required": ["task", "model", "data"]},
                {"required": ["function"]},
                {"required": ["command"]},
                {"required": ["program"]},
                {"required": ["ask_tell"]},
            ]),
        ),
        ("$defs", Json::Object(definitions)),
    ] {
        root[key] = value;
    }
    root
}

/// A mapping with known keys. Other keys are refused.
fn section(section: &Section) -> Json {
    let properties: Map<String, Json> = (section.keys)()
        .iter()
        .map(|key| (key.name.to_owned(), property(key)))
        .collect();
    json!({
        "type": "object",
        "description": section.about,
        "properties": properties,
        "additionalProperties": false,
    })
}

fn property(key: &Key) -> Json {
    let mut schema = kind(key.kind);
    schema["description"] = key.sentence().into();
    if let Some(default) = read(key.default_json()) {
        schema["default"] = default;
    }
    if !key.examples.is_empty() {
        schema["examples"] = key.examples.iter().filter_map(|example| read(example)).collect();
    }
    if key.is_deprecated {
        schema["deprecated"] = true.into();
    }
    schema
}

/// Parses the JSON of the table. Tests make sure that all of it is valid.
fn read(text: &str) -> Option<Json> {
    serde_json::from_str(text).ok()
}

fn kind(kind: Kind) -> Json {
    match kind {
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Text => json!({"type": "string", "minLength": 1}),
        Kind::Anything => json!({}),
        Kind::Scalar => json!({"type": ["string", "number", "boolean"]}),
        Kind::Number { min, max, open } => number(min, max, open),
        Kind::Integer { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        Kind::Duration => json!({"anyOf": [
            {"type": "number", "exclusiveMinimum": 0},
            {"type": "string", "pattern": r"^\s*([0-9.]+\s*(ms|s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)\s*)+$"},
        ]}),
        Kind::Size { min } => json!({"anyOf": [
            {"type": "number", "minimum": min},
            {"type": "string", "pattern": r"^\s*[0-9.]+\s*([kKmMgGtT]?[bB]?|[kKmMgGtT]i[bB])\s*$"},
        ]}),
        Kind::Words(words) => json!({"enum": words()}),
        Kind::OneOf(words) => json!({"enum": words}),
        Kind::Section(section) => reference(section.name),
        Kind::Parameters => reference("parameters"),
        Kind::Configuration => json!({
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        }),
        Kind::Texts => json!({"type": "object", "additionalProperties": {"type": "string", "minLength": 1}}),
        Kind::List(item) => json!({"type": "array", "items": self::kind(*item), "minItems": 1}),
        Kind::Any(kinds) => json!({"anyOf": kinds.iter().map(|kind| self::kind(*kind)).collect::<Vec<_>>()}),
    }
}

fn number(min: f64, max: f64, open: (bool, bool)) -> Json {
    let mut schema = json!({"type": "number"});
    if min.is_finite() {
        schema[if open.0 { "exclusiveMinimum" } else { "minimum" }] = min.into();
    }
    if max.is_finite() {
        schema[if open.1 { "exclusiveMaximum" } else { "maximum" }] = max.into();
    }
    schema
}

fn reference(name: &str) -> Json {
    json!({"$ref": format!("#/$defs/{name}")})
}

/// Parameters by name. Those of fine-tuning are described; functions and commands accept any.
fn parameters() -> Json {
    let parameter = json!({"anyOf": [{"type": ["string", "number", "boolean"]}, reference("parameter")]});
    let numbers = json!({"type": "object", "additionalProperties": {"type": "number", "exclusiveMinimum": 0}});
    let described = |about: &str, kind: HyperparameterKind| {
        let mut known = parameter.clone();
        if let (HyperparameterKind::WordOrNumbers(_), Some(any_of)) = (kind, known["anyOf"].as_array_mut()) {
            any_of.push(numbers.clone());
        }
        known["description"] = about.into();
        known
    };
    let known: Map<String, Json> = HYPERPARAMETERS
        .iter()
        .map(|known| (known.name.to_owned(), described(known.about, known.kind)))
        .collect();
    json!({
        "type": "object",
        "description": "Parameters by name, each with a value, some values or a range.",
        "properties": known,
        "additionalProperties": parameter,
    })
}
