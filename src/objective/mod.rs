//! What a trial runs: one segment at a time, told where to begin and where to end, reporting as it goes.
//!
//! Imports `finetune`, `trials` and what lies below. Begin reading at [`Objective`]; each implementation is one file.

mod finetune;
mod function;
mod progress_file;

pub use self::finetune::{FineTune, training_config};
pub use self::function::Function;

use std::collections::BTreeMap;

use crate::finetune::{Device, FineTuneError};
use crate::space::Configuration;
use crate::spec::{FineTuneSpec, ObjectiveSpec, Spec};
use crate::trials::{Failure, Progress, Segment, SegmentReport};
use crate::units::Samples;

/// Something that can train a trial from one resource level to another.
pub trait Objective {
    /// Trains `segment.trial` up to `segment.to`, from its newest checkpoint at or before that, or from the pretrained model.
    ///
    /// When told to stop, it checkpoints and reports what was done until then.
    ///
    /// # Errors
    /// [`Failure`] says why the trial cannot go on; the checkpoint on disk stays as it was.
    fn run(&mut self, segment: &Segment, control: &mut dyn Control) -> Result<SegmentReport, Failure>;
}

/// The objective's line to the outside while it trains.
pub trait Control {
    /// Whether to finish the current step, checkpoint and return early.
    fn is_stop_requested(&self) -> bool;
    /// Tells people how far the segment is. Never used for decisions.
    fn progress(&mut self, progress: Progress);
}
