//! One run: its folder, and the log in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::log::{EXIT, FILES, HISTORY, Log, METRIC, RUN, SUMMARY};
use crate::files::replace_soon;
use crate::tracking::TrackerError;
use crate::tracking::facts::{Point, StudyFacts, digest};
use crate::tracking::growing::Growing;
use crate::tracking::protobuf::Message;

/// Digits of a run's id.
const ID_DIGITS: usize = 12;

/// Kinds of files (`FileType` in `wandb_internal.proto`).
const OTHER: u64 = 0;
const MEDIA: u64 = 2;

/// Digits of a digest in a file's name, as wandb has them.
const NAME_DIGITS: usize = 20;

/// The facts that all runs of a study have in common.
pub(super) struct Shared {
    pub(super) facts: StudyFacts,
    pub(super) folder: PathBuf,
    pub(super) project: String,
    pub(super) entity: Option<String>,
    pub(super) group: String,
    pub(super) sweep: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) notes: Option<String>,
}

/// The description of a run.
pub(super) struct About {
    /// The text that its id is made from: `study`, or the number of a trial.
    pub(super) key: String,
    pub(super) name: String,
    pub(super) job: &'static str,
    pub(super) tags: Vec<String>,
    pub(super) config: Vec<(String, Json)>,
    /// Milliseconds since 1970.
    pub(super) began: i64,
}

impl About {
    fn id(&self, shared: &Shared) -> String {
        let mut id = shared.facts.key(&["wandb", &self.key]);
        id.truncate(ID_DIGITS);
        id
    }

    fn message(&self, shared: &Shared) -> Message {
        let mut run = Message::new().bytes(1, self.id(shared));
        if let Some(entity) = &shared.entity {
            run = run.bytes(2, entity);
        }
        run = run
            .bytes(3, &shared.project)
            .message(4, &items(&self.config))
            .bytes(6, &shared.group)
            .bytes(7, self.job)
            .bytes(8, &self.name);
        if let Some(notes) = &shared.notes {
            run = run.bytes(9, notes);
        }
        for tag in shared.tags.iter().chain(&self.tags) {
            run = run.bytes(10, tag);
        }
        if let Some(sweep) = &shared.sweep {
            run = run.bytes(12, sweep);
        }
        let start = Message::new()
            .integer(1, (self.began / 1_000) as u64)
            .integer(2, (self.began % 1_000) as u64 * 1_000_000);
        run.message(17, &start)
    }
}

/// A folder with the log of a run.
pub(super) struct Run {
    about: About,
    folder: PathBuf,
    file: Growing,
    log: Log,
    /// Metrics that the log defines.
    metrics: BTreeSet<String>,
    rows: u64,
    summary: BTreeMap<String, Json>,
    files: Vec<(String, u64)>,
}

impl Run {
    pub(super) fn begin(shared: &Shared, about: About) -> Self {
        let id = about.id(shared);
        let date = jiff::Timestamp::from_millisecond(about.began).unwrap_or_default();
        let name = format!("offline-run-{}-{id}", date.strftime("%Y%m%d_%H%M%S"));
        let folder = shared.folder.join(name);
        let (log, beginning) = Log::begin(&shared.facts.version);
        let mut run = Self {
            file: Growing::new(folder.join(format!("run-{id}.wandb"))),
            folder,
            log,
            metrics: BTreeSet::new(),
            rows: 0,
            summary: BTreeMap::new(),
            files: Vec::new(),
            about,
        };
        run.file.push(&beginning);
        let message = run.about.message(shared);
        run.push(RUN, &message);
        let epoch = Message::new().bytes(1, "epoch");
        run.push(METRIC, &epoch.message(6, &Message::new().integer(3, 1)));
        run
    }

    fn push(&mut self, kind: u64, content: &Message) {
        let bytes = self.log.record(kind, content);
        self.file.push(&bytes);
    }

    /// Adds the values at one level.
    pub(super) fn evaluate(&mut self, point: &Point<'_>) {
        // Names that begin so are those of the server.
        let named = |name: &str| name.strip_prefix('_').unwrap_or(name).to_owned();
        let values = point.values.iter().map(|(name, value)| (named(name), json!(value)));
        let mut row: BTreeMap<String, Json> = values.collect();
        for name in row.keys().cloned().collect::<Vec<_>>() {
            if self.metrics.insert(name.clone()) {
                let options = Message::new().integer(1, 1).integer(3, 1);
                let metric = Message::new().bytes(1, name).bytes(4, "epoch").message(6, &options);
                self.push(METRIC, &metric);
            }
        }
        row.insert("epoch".to_owned(), json!(point.epoch));
        row.insert("samples".to_owned(), json!(point.at.0));
        self.row(row.into_iter().collect(), point.time);
    }

    /// Adds a line to the history.
    pub(super) fn row(&mut self, mut values: Vec<(String, Json)>, time: i64) {
        self.summary.extend(values.iter().cloned());
        values.push(("_step".to_owned(), json!(self.rows)));
        values.push(("_runtime".to_owned(), json!(self.seconds(time))));
        values.push(("_timestamp".to_owned(), json!(time as f64 / 1e3)));
        let step = Message::new().integer(1, self.rows);
        let history = items(&values).message(2, &step);
        self.push(HISTORY, &history);
        self.rows += 1;
    }

    fn seconds(&self, time: i64) -> f64 {
        (time - self.about.began).max(0) as f64 / 1e3
    }

    /// Adds values that belong to the run's end.
    pub(super) fn sum_up<'a>(&mut self, values: impl IntoIterator<Item = (&'a str, Json)>) {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value));
        self.summary.extend(values);
    }

    /// Begins the list of files anew, after an attempt that failed.
    pub(super) fn forget_files(&mut self) {
        self.files.clear();
    }

    /// Writes a file of the run that the page of a value shows. Returns the value that refers to it.
    pub(super) fn media(
        &mut self,
        kind: &str,
        (name, ending): (&str, &str),
        content: &[u8],
    ) -> Result<Json, TrackerError> {
        let digest = digest(content);
        let path = format!("media/{kind}/{name}_0_{}.{ending}", &digest[..NAME_DIGITS]);
        self.write_file(&path, content)?;
        self.files.push((path.clone(), MEDIA));
        Ok(json!({"_type": format!("{kind}-file"), "path": path, "sha256": digest, "size": content.len()}))
    }

    /// Writes a file of the run.
    pub(super) fn add_file(&mut self, name: &str, content: &[u8]) -> Result<(), TrackerError> {
        self.write_file(name, content)?;
        self.files.push((name.to_owned(), OTHER));
        Ok(())
    }

    fn write_file(&self, name: &str, content: &[u8]) -> Result<(), TrackerError> {
        let path = self.folder.join("files").join(name);
        let folder = path.parent().unwrap_or(&path);
        std::fs::create_dir_all(folder)
            .and_then(|()| replace_soon(&path, content))
            .map_err(|source| TrackerError::File { path, source })
    }

    /// Ends the log, with one more tag that is known only now.
    pub(super) fn end(&mut self, tag: Option<&str>, code: u64, time: i64, shared: &Shared) {
        if let Some(tag) = tag {
            self.about.tags.push(tag.to_owned());
            // The description once more: the later one counts.
            let again = self.about.message(shared);
            self.push(RUN, &again);
        }
        let summary: Vec<(String, Json)> = self.summary.clone().into_iter().collect();
        self.push(SUMMARY, &items(&summary));
        if !self.files.is_empty() {
            let files = self.files.iter().fold(Message::new(), |files, (path, kind)| {
                files.message(1, &Message::new().bytes(1, path).integer(3, *kind))
            });
            self.push(FILES, &files);
        }
        let seconds = self.seconds(time) as u64;
        self.push(EXIT, &Message::new().integer(1, code).integer(2, seconds));
    }

    /// Writes what the log's file does not have.
    pub(super) fn write(&mut self) -> Result<(), TrackerError> {
        if self.file.write()? {
            // `wandb sync` leaves out a run with this mark.
            let mut mark = self.file.path().as_os_str().to_owned();
            mark.push(".synced");
            let _ = std::fs::remove_file(mark);
        }
        Ok(())
    }
}

/// Keys and values as the log wants them.
fn items(values: &[(String, Json)]) -> Message {
    values.iter().fold(Message::new(), |items, (key, value)| {
        let item = Message::new().bytes(1, key).bytes(16, value.to_string());
        items.message(1, &item)
    })
}
