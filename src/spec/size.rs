//! Reads amounts of memory.

use super::diagnostics::Diagnostic;
use super::raw::Node;
use super::reader::Problems;
use crate::space::Value;

/// A number of bytes, or a text such as `4GB` or `512MiB`; at least `least`.
pub(super) fn bytes(node: &Node, what: &str, least: u64, problems: &mut Problems) -> Option<u64> {
    let size = match node.scalar() {
        Some(Value::Text(text)) => size(&text),
        Some(value) => value.as_f64(),
        None => None,
    };
    match size {
        Some(size) if size >= least as f64 && size < 1e18 => return Some(size as u64),
        Some(_) => problems.error(Diagnostic::error(
            &node.location,
            format!("`{what}` must be at least {} MiB and at most 1e18 bytes", least >> 20),
        )),
        None => problems.error(
            Diagnostic::error(&node.location, format!("`{what}` must be an amount of memory"))
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
