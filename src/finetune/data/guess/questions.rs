//! Questions whose answers are parts of a context.

use automl_readers::{Record, Value};

use super::sample::Sample;
use super::{Choice, Found, Wishes, names};
use crate::tasks::TaskKind;

/// Names of the columns, the most telling first; those that are found without being named.
const QUESTIONS: [&str; 3] = ["question", "query", "question_text"];
const CONTEXTS: [&str; 6] = ["context", "passage", "paragraph", "document", "article", "text"];
const ANSWERS: [&str; 6] = ["answers", "answer", "answer_text", "label", "span", "target"];

/// Share of the answers that must be parts of their contexts; a few may be damaged.
const FOUND: f64 = 0.7;

/// Chooses question, context and answers; `None` if the data is something else.
pub(super) fn choose(sample: &Sample, wishes: &Wishes) -> Option<Found> {
    let [question, context] = match wishes.text.as_slice() {
        [] => [named(sample, &QUESTIONS)?, named(sample, &CONTEXTS)?],
        [question, context] => [question.clone(), context.clone()],
        _ => return None,
    };
    let answers = match wishes.label.as_slice() {
        [] => named(sample, &ANSWERS)?,
        [answers] => answers.clone(),
        _ => return None,
    };
    if question == context || answers == question || answers == context {
        return None;
    }
    let (mut given, mut found) = (0, 0);
    for record in &sample.first {
        let Some(context) = record.get(&context).and_then(Value::as_text) else {
            continue;
        };
        for answer in of_record(record, &answers) {
            given += 1;
            found += usize::from(context.contains(answer));
        }
    }
    if given == 0 || (found as f64) < FOUND * given as f64 {
        return None;
    }
    let said = |names: &[String], value, reason: String| match names {
        [] => Choice::new(value, reason),
        _ => Choice::said(value),
    };
    let reason = format!("{found} of the first {given} values of `{answers}` are parts of `{context}`");
    Some(Found {
        task: match wishes.task {
            Some(task) => Choice::said(task),
            None => Choice::new(TaskKind::QuestionAnswering, reason.clone()),
        },
        text: said(&wishes.text, vec![question, context], "their names say so".to_owned()),
        label: said(&wishes.label, vec![answers], reason),
        separator: None,
    })
}

/// The column with one of these names, or whose parts have it: `answers.text` is a part of `answers`.
fn named(sample: &Sample, wanted: &[&str]) -> Option<String> {
    let whole = |column: &str| column.split_once('.').map_or(column, |(whole, _)| whole).to_owned();
    wanted.iter().find_map(|name| {
        let mut columns = sample.columns.iter().map(|column| whole(&column.name));
        columns.find(|column| names::plain(column) == *name)
    })
}

/// The answers of a record as they are written.
fn of_record<'r>(record: &'r Record, column: &str) -> Vec<&'r str> {
    let parts = record.get(&format!("{column}.text")).or_else(|| record.get(column));
    let texts = match parts {
        Some(Value::List(values)) => values.iter().filter_map(Value::as_text).collect(),
        Some(Value::Text(text)) => vec![text.as_str()],
        Some(Value::Number(_) | Value::Boolean(_) | Value::Null) | None => Vec::new(),
    };
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}
