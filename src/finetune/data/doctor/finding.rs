//! Findings: what is wrong, how bad it is, where, and what to do.

use automl_readers::Position;
use serde::Serialize;

use super::rows::Rows;

/// Characters of a text that a finding shows.
const SHOWN: usize = 160;

/// How bad a finding is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Training fails, or its results cannot be believed.
    Error,
    /// Results are worse than they could be.
    Warning,
    /// Something to know.
    Note,
}

impl Severity {
    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One kind of fault in the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A word for programs, such as `duplicates`.
    pub kind: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Number of rows, classes or columns that it concerns.
    pub count: usize,
    /// The fault.
    pub message: String,
    /// The remedy.
    pub advice: String,
    /// The rows that it concerns; of a quick examination the first three.
    pub rows: Vec<Concern>,
}

/// A row that a finding concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Concern {
    /// The file.
    pub file: String,
    /// The line, or the row of a file without lines; `None` for a file as a whole.
    pub row: Option<u64>,
    /// The beginning of the text.
    pub text: String,
    /// The label.
    pub label: String,
    /// A remark about this row, such as its twin.
    pub note: String,
}

impl Finding {
    pub(super) fn new(
        kind: &'static str,
        severity: Severity,
        count: usize,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            severity,
            count,
            message: message.into(),
            advice: advice.into(),
            rows: Vec::new(),
        }
    }

    /// Adds the rows that it concerns, each with a note.
    #[must_use]
    pub(super) fn at(mut self, rows: &Rows, concerned: impl IntoIterator<Item = (usize, String)>) -> Self {
        let concerned = concerned.into_iter().take(rows.most_shown);
        let concern = |(index, note): (usize, String)| {
            let row = &rows.all[index];
            Concern::new(&row.place, &row.texts().join(" | "), rows.label(row), note)
        };
        self.rows = concerned.map(concern).collect();
        self
    }
}

impl Concern {
    pub(super) fn new(place: &Position, text: &str, label: String, note: String) -> Self {
        Self {
            file: place.file.display().to_string(),
            row: place.line().or(place.row()),
            text: shortened(text),
            label,
            note,
        }
    }

    /// The place as people write it: `reviews.csv:7`.
    pub fn place(&self) -> String {
        match self.row {
            Some(row) => format!("{}:{row}", self.file),
            None => self.file.clone(),
        }
    }
}

/// The beginning of a text, in one line.
fn shortened(text: &str) -> String {
    let mut shown = String::new();
    let mut characters = text.chars();
    for character in characters.by_ref().take(SHOWN) {
        shown.push(if character.is_control() { ' ' } else { character });
    }
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// "1 row", "12 rows".
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 {
        format!("1 {one}")
    } else {
        format!("{count} {many}")
    }
}

/// Names in quotes, at most a few.
pub(super) fn named<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    const MOST: usize = 5;
    let all: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = all.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    match all.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
