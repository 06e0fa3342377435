//! Questions about contexts.

use super::{Chunk, Opening, Source, is_empty};
use crate::finetune::data::{
    AskedQuestion, Examples, Inputs, KeptQuestion, Position, QuestionStream, ReadOptions, Source as Files, Targets,
    TextEncoder, builtin,
};
use crate::objective::{InputError, question_columns, read_options};
use crate::production::{ProductionError, Question};
use crate::readers::Unnamed;

struct Questions {
    rest: Rest,
    encoder: TextEncoder,
    /// True if a question may have no answer.
    allows_none: bool,
}

enum Rest {
    Read(Box<QuestionStream>),
    Given(Vec<KeptQuestion>),
}

/// Opens the questions.
///
/// # Errors
/// If they cannot be read or lack a column.
pub(super) fn open(opening: &Opening<'_>, longest: usize) -> Result<Box<dyn Source>, ProductionError> {
    let columns = question_columns(&opening.text_columns(), &opening.label_columns());
    let encoder = opening.encoder(longest)?;
    let stream = |data: Files, has_answers: bool| -> Result<QuestionStream, InputError> {
        let read = ReadOptions {
            unnamed: Unnamed::RecordsWith(
                [(&columns.question, "question"), (&columns.context, "context")]
                    .map(|(named, usual)| named.clone().unwrap_or_else(|| usual.to_owned()))
                    .to_vec(),
            ),
            ..read_options(&opening.input.reading)
        };
        Ok(QuestionStream::open(&[data], &read, &columns, has_answers)?)
    };
    let rest = match opening.question {
        Question::Texts(texts) => Rest::Given(given(texts)?),
        Question::Records(records) => Rest::Read(Box::new(stream((*records).clone(), false)?)),
        Question::Labelled(data) => Rest::Read(Box::new(stream(builtin::source(data), true)?)),
        Question::Unlabelled { data, keep } => match stream(builtin::source(data), false) {
            Err(error) if *data == "-" && is_empty(&error) => Rest::Given(Vec::new()),
            stream => {
                let mut stream = stream?;
                stream.keep(keep).map_err(InputError::from)?;
                Rest::Read(Box::new(stream))
            }
        },
    };
    Ok(Box::new(Questions {
        rest,
        encoder,
        allows_none: opening.notes.is_some_and(|notes| notes.no_answers),
    }))
}

/// The texts of the command line, two by two.
fn given(texts: &[String]) -> Result<Vec<KeptQuestion>, ProductionError> {
    let (pairs, rest) = texts.as_chunks();
    if !rest.is_empty() {
        return Err(ProductionError::Usage(
            "this model answers questions: give `--text` twice for each, with the question and the context".into(),
        ));
    }
    let question = |([question, context], line): (&[String; 2], u64)| {
        let pair = (question.clone(), context.as_str().into());
        let asked = AskedQuestion::new(pair, Vec::new(), Position::file("--text"));
        asked.map(|asked| (asked, line, Vec::new()))
    };
    let questions: Result<Vec<KeptQuestion>, _> = pairs.iter().zip(1..).map(question).collect();
    let questions = questions.map_err(|error| InputError::from(crate::finetune::data::DataError::from(error)))?;
    Ok(questions)
}

impl Source for Questions {
    fn repeated(&self) -> Vec<String> {
        let kept: &[String] = match &self.rest {
            Rest::Read(stream) => stream.kept(),
            Rest::Given(_) => &[],
        };
        kept.iter().cloned().chain(["question".to_owned()]).collect()
    }

    fn next(&mut self, count: usize) -> Result<Option<Chunk>, InputError> {
        let chunk = match &mut self.rest {
            Rest::Read(stream) => stream.next_chunk(count)?,
            Rest::Given(all) => std::mem::take(all),
        };
        if chunk.is_empty() {
            return Ok(None);
        }
        let (mut questions, mut lines, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
        for (asked, line, mut kept) in chunk {
            kept.push(asked.question.as_str().into());
            questions.push(asked);
            lines.push(line);
            repeated.push(kept);
        }
        let (texts, targets) = self.encoder.encode_questions(&questions, self.allows_none)?;
        Ok(Some(Chunk {
            lines,
            repeated,
            examples: Examples {
                inputs: Inputs::Texts(texts),
                targets: Targets::Answers(targets),
            },
            unknown: Vec::new(),
            words: Vec::new(),
        }))
    }
}
