//! The files of a model that fine-tuning needs, and no others.

use crate::listing::Listing;

/// The configuration, which every model has.
const CONFIG: &str = "config.json";

/// Files of tokenizers and image processors; each model has some of them.
const PREPROCESSING: [&str; 13] = [
    "added_tokens.json",
    "merges.txt",
    "preprocessor_config.json",
    "sentencepiece.bpe.model",
    "special_tokens_map.json",
    "spiece.model",
    "spm.model",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
    "bpe.codes",
];

/// The weights in one file.
const WEIGHTS: &str = "model.safetensors";

/// The weights in several files: this list, and `model-00001-of-00002.safetensors` and so on.
const WEIGHTS_INDEX: &str = "model.safetensors.index.json";

/// The most parts of a model. The largest models of 2026 have a few hundred.
const MOST_SHARDS: u32 = 10_000;

/// The reason why a repository does not have the needed files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChoiceError {
    /// No file matches the patterns.
    #[error("no file matches {}", patterns.join(", "))]
    NothingMatches {
        /// The patterns in backticks.
        patterns: Vec<String>,
    },
    /// There is no `config.json`.
    #[error("it has no `config.json`, so it is not a model that `transformers` could load")]
    NoConfig,
    /// The weights are in a format that can run programs when it is read.
    #[error("its weights are only in `{file}`, a pickle, which may run any program when it is read and is never loaded; {}", conversion(id, *is_sharded))]
    OnlyPickles {
        /// The model's id.
        id: String,
        /// The file.
        file: String,
        /// True if the weights are in several files.
        is_sharded: bool,
    },
    /// Files that the caller cannot do without are missing.
    #[error("it lacks {}, so it cannot be used here", missing.join(" and "))]
    Lacking {
        /// The missing files, quoted; alternatives are joined by `or`.
        missing: Vec<String>,
    },
    /// There are no weights in a known format.
    #[error(
        "it has no `model.safetensors`{}; take a model that was saved by `transformers` with safetensors",
        found(others)
    )]
    NoWeights {
        /// Files that look like weights.
        others: Vec<String>,
    },
    /// The index is there, but not all files that it lists.
    #[error("its weights are incomplete: {missing}; ask its author to upload them")]
    MissingShards {
        /// The missing files, in words.
        missing: String,
    },
    /// The data set has no files that can be read.
    #[error(
        "it has no data files that can be read (Parquet, CSV, JSON), and the hub has not converted it; name a data set whose page shows a table"
    )]
    NoTables,
    /// The data set has no such configuration.
    #[error("it has no configuration `{config}`; it has {}", available.join(", "))]
    NoConfiguration {
        /// The configuration asked for.
        config: String,
        /// The configurations, each with its splits.
        available: Vec<String>,
    },
    /// The data set has several configurations.
    #[error("it has several configurations: name one of {}", available.join(", "))]
    SeveralConfigurations {
        /// The configurations, each with its splits.
        available: Vec<String>,
    },
    /// The configuration has no such split.
    #[error("its configuration `{config}` has no split `{split}`; it has {}", available.join(", "))]
    NoSplit {
        /// The configuration.
        config: String,
        /// The split asked for.
        split: String,
        /// The configurations, each with its splits.
        available: Vec<String>,
    },
}

/// The command that turns pickles into safetensors. It keeps all tensors under their names.
fn conversion(id: &str, is_sharded: bool) -> String {
    let folder = id.rsplit('/').next().unwrap_or(id);
    if is_sharded {
        return format!(
            "convert it where you trust its author: python3 -c \"from transformers import AutoModel as M, AutoTokenizer \
             as T; M.from_pretrained('{id}').save_pretrained('{folder}'); \
             T.from_pretrained('{id}').save_pretrained('{folder}')\" and name the folder `{folder}`"
        );
    }
    format!(
        "convert it where you trust its author: python3 -c \"import torch; from huggingface_hub import snapshot_download \
         as d; from safetensors.torch import save_file as s; p = d('{id}', local_dir='{folder}'); s({{k: \
         v.clone().contiguous() for k, v in torch.load(p + '/pytorch_model.bin', map_location='cpu', \
         weights_only=True).items()}}, p + '/model.safetensors', {{'format': 'pt'}})\" and name the folder `{folder}`"
    )
}

fn found(others: &[String]) -> String {
    if others.is_empty() {
        return String::new();
    }
    let others: Vec<String> = others.iter().map(|other| format!("`{other}`")).collect();
    format!(", only {}", others.join(", "))
}

/// The files of a model that fine-tuning needs: `config.json`, the tokenizer's or image processor's files, and the
/// weights as one safetensors file or as an index with all its parts. Settings for generating text, other formats and
/// examples are left out.
///
/// # Errors
/// If the configuration or the weights are missing, or the weights are pickles.
pub fn choose_model_files(listing: &Listing) -> Result<Vec<String>, ChoiceError> {
    if !listing.has(CONFIG) {
        return Err(ChoiceError::NoConfig);
    }
    let mut chosen = vec![CONFIG.to_owned()];
    let preprocessing = PREPROCESSING.iter().filter(|name| listing.has(name));
    chosen.extend(preprocessing.map(|name| (*name).to_owned()));
    chosen.extend(weights(listing)?);
    Ok(chosen)
}

fn weights(listing: &Listing) -> Result<Vec<String>, ChoiceError> {
    if listing.has(WEIGHTS) {
        return Ok(vec![WEIGHTS.to_owned()]);
    }
    if listing.has(WEIGHTS_INDEX) {
        let mut files = vec![WEIGHTS_INDEX.to_owned()];
        files.extend(shards(listing)?);
        return Ok(files);
    }
    for (file, is_sharded) in [("pytorch_model.bin", false), ("pytorch_model.bin.index.json", true)] {
        if listing.has(file) {
            return Err(ChoiceError::OnlyPickles {
                id: listing.repository.id().to_owned(),
                file: file.to_owned(),
                is_sharded,
            });
        }
    }
    let is_weights = |path: &str| {
        let ending = path.rsplit('.').next().unwrap_or_default();
        [
            "safetensors",
            "bin",
            "h5",
            "msgpack",
            "gguf",
            "onnx",
            "pt",
            "pth",
            "ckpt",
        ]
        .contains(&ending)
    };
    let others = listing.files.iter().map(|file| file.path.clone());
    Err(ChoiceError::NoWeights {
        others: others.filter(|path| is_weights(path)).take(5).collect(),
    })
}

/// The parts `model-00001-of-00002.safetensors` and so on, all of them.
fn shards(listing: &Listing) -> Result<Vec<String>, ChoiceError> {
    let incomplete = |missing| ChoiceError::MissingShards { missing };
    let totals = listing.files.iter().filter_map(|file| shard_total(&file.path));
    let total = totals
        .max()
        .ok_or_else(|| incomplete(format!("`{WEIGHTS_INDEX}` is there, but no parts")))?;
    let names = (1..=total).map(|number| format!("model-{number:05}-of-{total:05}.safetensors"));
    names
        .map(|name| {
            if listing.has(&name) {
                Ok(name)
            } else {
                Err(incomplete(format!("`{name}` is missing")))
            }
        })
        .collect()
}

fn shard_total(path: &str) -> Option<u32> {
    let (number, total) = path
        .strip_prefix("model-")?
        .strip_suffix(".safetensors")?
        .split_once("-of-")?;
    let _: u32 = number.parse().ok()?;
    total.parse().ok().filter(|total| *total <= MOST_SHARDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::parse_model_id;

    fn choose(paths: &[&str]) -> Result<Vec<String>, ChoiceError> {
        choose_model_files(&Listing::of_paths(
            &parse_model_id("org/tiny").unwrap(),
            "c0",
            paths.iter().copied(),
        ))
    }

    #[test]
    fn only_what_is_needed_is_chosen() {
        let chosen = choose(&[
            ".gitattributes",
            "README.md",
            "config.json",
            "generation_config.json",
            "flax_model.msgpack",
            "tf_model.h5",
            "model.safetensors",
            "model.safetensors.index.json",
            "pytorch_model.bin",
            "onnx/model.onnx",
            "onnx/tokenizer.json",
            "tokenizer.json",
            "vocab.txt",
            "tokenizer_config.json",
            "optimizer.pt",
        ]);
        let expected = [
            "config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "vocab.txt",
            "model.safetensors",
        ];
        assert_eq!(chosen.unwrap(), expected);
    }

    #[test]
    fn all_parts_of_the_weights_are_chosen() {
        let files = [
            "config.json",
            "model.safetensors.index.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.fp16-00001-of-00002.safetensors",
        ];
        assert_eq!(choose(&files).unwrap(), &files[..4]);
        assert!(matches!(choose(&files[..3]), Err(ChoiceError::MissingShards { .. })));
        assert!(matches!(choose(&files[..2]), Err(ChoiceError::MissingShards { .. })));
        let hostile = [
            "config.json",
            "model.safetensors.index.json",
            "model-1-of-4000000000.safetensors",
        ];
        assert!(choose(&hostile).is_err());
    }

    #[test]
    fn what_is_missing_is_said() {
        let message = |paths: &[&str]| choose(paths).unwrap_err().to_string();
        let messages = [
            message(&["model.safetensors"]),
            message(&["config.json", "pytorch_model.bin"]),
            message(&[
                "config.json",
                "pytorch_model.bin.index.json",
                "pytorch_model-00001-of-00002.bin",
            ]),
            message(&["config.json", "tf_model.h5"]),
            message(&["config.json"]),
            message(&[
                "config.json",
                "model.safetensors.index.json",
                "model-00001-of-00002.safetensors",
            ]),
        ];
        insta::assert_snapshot!(messages.join("\n"));
    }
}
