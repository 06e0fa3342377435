//! Models of the hub: found in the cache, else downloaded before a study begins. Workers only look for them.
//!
//! A study keeps the commit in its spec, so that a resume, a re-run and `best.yaml` use the same files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::InputError;
use super::inputs::examples;
use crate::finetune::model_folder::{ModelKind, check_model_folder};
use crate::finetune::pretrained::check_config;
use crate::hub::{
    self, Cache, Cached, ChoiceError, Hub, HubError, Listing, Progress, Repository, Wanted, choose_model_files,
    parse_model_id,
};
use crate::spec::{FineTuneSpec, ModelSource, ObjectiveSpec, Spec};
use crate::suggestion::did_you_mean;

/// The description of a model's architecture.
const CONFIG: &str = "config.json";

/// The longest licence that is recorded; licences have names of a few words.
const LONGEST_LICENCE: usize = 100;

/// A model of the hub that is in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HubModel {
    /// Its id, `org/name`.
    pub id: String,
    /// The commit; `None` if the cache does not tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The licence, as the author names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// SHA-256 of each file of the weights.
    pub sha256: BTreeMap<String, String>,
}

/// A model or data set of the hub that is not in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// `model` or `data set`.
    pub kind: &'static str,
    /// Its id, `org/name`.
    pub id: String,
    /// The commit that the hub has now.
    pub commit: String,
    /// The licence, as the author names it.
    pub licence: Option<String>,
    /// The number of files to download.
    pub files: usize,
    /// Their size in bytes.
    pub bytes: u64,
}

/// Finds the model of a spec in the cache, or downloads it. `None` if the model is not from the hub.
///
/// A model that is in the cache is used as it is, and the hub is not asked.
///
/// # Errors
/// If the model can neither be found nor downloaded, or is not usable here.
pub fn bring_model(spec: &Spec, is_offline: bool, progress: &dyn Progress) -> Result<Option<HubModel>, InputError> {
    let Some((fine_tune, repository)) = of_hub(spec)? else {
        return Ok(None);
    };
    let kind = kind_of(fine_tune);
    let cached = if let Some(cached) = in_cache(&repository, kind)? {
        cached
    } else {
        // Nobody should wait for a download to read that the table lacks a column.
        examples(fine_tune)?;
        download(&repository, kind, is_offline, progress)?
    };
    let sha256 = checksums(&cached.folder).map_err(|error| unavailable(error, &repository))?;
    Ok(Some(HubModel {
        id: repository.id().to_owned(),
        commit: cached.commit,
        licence: cached.licence.as_deref().and_then(licence),
        sha256,
    }))
}

/// The model of a spec and its size, if it is from the hub and would have to be downloaded.
///
/// # Errors
/// If the hub cannot be asked, or the model is not usable here.
pub fn missing_model(spec: &Spec, is_offline: bool, progress: &dyn Progress) -> Result<Option<Missing>, InputError> {
    let Some((fine_tune, repository)) = of_hub(spec)? else {
        return Ok(None);
    };
    let kind = kind_of(fine_tune);
    if in_cache(&repository, kind)?.is_some() {
        return Ok(None);
    }
    let hub = Hub::from_environment(is_offline).map_err(|error| unavailable(error, &repository))?;
    if hub.settings().offline {
        // It fails, and says which files are missing.
        download(&repository, kind, is_offline, progress)?;
        return Ok(None);
    }
    let listing = hub
        .files(&repository, progress)
        .map_err(|error| unavailable(error, &repository))?;
    let chosen = choose(&listing, kind).map_err(|source| HubError::Choice {
        repository: repository.to_string(),
        source,
    });
    let chosen = chosen.map_err(|error| unavailable(error, &repository))?;
    Ok(Some(Missing::new(&listing, &chosen)))
}

impl Missing {
    /// These files of a list.
    pub(super) fn new(listing: &Listing, chosen: &[String]) -> Self {
        let files = listing.files.iter().filter(|file| chosen.contains(&file.path));
        Self {
            kind: listing.repository.kind().word(),
            id: listing.repository.id().to_owned(),
            licence: listing.licence.as_deref().and_then(licence),
            files: chosen.len(),
            bytes: files.filter_map(|file| file.size).sum(),
            commit: listing.commit.clone(),
        }
    }
}

impl HubModel {
    /// Names the commit and the licence in a spec, so that it means these files from now on.
    pub fn pin(&self, spec: &mut Spec) {
        let ObjectiveSpec::FineTune(fine_tune) = &mut spec.objective else {
            return;
        };
        if let Some(commit) = &self.commit {
            fine_tune.model = ModelSource::Hub(format!("{}@{commit}", self.id));
        }
        if fine_tune.model_licence.is_none() {
            fine_tune.model_licence.clone_from(&self.licence);
        }
    }
}

/// The folder of a model in the cache.
pub(super) fn find(reference: &str, kind: ModelKind) -> Result<PathBuf, InputError> {
    let folder = cached(reference)?;
    check_model_folder(&folder, kind)?;
    Ok(folder)
}

/// The folder of a model in the cache, whatever is in it.
pub(super) fn cached(reference: &str) -> Result<PathBuf, InputError> {
    let repository = parse_model_id(reference).map_err(|error| InputError::Hub(Box::new(error), None))?;
    let found = Cache::from_environment().and_then(|cache| cache.find(&repository));
    Ok(found.map_err(|error| unavailable(error, &repository))?.folder)
}

pub(super) fn kind_of(fine_tune: &FineTuneSpec) -> ModelKind {
    if fine_tune.reads_pictures() {
        ModelKind::Image
    } else {
        ModelKind::Text
    }
}

fn of_hub(spec: &Spec) -> Result<Option<(&FineTuneSpec, Repository)>, InputError> {
    let ObjectiveSpec::FineTune(fine_tune) = &spec.objective else {
        return Ok(None);
    };
    let ModelSource::Hub(reference) = &fine_tune.model else {
        return Ok(None);
    };
    let repository = parse_model_id(reference).map_err(|error| InputError::Hub(Box::new(error), None))?;
    Ok(Some((fine_tune, repository)))
}

/// The snapshot in the cache, if it has all files.
fn in_cache(repository: &Repository, kind: ModelKind) -> Result<Option<Cached>, InputError> {
    let cache = Cache::from_environment().map_err(|error| unavailable(error, repository))?;
    let cached = cache.find(repository).ok();
    Ok(cached.filter(|cached| check_model_folder(&cached.folder, kind).is_ok() && has_all_shards(&cached.folder)))
}

fn download(
    repository: &Repository,
    kind: ModelKind,
    is_offline: bool,
    progress: &dyn Progress,
) -> Result<Cached, InputError> {
    let choose = |listing: &Listing| choose(listing, kind);
    let failed = |error| unavailable(error, repository);
    let hub = Hub::from_environment(is_offline).map_err(failed)?;
    if !hub.settings().offline {
        // Nobody should wait for weights to read that the architecture is not supported.
        let config = |listing: &Listing| choose(listing).map(|_| vec![CONFIG.to_owned()]);
        let first = hub
            .snapshot(repository, Wanted::Chosen(&config), progress)
            .map_err(failed)?;
        check_config(&first.folder)?;
    }
    let snapshot = hub
        .snapshot(repository, Wanted::Chosen(&choose), progress)
        .map_err(failed)?;
    check_model_folder(&snapshot.folder, kind)?;
    Ok(Cached {
        folder: snapshot.folder,
        commit: Some(snapshot.commit),
        licence: snapshot.licence,
    })
}

/// The files to download. A model that could not be used afterwards is refused before anything arrives.
fn choose(listing: &Listing, kind: ModelKind) -> Result<Vec<String>, ChoiceError> {
    let chosen = choose_model_files(listing)?;
    let missing = kind.missing(|name| listing.has(name));
    if missing.is_empty() {
        Ok(chosen)
    } else {
        Err(ChoiceError::Lacking { missing })
    }
}

/// True unless the weights are in several files of which some are missing.
fn has_all_shards(folder: &Path) -> bool {
    if folder.join("model.safetensors").is_file() {
        return true;
    }
    let index = std::fs::read_to_string(folder.join("model.safetensors.index.json")).unwrap_or_default();
    let index: serde_json::Value = serde_json::from_str(&index).unwrap_or_default();
    let Some(files) = index["weight_map"].as_object() else {
        // Loading says what is wrong with the index.
        return true;
    };
    let mut files = files.values().filter_map(serde_json::Value::as_str);
    files.all(|file| folder.join(file).is_file())
}

fn checksums(folder: &Path) -> Result<BTreeMap<String, String>, HubError> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let weights = names.filter(|name| name.starts_with("model") && name.ends_with(".safetensors"));
    weights
        .map(|name| Ok((name.clone(), hub::sha256(&folder.join(name))?)))
        .collect()
}

/// The author's name of the licence in one line.
pub(super) fn licence(text: &str) -> Option<String> {
    let plain = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter });
    let plain: String = plain.take(LONGEST_LICENCE).collect();
    let plain = plain.trim();
    (!plain.is_empty()).then(|| plain.to_owned())
}

/// The error with the model or data set of the cache that was most likely meant.
pub(super) fn unavailable(error: HubError, repository: &Repository) -> InputError {
    let is_unknown = matches!(error, HubError::NotCached { .. } | HubError::NotFound { .. });
    let known = Cache::from_environment().ok().filter(|_| is_unknown);
    let known = known.map(|cache| cache.ids(repository.kind())).unwrap_or_default();
    let meant = did_you_mean(repository.id(), known.iter().map(String::as_str)).map(str::to_owned);
    InputError::Hub(Box::new(error), meant)
}
