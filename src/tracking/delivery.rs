//! Delivers one study's journal to one tracker: a cursor, the study as the tracker knows it, and the pending entry.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::pauses::patiently;
use super::{Opened, Opening, Tracker, TrackerError, mlflow, registered};
use crate::engine::Folder;
use crate::files::replace_soon;
use crate::journal::{Entry, Position};
use crate::spec::{Spec, TrackerSpec};
use crate::study::Study;
use crate::units::Samples;

/// Version of the cursor's format.
const FORMAT: u32 = 1;

/// The progress of a tracker, stored in `tracking/<name>.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    format: u32,
    /// The number of the next entry to deliver.
    next: u64,
    /// State that the tracker wants to keep.
    state: serde_json::Value,
}

/// The delivery of one study to one tracker.
pub struct Delivery {
    folder: PathBuf,
    /// The cursor's file; `None` if progress is not saved.
    cursor: Option<PathBuf>,
    next: u64,
    tracker: Box<dyn Tracker>,
    study: Study,
    position: Position,
    /// An entry that is read and applied, but not delivered.
    pending: Option<Entry>,
    /// Held while this process delivers; `None` if another target was asked for.
    _lock: Option<File>,
}

impl Delivery {
    /// Opens the tracker. With `out` it writes there and saves no progress; otherwise it continues where it stopped.
    ///
    /// # Errors
    /// If the tracker cannot be opened.
    pub fn open(
        folder: &Path,
        (spec, epoch): (&Spec, Samples),
        tracker: &TrackerSpec,
        out: Option<&Path>,
    ) -> Result<Self, TrackerError> {
        let Some(row) = registered(tracker) else {
            return Err(TrackerError::Journal(format!("there is no tracker `{}`", tracker.name)));
        };
        let path = folder.join("tracking").join(format!("{}.json", tracker.name));
        let cursor = Some(path).filter(|_| out.is_none());
        let lock = cursor.as_deref().map(|cursor| lock(cursor, row.name)).transpose()?;
        let known = cursor.as_deref().and_then(read_cursor);
        let (next, state) = known.map_or((0, serde_json::Value::Null), |cursor| (cursor.next, cursor.state));
        let Opened { tracker, is_continued } = (row.open)(&Opening {
            folder,
            spec,
            tracker,
            out,
            state,
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            cursor,
            next: if is_continued { next } else { 0 },
            tracker,
            study: Study::to_look_at(spec, epoch),
            position: Position::default(),
            pending: None,
            _lock: lock,
        })
    }

    /// Delivers all entries that the journal has now. If that fails, the entry stays pending until the next call.
    ///
    /// # Errors
    /// If an entry could not be delivered.
    pub fn deliver(&mut self) -> Result<(), TrackerError> {
        if let Some(entry) = &self.pending {
            self.tracker.record(entry, &self.study)?;
            self.next = entry.seq + 1;
            self.pending = None;
        }
        let mut looker = if self.position == Position::default() {
            Folder::look(&self.folder)?.1
        } else {
            Folder::look_on(&self.folder, self.position)?
        };
        while let Some(entry) = looker.next().transpose()? {
            self.position = looker.position();
            let told = self.study.replay(&entry.event, entry.elapsed);
            told.map_err(|problem| looker.impossible(&problem))?;
            if entry.seq < self.next {
                self.tracker.recall(&entry, &self.study);
                continue;
            }
            if let Err(error) = self.tracker.record(&entry, &self.study) {
                self.pending = Some(entry);
                return Err(error);
            }
            self.next = entry.seq + 1;
        }
        let state = self.tracker.flush(&self.study)?;
        self.remember(state)
    }

    /// Delivers all entries, and what belongs to the end.
    ///
    /// # Errors
    /// If something could not be delivered.
    pub fn finish(&mut self) -> Result<(), TrackerError> {
        self.deliver()?;
        self.tracker.finish(&self.study)
    }

    fn remember(&self, state: serde_json::Value) -> Result<(), TrackerError> {
        let Some(path) = &self.cursor else { return Ok(()) };
        let cursor = Cursor {
            format: FORMAT,
            next: self.next,
            state,
        };
        let text = serde_json::to_vec(&cursor).unwrap_or_default();
        let folder = path.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder)
            .and_then(|()| replace_soon(path, &text))
            .map_err(|source| TrackerError::File {
                path: path.clone(),
                source,
            })
    }
}

/// Takes the right to deliver, which ends with the process: two processes would deliver things twice.
fn lock(cursor: &Path, tracker: &'static str) -> Result<File, TrackerError> {
    let path = cursor.with_extension("lock");
    let failed = |source| TrackerError::File {
        path: path.clone(),
        source,
    };
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).map_err(failed)?;
    let file = File::options().create(true).append(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(TrackerError::Busy(tracker)),
        Err(std::fs::TryLockError::Error(source)) => Err(failed(source)),
    }
}

/// Reads the cursor. If it cannot be read, everything is delivered again.
fn read_cursor(path: &Path) -> Option<Cursor> {
    let text = std::fs::read(path).ok()?;
    let cursor: Cursor = serde_json::from_slice(&text).ok()?;
    (cursor.format == FORMAT).then_some(cursor)
}

/// Delivers a whole study to a tracker, once.
///
/// # Errors
/// If the study cannot be read, or an entry could not be delivered.
pub fn export(
    folder: &Path,
    spec: (&Spec, Samples),
    tracker: &TrackerSpec,
    out: Option<&Path>,
) -> Result<(), TrackerError> {
    let mut delivery = None;
    patiently(|| {
        let opened = match &mut delivery {
            Some(delivery) => delivery,
            None => delivery.insert(Delivery::open(folder, spec, tracker, out)?),
        };
        opened.finish()
    })
}

/// A trained model to log with a study.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The model's folder, as `automl train` wrote it.
    pub folder: PathBuf,
    /// The name to register it under; `None` to log it only.
    pub name: Option<String>,
    /// The alias of the new version.
    pub alias: Option<String>,
}

impl Registration {
    /// Checks that the tracker takes models, and its names, without a network.
    ///
    /// # Errors
    /// If the tracker takes no models, or not under these names.
    pub fn check(&self, tracker: &TrackerSpec) -> Result<(), TrackerError> {
        if tracker.name != mlflow::TRACKER.name {
            return Err(TrackerError::Options(format!(
                "`{}` takes no models: use `--to mlflow`",
                tracker.name
            )));
        }
        mlflow::check_names(self)
    }
}

/// A model that a tracker has.
#[derive(Clone, Debug)]
pub struct LoggedModel {
    /// Its address there.
    pub address: String,
    /// `false` if the tracker only stores its files.
    pub is_loadable: bool,
}

/// Logs a trained model with an exported study, and registers it, once.
///
/// # Errors
/// If the model cannot be read or sent.
pub fn register(
    folder: &Path,
    spec: &Spec,
    tracker: &TrackerSpec,
    out: Option<&Path>,
    registration: &Registration,
) -> Result<LoggedModel, TrackerError> {
    registration.check(tracker)?;
    let opening = Opening {
        folder,
        spec,
        tracker,
        out,
        state: serde_json::Value::Null,
    };
    mlflow::register(&opening, registration)
}
