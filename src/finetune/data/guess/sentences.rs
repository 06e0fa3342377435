//! Sentences whose words have tags.

use automl_readers::{Record, Value};

use super::sample::{Column, Sample};
use super::{Choice, Found, Wishes, names};
use crate::tasks::TaskKind;

/// Names of words and texts, and of tags and spans, the most telling first.
const WORDS: [&str; 5] = ["tokens", "words", "text", "sentence", "form"];
const TAGS: [&str; 8] = [
    "tags", "ner_tags", "labels", "spans", "entities", "label", "ner", "pos_tags",
];

/// Share of the records in which words and tags must fit together.
const FITTING: f64 = 0.9;

/// Most different tags; more are words.
const MOST_TAGS: usize = 200;

/// Chooses the words and their tags; `None` if the data is something else.
pub(super) fn choose(sample: &Sample, wishes: &Wishes) -> Option<Found> {
    let texts = candidates(sample, &wishes.text, &WORDS);
    let tags = candidates(sample, &wishes.label, &TAGS);
    let pairs = tags.iter().flat_map(|tags| texts.iter().map(move |text| (text, tags)));
    let mut fitting = pairs.filter(|(text, tags)| text != tags);
    let (text, tags, reason) = fitting.find_map(|(text, tags)| {
        let reason = fit(sample, text, tags)?;
        Some((text.clone(), tags.clone(), reason))
    })?;
    let said = |names: &[String], value: String, reason: &str| match names {
        [] => Choice::new(vec![value], reason),
        _ => Choice::said(vec![value]),
    };
    Some(Found {
        task: match wishes.task {
            Some(task) => Choice::said(task),
            None => Choice::new(TaskKind::TokenClassification, reason.clone()),
        },
        text: said(&wishes.text, text, "its words have the tags"),
        label: said(&wishes.label, tags, &reason),
        separator: None,
    })
}

/// The columns that are named, or all of them with the usual names first.
fn candidates(sample: &Sample, named: &[String], usual: &[&str]) -> Vec<String> {
    if !named.is_empty() {
        return named.to_vec();
    }
    let whole = |column: &Column| match column.name.strip_suffix(".start") {
        Some(whole) => whole.to_owned(),
        None => column.name.clone(),
    };
    let mut all: Vec<String> = sample.columns.iter().map(whole).collect();
    all.sort_by_key(|name| {
        usual
            .iter()
            .position(|known| *known == names::plain(name))
            .unwrap_or(usual.len())
    });
    all
}

/// Why the values of a column are the tags of another one's words; `None` if they are not.
fn fit(sample: &Sample, text: &str, tags: &str) -> Option<String> {
    if spans(sample, text, tags) {
        return Some(format!("`{tags}` has spans of `{text}`"));
    }
    let column = sample.column(tags)?;
    if column.distinct() > MOST_TAGS {
        return None;
    }
    let share = |fits: &dyn Fn(&Record) -> bool| {
        let fitting = sample.first.iter().filter(|record| fits(record)).count();
        fitting > 0 && fitting as f64 >= FITTING * sample.first.len() as f64
    };
    let list = |record: &Record, name: &str| record.get(name).and_then(Value::as_list).map(<[Value]>::len);
    if share(&|record| list(record, text).is_some() && list(record, text) == list(record, tags)) {
        return Some(format!("`{tags}` has a tag for each word of `{text}`"));
    }
    let words = |record: &Record, name: &str| match record.get(name) {
        Some(Value::Text(text)) => Some(text.split_whitespace().count()),
        Some(Value::List(words)) => Some(words.len()),
        _ => None,
    };
    let are_tags = |record: &Record| {
        let text = record.get(tags).and_then(Value::as_text);
        text.is_some_and(|text| text.split_whitespace().all(is_tag))
    };
    let fits = |record: &Record| words(record, text) == words(record, tags) && are_tags(record);
    share(&fits).then(|| format!("`{tags}` has a tag for each word of `{text}`"))
}

/// Returns whether a column has spans of the characters of a text.
fn spans(sample: &Sample, text: &str, tags: &str) -> bool {
    let has = |part: &str| {
        sample
            .column(&format!("{tags}.{part}"))
            .is_some_and(|column| column.lists > 0)
    };
    let is_text = sample
        .column(text)
        .is_some_and(|column| column.is_of_texts() || column.lists > 0);
    let is_triple = |value: &Value| {
        matches!(
            value.as_list(),
            Some([Value::Number(_), Value::Number(_), Value::Text(_)])
        )
    };
    let mut lists = sample
        .first
        .iter()
        .filter_map(|record| record.get(tags)?.as_list())
        .peekable();
    let are_triples = lists.peek().is_some() && {
        let all: Vec<&Value> = lists.flatten().collect();
        !all.is_empty() && all.into_iter().all(is_triple)
    };
    is_text && (has("start") && has("end") || are_triples)
}

/// Returns whether a word is a tag of spans: `O`, or a letter such as `B` and a name.
fn is_tag(word: &str) -> bool {
    let named = |(letter, name): (&str, &str)| "BIESLU".contains(letter) && letter.len() == 1 && !name.is_empty();
    word == "O" || word.split_once('-').is_some_and(named)
}
