//! Every kind of data file gives the same results as a CSV file, and a damaged one gives one clear message.

use std::io::Write as _;

use crate::support::{REVIEWS, Sandbox, write_reviews};

/// A kind of file: its name, its content, and the keys that say how it is written.
struct Written {
    name: &'static str,
    content: Vec<u8>,
    keys: &'static str,
}

fn written(name: &'static str, content: impl Into<Vec<u8>>, keys: &'static str) -> Written {
    Written {
        name,
        content: content.into(),
        keys,
    }
}

/// The texts and labels of the reviews.
fn rows(sandbox: &Sandbox) -> Vec<(String, String)> {
    let table = sandbox.read("reviews.csv");
    let row = |line: &str| {
        line.split_once(',')
            .map(|(text, label)| (text.to_owned(), label.to_owned()))
    };
    table.lines().skip(1).filter_map(row).collect()
}

fn table(rows: &[(String, String)], delimiter: &str) -> String {
    let lines = rows.iter().map(|(text, label)| format!("{text}{delimiter}{label}\n"));
    format!("text{delimiter}label\n{}", lines.collect::<String>())
}

fn objects(rows: &[(String, String)]) -> Vec<String> {
    let object = |(text, label): &(String, String)| serde_json::json!({"text": text, "label": label}).to_string();
    rows.iter().map(object).collect()
}

fn gzip(content: &str) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(content.as_bytes()).unwrap();
    writer.finish().unwrap()
}

fn utf_16(content: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(content.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// The reviews in every kind of text file.
fn kinds(rows: &[(String, String)]) -> Vec<Written> {
    let csv = table(rows, ",");
    let objects = objects(rows);
    let column = |of: fn(&(String, String)) -> &String| rows.iter().map(of).cloned().collect::<Vec<String>>();
    let columns = serde_json::json!({"text": column(|row| &row.0), "label": column(|row| &row.1)});
    let body = csv.split_once('\n').unwrap().1;
    vec![
        written("semicolons.csv", table(rows, ";"), ""),
        written("bars.csv", table(rows, "|"), ""),
        written("tabs.tsv", table(rows, "\t"), ""),
        written("odd.csv", table(rows, "§"), "--set data.delimiter=§"),
        written("mark.csv", format!("\u{feff}{}", csv.replace('\n', "\r\n")), ""),
        written("wide.csv", utf_16(&csv), ""),
        written(
            "comments.csv",
            format!("# made by hand\n{csv}"),
            "--set data.comment='#'",
        ),
        written("bare.csv", body, "--set data.columns=[text,label]"),
        written("nameless", csv.as_str(), ""),
        written("packed.csv.gz", gzip(&csv), ""),
        written("packed.csv.zst", zstd::encode_all(csv.as_bytes(), 3).unwrap(), ""),
        written("packed.jsonl.gz", gzip(&objects.join("\n")), ""),
        written("lines.jsonl", objects.join("\n"), ""),
        written("list.json", format!("[{}]", objects.join(",\n")), ""),
        written("columns.json", columns.to_string(), ""),
        written(
            "inside.json",
            format!("{{\"version\": 1, \"rows\": [{}]}}", objects.join(",")),
            "--set data.records_key=rows",
        ),
    ]
}

/// The leaderboard of a short search over this data.
#[track_caller]
fn searched(sandbox: &Sandbox, name: &str, keys: &str) -> String {
    let study = format!("study-{}", name.replace(['/', '*'], "_"));
    let flags = format!("--trials 1 --set epochs=1 --set data.train={name} {keys}");
    sandbox
        .run(&format!("search space.yaml --out {study} {flags}"))
        .expect_code(0);
    sandbox.leaderboard(&study)
}

/// The message of a search over this data, which must leave nothing behind.
#[track_caller]
fn refused(sandbox: &Sandbox, name: &str, keys: &str) -> String {
    let told = sandbox.run(&format!("search space.yaml --out study --set data.train={name} {keys}"));
    let told = told.expect_code(2);
    assert!(!sandbox.path("study").exists() && told.stdout.is_empty());
    told.message().trim_end().to_owned()
}

#[test]
fn every_kind_of_file_gives_the_same_results() {
    let sandbox = Sandbox::with_texts();
    let rows = rows(&sandbox);
    let expected = searched(&sandbox, "reviews.csv", "");
    for Written { name, content, keys } in kinds(&rows) {
        sandbox.write(name, content);
        assert_eq!(searched(&sandbox, name, keys), expected, "{name}");
    }
    for (index, (text, label)) in rows.iter().enumerate() {
        sandbox.write(&format!("folder/{label}/{index:02}.txt"), text);
    }
    // Its examples are in another order.
    searched(&sandbox, "folder", "");
    let (first, rest) = rows.split_at(20);
    sandbox.write("part/1.csv", table(first, ","));
    sandbox.write("part/2.csv", table(rest, ","));
    for parts in ["[part/1.csv,part/2.csv]", "part/*.csv", "part"] {
        assert_eq!(searched(&sandbox, parts, ""), expected, "{parts}");
    }
}

#[cfg(feature = "columnar")]
#[test]
fn columnar_files_give_the_same_results_and_are_predicted() {
    let sandbox = Sandbox::with_texts();
    let rows = rows(&sandbox);
    let expected = searched(&sandbox, "reviews.csv", "");
    columnar::write(&sandbox.path("reviews.parquet"), &rows);
    columnar::write(&sandbox.path("reviews.feather"), &rows);
    for name in ["reviews.parquet", "reviews.feather"] {
        assert_eq!(searched(&sandbox, name, ""), expected, "{name}");
        let whole = std::fs::read(sandbox.path(name)).unwrap();
        sandbox.write(name, &whole[..whole.len() / 2]);
        let message = refused(&sandbox, name, "");
        assert!(
            message.contains(name) && message.contains("cannot be read"),
            "{message}"
        );
        sandbox.write(name, whole);
    }
    sandbox
        .run("train study-reviews.csv/best.yaml --out model-out")
        .expect_code(0);
    let predicted = |data: &str| {
        let printed = sandbox.run(&format!("predict model-out {data}")).expect_code(0).stdout;
        let cells = printed
            .lines()
            .skip(1)
            .map(|line| line.split(',').skip(2).map(str::to_owned).collect());
        cells.collect::<Vec<Vec<String>>>()
    };
    assert_eq!(predicted("reviews.parquet"), predicted("reviews.csv"));
    let measured = |data: &str| {
        sandbox
            .run(&format!("evaluate model-out {data} --json"))
            .expect_code(0)
            .stdout
    };
    assert_eq!(measured("reviews.feather"), measured("reviews.csv"));
    columnar::write_bytes(&sandbox.path("bytes.parquet"), &rows);
    let message = refused(&sandbox, "bytes.parquet", "");
    assert!(
        message.ends_with(
            "the column `text` has values that are neither texts nor numbers, such as bytes; save it as text"
        ),
        "{message}"
    );
    assert_eq!(searched(&sandbox, "bytes.parquet", "--set data.text=written"), expected);
}

#[cfg(feature = "columnar")]
mod columnar {
    use std::{fs::File, path::Path, sync::Arc};

    use arrow_array::{ArrayRef, BinaryArray, RecordBatch, StringArray};

    /// Writes Parquet with the texts as bytes, and once more as texts.
    pub(super) fn write_bytes(path: &Path, rows: &[(String, String)]) {
        let bytes = BinaryArray::from_iter_values(rows.iter().map(|row| row.0.as_bytes()));
        let texts = StringArray::from_iter_values(rows.iter().map(|row| &row.0));
        let labels = StringArray::from_iter_values(rows.iter().map(|row| &row.1));
        let columns: [(&str, ArrayRef); 3] = [
            ("text", Arc::new(bytes)),
            ("written", Arc::new(texts)),
            ("label", Arc::new(labels)),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer =
            parquet::arrow::ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    /// Writes Parquet, or Arrow's file format, by the file's name.
    pub(super) fn write(path: &Path, rows: &[(String, String)]) {
        let column = |of: fn(&(String, String)) -> &String| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(rows.iter().map(of)))
        };
        let columns = [("text", column(|row| &row.0)), ("label", column(|row| &row.1))];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let file = File::create(path).unwrap();
        if path.extension().is_some_and(|extension| extension == "parquet") {
            let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
        } else {
            let mut writer = arrow_ipc::writer::FileWriter::try_new(file, &batch.schema()).unwrap();
            writer.write(&batch).unwrap();
            writer.finish().unwrap();
        }
    }
}

#[test]
fn a_damaged_file_of_any_kind_is_one_message_with_its_place() {
    let sandbox = Sandbox::with_texts();
    let rows = rows(&sandbox);
    let csv = table(&rows, ",");
    let damaged = [
        written("more.csv", table(&rows, ";") + "a;b;c\n", ""),
        written("open.csv", csv.clone() + "\"open,negative\n", ""),
        written("latin.csv", [csv.as_bytes(), b"caf\xe9,negative\n"].concat(), ""),
        written(
            "latin-2.csv",
            [csv.as_bytes(), b"caf\xe9,negative\n"].concat(),
            "--set data.encoding=latin-one",
        ),
        written("cut.csv.gz", gzip(&csv)[..60].to_vec(), ""),
        written(
            "lines.jsonl",
            objects(&rows).join("\n") + "\n{\"text\": \"a\", \"label\": }\n",
            "",
        ),
        written(
            "kinds.jsonl",
            objects(&rows).join("\n") + "\n{\"text\": [\"a\"], \"label\": \"b\"}\n",
            "",
        ),
        written(
            "lists.jsonl",
            objects(&rows).join("\n") + "\n{\"text\": \"a\", \"label\": [\"b\"]}\n",
            "",
        ),
        written("list.json", format!("[{}", objects(&rows).join(",")), ""),
        written("sheet.xlsx", b"PK\x03\x04\x14\x00\x06\x00".to_vec(), ""),
        written("empty.csv", "", ""),
        written("header.csv", "text,label\n", ""),
        written("bare.csv", csv.split_once('\n').unwrap().1, ""),
    ];
    let message = |file: Written| {
        sandbox.write(file.name, file.content);
        refused(&sandbox, file.name, file.keys)
    };
    let mut messages: Vec<String> = damaged.into_iter().map(message).collect();
    messages.push(refused(&sandbox, "nothing-*.csv", ""));
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn rows_without_a_label_or_a_text_are_left_out_with_a_count() {
    let sandbox = Sandbox::with_texts();
    let expected = searched(&sandbox, "reviews.csv", "");
    let gaps = sandbox.read("reviews.csv") + "good film,\n,negative\nbad story, \n";
    sandbox.write("gaps.csv", &gaps);
    let told = sandbox
        .run("validate space.yaml --set data.train=gaps.csv --set data.on_missing=skip")
        .expect_code(0);
    let line = REVIEWS + 2;
    told.says(&format!(
        "left out of the train examples: 2 rows without a label (the first: `{}`, line {line}), 1 row without a text",
        sandbox.path("gaps.csv").display()
    ));
    assert_eq!(searched(&sandbox, "gaps.csv", "--set data.on_missing=skip"), expected);
    let message = refused(&sandbox, "gaps.csv", "--set data.on_missing=error");
    assert!(
        message.contains(&format!("line {line}: the label is empty")),
        "{message}"
    );
    sandbox.write("unlabelled.csv", "text,label\na,\nb,\n");
    let message = refused(&sandbox, "unlabelled.csv", "");
    assert!(message.contains("no row is left: 2 rows without a label"), "{message}");
    // The same in what is measured, while every row is predicted.
    sandbox
        .run("train study-reviews.csv/best.yaml --out model-out")
        .expect_code(0);
    let measured = sandbox.run("evaluate model-out gaps.csv").expect_code(0);
    measured.says("warning: left out 2 rows without a label");
    let measured = sandbox.run("evaluate model-out gaps.csv --json").expect_code(0).stdout;
    let measured: serde_json::Value = serde_json::from_str(&measured).unwrap();
    assert_eq!(measured["missing"], 2);
    let predicted = sandbox.run("predict model-out gaps.csv").expect_code(0).stdout;
    assert_eq!(predicted.lines().count(), 1 + REVIEWS + 3);
}

#[test]
fn parts_are_files_or_numbers_and_training_may_be_limited() {
    let sandbox = Sandbox::with_texts();
    write_reviews(&sandbox.path("test.jsonl"), REVIEWS..REVIEWS + 6);
    let spec = sandbox.read("space.yaml");
    let data = |data: &str| {
        let old = "{train: reviews.csv, split: {validation: 0.25, seed: 1}}";
        assert!(spec.contains(old));
        sandbox.write("space.yaml", spec.replace(old, data));
    };
    data("{train: reviews.csv, validation: 10, test: test.jsonl, train_limit: 20}");
    sandbox
        .run("search space.yaml --out study --trials 1 --set epochs=1")
        .expect_code(0);
    let trained = sandbox.run("train study/best.yaml --out model-out").expect_code(0);
    trained.says("on 10 validation examples").says("on 6 test examples");
    assert!(sandbox.read("study/best.yaml").contains("train_limit: 20"));
    data("{train: reviews.csv, validation: 46, test: 4}");
    sandbox
        .run("validate space.yaml")
        .expect_code(2)
        .says("too few to hold out 50");
    data("{train: reviews.csv, validation: test.jsonl, split: {validation: 0.1}}");
    sandbox
        .run("validate space.yaml")
        .expect_code(2)
        .says("`validation` above already says");
}

#[test]
fn texts_are_joined_from_columns() {
    let sandbox = Sandbox::with_texts();
    let expected = searched(&sandbox, "reviews.csv", "");
    let row = |(text, label): (String, String)| {
        let (first, rest) = text.split_once(' ').unwrap();
        serde_json::json!({"title": first, "rest": rest, "label": label == "positive"}).to_string()
    };
    let lines: Vec<String> = rows(&sandbox).into_iter().map(row).collect();
    sandbox.write("parts.jsonl", lines.join("\n"));
    let spec = sandbox
        .read("space.yaml")
        .replace("reviews.csv,", "parts.jsonl, text: \"{title} {rest}\",");
    sandbox.write("space.yaml", spec);
    assert_eq!(searched(&sandbox, "parts.jsonl", ""), expected);
    sandbox
        .run("train study-parts.jsonl/best.yaml --out model-out")
        .expect_code(0);
    let predicted = sandbox
        .run("predict model-out parts.jsonl --format jsonl")
        .expect_code(0)
        .stdout;
    let first: serde_json::Value = serde_json::from_str(predicted.lines().next().unwrap()).unwrap();
    assert_eq!(first["text"], rows(&sandbox)[0].0.as_str());
    assert!(first["p.true"].is_number());
    let message = sandbox
        .run("validate space.yaml --set data.text={title")
        .expect_code(2)
        .message();
    assert!(message.contains("title"), "{message}");
}

#[test]
fn predictions_keep_values_with_their_types() {
    let sandbox = Sandbox::with_texts();
    searched(&sandbox, "reviews.csv", "");
    sandbox
        .run("train study-reviews.csv/best.yaml --out model-out")
        .expect_code(0);
    let line =
        r#"{"id": 7, "text": "good", "price": 1.5, "tags": ["a", 2], "by": {"name": "ann", "age": 3}, "none": null}"#;
    sandbox.write("new.jsonl", line);
    let keep = "--keep price,tags,by,none";
    let printed = sandbox
        .run(&format!("predict model-out new.jsonl --format jsonl {keep}"))
        .expect_code(0)
        .stdout;
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let expected: serde_json::Value = serde_json::from_str(line).unwrap();
    for name in ["id", "price", "tags", "by", "none"] {
        assert_eq!(printed[name], expected[name], "{name}");
    }
    let printed = sandbox
        .run(&format!("predict model-out new.jsonl {keep}"))
        .expect_code(0)
        .stdout;
    assert!(
        printed.contains(r#"1,1,1.5,"[""a"",2]","{""age"":3,""name"":""ann""}",,7,good,"#),
        "{printed}"
    );
}

#[test]
fn standard_input_may_be_compressed_and_files_may_be_described() {
    let sandbox = Sandbox::with_texts();
    searched(&sandbox, "reviews.csv", "");
    sandbox
        .run("train study-reviews.csv/best.yaml --out model-out")
        .expect_code(0);
    let rows = rows(&sandbox);
    let csv = table(&rows, ",");
    let measured = |arguments: &str| {
        sandbox
            .run(&format!("evaluate model-out {arguments} --json"))
            .expect_code(0)
            .stdout
    };
    let expected = measured("reviews.csv");
    sandbox.write("bare.txt", table(&rows, "§").split_once('\n').unwrap().1);
    let described = "bare.txt --data-format csv --delimiter § --columns text,label";
    assert_eq!(measured(described), expected);
    sandbox.write("wide.csv", &utf_16(&csv)[2..]);
    assert_eq!(measured("wide.csv --encoding utf-16le"), expected);
    sandbox.write("reviews.csv.gz", gzip(&csv));
    let piped = |verb: &str, file: &str| {
        let line = format!("{} {verb} < {file}", env!("CARGO_BIN_EXE_automl"));
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &line]);
        let outcome = sandbox.start_command(sandbox.prepare(command), &line).finish();
        outcome.expect_code(0).stdout
    };
    assert_eq!(piped("evaluate model-out - --json", "reviews.csv.gz"), expected);
    assert_eq!(
        piped("predict model-out -", "reviews.csv.gz"),
        sandbox.run("predict model-out reviews.csv").expect_code(0).stdout
    );
    // Nothing in, nothing out.
    sandbox.write("empty", "");
    assert_eq!(piped("predict model-out -", "empty").lines().count(), 1);
    sandbox
        .run("predict model-out reviews.csv --delimiter ab")
        .expect_code(2)
        .says("one character is expected");
}

#[test]
fn several_labels_may_be_lists_and_several_numbers_columns() {
    let sandbox = Sandbox::with_texts();
    let spec = sandbox.read("space.yaml");
    let row = |index: usize| {
        let (text, labels, score) = [
            ("good fine", vec!["pos", "long"], 2),
            ("bad", vec!["neg"], -1),
            ("film", vec![], 0),
        ][index % 3]
            .clone();
        serde_json::json!({"text": text, "label": labels, "score": score, "length": 1.5 * text.len() as f64})
            .to_string()
    };
    let lines: Vec<String> = (0..60).map(row).collect();
    sandbox.write("table.jsonl", lines.join("\n"));
    let of = |from: &str, to: &str| {
        spec.replace("reviews.csv,", &format!("table.jsonl, {to},"))
            .replace("metric: accuracy", from)
    };
    sandbox.write("space.yaml", of("metric: f1_micro", "multi_label: true"));
    sandbox
        .run("search space.yaml --out lists --trials 1 --set epochs=1")
        .expect_code(0);
    let several = of("metric: rmse", "label: [score, length]").replace("task: text-classification", "task: regression");
    sandbox.write("space.yaml", several);
    sandbox
        .run("search space.yaml --out numbers --trials 1 --set epochs=1")
        .expect_code(0);
    sandbox.run("train numbers/best.yaml --out model-out").expect_code(0);
    let predicted = sandbox.run("predict model-out table.jsonl").expect_code(0).stdout;
    assert!(
        predicted.starts_with("row,line,text,prediction.score,prediction.length\n"),
        "{predicted}"
    );
    sandbox.run("evaluate model-out table.jsonl --json").expect_code(0);
}
