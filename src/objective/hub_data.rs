//! Data sets of the hub: found in the cache, else downloaded before a study begins. Workers only look for them.
//!
//! As with models, a study keeps the commit in its spec.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::InputError;
use super::hub_model::{Missing, licence, unavailable};
use crate::finetune::data::{DataError, ReadOptions, Source};
use crate::hub::{self, ChoiceError, Hub, HubError, Kind, Listing, Progress, Repository, Silent, choose_tables};
use crate::readers;
use crate::spec::{DataSpec, HeldOut, HubData, ObjectiveSpec, Slice, Spec, SplitSlice, TableSpec};

/// A data set of the hub that is in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HubDataSet {
    /// Its id, `org/name`.
    pub id: String,
    /// The commit.
    pub commit: String,
    /// The configuration.
    pub config: String,
    /// The licence, as the author names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// True if the hub converted only the first rows.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_partial: bool,
    /// SHA-256 of each file of the splits.
    pub sha256: BTreeMap<String, String>,
}

/// The files of each split in the cache.
type Splits = BTreeMap<PathBuf, Vec<PathBuf>>;

/// Finds the data set of a spec in the cache, or downloads it. `None` if the data are not from the hub.
///
/// Files that are in the cache are used as they are, and the hub is not asked.
///
/// # Errors
/// If the data set can neither be found nor downloaded, or has no such configuration or split.
pub fn bring_data(spec: &Spec, is_offline: bool, progress: &dyn Progress) -> Result<Option<HubDataSet>, InputError> {
    let Some((data, table)) = of_hub(spec) else {
        return Ok(None);
    };
    let repository = repository(data)?;
    let failed = |error| unavailable(error, &repository);
    let found = if let Ok((set, _)) = files(true, data, table, &Silent) {
        set
    } else {
        files(is_offline, data, table, progress).map_err(failed)?.0
    };
    Ok(Some(found))
}

/// The data set of a spec and its size, if it is from the hub and would have to be downloaded.
///
/// # Errors
/// If the hub cannot be asked, or the data set has no such configuration or split.
pub fn missing_data(spec: &Spec, is_offline: bool, progress: &dyn Progress) -> Result<Option<Missing>, InputError> {
    let Some((data, table)) = of_hub(spec) else {
        return Ok(None);
    };
    let repository = repository(data)?;
    let failed = |error| unavailable(error, &repository);
    if files(true, data, table, &Silent).is_ok() {
        return Ok(None);
    }
    let hub = Hub::from_environment(is_offline).map_err(failed)?;
    if hub.settings().offline {
        // It fails, and says what is missing.
        files(true, data, table, progress).map_err(failed)?;
        return Ok(None);
    }
    let mut listing = hub.files(&repository, progress).map_err(failed)?;
    let mut chosen = choose(&listing, data, table);
    if chosen == Err(ChoiceError::NoTables)
        && let Ok(converted) = Repository::new(Kind::Dataset, repository.id(), hub::PARQUET_REVISION)
        && let Ok(other) = hub.files(&converted, progress)
    {
        chosen = choose(&other, data, table);
        let licence = listing.licence.take();
        listing = other;
        listing.licence = listing.licence.or(licence);
    }
    let chosen = chosen.map_err(|source| {
        failed(HubError::Choice {
            repository: repository.to_string(),
            source,
        })
    })?;
    Ok(Some(Missing::new(&listing, &chosen)))
}

impl HubDataSet {
    /// Names the commit, the configuration and the licence in a spec, so that it means these files from now on.
    pub fn pin(&self, spec: &mut Spec) {
        let ObjectiveSpec::FineTune(fine_tune) = &mut spec.objective else {
            return;
        };
        let DataSpec::Table(table) = &mut fine_tune.data else {
            return;
        };
        if let Some(hub) = &mut table.hub {
            hub.id = format!("{}@{}", self.id, self.commit);
            hub.config = Some(self.config.clone());
            if hub.licence.is_none() {
                hub.licence.clone_from(&self.licence);
            }
        }
    }
}

/// The files of each split in the cache.
pub(super) fn find(data: &HubData, table: &TableSpec) -> Result<Splits, InputError> {
    let repository = repository(data)?;
    let found = files(true, data, table, &Silent);
    found
        .map(|(_, splits)| splits)
        .map_err(|error| unavailable(error, &repository))
}

fn of_hub(spec: &Spec) -> Option<(&HubData, &TableSpec)> {
    let ObjectiveSpec::FineTune(fine_tune) = &spec.objective else {
        return None;
    };
    let DataSpec::Table(table) = &fine_tune.data else {
        return None;
    };
    Some((table.hub.as_ref()?, table))
}

fn repository(data: &HubData) -> Result<Repository, InputError> {
    Repository::parse(Kind::Dataset, &data.id).map_err(|error| InputError::Hub(Box::new(error), None))
}

/// The names of all splits, each once. Parts of one split are in its files.
fn splits(table: &TableSpec) -> Vec<PathBuf> {
    let held_out = [&table.validation, &table.test].map(|part| HeldOut::files(part.as_ref()));
    let mut names: Vec<PathBuf> = Vec::new();
    for name in table.train.iter().chain(held_out[0]).chain(held_out[1]) {
        let (name, _) = split_of(name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A split, and the part of it that a name in a spec means.
pub(super) fn split_of(name: &Path) -> (PathBuf, Option<Slice>) {
    match name.to_str().and_then(SplitSlice::parse) {
        Some(SplitSlice { split, part }) => (split.into(), part),
        None => (name.to_owned(), None),
    }
}

/// A part of the rows of a split, whose files are `files` in the order of its rows.
///
/// # Errors
/// If the rows must be counted, and a file cannot be read.
pub(super) fn rows_of(files: &[PathBuf], part: Slice) -> Result<Vec<Source>, InputError> {
    if let ([only], false) = (files, part.needs_count()) {
        let rows = part.of(i64::MAX.unsigned_abs());
        return Ok(vec![Source::Rows {
            path: only.clone(),
            rows,
        }]);
    }
    let counts = files.iter().map(|file| count_rows(file));
    let counts: Vec<u64> = counts.collect::<Result<_, InputError>>()?;
    let wanted = part.of(counts.iter().sum());
    let mut before = 0;
    let mut sources = Vec::new();
    for (path, count) in files.iter().zip(counts) {
        let rows =
            wanted.start.clamp(before, before + count) - before..wanted.end.clamp(before, before + count) - before;
        before += count;
        if !rows.is_empty() {
            sources.push(Source::Rows {
                path: path.clone(),
                rows,
            });
        }
    }
    Ok(sources)
}

/// Number of records of a file.
fn count_rows(file: &Path) -> Result<u64, InputError> {
    let mut count = 0;
    let records = readers::open(&[Source::Path(file.to_owned())], &ReadOptions::default());
    for record in records.map_err(DataError::from)? {
        match record {
            Err(error) if !error.is_of_one_record() => return Err(DataError::from(error).into()),
            Ok(_) | Err(_) => count += 1,
        }
    }
    Ok(count)
}

/// Brings all splits from the same commit.
fn files(
    is_offline: bool,
    data: &HubData,
    table: &TableSpec,
    progress: &dyn Progress,
) -> Result<(HubDataSet, Splits), HubError> {
    let hub = Hub::from_environment(is_offline)?;
    let mut repository = Repository::parse(Kind::Dataset, &data.id)?;
    let mut set = HubDataSet {
        id: repository.id().to_owned(),
        commit: String::new(),
        config: data.config.clone().unwrap_or_default(),
        licence: None,
        is_partial: false,
        sha256: BTreeMap::new(),
    };
    let mut config = data.config.clone();
    let mut found = Splits::new();
    for name in splits(table) {
        let (tables, snapshot) = hub.tables(&repository, config.as_deref(), &name.to_string_lossy(), progress)?;
        for path in &tables.paths {
            set.sha256
                .insert(path.clone(), hub::sha256(&snapshot.folder.join(path))?);
        }
        let paths = tables.paths.iter().map(|path| snapshot.folder.join(path)).collect();
        found.insert(name, paths);
        set.is_partial |= tables.is_partial;
        set.licence = set.licence.or(snapshot.licence.as_deref().and_then(licence));
        set.config.clone_from(&tables.config);
        set.commit.clone_from(&snapshot.commit);
        config = Some(tables.config);
        repository = Repository::new(Kind::Dataset, repository.id(), &snapshot.commit)?;
    }
    Ok((set, found))
}

/// The files of all splits in a list.
fn choose(listing: &Listing, data: &HubData, table: &TableSpec) -> Result<Vec<String>, ChoiceError> {
    let mut chosen: Vec<String> = Vec::new();
    for name in splits(table) {
        let tables = choose_tables(listing, data.config.as_deref(), &name.to_string_lossy())?;
        chosen.extend(tables.paths);
    }
    chosen.sort_unstable();
    chosen.dedup();
    Ok(chosen)
}
