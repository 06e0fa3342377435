//! A tiny BERT and texts for it, made from nothing.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};

const WIDTH: usize = 16;
const BLOCKS: usize = 2;
const POSITIONS: usize = 16;

/// The words of the reviews; the vocabulary has no others.
const GOOD: [&str; 4] = ["good", "great", "lovely", "fine"];
const BAD: [&str; 4] = ["bad", "awful", "dull", "poor"];
const PLAIN: [&str; 6] = ["the", "film", "was", "a", "story", "and"];

/// Number of reviews that a story needs.
pub(crate) const REVIEWS: usize = 48;

/// A random BERT in Hugging Face's layout with `vocab.txt` alone for a tokeniser: two blocks, 16 wide.
pub(crate) fn write_bert(folder: &Path) {
    write_bert_of_length(folder, POSITIONS);
}

/// The same for texts of up to `positions` tokens.
pub(crate) fn write_bert_of_length(folder: &Path, positions: usize) {
    std::fs::create_dir_all(folder).unwrap();
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
    let words: Vec<&str> = special.into_iter().chain(GOOD).chain(BAD).chain(PLAIN).collect();
    std::fs::write(folder.join("vocab.txt"), words.join("\n") + "\n").unwrap();
    let config = serde_json::json!({
        "model_type": "bert", "vocab_size": words.len(), "hidden_size": WIDTH, "num_hidden_layers": BLOCKS,
        "num_attention_heads": 2, "intermediate_size": 2 * WIDTH, "max_position_embeddings": positions,
        "type_vocab_size": 2, "hidden_act": "gelu"
    });
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    let mut tensors = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![words.len(), WIDTH]),
        (
            "embeddings.position_embeddings.weight".to_owned(),
            vec![positions, WIDTH],
        ),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![2, WIDTH]),
    ];
    let mut layer = |name: String, rows: usize, columns: Option<usize>| {
        let shape = [Some(rows), columns].into_iter().flatten().collect();
        tensors.extend([(format!("{name}.weight"), shape), (format!("{name}.bias"), vec![rows])]);
    };
    layer("embeddings.LayerNorm".to_owned(), WIDTH, None);
    for block in 0..BLOCKS {
        let name = |part: &str| format!("encoder.layer.{block}.{part}");
        for part in ["query", "key", "value"] {
            layer(name(&format!("attention.self.{part}")), WIDTH, Some(WIDTH));
        }
        layer(name("attention.output.dense"), WIDTH, Some(WIDTH));
        layer(name("attention.output.LayerNorm"), WIDTH, None);
        layer(name("intermediate.dense"), 2 * WIDTH, Some(WIDTH));
        layer(name("output.dense"), WIDTH, Some(2 * WIDTH));
        layer(name("output.LayerNorm"), WIDTH, None);
    }
    let mut random = Lcg(1);
    let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .into_iter()
        .map(|(name, shape)| {
            let centre = if name.ends_with("LayerNorm.weight") { 1.0 } else { 0.0 };
            let values = (0..shape.iter().product()).map(|_| centre + 0.6 * (random.next() - 0.5));
            (name, shape, values.flat_map(f32::to_le_bytes).collect())
        })
        .collect();
    let views = bytes
        .iter()
        .map(|(name, shape, bytes)| (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    safetensors::serialize_to_file(views, None, &folder.join("model.safetensors")).unwrap();
}

/// A linear congruential generator (Knuth's MMIX constants): enough for weights that only need to differ.
struct Lcg(u64);

impl Lcg {
    /// In 0..1.
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 24) as f32
    }
}

/// A review and its label, which one word tells.
pub(crate) fn review(number: usize) -> (String, &'static str) {
    let (words, label) = if number.is_multiple_of(2) {
        (GOOD, "positive")
    } else {
        (BAD, "negative")
    };
    let plain = |step: usize| PLAIN[(number * 5 + step) % PLAIN.len()];
    let text = format!(
        "{} {} {} {}",
        plain(0),
        plain(1 + number % 3),
        words[number / 2 % 4],
        plain(4)
    );
    (text, label)
}

/// Reviews whose labels are told by one word, as `.csv`, `.tsv` or `.jsonl` after the path's extension, with the columns
/// `text` and `label`.
pub(crate) fn write_reviews(path: &Path, numbers: Range<usize>) {
    let rows = numbers.map(review);
    let mut file = String::new();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("jsonl") => {
            for (text, label) in rows {
                let _ = writeln!(file, "{}", serde_json::json!({"text": text, "label": label}));
            }
        }
        extension => {
            let comma = if extension == Some("tsv") { '\t' } else { ',' };
            let _ = writeln!(file, "text{comma}label");
            for (text, label) in rows {
                let _ = writeln!(file, "{text}{comma}{label}");
            }
        }
    }
    std::fs::write(path, file).unwrap();
}
