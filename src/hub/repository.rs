//! A model or data set on the hub: its id, its revision, and the addresses and folder that follow from them.

use std::fmt::{self, Write as _};

use crate::HubError;
use crate::names::check_revision;

/// The revision for an id without a revision.
pub const DEFAULT_REVISION: &str = "main";

/// The longest id, as `huggingface_hub` checks it.
const LONGEST_ID: usize = 96;

/// The kind of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A model.
    Model,
    /// A data set.
    Dataset,
}

impl Kind {
    /// The word for messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Dataset => "data set",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Model => "models",
            Self::Dataset => "datasets",
        }
    }

    /// The beginning of the names of folders in the cache.
    pub(crate) fn folder_prefix(self) -> String {
        format!("{}--", self.plural())
    }

    /// The path of repositories of this kind on the hub; models have none.
    fn prefix(self) -> &'static str {
        match self {
            Self::Model => "",
            Self::Dataset => "datasets/",
        }
    }
}

/// A repository at a revision. Its id and revision are well-formed: they can be part of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Repository {
    kind: Kind,
    id: String,
    revision: String,
}

impl Repository {
    /// A repository by its id (`org/name` or `name`) and its revision (a branch, a tag or a commit).
    ///
    /// # Errors
    /// If the id or the revision is malformed.
    pub fn new(kind: Kind, id: &str, revision: &str) -> Result<Self, HubError> {
        check_id(id).map_err(|reason| HubError::InvalidId {
            text: id.to_owned(),
            kind: kind.word(),
            reason,
        })?;
        check_revision(revision)?;
        Ok(Self {
            kind,
            id: id.to_owned(),
            revision: revision.to_owned(),
        })
    }

    /// A repository from `id` or `id@revision`.
    ///
    /// # Errors
    /// If the id or the revision is malformed.
    pub fn parse(kind: Kind, reference: &str) -> Result<Self, HubError> {
        let (id, revision) = reference.split_once('@').unwrap_or((reference, DEFAULT_REVISION));
        Self::new(kind, id, revision)
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The id: `org/name` or `name`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The branch, tag or commit.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The folder's name in the cache.
    pub fn folder_name(&self) -> String {
        format!("{}{}", self.kind.folder_prefix(), self.id.replace('/', "--"))
    }

    /// The page for people.
    pub(crate) fn page(&self, endpoint: &str) -> String {
        format!("{endpoint}/{}{}", self.kind.prefix(), self.id)
    }

    /// The page of its branches and tags.
    pub(crate) fn refs_page(&self, endpoint: &str) -> String {
        format!("{}/tree/main", self.page(endpoint))
    }

    /// The address that describes the revision and lists its files.
    pub(crate) fn info_url(&self, endpoint: &str) -> String {
        let revision = percent_encoded(&self.revision, "");
        format!(
            "{endpoint}/api/{}/{}/revision/{revision}?blobs=true",
            self.kind.plural(),
            self.id
        )
    }

    /// The address of a file.
    pub(crate) fn file_url(&self, endpoint: &str, commit: &str, path: &str) -> String {
        format!(
            "{}/resolve/{commit}/{}",
            self.page(endpoint),
            percent_encoded(path, "/")
        )
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} `{}`", self.kind.word(), self.id)
    }
}

/// A model from `org/name`, `name`, or either with `@revision`.
///
/// # Errors
/// If the id or the revision is malformed.
///
/// ```
/// let model = automl_hub::parse_model_id("google/bert_uncased_L-2_H-128_A-2@refs/pr/1")?;
/// assert_eq!(model.revision(), "refs/pr/1");
/// # Ok::<(), automl_hub::HubError>(())
/// ```
pub fn parse_model_id(reference: &str) -> Result<Repository, HubError> {
    Repository::parse(Kind::Model, reference)
}

/// The rules of `huggingface_hub.utils.validate_repo_id`.
fn check_id(id: &str) -> Result<(), &'static str> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if id.is_empty() || id.len() > LONGEST_ID {
        return Err("an id has 1 to 96 characters");
    }
    if id.split('/').count() > 2 {
        return Err("an id has at most one slash");
    }
    for part in id.split('/') {
        if part.is_empty() || !part.chars().all(is_plain) {
            return Err("both parts consist of letters, digits, `-`, `_` and `.`");
        }
        if part.starts_with(['-', '.']) || part.ends_with(['-', '.']) {
            return Err("no part begins or ends with `-` or `.`");
        }
    }
    if id.contains("--") || id.contains("..") {
        return Err("`--` and `..` are not allowed");
    }
    if id.to_ascii_lowercase().ends_with(".git") {
        return Err("an id does not end in `.git`");
    }
    Ok(())
}

/// The text with all bytes but unreserved ones (RFC 3986, §2.3) and those in `kept` written as `%XX`.
fn percent_encoded(text: &str, kept: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let character = char::from(byte);
        if character.is_ascii_alphanumeric() || "-._~".contains(character) || kept.contains(character) {
            encoded.push(character);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_may_carry_a_revision() {
        let model = parse_model_id("org/name@refs/pr/1").unwrap();
        assert_eq!((model.id(), model.revision()), ("org/name", "refs/pr/1"));
        assert_eq!(parse_model_id("gpt2").unwrap().revision(), "main");
        assert_eq!(parse_model_id("org/name").unwrap().folder_name(), "models--org--name");
        assert_eq!(
            Repository::parse(Kind::Dataset, "imdb").unwrap().folder_name(),
            "datasets--imdb"
        );
    }

    #[test]
    fn addresses_are_those_of_the_hub() {
        let data = Repository::new(Kind::Dataset, "org/name", "refs/convert/parquet").unwrap();
        assert_eq!(
            data.info_url("https://hub"),
            "https://hub/api/datasets/org/name/revision/refs%2Fconvert%2Fparquet?blobs=true"
        );
        assert_eq!(
            data.file_url("https://hub", "c0", "a b/é#?.json"),
            "https://hub/datasets/org/name/resolve/c0/a%20b/%C3%A9%23%3F.json"
        );
        let model = parse_model_id("name").unwrap();
        assert_eq!(
            model.file_url("https://hub", "c0", "x.json"),
            "https://hub/name/resolve/c0/x.json"
        );
    }

    #[test]
    fn malformed_ids_are_refused_with_the_rule() {
        for id in [
            "",
            "/",
            "a/",
            "/a",
            "a/b/c",
            "..",
            "a/..",
            "a--b",
            "a/b--c",
            "-a",
            "a.",
            "a b",
            "a\\b",
            "a/b.git",
            "ä",
            "a/b?x",
            "a/b#x",
            &"x".repeat(97),
        ] {
            assert!(parse_model_id(id).is_err(), "{id}");
        }
        let message = parse_model_id("a/b/c").unwrap_err().to_string();
        assert_eq!(
            message,
            "`a/b/c` is not the id of a model: an id has at most one slash; write `name` or `org/name`, with \
             `@revision` if needed"
        );
        assert!(parse_model_id("a/b@../x").is_err());
        assert!(parse_model_id("a/b@").is_err());
    }
}
