//! Validation labels that are likely wrong, by the outputs of the best trial.

use std::path::Path;

use super::{LabelErrorsView, SuspectView};
use crate::finetune::data::{Position, RawText};
use crate::finetune::{KeptTruth, LabelErrors};
use crate::report::kept::Kept;
use crate::study::Study;

impl LabelErrorsView {
    /// The likely errors of a study; `None` if its outputs were not kept, if its task has no classes, or if `rows` does not
    /// know the places and texts of the examples.
    pub fn new(
        study: &Study,
        folder: &Path,
        rows: impl FnOnce(&KeptTruth) -> Option<Vec<(Position, RawText)>>,
    ) -> Option<Self> {
        let trial = study.winner()?.trial;
        let kept = Kept::open(folder)?;
        let errors = LabelErrors::find(&kept.truth, &kept.best_outputs(study, trial)?)?;
        let rows = rows(&kept.truth)?;
        let suspects = errors.suspects.iter().filter_map(|suspect| {
            let (place, text) = rows.get(suspect.example)?;
            Some(SuspectView {
                file: place.file.display().to_string(),
                row: place.line().or(place.row()),
                given: suspect.given.clone(),
                suggested: suspect.suggested.clone(),
                self_confidence: suspect.self_confidence,
                margin: suspect.margin,
                text: text.texts().collect::<Vec<_>>().join(" | "),
            })
        });
        Some(Self {
            trial: trial.0,
            examples: errors.examples,
            estimated_share: errors.estimated_share,
            number: errors.suspects.len(),
            suspects: suspects.collect(),
        })
    }

    /// The first suspects alone, with texts of moderate length: a page with thousands of them helps nobody.
    #[must_use]
    pub fn shortened(mut self) -> Self {
        const MOST: usize = 100;
        const LONGEST: usize = 400;
        self.suspects.truncate(MOST);
        for suspect in &mut self.suspects {
            if let Some((end, _)) = suspect.text.char_indices().nth(LONGEST) {
                suspect.text.truncate(end);
                suspect.text.push('…');
            }
        }
        self
    }
}
