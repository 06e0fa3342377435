//! The folder of a study: its files, and who may use it.

mod checks;
mod error;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use self::checks::{check_beginning, holds_study, refuse_future, refuse_occupied, refuse_ways_out};
pub use self::error::FolderError;
use super::Looker;
use crate::files;
use crate::journal::{self, Contents, Journal, Lock, LockError, Position, ReadError};
use crate::objective::{HubDataSet, HubModel};
use crate::rng::Fingerprint;
use crate::study::{Event, Identity, Impossible, Study};
use crate::trials::PastTrial;
use crate::units::{Seed, TrialId};

/// A study is on hold while its folder contains a file with this name.
const HOLD: &str = "hold";

const SPEC: &str = "spec.yaml";

/// Facts about the study for programs that do not read the journal.
const MANIFEST: &str = "manifest.json";

/// Copy of a damaged journal, made before the journal is cut to its sound part.
const DAMAGED: &str = "journal.damaged.jsonl";

/// The folder of a study, locked by this process.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: Lock,
}

/// An existing study, opened to be resumed.
#[derive(Debug)]
pub struct Opened {
    /// Its folder.
    pub folder: Folder,
    /// Its journal.
    pub journal: Journal,
    /// The events so far.
    pub contents: Contents,
    /// Seconds that it had run.
    pub elapsed: f64,
}

impl Folder {
    /// Creates the folder of a new study: `spec.yaml`, `manifest.json` and a journal with the first event.
    ///
    /// # Errors
    /// If the folder is in use, is not empty, or cannot be written. Then no partly written files remain.
    pub fn create(
        path: &Path,
        spec_yaml: &str,
        seed: Seed,
        inputs: &Identity,
        past: Vec<PastTrial>,
        shortened_from: Option<f64>,
    ) -> Result<(Self, Journal), FolderError> {
        refuse_occupied(path, spec_yaml)?;
        let is_new = !path.exists();
        make(path)?;
        refuse_ways_out(path)?;
        let lock = Lock::acquire(path).inspect_err(|error| {
            if is_new && !matches!(error, LockError::Held { .. }) {
                let _ = fs::remove_file(path.join("lock"));
                let _ = fs::remove_dir(path);
            }
        })?;
        let folder = Self {
            path: path.to_owned(),
            _lock: lock,
        };
        // Another process may have been faster: its files must not be touched.
        refuse_occupied(path, spec_yaml)?;
        match folder.fill(spec_yaml, seed, inputs, (past, shortened_from)) {
            Ok(journal) => Ok((folder, journal)),
            Err(error) => {
                for name in [SPEC, MANIFEST, journal::FILE_NAME, "lock"] {
                    let _ = fs::remove_file(path.join(name));
                }
                for name in ["checkpoints", "logs"] {
                    let _ = fs::remove_dir(path.join(name));
                }
                if is_new {
                    let _ = fs::remove_dir(path);
                }
                Err(error)
            }
        }
    }

    fn fill(
        &self,
        spec_yaml: &str,
        seed: Seed,
        inputs: &Identity,
        (past, shortened_from): (Vec<PastTrial>, Option<f64>),
    ) -> Result<Journal, FolderError> {
        files::remove_unfinished(&self.path);
        make(&self.path.join("checkpoints"))?;
        make(&self.logs())?;
        self.write(SPEC, spec_yaml.as_bytes())?;
        let created = Event::StudyCreated {
            format: journal::FORMAT,
            version: env!("CARGO_PKG_VERSION").into(),
            spec: fingerprint(spec_yaml),
            seed,
            inputs: inputs.clone(),
            past,
            shortened_from,
        };
        let manifest = serde_json::json!({
            "format": journal::FORMAT,
            "version": env!("CARGO_PKG_VERSION"),
            "spec": fingerprint(spec_yaml),
            "created_at": super::Clock::time_of_day(),
            "host": crate::os::node(),
        });
        self.write(MANIFEST, format!("{manifest:#}\n").as_bytes())?;
        let file = self.path.join(journal::FILE_NAME);
        // A crash may have left a journal without a single event.
        let _ = fs::remove_file(&file);
        let mut journal = Journal::create(&file)?;
        journal.append(&created, 0.0)?;
        journal.sync()?;
        Ok(journal)
    }

    /// Notes the model and the data set of the hub in the manifest.
    ///
    /// # Errors
    /// If the manifest cannot be written.
    pub fn note_inputs(&self, model: Option<&HubModel>, data: Option<&HubDataSet>) -> Result<(), FolderError> {
        if model.is_none() && data.is_none() {
            return Ok(());
        }
        let text = fs::read_to_string(self.path.join(MANIFEST)).unwrap_or_default();
        let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let notes = [
            ("model", model.map(serde_json::to_value)),
            ("data", data.map(serde_json::to_value)),
        ];
        for (key, note) in notes {
            if let Some(Ok(note)) = note {
                manifest[key] = note;
            }
        }
        self.write(MANIFEST, format!("{manifest:#}\n").as_bytes())
    }

    /// Opens the folder of an existing study to resume it.
    ///
    /// # Errors
    /// If it holds no study, is in use, was changed, or is damaged.
    pub fn open(path: &Path) -> Result<Opened, FolderError> {
        let file = path.join(journal::FILE_NAME);
        if !holds_study(&file) {
            return Err(FolderError::NoStudy(path.to_owned()));
        }
        refuse_ways_out(path)?;
        refuse_future(path)?;
        let folder = Self {
            path: path.to_owned(),
            _lock: Lock::acquire(path)?,
        };
        files::remove_unfinished(path);
        // A copied folder may lack empty folders.
        make(&path.join("checkpoints"))?;
        make(&folder.logs())?;
        let (journal, contents) = Journal::open(&file)?;
        let spec_path = path.join(SPEC);
        let spec_yaml = fs::read_to_string(&spec_path).map_err(|source| FolderError::Io {
            action: "read",
            path: spec_path.clone(),
            source,
        })?;
        if let Some(first) = contents.entries.first() {
            check_beginning(path, &first.event)?;
        }
        match contents.entries.first().map(|entry| &entry.event) {
            Some(Event::StudyCreated { spec, .. }) if *spec == fingerprint(&spec_yaml) => {}
            Some(Event::StudyCreated { .. }) => return Err(FolderError::SpecChanged(spec_path)),
            _ => return Err(FolderError::NoStudy(path.to_owned())),
        }
        let recorded = contents.entries.last().map_or(0.0, |entry| entry.elapsed);
        let elapsed = Self::elapsed_at_least(path, recorded);
        Ok(Opened {
            folder,
            journal,
            contents,
            elapsed,
        })
    }

    /// Reads the journal of a study from its beginning, without locking the study: another process may work on it. Also
    /// returns the first event.
    ///
    /// # Errors
    /// If there is no study, or its first event is not that of a study.
    pub fn look(path: &Path) -> Result<(Event, Looker), FolderError> {
        let file = path.join(journal::FILE_NAME);
        if !holds_study(&file) {
            return Err(FolderError::NoStudy(path.to_owned()));
        }
        refuse_future(path)?;
        let mut reader = journal::Reader::open(&file, Position::default())?;
        let Some(first) = reader.next().transpose()? else {
            return Err(FolderError::NoStudy(path.to_owned()));
        };
        let created = first.event.clone();
        check_beginning(path, &created)?;
        Ok((created, Looker::new(path, Some(first), reader)))
    }

    /// Reads the part of a study's journal after `from`.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn look_on(path: &Path, from: Position) -> Result<Looker, FolderError> {
        let reader = journal::Reader::open(&path.join(journal::FILE_NAME), from)?;
        Ok(Looker::new(path, None, reader))
    }

    /// Applies all events of a journal to a study.
    ///
    /// # Errors
    /// If an event cannot have happened.
    pub fn replay(path: &Path, contents: &Contents, study: &mut Study) -> Result<(), FolderError> {
        contents.entries.iter().try_for_each(|entry| {
            let told = study.replay(&entry.event, entry.elapsed);
            told.map_err(|problem| impossible(path, entry.seq + 1, &problem))
        })
    }

    /// Cuts a journal off before a line, counted from 1; returns the path of a copy of the whole journal.
    ///
    /// # Errors
    /// If the study is in use, or its files cannot be written.
    pub fn cut(path: &Path, line: u64) -> Result<PathBuf, FolderError> {
        let _lock = Lock::acquire(path)?;
        let file = path.join(journal::FILE_NAME);
        let kept = path.join(DAMAGED);
        let io = |action: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source| FolderError::Io { action, path, source }
        };
        let whole = fs::read(&file).map_err(io("read", &file))?;
        // The first copy has everything; later ones would lack the part that was cut off before.
        if !kept.exists() {
            files::replace(&kept, &whole).map_err(io("write", &kept))?;
        }
        let sound = whole.split_inclusive(|&byte| byte == b'\n').take(line as usize - 1);
        let length: usize = sound.map(<[u8]>::len).sum();
        let cut = || {
            let journal = fs::File::options().write(true).open(&file)?;
            journal.set_len(length as u64)?;
            journal.sync_all()
        };
        cut().map_err(io("write", &file))?;
        Ok(kept)
    }

    /// Seconds that the study in a folder has run; at least `recorded`, the time of its last event.
    pub fn elapsed_at_least(path: &Path, recorded: f64) -> f64 {
        noted_elapsed(path).unwrap_or(0.0).max(recorded)
    }

    /// Time of the last event of the study in a folder, RFC 3339; `None` if the system does not provide it.
    pub fn last_event_at(path: &Path) -> Option<String> {
        let modified = fs::metadata(path.join(journal::FILE_NAME)).and_then(|file| file.modified());
        Some(super::Clock::shown(modified.ok()?))
    }

    /// Checks that a study continues with the model and the data with which it began.
    ///
    /// # Errors
    /// [`FolderError::InputsChanged`] if it does not.
    pub fn check_identity(&self, contents: &Contents, now: &Identity) -> Result<(), FolderError> {
        match contents.entries.first().map(|entry| &entry.event) {
            Some(Event::StudyCreated { inputs, .. }) if inputs == now => Ok(()),
            _ => Err(FolderError::InputsChanged(self.path.clone())),
        }
    }

    /// Returns whether the study in a folder is on hold: nothing new starts, but running segments continue.
    pub fn is_held(path: &Path) -> bool {
        path.join(HOLD).exists()
    }

    /// Puts the study in a folder on hold, or releases the hold, from this process or another one.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn hold(path: &Path, is_held: bool) -> Result<(), FolderError> {
        let file = path.join(HOLD);
        let done = if is_held {
            fs::write(&file, "")
        } else {
            match fs::remove_file(&file) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                done => done,
            }
        };
        done.map_err(|source| FolderError::Io {
            action: "write",
            path: file,
            source,
        })
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the spec if it is missing or empty: the study needs it. The journal has its own check.
    pub(super) fn missing(&self) -> Option<PathBuf> {
        let spec = self.path.join(SPEC);
        let is_there = fs::metadata(&spec).is_ok_and(|spec| spec.len() > 0);
        (!is_there).then_some(spec)
    }

    /// The folder for the checkpoints of a trial.
    pub fn checkpoints(&self, trial: TrialId) -> PathBuf {
        self.path.join("checkpoints").join(trial.to_string())
    }

    /// The file for the validation outputs of a trial of the study in a folder.
    pub fn outputs(path: &Path, trial: TrialId) -> PathBuf {
        path.join("outputs").join(format!("{trial}.safetensors"))
    }

    /// The folder for the logs of the workers.
    pub fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    /// Replaces a file of the folder atomically: readers see the old or the new content, never a part.
    ///
    /// # Errors
    /// If it cannot be written; the old content remains.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), FolderError> {
        files::replace(&self.path.join(name), content).map_err(|source| FolderError::Io {
            action: "write",
            path: self.path.join(name),
            source,
        })
    }

    /// All events of the study.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn contents(&self) -> Result<Contents, FolderError> {
        Ok(journal::read(&self.path.join(journal::FILE_NAME))?)
    }

    /// Records how long the study has run, so that a crash between two events does not give time back.
    pub(super) fn note_elapsed(&self, elapsed: f64) {
        // Losing this record costs at most the seconds since the last event, so it is not synced: on a busy disk that
        // would take seconds, in which a deadline may pass. The length is always the same, so the file is overwritten
        // in place.
        let mut options = fs::File::options();
        let file = options
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path.join("elapsed"));
        let _ = file.and_then(|mut file| file.write_all(format!("{elapsed:>16.3}\n").as_bytes()));
    }
}

fn noted_elapsed(path: &Path) -> Option<f64> {
    let text = fs::read_to_string(path.join("elapsed")).ok()?;
    text.trim()
        .parse()
        .ok()
        .filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
}

/// The error for a journal whose event in this line, counted from 1, cannot have happened.
pub(super) fn impossible(folder: &Path, line: u64, problem: &Impossible) -> FolderError {
    let damaged = ReadError::Damaged {
        path: folder.join(journal::FILE_NAME),
        line,
        message: problem.to_string(),
    };
    damaged.into()
}

/// The fingerprint of a spec: equal for equal resolved specs.
fn fingerprint(spec_yaml: &str) -> String {
    let mut fingerprint = Fingerprint::new();
    fingerprint.bytes(spec_yaml.as_bytes());
    format!("{:016x}", fingerprint.finish())
}

fn make(path: &Path) -> Result<(), FolderError> {
    let made = fs::create_dir_all(path);
    made.map_err(|source| FolderError::Io {
        action: "make the folder",
        path: path.to_owned(),
        source,
    })
}
