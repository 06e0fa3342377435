//! The any-time curve: the best value so far after every improvement.

use std::io;

use crate::study::Study;

/// Writes `incumbent.csv`: one row an improvement. `seconds`, the only column that depends on the machine, comes last.
///
/// # Errors
/// When `output` cannot be written.
pub fn write_csv(study: &Study, output: impl io::Write) -> io::Result<()> {
    let settings = study.settings();
    let mut writer = csv::Writer::from_writer(output);
    writer.write_record(["improvement", "trial", &settings.metric, "trials", "epochs", "seconds"])?;
    for (index, improvement) in study.improvements().iter().enumerate() {
        let epochs = improvement.samples as f64 / settings.epoch.0 as f64;
        writer.write_record([
            (index + 1).to_string(),
            improvement.trial.to_string(),
            settings.goal.value(improvement.loss).to_string(),
            improvement.trials.to_string(),
            epochs.to_string(),
            format!("{:.3}", improvement.elapsed),
        ])?;
    }
    writer.flush()
}
