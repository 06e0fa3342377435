//! Data sets of the hub: from a hub on this machine, with files as the real ones have them.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use automl_hub::testing::{COMMIT, Reply, TestHub, TestRepository, git_sha1, sha256};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::support::{Outcome, Sandbox, TEXTS, review, write_bert, write_bert_of_length};

/// The features in the files of `stanfordnlp/imdb`.
const FEATURES: &str = r#"{"info": {"features": {"text": {"dtype": "string", "_type": "Value"},
    "label": {"names": ["neg", "pos"], "_type": "ClassLabel"}}}}"#;

/// Reviews as Parquet: all bad ones before all good ones, with numbers as labels, whose names the schema tells.
fn parquet(count: usize, is_labelled: bool) -> Vec<u8> {
    let mut rows: Vec<(String, i64)> = (0..count)
        .map(|number| {
            let (text, label) = review(number);
            (text, i64::from(label == "positive"))
        })
        .collect();
    rows.sort_by_key(|(_, label)| *label);
    let labels = rows.iter().map(|(_, label)| if is_labelled { *label } else { -1 });
    let labels: ArrayRef = Arc::new(Int64Array::from_iter_values(labels));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|(text, _)| text)));
    let batch = RecordBatch::try_from_iter([("text", texts), ("label", labels)]).unwrap();
    let features = KeyValue::new("huggingface".to_owned(), FEATURES.to_owned());
    let properties = WriterProperties::builder().set_key_value_metadata(Some(vec![features]));
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file
}

fn model(path: &str, length: usize) -> TestRepository {
    let made = Sandbox::new();
    write_bert_of_length(&made.path("model"), length);
    let read = |name: &'static str| (name, std::fs::read(made.path("model").join(name)).unwrap());
    TestRepository::new(path, ["config.json", "vocab.txt", "model.safetensors"].map(read))
}

/// A data set laid out as `stanfordnlp/imdb`.
fn imdb() -> TestRepository {
    let file = |split: &str| format!("plain_text/{split}-00000-of-00001.parquet");
    let files = [
        (file("train"), parquet(1_600, true)),
        (file("test"), parquet(200, true)),
        (file("unsupervised"), parquet(100, false)),
        ("README.md".to_owned(), b"# IMDB".to_vec()),
    ];
    let declared = ["train", "test", "unsupervised"].map(|split| {
        let path = format!("plain_text/{split}-*");
        serde_json::json!({"split": split, "path": path})
    });
    let files = files.iter().map(|(path, content)| (path.as_str(), content.clone()));
    TestRepository {
        card: serde_json::json!({
            "license": "other", "configs": [{"config_name": "plain_text", "data_files": declared, "default": true}],
        }),
        ..TestRepository::new("datasets/imdb", files)
    }
}

/// A hub, and a folder with a spec.
struct Story {
    hub: TestHub,
    sandbox: Sandbox,
}

impl Story {
    /// The spec of the repository with the real names.
    fn imdb() -> Self {
        let spec = concat!(env!("CARGO_MANIFEST_DIR"), "/search-spaces/imdb.yaml");
        Self {
            hub: TestHub::of(vec![model("models/bert-base-uncased", 128), imdb()]),
            sandbox: Sandbox::with_spec(&std::fs::read_to_string(spec).unwrap()),
        }
    }

    /// A spec whose `data` are these, with a model on the disk.
    fn of(data: &str, repositories: Vec<TestRepository>) -> Self {
        let spec = TEXTS.replace("{train: reviews.csv, split: {validation: 0.25, seed: 1}}", data);
        let sandbox = Sandbox::with_spec(&spec);
        write_bert(&sandbox.path("model"));
        Self {
            hub: TestHub::of(repositories),
            sandbox,
        }
    }

    fn run(&self, arguments: &str) -> Outcome {
        self.sandbox.start_online(&self.hub.endpoint, arguments, &[]).finish()
    }

    /// The message of a failed search.
    #[track_caller]
    fn refused(&self, arguments: &str) -> String {
        let outcome = self.run(arguments).expect_code(2);
        assert!(!self.sandbox.path("study").exists());
        let host = self.hub.endpoint.trim_start_matches("http://");
        outcome.message().replace(host, "HUB").trim_end().to_owned()
    }
}

fn rows(split: &str, rows: std::ops::Range<usize>) -> (&str, Vec<u8>) {
    let rows = rows.map(review).map(|(text, label)| format!("{text},{label}\n"));
    (
        split,
        ("text,label\n".to_owned() + &rows.collect::<String>()).into_bytes(),
    )
}

#[test]
fn the_example_of_the_imdb_reviews_runs_as_it_stands() {
    let story = Story::imdb();
    story
        .run("search space.yaml --out study --set budget.trials=2 --set resources.devices=cpu")
        .expect_code(0)
        .says("downloaded the data set `imdb` (licence `other`)")
        .says("downloaded the model `bert-base-uncased` (licence `apache-2.0`)");
    let asked = story.hub.requests();
    assert!(!asked.iter().any(|request| request.path.contains("unsupervised")));
    let files = story.sandbox.list("hub");
    let snapshot = format!("datasets--imdb/snapshots/{COMMIT}/plain_text/train-00000-of-00001.parquet");
    assert!(files.contains(&snapshot), "{files:?}");

    let best = story.sandbox.read("study/best.yaml");
    let pinned = format!("data:\n  hub: imdb@{COMMIT}\n  config: plain_text\n  licence: other\n  train: train\n");
    assert!(best.contains(&pinned), "{best}");
    let manifest: serde_json::Value = serde_json::from_str(&story.sandbox.read("study/manifest.json")).unwrap();
    assert_eq!(
        manifest["data"],
        serde_json::json!({
            "id": "imdb", "commit": COMMIT, "config": "plain_text", "licence": "other",
            "sha256": {"plain_text/train-00000-of-00001.parquet": sha256(&parquet(1_600, true))},
        })
    );

    // From here on there is no hub.
    story.hub.hook(|_, reply| *reply = Reply::new(503, &[], ""));
    story.hub.forget_requests();
    story
        .run("train study/best.yaml --out model-out --check --offline")
        .expect_code(0);
    let card = story.sandbox.read("model-out/README.md");
    assert!(card.contains("datasets:\n- \"imdb\"\n"), "{card}");
    assert!(
        card.contains(&format!(
            "`imdb`: 1000 training examples.\n\nFrom the Hugging Face hub at `{COMMIT}`, configuration `plain_text`. Its licence is `other`.\n\nLabels: `neg`, `pos`."
        )),
        "{card}"
    );
    assert!(card.contains("| 500 validation |"), "{card}");
    story
        .run("search space.yaml --out again --set budget.trials=2 --set resources.devices=cpu")
        .expect_code(0);
    assert_eq!(story.sandbox.leaderboard("study"), story.sandbox.leaderboard("again"));
    assert!(story.hub.requests().is_empty(), "what is in the cache needs no hub");
}

#[test]
fn splits_are_files_of_any_kind_that_their_names_tell() {
    let data = "{hub: org/reviews@main, train: train, validation: validation, test: test}";
    let files = [
        rows("train.csv", 0..48),
        rows("dev.csv", 48..72),
        rows("eval.csv", 72..90),
    ];
    let story = Story::of(data, vec![TestRepository::new("datasets/org/reviews", files)]);
    story.run("search space.yaml --out study").expect_code(0);
    let best = story.sandbox.read("study/best.yaml");
    assert!(
        best.contains("  train: train\n  validation: validation\n  test: test\n"),
        "{best}"
    );
    story.run("train study/best.yaml --out model-out").expect_code(0);
    let card = story.sandbox.read("model-out/README.md");
    assert!(
        card.contains("| 24 validation |") && card.contains("| 18 test |"),
        "{card}"
    );
}

#[test]
fn what_a_program_makes_is_read_in_the_hubs_conversion() {
    let scripted = TestRepository::new("datasets/org/reviews", [("reviews.py", b"x".to_vec())]);
    let converted = TestRepository {
        revision: "refs/convert/parquet".to_owned(),
        card: serde_json::Value::Null,
        ..TestRepository::new(
            "datasets/org/reviews",
            [("default/partial-train/0000.parquet", parquet(48, true))],
        )
    };
    let story = Story::of("{hub: org/reviews}", vec![scripted, converted]);
    story
        .run("validate space.yaml")
        .expect_code(0)
        .says("the data set `org/reviews` is not in the cache: ")
        .says("in 1 file, licence `apache-2.0`; `automl search` downloads it, and `--download` does so now; the data set was not checked");
    story
        .run("search space.yaml --out study")
        .expect_code(0)
        .says("the hub has converted only the first rows of the data set `org/reviews`");
    let commit = git_sha1(b"refs/convert/parquet");
    let best = story.sandbox.read("study/best.yaml");
    assert!(
        best.contains(&format!(
            "  hub: org/reviews@{commit}\n  config: default\n  licence: apache-2.0\n"
        )),
        "{best}"
    );
    story.run("rerun study --top 1 --seeds 2 --offline").expect_code(0);
    let json = story.run("validate space.yaml --json").expect_code(0).stdout;
    assert!(json.contains("\"download_data\": null"), "{json}");
}

#[test]
fn what_the_hub_lacks_or_refuses_is_told_before_anything_is_written() {
    let story = Story::imdb();
    let search = "search space.yaml --out study";
    let mut messages = vec![
        story.refused(&format!("{search} --set data.config=plain")),
        story.refused(&format!("{search} --set data.split=dev")),
        story.refused(&format!("{search} --set data.hub=imbd")),
        story.refused(&format!("{search} --set data.hub=imdb@v9")),
        story.refused(&format!("{search} --offline")),
        story.refused("plan space.yaml --set data.label=stars"),
    ];
    let gated = Reply::new(401, &[("X-Error-Code", "GatedRepo")], "");
    story.hub.hook(move |_, reply| *reply = gated.clone());
    messages.push(story.refused(search));
    let size = regex::Regex::new(r"[0-9.]+ kB").unwrap();
    insta::assert_snapshot!(size.replace_all(&messages.join("\n"), "SIZE"));
}

#[test]
fn columns_are_checked_before_the_model_is_downloaded() {
    let story = Story::imdb();
    let message = story.refused("search space.yaml --out study --set data.label=stars");
    assert!(message.contains("`stars`"), "{message}");
    let asked = story.hub.requests();
    assert!(!asked.iter().any(|request| request.path.contains("bert-base-uncased")));
}

#[test]
fn malformed_names_of_data_sets_and_splits_are_marked_in_the_spec() {
    let messages = [
        "{hub: 'org/name/x'}",
        "{hub: org/name, train: 'train[5:10%]'}",
        "{hub: org/name, split: train+test}",
        "{hub: org/name, train: train, split: train}",
        "{hub: org/name, validation: ./held-out.csv}",
        "{train: a.csv, config: en}",
    ]
    .map(|data| {
        let story = Story::of(data, Vec::new());
        story.sandbox.write("a.csv", "text,label\na,b\n");
        story.refused("validate space.yaml")
    });
    insta::assert_snapshot!(messages.join("\n"));
}
