//! Tables for spreadsheets and notebooks: `trials.csv`, `curves.csv` and `segments.csv`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;

use jiff::Timestamp;

use super::facts::{Point, SegmentFacts};
use super::{Opened, Opening, Registered, Tracker, TrackerError};
use crate::files::replace_soon;
use crate::journal::Entry;
use crate::report::Leaderboard;
use crate::study::{Event, Outcome, Study};
use crate::units::{Samples, TrialId};

/// Its row in the registry.
pub(super) const TRACKER: Registered = Registered {
    name: "csv",
    open,
    check: |_| Ok(()),
};

const CURVES: [&str; 6] = ["trial", "samples", "epoch", "metric", "value", "time"];

const SEGMENTS: [&str; 10] = [
    "trial",
    "from_epoch",
    "to_epoch",
    "outcome",
    "device",
    "started_at",
    "finished_at",
    "train_seconds",
    "wall_seconds",
    "peak_memory_mb",
];

fn open(opening: &Opening<'_>) -> Result<Opened, TrackerError> {
    let folder = opening.target("folder", "csv");
    std::fs::create_dir_all(&folder).map_err(|source| TrackerError::File {
        path: folder.clone(),
        source,
    })?;
    let length = |name: &str| opening.state[name].as_u64();
    let curves = Table::open(folder.join("curves.csv"), &CURVES, length("curves"))?;
    let segments = Table::open(folder.join("segments.csv"), &SEGMENTS, length("segments"))?;
    let is_continued = curves.is_continued && segments.is_continued;
    let (curves, segments) = if is_continued {
        (curves, segments)
    } else {
        (
            Table::open(folder.join("curves.csv"), &CURVES, None)?,
            Table::open(folder.join("segments.csv"), &SEGMENTS, None)?,
        )
    };
    let tracker = Box::new(Csv {
        folder,
        curves,
        segments,
    });
    Ok(Opened { tracker, is_continued })
}

/// The tables of one study.
struct Csv {
    folder: PathBuf,
    curves: Table,
    segments: Table,
}

impl Tracker for Csv {
    fn record(&mut self, entry: &Entry, study: &Study) -> Result<(), TrackerError> {
        // A resumed segment reports all of its evaluations again, so the evaluations at its end are complete.
        let Event::SegmentEnded {
            trial,
            outcome,
            device,
            started_at,
            finished_at,
        } = &entry.event
        else {
            return Ok(());
        };
        let epoch = study.settings().epoch;
        let from = study.flights().get(trial).map_or(Samples(0), |flight| flight.from);
        let (name, report) = match outcome {
            Outcome::Reached(report) => ("reached", Some(report)),
            Outcome::Failed(_) => ("failed", study.record(*trial).partial.as_ref()),
        };
        let facts = SegmentFacts::of(entry, study);
        for point in facts.iter().flat_map(|segment| &segment.points) {
            self.point(*trial, point);
        }
        let reached = report.map_or(from, |report| report.reached);
        let usage = report.map(|report| report.usage.clone()).unwrap_or_default();
        self.segments.row(&[
            trial.0.to_string(),
            from.epochs(epoch).to_string(),
            reached.epochs(epoch).to_string(),
            name.to_owned(),
            device.clone(),
            started_at.clone(),
            finished_at.clone(),
            usage.train_seconds.to_string(),
            usage.wall_seconds.to_string(),
            usage.peak_memory_mb.to_string(),
        ]);
        Ok(())
    }

    fn flush(&mut self, study: &Study) -> Result<serde_json::Value, TrackerError> {
        self.curves.flush()?;
        self.segments.flush()?;
        let mut trials = Vec::new();
        let path = self.folder.join("trials.csv");
        Leaderboard::new(study)
            .write_csv(&mut trials, true)
            .and_then(|()| replace_soon(&path, &trials))
            .map_err(|source| TrackerError::File { path, source })?;
        Ok(serde_json::json!({"curves": self.curves.length, "segments": self.segments.length}))
    }
}

impl Csv {
    fn point(&mut self, trial: TrialId, point: &Point<'_>) {
        let time = time_of(point);
        for (name, value) in &point.values {
            self.curves.row(&[
                trial.0.to_string(),
                point.at.0.to_string(),
                point.epoch.to_string(),
                (*name).to_owned(),
                value.to_string(),
                time.clone(),
            ]);
        }
    }
}

/// Time of a point; empty if that of its segment is unknown.
fn time_of(point: &Point<'_>) -> String {
    let time = Timestamp::from_millisecond(point.time).ok().filter(|_| point.time > 0);
    time.map_or_else(String::new, |time| format!("{time:.3}"))
}

/// An append-only table.
struct Table {
    path: PathBuf,
    file: File,
    /// Number of valid bytes. Bytes beyond it were written before a crash and are written again.
    length: u64,
    waiting: Vec<u8>,
    is_continued: bool,
}

impl Table {
    /// Opens the table to continue after `length` bytes. Without it, or if the file is shorter, the table begins anew.
    fn open(path: PathBuf, header: &[&str], length: Option<u64>) -> Result<Self, TrackerError> {
        let opened = || -> io::Result<(File, u64)> {
            let file = OpenOptions::new().create(true).append(true).open(&path)?;
            let known = length.filter(|&length| file.metadata().is_ok_and(|found| found.len() >= length));
            file.set_len(known.unwrap_or(0))?;
            Ok((file, known.unwrap_or(0)))
        };
        let (file, length) = opened().map_err(|source| TrackerError::File {
            path: path.clone(),
            source,
        })?;
        let mut table = Self {
            path,
            file,
            length,
            waiting: Vec::new(),
            is_continued: length > 0,
        };
        if length == 0 {
            let header: Vec<String> = header.iter().map(|&name| name.to_owned()).collect();
            table.row(&header);
        }
        Ok(table)
    }

    fn row(&mut self, cells: &[String]) {
        let mut writer = csv::Writer::from_writer(&mut self.waiting);
        // Writing to memory cannot fail.
        let _ = writer.write_record(cells).and_then(|()| Ok(writer.flush()?));
    }

    fn flush(&mut self) -> Result<(), TrackerError> {
        // The next write first removes the rest of an incomplete write.
        let written = self
            .file
            .set_len(self.length)
            .and_then(|()| self.file.write_all(&self.waiting));
        written.map_err(|source| TrackerError::File {
            path: self.path.clone(),
            source,
        })?;
        self.length += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }
}
