//! A sentence: its text, its words, and their tags.

use std::ops::Range;

use automl_readers::Position;

use super::TaggingError;
use super::words::words;

/// The tag of a word outside of all names.
pub(super) const OUTSIDE: &str = "O";

/// A sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// The place in the data.
    pub position: Position,
    /// The text as it is written. Words that came as a list are joined by blanks.
    pub text: String,
    /// The bytes of each word.
    pub words: Vec<Range<usize>>,
    /// The tag of each word; empty if tags are not read.
    pub tags: Vec<String>,
}

/// A part of a text with a name, such as that of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSpan {
    /// The first character.
    pub start: i64,
    /// The character after the last one.
    pub end: i64,
    /// The name.
    pub label: String,
}

impl Sentence {
    /// A text without tags.
    pub fn of_text(text: String, position: Position) -> Self {
        Self {
            words: words(&text),
            text,
            tags: Vec::new(),
            position,
        }
    }

    /// Words with their tags, or without any.
    ///
    /// # Errors
    /// If there are tags, but not one for each word.
    pub fn of_words(words: &[String], tags: Vec<String>, position: Position) -> Result<Self, TaggingError> {
        if !tags.is_empty() && tags.len() != words.len() {
            return Err(TaggingError::Counts {
                position,
                words: words.len(),
                tags: tags.len(),
            });
        }
        if let Some(word) = tags.iter().position(|tag| tag.trim().is_empty()) {
            return Err(TaggingError::EmptyTag {
                position,
                word: word + 1,
            });
        }
        let mut end = 0;
        let ranges = words.iter().map(|word| {
            let start = if end == 0 { 0 } else { end + 1 };
            end = start + word.len();
            start..end
        });
        Ok(Self {
            words: ranges.collect(),
            text: words.join(" "),
            tags: tags.into_iter().map(|tag| tag.trim().to_owned()).collect(),
            position,
        })
    }

    /// A text with named spans. Their words get the tags `B-name` and `I-name`, all others `O`. A span that begins or ends
    /// within a word names the whole word: predictions are about words, too.
    ///
    /// # Errors
    /// If a span is not in the text, holds no word, or shares a word with another one.
    pub fn of_spans(text: String, mut spans: Vec<NamedSpan>, position: Position) -> Result<Self, TaggingError> {
        let starts: Vec<usize> = text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect();
        spans.sort_by_key(|span| (span.start, span.end));
        let bytes = |span: &NamedSpan| {
            let byte = |character: i64| usize::try_from(character).ok().and_then(|at| starts.get(at).copied());
            match (byte(span.start), byte(span.end)) {
                (Some(start), Some(end)) if start < end => Ok(start..end),
                _ => Err(TaggingError::Outside {
                    position: position.clone(),
                    start: span.start,
                    end: span.end,
                    characters: starts.len() - 1,
                }),
            }
        };
        let ranges: Vec<Range<usize>> = spans.iter().map(bytes).collect::<Result<_, _>>()?;
        if let Some(pair) = ranges.windows(2).find(|pair| pair[0].end > pair[1].start) {
            let [first, second] = [0, 1].map(|index| text[pair[index].clone()].to_owned());
            return Err(TaggingError::Overlap {
                position,
                first,
                second,
            });
        }
        let words = words(&text);
        let mut tags = vec![OUTSIDE.to_owned(); words.len()];
        for (span, range) in spans.iter().zip(&ranges) {
            let touches = |word: &Range<usize>| word.start < range.end && range.start < word.end;
            let named: Vec<usize> = (0..words.len()).filter(|&word| touches(&words[word])).collect();
            let Some((&first, rest)) = named.split_first() else {
                return Err(TaggingError::Blank {
                    position,
                    start: span.start as usize,
                    end: span.end as usize,
                });
            };
            if tags[first] != OUTSIDE {
                let word = text[words[first].clone()].to_owned();
                return Err(TaggingError::SharedWord { position, word });
            }
            tags[first] = format!("B-{}", span.label);
            for &word in rest {
                tags[word] = format!("I-{}", span.label);
            }
        }
        Ok(Self {
            position,
            text,
            words,
            tags,
        })
    }

    /// The words.
    pub(super) fn texts(&self) -> Vec<&str> {
        self.words.iter().map(|word| &self.text[word.clone()]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Position {
        Position::file("t.jsonl")
    }

    fn spans(text: &str, spans: &[(i64, i64, &str)]) -> Result<Sentence, TaggingError> {
        let spans = spans.iter().map(|&(start, end, label)| NamedSpan {
            start,
            end,
            label: label.to_owned(),
        });
        Sentence::of_spans(text.to_owned(), spans.collect(), here())
    }

    #[test]
    fn words_of_a_list_are_found_again_in_the_text() {
        let words = ["Zoë", "lives", "here"].map(str::to_owned);
        let sentence = Sentence::of_words(&words, Vec::new(), here()).unwrap();
        assert_eq!(sentence.text, "Zoë lives here");
        assert_eq!(sentence.texts(), words);
    }

    #[test]
    fn spans_count_characters_and_name_whole_words() {
        // The second name begins within a word.
        let sentence = spans("é New York überAnna", &[(15, 19, "PER"), (2, 10, "LOC")]).unwrap();
        assert_eq!(sentence.texts(), ["é", "New", "York", "überAnna"]);
        assert_eq!(sentence.tags, ["O", "B-LOC", "I-LOC", "B-PER"]);
    }

    #[test]
    fn a_wrong_span_is_named() {
        let message = |result: Result<Sentence, TaggingError>| result.unwrap_err().to_string();
        insta::assert_snapshot!(
            [
                message(spans("a b", &[(0, 9, "X")])),
                message(spans("a b", &[(-1, 1, "X")])),
                message(spans("a b", &[(2, 2, "X")])),
                message(spans("ab cd", &[(0, 4, "X"), (3, 5, "Y")])),
                message(spans("a  b", &[(1, 3, "X")])),
                message(spans("AnnBob", &[(0, 3, "X"), (3, 6, "Y")])),
                message(Sentence::of_words(&["a".to_owned()], vec!["O".to_owned(); 2], here())),
                message(Sentence::of_words(&["a".to_owned()], vec![" ".to_owned()], here())),
            ]
            .join("\n"),
            @"
        `t.jsonl`: the span from 0 to 9 is not in the text, which has 3 characters
        `t.jsonl`: the span from -1 to 1 is not in the text, which has 3 characters
        `t.jsonl`: the span from 2 to 2 is not in the text, which has 3 characters
        `t.jsonl`: the spans `ab c` and `cd` overlap; a word can have one tag only
        `t.jsonl`: the span from 1 to 3 holds no word
        `t.jsonl`: two spans share the word `AnnBob`; give the word one label, or split it with a blank
        `t.jsonl`: the numbers of words and tags differ (1 and 2); each word needs one tag
        `t.jsonl`: word 1 has no tag; write `O` for a word outside of all names
        "
        );
    }
}
