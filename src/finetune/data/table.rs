//! Tables of labelled texts, from files to a dataset.

use automl_readers::{Position, ReadOptions, Source};

use super::duplicates::DuplicateGroups;
use super::encoder::TextEncoder;
use super::error::DataError;
use super::examples::{Dataset, Examples, Inputs};
use super::folds::{Folds, folds};
use super::labels::{self, LabelKind};
use super::missing::{Missing, OnMissing};
use super::records;
use super::rows::{Row, RowColumns, RowReader};
use super::split::{Held, Parts, SplitOptions, sample, split};
use super::split_column::{SplitColumn, SplitValue};
use super::targets::Targets;
use super::text::{RawText, TextColumns};
use super::together::{SplitRows, Together, split_together};
use super::tokens::{TokenTable, Tokens};
use crate::tasks::TaskKind;

/// The location of the texts and their labels.
#[derive(Clone, Debug, PartialEq)]
pub struct TableOptions {
    /// Files of the training rows.
    pub train: Vec<Source>,
    /// Files of the validation rows; without any, they are split off `train`.
    pub validation: Vec<Source>,
    /// Files of the test rows; without any, they may be split off `train`.
    pub test: Vec<Source>,
    /// How the files are written.
    pub read: ReadOptions,
    /// The columns of the texts.
    pub text: TextColumns,
    /// The label column; several for several numbers.
    pub label: Vec<String>,
    /// The kind of the labels.
    pub labels: LabelKind,
    /// The treatment of rows without a label or a text. `None`: rows without a label and those whose text is null are
    /// left out, and an empty text is an example.
    pub on_missing: Option<OnMissing>,
    /// Training examples to keep, chosen by the seed of the split.
    pub train_limit: Option<Held>,
    /// The split of `train`; what is held out for a part with its own files is ignored.
    pub split: SplitOptions,
    /// The rows that the split keeps together; `None`: every row is by itself, even duplicates.
    pub together: Option<Together>,
    /// Number of folds of a cross-validation; `None`: the validation rows are held out once.
    pub folds: Option<usize>,
}

/// Checked and split texts, not yet tokenized.
#[derive(Clone, Debug, PartialEq)]
pub struct TextTable {
    task: TaskKind,
    labels: Vec<String>,
    train: Texts,
    validation: Texts,
    test: Option<Texts>,
    missing: Vec<(&'static str, Missing)>,
    repeated: usize,
    folds: Option<Folds>,
}

#[derive(Clone, Debug, PartialEq)]
struct Texts {
    places: Vec<Position>,
    raw: Vec<RawText>,
    targets: Targets,
}

/// The places, the texts and the targets of a part.
pub(super) type PartOf<'a> = (&'a [Position], &'a [RawText], &'a Targets);

/// Reads the files, checks every row and splits. All faults of a table are found here, before any training.
///
/// # Errors
/// If a file cannot be read, lacks a column, or has an invalid row; if there are fewer than two labels or too few
/// examples; if a validation label is not among the training labels.
pub fn load_table(options: &TableOptions) -> Result<TextTable, DataError> {
    let rows = read_parts(options, |sources, column| read_rows((sources, column), options))?;
    assemble(options, rows, &|together, rows| {
        together.duplicates(rows, |row| row.text.texts().collect())
    })
}

/// The rows of all parts, and what is left out of them.
pub(super) struct PartRows {
    train: Vec<Row>,
    /// The values of the training rows in the column of the split.
    values: Vec<SplitValue>,
    /// Validation and test rows, if they have their own files.
    own: [Option<Vec<Row>>; 2],
    missing: Vec<(&'static str, Missing)>,
}

/// Reads the rows of all parts.
///
/// # Errors
/// Those of `read`.
pub(super) fn read_parts(
    options: &TableOptions,
    mut read: impl FnMut(&[Source], Option<&SplitColumn>) -> Result<ReadRows, DataError>,
) -> Result<PartRows, DataError> {
    let mut missing = Vec::new();
    let mut part = |part, sources: &[Source], column: Option<&SplitColumn>| {
        let (rows, values, left_out) = read(sources, column)?;
        if !left_out.is_empty() {
            missing.push((part, left_out));
        }
        Ok::<_, DataError>((rows, values))
    };
    let column = options.together.as_ref().and_then(|together| together.column.as_ref());
    let (train, values) = part("train", &options.train, column)?;
    let mut own = |name, sources: &[Source]| {
        let rows = (!sources.is_empty()).then(|| part(name, sources, None));
        Ok::<_, DataError>(rows.transpose()?.map(|(rows, _)| rows))
    };
    let own = [own("validation", &options.validation)?, own("test", &options.test)?];
    Ok(PartRows {
        train,
        values,
        own,
        missing,
    })
}

/// Checks rows and splits them. `duplicates` finds those that are the same.
///
/// # Errors
/// If there are fewer than two labels or too few examples, or if a validation label is not among the training labels.
pub(super) fn assemble(
    options: &TableOptions,
    rows: PartRows,
    duplicates: &dyn Fn(&Together, &[Row]) -> DuplicateGroups,
) -> Result<TextTable, DataError> {
    let PartRows {
        train: rows,
        values,
        own,
        missing,
    } = rows;
    let file = records::name(&options.train);
    let labels = labels::names((&file, &options.label), &rows, &options.labels)?;
    let part = |rows: Option<Vec<Row>>| -> Result<Option<Texts>, DataError> {
        let Some(rows) = rows else { return Ok(None) };
        let targets = labels::targets(&rows, &labels, &options.labels)?;
        Ok(Some(Texts::new(rows, targets)))
    };
    let [own_validation, own_test] = own;
    let (own_validation, own_test) = (part(own_validation)?, part(own_test)?);
    let targets = labels::targets(&rows, &labels, &options.labels)?;
    let held_out = SplitOptions {
        validation: options
            .split
            .validation
            .unless(own_validation.is_some() || options.folds.is_some()),
        test: options.split.test.unless(own_test.is_some()),
        ..options.split
    };
    let strata = strata(&targets);
    // With folds every row is validated, so no duplicate may be on both sides.
    let together = options
        .together
        .clone()
        .or_else(|| options.folds.map(|_| Together::default()));
    let mut repeated = 0;
    let Parts {
        mut train,
        mut validation,
        test,
    } = match &together {
        None => split(&strata, &held_out)?,
        Some(together) => {
            let duplicates = duplicates(together, &rows);
            repeated = duplicates.repeated();
            let rows = SplitRows {
                classes: &strata,
                duplicates: &duplicates,
                values: &values,
            };
            split_together(&held_out, &rows)?
        }
    };
    if let Some(limit) = options.train_limit {
        let limit = limit.of(train.len());
        let of_train: Vec<u32> = train.iter().map(|&example| strata[example as usize]).collect();
        let kept = sample(&of_train, limit, options.split.stratify, options.split.seed)?;
        train = kept.into_iter().map(|index| train[index as usize]).collect();
    }
    let mut in_folds = None;
    if let Some((count, together)) = options.folds.zip(together) {
        let pool: Vec<&Row> = train.iter().map(|&row| &rows[row as usize]).collect();
        let classes: Vec<u32> = train.iter().map(|&row| strata[row as usize]).collect();
        let of_pool = SplitRows {
            classes: &classes,
            duplicates: &together.duplicates(&pool, |row| row.text.texts().collect()),
            values: &match values.as_slice() {
                [] => Vec::new(),
                values => train.iter().map(|&row| values[row as usize].clone()).collect(),
            },
        };
        let folds = folds(count, &options.split, &of_pool, &labels)?;
        let of_rows = |part: &[u32]| part.iter().map(|&index| train[index as usize]).collect::<Vec<u32>>();
        validation = of_rows(folds.validation(0));
        train = of_rows(&folds.train(0));
        in_folds = Some(folds.first_fold_last());
    }
    let all = Texts::new(rows, targets);
    Ok(TextTable {
        task: match options.labels {
            LabelKind::Class => TaskKind::Classification,
            LabelKind::Several { .. } => TaskKind::MultiLabel,
            LabelKind::Number => TaskKind::Regression,
        },
        labels,
        validation: own_validation.unwrap_or_else(|| all.pick(&validation)),
        test: own_test.or_else(|| (!test.is_empty()).then(|| all.pick(&test))),
        train: all.pick(&train),
        missing,
        repeated,
        folds: in_folds,
    })
}

/// Rows, and their values in the column of the split.
pub(super) type ReadRows = (Vec<Row>, Vec<SplitValue>, Missing);

/// Reads files with at least one row that has a label and a text.
fn read_rows(
    (sources, column): (&[Source], Option<&SplitColumn>),
    options: &TableOptions,
) -> Result<ReadRows, DataError> {
    let columns = RowColumns {
        text: options.text.clone(),
        label: options.label.clone(),
        kind: options.labels.clone(),
        on_missing: options.on_missing,
    };
    let mut reader = RowReader::open(sources, &options.read, columns)?;
    if let Some(column) = column {
        reader.split_by(column)?;
    }
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        rows.push(row);
    }
    let missing = reader.missing().clone();
    if rows.is_empty() {
        let file = records::name(sources);
        return Err(DataError::NothingLeft { file, missing });
    }
    Ok((rows, reader.into_split_values(), missing))
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
        let (places, texts) = rows.into_iter().map(|row| (row.place, row.text)).unzip();
        Self {
            places,
            raw: texts,
            targets,
        }
    }

    fn pick(&self, examples: &[u32]) -> Self {
        let chosen = || examples.iter().map(|&example| example as usize);
        Self {
            places: chosen().map(|example| self.places[example].clone()).collect(),
            raw: chosen().map(|example| self.raw[example].clone()).collect(),
            targets: self.targets.pick(examples),
        }
    }

    fn tokens(&self, encoder: &TextEncoder) -> Result<Tokens, DataError> {
        Ok(Tokens {
            texts: encoder.tokenize(&self.raw)?,
            targets: self.targets.clone(),
        })
    }

    fn tokenize(&self, encoder: &TextEncoder) -> Result<Examples, DataError> {
        let inputs = Inputs::Texts(encoder.encode(&self.raw)?);
        Ok(Examples {
            inputs,
            targets: self.targets.clone(),
        })
    }
}

impl TextTable {
    /// The rows that are left out of each part because their label or text is missing.
    pub fn missing(&self) -> &[(&'static str, Missing)] {
        &self.missing
    }

    /// Number of rows that are duplicates of earlier ones and were kept together with them.
    pub fn repeated(&self) -> usize {
        self.repeated
    }

    /// The places, texts and targets of each part.
    pub(super) fn parts(&self) -> [Option<PartOf<'_>>; 3] {
        [Some(&self.train), Some(&self.validation), self.test.as_ref()]
            .map(|part| part.map(|part| (part.places.as_slice(), part.raw.as_slice(), &part.targets)))
    }

    /// The folds of a cross-validation, as indices of the training rows followed by the validation rows. These two are the
    /// parts of the first fold.
    pub fn folds(&self) -> Option<&Folds> {
        self.folds.as_ref()
    }

    /// The kind of labels.
    pub fn task(&self) -> TaskKind {
        self.task
    }

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

    /// The places and the texts of the examples for comparing trials, in the order of [`Self::compared_targets`].
    pub fn compared_rows(&self) -> Vec<(&Position, &RawText)> {
        let first = self.folds.as_ref().map(|_| &self.train);
        let parts = first.into_iter().chain([&self.validation]);
        parts.flat_map(|part| part.places.iter().zip(&part.raw)).collect()
    }

    /// The targets of the examples for comparing trials: the validation examples, or with folds the training examples and
    /// then the validation examples of the first fold, which are all.
    ///
    /// # Errors
    /// If the targets are of different kinds, which does not happen in a table.
    pub fn compared_targets(&self) -> Result<Targets, DataError> {
        match &self.folds {
            Some(_) => self.train.targets.concat(&self.validation.targets),
            None => Ok(self.validation.targets.clone()),
        }
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

    /// The tokens of every text, not cut yet.
    ///
    /// # Errors
    /// The same as for [`TextEncoder::encode`].
    pub fn tokens(&self, encoder: &TextEncoder) -> Result<TokenTable, DataError> {
        Ok(TokenTable {
            task: self.task,
            train: self.train.tokens(encoder)?,
            validation: self.validation.tokens(encoder)?,
            test: self.test.as_ref().map(|test| test.tokens(encoder)).transpose()?,
            labels: self.labels.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::units::Seed;

    use super::super::testing::{ENCODER, file, shared};
    use super::*;

    fn options(train: &Path) -> TableOptions {
        let split = SplitOptions {
            validation: Held::Share(0.25),
            test: Held::NONE,
            stratify: true,
            seed: Seed(1),
        };
        TableOptions {
            labels: LabelKind::Class,
            train: vec![train.into()],
            validation: Vec::new(),
            test: Vec::new(),
            read: ReadOptions::default(),
            text: TextColumns::one("text"),
            label: vec!["label".into()],
            on_missing: None,
            train_limit: None,
            split,
            together: None,
            folds: None,
        }
    }

    fn sizes(table: &TextTable) -> (usize, usize, usize) {
        (
            table.train_examples(),
            table.validation_examples(),
            table.test_examples(),
        )
    }

    fn reviews() -> String {
        let rows = (0..20).map(|index| format!("a{index},{}\n", ["bad", "good"][index % 2]));
        format!("text,label\n{}", rows.collect::<String>())
    }

    #[test]
    fn validation_and_test_are_split_off_the_training_file() {
        let train = file(".csv", reviews());
        let mut options = options(train.path());
        options.split.test = Held::Share(0.1);
        let table = load_table(&options).unwrap();
        assert_eq!(table.labels(), ["bad", "good"]);
        assert_eq!(sizes(&table), (13, 5, 2));
    }

    #[test]
    fn a_validation_file_leaves_the_training_file_whole() {
        let (train, validation) = (file(".csv", reviews()), file(".tsv", "label\ttext\ngood\tx\n"));
        let table = load_table(&TableOptions {
            validation: vec![validation.path().into()],
            ..options(train.path())
        })
        .unwrap();
        assert_eq!(sizes(&table), (20, 1, 0));
    }

    #[test]
    fn every_part_may_be_several_files_and_training_may_be_limited() {
        let (train, more) = (
            file(".csv", reviews()),
            file(".jsonl", "{\"text\": \"z\", \"label\": \"good\"}\n"),
        );
        let both = vec![train.path().into(), more.path().into()];
        let table = load_table(&TableOptions {
            train: both.clone(),
            test: both,
            train_limit: Some(Held::Count(6)),
            ..options(train.path())
        })
        .unwrap();
        assert_eq!(sizes(&table), (6, 5, 21));
        let seen = table.train.targets.classes();
        assert_eq!(seen.iter().filter(|&&class| class == 0).count(), 3);
    }

    #[test]
    fn several_numbers_are_the_targets_of_each_row() {
        let train = file(".csv", format!("text,a,b\n{}x,,1\n", "x,1,2\ny,3,4\n".repeat(4)));
        let table = load_table(&TableOptions {
            label: vec!["a".into(), "b".into()],
            labels: LabelKind::Number,
            ..options(train.path())
        })
        .unwrap();
        assert_eq!(table.labels(), ["a", "b"]);
        assert_eq!(sizes(&table), (6, 2, 0));
        let Targets::Values { width: 2, values } = &table.train.targets else {
            panic!("two numbers a row")
        };
        assert_eq!(values.len(), 12);
        assert_eq!(table.missing()[0].1.rows(), 1);
    }

    #[test]
    fn a_label_only_in_validation_is_an_error_there() {
        let (train, validation) = (file(".csv", reviews()), file(".tsv", "label\ttext\ngood\tx\nugly\ty\n"));
        let error = load_table(&TableOptions {
            validation: vec![validation.path().into()],
            ..options(train.path())
        })
        .unwrap_err();
        assert!(
            matches!(&error, DataError::UnknownLabel { place, label, .. } if label == "ugly" && place.line() == Some(3)),
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
        let data = load_table(&options(train.path())).unwrap().tokenize(&encoder).unwrap();
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
            let table = load_table(&options(&folder.join(name))).unwrap();
            assert_eq!(table.labels(), labels);
            assert_eq!(table.train_examples() + table.validation_examples(), rows);
            let texts = || table.train.raw.iter().chain(&table.validation.raw);
            let quotes = |content: &str| content.matches('"').count();
            let content = std::fs::read_to_string(folder.join(name)).unwrap();
            assert_eq!(texts().map(|text| quotes(&text.first)).sum::<usize>(), quotes(&content));
        }
    }
}
