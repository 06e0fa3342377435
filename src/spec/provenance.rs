//! `provenance`: the origin of a `best.yaml`, its results, and its data. The program writes it, and the search ignores
//! it.

use serde::{Deserialize, Serialize};

use super::declared::{self, Field, Items, at, field};
use super::keys::{COUNT, Kind, NUMBER, Section};

/// The origin of a `best.yaml`, and its results.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The version of the program that wrote it.
    pub version: String,
    /// The study.
    pub study: String,
    /// Its winner.
    pub trial: u32,
    /// The run of the winner whose seed is used: the winner itself or one with a fresh seed.
    pub run: u32,
    /// The metric of the values below.
    pub metric: String,
    /// Expected value of this configuration: the mean over fresh seeds on the validation examples.
    pub expected: Option<f64>,
    /// The standard error of that mean.
    pub standard_error: Option<f64>,
    /// Number of fresh seeds.
    pub seeds: u32,
    /// Value of this very run on the validation examples.
    pub validation: Option<f64>,
    /// Value of its model on the test examples.
    pub test: Option<f64>,
    /// The model and the data of the search.
    pub inputs: Vec<InputPart>,
}

/// The model or a part of the data, recorded to notice changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputPart {
    /// `model`, `train`, `validation` or `test`.
    pub part: String,
    /// Number of examples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Fingerprint of the contents that training uses.
    pub fingerprint: String,
}

/// `provenance` in the schema.
pub(super) const PROVENANCE: Section = Section {
    name: "provenance",
    about: "The origin of a `best.yaml`, its results, and its data.",
    keys: || declared::keys(KEYS),
};

/// The keys of `provenance`.
pub(super) const KEYS: &[Field<Provenance>] = &[
    field(
        "version",
        Kind::Text,
        at!(Provenance.version),
        "The version of the program that wrote it.",
    ),
    field("study", Kind::Text, at!(Provenance.study), "The study."),
    field("trial", COUNT, at!(Provenance.trial), "Its winner."),
    field(
        "run",
        COUNT,
        at!(Provenance.run),
        "The run of the winner whose seed is used: the winner itself, or one with a fresh seed.",
    ),
    field(
        "metric",
        Kind::Text,
        at!(Provenance.metric),
        "The metric of the values below.",
    ),
    field(
        "expected",
        NUMBER,
        at!(Provenance.expected),
        "The expected value: the mean over fresh seeds on the validation examples.",
    ),
    field(
        "standard_error",
        NUMBER,
        at!(Provenance.standard_error),
        "The standard error of that mean.",
    ),
    field("seeds", COUNT, at!(Provenance.seeds), "Number of fresh seeds."),
    field(
        "validation",
        NUMBER,
        at!(Provenance.validation),
        "The value of that run on the validation examples.",
    ),
    field(
        "test",
        NUMBER,
        at!(Provenance.test),
        "The value of its model on the test examples.",
    ),
    field(
        "inputs",
        Kind::List(&Kind::Section(&INPUT)),
        &Items(|provenance: &mut Provenance| &mut provenance.inputs, INPUT_KEYS),
        "The model and the data of the search.",
    ),
];

/// An item of `provenance.inputs` in the schema.
pub(super) const INPUT: Section = Section {
    name: "input",
    about: "The model or a part of the data.",
    keys: || declared::keys(INPUT_KEYS),
};

const INPUT_KEYS: &[Field<InputPart>] = &[
    field(
        "part",
        Kind::Text,
        at!(InputPart.part),
        "`model`, `train`, `validation` or `test`.",
    ),
    field(
        "rows",
        Kind::Integer { min: 0, max: u64::MAX },
        at!(InputPart.rows),
        "Number of examples.",
    ),
    field(
        "fingerprint",
        Kind::Text,
        at!(InputPart.fingerprint),
        "Fingerprint of the contents that training uses.",
    ),
];
