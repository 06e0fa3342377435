//! Tokenizers of pretrained models: reads them from a model's folder, and encodes texts, pairs of texts and words.
//!
//! | module | what it holds |
//! |---|---|
//! | `sources` | one file a kind of source: `tokenizer.json`, `vocab.txt`, `vocab.json` with `merges.txt`, sentencepiece models |
//! | `families` | one file a tokenizer class of `transformers`: its special tokens, template and pipeline |
//! | `settings` | the settings beside the vocabulary: `tokenizer_config.json`, `special_tokens_map.json`, … |
//! | `encode` | truncation, windows, and the position of every token in its text |
//!
//! Every source ends as the content of one `tokenizer.json` (`description`), which the crate
//! `tokenizers` runs. Begin reading at [`Tokenizer::from_folder`] and [`Tokenizer::encode`].
//!
//! ```
//! use automl_tokenizer::{EncodeOptions, Input, Tokenizer, Truncation};
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! std::fs::write(folder.join("vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nfilm\nquiet\n##ly\n")?;
//! let tokenizer = Tokenizer::from_folder(folder)?;
//! let options = EncodeOptions::new(64, Truncation::LongestFirst);
//! let encoded = tokenizer.encode(&[Input::Text("A quietly film")], &options)?;
//! assert_eq!(encoded[0].windows[0].ids, [2, 4, 6, 7, 5, 3]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod charsmap;
mod description;
mod encode;
mod error;
mod families;
mod growth;
mod pipeline;
mod read;
mod save;
mod settings;
mod sources;
mod special;
mod tokenizer;
mod trial;
mod words;

pub use encode::{EncodeOptions, Encoded, Input, Origin, Part, Tokenized, Truncation, Window};
pub use error::TokenizerError;
pub use tokenizer::Tokenizer;
