//! Pictures: a folder, a table of paths, paths on standard input, an IDX file, or the built-in images.

use super::{Chunk, Opening, Source};
use crate::finetune::ImageInput;
use crate::finetune::data::pictures::{PictureOptions, PictureStream, converted};
use crate::finetune::data::{Examples, KnownLabels, Missing, Source as Files, builtin};
use crate::objective::{InputError, read_options};
use crate::production::{ProductionError, Question};

/// Prefix of built-in data.
const BUILTIN: &str = "builtin:";

/// The column of the paths in predictions.
const COLUMN: &str = "image";

struct Builtin(Option<Examples>);

struct Pictures(PictureStream);

/// Opens pictures.
///
/// # Errors
/// If the question is about texts, or if there are no pictures.
pub(super) fn open(opening: &Opening<'_>) -> Result<Box<dyn Source>, ProductionError> {
    let (data, keep): (&str, &[String]) = match opening.question {
        Question::Unlabelled { data, keep } => (data, keep),
        Question::Labelled(data) => (data, &[]),
        Question::Texts(_) | Question::Records(_) => {
            return Err(ProductionError::Usage(
                "this is a model of images: it has no answer to a text".into(),
            ));
        }
    };
    let Some(input) = opening.model.picture_input() else {
        return Err(ProductionError::Usage("this is a model of texts".into()));
    };
    if let Some(name) = data.strip_prefix(BUILTIN) {
        return of_builtin(name, opening, input);
    }
    let known = matches!(opening.question, Question::Labelled(_)).then(|| super::texts::labels(opening));
    let options = options(opening, known.as_ref());
    let stream = PictureStream::open(&Files::parse(data), (&options, keep), known, input.clone());
    Ok(Box::new(Pictures(stream.map_err(InputError::from)?)))
}

fn of_builtin(name: &str, opening: &Opening<'_>, input: &ImageInput) -> Result<Box<dyn Source>, ProductionError> {
    let data = builtin::load(name, None, None).map_err(InputError::from)?;
    let data = if opening.model.is_builtin_family() {
        data
    } else {
        converted(data, input)
    };
    Ok(Box::new(Builtin(Some(data.validation))))
}

/// How tables of pictures are read. Nothing is split.
fn options(opening: &Opening<'_>, known: Option<&KnownLabels>) -> PictureOptions {
    let mut options = PictureOptions::unsplit(Vec::new(), read_options(&opening.input.reading));
    options.table.label = known.map(|known| known.columns.clone()).unwrap_or_default();
    if let Some(known) = known {
        options.table.labels = known.kind.clone();
    }
    let asked = opening.input.text.first().cloned();
    options.column = asked.or_else(|| opening.notes.and_then(|notes| notes.image.clone()));
    options
}

impl Source for Builtin {
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

impl Source for Pictures {
    fn repeated(&self) -> Vec<String> {
        let kept = self.0.kept().iter().cloned();
        kept.chain([COLUMN.to_owned()]).collect()
    }

    fn next(&mut self, count: usize) -> Result<Option<Chunk>, InputError> {
        let Some(chunk) = self.0.next_chunk(count)? else {
            return Ok(None);
        };
        let rows = chunk.kept.into_iter().zip(chunk.paths);
        let repeated = rows.map(|(mut kept, path)| {
            kept.push(path.into());
            kept
        });
        Ok(Some(Chunk {
            lines: chunk.lines,
            repeated: repeated.collect(),
            examples: chunk.examples,
            unknown: chunk.unknown,
            words: Vec::new(),
        }))
    }

    fn missing(&self) -> Missing {
        self.0.missing().clone()
    }
}
