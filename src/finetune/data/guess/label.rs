//! The column of the labels, and what they say about the task.

use std::collections::{BTreeSet, HashMap};

use super::names::{self, LABELS, SEPARATOR};
use super::sample::{Column, Sample};
use super::{Choice, GuessError, Wishes};
use crate::tasks::TaskKind;

/// Most different whole numbers that are classes rather than numbers; stars, scales and digits have fewer.
const MOST_NUMBERED_CLASSES: usize = 20;

/// Texts that separate labels, by how telling they are, with the share of the rows that must have them.
const SEPARATORS: [(&str, f64); 3] = [(";", 0.02), ("|", 0.02), (",", 0.05)];

/// Longest name of a label between commas, in characters: a sentence has commas too.
const LONGEST_PART: usize = 40;

/// The task that labels fit.
pub(super) struct LabelChoice {
    pub(super) task: Choice<TaskKind>,
    pub(super) separator: Option<Choice<String>>,
}

/// Finds the column of the labels.
///
/// # Errors
/// If none can be it.
pub(super) fn column(sample: &Sample, wishes: &Wishes) -> Result<Choice<Vec<String>>, GuessError> {
    if !wishes.label.is_empty() {
        return Ok(Choice::said(wishes.label.clone()));
    }
    if sample.columns.len() == 1 {
        return Err(sample.not_found("a label", "--label", "there is only one column"));
    }
    let is_text = |column: &&Column| wishes.text.contains(&column.name);
    let candidates: Vec<(usize, &Column)> = sample
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| !is_text(column) && can_be(column, sample))
        .collect();
    let by_name = candidates
        .iter()
        .filter_map(|(_, column)| Some((names::rank(&column.name, &LABELS)?, *column)))
        .min_by_key(|(rank, _)| *rank);
    if let Some((_, column)) = by_name {
        let reason = format!("its name says so, and it has {}", held(column));
        return Ok(Choice::new(vec![column.name.clone()], reason));
    }
    let rest = candidates
        .into_iter()
        .filter(|(_, column)| !names::is_aside(&column.name));
    // People write the label last or first.
    let last = sample.columns.len() - 1;
    let at_the_edge = |index: usize| if index == last { 0 } else { usize::from(index != 0) + 1 };
    let best = rest.min_by_key(|(index, column)| {
        (
            is_long_text(column),
            !is_few(column),
            at_the_edge(*index),
            column.distinct(),
        )
    });
    if let Some((_, column)) = best {
        let reason = format!("no column is called `label`, and this one has {}", held(column));
        return Ok(Choice::new(vec![column.name.clone()], reason));
    }
    let why = "each has one value only, or another value in every row";
    Err(sample.not_found("a label", "--label", why))
}

/// Returns whether the values of a column can be labels.
fn can_be(column: &Column, sample: &Sample) -> bool {
    if !column.is_usable() || column.counts_up && column.fractions == 0 && column.is_unique() {
        return false;
    }
    // Of a sorted file the sample may show one label only.
    let varies = column.distinct() > 1 || !sample.is_whole && names::rank(&column.name, &LABELS).is_some();
    let repeats = column.distinct() * 2 <= column.filled || column.filled < 20;
    varies && (column.is_of_lists() || column.is_of_numbers() || repeats || separated(column).is_some())
}

/// Returns whether the values are sentences, which are seldom labels.
fn is_long_text(column: &Column) -> bool {
    column.is_of_texts() && column.mean_words() > 5.0
}

fn is_few(column: &Column) -> bool {
    column.distinct() <= 100 && column.distinct() * 2 <= column.filled
}

/// The values of a column in words.
fn held(column: &Column) -> String {
    if column.is_of_lists() {
        return "lists".to_owned();
    }
    let what = match (column.is_of_numbers(), column.fractions > 0) {
        (true, true) => "different numbers",
        (true, false) => "different whole numbers",
        (false, _) => "different values",
    };
    format!("{} {what}", column.distinct())
}

/// The task that the labels fit.
///
/// # Errors
/// If the task that the user names does not fit.
pub(super) fn task(sample: &Sample, wishes: &Wishes, labels: &[String]) -> Result<LabelChoice, GuessError> {
    let columns: Vec<&Column> = labels.iter().filter_map(|name| sample.column(name)).collect();
    let Some(column) = columns.first() else {
        return Err(sample.not_found("a label", "--label", "its values are objects"));
    };
    if let Some(task) = wishes.task {
        return asked(sample, wishes, task, column);
    }
    if let Some(separator) = &wishes.separator {
        return Ok(LabelChoice {
            task: Choice::new(TaskKind::MultiLabel, "you named a separator of labels"),
            separator: Some(Choice::said(separator.clone())),
        });
    }
    let task = |task, reason: String| LabelChoice {
        task: Choice::new(task, reason),
        separator: None,
    };
    if columns.len() > 1 {
        return Ok(task(
            TaskKind::Regression,
            "several columns of labels are several numbers".to_owned(),
        ));
    }
    let name = &column.name;
    if column.is_of_lists() {
        return Ok(task(TaskKind::MultiLabel, format!("`{name}` has lists")));
    }
    if column.is_of_numbers() {
        return Ok(numbered(column));
    }
    if let Some((separator, share)) = separated(column) {
        let reason = format!(
            "{:.0} % of the values of `{name}` have one, and its parts return",
            100.0 * share
        );
        return Ok(LabelChoice {
            task: Choice::new(
                TaskKind::MultiLabel,
                format!(
                    "`{name}` has several labels in a row, such as `{}`",
                    example(column, separator)
                ),
            ),
            separator: Some(Choice::new(separator.to_owned(), reason)),
        });
    }
    let reason = format!(
        "`{name}` has {} different values in {} rows",
        column.distinct(),
        column.filled
    );
    Ok(task(TaskKind::Classification, reason))
}

/// Numbers as classes, or as numbers.
fn numbered(column: &Column) -> LabelChoice {
    let (name, distinct) = (&column.name, column.distinct());
    let (task, reason) = if column.fractions > 0 {
        (TaskKind::Regression, format!("`{name}` has numbers with fractions"))
    } else if distinct > MOST_NUMBERED_CLASSES {
        (
            TaskKind::Regression,
            format!("`{name}` has {distinct} different numbers"),
        )
    } else if distinct > 2 {
        let reason =
            format!("`{name}` has only {distinct} different numbers; `--task regression` treats them as amounts");
        (TaskKind::Classification, reason)
    } else {
        (TaskKind::Classification, format!("`{name}` has two different numbers"))
    };
    LabelChoice {
        task: Choice::new(task, reason),
        separator: None,
    }
}

/// The task that the user names, if the labels can be of it.
fn asked(sample: &Sample, wishes: &Wishes, task: TaskKind, column: &Column) -> Result<LabelChoice, GuessError> {
    let refused = |why: String| {
        Err(GuessError::OtherTask {
            place: sample.place.clone(),
            column: column.name.clone(),
            why,
        })
    };
    let separator = match task {
        TaskKind::MultiLabel if !column.is_of_lists() => Some(match (&wishes.separator, separated(column)) {
            (Some(separator), _) => Choice::said(separator.clone()),
            (None, Some((separator, _))) => Choice::new(separator.to_owned(), "values have it, and their parts return"),
            (None, None) => Choice::new(SEPARATOR.to_owned(), "it is the usual one"),
        }),
        TaskKind::Classification if column.is_of_lists() => {
            return refused("its values are lists, and a class is one value; use `--task multi-label`".to_owned());
        }
        TaskKind::Regression if column.numbers * 2 < column.filled => {
            let strange = column.values.iter().find(|(value, _)| value.parse::<f64>().is_err());
            let strange = strange.map_or_else(String::new, |(value, _)| format!(", such as `{value}`"));
            return refused(format!("most of its values are not numbers{strange}"));
        }
        _ => None,
    };
    Ok(LabelChoice {
        task: Choice::said(task),
        separator,
    })
}

/// The separator of several labels, and the share of rows with it: parts of values return as parts of other values.
fn separated(column: &Column) -> Option<(&'static str, f64)> {
    if column.lists > 0 || column.is_of_numbers() {
        return None;
    }
    let rows: usize = column.values.iter().map(|(_, count)| count).sum();
    SEPARATORS.into_iter().find_map(|(separator, least)| {
        let mut parts: HashMap<&str, usize> = HashMap::new();
        let mut with = 0;
        for (value, count) in &column.values {
            let several = value.contains(separator);
            with += if several { *count } else { 0 };
            for part in value.split(separator).map(str::trim).filter(|part| !part.is_empty()) {
                if part.chars().count() > LONGEST_PART {
                    return None;
                }
                *parts.entry(part).or_default() += 1;
            }
        }
        let share = with as f64 / rows.max(1) as f64;
        let mixed: BTreeSet<&str> = column
            .values
            .iter()
            .filter(|(value, _)| value.contains(separator))
            .flat_map(|(value, _)| value.split(separator).map(str::trim))
            .collect();
        let returning = mixed
            .iter()
            .filter(|part| parts.get(*part).is_some_and(|&count| count > 1))
            .count();
        let is_vocabulary = returning * 2 >= mixed.len() && parts.len() <= column.values.len().max(8);
        (with > 0 && share >= least && is_vocabulary).then_some((separator, share))
    })
}

fn example<'c>(column: &'c Column, separator: &str) -> &'c str {
    let with = column.values.iter().find(|(value, _)| value.contains(separator));
    with.map_or("", |(value, _)| value)
}

/// The labels in the sample.
pub(super) fn seen(sample: &Sample, columns: &[String], separator: Option<&Choice<String>>) -> Vec<String> {
    let values = columns
        .first()
        .and_then(|name| sample.column(name))
        .map_or(&[][..], |column| &column.values);
    let Some(separator) = separator else {
        return values.iter().map(|(value, _)| value.clone()).collect();
    };
    let mut known = BTreeSet::new();
    let parts = values
        .iter()
        .flat_map(|(value, _)| value.split(separator.value.as_str()));
    let parts = parts.map(str::trim).filter(|part| !part.is_empty());
    parts.filter(|part| known.insert(*part)).map(str::to_owned).collect()
}
