//! Records that cannot be read, and those whose labels, tags or answers are wrong.

use super::super::Depth;
use super::super::finding::{Concern, Finding, Severity, counted};
use super::super::rows::{Cause, Rows};

/// The kind of finding, its sentence behind the number of rows, and what to do.
const CAUSES: [(Cause, &str, [&str; 2], &str); 5] = [
    (
        Cause::Unreadable,
        "unreadable",
        ["row cannot be read", "rows cannot be read"],
        "repair or remove these rows: a search stops at the first one",
    ),
    (
        Cause::WrongLabel,
        "values",
        [
            "row has a value of the wrong kind",
            "rows have a value of the wrong kind",
        ],
        "correct or remove these rows, or name another task or column: a search stops at the first one",
    ),
    (
        Cause::WrongTags,
        "tags",
        ["sentence has wrong tags or spans", "sentences have wrong tags or spans"],
        "correct these tags: a search stops at the first sentence with such a fault",
    ),
    (
        Cause::AnswerNotFound,
        "answers",
        [
            "question has an answer that is not in its context",
            "questions have an answer that is not in their context",
        ],
        "copy these answers from their contexts word for word: a search stops at the first one",
    ),
    (
        Cause::EmptyQuestion,
        "empty",
        [
            "row has no question or no context",
            "rows have no question or no context",
        ],
        "remove these rows: a search stops at the first one",
    ),
];

pub(super) fn check(rows: &Rows, _: Depth) -> Vec<Finding> {
    let of_cause = |(cause, kind, [one, many], advice): (Cause, &'static str, [&str; 2], &str)| {
        let of_cause = rows.damaged.iter().filter(|damaged| damaged.cause == cause);
        let count = of_cause.clone().count();
        let mut finding = Finding::new(kind, Severity::Error, count, counted(count, one, many), advice);
        let shown = of_cause.take(rows.most_shown);
        finding.rows = shown
            .map(|damaged| Concern::new(&damaged.place, "", String::new(), damaged.message.clone()))
            .collect();
        (count > 0).then_some(finding)
    };
    CAUSES.into_iter().filter_map(of_cause).collect()
}
