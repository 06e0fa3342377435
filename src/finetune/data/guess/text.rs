//! The columns of the texts, and the columns that are not used.

use super::super::text::TextColumns;
use super::names::{self, PAIRS, TEXTS, TITLES};
use super::sample::{Column, Sample};
use super::{Choice, GuessError, Wishes};

/// Words of a text, on average, from which on a column is a text whatever its name is.
const WORDS: f64 = 3.0;

/// Share of different values from which on a column is a text rather than a class.
const DIFFERENT: f64 = 0.2;

/// Finds the columns of the texts beside the labels.
///
/// # Errors
/// If none can be it.
pub(super) fn columns(sample: &Sample, wishes: &Wishes, labels: &[String]) -> Result<Choice<Vec<String>>, GuessError> {
    if !wishes.text.is_empty() {
        return Ok(Choice::said(wishes.text.clone()));
    }
    let is_other = |column: &&Column| !labels.contains(&column.name) && column.is_usable();
    let others: Vec<&Column> = sample.columns.iter().filter(is_other).collect();
    if let Some((pair, names)) = pair(&others) {
        let reason = format!("`{}` and `{}` are the usual names of a pair", pair[0], pair[1]);
        return Ok(Choice::new(names, reason));
    }
    let candidates: Vec<&Column> = others
        .iter()
        .copied()
        .filter(|column| column.is_of_texts() && !names::is_aside(&column.name))
        .collect();
    let texts: Vec<&Column> = candidates.iter().copied().filter(|column| is_prose(column)).collect();
    let chosen = match (texts.as_slice(), candidates.as_slice()) {
        ([], []) => fallback(sample, &others)?,
        // Two columns of words beside a label, such as a word and its meaning.
        ([_] | [], [first, second]) if others.len() == 2 && !is_class(first) && !is_class(second) => {
            both(first, second)
        }
        ([], _) => longest(&candidates, "it has the longest texts"),
        ([only], _) => one(only, format!("it has {:.0} words on average", only.mean_words())),
        ([first, second], _) => both(first, second),
        (many, _) => several(many),
    };
    Ok(chosen)
}

fn one(column: &Column, reason: impl Into<String>) -> Choice<Vec<String>> {
    Choice::new(vec![column.name.clone()], reason)
}

/// Returns whether the values are sentences that differ.
fn is_prose(column: &Column) -> bool {
    let differ = column.distinct() as f64 >= DIFFERENT * column.filled as f64;
    differ
        && (column.mean_words() >= WORDS
            || is_named(column)
            || !has_blanks(column) && column.characters > 6 * column.filled)
}

/// Returns whether words have blanks between them: Chinese and Japanese have none.
fn has_blanks(column: &Column) -> bool {
    let is_wide = |character: char| {
        ('\u{2e80}'..='\u{9fff}').contains(&character) || ('\u{ac00}'..='\u{d7af}').contains(&character)
    };
    !column
        .values
        .iter()
        .take(20)
        .any(|(value, _)| value.chars().any(is_wide))
}

fn is_named(column: &Column) -> bool {
    names::rank(&column.name, &TEXTS).is_some()
}

/// Returns whether values return so often that they are classes.
fn is_class(column: &Column) -> bool {
    (column.distinct() as f64) < DIFFERENT * column.filled as f64
}

/// Columns with the usual names of a pair of texts.
fn pair(columns: &[&Column]) -> Option<([&'static str; 2], Vec<String>)> {
    let named = |wanted: &str| {
        let mut found = columns
            .iter()
            .filter(|column| names::plain(&column.name) == wanted && column.is_of_texts());
        found.next().map(|column| column.name.clone())
    };
    PAIRS.into_iter().find_map(|pair| {
        let [first, second] = pair.map(named);
        Some((pair, vec![first?, second?]))
    })
}

/// Two columns of texts: a title above a text are one text, and otherwise they are a pair.
fn both(first: &Column, second: &Column) -> Choice<Vec<String>> {
    let is_title = |column: &Column| names::rank(&column.name, &TITLES).is_some();
    match (is_title(first), is_title(second)) {
        (true, _) => joined(first, second),
        (false, true) => joined(second, first),
        (false, false) => Choice::new(
            vec![first.name.clone(), second.name.clone()],
            "both have texts; name one of them with `--text` if the other does not count",
        ),
    }
}

fn joined(title: &Column, text: &Column) -> Choice<Vec<String>> {
    let template = format!("{{{}}}. {{{}}}", title.name, text.name);
    Choice::new(vec![template], "a title and a text are read as one text")
}

/// Three columns of texts or more: the one with a telling name, or the longest.
fn several(columns: &[&Column]) -> Choice<Vec<String>> {
    let named = columns
        .iter()
        .filter_map(|column| Some((names::rank(&column.name, &TEXTS)?, column)));
    match named.min_by_key(|(rank, _)| *rank) {
        Some((_, column)) => one(column, "its name says so"),
        None => longest(columns, "it has the longest of several texts"),
    }
}

fn longest(columns: &[&Column], reason: &str) -> Choice<Vec<String>> {
    let longest = columns
        .iter()
        .max_by_key(|column| column.characters / column.filled.max(1));
    let names = longest.map(|column| column.name.clone()).into_iter().collect();
    Choice::new(names, reason)
}

/// A column without a telling name or content, if it is the only one.
fn fallback(sample: &Sample, others: &[&Column]) -> Result<Choice<Vec<String>>, GuessError> {
    let named = others.iter().find(|column| is_named(column) && column.lists == 0);
    match (named, others) {
        (Some(column), _) => Ok(one(column, "its name says so")),
        (None, [only]) if only.lettered > 0 && only.lists == 0 => {
            Ok(one(only, "it is the only column beside the label"))
        }
        _ => Err(sample.not_found("a text", "--text", "none beside the label has words")),
    }
}

/// The columns that are neither texts nor labels, each with what it seems to be.
pub(super) fn unused(sample: &Sample, texts: &[String], labels: &[String]) -> Vec<Choice<String>> {
    let read: Vec<String> = match TextColumns::new(texts) {
        Ok(columns) => columns.columns().map(str::to_owned).collect(),
        Err(_) => texts.to_vec(),
    };
    let is_used = |column: &&Column| {
        let is = |name: &String| {
            let part = column.name.strip_prefix(name.as_str());
            part.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        read.iter().any(is) || labels.iter().any(is)
    };
    let described = |column: &Column| {
        let what = if column.filled == 0 {
            "it is empty"
        } else if !column.is_usable() {
            "its values are neither texts nor numbers"
        } else if column.distinct() == 1 {
            "it has the same value in every row"
        } else if column.counts_up || names::is_aside(&column.name) {
            "it identifies or describes a row"
        } else if column.is_of_numbers() {
            "it has numbers, and the model reads texts"
        } else {
            "another column fits better"
        };
        Choice::new(column.name.clone(), what)
    };
    sample
        .columns
        .iter()
        .filter(|column| !is_used(column))
        .map(described)
        .collect()
}
