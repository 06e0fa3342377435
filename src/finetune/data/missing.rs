//! Rows without a label or without a text.

use std::fmt;

use automl_readers::Position;

/// The treatment of rows without a label or without a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnMissing {
    /// They are left out and counted.
    Skip,
    /// They are errors.
    Error,
}

/// The rows that are left out because their label or their text is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    labels: Gap,
    texts: Gap,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Gap {
    rows: u64,
    first: Option<Position>,
}

impl Missing {
    pub(super) fn add_label(&mut self, place: &Position) {
        self.labels.add(place);
    }

    pub(super) fn add_text(&mut self, place: &Position) {
        self.texts.add(place);
    }

    /// Number of rows that are left out.
    pub fn rows(&self) -> u64 {
        self.labels.rows + self.texts.rows
    }

    /// Returns whether no row is left out.
    pub fn is_empty(&self) -> bool {
        self.rows() == 0
    }
}

impl Gap {
    fn add(&mut self, place: &Position) {
        self.rows += 1;
        self.first.get_or_insert_with(|| place.clone());
    }

    fn sentence(&self, what: &str) -> Option<String> {
        let first = self.first.as_ref()?;
        Some(match self.rows {
            1 => format!("1 row without a {what} ({first})"),
            rows => format!("{rows} rows without a {what} (the first: {first})"),
        })
    }
}

/// 3 rows without a label (the first: `a.csv`, line 7), 1 row without a text (`a.csv`, line 9).
impl fmt::Display for Missing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [self.labels.sentence("label"), self.texts.sentence("text")];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        out.write_str(&parts.join(", "))
    }
}
