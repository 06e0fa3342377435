//! A part of a split of the hub, as the library `datasets` writes it: `train[:1000]`, `train[10%:20%]`, `test[-500:]`.

use std::ops::Range;

/// A split of the hub, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitSlice {
    /// The name of the split.
    pub split: String,
    /// The part; `None`: all of it.
    pub part: Option<Slice>,
}

/// A part of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The first row; `None`: the first of all. Negative numbers count from the end.
    pub from: Option<i64>,
    /// The row behind the last; `None`: behind the last of all.
    pub to: Option<i64>,
    /// True if the numbers are percents of the rows.
    pub is_percent: bool,
}

impl SplitSlice {
    /// Reads a name; `None` if it is malformed.
    pub fn parse(name: &str) -> Option<Self> {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        let (split, part) = match name.split_once('[') {
            Some((split, rest)) => (split, Some(Slice::parse(rest.strip_suffix(']')?)?)),
            None => (name, None),
        };
        let is_named = !split.is_empty() && split.chars().all(is_word);
        is_named.then(|| Self {
            split: split.to_owned(),
            part,
        })
    }
}

impl Slice {
    fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once(':')?;
        let bound = |text: &str| -> Option<(Option<i64>, bool)> {
            let text = text.trim();
            if text.is_empty() {
                return Some((None, false));
            }
            let (number, is_percent) = match text.strip_suffix('%') {
                Some(number) => (number, true),
                None => (text, false),
            };
            // Python allows underscores in numbers.
            let number: i64 = number.replace('_', "").parse().ok()?;
            let is_possible = !is_percent || (-100..=100).contains(&number);
            is_possible.then_some((Some(number), is_percent))
        };
        let ((from, is_from_percent), (to, is_to_percent)) = (bound(from)?, bound(to)?);
        let is_mixed = from.is_some() && to.is_some() && is_from_percent != is_to_percent;
        (!is_mixed).then_some(Self {
            from,
            to,
            is_percent: is_from_percent || is_to_percent,
        })
    }

    /// Returns whether the number of rows must be known to find the part.
    pub fn needs_count(&self) -> bool {
        self.is_percent || [self.from, self.to].into_iter().flatten().any(i64::is_negative)
    }

    /// The rows among `rows`. Percents are rounded to the nearest row, halves to an even one, as in `datasets`.
    pub fn of(&self, rows: u64) -> Range<u64> {
        let count = i64::try_from(rows).unwrap_or(i64::MAX);
        let place = |bound: Option<i64>, otherwise: i64| {
            let Some(bound) = bound else { return otherwise };
            let bound = if self.is_percent {
                (bound as f64 * count as f64 / 100.0).round_ties_even() as i64
            } else {
                bound
            };
            let bound = if bound < 0 { count.saturating_add(bound) } else { bound };
            bound.clamp(0, count)
        };
        let (from, to) = (place(self.from, 0), place(self.to, count));
        from.cast_unsigned()..to.max(from).cast_unsigned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, count: u64) -> Range<u64> {
        SplitSlice::parse(text).unwrap().part.unwrap().of(count)
    }

    #[test]
    fn parts_of_splits_are_those_of_the_library_datasets() {
        assert_eq!(rows("train[:1000]", 25_000), 0..1_000);
        assert_eq!(rows("train[:1_000]", 600), 0..600);
        assert_eq!(rows("train[10%:20%]", 999), 100..200);
        assert_eq!(rows("train[-10%:]", 25), 23..25);
        assert_eq!(rows("test[-500:-100]", 2_000), 1_500..1_900);
        assert_eq!(rows("test[300:200]", 2_000), 300..300);
        assert_eq!(SplitSlice::parse("train").unwrap().part, None);
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "",
            "train[",
            "train[1]",
            "train[5:10%]",
            "train[:150%]",
            "a+b",
            "[:3]",
            "train[a:b]",
            "train[:3](closest)",
        ] {
            assert_eq!(SplitSlice::parse(name), None, "{name}");
        }
    }
}
