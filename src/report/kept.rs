//! The validation outputs that the trials of a study kept.

use std::path::{Path, PathBuf};

use crate::engine::Folder;
use crate::finetune::{KeptOutputs, KeptTruth};
use crate::study::Study;
use crate::units::{Samples, TrialId};

/// The kept validation outputs of a study.
#[derive(Debug)]
pub(super) struct Kept {
    folder: PathBuf,
    /// The truth about the validation examples.
    pub(super) truth: KeptTruth,
}

impl Kept {
    /// The outputs in a study's folder; `None` if it has none.
    pub(super) fn open(folder: &Path) -> Option<Self> {
        let truth = KeptTruth::read(&KeptTruth::beside(&Folder::outputs(folder, TrialId(0))))?;
        let folder = folder.to_owned();
        Some(Self { folder, truth })
    }

    /// The outputs of a trial after `at` samples.
    pub(super) fn outputs(&self, trial: TrialId, at: Samples) -> Option<Vec<f32>> {
        let mut kept = KeptOutputs::read(&Folder::outputs(&self.folder, trial))?;
        kept.0.remove(&at).map(|kept| kept.outputs)
    }

    /// The outputs of the evaluation with which a trial counts.
    pub(super) fn best_outputs(&self, study: &Study, trial: TrialId) -> Option<Vec<f32>> {
        self.outputs(trial, study.best_observation(trial)?.at)
    }
}
