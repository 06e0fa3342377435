//! Texts: the columns they stand in, as they are written, and as token ids.

use super::error::DataError;

/// The columns of a task's texts: one, or two for pairs of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextColumns {
    first: String,
    second: Option<String>,
}

impl TextColumns {
    /// The columns with these names.
    ///
    /// # Errors
    /// If there is no name, if there are more than two, or if both are the same.
    pub fn new(names: &[String]) -> Result<Self, DataError> {
        match names {
            [only] => Ok(Self::one(only)),
            [first, second] if first == second => Err(DataError::TextColumnTwice { column: first.clone() }),
            [first, second] => Ok(Self {
                first: first.clone(),
                second: Some(second.clone()),
            }),
            _ => Err(DataError::TextColumns { count: names.len() }),
        }
    }

    /// One column.
    pub fn one(name: impl Into<String>) -> Self {
        Self {
            first: name.into(),
            second: None,
        }
    }

    /// The column of the only or first text.
    pub fn first(&self) -> &str {
        &self.first
    }

    /// The column of the second text of a pair.
    pub fn second(&self) -> Option<&str> {
        self.second.as_deref()
    }

    /// True if every example is a pair of texts.
    pub fn is_pair(&self) -> bool {
        self.second.is_some()
    }

    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [Some(self.first.as_str()), self.second()].into_iter().flatten()
    }
}

/// The text of one example as it is written: one text, or a pair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawText {
    /// The only text, or the first of a pair.
    pub first: String,
    /// The second text of a pair.
    pub second: Option<String>,
}

impl RawText {
    /// The texts in the order of their columns.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        [Some(self.first.as_str()), self.second.as_deref()]
            .into_iter()
            .flatten()
    }
}

impl From<String> for RawText {
    fn from(first: String) -> Self {
        Self { first, second: None }
    }
}

/// The tokens of one example, including special tokens, already truncated to the maximum length; not padded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The id of each token.
    pub ids: Vec<u32>,
    /// The type of each token, which tells the second text of a pair from the first; empty if all types are 0.
    pub types: Box<[u8]>,
}

impl Text {
    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns whether there are no tokens.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(self.ids.as_slice()) + self.types.len()
    }
}

/// Tokens that are all of type 0.
impl From<Vec<u32>> for Text {
    fn from(ids: Vec<u32>) -> Self {
        Self {
            ids,
            types: Box::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_reads_one_or_two_columns() {
        let columns = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            TextColumns::new(&names).map_err(|error| error.to_string())
        };
        assert!(!columns(&["text"]).unwrap().is_pair());
        let pair = columns(&["premise", "hypothesis"]).unwrap();
        assert_eq!(pair.names().collect::<Vec<_>>(), ["premise", "hypothesis"]);
        assert_eq!(
            columns(&["a", "a"]).unwrap_err(),
            "both texts of a pair are taken from the column `a`; name two columns"
        );
        assert_eq!(
            columns(&["a", "b", "c"]).unwrap_err(),
            "3 columns of texts are named; name one, or two for pairs of texts"
        );
    }
}
