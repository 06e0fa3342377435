//! Tables of labelled texts, from files to a dataset.

use std::path::{Path, PathBuf};

use super::encoder::TextEncoder;
use super::error::DataError;
use super::examples::{Dataset, Examples, Inputs};
use super::labels;
use super::lines::Limits;
use super::rows::{Columns, Row, read_rows};
use super::split::{Parts, SplitOptions, split};
use super::targets::Targets;
use super::text::{RawText, TextColumns};
use crate::tasks::TaskKind;

/// The location of the texts and their labels.
#[derive(Clone, Debug, PartialEq)]
pub struct TableOptions {
    /// Training rows: a `.csv`, `.tsv` or `.jsonl` file.
    pub train: PathBuf,
    /// Validation rows; `None` splits them off `train`.
    pub validation: Option<PathBuf>,
    /// The columns of the texts.
    pub text: TextColumns,
    /// Name of the label column.
    pub label: String,
    /// The kind of the labels.
    pub labels: LabelKind,
    /// The split of `train`; its validation share is ignored if there is a validation file.
    pub split: SplitOptions,
}

/// The kind of labels in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelKind {
    /// One class a row.
    Class,
    /// Any number of labels a row, with this text between them.
    Several {
        /// The separator.
        separator: String,
    },
    /// A number.
    Number,
}

/// Checked and split texts, not yet tokenized.
#[derive(Clone, Debug, PartialEq)]
pub struct TextTable {
    task: TaskKind,
    labels: Vec<String>,
    train: Texts,
    validation: Texts,
    test: Option<Texts>,
}

#[derive(Clone, Debug, PartialEq)]
struct Texts {
    texts: Vec<RawText>,
    targets: Targets,
}

/// Reads the files, checks every row and splits. All faults of a table are found here, before any training.
///
/// # Errors
/// If a file cannot be read, lacks a column, or has an invalid row; if there are fewer than two labels or too few
/// examples; if a validation label is not among the training labels.
pub fn load_table(options: &TableOptions) -> Result<TextTable, DataError> {
    let columns = Columns {
        text: &options.text,
        label: &options.label,
    };
    let rows = read_rows(&options.train, columns, Limits::DEFAULT)?;
    let labels = labels::names((&options.train, &options.label), &rows, &options.labels)?;
    let targets = |path: &Path, rows: &[Row]| labels::targets(path, rows, &labels, &options.labels);
    let all_targets = targets(&options.train, &rows)?;
    let held_out = match &options.validation {
        None => None,
        Some(path) => {
            let rows = read_rows(path, columns, Limits::DEFAULT)?;
            let targets = targets(path, &rows)?;
            Some(Texts::new(rows, targets))
        }
    };
    let shares = match &held_out {
        None => options.split,
        Some(_) => SplitOptions {
            validation: 0.0,
            ..options.split
        },
    };
    let Parts {
        train,
        validation,
        test,
    } = split(&strata(&all_targets), &shares)?;
    let all = Texts::new(rows, all_targets);
    Ok(TextTable {
        task: match options.labels {
            LabelKind::Class => TaskKind::Classification,
            LabelKind::Several { .. } => TaskKind::MultiLabel,
            LabelKind::Number => TaskKind::Regression,
        },
        labels,
        validation: held_out.unwrap_or_else(|| all.pick(&validation)),
        test: (!test.is_empty()).then(|| all.pick(&test)),
        train: all.pick(&train),
    })
}

/// A group for every example, so that a split keeps the share of each: its class, or its rarest label. Numbers are all in
/// one group.
fn strata(targets: &Targets) -> Vec<u32> {
    match targets {
        Targets::Classes(classes) => classes.clone(),
        Targets::Labels { width, values } => {
            let mut counts = vec![0; *width];
            for row in values.chunks_exact(*width) {
                row.iter()
                    .zip(&mut counts)
                    .for_each(|(&has, count)| *count += usize::from(has));
            }
            let rarest = |row: &[bool]| {
                let labels = (0..*width).filter(|&label| row[label]);
                labels
                    .min_by_key(|&label| counts[label])
                    .map_or(*width as u32, |label| label as u32)
            };
            values.chunks_exact(*width).map(rarest).collect()
        }
        Targets::Values { .. } | Targets::Tags(_) | Targets::Answers(_) => vec![0; targets.len()],
    }
}

impl Texts {
    fn new(rows: Vec<Row>, targets: Targets) -> Self {
        Self {
            texts: rows.into_iter().map(|row| row.text).collect(),
            targets,
        }
    }

    fn pick(&self, examples: &[u32]) -> Self {
        Self {
            texts: examples
                .iter()
                .map(|&example| self.texts[example as usize].clone())
                .collect(),
            targets: self.targets.pick(examples),
        }
    }

    fn tokenize(&self, encoder: &TextEncoder) -> Result<Examples, DataError> {
        let inputs = Inputs::Texts(encoder.encode(&self.texts)?);
        Ok(Examples {
            inputs,
            targets: self.targets.clone(),
        })
    }
}

impl TextTable {
    /// Names of the classes.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Number of examples for training.
    pub fn train_examples(&self) -> usize {
        self.train.targets.len()
    }

    /// Number of examples for comparing trials.
    pub fn validation_examples(&self) -> usize {
        self.validation.targets.len()
    }

    /// Number of examples for the final test of the best trial.
    pub fn test_examples(&self) -> usize {
        self.test.as_ref().map_or(0, |test| test.targets.len())
    }

    /// Converts every text to token ids, including special tokens.
    ///
    /// # Errors
    /// The same as for [`TextEncoder::encode`].
    pub fn tokenize(&self, encoder: &TextEncoder) -> Result<Dataset, DataError> {
        Ok(Dataset {
            task: self.task,
            train: self.train.tokenize(encoder)?,
            validation: self.validation.tokenize(encoder)?,
            test: self.test.as_ref().map(|test| test.tokenize(encoder)).transpose()?,
            labels: self.labels.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::units::Seed;

    use super::super::testing::{ENCODER, file, shared};
    use super::*;

    fn options(train: PathBuf) -> TableOptions {
        let split = SplitOptions {
            validation: 0.25,
            test: 0.0,
            stratify: true,
            seed: Seed(1),
        };
        TableOptions {
            labels: LabelKind::Class,
            train,
            validation: None,
            text: TextColumns::one("text"),
            label: "label".into(),
            split,
        }
    }

    fn reviews() -> String {
        let rows = (0..20).map(|index| format!("a{index},{}\n", ["bad", "good"][index % 2]));
        format!("text,label\n{}", rows.collect::<String>())
    }

    #[test]
    fn validation_and_test_are_split_off_the_training_file() {
        let train = file(".csv", reviews());
        let mut options = options(train.path().to_owned());
        options.split.test = 0.1;
        let table = load_table(&options).unwrap();
        assert_eq!(table.labels(), ["bad", "good"]);
        assert_eq!(
            (
                table.train_examples(),
                table.validation_examples(),
                table.test_examples()
            ),
            (13, 5, 2)
        );
    }

    #[test]
    fn a_validation_file_leaves_the_training_file_whole() {
        let (train, validation) = (file(".csv", reviews()), file(".tsv", "label\ttext\ngood\tx\n"));
        let table = load_table(&TableOptions {
            validation: Some(validation.path().into()),
            ..options(train.path().into())
        })
        .unwrap();
        assert_eq!(
            (
                table.train_examples(),
                table.validation_examples(),
                table.test_examples()
            ),
            (20, 1, 0)
        );
    }

    #[test]
    fn a_label_only_in_validation_is_an_error_there() {
        let (train, validation) = (file(".csv", reviews()), file(".tsv", "label\ttext\ngood\tx\nugly\ty\n"));
        let error = load_table(&TableOptions {
            validation: Some(validation.path().into()),
            ..options(train.path().into())
        })
        .unwrap_err();
        assert!(
            matches!(error, DataError::UnknownLabel { line: 3, ref label, .. } if label == "ugly"),
            "{error}"
        );
    }

    #[test]
    fn tokenised_texts_stay_with_their_labels() {
        let model = tempfile::tempdir().unwrap();
        std::fs::write(
            model.path().join("vocab.txt"),
            "[PAD]\n[UNK]\n[CLS]\n[SEP]\nbad\ngood\n",
        )
        .unwrap();
        let encoder = TextEncoder::from_folder(model.path(), ENCODER).unwrap();
        let rows = (0..12).map(|index| ["bad,bad\n", "good,good\n"][index % 2]);
        let train = file(".csv", format!("text,label\n{}", rows.collect::<String>()));
        let data = load_table(&options(train.path().into()))
            .unwrap()
            .tokenize(&encoder)
            .unwrap();
        for part in [&data.train, &data.validation] {
            let Inputs::Texts(texts) = &part.inputs else {
                unreachable!("a table holds texts")
            };
            assert!(!texts.is_empty());
            for (text, label) in texts.iter().zip(part.targets.classes()) {
                assert_eq!(text.ids, [2, 4 + label, 3]);
            }
        }
        assert_eq!(data.test, None);
    }

    #[test]
    fn real_tables_are_read_row_by_row_with_their_quotes() {
        let Some(folder) = shared("text") else { return };
        for (name, labels, rows) in [
            ("movie_sentiment.tsv", ["negative", "positive"], 9171),
            ("sms_spam.tsv", ["ham", "spam"], 4512),
        ] {
            let table = load_table(&options(folder.join(name))).unwrap();
            assert_eq!(table.labels(), labels);
            assert_eq!(table.train_examples() + table.validation_examples(), rows);
            let texts = || table.train.texts.iter().chain(&table.validation.texts);
            let quotes = |content: &str| content.matches('"').count();
            let content = std::fs::read_to_string(folder.join(name)).unwrap();
            assert_eq!(texts().map(|text| quotes(&text.first)).sum::<usize>(), quotes(&content));
        }
    }
}
