//! Questions about paragraphs in the JSON of `SQuAD` 1.1 and 2.0 (Rajpurkar et al. 2016, 2018): one record per question.
//!
//! The columns are those of the data set `squad_v2` in Hugging Face `datasets`, and `is_impossible`.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Format, Open, Opening, Records};
use crate::error::{Fault, ReadError};
use crate::head::{Head, Match};
use crate::input::Input;
use crate::json::Json;
use crate::json::elements::Elements;
use crate::json::flatten::value;
use crate::json::outline::{Shape, outline};
use crate::position::{At, Position};
use crate::record::{Columns, Record};
use crate::value::Value;

pub(super) const FORMAT: Format = Format {
    name: "squad",
    extensions: &["json"],
    about: "questions with answers in paragraphs, in the JSON of SQuAD 1.1 and 2.0",
    recognise,
    open: Open::Stream(open),
};

/// The key of the articles.
const ARTICLES: &str = "data";

const COLUMNS: [&str; 7] = [
    "id",
    "title",
    "context",
    "question",
    "answers.text",
    "answers.answer_start",
    "is_impossible",
];

fn recognise(head: &Head<'_>) -> Match {
    let is_article = |inside: &str| outline(inside).iter().any(|(key, _, _)| *key == "paragraphs");
    let has_articles = outline(head.text)
        .iter()
        .any(|(key, shape, inside)| *key == ARTICLES && *shape == Shape::Objects && is_article(inside));
    // One line of a JSONL file never looks like this, so the extension may say something else.
    if has_articles { Match::Certain } else { Match::No }
}

struct Squad {
    input: Input,
    elements: Elements,
    columns: Columns,
    article: u64,
    /// Questions of the current article.
    waiting: VecDeque<Result<Question, ReadError>>,
}

/// A question whose record is still to be made: all questions of a paragraph share its text.
struct Question {
    position: Position,
    title: Arc<Value>,
    context: Arc<str>,
    id: Value,
    /// The values behind the context.
    rest: [Value; 4],
}

impl Question {
    fn into_record(self, columns: &Columns) -> Record {
        let mut values = vec![
            self.id,
            Value::clone(&self.title),
            Value::Text(self.context.to_string()),
        ];
        values.extend(self.rest);
        Record::new(self.position, columns.clone(), values)
    }
}

fn open(opening: Opening<'_>) -> Result<Box<dyn Records>, ReadError> {
    let mut input = opening.input;
    let elements = Elements::of_key(&mut input, Some(ARTICLES))?;
    Ok(Box::new(Squad {
        input,
        elements,
        columns: Columns::new(COLUMNS),
        article: 0,
        waiting: VecDeque::new(),
    }))
}

impl Records for Squad {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        loop {
            if let Some(question) = self.waiting.pop_front() {
                return question.map(|question| Some(question.into_record(&self.columns)));
            }
            if self.elements.next(&mut self.input)?.is_none() {
                return Ok(None);
            }
            self.article += 1;
            let position = self.input.position_at(At::Line(self.input.line()));
            let article = self.elements.parse(&self.input)?;
            self.waiting = questions(&article, self.article, &position);
        }
    }

    fn columns(&self) -> Columns {
        self.columns.clone()
    }
}

/// The questions of an article. Most files are one line, so faults name article and paragraph.
fn questions(article: &Json<'_>, number: u64, position: &Position) -> VecDeque<Result<Question, ReadError>> {
    let refused = |problem: String| Err(ReadError::new(position.clone(), Fault::Question { problem }));
    let Some(Json::Array(paragraphs)) = article.get("paragraphs") else {
        return [refused(format!("article {number} has no list `paragraphs`"))].into();
    };
    let title = Arc::new(article.get("title").cloned().map_or(Value::Null, value));
    let mut found = VecDeque::new();
    for (paragraph, index) in paragraphs.iter().zip(1..) {
        let location = format!("paragraph {index} of article {number}");
        let (Some(Json::Text(context)), Some(Json::Array(questions))) =
            (paragraph.get("context"), paragraph.get("qas"))
        else {
            found.push_back(refused(format!("{location} needs a text `context` and a list `qas`")));
            continue;
        };
        let context: Arc<str> = context.as_ref().into();
        for (question, index) in questions.iter().zip(1..) {
            found.push_back(match rest(question) {
                Err(problem) => refused(format!("question {index} of {location} {problem}")),
                Ok(rest) => Ok(Question {
                    position: position.clone(),
                    title: Arc::clone(&title),
                    context: Arc::clone(&context),
                    id: question.get("id").cloned().map_or(Value::Null, value),
                    rest,
                }),
            });
        }
    }
    found
}

/// The values of a question behind its context, in the order of [`COLUMNS`].
fn rest(question: &Json<'_>) -> Result<[Value; 4], String> {
    let Some(text @ Json::Text(_)) = question.get("question") else {
        return Err("has no text `question`".to_owned());
    };
    let (texts, starts) = answers(question.get("answers"))?;
    let is_impossible = match question.get("is_impossible") {
        Some(Json::Boolean(value)) => *value,
        None | Some(Json::Null) => false,
        Some(_) => return Err("has `is_impossible` that is neither true nor false".to_owned()),
    };
    Ok([
        value(text.clone()),
        Value::List(texts),
        Value::List(starts),
        Value::Boolean(is_impossible),
    ])
}

/// The texts of the answers and the characters of the context where they begin. A test set has no answers.
fn answers(json: Option<&Json<'_>>) -> Result<(Vec<Value>, Vec<Value>), String> {
    let answers = match json {
        None | Some(Json::Null) => return Ok((Vec::new(), Vec::new())),
        Some(Json::Array(answers)) => answers,
        Some(_) => return Err("has `answers` that are not a list".to_owned()),
    };
    let pair = |answer: &Json<'_>| match (answer.get("text"), answer.get("answer_start")) {
        (Some(text @ Json::Text(_)), Some(start @ Json::Number(_))) => Ok((value(text.clone()), value(start.clone()))),
        _ => Err("has an answer without a text `text` and a number `answer_start`".to_owned()),
    };
    let pairs: Vec<_> = answers.iter().map(pair).collect::<Result<_, _>>()?;
    Ok(pairs.into_iter().unzip())
}

#[cfg(test)]
mod tests {
    use crate::testing::{fault, faults, rows};

    const DOCUMENT: &str = r#"{"version": "v2.0", "data": [{"title": "T", "paragraphs": [
        {"context": "It was in May.", "qas": [
            {"id": "1", "question": "When?", "answers": [{"text": "May", "answer_start": 10}], "is_impossible": false},
            {"id": "2", "question": "Where?", "answers": [], "is_impossible": true}]}]},
        {"title": "U", "paragraphs": [{"context": "C", "qas": [{"id": 3, "question": "Q"}]}]}]}"#;

    #[test]
    fn every_question_is_a_record() {
        let expected = [
            "1: id=1 title=T context=It was in May. question=When? answers.text=[May] answers.answer_start=[10] is_impossible=false",
            "1: id=2 title=T context=It was in May. question=Where? answers.text=[] answers.answer_start=[] is_impossible=true",
            "5: id=3 title=U context=C question=Q answers.text=[] answers.answer_start=[] is_impossible=false",
        ];
        assert_eq!(rows("a.json", DOCUMENT), expected);
    }

    #[test]
    fn damage_is_named_with_article_and_question() {
        let broken = DOCUMENT.replace("\"answer_start\": 10", "\"answer_start\": \"10\"");
        let (records, found) = faults("a.json", &broken);
        assert_eq!(records.len(), 2);
        let expected = "`a.json`, line 1: not in the SQuAD format: question 1 of paragraph 1 of article 1 has an answer without a \
                        text `text` and a number `answer_start`";
        assert_eq!(found, [expected]);
        let broken = DOCUMENT.replace("\"qas\": [{\"id\": 3", "\"qass\": [{\"id\": 3");
        assert!(fault("a.json", &broken).contains("line 5: not in the SQuAD format: paragraph 1 of article 2 needs"));
        let cut = fault("a.json", &DOCUMENT[..DOCUMENT.len() - 30]);
        assert!(cut.contains("line 5, column"), "{cut}");
    }
}
