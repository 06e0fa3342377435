//! `provenance`: the origin of a `best.yaml`, its results, and its data. The program writes it, and the search ignores
//! it.

use super::raw::{Content, Node};
use super::reader::{self, Fields, Problems};
use super::resolved::{InputPart, Provenance};

const KEYS: [&str; 11] = [
    "version",
    "study",
    "trial",
    "run",
    "metric",
    "expected",
    "standard_error",
    "seeds",
    "validation",
    "test",
    "inputs",
];

/// Reads `provenance`.
pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Provenance> {
    let fields = Fields::read(node, "provenance", &KEYS, problems)?;
    let mut word = |key: &str| match fields.get(key) {
        Some(node) => reader::text(node, key, problems),
        None => Some(String::new()),
    };
    let (version, study, metric) = (word("version"), word("study"), word("metric"));
    let mut whole = |key: &str| match fields.get(key) {
        Some(node) => reader::integer(node, key, 0..=i64::from(u32::MAX), problems).map(|number| number as u32),
        None => Some(0),
    };
    let (trial, run, seeds) = (whole("trial"), whole("run"), whole("seeds"));
    let mut number = |key: &str| match fields.get(key) {
        Some(node) => reader::number(node, key, problems).map(Some),
        None => Some(None),
    };
    let (expected, standard_error) = (number("expected"), number("standard_error"));
    let (validation, test) = (number("validation"), number("test"));
    let inputs = match fields.get("inputs") {
        Some(node) => inputs(node, problems),
        None => Some(Vec::new()),
    };
    Some(Provenance {
        version: version?,
        study: study?,
        trial: trial?,
        run: run?,
        metric: metric?,
        expected: expected?,
        standard_error: standard_error?,
        seeds: seeds?,
        validation: validation?,
        test: test?,
        inputs: inputs?,
    })
}

fn inputs(node: &Node, problems: &mut Problems) -> Option<Vec<InputPart>> {
    let Content::Sequence(items) = &node.content else {
        problems.wrong_kind(node, "inputs", "a list of parts");
        return None;
    };
    items.iter().map(|item| input(item, problems)).collect()
}

fn input(node: &Node, problems: &mut Problems) -> Option<InputPart> {
    let fields = Fields::read(node, "inputs", &["part", "rows", "fingerprint"], problems)?;
    let mut text = |key: &str| match fields.get(key) {
        Some(node) => reader::text(node, key, problems),
        None => Some(String::new()),
    };
    let (part, fingerprint) = (text("part"), text("fingerprint"));
    let rows = match fields.get("rows") {
        Some(node) => reader::integer(node, "rows", 0..=i64::MAX, problems).map(|rows| Some(rows as u64)),
        None => Some(None),
    };
    Some(InputPart {
        part: part?,
        rows: rows?,
        fingerprint: fingerprint?,
    })
}
