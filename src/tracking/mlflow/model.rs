//! A trained model as the files of a model of `MLflow`, so that `mlflow.pyfunc` and `mlflow.transformers` load it.

use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::flavor::{Flavor, PYTHON};
use crate::tracking::TrackerError;
use crate::tracking::facts::digest;

/// The files of a tokenizer beside those that begin with `tokenizer`.
const TOKENIZER_FILES: [&str; 6] = [
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "special_tokens_map.json",
    "added_tokens.json",
];

/// The version of the format that these files have, as MLflow counts it.
const FORMAT: &str = "2.9.0";

/// Packages that a model needs which MLflow only stores.
const FILES_ONLY: &str = "mlflow\n";

/// A trained model of a folder.
pub(super) struct Model {
    /// Its files: the path among the model's artifacts, and the file here.
    pub(super) files: Vec<(String, PathBuf)>,
    /// A digest of its contents.
    pub(super) digest: String,
    /// How `transformers` makes a pipeline of it; `None` if it cannot.
    flavor: Option<Flavor>,
}

impl Model {
    /// Reads a folder that `automl train` has written.
    pub(super) fn read(folder: &Path) -> Result<Self, TrackerError> {
        let unreadable = |source| TrackerError::Read {
            path: folder.to_owned(),
            source,
        };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_file() {
                paths.push(path);
            }
        }
        paths.sort();
        let has = |name: &str| paths.iter().any(|path| path.ends_with(name));
        if !has("config.json") || !has("automl.json") {
            return Err(TrackerError::Options(format!(
                "`{}` is not a model of `automl train`: `config.json` or `automl.json` is missing",
                folder.display()
            )));
        }
        let json = |name: &str| -> Json {
            let text = std::fs::read(folder.join(name)).unwrap_or_default();
            serde_json::from_slice(&text).unwrap_or_default()
        };
        let flavor = Flavor::of(
            &json("automl.json"),
            &json("config.json"),
            &json("tokenizer_config.json"),
        );
        let mut files = Vec::new();
        let mut digests = String::new();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let sum = digest_of(&path).map_err(|source| TrackerError::Read {
                path: path.clone(),
                source,
            })?;
            // Writing to memory cannot fail.
            let _ = writeln!(digests, "{name} {sum}");
            files.push((place(&name), path));
        }
        Ok(Self {
            files,
            digest: digest(digests.as_bytes()),
            flavor,
        })
    }

    /// `true` if MLflow can load it. Models of pictures are files only.
    pub(super) fn is_loadable(&self) -> bool {
        self.flavor.is_some()
    }

    /// The files that describe the model to MLflow. `created` is in milliseconds since 1970.
    pub(super) fn description(&self, id: &str, created: i64) -> Vec<(&'static str, String)> {
        let created = jiff::Timestamp::from_millisecond(created).unwrap_or_default();
        let mut about = json!({
            "mlflow_version": FORMAT,
            "model_id": id,
            "utc_time_created": created.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string(),
        });
        about["flavors"] = self.flavor.as_ref().map_or_else(|| json!({}), Flavor::flavors);
        if let Some(flavor) = &self.flavor {
            about["signature"] = flavor.signature();
        }
        let requirements = self.flavor.as_ref().map_or(FILES_ONLY, Flavor::requirements);
        let python = format!("python: {PYTHON}\nbuild_dependencies:\n- pip\ndependencies:\n- -r requirements.txt\n");
        let packages: String = requirements.lines().flat_map(|line| ["  - ", line, "\n"]).collect();
        let conda = format!(
            "name: mlflow-env\nchannels:\n- conda-forge\ndependencies:\n- python={PYTHON}\n- pip\n- pip:\n{packages}"
        );
        vec![
            // JSON is YAML.
            ("MLmodel", format!("{about:#}\n")),
            ("requirements.txt", requirements.to_owned()),
            ("python_env.yaml", python),
            ("conda.yaml", conda),
        ]
    }
}

/// A digest of a file, which may be larger than the memory.
fn digest_of(path: &Path) -> io::Result<String> {
    let mut sum = Sha256::new();
    io::copy(&mut File::open(path)?, &mut sum)?;
    Ok(digest(&sum.finalize()))
}

/// The place of a file: MLflow wants the tokenizer in a folder of its own.
fn place(name: &str) -> String {
    let is_of_tokenizer = name.starts_with("tokenizer") || TOKENIZER_FILES.contains(&name);
    let folder = if is_of_tokenizer {
        "components/tokenizer"
    } else {
        "model"
    };
    format!("{folder}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(notes: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("automl.json", notes);
        write("config.json", r#"{"architectures": ["BertForSequenceClassification"]}"#);
        write("model.safetensors", "weights");
        write("tokenizer.json", "{}");
        folder
    }

    #[test]
    fn a_text_model_is_one_of_transformers() {
        let folder = folder(r#"{"text": "t", "max_length": 64}"#);
        let model = Model::read(folder.path()).unwrap();
        let places: Vec<&str> = model.files.iter().map(|(place, _)| place.as_str()).collect();
        assert!(places.contains(&"components/tokenizer/tokenizer.json") && places.contains(&"model/config.json"));
        let description = model.description("m-1", 1_500);
        let about: Json = serde_json::from_str(&description[0].1).unwrap();
        assert_eq!(about["flavors"]["python_function"]["config"]["max_length"], 64);
        assert_eq!(about["flavors"]["transformers"]["tokenizer_type"], "AutoTokenizer");
        assert_eq!(about["utc_time_created"], "1970-01-01 00:00:01.500000");
        // The same content has the same digest, and another content another one.
        assert_eq!(Model::read(folder.path()).unwrap().digest, model.digest);
        std::fs::write(folder.path().join("model.safetensors"), "others").unwrap();
        assert_ne!(Model::read(folder.path()).unwrap().digest, model.digest);
    }

    #[test]
    fn other_models_are_files() {
        let images = folder(r#"{"text": null, "max_length": null}"#);
        let model = Model::read(images.path()).unwrap();
        assert!(!model.is_loadable());
        assert!(!model.description("m-1", 0)[0].1.contains("python_function"));
        let windows = folder(r#"{"text": "t", "max_length": 64, "truncation": "windows"}"#);
        assert!(!Model::read(windows.path()).unwrap().is_loadable());
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(Model::read(empty.path()), Err(TrackerError::Options(_))));
    }
}
