//! Classes that are rare, missing in a part, unknown to training, or spelled in two ways.

use std::collections::HashMap;

use super::super::Depth;
use super::super::finding::{Finding, Severity, counted, named};
use super::super::overview::{ClassCount, classes};
use super::super::rows::{Rows, Target};
use crate::tasks::TaskKind;

/// Training rows below which a class is rare: with a usual share of a fifth for validation, about two of them are measured.
const RARE: usize = 10;

/// Share of the most frequent class from which on accuracy says little.
const FREQUENT: f64 = 0.9;

pub(super) fn check(rows: &Rows, _: Depth) -> Vec<Finding> {
    let classes = classes(rows);
    if classes.is_empty() {
        return Vec::new();
    }
    let findings = [
        only_one(rows, &classes),
        unknown(rows, &classes),
        rare(rows, &classes),
        absent(rows, &classes),
        frequent(rows, &classes),
        spellings(rows, &classes),
    ];
    findings.into_iter().flatten().collect()
}

/// The word for a class of this task.
fn noun(rows: &Rows) -> [&'static str; 2] {
    match rows.task {
        TaskKind::TokenClassification => ["type", "types"],
        TaskKind::MultiLabel => ["label", "labels"],
        TaskKind::Classification | TaskKind::Regression | TaskKind::QuestionAnswering => ["class", "classes"],
    }
}

fn trained(class: &ClassCount) -> usize {
    class.rows.first().copied().unwrap_or(0)
}

fn names<'c>(classes: &[&'c ClassCount]) -> impl Iterator<Item = &'c str> {
    let names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
    names.into_iter()
}

/// The rows of some classes.
fn of_classes(rows: &Rows, classes: &[&ClassCount], is_of: impl Fn(usize) -> bool) -> Vec<(usize, String)> {
    let wanted: std::collections::HashSet<&str> = classes.iter().map(|class| class.name.as_str()).collect();
    let mut found = Vec::new();
    for (index, row) in rows.all.iter().enumerate() {
        if found.len() >= rows.most_shown {
            break;
        }
        let names = if is_of(index) {
            rows.counted_names(row)
        } else {
            Vec::new()
        };
        if let Some(name) = names.into_iter().find(|name| wanted.contains(name.as_str())) {
            found.push((index, name));
        }
    }
    found
}

fn only_one(rows: &Rows, classes: &[ClassCount]) -> Option<Finding> {
    let [only] = classes else { return None };
    if rows.task == TaskKind::TokenClassification {
        return None;
    }
    let message = format!("every row has the same label, `{}`", only.name);
    let advice = "add rows with other labels, or name another column: there is nothing to learn";
    Some(Finding::new("one_class", Severity::Error, 1, message, advice))
}

fn unknown(rows: &Rows, classes: &[ClassCount]) -> Option<Finding> {
    let unknown: Vec<&ClassCount> = classes.iter().filter(|class| trained(class) == 0).collect();
    let message = format!(
        "{} in no training row: {}",
        counted(
            unknown.len(),
            &format!("{} is", noun(rows)[0]),
            &format!("{} are", noun(rows)[1])
        ),
        named(names(&unknown))
    );
    let advice = "add training rows, or correct the spelling: a model can only predict what it has seen";
    let finding = Finding::new("unknown_classes", Severity::Error, unknown.len(), message, advice);
    (!unknown.is_empty()).then(|| finding.at(rows, of_classes(rows, &unknown, |_| true)))
}

fn rare(rows: &Rows, classes: &[ClassCount]) -> Option<Finding> {
    let rare: Vec<&ClassCount> = classes
        .iter()
        .filter(|class| (1..RARE).contains(&trained(class)))
        .collect();
    let [one, many] = noun(rows);
    let fewest = rare.iter().map(|class| trained(class)).min().unwrap_or(0);
    let message = format!(
        "{} fewer than {RARE} training rows (the rarest: {fewest}): {}",
        counted(rare.len(), &format!("{one} has"), &format!("{many} have")),
        named(names(&rare))
    );
    let advice = "add rows, merge rare classes, or do not expect the model to know them";
    let finding = Finding::new("rare_classes", Severity::Warning, rare.len(), message, advice);
    let is_train = |row: usize| rows.part(row) == 0;
    (!rare.is_empty()).then(|| finding.at(rows, of_classes(rows, &rare, is_train)))
}

fn absent(rows: &Rows, classes: &[ClassCount]) -> Option<Finding> {
    let is_absent = |class: &&ClassCount| trained(class) > 0 && class.rows.contains(&0);
    let absent: Vec<&ClassCount> = classes.iter().filter(is_absent).collect();
    let parts: Vec<&str> = rows
        .parts
        .iter()
        .enumerate()
        .filter(|(index, _)| absent.iter().any(|class| class.rows[*index] == 0))
        .map(|(_, part)| part.name)
        .collect();
    let [one, many] = noun(rows);
    let message = format!(
        "{} missing in {}: {}",
        counted(absent.len(), &format!("{one} is"), &format!("{many} are")),
        parts.join(" and "),
        named(names(&absent))
    );
    let advice =
        "add such rows there, or split off `train` with `stratify`: a class without rows there is not measured";
    (!absent.is_empty()).then(|| Finding::new("absent_classes", Severity::Warning, absent.len(), message, advice))
}

fn frequent(rows: &Rows, classes: &[ClassCount]) -> Option<Finding> {
    let first = classes
        .first()
        .filter(|class| class.share >= FREQUENT && classes.len() > 1)?;
    if !rows.has_classes() {
        return None;
    }
    let message = format!("{:.1} % of the rows are `{}`", 100.0 * first.share, first.name);
    let advice = "optimize `f1` or `balanced_accuracy`: always predicting this class would have that accuracy";
    Some(Finding::new("imbalance", Severity::Note, 1, message, advice))
}

/// Classes that differ in case, blanks or marks only.
fn spellings(rows: &Rows, classes: &[ClassCount]) -> Option<Finding> {
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(|character| character.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let mut groups: HashMap<String, Vec<&ClassCount>> = HashMap::new();
    for class in classes {
        let plain = plain(&class.name);
        // Of numbers marks count: `1.0` is not `10`.
        if plain.chars().any(char::is_alphabetic) {
            groups.entry(plain).or_default().push(class);
        }
    }
    let mut alike: Vec<Vec<&ClassCount>> = groups.into_values().filter(|group| group.len() > 1).collect();
    alike.sort_by(|one, other| one[0].name.cmp(&other[0].name));
    let shown: Vec<String> = alike.iter().take(5).map(|group| named(names(group))).collect();
    let message = format!(
        "{} spelled in two ways or more: {}",
        counted(alike.len(), "label is", "labels are"),
        shown.join("; ")
    );
    let advice = "use one spelling for each: to a model they are different classes";
    let finding = Finding::new("spellings", Severity::Warning, alike.len(), message, advice);
    let rarer: Vec<&ClassCount> = alike.iter().flat_map(|group| group[1..].to_vec()).collect();
    let labelled = |row: usize| rows.all[row].target != Target::Missing;
    (!alike.is_empty()).then(|| finding.at(rows, of_classes(rows, &rarer, labelled)))
}
