//! Real data sets, where the larger test data are at hand.

use std::path::PathBuf;

use automl_readers::{ReadOptions, Record, Source, sniff};

use crate::support::records;

/// A file of the larger test data, in `$AUTOML_TEST_DATA` or in `shared/data` beside one of the folders above this crate;
/// prints a note if it is missing.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where these tests find their data"
)]
fn shared(name: &str) -> Option<PathBuf> {
    let given = std::env::var("AUTOML_TEST_DATA").ok().map(PathBuf::from);
    let above = || {
        PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .map(|folder| folder.join("shared/data"))
            .find(|data| data.is_dir())
    };
    let path = given.or_else(above).map(|root| root.join(name));
    let found = path.filter(|path| path.exists());
    if found.is_none() {
        println!("skipped: no test data `{name}`; set AUTOML_TEST_DATA to their folder");
    }
    found
}

#[test]
fn every_row_of_real_tables_is_read_with_its_quotes() {
    for (name, columns, rows) in [
        ("text/movie_rating.tsv", vec!["text", "rating"], 6000),
        ("text/movie_sentiment.tsv", vec!["label", "text"], 9171),
        ("text/sms_spam.tsv", vec!["label", "text"], 4512),
        ("text/wordnet_glosses.tsv", vec!["text", "label"], 12000),
    ] {
        let Some(path) = shared(name) else { return };
        let found = records(&[Source::Path(path.clone())], &ReadOptions::default()).unwrap();
        assert_eq!(found.len(), rows, "{name}");
        assert!(
            found
                .iter()
                .all(|record| record.columns().names().eq(columns.iter().copied()))
        );
        let quotes = |text: &str| text.matches('"').count();
        let read: usize = found
            .iter()
            .flat_map(Record::values)
            .map(|value| quotes(&value.to_string()))
            .sum();
        assert_eq!(read, quotes(&std::fs::read_to_string(path).unwrap()), "{name}");
    }
}

#[test]
fn every_question_of_a_real_squad_file_is_read_and_its_answer_stands_where_it_says() {
    let Some(path) = shared("qa/xquad-en/xquad.en.json") else {
        return;
    };
    let source = Source::Path(path);
    assert_eq!(sniff(&source, &ReadOptions::default()).unwrap().format, "squad");
    let found = records(&[source], &ReadOptions::default()).unwrap();
    assert_eq!(found.len(), 1190);
    for record in &found {
        let context: Vec<char> = record.get("context").unwrap().as_text().unwrap().chars().collect();
        let list = |name: &str| record.get(name).unwrap().as_list().unwrap();
        for (text, start) in list("answers.text").iter().zip(list("answers.answer_start")) {
            let text: Vec<char> = text.as_text().unwrap().chars().collect();
            assert!(context[start.to_float().unwrap() as usize..].starts_with(&text));
        }
    }
}

#[test]
fn every_sentence_of_a_real_conll_file_is_read() {
    for (name, sentences) in [("train", 3394), ("dev", 1009)] {
        let Some(path) = shared(&format!("ner/wnut17/{name}.conll")) else {
            return;
        };
        let found = records(&[Source::Path(path)], &ReadOptions::default()).unwrap();
        assert_eq!(found.len(), sentences, "{name}");
        let length = |record: &Record, name: &str| record.get(name).unwrap().as_list().unwrap().len();
        assert!(
            found
                .iter()
                .all(|record| length(record, "tokens") == length(record, "tags"))
        );
    }
}
