//! The data for a trainer: inputs as numbers, each with its class.

use super::error::DataError;
use super::image_size::ImageSize;
use super::pixels::Pixels;
use super::targets::Targets;
use super::text::Text;
use crate::rng::Fingerprint;
use crate::tasks::TaskKind;

/// Values per embedded image: 3 colours of 32 × 32.
pub const IMAGE_PIXELS: usize = ImageSize::SMALL.values();

/// Inputs of one kind, in the order of their labels.
#[derive(Clone, Debug, PartialEq)]
pub enum Inputs {
    /// The tokens of each text, or of each pair of texts.
    Texts(Vec<Text>),
    /// Images of one size, concatenated.
    Images {
        /// The size of every image.
        size: ImageSize,
        /// The pixels of all images.
        pixels: Pixels,
    },
}

/// Stand before the token types and the windows in a fingerprint. No text is so long.
const TYPES: u64 = u64::MAX;
const WINDOWS: u64 = u64::MAX - 1;

impl Inputs {
    /// Texts with these token ids, all of type 0.
    pub fn of_ids(texts: impl IntoIterator<Item = Vec<u32>>) -> Self {
        Self::Texts(texts.into_iter().map(Text::from).collect())
    }

    /// Number of inputs.
    pub fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Images { size, pixels } => pixels.count(*size),
        }
    }

    /// Returns whether there are no inputs.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The inputs at these indices.
    #[must_use]
    pub fn pick(&self, indices: &[u32]) -> Self {
        let indices = indices.iter().map(|&index| index as usize);
        match self {
            Self::Texts(texts) => Self::Texts(indices.map(|index| texts[index].clone()).collect()),
            Self::Images { size, pixels } => Self::Images {
                size: *size,
                pixels: pixels.pick(*size, indices),
            },
        }
    }
}

impl Inputs {
    /// Adds all inputs to a fingerprint.
    pub fn add_to(&self, fingerprint: &mut Fingerprint) {
        match self {
            Self::Texts(texts) => {
                for text in texts {
                    fingerprint.number(text.len() as u64);
                    for token in &text.ids {
                        fingerprint.bytes(&token.to_le_bytes());
                    }
                    if !text.types.is_empty() {
                        fingerprint.number(TYPES);
                        fingerprint.bytes(&text.types);
                    }
                    if !text.windows.is_empty() {
                        fingerprint.number(WINDOWS);
                        for tokens in &text.windows {
                            fingerprint.bytes(&tokens.to_le_bytes());
                        }
                    }
                }
            }
            Self::Images { size, pixels } => {
                // Studies of the embedded images are older than other sizes.
                if *size != ImageSize::SMALL {
                    for side in [size.channels, size.height, size.width] {
                        fingerprint.number(side as u64);
                    }
                }
                pixels.add_to(fingerprint);
            }
        }
    }
}

/// Inputs with their targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Examples {
    /// The inputs.
    pub inputs: Inputs,
    /// The target of each input. A class is an index into [`Dataset::labels`].
    pub targets: Targets,
}

impl Examples {
    /// Number of examples.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Returns whether there are no examples.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// The examples at these indices.
    #[must_use]
    pub fn pick(&self, indices: &[u32]) -> Self {
        Self {
            inputs: self.inputs.pick(indices),
            targets: self.targets.pick(indices),
        }
    }

    /// These examples followed by `other`: training and validation data for a final model.
    ///
    /// # Errors
    /// Returns [`DataError::MixedInputs`] if one holds texts and the other images, and [`DataError::MixedSizes`] if the
    /// images differ in size.
    pub fn concat(&self, other: &Self) -> Result<Self, DataError> {
        let inputs = match (&self.inputs, &other.inputs) {
            (Inputs::Texts(ours), Inputs::Texts(theirs)) => Inputs::Texts([ours.as_slice(), theirs].concat()),
            (
                Inputs::Images { size, pixels: ours },
                Inputs::Images {
                    size: other,
                    pixels: theirs,
                },
            ) => {
                if size != other {
                    return Err(DataError::MixedSizes {
                        one: *size,
                        other: *other,
                    });
                }
                Inputs::Images {
                    size: *size,
                    pixels: ours.concat(theirs, *size),
                }
            }
            (Inputs::Texts(_), Inputs::Images { .. }) | (Inputs::Images { .. }, Inputs::Texts(_)) => {
                return Err(DataError::MixedInputs);
            }
        };
        Ok(Self {
            inputs,
            targets: self.targets.concat(&other.targets)?,
        })
    }
}

/// All data of a task. All parts hold the same kind of inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Examples for training.
    pub train: Examples,
    /// Examples for comparing trials.
    pub validation: Examples,
    /// Examples for the final test of the best trial.
    pub test: Option<Examples>,
    /// The task, by the kind of its targets.
    pub task: TaskKind,
    /// Names of the classes, labels or numbers, by their index.
    pub labels: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concatenated_examples_keep_their_order_and_labels() {
        let first = Examples {
            inputs: Inputs::of_ids([vec![1], vec![2, 3]]),
            targets: Targets::Classes(vec![0, 1]),
        };
        let second = Examples {
            inputs: Inputs::of_ids([vec![4]]),
            targets: Targets::Classes(vec![1]),
        };
        let both = first.concat(&second).unwrap();
        assert_eq!(both.inputs, Inputs::of_ids([vec![1], vec![2, 3], vec![4]]));
        assert_eq!(both.targets, Targets::Classes(vec![0, 1, 1]));
        assert_eq!((both.len(), both.inputs.len()), (3, 3));
    }

    #[test]
    fn types_count_in_a_fingerprint_only_where_there_are_any() {
        let of = |inputs: &Inputs| {
            let mut fingerprint = Fingerprint::new();
            inputs.add_to(&mut fingerprint);
            fingerprint.finish()
        };
        let mut by_hand = Fingerprint::new();
        by_hand.number(2);
        by_hand.bytes(&7_u32.to_le_bytes());
        by_hand.bytes(&8_u32.to_le_bytes());
        let untyped = Inputs::of_ids([vec![7, 8]]);
        assert_eq!(of(&untyped), by_hand.finish());
        let typed = |types: [u8; 2]| {
            Inputs::Texts(vec![Text {
                types: Box::new(types),
                ..vec![7, 8].into()
            }])
        };
        assert_ne!(of(&typed([0, 1])), of(&untyped));
        assert_ne!(of(&typed([0, 1])), of(&typed([1, 1])));
    }

    #[test]
    fn texts_and_images_do_not_mix() {
        let texts = Examples {
            inputs: Inputs::of_ids([vec![1]]),
            targets: Targets::Classes(vec![0]),
        };
        let images = Examples {
            inputs: Inputs::Images {
                size: ImageSize::SMALL,
                pixels: vec![0.0; IMAGE_PIXELS].into(),
            },
            targets: Targets::Classes(vec![0]),
        };
        assert_eq!(images.inputs.len(), 1);
        assert!(matches!(texts.concat(&images), Err(DataError::MixedInputs)));
        let wide = Examples {
            inputs: Inputs::Images {
                size: ImageSize {
                    width: 64,
                    ..ImageSize::SMALL
                },
                pixels: vec![0.0; 2 * IMAGE_PIXELS].into(),
            },
            targets: Targets::Classes(vec![0]),
        };
        assert_eq!(
            images.concat(&wide).unwrap_err().to_string(),
            "images of 32 × 32 with 3 channels and of 32 × 64 with 3 channels cannot be mixed in one set of examples"
        );
    }
}
