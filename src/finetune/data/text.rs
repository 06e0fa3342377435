//! Texts: the columns they stand in, as they are written, and as token ids.

use super::error::DataError;
use super::template::Template;

/// The columns of a task's texts: one, or two for pairs of texts. Each may be a template that joins several columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextColumns {
    first: TextSource,
    second: Option<TextSource>,
}

/// The source of a text: a column, or several in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TextSource {
    Column(String),
    Template(Template),
}

/// Names of the texts that templates make, since no column has their name.
const JOINED: [&str; 2] = ["text", "text_pair"];

impl TextColumns {
    /// The columns with these names. A name with braces is a template, such as `{title}. {body}`.
    ///
    /// # Errors
    /// If there is no name, if there are more than two, if both are the same, or if a template is malformed.
    pub fn new(names: &[String]) -> Result<Self, DataError> {
        match names {
            [only] => Ok(Self {
                first: TextSource::parse(only)?,
                second: None,
            }),
            [first, second] if first == second => Err(DataError::TextColumnTwice { column: first.clone() }),
            [first, second] => Ok(Self {
                first: TextSource::parse(first)?,
                second: Some(TextSource::parse(second)?),
            }),
            _ => Err(DataError::TextColumns { count: names.len() }),
        }
    }

    /// One column.
    pub fn one(name: impl Into<String>) -> Self {
        Self {
            first: TextSource::Column(name.into()),
            second: None,
        }
    }

    /// The name of the only or first text.
    pub fn first(&self) -> &str {
        self.first.name(JOINED[0])
    }

    /// The name of the second text of a pair.
    pub fn second(&self) -> Option<&str> {
        self.second.as_ref().map(|second| second.name(JOINED[1]))
    }

    /// True if every example is a pair of texts.
    pub fn is_pair(&self) -> bool {
        self.second.is_some()
    }

    /// The names of the texts in order. A text that a template makes is called `text` or `text_pair`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [Some(self.first()), self.second()].into_iter().flatten()
    }

    /// The sources in order.
    pub(super) fn sources(&self) -> impl Iterator<Item = &TextSource> {
        std::iter::once(&self.first).chain(&self.second)
    }

    /// The columns that are read, in order.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        self.sources().flat_map(TextSource::columns)
    }
}

impl TextSource {
    fn parse(name: &str) -> Result<Self, DataError> {
        if name.contains(['{', '}']) {
            Template::parse(name).map(Self::Template)
        } else {
            Ok(Self::Column(name.to_owned()))
        }
    }

    fn name<'a>(&'a self, joined: &'a str) -> &'a str {
        match self {
            Self::Column(name) => name,
            Self::Template(_) => joined,
        }
    }

    fn columns(&self) -> Vec<&str> {
        match self {
            Self::Column(name) => vec![name],
            Self::Template(template) => template.columns().collect(),
        }
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

/// The tokens of one example, including special tokens, already cut to the maximum length; not padded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The id of each token, window by window.
    pub ids: Vec<u32>,
    /// The type of each token, which tells the second text of a pair from the first; empty if all types are 0.
    pub types: Box<[u8]>,
    /// Number of tokens of each window, for a text that the model reads in several; empty if it reads the text at once.
    pub windows: Box<[u32]>,
}

impl Text {
    /// Number of tokens, in all windows together.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns whether there are no tokens.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Number of tokens of each window; of a text that is read at once, of the text.
    pub fn windows(&self) -> impl Iterator<Item = usize> {
        let only = self.windows.is_empty().then_some(self.ids.len());
        let several = self.windows.iter().map(|&tokens| tokens as usize);
        only.into_iter().chain(several)
    }

    /// Number of windows, at least 1.
    pub fn window_count(&self) -> usize {
        self.windows.len().max(1)
    }

    /// Several windows as one text.
    pub(crate) fn joined(windows: Vec<Self>) -> Self {
        let lengths = windows.iter().map(|window| window.len() as u32).collect();
        let has_types = windows.iter().any(|window| !window.types.is_empty());
        let mut types = Vec::new();
        for window in windows.iter().filter(|_| has_types) {
            types.extend_from_slice(&window.types);
            // A window whose types are all 0 has none.
            types.resize(types.len() + window.len() - window.types.len(), 0);
        }
        Self {
            types: types.into(),
            windows: lengths,
            ids: windows.into_iter().flat_map(|window| window.ids).collect(),
        }
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(self.ids.as_slice()) + self.types.len() + size_of_val(&*self.windows)
    }
}

/// Tokens that are all of type 0.
impl From<Vec<u32>> for Text {
    fn from(ids: Vec<u32>) -> Self {
        Self {
            ids,
            types: Box::default(),
            windows: Box::default(),
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
        let joined = columns(&["{title}. {body}", "question"]).unwrap();
        assert_eq!(joined.names().collect::<Vec<_>>(), ["text", "question"]);
        assert_eq!(joined.columns().collect::<Vec<_>>(), ["title", "body", "question"]);
        assert_eq!(
            columns(&["a", "a"]).unwrap_err(),
            "both texts of a pair are taken from the column `a`; name two columns"
        );
        assert_eq!(
            columns(&["a", "b", "c"]).unwrap_err(),
            "3 columns of texts are named; name one, two for pairs of texts, or join several with a template such as \
             `\"{title}. {body}\"`"
        );
    }
}
