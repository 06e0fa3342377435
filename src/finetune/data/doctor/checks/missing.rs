//! Rows without a text or without a label.

use super::super::Depth;
use super::super::finding::{Finding, Severity, counted};
use super::super::rows::{Row, Rows, Target};

pub(super) fn check(rows: &Rows, _: Depth) -> Vec<Finding> {
    let indices = |lacks: &dyn Fn(&Row) -> bool| -> Vec<usize> {
        let all = rows.all.iter().enumerate();
        all.filter(|(_, row)| lacks(row)).map(|(index, _)| index).collect()
    };
    let finding = |kind, indices: Vec<usize>, [one, many]: [&str; 2], advice| {
        let count = indices.len();
        let finding = Finding::new(kind, Severity::Warning, count, counted(count, one, many), advice);
        (count > 0).then(|| finding.at(rows, indices.into_iter().map(|row| (row, String::new()))))
    };
    let half_empty = |row: &Row| !row.is_empty() && row.texts().iter().any(|text| text.trim().is_empty());
    let empty = finding(
        "empty",
        indices(&Row::is_empty),
        ["row has no text", "rows have no text"],
        "remove these rows, or leave them out with `data.on_missing: skip`",
    );
    let half = finding(
        "half_empty",
        indices(&half_empty),
        ["pair has only one text", "pairs have only one text"],
        "complete or remove these rows",
    );
    let unlabelled = finding(
        "unlabelled",
        indices(&|row| row.target == Target::Missing),
        [
            "row has no label and is left out",
            "rows have no label and are left out",
        ],
        "label these rows, or keep them for later; a model can rank them by how sure it is",
    );
    [empty, half, unlabelled].into_iter().flatten().collect()
}
