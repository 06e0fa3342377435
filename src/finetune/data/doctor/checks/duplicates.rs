//! Repeated rows, the same text under different labels, and rows of validation or test that the training data has too.

use super::super::super::duplicates::{DuplicateGroups, exact, near};
use super::super::Depth;
use super::super::finding::{Finding, Severity, counted};
use super::super::rows::{Row, Rows, Target};

/// A row and an earlier twin of it.
type Twins = Vec<(usize, usize)>;

pub(super) fn check(rows: &Rows, depth: Depth) -> Vec<Finding> {
    let filled: Vec<usize> = (0..rows.all.len()).filter(|&row| !rows.all[row].is_empty()).collect();
    let all: Vec<&Row> = filled.iter().map(|&row| &rows.all[row]).collect();
    let same = exact(&all, |row| row.texts());
    let mut findings = Vec::new();
    let found = Found::new(rows, &filled, &same);
    findings.extend(leakage(
        rows,
        "leakage",
        Severity::Error,
        &found.leaked,
        "the text of a training row",
        "remove them from one of the parts: the model is measured on what it has learnt by heart",
    ));
    findings.extend(contradictions(rows, &filled, &same));
    findings.extend(repeated(rows, filled.len(), &found.repeated));
    if depth == Depth::Full {
        let alike = near(&all, |row| row.texts());
        let near = Found::new(rows, &filled, &alike);
        let only_near = |twins: Twins, exact: &Twins| -> Twins {
            let known: std::collections::HashSet<usize> = exact.iter().map(|(row, _)| *row).collect();
            twins.into_iter().filter(|(row, _)| !known.contains(row)).collect()
        };
        let leaked = only_near(near.leaked, &found.leaked);
        findings.extend(leakage(
            rows,
            "near_leakage",
            Severity::Warning,
            &leaked,
            "almost the text of a training row",
            "look at them: edited copies make a model look better than it is",
        ));
        findings.extend(alike_rows(rows, &only_near(near.repeated, &found.repeated)));
    }
    findings
}

/// The rows of groups that have an earlier row.
struct Found {
    /// In the same part.
    repeated: Twins,
    /// In the training data, while the row is in another part.
    leaked: Twins,
}

impl Found {
    fn new(rows: &Rows, filled: &[usize], groups: &DuplicateGroups) -> Self {
        let mut found = Self {
            repeated: Vec::new(),
            leaked: Vec::new(),
        };
        for group in groups.groups() {
            let mut first_of_part: Vec<Option<usize>> = vec![None; rows.parts.len()];
            for index in group {
                let row = filled[index as usize];
                let part = rows.part(row);
                match (first_of_part[part], first_of_part[0]) {
                    (_, Some(twin)) if part > 0 => found.leaked.push((row, twin)),
                    (Some(twin), _) => found.repeated.push((row, twin)),
                    (None, _) => {}
                }
                first_of_part[part].get_or_insert(row);
            }
        }
        found.repeated.sort_unstable();
        found.leaked.sort_unstable();
        found
    }
}

/// The place of a twin for a note.
fn as_in(rows: &Rows, (row, twin): (usize, usize)) -> (usize, String) {
    let place = &rows.all[twin].place;
    let line = place
        .line()
        .or(place.row())
        .map_or_else(String::new, |line| format!(":{line}"));
    (row, format!("as in {}{line}", place.file.display()))
}

fn leakage(
    rows: &Rows,
    kind: &'static str,
    severity: Severity,
    leaked: &Twins,
    what: &str,
    advice: &str,
) -> Option<Finding> {
    let mut parts: Vec<String> = Vec::new();
    for (index, part) in rows.parts.iter().enumerate().skip(1) {
        let count = leaked.iter().filter(|(row, _)| rows.part(*row) == index).count();
        if count > 0 {
            let share = 100.0 * count as f64 / part.rows.len() as f64;
            parts.push(format!("{count} of {} ({share:.1} %)", part.name));
        }
    }
    let message = match leaked.len() {
        0 => return None,
        1 => format!("1 row has {what}: {}", parts.join(", ")),
        count => format!("{count} rows have {what}: {}", parts.join(", ")),
    };
    let finding = Finding::new(kind, severity, leaked.len(), message, advice);
    Some(finding.at(rows, leaked.iter().map(|&pair| as_in(rows, pair))))
}

/// Rows with the same text and another label.
fn contradictions(rows: &Rows, filled: &[usize], groups: &DuplicateGroups) -> Option<Finding> {
    let mut concerned = Vec::new();
    let mut texts = 0;
    for group in groups.groups() {
        let members: Vec<usize> = group.iter().map(|&index| filled[index as usize]).collect();
        let labelled: Vec<usize> = members
            .into_iter()
            .filter(|&row| !matches!(rows.all[row].target, Target::Missing | Target::Answers(_)))
            .collect();
        let Some(&first) = labelled.first() else { continue };
        let differ = |row: &&usize| !is_same(&rows.all[**row].target, &rows.all[first].target);
        if let Some(&other) = labelled.iter().find(differ) {
            texts += 1;
            concerned.extend(
                labelled
                    .iter()
                    .map(|&row| as_in(rows, (row, if row == first { other } else { first }))),
            );
        }
    }
    let message = format!(
        "{} the same text as another row, and another label ({})",
        counted(concerned.len(), "row has", "rows have"),
        counted(texts, "text", "texts")
    );
    let advice = "decide on one label for each of these texts: a model cannot learn both";
    let finding = Finding::new("contradictions", Severity::Warning, concerned.len(), message, advice);
    (texts > 0).then(|| finding.at(rows, concerned))
}

fn is_same(one: &Target, other: &Target) -> bool {
    let sorted = |labels: &Vec<u32>| {
        let mut labels = labels.clone();
        labels.sort_unstable();
        labels
    };
    match (one, other) {
        (Target::Several(one), Target::Several(other)) => sorted(one) == sorted(other),
        (one, other) => one == other,
    }
}

fn repeated(rows: &Rows, filled: usize, repeated: &Twins) -> Option<Finding> {
    let share = repeated.len() as f64 / filled.max(1) as f64;
    let message = format!(
        "{} an earlier one ({:.1} %)",
        counted(repeated.len(), "row repeats", "rows repeat"),
        100.0 * share
    );
    let advice = "remove the copies, unless it matters how often a text occurs";
    let finding = Finding::new("duplicates", Severity::Note, repeated.len(), message, advice);
    (!repeated.is_empty()).then(|| finding.at(rows, repeated.iter().map(|&pair| as_in(rows, pair))))
}

fn alike_rows(rows: &Rows, alike: &Twins) -> Option<Finding> {
    let message = format!("{} almost an earlier one", counted(alike.len(), "row is", "rows are"));
    let advice = "keep them in one part when you split, or remove them";
    let finding = Finding::new("near_duplicates", Severity::Note, alike.len(), message, advice);
    (!alike.is_empty()).then(|| finding.at(rows, alike.iter().map(|&pair| as_in(rows, pair))))
}
