//! The truth that a model learns from each example.

use std::ops::Range;

use super::answering::AnswerTargets;
use super::error::DataError;
use super::tagging::TagWindow;
use crate::rng::Fingerprint;

/// The targets of some examples, in their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// One class an example: an index into the names of the classes.
    Classes(Vec<u32>),
    /// Any number of labels an example.
    Labels {
        /// Number of labels.
        width: usize,
        /// `[examples, labels]`: true for the labels that an example has.
        values: Vec<bool>,
    },
    /// Numbers.
    Values {
        /// Number of numbers an example.
        width: usize,
        /// `[examples, numbers]`.
        values: Vec<f32>,
    },
    /// A tag for each word, window by window.
    Tags(Vec<TagWindow>),
    /// Where answers stand, window by window.
    Answers(AnswerTargets),
}

impl Targets {
    /// Number of examples; of a long text every window is one.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Labels { width, values } => values.len() / (*width).max(1),
            Self::Values { width, values } => values.len() / (*width).max(1),
            Self::Tags(windows) => windows.len(),
            Self::Answers(answers) => answers.windows.len(),
        }
    }

    /// The windows of each sentence or question, one after the other. Of other targets each is by itself.
    pub fn wholes(&self) -> Vec<Range<usize>> {
        let continues = |index: usize| match self {
            Self::Classes(_) | Self::Labels { .. } | Self::Values { .. } => false,
            Self::Tags(windows) => windows[index].continues,
            Self::Answers(answers) => {
                index > 0 && answers.windows[index].question == answers.windows[index - 1].question
            }
        };
        let mut wholes: Vec<Range<usize>> = Vec::new();
        for index in 0..self.len() {
            match wholes.last_mut() {
                Some(last) if continues(index) => last.end = index + 1,
                Some(_) | None => wholes.push(index..index + 1),
            }
        }
        wholes
    }

    /// Returns whether there are no examples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The classes; empty if the targets are not classes.
    pub fn classes(&self) -> &[u32] {
        match self {
            Self::Classes(classes) => classes,
            Self::Labels { .. } | Self::Values { .. } | Self::Tags(_) | Self::Answers(_) => &[],
        }
    }

    /// The targets of the examples at these indices.
    #[must_use]
    pub fn pick(&self, indices: &[u32]) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(indices.iter().map(|&index| classes[index as usize]).collect()),
            Self::Labels { width, values } => Self::Labels {
                width: *width,
                values: rows(values, *width, indices),
            },
            Self::Values { width, values } => Self::Values {
                width: *width,
                values: rows(values, *width, indices),
            },
            Self::Tags(windows) => Self::Tags(rows(windows, 1, indices)),
            Self::Answers(answers) => Self::Answers(answers.pick(indices)),
        }
    }

    /// These targets followed by `other`.
    ///
    /// # Errors
    /// Returns [`DataError::MixedInputs`] if they are of different kinds.
    pub fn concat(&self, other: &Self) -> Result<Self, DataError> {
        match (self, other) {
            (Self::Classes(ours), Self::Classes(theirs)) => Ok(Self::Classes([ours.as_slice(), theirs].concat())),
            (Self::Labels { width, values }, Self::Labels { values: more, .. }) => Ok(Self::Labels {
                width: *width,
                values: [values.as_slice(), more].concat(),
            }),
            (Self::Values { width, values }, Self::Values { values: more, .. }) => Ok(Self::Values {
                width: *width,
                values: [values.as_slice(), more].concat(),
            }),
            (Self::Tags(ours), Self::Tags(theirs)) => Ok(Self::Tags([ours.as_slice(), theirs].concat())),
            (Self::Answers(ours), Self::Answers(theirs)) => Ok(Self::Answers(ours.concat(theirs))),
            _ => Err(DataError::MixedInputs),
        }
    }

    /// Adds all targets to a fingerprint.
    pub fn add_to(&self, fingerprint: &mut Fingerprint) {
        match self {
            Self::Classes(classes) => {
                for class in classes {
                    fingerprint.bytes(&class.to_le_bytes());
                }
            }
            Self::Labels { width, values } => {
                fingerprint.number(*width as u64);
                for &value in values {
                    fingerprint.bytes(&[u8::from(value)]);
                }
            }
            Self::Values { width, values } => {
                fingerprint.number(*width as u64);
                for value in values {
                    fingerprint.bytes(&value.to_le_bytes());
                }
            }
            Self::Tags(windows) => windows.iter().for_each(|window| window.add_to(fingerprint)),
            Self::Answers(answers) => answers.add_to(fingerprint),
        }
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Classes(classes) => size_of_val(classes.as_slice()),
            Self::Labels { values, .. } => size_of_val(values.as_slice()),
            Self::Values { values, .. } => size_of_val(values.as_slice()),
            Self::Tags(windows) => windows
                .iter()
                .map(|window| size_of_val(window) + size_of_val(&*window.tags))
                .sum(),
            Self::Answers(answers) => answers.bytes(),
        }
    }
}

fn rows<T: Clone>(values: &[T], width: usize, indices: &[u32]) -> Vec<T> {
    let row = |&index: &u32| &values[index as usize * width..][..width];
    indices.iter().flat_map(row).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_picked_and_joined_row_by_row() {
        let labels = Targets::Labels {
            width: 2,
            values: vec![true, false, false, false, true, true],
        };
        let picked = labels.pick(&[2, 0]);
        let expected = Targets::Labels {
            width: 2,
            values: vec![true, true, true, false],
        };
        assert_eq!((picked.len(), &picked), (2, &expected));
        assert_eq!(labels.concat(&picked).unwrap().len(), 5);
        assert!(labels.concat(&Targets::Classes(vec![1])).is_err());
        assert_eq!(
            Targets::Classes(vec![4, 5, 6]).pick(&[1, 1]),
            Targets::Classes(vec![5, 5])
        );
    }
}
