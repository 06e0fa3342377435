//! Keeps the validation outputs of a trial's best and latest evaluation in the study's folder.
//!
//! A trial counts with its best evaluation, and a repeat of a finalist with its last one. So every metric of both can be
//! asked afterwards. Nothing depends on the files: a failure to write them is only a warning.

use std::io::Write as _;
use std::path::Path;

use crate::finetune::data::{Dataset, Targets};
use crate::finetune::{Kept, KeptOutputs, KeptTruth};
use crate::study::Settings;
use crate::trials::Evaluation;
use crate::units::Samples;

/// Largest number of outputs that are kept of one evaluation: 16 MiB.
const MOST_OUTPUTS: usize = 4 << 20;

/// Replaces the kept outputs of a trial after an evaluation on examples of `data` with these targets.
pub(super) fn keep(
    path: &Path,
    evaluation: &Evaluation,
    outputs: Vec<f32>,
    (data, targets, settings): (&Dataset, &Targets, &Settings),
) {
    if outputs.len() > MOST_OUTPUTS || !KeptTruth::is_kept(targets) {
        return;
    }
    let mut kept = KeptOutputs::read(path).unwrap_or_default();
    let note = settings
        .order(evaluation)
        .map_or_else(String::new, |(violation, loss)| format!("{violation} {loss}"));
    replace(&mut kept, evaluation.at, Kept { outputs, note });
    let truth = KeptTruth::beside(path);
    let written = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    let written = written.map_err(|error| error.to_string()).and_then(|()| {
        if !truth.exists() {
            let written = KeptTruth {
                task: data.task,
                names: data.labels.clone(),
                targets: targets.clone(),
            };
            written.write(&truth).map_err(|error| error.to_string())?;
        }
        kept.write(path).map_err(|error| error.to_string())
    });
    if let Err(error) = written {
        let _ = writeln!(
            std::io::stderr(),
            "warning: the validation outputs are not kept, so other metrics cannot be asked afterwards: {error}"
        );
    }
}

/// Keeps the outputs at `at`, and those of the best evaluation before.
fn replace(kept: &mut KeptOutputs, at: Samples, new: Kept) {
    // What is later was made by a run whose result was lost.
    kept.0.retain(|&before, _| before < at);
    kept.0.insert(at, new);
    let best = kept.0.iter().filter_map(|(&at, kept)| Some((order(&kept.note)?, at)));
    let best = best.min_by(|(one, at), (other, later)| {
        let by_violation = one.0.total_cmp(&other.0);
        by_violation.then(one.1.total_cmp(&other.1)).then(at.cmp(later))
    });
    let best = best.map(|(_, at)| at);
    kept.0.retain(|&before, _| before == at || Some(before) == best);
}

/// The violation and the loss of an evaluation, as [`keep`] noted them.
fn order(note: &str) -> Option<(f64, f64)> {
    let (violation, loss) = note.split_once(' ')?;
    Some((violation.parse().ok()?, loss.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_and_the_latest_outputs_are_kept() {
        let mut kept = KeptOutputs::default();
        let mut levels = |at: u64, note: &str| {
            let outputs = vec![at as f32];
            let note = note.to_owned();
            replace(&mut kept, Samples(at), Kept { outputs, note });
            kept.0.keys().map(|at| at.0).collect::<Vec<u64>>()
        };
        assert_eq!(levels(10, "0 0.5"), [10]);
        assert_eq!(levels(20, "0 0.25"), [20]);
        assert_eq!(levels(30, "0 0.25"), [20, 30], "of equal ones the first is the best");
        assert_eq!(levels(40, ""), [20, 40], "an evaluation without a result");
        assert_eq!(levels(50, "0.1 0.1"), [20, 50], "a constraint is violated");
        // The same trial again from 10 samples, after its results were lost.
        assert_eq!(levels(15, "0 0.75"), [15]);
    }
}
