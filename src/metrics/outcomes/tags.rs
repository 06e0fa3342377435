//! Outcomes of token classification.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::classes::check_length;
use crate::{
    counts::ClassCounts,
    error::{MetricError, OutcomesError},
    tagging::{Mode, Scheme, Span, spans, type_of},
};

/// Predicted and true tags of the tokens of sentences.
#[derive(Clone, Debug)]
pub struct Tags<'a> {
    predicted: Vec<Vec<&'a str>>,
    truth: Vec<Vec<&'a str>>,
    names: BTreeSet<&'a str>,
}

impl<'a> Tags<'a> {
    /// Takes the names of the predicted and true tags of every token of every sentence, such as `B-PER` or `O`.
    ///
    /// # Errors
    /// Fails if the numbers of sentences or of a sentence's tags differ.
    pub fn of_names<S: AsRef<str>>(predicted: &'a [Vec<S>], truth: &'a [Vec<S>]) -> Result<Self, OutcomesError> {
        let read = |sentences: &'a [Vec<S>]| -> Vec<Vec<&'a str>> {
            sentences
                .iter()
                .map(|tags| tags.iter().map(AsRef::as_ref).collect())
                .collect()
        };
        let (predicted, truth) = (read(predicted), read(truth));
        let names = predicted.iter().chain(&truth).flatten().copied().collect();
        Self {
            predicted,
            truth,
            names,
        }
        .checked()
    }

    /// Takes the ids of the predicted and true tags of every token of every sentence, and the tags' names by id.
    /// Tokens without a tag, such as padding or later pieces of a word, must be left out.
    ///
    /// # Errors
    /// Fails if the numbers of sentences or of a sentence's tags differ, or if an id has no name.
    pub fn of_ids(predicted: &[Vec<u32>], truth: &[Vec<u32>], names: &'a [String]) -> Result<Self, OutcomesError> {
        let look_up = |sentence: usize, tag: u32| {
            let name = names.get(tag as usize).map(String::as_str);
            name.ok_or(OutcomesError::Tag {
                sentence,
                tag,
                names: names.len(),
            })
        };
        let read = |sentences: &[Vec<u32>]| -> Result<Vec<Vec<&'a str>>, OutcomesError> {
            let tags = sentences.iter().enumerate();
            tags.map(|(sentence, tags)| tags.iter().map(|&tag| look_up(sentence, tag)).collect())
                .collect()
        };
        let (predicted, truth) = (read(predicted)?, read(truth)?);
        Self {
            predicted,
            truth,
            names: names.iter().map(String::as_str).collect(),
        }
        .checked()
    }

    fn checked(self) -> Result<Self, OutcomesError> {
        check_length("predicted sentences", self.predicted.len(), self.truth.len())?;
        let lengths = self
            .sentences()
            .map(|(predicted, truth)| (predicted.len(), truth.len()));
        let uneven = lengths.enumerate().find(|(_, (predicted, truth))| predicted != truth);
        match uneven {
            None => Ok(self),
            Some((sentence, (predicted, truth))) => Err(OutcomesError::SentenceLength {
                sentence,
                predicted,
                truth,
            }),
        }
    }

    /// The number of tokens.
    pub fn tokens(&self) -> usize {
        self.truth.iter().map(Vec::len).sum()
    }

    /// The scheme the tags belong to: IOBES if a tag begins with `E` or `S`, else IOB2. With ids, all named tags count;
    /// with names, those that occur.
    pub fn scheme(&self) -> Scheme {
        Scheme::of(self.names.iter().copied())
    }

    /// The counts of entities of every type that occurs or is predicted. An entity is right if its type and both its
    /// ends are.
    pub fn counts(&self, mode: Mode) -> BTreeMap<&'a str, ClassCounts> {
        let mut counts: BTreeMap<&str, ClassCounts> = BTreeMap::new();
        for (predicted, truth) in self.sentences() {
            let expected: HashSet<Span<'a>> = spans(truth, mode).into_iter().collect();
            for span in &expected {
                counts.entry(span.entity).or_default().examples += 1;
            }
            for span in spans(predicted, mode) {
                let counted = counts.entry(span.entity).or_default();
                counted.predicted += 1;
                counted.right += u64::from(expected.contains(&span));
            }
        }
        counts
    }

    /// The counts of one entity type; an error if no tag is of that type.
    pub(crate) fn counts_of(&self, entity: &str) -> Result<ClassCounts, MetricError> {
        if let Some(&counts) = self.counts(Mode::Default).get(entity) {
            return Ok(counts);
        }
        let known: BTreeSet<&str> = self
            .names
            .iter()
            .filter(|name| !name.starts_with('O'))
            .map(|name| type_of(name))
            .collect();
        if known.contains(entity) {
            return Ok(ClassCounts::default());
        }
        let known = known.into_iter().map(str::to_owned).collect();
        Err(MetricError::UnknownClass {
            class: entity.to_owned(),
            known,
        })
    }

    /// The predicted and true tags of every sentence.
    pub(crate) fn sentences(&self) -> impl Iterator<Item = (&[&'a str], &[&'a str])> {
        let both = self.predicted.iter().zip(&self.truth);
        both.map(|(predicted, truth)| (predicted.as_slice(), truth.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        ["O", "B-PER", "I-PER", "B-LOC"].map(str::to_owned).to_vec()
    }

    #[test]
    fn ids_and_names_say_the_same() {
        let names = names();
        let by_id = Tags::of_ids(&[vec![1, 2, 0]], &[vec![1, 0, 3]], &names).unwrap();
        let (predicted, truth) = ([vec!["B-PER", "I-PER", "O"]], [vec!["B-PER", "O", "B-LOC"]]);
        let by_name = Tags::of_names(&predicted, &truth).unwrap();
        assert_eq!(by_id.counts(Mode::Default), by_name.counts(Mode::Default));
        assert_eq!(by_id.tokens(), 3);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let names = names();
        let error = |predicted: &[Vec<u32>], truth: &[Vec<u32>]| Tags::of_ids(predicted, truth, &names).unwrap_err();
        assert!(matches!(error(&[vec![0]], &[]), OutcomesError::Length { .. }));
        assert_eq!(
            error(&[vec![0]], &[vec![9]]),
            OutcomesError::Tag {
                sentence: 0,
                tag: 9,
                names: 4
            }
        );
        let lengths = OutcomesError::SentenceLength {
            sentence: 1,
            predicted: 2,
            truth: 1,
        };
        assert_eq!(error(&[vec![0], vec![0, 0]], &[vec![0], vec![0]]), lengths);
    }

    #[test]
    fn a_known_type_without_entities_counts_zero_and_an_unknown_one_is_refused() {
        let names = names();
        let tags = Tags::of_ids(&[vec![1]], &[vec![1]], &names).unwrap();
        assert_eq!(tags.counts_of("LOC"), Ok(ClassCounts::default()));
        assert_eq!(
            tags.counts_of("ORG").unwrap_err().to_string(),
            "unknown class `ORG`; known are `LOC`, `PER`"
        );
    }
}
