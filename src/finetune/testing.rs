//! Reference data and small random models, for the tests of this package and of packages that use it.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "only tests call this")]

use std::path::{Path, PathBuf};

use rand::Rng as _;

use super::{
    backend::Device,
    data::{Examples, ImageSize, Inputs, Targets, Text},
    families::{HeadRequest, HeadSource},
    parameters::{Role, Start},
    pretrained::{self, Pretrained},
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

/// A small configuration of every family of texts: two or three blocks, 50 tokens, up to 12 tokens a text.
pub const SMALL: &[&str] = &[
    r#"{"model_type": "bert", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 12, "hidden_act": "gelu"}"#,
    r#"{"model_type": "distilbert", "vocab_size": 50, "dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32,
        "max_position_embeddings": 12}"#,
    r#"{"model_type": "roberta", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 14, "pad_token_id": 1}"#,
    r#"{"model_type": "electra", "vocab_size": 50, "hidden_size": 16, "embedding_size": 8, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 12}"#,
    r#"{"model_type": "albert", "vocab_size": 50, "hidden_size": 16, "embedding_size": 8, "num_hidden_layers": 3,
        "num_hidden_groups": 2, "inner_group_num": 1, "num_attention_heads": 2, "intermediate_size": 32,
        "max_position_embeddings": 12}"#,
    r#"{"model_type": "mpnet", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 14, "pad_token_id": 1}"#,
    r#"{"model_type": "deberta-v2", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 12, "relative_attention": true,
        "position_buckets": 4, "norm_rel_ebd": "layer_norm", "share_att_key": true, "pos_att_type": "p2c|c2p",
        "position_biased_input": false, "max_relative_positions": -1, "type_vocab_size": 0}"#,
    r#"{"model_type": "modernbert", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 3,
        "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 12, "local_attention": 4,
        "classifier_pooling": "mean"}"#,
    r#"{"model_type": "gpt2", "vocab_size": 50, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 12}"#,
    r#"{"model_type": "gpt_neox", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 12, "rotary_pct": 0.5}"#,
    r#"{"model_type": "llama", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 32, "max_position_embeddings": 12}"#,
    r#"{"model_type": "qwen2", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 32, "max_position_embeddings": 12,
        "use_sliding_window": true, "sliding_window": 3, "max_window_layers": 1}"#,
    r#"{"model_type": "qwen3", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "head_dim": 6,
        "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 32, "max_position_embeddings": 12}"#,
    r#"{"model_type": "gemma2", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "head_dim": 6,
        "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 32, "max_position_embeddings": 12,
        "sliding_window": 3, "attn_logit_softcapping": 2.0, "query_pre_attn_scalar": 9}"#,
    r#"{"model_type": "gemma3_text", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "head_dim": 6,
        "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 32, "max_position_embeddings": 12,
        "sliding_window": 3, "sliding_window_pattern": 2, "query_pre_attn_scalar": 9}"#,
    r#"{"model_type": "opt", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "ffn_dim": 32, "max_position_embeddings": 12, "word_embed_proj_dim": 8, "do_layer_norm_before": false}"#,
    r#"{"model_type": "mistral", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 32, "max_position_embeddings": 12,
        "sliding_window": 3}"#,
];

/// A small configuration of every family of images, for images of 32 × 32.
pub const SMALL_IMAGES: &[&str] = &[
    r#"{"model_type": "vit", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 24, "image_size": 32, "patch_size": 8}"#,
    r#"{"model_type": "deit", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 24, "image_size": 32, "patch_size": 8, "qkv_bias": false}"#,
    r#"{"model_type": "dinov2", "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "mlp_ratio": 2,
        "image_size": 32, "patch_size": 8, "use_swiglu_ffn": true}"#,
    r#"{"architecture": "vit_tiny_patch16_224", "model_args": {"embed_dim": 16, "depth": 2, "num_heads": 2,
        "img_size": 32, "patch_size": 8, "mlp_ratio": 2}}"#,
    r#"{"model_type": "resnet", "embedding_size": 4, "hidden_sizes": [8, 12], "depths": [1, 2], "image_size": 32,
        "layer_type": "bottleneck"}"#,
    r#"{"architecture": "resnext50_32x4d", "library": "torchvision", "model_args": {"channels": [16, 16, 16, 16],
        "layers": [1, 2, 1, 1]}, "pretrained_cfg": {"input_size": [3, 32, 32]}}"#,
    r#"{"model_type": "mobilenet_v2", "depth_multiplier": 0.1, "finegrained_output": false, "expand_ratio": 3.0,
        "image_size": 32}"#,
    r#"{"architecture": "mobilenet_v2", "library": "torchvision", "last_channel": 24, "inverted_residual_setting":
        [[1, 8, 1, 1], [2, 8, 2, 2]], "pretrained_cfg": {"input_size": [3, 32, 32]}}"#,
    r#"{"model_type": "efficientnet", "width_coefficient": 0.05, "depth_coefficient": 1.0, "depth_divisor": 4,
        "in_channels": [32, 160], "out_channels": [160, 240], "kernel_sizes": [3, 5], "strides": [1, 2],
        "num_block_repeats": [1, 2], "expand_ratios": [1, 6], "image_size": 32}"#,
    r#"{"architecture": "mobilenetv3_small_100", "model_args": {"stem_size": 8, "num_features": 24, "block_args":
        [["ds_r1_k3_s2_e1_c8_se0.25_nre"], ["ir_r2_k5_s2_e4_c12_se0.25"], ["cn_r1_k1_s1_c16"]]},
        "pretrained_cfg": {"input_size": [3, 32, 32]}}"#,
    r#"{"architecture": "efficientnet_lite0", "library": "efficientnet_lite_pytorch", "model_args": {"stem_size": 8,
        "num_features": 24, "block_args": [["ds_r1_k3_s1_e1_c8"], ["ir_r2_k5_s2_e2_c12"]]},
        "pretrained_cfg": {"input_size": [3, 32, 32]}}"#,
    r#"{"model_type": "regnet", "embedding_size": 8, "hidden_sizes": [8, 12], "depths": [1, 2], "groups_width": 4,
        "image_size": 32}"#,
    r#"{"model_type": "convnext", "hidden_sizes": [8, 12], "depths": [1, 2], "image_size": 32}"#,
    r#"{"model_type": "convnextv2", "hidden_sizes": [8, 12], "depths": [1, 2], "image_size": 32}"#,
    r#"{"model_type": "swin", "embed_dim": 8, "depths": [2, 2], "num_heads": [2, 4], "window_size": 3, "mlp_ratio": 2.0,
        "image_size": 32, "patch_size": 4}"#,
    r#"{"architecture": "convnext_atto", "model_args": {"dims": [4, 8, 8, 12], "depths": [1, 1, 1, 1]},
        "pretrained_cfg": {"input_size": [3, 32, 32]}}"#,
];

/// Writes a model with this `config.json` and random values into `folder`, without a head, and a tokenizer of words.
pub fn write_small(config: &str, folder: &Path) {
    std::fs::write(folder.join("config.json"), config).unwrap();
    let request = HeadRequest {
        kind: crate::families::HeadKind::Whole,
        outputs: 2,
        source: HeadSource::New,
    };
    let config = serde_json::from_str(config).unwrap();
    let (family, network) = pretrained::network(PathBuf::from("config.json"), &config, request).unwrap();
    if network.inputs.longest().is_some() {
        std::fs::write(folder.join("tokenizer.json"), words().to_string()).unwrap();
    }
    let mut file = WeightFile::default();
    for parameter in network
        .parameters
        .iter()
        .filter(|parameter| parameter.freezes_at.is_some())
    {
        let name = family.names.exported(crate::families::HeadKind::Whole, &parameter.name);
        let mut stream = rng::stream(Seed(1), &name, &[]);
        let is_scale = parameter.shape.len() == 1 && name.ends_with(".weight");
        let centre = match parameter.role {
            Role::Statistic { neutral } => neutral,
            _ if is_scale => 1.0,
            _ => 0.0,
        };
        let mut draw = || (stream.next_u32() as f32 / u32::MAX as f32 - 0.5) * 0.6 + centre;
        file.tensors.insert(
            name,
            StoredTensor {
                shape: parameter.shape.clone(),
                values: (0..parameter.length()).map(|_| draw()).collect(),
            },
        );
    }
    // What follows the last block is pretrained, too.
    for parameter in network
        .parameters
        .iter()
        .filter(|parameter| parameter.freezes_at.is_none())
    {
        if parameter.start == Start::Pretrained {
            file.tensors.insert(
                family.names.exported(crate::families::HeadKind::Whole, &parameter.name),
                StoredTensor {
                    shape: parameter.shape.clone(),
                    values: vec![0.5; parameter.length()],
                },
            );
        }
    }
    file.write(&folder.join("model.safetensors")).unwrap();
}

/// A tokenizer that knows 50 words: `word2` has the id 2, and so on.
fn words() -> serde_json::Value {
    let vocabulary: serde_json::Map<String, serde_json::Value> =
        (0..50).map(|id| (format!("word{id}"), id.into())).collect();
    serde_json::json!({
        "version": "1.0",
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "word0"},
    })
}

/// Writes a random BERT of two blocks, width 16 and a vocabulary of 50 into `folder`.
pub fn write_small_bert(folder: &Path) {
    write_small(SMALL[0], folder);
}

/// A small model with this `config.json`.
pub fn small(config: &str, classes: usize) -> Pretrained {
    let folder = tempfile::tempdir().unwrap();
    write_small(config, folder.path());
    Pretrained::load_directory(folder.path(), &labels(classes), Device::Cpu).unwrap()
}

pub fn small_bert(classes: usize) -> Pretrained {
    small(SMALL[0], classes)
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
        inputs: Inputs::of_ids(labels.iter().map(text)),
        targets: Targets::Classes(labels),
    }
}

/// Texts of one to three windows of 3 to 11 tokens; the second token of every window determines the class.
pub fn windowed(count: usize, classes: u32) -> Examples {
    let windows = texts(3 * count, 1);
    let Inputs::Texts(windows) = windows.inputs else {
        return windows;
    };
    let labels: Vec<u32> = (0..count as u32).map(|text| text % classes).collect();
    let text = |(number, &label): (usize, &u32)| {
        let windows = &windows[3 * number..][..=number % 3];
        let windows = windows.iter().cloned().map(|mut window| {
            window.ids[1] = 2 + label;
            window
        });
        let windows: Vec<Text> = windows.collect();
        if let [only] = windows.as_slice() {
            return only.clone();
        }
        Text::joined(windows)
    };
    Examples {
        inputs: Inputs::Texts(labels.iter().enumerate().map(text).collect()),
        targets: Targets::Classes(labels),
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
        inputs: Inputs::Images {
            size: ImageSize::SMALL,
            pixels: pixels.into(),
        },
        targets: Targets::Classes(labels),
    }
}
