//! Sentences whose words get tags.

use super::{Chunk, Opening, Source, Word, is_empty};
use crate::finetune::data::{
    Examples, Inputs, KeptSentence, Position, ReadOptions, Sentence, SentenceStream, Source as Files, Tagged, Targets,
    TextEncoder, UnknownLabel, builtin,
};
use crate::objective::{InputError, read_options, tag_columns};
use crate::production::{ProductionError, Question};
use crate::readers::Unnamed;
use crate::suggestion::did_you_mean;

struct Sentences {
    rest: Rest,
    encoder: TextEncoder,
    /// The names of the tags, if the data has tags.
    names: Option<Vec<String>>,
}

enum Rest {
    Read(Box<SentenceStream>),
    Given(Vec<KeptSentence>),
}

/// Opens the sentences.
///
/// # Errors
/// If they cannot be read or lack a column.
pub(super) fn open(opening: &Opening<'_>, longest: usize) -> Result<Box<dyn Source>, ProductionError> {
    let columns = tag_columns(&opening.text_columns(), &opening.label_columns());
    let encoder = opening.encoder(longest)?;
    let stream = |data: Files, has_tags: bool| -> Result<SentenceStream, InputError> {
        let read = ReadOptions {
            // Plain lines are sentences.
            unnamed: if has_tags {
                Unnamed::Guess
            } else {
                Unnamed::TableWith(vec![columns.text.clone().unwrap_or_else(|| "text".to_owned())])
            },
            ..read_options(&opening.input.reading)
        };
        Ok(SentenceStream::open(&[data], &read, &columns, has_tags)?)
    };
    let (rest, names) = match opening.question {
        Question::Texts(texts) => (Rest::Given(given(texts)), None),
        Question::Records(records) => (Rest::Read(Box::new(stream((*records).clone(), false)?)), None),
        Question::Labelled(data) => {
            let names = opening.model.labels().to_vec();
            (Rest::Read(Box::new(stream(builtin::source(data), true)?)), Some(names))
        }
        Question::Unlabelled { data, keep } => match stream(builtin::source(data), false) {
            Err(error) if *data == "-" && is_empty(&error) => (Rest::Given(Vec::new()), None),
            stream => {
                let mut stream = stream?;
                stream.keep(keep).map_err(InputError::from)?;
                (Rest::Read(Box::new(stream)), None)
            }
        },
    };
    Ok(Box::new(Sentences { rest, encoder, names }))
}

fn given(texts: &[String]) -> Vec<KeptSentence> {
    let sentence = |(text, line): (&String, u64)| {
        let sentence = Sentence::of_text(text.clone(), Position::file("--text"));
        (sentence, line, Vec::new())
    };
    texts.iter().zip(1..).map(sentence).collect()
}

impl Source for Sentences {
    fn repeated(&self) -> Vec<String> {
        let kept: &[String] = match &self.rest {
            Rest::Read(stream) => stream.kept(),
            Rest::Given(_) => &[],
        };
        kept.iter().cloned().chain(["text".to_owned()]).collect()
    }

    fn next(&mut self, count: usize) -> Result<Option<Chunk>, InputError> {
        let chunk = match &mut self.rest {
            Rest::Read(stream) => stream.next_chunk(count)?,
            Rest::Given(all) => std::mem::take(all),
        };
        if chunk.is_empty() {
            return Ok(None);
        }
        let (mut sentences, mut lines, mut repeated, mut unknown) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (mut sentence, line, mut kept) in chunk {
            sentence.follow(self.names.as_deref().unwrap_or_default());
            if let Some(label) = self.unknown_tag(&sentence, line) {
                unknown.push(label);
                continue;
            }
            kept.push(sentence.text.as_str().into());
            sentences.push(sentence);
            lines.push(line);
            repeated.push(kept);
        }
        let names = self.names.as_deref().unwrap_or_default();
        let number = |tag: &String| names.iter().position(|name| name == tag).unwrap_or(0) as u32;
        let tag = |sentence: &Sentence, word: usize| sentence.tags.get(word).map_or(0, number);
        let Tagged { texts, windows, words } = self.encoder.encode_sentences(&sentences, tag)?;
        let words = sentences.iter().zip(words).map(|(sentence, tagged)| {
            let all = words_of(sentence);
            tagged.into_iter().map(|word| all[word].clone()).collect()
        });
        Ok(Some(Chunk {
            lines,
            repeated,
            words: words.collect(),
            examples: Examples {
                inputs: Inputs::Texts(texts),
                targets: Targets::Tags(windows),
            },
            unknown,
        }))
    }
}

impl Sentences {
    /// The first tag of a sentence that the model does not know.
    fn unknown_tag(&self, sentence: &Sentence, line: u64) -> Option<UnknownLabel> {
        let names = self.names.as_ref()?;
        let label = sentence.tags.iter().find(|tag| !names.contains(tag))?;
        Some(UnknownLabel {
            line,
            label: label.clone(),
            suggestion: did_you_mean(label, names.iter().map(String::as_str)).map(str::to_owned),
        })
    }
}

/// The places of the words of a sentence.
fn words_of(sentence: &Sentence) -> Vec<Word> {
    let (mut byte, mut character) = (0, 0);
    let mut up_to = |end: usize| {
        character += sentence.text[byte..end].chars().count();
        byte = end;
        character
    };
    let word = |bytes: &std::ops::Range<usize>| Word {
        characters: up_to(bytes.start)..up_to(bytes.end),
        bytes: bytes.clone(),
    };
    sentence.words.iter().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters() {
        let sentence = Sentence::of_text("Zoë  sah 好的".to_owned(), Position::file("a"));
        let places: Vec<_> = words_of(&sentence).into_iter().map(|word| word.characters).collect();
        assert_eq!(places, [0..3, 5..8, 9..10, 10..11]);
    }
}
