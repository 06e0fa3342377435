//! Built-in images. They are loaded at once, because they are part of the program.

use super::{Chunk, Opening, Source};
use crate::finetune::data::{Examples, builtin};
use crate::objective::InputError;
use crate::production::{ProductionError, Question};

/// Prefix of built-in data.
const BUILTIN: &str = "builtin:";

struct Images(Option<Examples>);

/// Opens built-in data.
///
/// # Errors
/// If the question is about texts or a file.
pub(super) fn open(opening: &Opening<'_>) -> Result<Box<dyn Source>, ProductionError> {
    let data = match opening.question {
        Question::Unlabelled { data, .. } | Question::Labelled(data) => data,
        Question::Texts(_) | Question::Records(_) => {
            return Err(ProductionError::Usage(
                "this is a model of images: it has no answer to a text".into(),
            ));
        }
    };
    let Some(name) = data.strip_prefix(BUILTIN) else {
        return Err(ProductionError::Usage(format!(
            "this is a model of images, which are not read from `{data}`: use `builtin:fashion-mini`"
        )));
    };
    let data = builtin::load(name, None, None).map_err(InputError::from)?;
    Ok(Box::new(Images(Some(data.validation))))
}

impl Source for Images {
    fn repeated(&self) -> Vec<String> {
        Vec::new()
    }

    fn next(&mut self, _: usize) -> Result<Option<Chunk>, InputError> {
        Ok(self.0.take().map(|examples| Chunk {
            lines: (1..=examples.len() as u64).collect(),
            repeated: Vec::new(),
            unknown: Vec::new(),
            words: Vec::new(),
            examples,
        }))
    }
}
