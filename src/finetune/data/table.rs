//! Tables of labelled texts, from files to a dataset.

use std::path::PathBuf;

use super::encoder::TextEncoder;
use super::error::DataError;
use super::examples::{Dataset, Examples, Inputs};
use super::labels;
use super::lines::Limits;
use super::rows::{Columns, Row, read_rows};
use super::split::{Parts, SplitOptions, split};
use super::text::{RawText, TextColumns};

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
    /// The split of `train`; its validation share is ignored if there is a validation file.
    pub split: SplitOptions,
}

/// Checked and split texts, not yet tokenized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextTable {
    labels: Vec<String>,
    train: Texts,
    validation: Texts,
    test: Option<Texts>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Texts {
    texts: Vec<RawText>,
    classes: Vec<u32>,
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
    let labels = labels::names(&options.train, &rows)?;
    let classes = labels::classes(&options.train, &rows, &labels)?;
    let held_out = match &options.validation {
        None => None,
        Some(path) => {
            let rows = read_rows(path, columns, Limits::DEFAULT)?;
            let classes = labels::classes(path, &rows, &labels)?;
            Some(Texts {
                texts: rows.into_iter().map(|row| row.text).collect(),
                classes,
            })
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
    } = split(&classes, &shares)?;
    let all = Texts::new(rows, classes);
    Ok(TextTable {
        labels,
        validation: held_out.unwrap_or_else(|| all.pick(&validation)),
        test: (!test.is_empty()).then(|| all.pick(&test)),
        train: all.pick(&train),
    })
}

impl Texts {
    fn new(rows: Vec<Row>, classes: Vec<u32>) -> Self {
        Self {
            texts: rows.into_iter().map(|row| row.text).collect(),
            classes,
        }
    }

    fn pick(&self, examples: &[u32]) -> Self {
        Self {
            texts: examples
                .iter()
                .map(|&example| self.texts[example as usize].clone())
                .collect(),
            classes: examples.iter().map(|&example| self.classes[example as usize]).collect(),
        }
    }

    fn tokenize(&self, encoder: &TextEncoder) -> Result<Examples, DataError> {
        let inputs = Inputs::Texts(encoder.encode(&self.texts)?);
        Ok(Examples {
            inputs,
            labels: self.classes.clone(),
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
        self.train.classes.len()
    }

    /// Number of examples for comparing trials.
    pub fn validation_examples(&self) -> usize {
        self.validation.classes.len()
    }

    /// Number of examples for the final test of the best trial.
    pub fn test_examples(&self) -> usize {
        self.test.as_ref().map_or(0, |test| test.classes.len())
    }

    /// Number of training examples of each class, in the order of [`labels`](Self::labels).
    pub fn train_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.labels.len()];
        for &class in &self.train.classes {
            counts[class as usize] += 1;
        }
        counts
    }

    /// Converts every text to token ids, including special tokens.
    ///
    /// # Errors
    /// The same as for [`TextEncoder::encode`].
    pub fn tokenize(&self, encoder: &TextEncoder) -> Result<Dataset, DataError> {
        Ok(Dataset {
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
        assert_eq!(table.train_counts().iter().sum::<usize>(), 13);
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
            for (text, label) in texts.iter().zip(&part.labels) {
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
