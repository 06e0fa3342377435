//! Questions with answers, from files to a dataset.

use std::collections::HashMap;

use automl_readers::{ReadOptions, Source};

use super::super::duplicates::DuplicateGroups;
use super::super::held_out::{HeldOut, Holding, Kept};
use super::super::split_column::SplitValue;
use super::super::{DataError, Dataset, Examples, Held, Inputs, SplitOptions, Targets, TextEncoder, Together};
use super::read::whole;
use super::{AnsweringError, AskedQuestion, QuestionColumns, QuestionStream};
use crate::tasks::TaskKind;

/// The location of questions, contexts and answers.
#[derive(Clone, Debug, PartialEq)]
pub struct AnsweringOptions {
    /// Files of the training questions.
    pub train: Vec<Source>,
    /// Files of the validation questions; without any, they are split off `train`.
    pub validation: Vec<Source>,
    /// Files of the test questions; without any, they may be split off `train`.
    pub test: Vec<Source>,
    /// How the files are written.
    pub read: ReadOptions,
    /// The columns.
    pub columns: QuestionColumns,
    /// Training questions to keep, chosen by the seed of the split.
    pub train_limit: Option<Held>,
    /// The split of `train`. All questions about one context are in one part.
    pub split: SplitOptions,
    /// The questions that the split keeps together, beside those about one context; `None`: no others, even if contexts
    /// differ by white space alone.
    pub together: Option<Together>,
}

/// Checked and split questions, not yet tokenized.
#[derive(Clone, Debug, PartialEq)]
pub struct QuestionTable {
    labels: Vec<String>,
    parts: HeldOut<AskedQuestion>,
    allows_none: bool,
}

impl QuestionTable {
    /// Reads the files, checks every question and splits.
    ///
    /// # Errors
    /// If a file cannot be read, lacks a column, or has an invalid question; if no question has an answer; if there are
    /// too few contexts to split.
    pub fn load(options: &AnsweringOptions) -> Result<Self, DataError> {
        let read = |sources: &[Source], column| -> Result<(Vec<AskedQuestion>, Vec<SplitValue>), DataError> {
            let mut stream = QuestionStream::open(sources, &options.read, &options.columns, true)?;
            if let Some(column) = column {
                stream.split_by(column)?;
            }
            stream.all()
        };
        let own = |sources: &[Source]| -> Result<Option<Vec<AskedQuestion>>, DataError> {
            if sources.is_empty() {
                Ok(None)
            } else {
                read(sources, None).map(|(questions, _)| Some(questions))
            }
        };
        let together = options.together.as_ref();
        let (all, values) = read(&options.train, together.and_then(|together| together.column.as_ref()))?;
        if all.iter().all(|asked| asked.answers.is_empty()) {
            return Err(AnsweringError::NoAnswer {
                position: whole(&options.train),
            }
            .into());
        }
        let mut contexts: HashMap<&str, u32> = HashMap::new();
        let groups: Vec<u32> = all
            .iter()
            .map(|asked| {
                let next = contexts.len() as u32;
                *contexts.entry(&asked.context).or_insert(next)
            })
            .collect();
        let own = [own(&options.validation)?, own(&options.test)?];
        let holding = Holding {
            split: &options.split,
            train_limit: options.train_limit,
        };
        let parts = match together {
            None => HeldOut::new(&all, own, holding, |index| groups[index])?,
            Some(together) => HeldOut::together(&all, own, holding, &kept(&all, &groups, values, together))?,
        };
        Ok(Self {
            labels: crate::tasks::task(TaskKind::QuestionAnswering)
                .and_then(crate::tasks::Task::labels)
                .unwrap_or_default(),
            allows_none: parts.train.iter().any(|asked| asked.answers.is_empty()),
            parts,
        })
    }

    /// Number of contexts that are duplicates of earlier ones and were kept together with them.
    pub fn repeated(&self) -> usize {
        self.parts.repeated
    }

    /// The names of the outputs.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// True if a question of the training data has no answer.
    pub fn allows_none(&self) -> bool {
        self.allows_none
    }

    /// Number of training questions.
    pub fn train_examples(&self) -> usize {
        self.parts.train.len()
    }

    /// Converts all questions to windows of tokens.
    ///
    /// # Errors
    /// See [`TextEncoder::encode_questions`].
    pub fn tokenize(&self, encoder: &TextEncoder) -> Result<Dataset, DataError> {
        let examples = |questions: &[AskedQuestion]| -> Result<Examples, DataError> {
            let (texts, targets) = encoder.encode_questions(questions, self.allows_none)?;
            Ok(Examples {
                inputs: Inputs::Texts(texts),
                targets: Targets::Answers(targets),
            })
        };
        Ok(Dataset {
            task: TaskKind::QuestionAnswering,
            train: examples(&self.parts.train)?,
            validation: examples(&self.parts.validation)?,
            test: self.parts.test.as_deref().map(examples).transpose()?,
            labels: self.labels.clone(),
        })
    }
}

/// Questions about one context, or about contexts that are duplicates. A stratified split keeps the share of questions
/// without an answer.
fn kept(questions: &[AskedQuestion], contexts: &[u32], values: Vec<SplitValue>, together: &Together) -> Kept {
    let mut first: Vec<&str> = Vec::new();
    for (asked, &context) in questions.iter().zip(contexts) {
        if context as usize == first.len() {
            first.push(&asked.context);
        }
    }
    let duplicates = together.duplicates(&first, |context| vec![*context]);
    let firsts = duplicates.firsts();
    Kept {
        duplicates: DuplicateGroups::of_keys(contexts.iter().map(|&context| firsts[context as usize])),
        classes: questions
            .iter()
            .map(|asked| u32::from(asked.answers.is_empty()))
            .collect(),
        values,
        repeated: duplicates.repeated(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Held;
    use super::*;
    use crate::units::Seed;

    fn load(name: &str, content: &str) -> Result<QuestionTable, String> {
        QuestionTable::load(&AnsweringOptions {
            train: vec![Source::memory(name, content)],
            validation: Vec::new(),
            test: Vec::new(),
            read: ReadOptions::default(),
            columns: QuestionColumns::default(),
            train_limit: None,
            split: SplitOptions {
                validation: Held::Share(0.5),
                test: Held::NONE,
                stratify: true,
                seed: Seed(1),
            },
            together: None,
        })
        .map_err(|error| error.to_string())
    }

    /// The questions of a table, each with the texts of its answers.
    fn questions(table: &QuestionTable) -> Vec<(String, Vec<String>)> {
        let all = table.parts.train.iter().chain(&table.parts.validation);
        let mut all: Vec<_> = all.map(|asked| (asked.question.clone(), asked.texts())).collect();
        all.sort();
        all
    }

    #[test]
    fn every_way_of_writing_gives_the_same_questions() {
        let squad = r#"{"version": "v2.0", "data": [{"title": "t", "paragraphs": [
            {"context": "Ann met Bob.", "qas": [
                {"id": "1", "question": "a?", "is_impossible": false, "answers": [{"text": "Ann", "answer_start": 0}]},
                {"id": "2", "question": "b?", "is_impossible": true, "answers": []}]},
            {"context": "In May.", "qas": [
                {"id": "3", "question": "c?", "is_impossible": false, "answers": [{"text": "May", "answer_start": 3}]}]}]}]}"#;
        let expected = [("a?", vec!["Ann"]), ("b?", vec![]), ("c?", vec!["May"])];
        let expected: Vec<(String, Vec<String>)> = expected
            .into_iter()
            .map(|(question, answers)| (question.to_owned(), answers.into_iter().map(str::to_owned).collect()))
            .collect();
        let table = load("q.json", squad).unwrap();
        assert_eq!(questions(&table), expected);
        assert_eq!(table.labels(), ["start", "end"]);
        let hub = [
            r#"{"question": "a?", "context": "Ann met Bob.", "answers": {"text": ["Ann"], "answer_start": [0]}}"#,
            r#"{"question": "b?", "context": "Ann met Bob.", "answers": {"text": [], "answer_start": []}}"#,
            r#"{"question": "c?", "context": "In May.", "answers": {"text": ["May"], "answer_start": [3]}}"#,
        ];
        assert_eq!(questions(&load("q.jsonl", &hub.join("\n")).unwrap()), expected);
        let plain = "question,context,answer\na?,Ann met Bob.,Ann\nb?,Ann met Bob.,\nc?,In May.,May\n";
        assert_eq!(questions(&load("q.csv", plain).unwrap()), expected);
    }

    #[test]
    fn questions_about_one_context_stay_together() {
        let row = |index: usize| format!("q{index}?,context {},context\n", index / 4);
        let rows: String = (0..16).map(row).collect();
        let table = load("q.csv", &format!("question,context,answer\n{rows}")).unwrap();
        assert_eq!((table.parts.train.len(), table.parts.validation.len()), (8, 8));
        let has = |part: &[AskedQuestion], context: &str| part.iter().any(|asked| &*asked.context == context);
        for index in 0..4 {
            let context = format!("context {index}");
            assert_ne!(
                has(&table.parts.train, &context),
                has(&table.parts.validation, &context)
            );
        }
        assert!(!table.allows_none());
    }

    #[test]
    fn a_wrong_question_is_named_with_its_place() {
        let message = |content: &str| load("q.csv", content).unwrap_err();
        insta::assert_snapshot!(
            [
                message("question,context,answer\na?,Ann met Bob.,Eve\n"),
                message("question,context,answer\n,Ann met Bob.,Ann\n"),
                message("question,answer\na?,Ann\n"),
                message("question,context,answer\na?,Ann met Bob.,\n"),
            ]
            .join("\n"),
            @"
        `q.csv`, line 2: the answer `Eve` to `a?` is not in the context; an answer is a part of the context, word for word
        `q.csv`, line 2: `question` is empty; every row needs a question and a context
        `q.csv`: no column of contexts: there is none of `context`, `passage`, `paragraph`, `text`; the data has `question`, `answer`; name it with `data.text`
        `q.csv`: no question has an answer; there is nothing to learn
        "
        );
    }
}
