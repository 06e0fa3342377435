//! Models of every family from a spec to predictions: their tokenizers, the files they come in, and pairs of texts.

use std::fmt::Write as _;

use automl_finetune::testing::{SMALL, write_small};
use serde_json::{Map, Value, json};

use crate::support::{Sandbox, shared};

const SPEC: &str = "\
task: text-classification
model: ./model
data: {train: reviews.csv, split: {validation: 0.25, seed: 1}}
max_length: 12
metric: accuracy
parameters: {learning_rate: {min: 1e-3, max: 1e-1, log: true}}
method: random
epochs: 1
early_terminate: {type: none}
budget: {trials: 2}
resources: {devices: cpu}
seed: 3
";

/// A small model of this type without a tokenizer.
fn write_model(sandbox: &Sandbox, model_type: &str) {
    let is_asked = |config: &&&str| config.contains(&format!("\"{model_type}\""));
    let config = SMALL.iter().find(is_asked).unwrap();
    std::fs::create_dir_all(sandbox.path("model")).unwrap();
    write_small(config, &sandbox.path("model"));
    std::fs::remove_file(sandbox.path("model/tokenizer.json")).unwrap();
}

/// `vocab.json` and `merges.txt` of a byte-level tokenizer for small letters, and a few words.
fn write_byte_pairs(sandbox: &Sandbox) {
    let merges = [
        "o o", "g oo", "goo d", "Ġ good", "b a", "ba d", "Ġ bad", "f i", "fi l", "fil m", "Ġ film", "t h", "th e",
        "Ġ the",
    ];
    let special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "<|endoftext|>"].map(str::to_owned);
    let letters = ('a'..='z').chain(['Ġ']).map(String::from);
    let words = merges.iter().map(|pair| pair.replace(' ', ""));
    let tokens = special.into_iter().chain(letters).chain(words);
    let vocabulary: Map<String, Value> = tokens.zip(0_u32..).map(|(token, id)| (token, id.into())).collect();
    sandbox.write("model/vocab.json", Value::Object(vocabulary).to_string());
    sandbox.write("model/merges.txt", format!("#version: 0.2\n{}\n", merges.join("\n")));
}

fn write_words(sandbox: &Sandbox) {
    let words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ngood\nbad\nfilm\na\n";
    sandbox.write("model/vocab.txt", words);
}

fn write_reviews(sandbox: &Sandbox) {
    let row = |number: usize| {
        let (word, label) = [("good", "yes"), ("bad", "no")][number % 2];
        let texts = [
            format!("the {word} film"),
            format!("a film the film {word}"),
            format!("{word} the"),
        ];
        format!("{},{label}\n", texts[number % 3])
    };
    let rows: String = (0..24).map(row).collect();
    sandbox.write("reviews.csv", format!("text,label\n{rows}"));
}

/// Searches, trains the winner, and asks it; returns what `evaluate` measures.
fn whole_way(sandbox: &Sandbox, table: &str) -> Value {
    sandbox.run("validate space.yaml").expect_code(0);
    sandbox.run("search space.yaml --out study").expect_code(0);
    sandbox
        .run("train study/best.yaml --out trained --check")
        .expect_code(0);
    let predicted = sandbox.run(&format!("predict trained {table}")).expect_code(0).stdout;
    let measured = sandbox.run(&format!("evaluate trained {table} --json")).expect_code(0);
    let measured: Value = serde_json::from_str(&measured.stdout).unwrap();
    assert_eq!(
        measured["examples"].as_u64(),
        Some(predicted.lines().count() as u64 - 1)
    );
    measured
}

#[test]
fn models_of_other_families_go_the_whole_way_with_their_own_tokenizers() {
    for (model_type, class) in [
        ("roberta", None),
        ("gpt2", None),
        // As SmolLM has it: a Llama with GPT-2's tokenizer.
        ("llama", Some("GPT2Tokenizer")),
    ] {
        let sandbox = Sandbox::with_spec(SPEC);
        write_model(&sandbox, model_type);
        write_byte_pairs(&sandbox);
        if let Some(class) = class {
            sandbox.write(
                "model/tokenizer_config.json",
                json!({ "tokenizer_class": class }).to_string(),
            );
        }
        write_reviews(&sandbox);
        whole_way(&sandbox, "reviews.csv");
        for name in [
            "config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "vocab.json",
            "merges.txt",
        ] {
            assert!(sandbox.path("trained").join(name).is_file(), "{model_type}: {name}");
        }
        let config: Value = serde_json::from_str(&sandbox.read("trained/tokenizer_config.json")).unwrap();
        assert_eq!(config["model_max_length"], 12, "{model_type}");
        // Nothing is left of an empty text but what the tokenizer adds.
        sandbox.write("empty.csv", "text\n\"\"\ngood\n");
        let answers = sandbox.run("predict trained empty.csv").expect_code(0).stdout;
        assert_eq!(answers.lines().count(), 3, "{model_type}: {answers}");
    }
}

/// Twenty-four pairs; the label tells whether both speak of the same.
fn pairs() -> Vec<(String, String, &'static str)> {
    let pair = |number: usize| {
        let (first, second) = (["good", "bad"][number % 2], ["good", "bad"][number / 2 % 2]);
        let label = if first == second { "same" } else { "other" };
        (format!("the {first} film"), format!("a {second}, film"), label)
    };
    (0..24).map(pair).collect()
}

fn pair_spec() -> String {
    SPEC.replace(
        "train: reviews.csv",
        "train: pairs.csv, text: [premise, hypothesis], truncation: head_tail",
    )
}

#[test]
fn pairs_of_texts_go_the_whole_way() {
    let sandbox = Sandbox::with_spec(&pair_spec());
    write_model(&sandbox, "bert");
    write_words(&sandbox);
    let mut tables = ["label,premise,hypothesis\n", "premise\thypothesis\tlabel\n", ""].map(str::to_owned);
    for (first, second, label) in pairs() {
        let _ = writeln!(tables[0], "{label},{first},\"{second}\"");
        let _ = writeln!(tables[1], "{first}\t{second}\t{label}");
        let object = json!({"hypothesis": second, "premise": first, "label": label});
        let _ = writeln!(tables[2], "{object}");
    }
    for (name, table) in ["pairs.csv", "pairs.tsv", "pairs.jsonl"].iter().zip(&tables) {
        sandbox.write(name, table);
    }
    let measured = whole_way(&sandbox, "pairs.csv");
    for (index, name) in ["pairs.tsv", "pairs.jsonl"].iter().enumerate() {
        sandbox
            .run(&format!("search space.yaml --out other{index} --set data.train={name}"))
            .expect_code(0);
        assert_eq!(
            sandbox.leaderboard(&format!("other{index}")),
            sandbox.leaderboard("study"),
            "{name}"
        );
        let again = sandbox.run(&format!("evaluate trained {name} --json")).expect_code(0);
        assert_eq!(
            serde_json::from_str::<Value>(&again.stdout).unwrap(),
            measured,
            "{name}"
        );
    }
    let best = sandbox.read("study/best.yaml");
    assert!(
        best.contains("text: [premise, hypothesis]") && best.contains("truncation: head_tail"),
        "{best}"
    );
    // The order of a pair counts, so both columns reach the model.
    let turned = sandbox
        .run("predict trained pairs.csv --text-column hypothesis --text-column premise")
        .expect_code(0);
    let usual = sandbox.run("predict trained pairs.csv").expect_code(0);
    let header = usual.stdout.lines().next().unwrap();
    assert_eq!(header, "row,line,premise,hypothesis,label,probability,p.other,p.same");
    let probability = |told: &str| told.lines().nth(1).unwrap().rsplit(',').next().unwrap().to_owned();
    assert_ne!(probability(&turned.stdout), probability(&usual.stdout));
    // Without a file, and from standard input.
    let given = sandbox
        .run("predict trained --text good --text bad --text film --text good")
        .expect_code(0);
    assert_eq!(given.stdout.lines().count(), 3);
    sandbox
        .run("predict trained --text good")
        .expect_code(2)
        .says("`premise`");
    let notes: Value = serde_json::from_str(&sandbox.read("trained/automl.json")).unwrap();
    assert_eq!(
        (&notes["text"], &notes["text_pair"], &notes["truncation"]),
        (&json!("premise"), &json!("hypothesis"), &json!("head_tail"))
    );
}

#[test]
fn columns_of_pairs_that_cannot_be() {
    let sandbox = Sandbox::with_spec(&pair_spec());
    write_model(&sandbox, "bert");
    write_words(&sandbox);
    let rows = "good,bad,no\ngood,good,yes\n".repeat(6);
    sandbox.write("pairs.csv", format!("premise,hypothesis,label\n{rows}"));
    let refused = |flags: &str| {
        sandbox
            .run(&format!("validate space.yaml {flags}"))
            .expect_code(2)
            .message()
    };
    insta::assert_snapshot!(refused("--set data.text=[premise,claim]"), @"error: `[FOLDER]/pairs.csv`: no column `claim`; there are the columns `premise`, `hypothesis`, `label`");
    insta::assert_snapshot!(refused("--set data.text=[premise,label]"), @"error: text and label are both taken from the column `label`; name two columns");
    insta::assert_snapshot!(refused("--set data.text=[premise,premise]"), @r##"
error: `text` names the column `premise` twice
 --> --set:1:20
  |
1 | data.text=[premise,premise]
  |                    ^^^^^^^
  |
  = help: a pair of texts has two columns, such as `text: [premise, hypothesis]`
"##);
    insta::assert_snapshot!(refused("--set data.text=[a,b,c]"), @r#"
    error: `text` names 3 columns
     --> --set:1:11
      |
    1 | data.text=[a,b,c]
      |           ^^^^^^^
      |
      = help: name one column, two for pairs of texts, or join several with a template such as `"{title}. {body}"`
    "#);
    insta::assert_snapshot!(refused("--set data.truncation=tail"), @"
    error: `truncation` cannot be `tail`
     --> --set:1:17
      |
    1 | data.truncation=tail
      |                 ^^^^ not supported
      |
      = help: supported: `head`, `head_tail` and `windows`
    ");
    insta::assert_snapshot!(refused("--set max_length=3"), @"error: a maximum length of 3 tokens leaves no room for text; use at least 4");
}

#[test]
fn weights_come_in_parts_and_pickled_ones_are_refused_with_the_way_to_convert_them() {
    let sandbox = Sandbox::with_spec(SPEC);
    write_model(&sandbox, "bert");
    write_words(&sandbox);
    write_reviews(&sandbox);
    let part = "model-00001-of-00001.safetensors";
    let bytes = std::fs::read(sandbox.path("model/model.safetensors")).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Map<String, Value> = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
    let names = header.keys().filter(|name| *name != "__metadata__");
    let parts: Map<String, Value> = names.map(|name| (name.clone(), part.into())).collect();
    sandbox.write(&format!("model/{part}"), &bytes);
    sandbox.write(
        "model/model.safetensors.index.json",
        json!({ "weight_map": parts }).to_string(),
    );
    std::fs::remove_file(sandbox.path("model/model.safetensors")).unwrap();
    whole_way(&sandbox, "reviews.csv");

    std::fs::remove_file(sandbox.path("model/model.safetensors.index.json")).unwrap();
    sandbox.write("model/pytorch_model.bin", "pickled");
    let told = sandbox.run("validate space.yaml").expect_code(2).message();
    insta::assert_snapshot!(told, @r#"error: `[FOLDER]/model` has only `pytorch_model.bin`, which can run code when it is loaded; convert it once with `python -c "from transformers import AutoModel; AutoModel.from_pretrained('[FOLDER]/model').save_pretrained('[FOLDER]/model')"`"#);
}

#[test]
fn every_family_of_texts_loads() {
    let Some(tiny) = shared("tiny") else { return };
    let sandbox = Sandbox::with_spec(SPEC);
    write_reviews(&sandbox);
    for family in [
        "bert",
        "distilbert",
        "roberta",
        "xlm-roberta",
        "electra",
        "albert",
        "mpnet",
        "deberta-v2",
        "modernbert",
        "gpt2",
        "gpt-neox",
        "llama",
        "llama2",
        "qwen2",
        "qwen3",
        "gemma2",
        "gemma3",
        "opt",
    ] {
        let model = tiny.join(family).join("sequence-classification");
        sandbox
            .run(&format!("validate space.yaml --set model={}", model.display()))
            .expect_code(0);
    }
}
