//! The reference of specs: a page of Markdown for every key, generated from the table of keys, so that both are
//! complete.

use std::fmt::Write as _;

use super::distributions::{PARAMETER, distributions};
use super::keys::{Key, Kind, Section, range_words};
use super::root::SPEC;
use crate::catalogue::{HYPERPARAMETERS, HyperparameterKind};
use crate::policies::{SchedulerSpec, SearcherSpec};

/// A page of the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The key that it describes.
    pub name: &'static str,
    /// Its content.
    pub markdown: String,
}

/// A page for every key of a spec, in the usual order of a spec.
pub fn reference() -> Vec<Page> {
    let keys = (SPEC.keys)().into_iter().filter(|key| !key.is_deprecated);
    keys.map(|key| Page {
        name: key.name,
        markdown: page(&key),
    })
    .collect()
}

fn page(key: &Key) -> String {
    let mut text = format!("# `{}`\n\n{}\n\n", key.name, key.sentence());
    facts(&mut text, key);
    let mut sections = Vec::new();
    collect(key.kind, &mut sections);
    for section in sections {
        let _ = write!(text, "## The keys of `{}`\n\n{}\n\n", section.name, section.about);
        table(&mut text, &(section.keys)());
    }
    match key.name {
        "parameters" => parameters(&mut text),
        "method" => {
            let methods = SearcherSpec::all().map(|method| (method.name(), method.info().about));
            registry(&mut text, "Methods", methods);
        }
        "early_terminate" => {
            let rules = SchedulerSpec::all().map(|rule| (rule.name(), rule.info().about));
            registry(&mut text, "Types", rules);
        }
        _ => {}
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// A table of the rows of a registry.
fn registry(text: &mut String, title: &str, rows: impl Iterator<Item = (&'static str, &'static str)>) {
    let _ = write!(text, "## {title}\n\n| name | what it does |\n|---|---|\n");
    for (name, about) in rows {
        let _ = writeln!(text, "| `{name}` | {} |", cell(about));
    }
}

fn facts(text: &mut String, key: &Key) {
    let _ = writeln!(text, "- **Values:** {}", words(key.kind));
    let default = key.default_json();
    if !default.is_empty() {
        let _ = writeln!(text, "- **Default:** `{default}`");
    }
    for example in key.examples {
        let _ = writeln!(text, "- **Example:** `{}: {example}`", key.name);
    }
    let pages: Vec<String> = pages(key.name)
        .iter()
        .map(|(title, path)| format!("[{title}](../{path}.md)"))
        .collect();
    if !pages.is_empty() {
        let _ = writeln!(text, "- **More:** {}", pages.join(", "));
    }
    text.push('\n');
}

/// The pages of the book that explain a key, as titles and paths.
fn pages(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "ask_tell" => &[("Your own loop", "recipes/ask-tell")],
        "budget" => &[
            ("Planning for the deadline", "algorithms/deadline"),
            ("Resuming", "recipes/resume"),
        ],
        "cluster" => &[("A cluster", "recipes/cluster")],
        "command" | "metrics" | "program" | "wandb" => &[("Your own program", "recipes/own-program")],
        "data" | "task" => &[("Getting started", "getting-started")],
        "deterministic" | "seed" => &[("Determinism", "algorithms/determinism")],
        "early_terminate" => &[
            ("ASHA", "algorithms/schedulers/asha"),
            ("Patience and audit", "algorithms/schedulers/patience-and-audit"),
        ],
        "function" => &[("Comparing studies", "recipes/compare-studies")],
        "model" => &[
            ("Getting started", "getting-started"),
            ("Models from the hub", "recipes/hub"),
        ],
        "model_licence" => &[("Models from the hub", "recipes/hub")],
        "method" => &[("`auto`", "algorithms/searchers/auto")],
        "metric" => &[
            ("Metrics", "metrics"),
            ("Several metrics", "algorithms/several-metrics"),
        ],
        "metric_constraints" => &[("Several metrics", "algorithms/several-metrics")],
        "parameters" => &[("Coming from another tool", "recipes/coming-from")],
        "prior" => &[("Planning for the deadline", "algorithms/deadline")],
        "provenance" => &[("`best.yaml`", "files/best")],
        "resources" => &[("GPUs", "recipes/gpu"), ("The frozen cache", "algorithms/frozen-cache")],
        "selection" => &[("Selection", "algorithms/selection")],
        "tracking" => &[("Show a study elsewhere", "recipes/tracking")],
        "warm_start" => &[("For production", "recipes/production")],
        _ => &[],
    }
}

fn table(text: &mut String, keys: &[Key]) {
    text.push_str("| key | what it is | values | default |\n|---|---|---|---|\n");
    for key in keys.iter().filter(|key| !key.is_deprecated) {
        let default = key.default_json();
        let default = if default.is_empty() {
            String::new()
        } else {
            format!("`{default}`")
        };
        let examples: Vec<String> = key.examples.iter().map(|example| format!("`{example}`")).collect();
        let examples = if examples.is_empty() {
            String::new()
        } else {
            format!(", for example {}", examples.join(" or "))
        };
        let _ = writeln!(
            text,
            "| `{}` | {} | {}{} | {} |",
            key.name,
            cell(&key.sentence()),
            cell(&words(key.kind)),
            cell(&examples),
            cell(&default)
        );
    }
    text.push('\n');
}

/// The sections that a key accepts, each once, outer ones first.
fn collect(kind: Kind, sections: &mut Vec<&'static Section>) {
    match kind {
        Kind::Section(section) if sections.iter().all(|known| known.name != section.name) => {
            sections.push(section);
            for key in (section.keys)() {
                collect(key.kind, sections);
            }
        }
        Kind::List(item) => collect(*item, sections),
        Kind::Any(kinds) => kinds.iter().for_each(|kind| collect(*kind, sections)),
        Kind::Section(_)
        | Kind::Boolean
        | Kind::Text
        | Kind::Scalar
        | Kind::Anything
        | Kind::Number { .. }
        | Kind::Integer { .. }
        | Kind::Duration
        | Kind::Size { .. }
        | Kind::Words(_)
        | Kind::OneOf(_)
        | Kind::Parameters
        | Kind::Configuration
        | Kind::Texts => {}
    }
}

/// The values that a key accepts, in words.
fn words(kind: Kind) -> String {
    match kind {
        Kind::Boolean => "`true` or `false`".to_owned(),
        Kind::Text => "a text".to_owned(),
        Kind::Scalar => "a text, a number, `true` or `false`".to_owned(),
        Kind::Anything => {
            "a text, a number, `true` or `false`; for a program also a list, a mapping or null".to_owned()
        }
        Kind::Number { min, max, open } => format!("a number {}", range_words((min, max), open))
            .trim_end()
            .to_owned(),
        Kind::Integer { min, max: u64::MAX } => format!("an integer of at least {min}"),
        Kind::Integer { min, max } => format!("an integer from {min} to {max}"),
        Kind::Duration => "seconds, or a time such as `90s`, `10m` or `1h30m`".to_owned(),
        Kind::Size { .. } => "bytes, or a size such as `512MiB` or `4GB`".to_owned(),
        Kind::Words(words) => quoted(&words()),
        Kind::OneOf(words) => quoted(words),
        Kind::Section(section) => format!("a mapping with the keys of `{}`", section.name),
        Kind::Parameters => "a mapping from names to values, or to the keys of a parameter".to_owned(),
        Kind::Configuration => "a mapping from names of parameters to values".to_owned(),
        Kind::Texts => "a mapping from names to texts".to_owned(),
        Kind::List(Kind::Any(kinds)) => {
            let kinds: Vec<String> = kinds.iter().map(|kind| words(*kind)).collect();
            format!("a list, each item {}", kinds.join(" or "))
        }
        Kind::List(item) => format!("a list, each item {}", words(*item)),
        Kind::Any(kinds) => {
            let kinds: Vec<String> = kinds.iter().map(|kind| words(*kind)).collect();
            kinds.join("; or ")
        }
    }
}

fn quoted(words: &[&str]) -> String {
    let one_of = if words.len() > 1 { "one of " } else { "" };
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    format!("{one_of}{}", words.join(", "))
}

/// The tables that belong to `parameters`.
fn parameters(text: &mut String) {
    let _ = write!(text, "## The keys of a parameter\n\n{}\n\n", PARAMETER.about);
    table(text, &(PARAMETER.keys)());
    text.push_str("## Distributions\n\n| `distribution` | what it is |\n|---|---|\n");
    for distribution in distributions() {
        let _ = writeln!(text, "| `{}` | {} |", distribution.name, cell(distribution.about));
    }
    text.push_str("\n## What fine-tuning knows\n\n| parameter | what it is | values |\n|---|---|---|\n");
    for known in HYPERPARAMETERS {
        let values = match known.kind {
            HyperparameterKind::Number { rule, .. } => format!("numbers, {rule}"),
            HyperparameterKind::Integer { min } => format!("integers of at least {min}"),
            HyperparameterKind::Word(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                words.join(", ")
            }
            HyperparameterKind::Flag => "`true`, `false`".to_owned(),
            HyperparameterKind::WordOrNumbers(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("{}, numbers by name", words.join(", "))
            }
        };
        let _ = writeln!(text, "| `{}` | {} | {} |", known.name, cell(known.about), cell(&values));
    }
}

/// Escapes a text for a table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_the_loader_knows_has_a_page_with_all_its_keys() {
        let pages = reference();
        assert!(pages.iter().any(|page| page.name == "selection"));
        let selection = pages.iter().find(|page| page.name == "selection").unwrap();
        for key in ["rule", "top_k", "reseeds", "holdout"] {
            assert!(selection.markdown.contains(&format!("| `{key}` |")), "{key}");
        }
        let data = pages.iter().find(|page| page.name == "data").unwrap();
        assert!(data.markdown.contains("## The keys of `split`"), "{}", data.markdown);
    }
}
