//! Texts cut to several lengths, for studies that search `max_length`.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::InputError;
use super::tables::{Long, encoding};
use crate::finetune::data::{DataError, Dataset, TextEncoder, TokenTable};
use crate::metrics::Task as TaskKind;
use crate::space::{Domain, Value};

/// The texts of a study before they are cut.
#[derive(Clone, Debug)]
pub(super) struct Lengths {
    pub(super) tokens: Arc<TokenTable>,
    pub(super) encoder: TextEncoder,
    pub(super) task: TaskKind,
    pub(super) long: Long,
}

impl Lengths {
    /// The data with texts of at most `max_length` tokens.
    ///
    /// # Errors
    /// If special tokens leave no room for a text.
    pub(super) fn cut(&self, max_length: usize) -> Result<Dataset, InputError> {
        let truncation = encoding(self.task, self.long, max_length);
        let encoder = self.encoder.with_length(max_length, truncation)?;
        self.tokens.cut(&encoder).map_err(|error| match error {
            DataError::Tokenizer(error) => InputError::Tokenizer(error),
            error => error.into(),
        })
    }

    /// Checks that the shortest length of a search leaves room for a text.
    ///
    /// # Errors
    /// If special tokens take all of it.
    pub(super) fn check(&self, lengths: &Domain) -> Result<(), InputError> {
        if let Some(shortest) = smallest_integer(lengths) {
            let truncation = encoding(self.task, self.long, shortest);
            self.encoder.with_length(shortest, truncation)?;
        }
        Ok(())
    }
}

/// The smallest whole number of a domain.
fn smallest_integer(domain: &Domain) -> Option<usize> {
    match domain {
        Domain::Choice { values, .. } | Domain::Weighted { values, .. } => values
            .iter()
            .filter_map(Value::as_i64)
            .min()
            .map(|least| least as usize),
        Domain::Float { .. } | Domain::Int { .. } | Domain::Normal { .. } => {
            domain.bounds().map(|(least, _)| least.ceil() as usize)
        }
    }
}

/// Something made of the data, for each length that is asked for.
pub(super) struct ByLength<T> {
    /// Made of the data at the longest length.
    longest: Arc<T>,
    lengths: Option<Lengths>,
    make: Box<dyn Fn(Arc<Dataset>) -> T + Send + Sync>,
    /// The latest ones, at most `kept`, the latest last.
    known: Mutex<Vec<(usize, Arc<T>)>>,
    kept: usize,
}

impl<T> ByLength<T> {
    /// Made of `data`, which has the longest texts, and of `lengths` when a shorter length is asked for.
    pub(super) fn new(
        (data, lengths): (Arc<Dataset>, Option<Lengths>),
        kept: usize,
        make: impl Fn(Arc<Dataset>) -> T + Send + Sync + 'static,
    ) -> Self {
        Self {
            longest: Arc::new(make(data)),
            lengths,
            make: Box::new(make),
            known: Mutex::default(),
            kept,
        }
    }

    /// For texts of at most `max_length` tokens; `None`: of the longest length.
    ///
    /// # Errors
    /// If special tokens leave no room for a text.
    pub(super) fn at(&self, max_length: Option<usize>) -> Result<Arc<T>, InputError> {
        let Some((lengths, max_length)) = self.lengths.as_ref().zip(max_length) else {
            return Ok(Arc::clone(&self.longest));
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let made = match known.iter().position(|(length, _)| *length == max_length) {
            Some(index) => known.remove(index).1,
            None => Arc::new((self.make)(Arc::new(lengths.cut(max_length)?))),
        };
        known.push((max_length, Arc::clone(&made)));
        if known.len() > self.kept {
            known.remove(0);
        }
        Ok(made)
    }

    /// As [`Self::at`]; of the longest length if the other one leaves no room, which a trial will report.
    pub(super) fn at_or_longest(&self, max_length: Option<usize>) -> Arc<T> {
        self.at(max_length).unwrap_or_else(|_| Arc::clone(&self.longest))
    }
}

impl<T> fmt::Debug for ByLength<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ByLength")
            .field("lengths", &self.lengths)
            .finish_non_exhaustive()
    }
}
