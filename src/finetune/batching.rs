//! From examples to the batches that a network takes, and the checks that spare the network bad ones.

use thiserror::Error;

use super::{
    data::{IMAGE_PIXELS, Inputs},
    models::{Batch, Network},
};

/// Why examples do not fit a model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InputError {
    /// There is nothing to train or evaluate on.
    #[error("there are no examples")]
    Empty,
    /// Inputs and labels differ in number.
    #[error("there are {inputs} inputs and {labels} labels")]
    Counts {
        /// How many inputs there are.
        inputs: usize,
        /// How many labels there are.
        labels: usize,
    },
    /// Images for a text model or texts for an image model.
    #[error("the model takes {expected}, the data are {found}")]
    Kind {
        /// What the model takes.
        expected: &'static str,
        /// What the data are.
        found: &'static str,
    },
    /// A label is no class of the model.
    #[error("example {example} has the class {label}, the model has {classes} classes")]
    Label {
        /// The example's place, from 0.
        example: usize,
        /// Its class.
        label: u32,
        /// The model's number of classes.
        classes: usize,
    },
    /// A text has no token or more than the model has positions for.
    #[error("text {example} has {length} tokens, the model takes 1 to {limit}")]
    Length {
        /// The text's place, from 0.
        example: usize,
        /// Its tokens.
        length: usize,
        /// The model's positions.
        limit: usize,
    },
    /// A token is not in the model's vocabulary; the tokenizer is another model's.
    #[error("text {example} has the token {token}, the model's vocabulary ends before {vocabulary}")]
    Token {
        /// The text's place, from 0.
        example: usize,
        /// The token.
        token: u32,
        /// The vocabulary's size.
        vocabulary: usize,
    },
}

/// Checks inputs against what a network can take.
pub(crate) fn check_inputs(network: &Network, inputs: &Inputs) -> Result<(), InputError> {
    if inputs.is_empty() {
        return Err(InputError::Empty);
    }
    let (bert, texts) = match (network, inputs) {
        (Network::Bert(bert), Inputs::Texts(texts)) => (bert, texts),
        (Network::ResNet8(_), Inputs::Images { .. }) => return Ok(()),
        (Network::Bert(_), Inputs::Images { .. }) => {
            return Err(InputError::Kind {
                expected: "texts",
                found: "images",
            });
        }
        (Network::ResNet8(_), Inputs::Texts(_)) => {
            return Err(InputError::Kind {
                expected: "images",
                found: "texts",
            });
        }
    };
    let (limit, vocabulary) = (bert.config.max_position_embeddings, bert.config.vocab_size);
    for (example, text) in texts.iter().enumerate() {
        if text.is_empty() || text.len() > limit {
            return Err(InputError::Length {
                example,
                length: text.len(),
                limit,
            });
        }
        if let Some(&token) = text.iter().find(|&&token| token as usize >= vocabulary) {
            return Err(InputError::Token {
                example,
                token,
                vocabulary,
            });
        }
    }
    Ok(())
}

/// Checks that there is one label for every input and that the model has it.
pub(crate) fn check_labels(inputs: usize, labels: &[u32], classes: usize) -> Result<(), InputError> {
    if inputs != labels.len() {
        return Err(InputError::Counts {
            inputs,
            labels: labels.len(),
        });
    }
    match labels.iter().position(|&label| label as usize >= classes) {
        Some(example) => Err(InputError::Label {
            example,
            label: labels[example],
            classes,
        }),
        None => Ok(()),
    }
}

/// Gathers the inputs at `places`.
pub(crate) fn gather(inputs: &Inputs, places: &[u32]) -> Batch {
    match inputs {
        Inputs::Texts(texts) => {
            let texts = || places.iter().map(|&place| &texts[place as usize]);
            Batch::Texts {
                tokens: texts().flatten().copied().collect(),
                lengths: texts().map(Vec::len).collect(),
            }
        }
        Inputs::Images { pixels } => Batch::Images {
            pixels: places
                .iter()
                .flat_map(|&place| &pixels[place as usize * IMAGE_PIXELS..][..IMAGE_PIXELS])
                .copied()
                .collect(),
            count: places.len(),
        },
    }
}

/// Places of all inputs in batches for evaluation: texts longest first, so that the largest need for memory shows at
/// once and padding is least; as many a batch as have about `tokens` tokens (or a quarter as many images).
pub(crate) fn evaluation_batches(inputs: &Inputs, tokens: usize) -> Vec<Vec<u32>> {
    let mut order: Vec<u32> = (0..inputs.len() as u32).collect();
    let Inputs::Texts(texts) = inputs else {
        return order.chunks((tokens / 16).max(1)).map(<[u32]>::to_vec).collect();
    };
    order.sort_by_key(|&place| std::cmp::Reverse(texts[place as usize].len()));
    let mut batches = Vec::new();
    let mut rest = order.as_slice();
    while let Some(&longest) = rest.first() {
        let count = (tokens / texts[longest as usize].len().max(1)).clamp(1, rest.len());
        let (batch, after) = rest.split_at(count);
        batches.push(batch.to_vec());
        rest = after;
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Inputs {
        Inputs::Texts(vec![vec![1, 2], vec![3], vec![4, 5, 6]])
    }

    #[test]
    fn texts_of_a_batch_follow_each_other() {
        let Batch::Texts { tokens, lengths } = gather(&texts(), &[1, 0]) else {
            panic!("texts were given")
        };
        assert_eq!((tokens, lengths), (vec![3, 1, 2], vec![1, 2]));
    }

    #[test]
    fn evaluation_sees_every_text_once_and_keeps_to_its_tokens() {
        assert_eq!(evaluation_batches(&texts(), 4), [vec![2], vec![0, 1]]);
        assert_eq!(evaluation_batches(&texts(), 1), [vec![2], vec![0], vec![1]]);
    }

    #[test]
    fn a_label_that_is_no_class_is_named() {
        assert_eq!(
            check_labels(2, &[0, 3], 3),
            Err(InputError::Label {
                example: 1,
                label: 3,
                classes: 3
            })
        );
        assert_eq!(
            check_labels(2, &[0], 3),
            Err(InputError::Counts { inputs: 2, labels: 1 })
        );
    }
}
