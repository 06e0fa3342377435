//! Durations on the command line.

use super::CliError;

/// A thousand years, in seconds.
const LONGEST: f64 = 3.2e10;

/// Seconds of a duration such as `90s`, `10m` or `1h30m`, given to `flag`.
pub(super) fn seconds(flag: &str, text: &str) -> Result<f64, CliError> {
    let parsed = text
        .parse::<f64>()
        .ok()
        .or_else(|| Some(text.parse::<jiff::SignedDuration>().ok()?.as_secs_f64()));
    parsed
        .filter(|seconds| *seconds > 0.0 && *seconds <= LONGEST)
        .ok_or_else(|| {
            CliError::Usage(format!(
                "`{flag} {text}` is not a duration: write it like `90s`, `10m` or `1h30m`"
            ))
        })
}
