//! The columns of predictions, and what a prediction writes into them.

use std::ops::Range;

use super::Asked;
use super::sources::Word;
use crate::finetune::{FineTuned, Prediction};
use crate::metrics::{Mode, Task as TaskKind, spans};
use crate::report::Cell;

/// The text between several labels of a prediction.
const SEPARATOR: &str = ";";

/// The columns of the predictions of a model.
pub(super) struct Layout {
    task: TaskKind,
    labels: Vec<String>,
    allows_no_answer: bool,
}

impl Layout {
    pub(super) fn new(asked: &Asked) -> Self {
        Self::of(&asked.model, asked.allows_no_answer)
    }

    /// The columns of a model that may say that a question has no answer, or may not.
    pub(super) fn of(model: &FineTuned, allows_no_answer: bool) -> Self {
        Self {
            task: model.task().kind(),
            labels: model.labels().to_vec(),
            allows_no_answer,
        }
    }

    /// The names of the columns that a prediction fills.
    pub(super) fn columns(&self) -> Vec<String> {
        let probabilities = self.labels.iter().map(|label| format!("p.{label}"));
        let fixed = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<String>>();
        match self.task {
            TaskKind::Classification => fixed(&["label", "probability"])
                .into_iter()
                .chain(probabilities)
                .collect(),
            TaskKind::MultiLabel => fixed(&["labels"]).into_iter().chain(probabilities).collect(),
            TaskKind::Regression => match self.labels.as_slice() {
                [_] => fixed(&["prediction"]),
                labels => labels.iter().map(|label| format!("prediction.{label}")).collect(),
            },
            TaskKind::TokenClassification if self.has_names() => fixed(&["entities"]),
            TaskKind::TokenClassification => fixed(&["tags"]),
            TaskKind::QuestionAnswering if self.allows_no_answer => {
                fixed(&["answer", "score", "start", "end", "no_answer"])
            }
            TaskKind::QuestionAnswering => fixed(&["answer", "score", "start", "end"]),
        }
    }

    /// The name of a repeated data column: its own, unless a column of the predictions has that name.
    pub(super) fn repeated(&self, name: &str) -> String {
        let is_ours = ["row", "line", "label", "labels", "probability", "prediction"].contains(&name)
            || name.starts_with("p.")
            || name.starts_with("prediction.")
            || self.columns().iter().any(|column| column == name);
        if is_ours {
            format!("data.{name}")
        } else {
            name.to_owned()
        }
    }

    /// The cells of a prediction, one for each of [`Self::columns`]. `text` and `words` are those of a sentence.
    pub(super) fn cells(&self, prediction: &Prediction, (text, words): (&str, &[Word])) -> Vec<Cell> {
        let all = |probabilities: &[f64]| -> Vec<Cell> { probabilities.iter().copied().map(rounded).collect() };
        match prediction {
            Prediction::Class { class, probabilities } => {
                let first = [self.labels[*class].as_str().into(), rounded(probabilities[*class])];
                first.into_iter().chain(all(probabilities)).collect()
            }
            Prediction::Labels { labels, probabilities } => {
                let names: Vec<&str> = labels.iter().map(|&label| self.labels[label].as_str()).collect();
                std::iter::once(names.join(SEPARATOR).into())
                    .chain(all(probabilities))
                    .collect()
            }
            Prediction::Values(values) => all(values),
            Prediction::Tags(tags) => vec![if self.has_names() {
                self.entities(tags, (text, words))
            } else {
                self.tags(tags, (text, words))
            }],
            Prediction::Answer(answer) => {
                let mut cells = match answer {
                    Some(answer) => vec![
                        answer.text.as_str().into(),
                        rounded(answer.score),
                        answer.characters.start.into(),
                        answer.characters.end.into(),
                    ],
                    None => vec!["".into(), Cell::Null, Cell::Null, Cell::Null],
                };
                if self.allows_no_answer {
                    let no_answer = answer.as_ref().and_then(|answer| answer.no_answer);
                    cells.push(no_answer.map_or(Cell::Null, rounded));
                }
                cells
            }
        }
    }

    /// True if the tags are those of names, such as `B-PER`, and not of every word.
    fn has_names(&self) -> bool {
        let is_part = |label: &String| ["B-", "I-", "E-", "S-"].iter().any(|prefix| label.starts_with(prefix));
        self.labels.iter().any(is_part)
    }

    /// The names that tags spell, each with the mean probability of its words.
    fn entities(&self, tags: &[(u32, f64)], (text, words): (&str, &[Word])) -> Cell {
        let names: Vec<&str> = tags
            .iter()
            .map(|(tag, _)| self.labels[*tag as usize].as_str())
            .collect();
        let found = spans(&names, Mode::Default).into_iter().map(|span| {
            let scores = &tags[span.start..span.end];
            let score = scores.iter().map(|(_, score)| score).sum::<f64>() / scores.len() as f64;
            place(span.entity, score, (text, words), span.start..span.end)
        });
        Cell::Array(found.collect())
    }

    /// The tag of every word.
    fn tags(&self, tags: &[(u32, f64)], (text, words): (&str, &[Word])) -> Cell {
        let tags = tags.iter().enumerate();
        let found =
            tags.map(|(word, (tag, score))| place(&self.labels[*tag as usize], *score, (text, words), word..word + 1));
        Cell::Array(found.collect())
    }
}

/// A label of some words of a text.
fn place(label: &str, score: f64, (text, words): (&str, &[Word]), range: Range<usize>) -> Cell {
    let (first, last) = (&words[range.start], &words[range.end - 1]);
    serde_json::json!({
        "label": label,
        "text": text[first.bytes.start..last.bytes.end],
        "start": first.characters.start,
        "end": last.characters.end,
        "score": rounded(score),
    })
}

/// Rounds a probability to the digits that single precision supports.
fn rounded(probability: f64) -> Cell {
    Cell::from((probability * 1e6).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finetune::Answer;
    use crate::report::plain;

    fn shown(task: TaskKind, labels: &[&str], prediction: &Prediction) -> String {
        let layout = Layout {
            task,
            labels: labels.iter().map(|&label| label.to_owned()).collect(),
            allows_no_answer: true,
        };
        let word = |start: usize, end: usize| Word {
            bytes: start..end,
            characters: start..end,
        };
        let words = [word(0, 3), word(4, 8), word(9, 12)];
        let cells: Vec<String> = layout
            .cells(prediction, ("Ann Bond met", &words))
            .iter()
            .map(plain)
            .collect();
        assert_eq!(cells.len(), layout.columns().len());
        format!("{} | {}", layout.columns().join(","), cells.join(","))
    }

    #[test]
    fn every_prediction_fills_its_columns() {
        let class = Prediction::Class {
            class: 1,
            probabilities: vec![0.25, 0.75],
        };
        let labels = Prediction::Labels {
            labels: vec![0, 1],
            probabilities: vec![0.5, 0.9],
        };
        let tags = Prediction::Tags(vec![(1, 0.5), (2, 0.75), (0, 1.0)]);
        let answer = Prediction::Answer(Some(Answer {
            text: "Bond".to_owned(),
            characters: 4..8,
            score: 0.5,
            no_answer: Some(0.125),
        }));
        let rows = [
            shown(TaskKind::Classification, &["a", "b"], &class),
            shown(TaskKind::MultiLabel, &["a", "b"], &labels),
            shown(TaskKind::Regression, &["a", "b"], &Prediction::Values(vec![1.5, -2.0])),
            shown(TaskKind::TokenClassification, &["O", "B-PER", "I-PER"], &tags),
            shown(TaskKind::TokenClassification, &["VERB", "FIRST", "LAST"], &tags),
            shown(TaskKind::QuestionAnswering, &["start", "end"], &answer),
            shown(
                TaskKind::QuestionAnswering,
                &["start", "end"],
                &Prediction::Answer(None),
            ),
        ];
        insta::assert_snapshot!(rows.join("\n"), @r#"
        label,probability,p.a,p.b | b,0.75,0.25,0.75
        labels,p.a,p.b | a;b,0.5,0.9
        prediction.a,prediction.b | 1.5,-2
        entities | [{"end":8,"label":"PER","score":0.625,"start":0,"text":"Ann Bond"}]
        tags | [{"end":3,"label":"FIRST","score":0.5,"start":0,"text":"Ann"},{"end":8,"label":"LAST","score":0.75,"start":4,"text":"Bond"},{"end":12,"label":"VERB","score":1.0,"start":9,"text":"met"}]
        answer,score,start,end,no_answer | Bond,0.5,4,8,0.125
        answer,score,start,end,no_answer | ,,,,
        "#);
    }
}
