//! `trial_limits`: what one trial may use up.

use super::diagnostics::Diagnostic;
use super::raw::Node;
use super::reader::{self, Fields, Problems};
use super::resolved::TrialLimits;
use crate::space::Value;

/// Less than this no program of any use starts with.
const LEAST_MEMORY: u64 = 1 << 20;

/// Reads `trial_limits`.
pub(super) fn read(spec: &Fields<'_>, problems: &mut Problems) -> Option<TrialLimits> {
    let Some(node) = spec.get("trial_limits") else {
        return Some(TrialLimits::default());
    };
    let fields = Fields::read(node, "trial_limits", &["wall", "memory", "silence"], problems)?;
    let wall = fields.get("wall").map(|node| reader::seconds(node, "wall", problems));
    let memory = fields.get("memory").map(|node| bytes(node, problems));
    let silence = fields
        .get("silence")
        .map(|node| reader::seconds(node, "silence", problems));
    let are_sound = wall != Some(None) && memory != Some(None) && silence != Some(None);
    are_sound.then(|| TrialLimits {
        wall: wall.flatten(),
        memory: memory.flatten(),
        silence: silence.flatten(),
    })
}

/// A number of bytes, or a text such as `4GB` or `512MiB`.
fn bytes(node: &Node, problems: &mut Problems) -> Option<u64> {
    let size = match node.scalar() {
        Some(Value::Text(text)) => size(&text),
        Some(value) => value.as_f64(),
        None => None,
    };
    match size {
        Some(size) if size >= LEAST_MEMORY as f64 && size < 1e18 => return Some(size as u64),
        Some(_) => problems.error(Diagnostic::error(
            &node.place,
            "`memory` must be at least 1 MiB and at most 1e18 bytes",
        )),
        None => problems.error(
            Diagnostic::error(&node.place, "`memory` must be an amount of memory")
                .with_help("write bytes as a number, or a text such as `4GB` or `512MiB`"),
        ),
    }
    None
}

fn size(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let factor: f64 = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1024.0_f64.powi(2),
        "gib" => 1024.0_f64.powi(3),
        "tib" => 1024.0_f64.powi(4),
        _ => return None,
    };
    Some(number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_numbers_with_units() {
        assert_eq!(size("4GB"), Some(4e9));
        assert_eq!(size("1.5 GiB"), Some(1.5 * 1024.0 * 1024.0 * 1024.0));
        assert_eq!(size("512m"), Some(512e6));
        for text in ["", "GB", "4", "4 pounds", "-1GB", "1..2GB"] {
            assert_eq!(size(text), None, "{text}");
        }
    }
}
