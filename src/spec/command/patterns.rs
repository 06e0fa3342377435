//! `metrics`: regular expressions that find numbers in a program's output.

use std::collections::BTreeMap;

use regex::Regex;

use crate::spec::diagnostics::Diagnostic;
use crate::spec::reader::{self, Fields, Problems};

/// The reserved name for the epoch, which is not a metric.
pub const EPOCH: &str = "epoch";

/// Reads the expressions, by the name of the metric or `epoch`.
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
        problems.error(Diagnostic::error(&entry.value.location, fault).with_help(
            "put the number between parentheses, as in `'loss: (\\S+)'`; the syntax is that of Rust's `regex`",
        ));
        None
    });
    // Read all of them before returning, so that every error is reported.
    let read: Vec<Option<_>> = read.collect();
    let patterns: BTreeMap<String, String> = read.into_iter().collect::<Option<_>>()?;
    if patterns.keys().all(|name| name == EPOCH) {
        problems.error(
            Diagnostic::error(&node.location, "`metrics` names no metric")
                .with_help("write it like `metrics: {loss: 'loss: (\\S+)', epoch: 'epoch (\\d+)'}`"),
        );
        return None;
    }
    Some(patterns)
}

/// The last line of the regex error: the lines before it repeat the expression.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}
