//! The truth that a model learns from each example.

use super::error::DataError;
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
}

impl Targets {
    /// Number of examples.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Labels { width, values } => values.len() / (*width).max(1),
            Self::Values { width, values } => values.len() / (*width).max(1),
        }
    }

    /// Returns whether there are no examples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The classes; empty if the targets are not classes.
    pub fn classes(&self) -> &[u32] {
        match self {
            Self::Classes(classes) => classes,
            Self::Labels { .. } | Self::Values { .. } => &[],
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
            (Self::Classes(_) | Self::Labels { .. } | Self::Values { .. }, _) => Err(DataError::MixedInputs),
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
        }
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Classes(classes) => size_of_val(classes.as_slice()),
            Self::Labels { values, .. } => size_of_val(values.as_slice()),
            Self::Values { values, .. } => size_of_val(values.as_slice()),
        }
    }
}

fn rows<T: Copy>(values: &[T], width: usize, indices: &[u32]) -> Vec<T> {
    let row = |&index: &u32| &values[index as usize * width..][..width];
    indices.iter().flat_map(row).copied().collect()
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
