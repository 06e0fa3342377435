//! The files of a repository at a commit, as the hub lists them, and the copy of that list in the cache.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::card::{self, CardConfig};
use crate::checksum::Checksum;
use crate::names::{is_commit, is_hex};
use crate::repository::Repository;

/// The version of the list in the cache.
const FORMAT_VERSION: u32 = 1;

/// A file of a repository. Its path comes from a server and is not checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// The path in the repository, with slashes.
    pub path: String,
    /// The size in bytes, if the hub tells it.
    pub size: Option<u64>,
    /// The checksum, if the hub tells it.
    pub(crate) checksum: Option<Checksum>,
}

impl RemoteFile {
    /// A file of which only the path is known.
    pub fn named(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            size: None,
            checksum: None,
        }
    }
}

/// The files of a repository at a commit, and what the hub says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The repository and the revision that was asked for.
    pub repository: Repository,
    /// The commit that the revision stands for: 40 hexadecimal digits.
    pub commit: String,
    /// The licence, as the author names it.
    pub licence: Option<String>,
    /// True if only some accounts may read the repository.
    pub is_private: bool,
    /// True if access must be asked for.
    pub is_gated: bool,
    /// The files.
    pub files: Vec<RemoteFile>,
    /// The configurations that the card of a data set declares with their files.
    pub(crate) configs: Vec<CardConfig>,
}

impl Listing {
    /// A list of paths, of which nothing else is known.
    pub fn of_paths<'a>(repository: &Repository, commit: &str, paths: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            repository: repository.clone(),
            commit: commit.to_owned(),
            licence: None,
            is_private: false,
            is_gated: false,
            files: paths.into_iter().map(RemoteFile::named).collect(),
            configs: Vec::new(),
        }
    }

    /// True if the list has the path.
    pub fn has(&self, path: &str) -> bool {
        self.files.iter().any(|file| file.path == path)
    }

    /// Reads the hub's answer to `/api/models/{id}/revision/{revision}?blobs=true`. On failure returns the reason.
    pub(crate) fn from_api(repository: &Repository, text: &str) -> Result<Self, String> {
        let info: Info =
            serde_json::from_str(text).map_err(|error| format!("its description is unreadable: {error}"))?;
        let commit = info
            .sha
            .filter(|sha| is_commit(sha))
            .ok_or("its description has no commit")?;
        let siblings = info.siblings.ok_or("its description lists no files")?;
        Ok(Self {
            repository: repository.clone(),
            commit,
            licence: licence(&info.card, &info.tags),
            is_private: info.private.unwrap_or(false),
            is_gated: !matches!(
                info.gated,
                None | Some(serde_json::Value::Bool(false) | serde_json::Value::Null)
            ),
            files: siblings.into_iter().map(Sibling::file).collect(),
            configs: card::configs(&info.card),
        })
    }

    /// Reads a list from the cache: our own, or the `trees/<commit>.json` of `huggingface_hub`, which has the same
    /// files. `None` if it is unreadable or of another version.
    pub(crate) fn from_cache(repository: &Repository, commit: &str, text: &str) -> Option<Self> {
        let saved: Saved = serde_json::from_str(text).ok()?;
        (saved.format_version == FORMAT_VERSION).then(|| Self {
            repository: repository.clone(),
            commit: commit.to_owned(),
            licence: saved.licence,
            is_private: saved.private,
            is_gated: saved.gated,
            files: saved.files.into_iter().map(|(path, file)| file.file(path)).collect(),
            configs: saved.configs,
        })
    }

    /// The text for the cache.
    pub(crate) fn to_cache(&self) -> String {
        let saved = Saved {
            format_version: FORMAT_VERSION,
            licence: self.licence.clone(),
            private: self.is_private,
            gated: self.is_gated,
            configs: self.configs.clone(),
            files: self
                .files
                .iter()
                .map(|file| (file.path.clone(), SavedFile::of(file)))
                .collect(),
        };
        serde_json::to_string_pretty(&saved).unwrap_or_default()
    }
}

/// The parts of the hub's answer that are used.
#[derive(Deserialize)]
struct Info {
    sha: Option<String>,
    private: Option<bool>,
    gated: Option<serde_json::Value>,
    #[serde(rename = "cardData", default)]
    card: serde_json::Value,
    #[serde(default)]
    tags: serde_json::Value,
    siblings: Option<Vec<Sibling>>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    #[serde(rename = "blobId")]
    blob_id: Option<String>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    #[serde(alias = "oid")]
    sha256: Option<String>,
    size: Option<u64>,
}

impl Sibling {
    fn file(self) -> RemoteFile {
        let (size, checksum) = match self.lfs {
            Some(lfs) => (lfs.size.or(self.size), lfs.sha256.and_then(Checksum::sha256)),
            None => (self.size, self.blob_id.and_then(Checksum::git)),
        };
        RemoteFile {
            path: self.rfilename,
            size,
            checksum,
        }
    }
}

/// The licence of a card: a name, several names, or a name of the author's own; else the tag `license:…`.
fn licence(card: &serde_json::Value, tags: &serde_json::Value) -> Option<String> {
    let named = match &card["license"] {
        serde_json::Value::String(name) if name == "other" => {
            card["license_name"].as_str().or(Some("other")).map(str::to_owned)
        }
        serde_json::Value::String(name) => Some(name.clone()),
        serde_json::Value::Array(names) => {
            let names: Vec<&str> = names.iter().filter_map(serde_json::Value::as_str).collect();
            (!names.is_empty()).then(|| names.join(", "))
        }
        _ => None,
    };
    named.or_else(|| {
        let mut tags = tags.as_array()?.iter().filter_map(serde_json::Value::as_str);
        tags.find_map(|tag| tag.strip_prefix("license:")).map(str::to_owned)
    })
}

/// The list in the cache. The field `files` is that of `huggingface_hub`'s lists.
#[derive(Deserialize, Serialize)]
struct Saved {
    format_version: u32,
    #[serde(default)]
    licence: Option<String>,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    gated: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    configs: Vec<CardConfig>,
    files: BTreeMap<String, SavedFile>,
}

#[derive(Deserialize, Serialize)]
struct SavedFile {
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lfs_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lfs_size: Option<u64>,
}

impl SavedFile {
    fn of(file: &RemoteFile) -> Self {
        let mut saved = Self {
            size: file.size,
            blob_id: None,
            lfs_sha256: None,
            lfs_size: None,
        };
        match &file.checksum {
            Some(Checksum::Sha256(digits)) => (saved.lfs_sha256, saved.lfs_size) = (Some(digits.clone()), file.size),
            Some(Checksum::GitSha1(digits)) => saved.blob_id = Some(digits.clone()),
            None => {}
        }
        saved
    }

    fn file(self, path: String) -> RemoteFile {
        let checksum = match self.lfs_sha256 {
            Some(digits) => Checksum::sha256(digits),
            None => self.blob_id.and_then(Checksum::git),
        };
        RemoteFile {
            path,
            size: self.lfs_size.or(self.size),
            checksum,
        }
    }
}

impl Checksum {
    fn sha256(digits: String) -> Option<Self> {
        is_hex(&digits, 64).then_some(Self::Sha256(digits))
    }

    fn git(digits: String) -> Option<Self> {
        is_hex(&digits, 40).then_some(Self::GitSha1(digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::parse_model_id;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn read(text: &str) -> Result<Listing, String> {
        Listing::from_api(&parse_model_id("org/name").unwrap(), text)
    }

    fn full() -> Listing {
        let sha256 = "a".repeat(64);
        let sha1 = "b".repeat(40);
        read(&format!(
            r#"{{"sha": "{COMMIT}", "private": true, "gated": "auto", "cardData": {{"license": "mit", "configs": [
                {{"config_name": "c", "data_files": "*.csv"}}]}}, "more": 1,
            "siblings": [
                {{"rfilename": "config.json", "size": 5, "blobId": "{sha1}"}},
                {{"rfilename": "model.safetensors", "size": 133, "blobId": "{sha1}",
                  "lfs": {{"sha256": "{sha256}", "size": 99, "pointerSize": 133}}}},
                {{"rfilename": "unknown"}}
            ]}}"#
        ))
        .unwrap()
    }

    #[test]
    fn sizes_and_checksums_are_those_of_the_content() {
        let listing = full();
        assert!(listing.is_private && listing.is_gated);
        assert_eq!(listing.licence.as_deref(), Some("mit"));
        assert_eq!(listing.files[0].checksum, Some(Checksum::GitSha1("b".repeat(40))));
        assert_eq!(listing.files[1].checksum, Some(Checksum::Sha256("a".repeat(64))));
        assert_eq!(listing.files[1].size, Some(99));
        assert_eq!(listing.files[2], RemoteFile::named("unknown"));
    }

    #[test]
    fn the_list_survives_the_cache() {
        let listing = full();
        let back = Listing::from_cache(&listing.repository, COMMIT, &listing.to_cache());
        assert_eq!(back, Some(listing));
        let other = r#"{"format_version": 2, "files": {}}"#;
        assert_eq!(Listing::from_cache(&parse_model_id("a").unwrap(), COMMIT, other), None);
    }

    #[test]
    fn a_list_of_huggingface_hub_is_understood() {
        let text = format!(
            r#"{{"format_version": 1, "files": {{"m": {{"size": 9, "blob_id": "{}", "lfs_sha256": "{}", "lfs_size": 9,
            "xet_hash": "x"}}}}}}"#,
            "b".repeat(40),
            "a".repeat(64)
        );
        let listing = Listing::from_cache(&parse_model_id("a").unwrap(), COMMIT, &text).unwrap();
        assert_eq!(listing.files[0].checksum, Some(Checksum::Sha256("a".repeat(64))));
    }

    #[test]
    fn licences_are_found_where_authors_put_them() {
        let licence = |rest: &str| {
            read(&format!(r#"{{"sha": "{COMMIT}", "siblings": [], {rest}}}"#))
                .unwrap()
                .licence
        };
        assert_eq!(
            licence(r#""cardData": {"license": ["mit", "apache-2.0"]}"#).unwrap(),
            "mit, apache-2.0"
        );
        assert_eq!(
            licence(r#""cardData": {"license": "other", "license_name": "llama3"}"#).unwrap(),
            "llama3"
        );
        assert_eq!(
            licence(r#""cardData": null, "tags": ["x", "license:cc0-1.0"]"#).unwrap(),
            "cc0-1.0"
        );
        assert_eq!(licence(r#""gated": false"#), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_harmless(text in "[\\[{\"a-z:,0-9\\]}]{0,40}", value in "(null|-1|1e99|\"\"|\\[\\]|\\{\\})") {
            let _ = read(&text);
            let fields = ["private", "gated", "cardData", "tags", "siblings"];
            for field in fields {
                let _ = read(&format!(r#"{{"sha": "{COMMIT}", "siblings": [], "{field}": {value}}}"#));
                let _ = read(&format!(r#"{{"sha": "{COMMIT}", "siblings": [{{"rfilename": "x", "lfs": {value}}}]}}"#));
            }
        }
    }

    #[test]
    fn an_answer_that_is_no_description_is_refused() {
        for text in [
            "<html>",
            "{}",
            r#"{"sha": "main", "siblings": []}"#,
            r#"{"sha": "../../etc", "siblings": []}"#,
            &format!(r#"{{"sha": "{COMMIT}"}}"#),
            &format!(r#"{{"sha": "{COMMIT}", "siblings": [{{"size": 1}}]}}"#),
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
