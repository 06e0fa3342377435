//! Checks that the model and the data are those that a configuration was found with.

use std::path::Path;

use super::ProductionError;
use crate::spec::{InputPart, Provenance};

/// Compares the model and the data with those that the configuration was found with.
///
/// If something has changed, returns an error if `must_be_equal` is set, else a warning.
pub(super) fn check_inputs(
    path: &Path,
    must_be_equal: bool,
    known: Option<&Provenance>,
    now: &[InputPart],
) -> Result<Option<String>, ProductionError> {
    let path = path.display();
    let known = known.map_or(&[][..], |known| &known.inputs);
    if known.is_empty() {
        let message = format!("`{path}` does not record its data, so there is nothing to check");
        return if must_be_equal {
            Err(ProductionError::Usage(message))
        } else {
            Ok(None)
        };
    }
    let changes = known.iter().filter_map(|known| change(known, now));
    let changes: Vec<String> = changes.collect();
    if changes.is_empty() {
        return Ok(None);
    }
    let message = format!("since `{path}` was found, {}", changes.join("; "));
    if must_be_equal {
        let message = format!("{message}: search again, or train without `--check`");
        return Err(ProductionError::Usage(message));
    }
    Ok(Some(format!("{message}; its metrics may no longer hold")))
}

/// Describes the change of one part, if any.
fn change(known: &InputPart, now: &[InputPart]) -> Option<String> {
    let name = match known.part.as_str() {
        "model" => "the pretrained model".to_owned(),
        part => format!("the {part} examples"),
    };
    let verb = if known.part == "model" { "has" } else { "have" };
    let Some(now) = now.iter().find(|now| now.part == known.part) else {
        return Some(format!("{name} {verb} gone"));
    };
    if now.fingerprint == known.fingerprint {
        return None;
    }
    let counts = match (known.rows, now.rows) {
        (Some(before), Some(now)) if before != now => format!(" ({before} then, {now} now)"),
        _ => String::new(),
    };
    Some(format!("{name} {verb} changed{counts}"))
}
