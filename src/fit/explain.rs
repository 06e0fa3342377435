//! The choices in sentences, for people.

use super::models::duration;
use super::spaces::Line;
use super::{Chosen, Reasoned, choose::Split};
use crate::spec::Task;

/// Width of the column of keys.
const WIDTH: usize = 12;

impl Chosen {
    /// A line for every choice: the key in a spec, the value, and the reason.
    pub fn explain(&self) -> Vec<String> {
        let guess = &self.guess;
        let is_pictures = self.task == Task::ImageClassification;
        let counted = if guess.is_whole { "all" } else { "the first" };
        let mut lines = vec![
            line("file", &self.file, &self.form),
            if is_pictures {
                line(
                    "pictures",
                    &format!("about {}", self.rows),
                    "for training and validation",
                )
            } else {
                line(
                    "rows",
                    &format!("about {}", self.rows),
                    &format!("columns are chosen by {counted} {}", guess.records),
                )
            },
            line("task", self.task.name(), &guess.task.reason),
        ];
        let named = |columns: &[String]| one_or_more(columns, |column| format!("`{column}`"));
        if !guess.text.value.is_empty() {
            lines.push(line("text", &named(&guess.text.value), &guess.text.reason));
        }
        if !guess.label.value.is_empty() {
            lines.push(line("label", &named(&guess.label.value), &guess.label.reason));
        }
        if let Some(separator) = &guess.separator {
            lines.push(line(
                "multi_label",
                &format!("`{}`", separator.value),
                &separator.reason,
            ));
        }
        for unused in &guess.unused {
            lines.push(line("not used", &format!("`{}`", unused.value), &unused.reason));
        }
        lines.push(line("metric", &self.metric.value, &self.metric.reason));
        let split = match self.split.value {
            Split::Shares(validation, test) => format!("validation {validation}, test {test}"),
            Split::Counts(rows) => format!("validation {rows}, test {rows}"),
        };
        lines.push(line("split", &split, &self.split.reason));
        if !is_pictures {
            let length = self.max_length.value.to_string();
            lines.push(line("max_length", &length, &self.max_length.reason));
        }
        let language = if self.passed_over.is_empty() {
            String::new()
        } else {
            format!(" ({})", self.language)
        };
        lines.push(line(
            "model",
            &self.model.value,
            &format!("{}{language}", self.model.reason),
        ));
        for passed in &self.passed_over {
            lines.push(line("", &format!("not {}", passed.value), &passed.reason));
        }
        lines.push(line("epochs", &self.epochs.0.to_string(), self.epochs.1));
        for parameter in &self.space {
            lines.push(line(parameter.name, &parameter.domain, parameter.reason));
        }
        let selection = if self.has_selection {
            "the best three are trained again with fresh seeds"
        } else {
            "too short for fresh seeds: the best trial wins"
        };
        lines.push(line("budget", &duration(self.budget), selection));
        lines
    }
}

impl Chosen {
    /// Every choice with its reason, for programs.
    pub fn to_json(&self) -> serde_json::Value {
        let guess = &self.guess;
        let choice = |value: serde_json::Value, reason: &str| serde_json::json!({"value": value, "reason": reason});
        let reasoned = |choice: &Reasoned<String>| serde_json::json!({"value": choice.value, "reason": choice.reason});
        let split = match self.split.value {
            Split::Shares(validation, test) => serde_json::json!({"validation": validation, "test": test}),
            Split::Counts(rows) => serde_json::json!({"validation": rows, "test": rows}),
        };
        let parameter = |line: &Line| (line.name.to_owned(), choice(line.domain.clone().into(), line.reason));
        let parameters: serde_json::Map<_, _> = self.space.iter().map(parameter).collect();
        serde_json::json!({
            "file": self.file,
            "form": self.form,
            "rows": self.rows,
            "task": choice(self.task.name().into(), &guess.task.reason),
            "text": choice(guess.text.value.clone().into(), &guess.text.reason),
            "label": choice(guess.label.value.clone().into(), &guess.label.reason),
            "metric": reasoned(&self.metric),
            "split": choice(split, &self.split.reason),
            "max_length": choice(self.max_length.value.into(), &self.max_length.reason),
            "language": self.language,
            "model": reasoned(&self.model),
            "passed_over": self.passed_over.iter().map(reasoned).collect::<Vec<_>>(),
            "epochs": choice(self.epochs.0.into(), self.epochs.1),
            "parameters": parameters,
            "budget_seconds": self.budget,
            "fresh_seeds": self.has_selection,
        })
    }
}

fn line(key: &str, value: &str, reason: &str) -> String {
    let colon = if reason.is_empty() { "" } else { ": " };
    // A column name may contain anything.
    let value = value
        .escape_debug()
        .to_string()
        .replace("\\'", "'")
        .replace("\\\"", "\"");
    format!("{key:WIDTH$} {value}{colon}{reason}")
}

/// One name, or a list in brackets.
pub(super) fn one_or_more(names: &[String], shown: impl Fn(&str) -> String) -> String {
    match names {
        [only] => shown(only),
        several => {
            let names: Vec<String> = several.iter().map(|name| shown(name)).collect();
            format!("[{}]", names.join(", "))
        }
    }
}
