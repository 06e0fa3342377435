//! Tagged sentences, from files to a dataset.

use std::collections::BTreeMap;

use automl_readers::{Position, ReadOptions, Source};

use super::super::held_out::{HeldOut, Holding, Kept};
use super::super::split_column::SplitValue;
use super::super::{DataError, Dataset, Examples, Held, Inputs, SplitOptions, Targets, TextEncoder, Together, records};
use super::{Sentence, SentenceStream, TagColumns, TaggingError, names, scheme};
use crate::tasks::TaskKind;

/// The location of sentences and their tags.
#[derive(Clone, Debug, PartialEq)]
pub struct TaggingOptions {
    /// Files of the training sentences.
    pub train: Vec<Source>,
    /// Files of the validation sentences; without any, they are split off `train`.
    pub validation: Vec<Source>,
    /// Files of the test sentences; without any, they may be split off `train`.
    pub test: Vec<Source>,
    /// How the files are written.
    pub read: ReadOptions,
    /// The columns.
    pub columns: TagColumns,
    /// Training sentences to keep, chosen by the seed of the split.
    pub train_limit: Option<Held>,
    /// The split of `train`.
    pub split: SplitOptions,
    /// The sentences that the split keeps together; `None`: every sentence is by itself, even duplicates.
    pub together: Option<Together>,
}

/// Checked and split sentences, not yet tokenized.
#[derive(Clone, Debug, PartialEq)]
pub struct SentenceTable {
    names: Vec<String>,
    parts: HeldOut<Sentence>,
}

impl SentenceTable {
    /// Reads the files, checks every sentence and splits.
    ///
    /// # Errors
    /// If a file cannot be read, lacks a column, or has an invalid sentence; if there are fewer than two tags or too few
    /// sentences; if a validation tag is not among the training tags.
    pub fn load(options: &TaggingOptions) -> Result<Self, DataError> {
        let position = |sources: &[Source]| Position::file(records::name(sources));
        let read = |sources: &[Source], column| -> Result<(Vec<Sentence>, Vec<SplitValue>), DataError> {
            let mut stream = SentenceStream::open(sources, &options.read, &options.columns, true)?;
            if let Some(column) = column {
                stream.split_by(column)?;
            }
            let (mut sentences, values) = stream.all(&position(sources))?;
            scheme::check(&mut sentences)?;
            Ok((sentences, values))
        };
        let together = options.together.as_ref();
        let (all, values) = read(&options.train, together.and_then(|together| together.column.as_ref()))?;
        let tags = all.iter().flat_map(|sentence| &sentence.tags).map(String::as_str);
        let names = names(tags);
        if let [tag] = names.as_slice() {
            return Err(TaggingError::OneTag {
                position: position(&options.train),
                tag: tag.clone(),
            }
            .into());
        }
        let own = |sources: &[Source]| -> Result<Option<Vec<Sentence>>, DataError> {
            if sources.is_empty() {
                return Ok(None);
            }
            let (mut sentences, _) = read(sources, None)?;
            for sentence in &mut sentences {
                sentence.follow(&names);
            }
            known(&sentences, &names)?;
            Ok(Some(sentences))
        };
        let own = [own(&options.validation)?, own(&options.test)?];
        let holding = Holding {
            split: &options.split,
            train_limit: options.train_limit,
        };
        Ok(Self {
            parts: match together {
                None => HeldOut::new(&all, own, holding, |index| index as u32)?,
                Some(together) => HeldOut::together(&all, own, holding, &kept(&all, values, together))?,
            },
            names,
        })
    }

    /// Number of sentences that are duplicates of earlier ones and were kept together with them.
    pub fn repeated(&self) -> usize {
        self.parts.repeated
    }

    /// The names of the tags.
    pub fn labels(&self) -> &[String] {
        &self.names
    }

    /// Number of training sentences.
    pub fn train_examples(&self) -> usize {
        self.parts.train.len()
    }

    /// Converts all sentences to windows of tokens.
    ///
    /// # Errors
    /// See [`TextEncoder::encode_sentences`].
    pub fn tokenize(&self, encoder: &TextEncoder) -> Result<Dataset, DataError> {
        let examples = |sentences: &[Sentence]| encode(encoder, sentences, &self.names);
        Ok(Dataset {
            task: TaskKind::TokenClassification,
            train: examples(&self.parts.train)?,
            validation: examples(&self.parts.validation)?,
            test: self.parts.test.as_deref().map(examples).transpose()?,
            labels: self.names.clone(),
        })
    }
}

/// Duplicates among the sentences. A stratified split keeps the share of each sentence's rarest tag.
fn kept(sentences: &[Sentence], values: Vec<SplitValue>, together: &Together) -> Kept {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for tag in sentences.iter().flat_map(|sentence| &sentence.tags) {
        *counts.entry(tag).or_default() += 1;
    }
    let numbers: BTreeMap<&str, u32> = counts.keys().copied().zip(0..).collect();
    let rarest = |sentence: &Sentence| {
        let tags = sentence.tags.iter().map(String::as_str);
        tags.min_by_key(|tag| (counts[tag], *tag)).map_or(0, |tag| numbers[tag])
    };
    let duplicates = together.duplicates(sentences, |sentence| vec![sentence.text.as_str()]);
    Kept {
        repeated: duplicates.repeated(),
        duplicates,
        classes: sentences.iter().map(rarest).collect(),
        values,
    }
}

/// Checks that all tags of the sentences have these names.
///
/// # Errors
/// Returns [`TaggingError::UnknownTag`] for the first one that has not.
fn known(sentences: &[Sentence], names: &[String]) -> Result<(), TaggingError> {
    for sentence in sentences {
        if let Some(tag) = sentence.tags.iter().find(|tag| !names.contains(tag)) {
            return Err(TaggingError::UnknownTag {
                position: sentence.position.clone(),
                tag: tag.clone(),
                known: names.to_vec(),
            });
        }
    }
    Ok(())
}

fn encode(encoder: &TextEncoder, sentences: &[Sentence], names: &[String]) -> Result<Examples, DataError> {
    let number = |tag: &str| names.iter().position(|name| name == tag).unwrap_or(0) as u32;
    let tagged = encoder.encode_sentences(sentences, |sentence, word| number(&sentence.tags[word]))?;
    Ok(Examples {
        inputs: Inputs::Texts(tagged.texts),
        targets: Targets::Tags(tagged.windows),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::Held;
    use super::*;
    use crate::units::Seed;

    fn options(name: &str, content: &str) -> TaggingOptions {
        TaggingOptions {
            train: vec![Source::memory(name, content)],
            validation: Vec::new(),
            test: Vec::new(),
            read: ReadOptions::default(),
            columns: TagColumns::default(),
            train_limit: None,
            split: SplitOptions {
                validation: Held::Share(0.3),
                test: Held::NONE,
                stratify: true,
                seed: Seed(1),
            },
            together: None,
        }
    }

    fn tags(name: &str, content: &str) -> Result<Vec<(String, String)>, String> {
        let options = options(name, content);
        let table = SentenceTable::load(&options).map_err(|error| error.to_string())?;
        let sentences = table.parts.train.iter().chain(&table.parts.validation);
        let mut all: Vec<(String, String)> = sentences
            .map(|sentence| (sentence.texts().join("_"), sentence.tags.join(" ")))
            .collect();
        all.sort();
        Ok(all)
    }

    #[test]
    fn every_way_of_writing_gives_the_same_sentences() {
        let expected = [
            ("Ann_met_New_York".to_owned(), "B-PER O B-LOC I-LOC".to_owned()),
            ("no_one".to_owned(), "O O".to_owned()),
        ];
        let columns = "Ann\tB-PER\nmet\tO\nNew\tB-LOC\nYork\tI-LOC\n\nno\tO\none\tO\n";
        assert_eq!(tags("t.conll", columns).unwrap(), expected);
        let four = "Ann NNP x I-PER\nmet V x O\nNew N x I-LOC\nYork N x I-LOC\n\nno D x O\none N x O\n";
        assert_eq!(tags("t.conll", four).unwrap(), expected);
        let lists = concat!(
            r#"{"tokens": ["Ann", "met", "New", "York"], "ner_tags": ["U-PER", "O", "B-LOC", "L-LOC"]}"#,
            "\n",
            r#"{"tokens": ["no", "one"], "ner_tags": ["O", "O"]}"#
        );
        let bioes = [
            ("Ann_met_New_York".to_owned(), "S-PER O B-LOC E-LOC".to_owned()),
            expected[1].clone(),
        ];
        assert_eq!(tags("t.jsonl", lists).unwrap(), bioes);
        let spans = concat!(
            r#"{"text": "Ann met New York", "spans": [{"start": 8, "end": 16, "label": "LOC"}, {"start": 0, "end": 3, "label": "PER"}]}"#,
            "\n",
            r#"{"text": "no one", "spans": []}"#
        );
        assert_eq!(tags("t.jsonl", spans).unwrap(), expected);
        let triples = concat!(
            r#"{"text": "Ann met New York", "label": [[8, 16, "LOC"], [0, 3, "PER"]]}"#,
            "\n",
            r#"{"text": "no one", "label": []}"#
        );
        assert_eq!(tags("t.jsonl", triples).unwrap(), expected);
        let table = "text,tags\nAnn met New York,B-PER O B-LOC I-LOC\nno one,O O\n";
        assert_eq!(tags("t.csv", table).unwrap(), expected);
    }

    #[test]
    fn a_wrong_sentence_is_named_with_its_place() {
        let message = |name: &str, content: &str| tags(name, content).unwrap_err();
        insta::assert_snapshot!(
            [
                message("t.conll", "a O\n\nb O\nc I-PER\n\nd B-PER\n"),
                message("t.jsonl", "{\"tokens\": [\"a\"], \"tags\": [\"O\", \"O\"]}\n"),
                message("t.jsonl", "{\"tokens\": [\"a\"]}\n"),
                message("t.jsonl", "{\"tokens\": [\"a\"], \"tags\": 3}\n"),
                message("t.jsonl", "{\"text\": \"ab\", \"spans\": [{\"start\": 0, \"end\": \"x\", \"label\": \"P\"}]}\n"),
                message("t.jsonl", "{\"text\": \"ab\", \"spans\": [{\"start\": 0, \"end\": 1}]}\n"),
                message("t.conll", "a O\n\nb O\n"),
                message("t.jsonl", "{\"text\": \"é ab\", \"spans\": [{\"start\": 3, \"end\": 5, \"label\": \"P\", \"text\": \"ab\"}]}\n"),
            ]
            .join("\n"),
            @"
        `t.conll`, line 3: token 2: `I-PER` cannot follow `O` in BIO
        `t.jsonl`, line 1: the numbers of words and tags differ (1 and 2); each word needs one tag
        `t.jsonl`: no column of tags: there is none of `tags`, `ner_tags`, `labels`, `spans`, `entities`, `label`, `ner`; the data has `tokens`; name it with `data.label`
        `t.jsonl`, line 1: `tags` is a whole number; it must be a list of tags, or a list of spans
        `t.jsonl`, line 1: `spans.end` is a text; it must be a whole number of characters
        `t.jsonl`, line 1: `spans` is missing; it must be spans with a `label`
        `t.conll`: every word has the tag `O`; at least two tags are needed
        `t.jsonl`, line 1: the characters 3 to 5 are `b`, but the span says `ab`; count characters, not bytes or units of UTF-16
        "
        );
    }

    #[test]
    fn a_tag_that_training_does_not_know_is_named() {
        let mut options = options("t.conll", "a B-PER\nb O\n\nc O\n");
        options.validation = vec![Source::memory("v.conll", "a B-LOC\n")];
        let error = SentenceTable::load(&options).unwrap_err();
        insta::assert_snapshot!(error, @"`v.conll`, line 1: the tag `B-LOC` is not in the training data; there are the tags `O`, `B-PER`");
    }
}
