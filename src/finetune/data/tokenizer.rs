//! Converts text to token ids with the pretrained model's tokenizer.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokenizers::TruncationParams;

use super::error::DataError;
use super::growth;

/// Texts encoded together: an encoding is many times larger than the ids that are kept.
const TEXTS_AT_ONCE: usize = 1024;

/// Number of texts in the first try, and its time limit. Normally it takes milliseconds.
const TRIED: usize = 8;
const TRIAL: Duration = Duration::from_secs(30);

/// BERT's special tokens in the order of its vocabulary; encoding needs the three of `NEEDED_TOKENS`.
const SPECIAL_TOKENS: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const NEEDED_TOKENS: [&str; 3] = ["[UNK]", "[CLS]", "[SEP]"];

/// A pretrained model's tokenizer.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    pad_id: u32,
    /// True if it has started to encode its first texts.
    is_tried: Arc<AtomicBool>,
}

impl Tokenizer {
    /// Reads the tokenizer from a model's folder and truncates texts to `max_length` tokens. It uses `tokenizer.json`
    /// if it exists. Otherwise `vocab.txt` becomes BERT's `WordPiece` pipeline, in lower case unless
    /// `tokenizer_config.json` says otherwise.
    ///
    /// # Errors
    /// If neither file exists, one cannot be read or parsed, or the vocabulary lacks `[UNK]`, `[CLS]` or `[SEP]`.
    /// Returns [`DataError::MaxLength`] if not even one token of a text would fit.
    pub fn from_folder(folder: &Path, max_length: usize) -> Result<Self, DataError> {
        let whole = folder.join("tokenizer.json");
        let vocabulary = folder.join("vocab.txt");
        let (path, description) = if whole.is_file() {
            (whole.clone(), read(&whole)?)
        } else if vocabulary.is_file() {
            let description = word_piece(&vocabulary, &folder.join("tokenizer_config.json"))?;
            (vocabulary, description.to_string().into_bytes())
        } else {
            return Err(DataError::NoTokenizer {
                folder: folder.to_owned(),
            });
        };
        if let Some(growth) = growth::too_much(&description) {
            let message = format!("its normalizer can make a text {growth:.0} times as long");
            return Err(DataError::MalformedTokenizer { path, message });
        }
        let mut inner =
            tokenizers::Tokenizer::from_bytes(description).map_err(|error| DataError::MalformedTokenizer {
                path,
                message: error.to_string(),
            })?;
        let pad_id = match inner.get_padding() {
            Some(padding) => padding.pad_id,
            None => ["[PAD]", "<pad>"]
                .iter()
                .find_map(|token| inner.token_to_id(token))
                .unwrap_or(0),
        };
        // The trainer pads each batch to its own longest text, so ignore the file's padding.
        inner.with_padding(None);
        let special = inner.encode_fast("", true).map_err(|error| failed(&error))?.len();
        if max_length <= special {
            return Err(DataError::MaxLength {
                max_length,
                least: special + 1,
            });
        }
        let direction = inner.get_truncation().map(|truncation| truncation.direction);
        let truncation = TruncationParams {
            max_length,
            direction: direction.unwrap_or_default(),
            ..TruncationParams::default()
        };
        inner
            .with_truncation(Some(truncation))
            .map_err(|error| failed(&error))?;
        Ok(Self {
            inner,
            pad_id,
            is_tried: Arc::default(),
        })
    }

    /// The id of padding tokens; attention must mask them.
    pub fn pad_id(&self) -> u32 {
        self.pad_id
    }

    /// The token with the largest id. The model's embedding table must have more rows than this id.
    pub fn last_token(&self) -> Option<(String, u32)> {
        let vocabulary = self.inner.get_vocab(true).into_iter();
        vocabulary.max_by(|one, other| (one.1, &one.0).cmp(&(other.1, &other.0)))
    }

    /// The token ids of each text, including special tokens. Long texts are truncated, but special tokens are always
    /// kept. Runs on the threads of `rayon`, or on one thread if the environment has `TOKENIZERS_PARALLELISM=false`.
    ///
    /// # Errors
    /// Returns [`DataError::Tokenize`] if the model cannot encode a text, or if the first few take more than half a
    /// minute.
    pub fn encode<Text: AsRef<str>>(&self, texts: &[Text]) -> Result<Vec<Vec<u32>>, DataError> {
        if !texts.is_empty() && !self.is_tried.swap(true, Ordering::Relaxed) {
            self.try_first(texts.iter().take(TRIED).map(|text| text.as_ref().to_owned()).collect())?;
        }
        let mut ids = Vec::with_capacity(texts.len());
        for texts in texts.chunks(TEXTS_AT_ONCE) {
            let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
            let encodings = self
                .inner
                .encode_batch_fast(texts, true)
                .map_err(|error| failed(&error))?;
            ids.extend(encodings.iter().map(|encoding| encoding.get_ids().to_vec()));
        }
        Ok(ids)
    }
}

impl Tokenizer {
    /// Encodes a few texts under a time limit: a regular expression in a hostile file could run forever.
    fn try_first(&self, texts: Vec<String>) -> Result<(), DataError> {
        let inner = self.inner.clone();
        let (done, waiting) = mpsc::channel();
        let work = move || {
            let _ = inner.encode_batch_fast(texts, true);
            let _ = done.send(());
        };
        // If no thread can start, these texts are encoded without a limit, together with all others.
        if std::thread::Builder::new().spawn(work).is_err() {
            return Ok(());
        }
        match waiting.recv_timeout(TRIAL) {
            Err(mpsc::RecvTimeoutError::Timeout) => Err(DataError::Tokenize {
                message: format!("the first {TRIED} texts take more than {} s", TRIAL.as_secs()),
            }),
            // Faults of a text are reported later, when all texts are encoded.
            Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => Ok(()),
        }
    }
}

fn failed(error: &tokenizers::Error) -> DataError {
    DataError::Tokenize {
        message: error.to_string(),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    fs::read(path).map_err(|source| DataError::Read {
        path: path.to_owned(),
        source,
    })
}

/// The content that `tokenizer.json` would have for this vocabulary: the pipeline that `transformers` builds for
/// `BertTokenizer` (Devlin et al. 2018; `transformers`' `convert_slow_tokenizer.BertConverter`).
fn word_piece(path: &Path, config: &Path) -> Result<Value, DataError> {
    let settings = settings(config)?;
    let flag = |name: &str| settings.get(name).and_then(Value::as_bool);
    let text = String::from_utf8(read(path)?).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.split(|&byte| byte == b'\n').count() as u64;
        DataError::NotUtf8 {
            path: path.to_owned(),
            line,
        }
    })?;
    let vocabulary: Map<String, Value> = text
        .lines()
        .zip(0_u32..)
        .map(|(token, id)| (token.to_owned(), id.into()))
        .collect();
    for token in NEEDED_TOKENS {
        if !vocabulary.contains_key(token) {
            return Err(DataError::VocabularyWithout {
                path: path.to_owned(),
                token,
            });
        }
    }
    let added: Vec<Value> = SPECIAL_TOKENS
        .iter()
        .filter_map(|token| {
            let id = vocabulary.get(*token)?;
            Some(json!({
                "id": id, "content": token, "special": true,
                "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
            }))
        })
        .collect();
    let special = |token: &str| json!({ "id": token, "ids": [vocabulary[token]], "tokens": [token] });
    let place = |token: &str| json!({ "SpecialToken": { "id": token, "type_id": 0 } });
    Ok(json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": true,
            "handle_chinese_chars": flag("tokenize_chinese_chars").unwrap_or(true),
            "strip_accents": flag("strip_accents"),
            "lowercase": flag("do_lower_case").unwrap_or(true),
        },
        "pre_tokenizer": { "type": "BertPreTokenizer" },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [place("[CLS]"), { "Sequence": { "id": "A", "type_id": 0 } }, place("[SEP]")],
            "pair": [
                place("[CLS]"),
                { "Sequence": { "id": "A", "type_id": 0 } },
                place("[SEP]"),
                { "Sequence": { "id": "B", "type_id": 1 } },
                { "SpecialToken": { "id": "[SEP]", "type_id": 1 } },
            ],
            "special_tokens": { "[CLS]": special("[CLS]"), "[SEP]": special("[SEP]") },
        },
        "decoder": { "type": "WordPiece", "prefix": "##", "cleanup": true },
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": vocabulary,
        },
    }))
}

/// The settings beside the vocabulary; empty if there is no such file.
fn settings(path: &Path) -> Result<Map<String, Value>, DataError> {
    if !path.is_file() {
        return Ok(Map::new());
    }
    serde_json::from_slice(&read(path)?).map_err(|error| DataError::MalformedTokenizer {
        path: PathBuf::from(path),
        message: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::super::testing::shared;
    use super::*;

    const VOCABULARY: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nfilm\nquiet\n##ly\nQuiet\n好\n.\n";

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        folder
    }

    fn ids(folder: &Path, text: &str, max_length: usize) -> Vec<u32> {
        Tokenizer::from_folder(folder, max_length)
            .unwrap()
            .encode(&[text])
            .unwrap()
            .remove(0)
    }

    #[test]
    fn a_vocabulary_alone_reads_like_bert() {
        let folder = folder(&[("vocab.txt", VOCABULARY)]);
        assert_eq!(ids(folder.path(), "A Quietly film.", 64), [2, 4, 6, 7, 5, 10, 3]);
        assert_eq!(ids(folder.path(), "好film unknown", 64), [2, 9, 5, 1, 3]);
        assert_eq!(ids(folder.path(), "", 64), [2, 3]);
    }

    #[test]
    fn capital_letters_count_when_the_model_says_so() {
        let folder = folder(&[
            ("vocab.txt", VOCABULARY),
            ("tokenizer_config.json", r#"{"do_lower_case": false}"#),
        ]);
        assert_eq!(ids(folder.path(), "Quiet quiet A", 64), [2, 8, 6, 1, 3]);
    }

    #[test]
    fn a_long_text_is_cut_and_keeps_its_special_tokens() {
        let folder = folder(&[("vocab.txt", VOCABULARY)]);
        assert_eq!(ids(folder.path(), "a film a film a film", 4), [2, 4, 5, 3]);
        let error = Tokenizer::from_folder(folder.path(), 2).unwrap_err();
        assert!(
            matches!(
                error,
                DataError::MaxLength {
                    max_length: 2,
                    least: 3
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn the_files_own_padding_and_truncation_do_not_count() {
        let vocabulary = folder(&[("vocab.txt", VOCABULARY)]);
        let mut description =
            word_piece(&vocabulary.path().join("vocab.txt"), &vocabulary.path().join("none")).unwrap();
        description["truncation"] =
            json!({ "direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0 });
        description["padding"] = json!({
            "strategy": { "Fixed": 16 }, "direction": "Right", "pad_to_multiple_of": null,
            "pad_id": 9, "pad_type_id": 0, "pad_token": "[PAD]",
        });
        let whole = folder(&[("tokenizer.json", &description.to_string())]);
        assert_eq!(ids(whole.path(), "a film a film", 64), [2, 4, 5, 4, 5, 3]);
        let tokenizer = Tokenizer::from_folder(whole.path(), 64).unwrap();
        assert_eq!(tokenizer.pad_id(), 9);
        assert_eq!(tokenizer.last_token().map(|(_, id)| id), Some(10));
    }

    #[test]
    fn what_is_wrong_with_a_tokeniser_is_said() {
        let fault_in = |folder: &Path| {
            let error = Tokenizer::from_folder(folder, 64).unwrap_err();
            error.to_string().replace(folder.to_str().unwrap(), "FOLDER")
        };
        let fault = |files: &[(&str, &str)]| fault_in(folder(files).path());
        let fault_of_bytes = |name: &str, content: &[u8]| {
            let folder = folder(&[]);
            fs::write(folder.path().join(name), content).unwrap();
            fault_in(folder.path())
        };
        let faults = [
            fault(&[]),
            fault(&[("tokenizer.json", "{")]),
            fault(&[("vocab.txt", "[UNK]\n[CLS]\na\n")]),
            fault_of_bytes("vocab.txt", b"[UNK]\n[CLS]\n\xff\n"),
            fault(&[("vocab.txt", VOCABULARY), ("tokenizer_config.json", "[")]),
        ];
        insta::assert_snapshot!(faults.join("\n"));
    }

    #[test]
    fn both_files_of_bert_tiny_give_the_reference_ids() {
        let Some(model) = shared("bert-tiny") else { return };
        let vocabulary = tempfile::tempdir().unwrap();
        fs::copy(model.join("vocab.txt"), vocabulary.path().join("vocab.txt")).unwrap();
        for reference in ["reference/bert-tiny.json", "reference/all-MiniLM-L6-v2.json"] {
            let Some(reference) = shared(reference) else { return };
            let reference: Value = serde_json::from_slice(&fs::read(reference).unwrap()).unwrap();
            let sentences: Vec<String> = serde_json::from_value(reference["sentences"].clone()).unwrap();
            let padded: Vec<Vec<u32>> = serde_json::from_value(reference["input_ids"].clone()).unwrap();
            let mask: Vec<Vec<u32>> = serde_json::from_value(reference["attention_mask"].clone()).unwrap();
            let real = |(ids, mask): (&Vec<u32>, &Vec<u32>)| {
                ids.iter()
                    .zip(mask)
                    .filter(|(_, mask)| **mask == 1)
                    .map(|(id, _)| *id)
                    .collect::<Vec<u32>>()
            };
            let expected: Vec<Vec<u32>> = padded.iter().zip(&mask).map(real).collect();
            for folder in [model.as_path(), vocabulary.path()] {
                let tokenizer = Tokenizer::from_folder(folder, 64).unwrap();
                assert_eq!(tokenizer.encode(&sentences).unwrap(), expected);
                assert_eq!(tokenizer.pad_id(), 0);
                assert_eq!(tokenizer.last_token().map(|(_, id)| id), Some(30521));
            }
        }
    }

    #[test]
    fn both_files_of_bert_tiny_read_a_whole_table_alike() {
        let (Some(model), Some(table)) = (shared("bert-tiny"), shared("text/sms_spam.tsv")) else {
            return;
        };
        let vocabulary = tempfile::tempdir().unwrap();
        fs::copy(model.join("vocab.txt"), vocabulary.path().join("vocab.txt")).unwrap();
        let table = fs::read_to_string(table).unwrap();
        let texts: Vec<&str> = table.lines().collect();
        let encode = |folder: &Path| Tokenizer::from_folder(folder, 48).unwrap().encode(&texts).unwrap();
        assert_eq!(encode(&model), encode(vocabulary.path()));
    }
}
