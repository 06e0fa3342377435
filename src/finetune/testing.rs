//! Reference data and small random models, for the tests of this package and of packages that use it.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "only tests call this")]

use std::path::{Path, PathBuf};

use rand::Rng as _;

use super::{
    backend::Device,
    data::{Examples, Inputs},
    pretrained::Pretrained,
    weights::{StoredTensor, WeightFile},
};
use crate::{rng, units::Seed};

/// A file or folder of the shared test data, in `$AUTOML_TEST_DATA` or next to the repository. Prints that the test is
/// skipped if it is missing.
pub fn shared(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = std::env::var_os("AUTOML_TEST_DATA")
        .map_or_else(beside, PathBuf::from)
        .join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: there is no `{}`", path.display());
    None
}

/// The folder of all-MiniLM-L6-v2, if it has been downloaded.
pub fn minilm() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let path = cache.join("automl-test/all-MiniLM-L6-v2");
    if path.exists() {
        Some(path)
    } else {
        shared("all-MiniLM-L6-v2")
    }
}

/// A reference file as JSON.
pub fn reference(name: &str) -> Option<serde_json::Value> {
    let text = std::fs::read_to_string(shared("reference")?.join(name)).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// All numbers of a JSON value, in order.
pub fn numbers(value: &serde_json::Value) -> Vec<f64> {
    match value {
        serde_json::Value::Array(items) => items.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap()],
    }
}

/// The largest difference between computed and expected values.
pub fn largest_difference(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found
        .iter()
        .zip(expected)
        .map(|(&found, expected)| (f64::from(found) - expected).abs())
        .fold(0.0, f64::max)
}

pub fn labels(count: usize) -> Vec<String> {
    (0..count).map(|class| format!("class {class}")).collect()
}

/// The `ResNet8` of the quickstart, whose weights are in the repository.
pub fn resnet8(classes: usize) -> Pretrained {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../search-spaces/quickstart/resnet8-cifar10/model.safetensors");
    let bytes = std::fs::read(path).unwrap();
    Pretrained::builtin("resnet8-cifar10", &bytes, &labels(classes), Device::Cpu).unwrap()
}

/// Writes a random BERT of two blocks, width 16 and a vocabulary of 50 into `folder`.
pub fn write_small_bert(folder: &Path) {
    let config = r#"{"model_type": "bert", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 12, "hidden_act": "gelu"}"#;
    std::fs::write(folder.join("config.json"), config).unwrap();
    std::fs::write(folder.join("vocab.txt"), "[PAD]\n").unwrap();
    let mut file = WeightFile::default();
    let mut insert = |name: String, shape: &[usize]| {
        let mut stream = rng::stream(Seed(1), &name, &[]);
        let centre = if name.ends_with("LayerNorm.weight") { 1.0 } else { 0.0 };
        let mut draw = || (stream.next_u32() as f32 / u32::MAX as f32 - 0.5) * 0.6 + centre;
        let values = (0..shape.iter().product()).map(|_| draw()).collect();
        file.tensors.insert(
            name,
            StoredTensor {
                shape: shape.to_vec(),
                values,
            },
        );
    };
    for (name, rows) in [("word", 50), ("position", 12), ("token_type", 2)] {
        insert(format!("bert.embeddings.{name}_embeddings.weight"), &[rows, 16]);
    }
    let mut owners = vec![("bert.embeddings.LayerNorm".to_owned(), vec![16])];
    for number in 0..2 {
        for (name, shape) in [
            ("attention.self.query", vec![16, 16]),
            ("attention.self.key", vec![16, 16]),
            ("attention.self.value", vec![16, 16]),
            ("attention.output.dense", vec![16, 16]),
            ("attention.output.LayerNorm", vec![16]),
            ("intermediate.dense", vec![32, 16]),
            ("output.dense", vec![16, 32]),
            ("output.LayerNorm", vec![16]),
        ] {
            owners.push((format!("bert.encoder.layer.{number}.{name}"), shape));
        }
    }
    for (owner, shape) in owners {
        insert(format!("{owner}.weight"), &shape);
        insert(format!("{owner}.bias"), &shape[..1]);
    }
    file.write(&folder.join("model.safetensors")).unwrap();
}

pub fn small_bert(classes: usize) -> Pretrained {
    let folder = tempfile::tempdir().unwrap();
    write_small_bert(folder.path());
    Pretrained::load_directory(folder.path(), &labels(classes), Device::Cpu).unwrap()
}

/// Texts of 3 to 11 tokens; the second token determines the class.
pub fn texts(count: usize, classes: u32) -> Examples {
    let mut stream = rng::stream(Seed(5), "texts", &[]);
    let labels: Vec<u32> = (0..count as u32).map(|text| text % classes).collect();
    let text = |&label: &u32| {
        let length = 3 + stream.next_u32() % 9;
        let mut text: Vec<u32> = (0..length).map(|_| 10 + stream.next_u32() % 40).collect();
        text[..2].copy_from_slice(&[1, 2 + label]);
        text
    };
    Examples {
        inputs: Inputs::Texts(labels.iter().map(text).collect()),
        labels,
    }
}

/// Images of noise; the bright channel determines the class.
pub fn images(count: usize, classes: u32) -> Examples {
    let mut stream = rng::stream(Seed(6), "images", &[]);
    let labels: Vec<u32> = (0..count as u32).map(|image| image % classes).collect();
    let mut pixel = |bright: bool| (stream.next_u32() as f32 / u32::MAX as f32) * 0.5 + if bright { 0.5 } else { 0.0 };
    let mut pixels = Vec::new();
    for &label in &labels {
        pixels.extend((0..3 * 1024).map(|place| pixel(place / 1024 == label)));
    }
    Examples {
        inputs: Inputs::Images { pixels },
        labels,
    }
}
