//! The evaluations of an unfinished segment, saved beside the trial's checkpoint so that a resumed segment reports them
//! all.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files;
use crate::trials::{Evaluation, TrainingCurve, Usage};
use crate::units::Samples;

/// Progress of an unfinished or just finished segment. Belongs to the checkpoint with the same `reached`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SegmentProgress {
    /// Samples seen at the beginning of the segment.
    pub(super) from: Samples,
    /// Samples seen by the trial.
    pub(super) reached: Samples,
    /// Evaluations since `from`.
    pub(super) evaluations: Vec<Evaluation>,
    /// Loss and learning rate since `from`.
    #[serde(default, skip_serializing_if = "TrainingCurve::is_empty")]
    pub(super) training: TrainingCurve,
    /// Resources used so far.
    pub(super) usage: Usage,
    /// Number of bytes of a program's output that the evaluations cover; always 0 for other objectives.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) heard: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl SegmentProgress {
    /// A segment that has made no progress since `from`.
    pub(super) fn fresh(from: Samples) -> Self {
        Self {
            from,
            reached: from,
            evaluations: Vec::new(),
            training: TrainingCurve::default(),
            usage: Usage::default(),
            heard: 0,
        }
    }

    pub(super) fn path(checkpoints: &Path) -> PathBuf {
        checkpoints.join("segment.json")
    }

    /// Reads the file. An unreadable file counts as missing, and the segment restarts.
    pub(super) fn load(checkpoints: &Path) -> Option<Self> {
        let Stored { progress, checksum } =
            serde_json::from_slice(&std::fs::read(Self::path(checkpoints)).ok()?).ok()?;
        let found = progress.checksum().ok()?;
        (checksum == found).then_some(progress)
    }

    /// Replaces the whole file.
    pub(super) fn save(&self, checkpoints: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(checkpoints)?;
        files::replace(&Self::path(checkpoints), &self.content()?)
    }

    /// As [`Self::save`], but does not wait until the file is on disk. For segments that can be repeated exactly.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn save_soon(&self, checkpoints: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(checkpoints)?;
        files::replace_soon(&Self::path(checkpoints), &self.content()?)
    }

    fn content(&self) -> std::io::Result<Vec<u8>> {
        let checksum = self.checksum()?;
        Ok(serde_json::to_vec(&Stored {
            progress: self.clone(),
            checksum,
        })?)
    }

    fn checksum(&self) -> std::io::Result<String> {
        Ok(format!("{:08x}", crc32fast::hash(&serde_json::to_vec(self)?)))
    }
}

/// The file's content. The checksum detects values that were changed on disk.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(flatten)]
    progress: SegmentProgress,
    /// CRC-32 of everything else as JSON.
    checksum: String,
}

/// The message for a checkpoint that could not be written.
pub(super) fn unwritable(checkpoints: &Path, error: impl std::fmt::Display) -> String {
    format!(
        "cannot write the checkpoint in `{}`: {error}; everything before is safe, `automl resume` continues from there",
        checkpoints.display()
    )
}

/// The points at which a segment is evaluated: every whole epoch inside it, and its end.
pub(super) fn evaluation_points(from: Samples, to: Samples, epoch: Samples) -> Vec<Samples> {
    let first = from.0 / epoch.0 + 1;
    let inside = (first..)
        .map(|number| Samples(number * epoch.0))
        .take_while(|&at| at < to);
    inside.chain([to]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_on_disk_counts_as_absent() {
        let folder = tempfile::tempdir().unwrap();
        let mut progress = SegmentProgress::fresh(Samples(3));
        progress.evaluations.push(Evaluation {
            at: Samples(4),
            metrics: [("loss".to_owned(), 0.1 + 0.2)].into(),
        });
        progress.save(folder.path()).unwrap();
        assert_eq!(SegmentProgress::load(folder.path()), Some(progress));
        let path = SegmentProgress::path(folder.path());
        let changed = std::fs::read_to_string(&path).unwrap().replace("0.3", "0.2");
        std::fs::write(&path, changed).unwrap();
        assert_eq!(SegmentProgress::load(folder.path()), None);
    }

    #[test]
    fn a_segment_is_evaluated_at_whole_epochs_and_at_its_end() {
        let points = |from, to| evaluation_points(Samples(from), Samples(to), Samples(100));
        assert_eq!(points(0, 50), [50].map(Samples));
        assert_eq!(points(50, 250), [100, 200, 250].map(Samples));
        assert_eq!(points(100, 200), [200].map(Samples));
    }
}
