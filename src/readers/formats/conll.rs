//! Tokens with tags, one token per line and a blank line between sentences (CoNLL-2003, Tjong Kim Sang and De Meulder):
//! one record per sentence.

use super::delimited::checked;
use super::{Format, Open, Opening, Records};
use crate::error::{Fault, ReadError};
use crate::head::{HEAD, Head, Match};
use crate::input::{Input, without_break};
use crate::position::{At, Position};
use crate::record::{Columns, Record};
use crate::value::Value;

pub(super) const FORMAT: Format = Format {
    name: "conll",
    extensions: &["conll", "conllu", "bio", "iob", "iob2", "txt"],
    about: "one token per line with its tags, blank lines between sentences; lists `tokens` and `tags`",
    recognise,
    open: Open::Stream(open),
};

/// The line that separates documents.
const DOCUMENT: &str = "-DOCSTART-";

fn recognise(head: &Head<'_>) -> Match {
    if !head.is_text() {
        return Match::No;
    }
    if head.text.starts_with(DOCUMENT) {
        return Match::Certain;
    }
    let lines = || {
        head.lines()
            .filter(|line| !line.trim().is_empty() && !line.starts_with(DOCUMENT))
    };
    let mut widths = lines().map(|line| split(line).count());
    let first = widths.next().unwrap_or(0);
    let is_even = first > 1 && widths.all(|width| width == first);
    let is_tag = |line: &str| split(line).last().is_some_and(is_tag);
    match is_even && lines().all(is_tag) {
        true => Match::Strong,
        false if head.extension == "txt" || head.extension.is_empty() => Match::No,
        false => Match::Weak,
    }
}

/// Returns whether a word is a tag of spans: `O`, or a letter such as `B` and a name.
fn is_tag(word: &str) -> bool {
    word == "O"
        || word
            .split_once('-')
            .is_some_and(|(prefix, name)| matches!(prefix, "B" | "I" | "E" | "S" | "L" | "U") && !name.is_empty())
}

/// The columns of a line: between tabs if there are any, otherwise between blanks.
fn split(line: &str) -> impl Iterator<Item = &str> {
    let has_tabs = line.contains('\t');
    let is_gap = move |character: char| if has_tabs { character == '\t' } else { character == ' ' };
    line.trim_end()
        .split(is_gap)
        .map(str::trim)
        .filter(move |word| has_tabs || !word.is_empty())
}

struct Conll {
    input: Input,
    columns: Columns,
    comment: Option<char>,
}

fn open(opening: Opening<'_>) -> Result<Box<dyn Records>, ReadError> {
    let Opening { mut input, options, .. } = opening;
    let sample = input.fill(HEAD)?.to_vec();
    let head = Head::new(&sample, true, "");
    let is_token = |line: &&str| is_of_sentence(line, options.comment);
    let width = head.lines().find(is_token).map_or(0, |line| split(line).count());
    let position = input.position();
    let names = match &options.columns {
        Some(names) => names.clone(),
        None if width > 1 => names(width),
        None => {
            let problem = "one column where a token and its tag are expected; is this plain text (`format: text`)";
            return Err(input.error_of_file(Fault::NoRecords {
                problem: problem.to_owned(),
            }));
        }
    };
    Ok(Box::new(Conll {
        columns: checked(names, options.limits.columns, &position)?,
        comment: options.comment,
        input,
    }))
}

/// `tokens` for the first column, `tags` for the last, and numbers for those between.
fn names(width: usize) -> Vec<String> {
    let name = |number: usize| match number {
        1 => "tokens".to_owned(),
        last if last == width => "tags".to_owned(),
        number => format!("column_{number}"),
    };
    (1..=width).map(name).collect()
}

fn is_of_sentence(line: &str, comment: Option<char>) -> bool {
    !line.trim().is_empty() && !line.starts_with(DOCUMENT) && !comment.is_some_and(|comment| line.starts_with(comment))
}

/// A sentence that is being read.
struct Sentence {
    line: u64,
    bytes: usize,
    lists: Vec<Vec<Value>>,
    fault: Option<ReadError>,
}

impl Conll {
    /// Adds a line to the sentence.
    fn add(&self, sentence: &mut Sentence, line: &str) {
        let position = || self.input.position_at(At::Line(self.input.line()));
        let found = split(line).count();
        if found != self.columns.len() {
            let fault = Fault::Ragged {
                reference: "first token",
                expected: self.columns.len(),
                found,
                advice: "give every token all columns, separate sentences with blank lines, or set `comment`",
            };
            sentence.fault.get_or_insert_with(|| ReadError::new(position(), fault));
            return;
        }
        for (list, word) in sentence.lists.iter_mut().zip(split(line)) {
            list.push(Value::Text(word.to_owned()));
        }
    }

    fn finish(&self, sentence: Sentence) -> Result<Option<Record>, ReadError> {
        if let Some(error) = sentence.fault {
            return Err(error);
        }
        let position: Position = self.input.position_at(At::Line(sentence.line));
        let values = sentence.lists.into_iter().map(Value::List).collect();
        Ok(Some(Record::new(position, self.columns.clone(), values)))
    }
}

impl Records for Conll {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        let mut sentence: Option<Sentence> = None;
        while let Some(length) = self.input.line_end(0)? {
            let begun = sentence.is_some();
            let line = self.input.line();
            let is_end = match self.input.text(length).map(without_break) {
                Ok(text) if is_of_sentence(text, self.comment) => {
                    let sentence = sentence.get_or_insert_with(|| Sentence {
                        line,
                        bytes: 0,
                        lists: vec![Vec::new(); self.columns.len()],
                        fault: None,
                    });
                    sentence.bytes += length;
                    self.add(sentence, text);
                    false
                }
                Ok(text) => begun && (text.trim().is_empty() || text.starts_with(DOCUMENT)),
                Err(error) => {
                    self.input.advance_lines(length, 1);
                    return Err(error);
                }
            };
            self.input.advance_lines(length, 1);
            self.input
                .check(sentence.as_ref().map_or(0, |sentence| sentence.bytes), line)?;
            if is_end {
                break;
            }
        }
        sentence.map_or(Ok(None), |sentence| self.finish(sentence))
    }

    fn columns(&self) -> Columns {
        self.columns.clone()
    }
}

#[cfg(test)]
mod tests {
    use crate::ReadOptions;
    use crate::testing::{fault, faults, read, rows};

    #[test]
    fn every_sentence_is_a_record_with_lists() {
        let content = "-DOCSTART- -X- O O\n\nEU NNP I-NP B-ORG\nrejects VBZ I-VP O\n\n\nPeter NNP I-NP B-PER\r\n";
        let expected = [
            "3: tokens=[EU, rejects] column_2=[NNP, VBZ] column_3=[I-NP, I-VP] tags=[B-ORG, O]",
            "7: tokens=[Peter] column_2=[NNP] column_3=[I-NP] tags=[B-PER]",
        ];
        assert_eq!(rows("train.txt", content), expected);
        assert_eq!(
            rows("a.conll", "New York\tB-LOC\nis\tO"),
            ["1: tokens=[New York, is] tags=[B-LOC, O]"]
        );
    }

    #[test]
    fn columns_and_comments_are_options() {
        let options = ReadOptions {
            columns: Some(vec!["word".into(), "ner".into()]),
            comment: Some('#'),
            ..ReadOptions::default()
        };
        assert_eq!(
            read("a.conll", "# id 1\na O\n# x\nb O\n", &options).unwrap(),
            ["2: word=[a, b] ner=[O, O]"]
        );
    }

    #[test]
    fn a_bad_sentence_is_named_and_the_next_ones_are_read() {
        let (records, faults) = faults("a.conll", "a O\n\nb O\nc\n\nd O\n");
        assert_eq!(records, ["1: tokens=[a] tags=[O]", "6: tokens=[d] tags=[O]"]);
        assert_eq!(faults.len(), 1);
        assert!(
            faults[0].starts_with("`a.conll`, line 4: 1 fields where the first token has 2;"),
            "{faults:?}"
        );
        assert!(fault("a.conll", "a\nb\n").contains("one column where a token and its tag are expected"));
    }
}
