//! Turns examples into the batches that a network takes, and checks them first.

use thiserror::Error;

use super::{
    data::{ImageSize, Inputs, Pixels, Targets, Text},
    networks::{Batch, InputLimits, Network},
};

/// The reason why examples do not fit a model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExampleError {
    /// There are no examples to train or evaluate on.
    #[error("there are no examples")]
    Empty,
    /// Inputs and labels differ in number.
    #[error("there are {inputs} inputs and {labels} labels")]
    Counts {
        /// Number of inputs.
        inputs: usize,
        /// Number of labels.
        labels: usize,
    },
    /// Images for a text model or texts for an image model.
    #[error("the model takes {expected}, the data are {found}")]
    Kind {
        /// The kind of inputs that the model takes.
        expected: &'static str,
        /// The kind of inputs in the data.
        found: &'static str,
    },
    /// The images have another size than the model takes.
    #[error("the images have {found}, the model takes {expected}")]
    ImageSize {
        /// The size that the model takes.
        expected: ImageSize,
        /// The size of the images.
        found: ImageSize,
    },
    /// A label is not a class of the model.
    #[error("example {example} has the class {label}, the model has {classes} classes")]
    Label {
        /// The example's index, from 0.
        example: usize,
        /// Its class.
        label: u32,
        /// The model's number of classes.
        classes: usize,
    },
    /// The examples have another number of targets than the model has outputs.
    #[error("an example has {width} targets, the model has {outputs} outputs")]
    Outputs {
        /// Number of targets of an example.
        width: usize,
        /// Number of outputs of the model.
        outputs: usize,
    },
    /// A window has another number of tags, or other positions, than tokens.
    #[error("text {example} has {tokens} tokens, and targets for {targets}")]
    Tokens {
        /// The text's index, from 0.
        example: usize,
        /// Number of tokens.
        tokens: usize,
        /// Number of tokens that the targets speak of.
        targets: usize,
    },
    /// A text has no tokens, or more than the model has positions for.
    #[error("text {example} has {length} tokens, the model takes 1 to {limit}")]
    Length {
        /// The text's index, from 0.
        example: usize,
        /// Number of tokens in the text.
        length: usize,
        /// Number of positions of the model.
        limit: usize,
    },
    /// A token is not in the model's vocabulary: the tokenizer belongs to another model.
    #[error("text {example} has the token {token}, the model's vocabulary ends before {vocabulary}")]
    Token {
        /// The text's index, from 0.
        example: usize,
        /// The token.
        token: u32,
        /// Size of the vocabulary.
        vocabulary: usize,
    },
    /// A token has a type that the model does not know.
    #[error("text {example} has a token of the type {found}, the model knows {known} types")]
    TokenType {
        /// The text's index, from 0.
        example: usize,
        /// The type.
        found: u8,
        /// Number of types, at least 1.
        known: usize,
    },
}

/// Checks that a network can take these inputs.
pub(crate) fn check_inputs(network: &Network, inputs: &Inputs) -> Result<(), ExampleError> {
    if inputs.is_empty() {
        return Err(ExampleError::Empty);
    }
    let (limit, vocabulary, types, texts) = match (network.inputs, inputs) {
        (
            InputLimits::Texts {
                tokens,
                vocabulary,
                types,
            },
            Inputs::Texts(texts),
        ) => (tokens, vocabulary, types, texts),
        (InputLimits::Images { size: expected }, Inputs::Images { size: found, .. }) => {
            if expected == *found {
                return Ok(());
            }
            return Err(ExampleError::ImageSize {
                expected,
                found: *found,
            });
        }
        (InputLimits::Texts { .. }, Inputs::Images { .. }) => {
            return Err(ExampleError::Kind {
                expected: "texts",
                found: "images",
            });
        }
        (InputLimits::Images { .. }, Inputs::Texts(_)) => {
            return Err(ExampleError::Kind {
                expected: "images",
                found: "texts",
            });
        }
    };
    for (example, text) in texts.iter().enumerate() {
        if let Some(length) = text.windows().find(|length| !(1..=limit).contains(length)) {
            return Err(ExampleError::Length { example, length, limit });
        }
        if let Some(&token) = text.ids.iter().find(|&&token| token as usize >= vocabulary) {
            return Err(ExampleError::Token {
                example,
                token,
                vocabulary,
            });
        }
        // A model without token types has one that is never told.
        let known = types.max(1);
        if let Some(&found) = text.types.iter().find(|&&found| usize::from(found) >= known) {
            return Err(ExampleError::TokenType { example, found, known });
        }
    }
    Ok(())
}

/// Checks that there is one target for every input, of the kind and size that the model's outputs have.
pub(crate) fn check_targets(inputs: &Inputs, targets: &Targets, outputs: usize) -> Result<(), ExampleError> {
    if inputs.len() != targets.len() {
        return Err(ExampleError::Counts {
            inputs: inputs.len(),
            labels: targets.len(),
        });
    }
    let known = |example: usize, label: u32| {
        if (label as usize) < outputs {
            return Ok(());
        }
        Err(ExampleError::Label {
            example,
            label,
            classes: outputs,
        })
    };
    match targets {
        Targets::Classes(classes) => classes
            .iter()
            .enumerate()
            .try_for_each(|(example, &label)| known(example, label)),
        Targets::Labels { width, .. } | Targets::Values { width, .. } if *width == outputs => Ok(()),
        Targets::Labels { width, .. } | Targets::Values { width, .. } => {
            Err(ExampleError::Outputs { width: *width, outputs })
        }
        Targets::Tags(windows) => windows.iter().enumerate().try_for_each(|(example, window)| {
            same_tokens(inputs, example, window.tags.len())?;
            window.tagged().try_for_each(|(_, tag)| known(example, tag))
        }),
        Targets::Answers(answers) => answers.windows.iter().enumerate().try_for_each(|(example, window)| {
            same_tokens(inputs, example, window.tokens as usize)?;
            let last = window.first as usize + window.offsets.len();
            let last = window.span.iter().fold(last, |last, &end| last.max(end as usize + 1));
            if last > window.tokens as usize {
                return same_tokens(inputs, example, last);
            }
            Ok(())
        }),
    }
}

/// Checks that a text has this number of tokens.
fn same_tokens(inputs: &Inputs, example: usize, targets: usize) -> Result<(), ExampleError> {
    let tokens = match inputs {
        Inputs::Texts(texts) => texts[example].len(),
        Inputs::Images { .. } => 0,
    };
    if tokens == targets {
        return Ok(());
    }
    Err(ExampleError::Tokens {
        example,
        tokens,
        targets,
    })
}

/// The inputs at the indices `places`, as a batch.
pub(crate) fn gather(inputs: &Inputs, places: &[u32]) -> Batch {
    match inputs {
        Inputs::Texts(texts) => {
            let texts = || places.iter().map(|&place| &texts[place as usize]);
            Batch::Texts {
                tokens: texts().flat_map(|text| &text.ids).copied().collect(),
                types: gather_types(texts()),
                lengths: texts().flat_map(Text::windows).collect(),
                windows: gather_windows(texts()),
            }
        }
        Inputs::Images { size, pixels } => Batch::Images {
            pixels: gather_pixels(places, pixels, *size),
            count: places.len(),
        },
    }
}

fn gather_pixels(places: &[u32], pixels: &Pixels, size: ImageSize) -> Vec<f32> {
    let mut values = Vec::with_capacity(places.len() * size.values());
    for &place in places {
        values.extend_from_slice(&pixels.image(size, place as usize));
    }
    values
}

/// Number of windows of each text; empty if all have one.
fn gather_windows<'a>(texts: impl Iterator<Item = &'a Text> + Clone) -> Vec<usize> {
    if texts.clone().all(|text| text.window_count() == 1) {
        return Vec::new();
    }
    texts.map(Text::window_count).collect()
}

/// Cuts the examples of a step into `count` micro-batches, or a few more.
///
/// They have the same number of examples. Where texts have several windows, a part ends before it has more than its share
/// of the windows, because memory is taken by windows; a text is never divided.
pub(crate) fn micro_batches<'a>(inputs: &Inputs, places: &'a [u32], count: usize) -> Vec<&'a [u32]> {
    let count = count.max(1);
    let windows = |place: &u32| match inputs {
        Inputs::Texts(texts) => texts[*place as usize].window_count(),
        Inputs::Images { .. } => 1,
    };
    let all: usize = places.iter().map(windows).sum();
    if all == places.len() || count == 1 {
        return places.chunks(places.len().div_ceil(count).max(1)).collect();
    }
    let share = all.div_ceil(count);
    let mut parts = Vec::new();
    let mut rest = places;
    while !rest.is_empty() {
        let fitting = rest.iter().scan(0, |sum, place| {
            *sum += windows(place);
            (*sum <= share).then_some(())
        });
        let (part, others) = rest.split_at(fitting.count().max(1));
        parts.push(part);
        rest = others;
    }
    parts
}

/// The types of all tokens; empty if all are 0.
fn gather_types<'a>(texts: impl Iterator<Item = &'a Text> + Clone) -> Vec<u32> {
    if texts.clone().all(|text| text.types.is_empty()) {
        return Vec::new();
    }
    let mut types = Vec::new();
    for text in texts {
        if text.types.is_empty() {
            types.resize(types.len() + text.len(), 0);
        } else {
            types.extend(text.types.iter().copied().map(u32::from));
        }
    }
    types
}

/// Number of tokens that an image counts as in a batch for evaluation: 16 if it is 32 × 32.
pub(crate) fn image_tokens(size: ImageSize) -> usize {
    (size.height * size.width / 64).max(1)
}

/// Batches for evaluation, as indices of all inputs.
///
/// Texts are sorted, the longest first: the first batch needs the most memory, and padding is smallest. Each batch has
/// about `tokens` tokens; an image counts as many as [`image_tokens`] says.
pub(crate) fn evaluation_batches(inputs: &Inputs, tokens: usize) -> Vec<Vec<u32>> {
    let mut order: Vec<u32> = (0..inputs.len() as u32).collect();
    let texts = match inputs {
        Inputs::Texts(texts) => texts,
        Inputs::Images { size, .. } => {
            let count = (tokens / image_tokens(*size)).max(1);
            return order.chunks(count).map(<[u32]>::to_vec).collect();
        }
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
        Inputs::of_ids([vec![1, 2], vec![3], vec![4, 5, 6]])
    }

    #[test]
    fn texts_of_a_batch_follow_each_other() {
        let Batch::Texts { tokens, lengths, .. } = gather(&texts(), &[1, 0]) else {
            panic!("texts were given")
        };
        assert_eq!((tokens, lengths), (vec![3, 1, 2], vec![1, 2]));
    }

    #[test]
    fn types_are_there_for_all_texts_of_a_batch_or_for_none() {
        let typed = Text {
            types: Box::new([0, 1]),
            ..vec![7, 8].into()
        };
        let inputs = Inputs::Texts(vec![vec![1, 2].into(), typed, vec![3].into()]);
        let gathered = |places: &[u32]| match gather(&inputs, places) {
            Batch::Texts { types, .. } => types,
            Batch::Images { .. } => panic!("texts were given"),
        };
        assert_eq!(gathered(&[2, 1, 0]), [0, 0, 1, 0, 0]);
        assert_eq!(gathered(&[2, 0]), [0_u32; 0]);
    }

    #[test]
    fn a_type_that_the_model_does_not_know_is_refused() {
        let text = |found| {
            Inputs::Texts(vec![Text {
                types: Box::new([found]),
                ..vec![7].into()
            }])
        };
        let bert = crate::testing::small_bert(2);
        assert_eq!(check_inputs(&bert.network, &text(1)), Ok(()));
        let error = check_inputs(&bert.network, &text(2)).unwrap_err().to_string();
        assert_eq!(error, "text 0 has a token of the type 2, the model knows 2 types");
        let gpt2 = small("gpt2");
        let error = check_inputs(&gpt2.network, &text(1)).unwrap_err().to_string();
        assert_eq!(error, "text 0 has a token of the type 1, the model knows 1 types");
    }

    fn small(model_type: &str) -> crate::pretrained::Pretrained {
        let is_asked = |config: &&&str| config.contains(&format!("\"{model_type}\""));
        crate::testing::small(crate::testing::SMALL.iter().find(is_asked).unwrap(), 2)
    }

    #[test]
    fn a_text_in_windows_is_one_text_of_a_batch() {
        let examples = crate::testing::windowed(4, 2);
        let Batch::Texts { lengths, windows, .. } = gather(&examples.inputs, &[2, 0, 1]) else {
            panic!("texts were given")
        };
        assert_eq!((windows, lengths.len()), (vec![3, 1, 2], 6));
        let Batch::Texts { windows, .. } = gather(&examples.inputs, &[0, 3]) else {
            panic!("texts were given")
        };
        assert_eq!(windows, [0_usize; 0]);
    }

    #[test]
    fn micro_batches_have_equal_shares_of_windows() {
        // Windows: 1, 2, 3, 1, 2, 3.
        let examples = crate::testing::windowed(6, 2);
        let cut = |places, count| micro_batches(&examples.inputs, places, count);
        assert_eq!(cut(&[0, 1, 2, 3, 4, 5], 1), [[0, 1, 2, 3, 4, 5]]);
        assert_eq!(cut(&[0, 1, 2, 3, 4, 5], 2), [&[0, 1, 2][..], &[3, 4, 5]]);
        assert_eq!(cut(&[2, 5, 0], 4), [&[2][..], &[5], &[0]]);
        assert_eq!(micro_batches(&texts(), &[0, 1, 2], 2), [&[0, 1][..], &[2]]);
    }

    #[test]
    fn evaluation_sees_every_text_once_and_keeps_to_its_tokens() {
        assert_eq!(evaluation_batches(&texts(), 4), [vec![2], vec![0, 1]]);
        assert_eq!(evaluation_batches(&texts(), 1), [vec![2], vec![0], vec![1]]);
    }

    #[test]
    fn a_label_that_is_no_class_is_named() {
        assert_eq!(
            check_targets(&Inputs::of_ids([vec![1], vec![2]]), &Targets::Classes(vec![0, 3]), 3),
            Err(ExampleError::Label {
                example: 1,
                label: 3,
                classes: 3
            })
        );
        assert_eq!(
            check_targets(&Inputs::of_ids([vec![1], vec![2]]), &Targets::Classes(vec![0]), 3),
            Err(ExampleError::Counts { inputs: 2, labels: 1 })
        );
    }
}
