//! What a writer writes is read back.

use automl_readers::{Number, ReadOptions, Record, Value};
use proptest::prelude::*;

use crate::support::read;

const NAMES: [&str; 3] = ["text", "label", "note"];

/// A text, a number and a boolean; each but the first may be missing.
type Row = (String, Option<i64>, Option<bool>);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((any::<String>(), any::<Option<i64>>(), any::<Option<bool>>()), 1..40)
}

fn values(row: &Row) -> Vec<Value> {
    vec![
        Value::Text(row.0.clone()),
        row.1.map_or(Value::Null, |number| Value::Number(Number::from(number))),
        row.2.map_or(Value::Null, Value::Boolean),
    ]
}

fn same(records: &[Record], rows: &[Row]) -> Result<(), TestCaseError> {
    prop_assert_eq!(records.len(), rows.len());
    for (record, row) in records.iter().zip(rows) {
        prop_assert_eq!(record.columns().names().collect::<Vec<_>>(), NAMES);
        prop_assert_eq!(record.values(), values(row));
    }
    Ok(())
}

fn object((text, number, flag): &Row) -> serde_json::Value {
    serde_json::json!({ NAMES[0]: text, NAMES[1]: number, NAMES[2]: flag })
}

/// The order of keys in objects that `serde_json` writes.
fn sorted(rows: &[Row], records: Vec<Record>) -> Result<(), TestCaseError> {
    prop_assert_eq!(records.len(), rows.len());
    for (mut record, row) in records.into_iter().zip(rows) {
        let found: Vec<Value> = NAMES.iter().map(|name| record.take(name).unwrap()).collect();
        prop_assert_eq!(found, values(row));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn csv(texts in prop::collection::vec(prop::collection::vec("[^\r\0]{0,12}", 3), 1..20)) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(NAMES).unwrap();
        for row in &texts {
            writer.write_record(row).unwrap();
        }
        let records = read("a.csv", writer.into_inner().unwrap(), &ReadOptions { delimiter: Some(','), ..ReadOptions::default() }).unwrap();
        let found: Vec<Vec<Value>> = records.into_iter().map(Record::into_values).collect();
        let expected: Vec<Vec<Value>> = texts.into_iter().map(|row| row.into_iter().map(Value::Text).collect()).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn jsonl(rows in rows()) {
        let content: String = rows.iter().map(|row| format!("{}\n", object(row))).collect();
        sorted(&rows, read("a.jsonl", content, &ReadOptions::default()).unwrap())?;
    }

    #[test]
    fn json_lists(rows in rows(), is_pretty in any::<bool>()) {
        let document = serde_json::Value::Array(rows.iter().map(object).collect());
        let content = if is_pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) };
        sorted(&rows, read("a.json", content.unwrap(), &ReadOptions::default()).unwrap())?;
    }

    #[test]
    fn json_columns(rows in rows()) {
        let column = |index: usize| -> Vec<serde_json::Value> { rows.iter().map(|row| object(row)[NAMES[index]].clone()).collect() };
        let document = serde_json::json!({ NAMES[0]: column(0), NAMES[1]: column(1), NAMES[2]: column(2) });
        sorted(&rows, read("a.json", document.to_string(), &ReadOptions { format: Some("json-columns".into()), ..ReadOptions::default() }).unwrap())?;
    }

    #[test]
    fn conll(sentences in prop::collection::vec(prop::collection::vec(("[a-zé-]{1,5}", "[BI]-[A-Z]{1,3}"), 1..6), 1..10)) {
        let sentence = |words: &Vec<(String, String)>| words.iter().map(|(word, tag)| format!("{word} {tag}\n")).collect::<String>();
        let content: String = sentences.iter().map(sentence).collect::<Vec<_>>().join("\n");
        let records = read("a.conll", content, &ReadOptions::default()).unwrap();
        prop_assert_eq!(records.len(), sentences.len());
        for (record, words) in records.iter().zip(&sentences) {
            let list = |texts: Vec<String>| Value::List(texts.into_iter().map(Value::Text).collect());
            let (tokens, tags): (Vec<String>, Vec<String>) = words.iter().cloned().unzip();
            prop_assert_eq!(record.values(), [list(tokens), list(tags)]);
        }
    }
}

#[cfg(feature = "columnar")]
mod columnar {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;

    use super::*;

    fn batch(rows: &[Row]) -> RecordBatch {
        let texts: StringArray = rows.iter().map(|row| Some(row.0.as_str())).collect();
        let numbers: Int64Array = rows.iter().map(|row| row.1).collect();
        let flags: BooleanArray = rows.iter().map(|row| row.2).collect();
        let columns: [ArrayRef; 3] = [Arc::new(texts), Arc::new(numbers), Arc::new(flags)];
        RecordBatch::try_from_iter(NAMES.into_iter().zip(columns)).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn parquet(rows in rows()) {
            let batch = batch(&rows);
            let mut content = Vec::new();
            let mut writer = ArrowWriter::try_new(&mut content, batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            same(&read("a.parquet", content, &ReadOptions::default()).unwrap(), &rows)?;
        }

        #[test]
        fn arrow(rows in rows()) {
            let batch = batch(&rows);
            let mut content = Vec::new();
            let mut writer = arrow_ipc::writer::FileWriter::try_new(&mut content, &batch.schema()).unwrap();
            writer.write(&batch).unwrap();
            writer.finish().unwrap();
            drop(writer);
            same(&read("a.arrow", content, &ReadOptions::default()).unwrap(), &rows)?;
        }
    }
}
