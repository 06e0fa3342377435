//! Metrics of a program that prints text, found in its lines by the spec's regular expressions.

use std::collections::BTreeMap;

use regex::Regex;

use super::readings::{LONGEST, Reading, Slip};
use crate::spec::EPOCH;

/// The regular expressions of a spec, and the epoch that the program last printed.
#[derive(Clone, Debug, Default)]
pub(super) struct Patterns {
    metrics: Vec<(String, Regex)>,
    epoch: Option<Regex>,
    current: Option<f64>,
    /// `true` if a metric was found before the first epoch.
    is_early: bool,
}

impl Patterns {
    /// Compiles the expressions, given by name. Invalid ones are skipped; a checked spec has none.
    pub(super) fn new(patterns: &BTreeMap<String, String>) -> Self {
        let known = patterns
            .iter()
            .filter_map(|(name, pattern)| Some((name.clone(), Regex::new(pattern).ok()?)));
        let (epoch, metrics): (Vec<_>, Vec<_>) = known.partition(|(name, _)| name == EPOCH);
        Self {
            metrics,
            epoch: epoch.into_iter().next().map(|(_, pattern)| pattern),
            current: None,
            is_early: false,
        }
    }

    /// A possible mistake, if the expressions have found nothing.
    pub(super) fn slip(&self) -> Option<Slip> {
        let found = if self.is_early {
            Slip::BeforeEpoch
        } else {
            Slip::Unmatched
        };
        (!self.metrics.is_empty()).then_some(found)
    }

    /// The metrics in a line.
    ///
    /// If the spec has an expression for the epoch, an epoch also applies to the lines after it. Metrics before the
    /// first epoch are ignored.
    pub(super) fn read(&mut self, line: &[u8]) -> Option<Reading> {
        if self.metrics.is_empty() || line.len() >= LONGEST {
            return None;
        }
        let line = String::from_utf8_lossy(line);
        // Terminal colours are not part of the text.
        let line = console::strip_ansi_codes(&line);
        if let Some(pattern) = &self.epoch {
            self.current = number(pattern, &line)
                .filter(|epoch| epoch.is_finite())
                .or(self.current);
        }
        let found = self.metrics.iter();
        let metrics: BTreeMap<String, f64> = found
            .filter_map(|(name, pattern)| Some((name.clone(), number(pattern, &line)?)))
            .collect();
        if self.epoch.is_some() && self.current.is_none() {
            self.is_early |= !metrics.is_empty();
            return None;
        }
        (!metrics.is_empty()).then_some(Reading {
            epoch: self.current,
            metrics,
        })
    }
}

/// The number in the first group that matched. Special values such as `nan` become NaN.
fn number(pattern: &Regex, line: &str) -> Option<f64> {
    let found = pattern.captures(line)?;
    let text = found.iter().skip(1).flatten().next()?.as_str();
    // A full stop at the end of a sentence is not part of the number.
    let text = text.trim().trim_end_matches(['.', ',']);
    match crate::json::read(text) {
        Ok(serde_json::Value::Null) => Some(f64::NAN),
        // Python writes `.5` and `1.`, which are not valid JSON.
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(known: &[(&str, &str)]) -> Patterns {
        let known = known
            .iter()
            .map(|(name, pattern)| ((*name).to_owned(), (*pattern).to_owned()));
        Patterns::new(&known.collect())
    }

    fn read(patterns: &mut Patterns, line: &str) -> Option<(Option<f64>, Vec<f64>)> {
        let reading = patterns.read(line.as_bytes())?;
        Some((reading.epoch, reading.metrics.into_values().collect()))
    }

    #[test]
    fn an_epoch_holds_for_the_lines_that_follow() {
        let mut both = patterns(&[("loss", r"val_loss: (\S+)"), ("epoch", r"Epoch (\d+)/\d+")]);
        assert_eq!(read(&mut both, "val_loss: 9.0"), None, "of no epoch");
        assert_eq!(both.slip(), Some(Slip::BeforeEpoch));
        assert_eq!(read(&mut both, "Epoch 1/10"), None);
        assert_eq!(
            read(&mut both, "63/63 - 1s - loss: 0.7 - val_loss: 0.69."),
            Some((Some(1.0), vec![0.69]))
        );
        assert_eq!(
            read(&mut both, "Epoch 2/10 val_loss: 1e-3"),
            Some((Some(2.0), vec![1e-3]))
        );
    }

    #[test]
    fn without_an_epoch_a_line_is_a_result() {
        let mut one = patterns(&[("accuracy", r"acc(?:uracy)?[=:] ?([-+.\deE]+|nan|inf)")]);
        assert_eq!(read(&mut one, "acc=.5"), Some((None, vec![0.5])));
        assert_eq!(read(&mut one, "acc=\u{1b}[32m0.25\u{1b}[0m"), Some((None, vec![0.25])));
        assert_eq!(read(&mut one, "nothing"), None);
        let lost = read(&mut one, "accuracy: nan").unwrap();
        assert!(lost.1[0].is_nan());
        let huge = read(&mut one, "accuracy: 1e999").unwrap();
        assert!(!huge.1[0].is_finite());
    }
}
