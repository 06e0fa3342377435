//! `metrics`: expressions that find numbers in the text that a program prints.

use std::collections::BTreeMap;

use regex::Regex;

use crate::spec::diagnostics::Diagnostic;
use crate::spec::reader::{self, Fields, Problems};

/// The name whose number is no metric.
pub const EPOCH: &str = "epoch";

/// Reads expressions by the name of the metric, or `epoch`.
pub(super) fn read(spec: &Fields<'_>, problems: &mut Problems) -> Option<BTreeMap<String, String>> {
    let Some(node) = spec.get("metrics") else {
        return Some(BTreeMap::new());
    };
    let fields = Fields::read_any(node, "metrics", problems)?;
    let read = fields.entries().iter().map(|entry| {
        let pattern = reader::text(&entry.value, &entry.key, problems)?;
        let fault = match Regex::new(&pattern) {
            Ok(expression) if expression.captures_len() > 1 => return Some((entry.key.clone(), pattern)),
            Ok(_) => "the expression has no group: which part of the line is the number?".to_owned(),
            Err(error) => format!("invalid regular expression: {}", reason(&error)),
        };
        problems.error(Diagnostic::error(&entry.value.place, fault).with_help(
            "put the number between parentheses, as in `'loss: (\\S+)'`; the syntax is that of Rust's `regex`",
        ));
        None
    });
    // All of them are looked at before the first error counts.
    let read: Vec<Option<_>> = read.collect();
    let patterns: BTreeMap<String, String> = read.into_iter().collect::<Option<_>>()?;
    if patterns.keys().all(|name| name == EPOCH) {
        problems.error(
            Diagnostic::error(&node.place, "`metrics` names no metric")
                .with_help("write it like `metrics: {loss: 'loss: (\\S+)', epoch: 'epoch (\\d+)'}`"),
        );
        return None;
    }
    Some(patterns)
}

/// The last line of the message: those before it show the expression.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}
