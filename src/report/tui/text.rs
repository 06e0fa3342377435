//! Texts cut to a number of columns, not of characters, since some characters are two columns wide.

use console::{measure_text_width, truncate_str};

use crate::report::terminal::words;

/// Width of a text in columns.
pub(super) fn width(text: &str) -> usize {
    measure_text_width(text)
}

/// A text cut to at most `columns` columns, with an ellipsis if it was cut. Control characters become spaces.
pub(super) fn cut(text: &str, columns: usize) -> String {
    let text = text.replace(char::is_control, " ");
    if columns == 0 {
        return String::new();
    }
    truncate_str(&text, columns, "…").into_owned()
}

/// The first of `parts` that fit; an ellipsis stands for the others. The iterator is read only as far as parts fit.
pub(super) fn fitting(parts: impl Iterator<Item = String>, separator: &str, columns: usize) -> String {
    let mut line = String::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let before = if line.is_empty() { "" } else { separator };
        let rest = if parts.peek().is_some() {
            width(separator) + 1
        } else {
            0
        };
        let room = columns.saturating_sub(width(&line) + width(before));
        if width(&part) + rest > room {
            let end = if line.is_empty() { part } else { "…".to_owned() };
            line += before;
            line += &end;
            break;
        }
        line += before;
        line += &part;
    }
    cut(&line, columns)
}

/// Wraps a text between words into lines of at most `columns` columns; a longer word is cut off.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            *line = cut(word, columns);
        } else if width(line) + 1 + width(word) <= columns {
            line.push(' ');
            line.push_str(&cut(word, columns));
        } else {
            lines.push(cut(word, columns));
        }
    }
    lines
}

/// A level in epochs with two significant digits, in the format of losses.
pub(super) fn level(epochs: f64) -> String {
    words::loss(epochs)
}

/// A bar of `columns` columns: its filled part and the rest.
pub(super) fn bar(share: f64, columns: usize) -> (String, String) {
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let full = (share * columns as f64).floor() as usize;
    ("━".repeat(full), "─".repeat(columns - full.min(columns)))
}

/// A sparkline of the values, the newest last; `·` stands for a value that is not finite.
pub(super) fn sparkline(values: &[f64], columns: usize) -> String {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let (low, high) = values
        .iter()
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| {
            (low.min(value), high.max(value))
        });
    let step = |value: f64| {
        if !value.is_finite() {
            return '·';
        }
        if low == high {
            return STEPS[3];
        }
        // Halve first, since the difference of two large numbers may overflow.
        let share = (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
        STEPS[((share * 8.0) as usize).min(7)]
    };
    // If there are more values than columns, each column shows the last value of its share.
    let shown = values.len().min(columns);
    (1..=shown)
        .map(|column| step(values[column * values.len() / shown - 1]))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn wide_characters_count_twice_and_control_characters_move_nothing() {
        assert_eq!(cut("学習率の探索", 7), "学習率…");
        assert_eq!(cut("a\u{1b}[2J\nb", 20), "a [2J b");
        assert_eq!(cut("anything", 0), "");
    }

    #[test]
    fn parts_that_do_not_fit_are_left_out_whole() {
        let parts = || ["rate 0.1", "batch 32", "depth 4"].into_iter().map(str::to_owned);
        assert_eq!(fitting(parts(), ", ", 40), "rate 0.1, batch 32, depth 4");
        assert_eq!(fitting(parts(), ", ", 22), "rate 0.1, batch 32, …");
        assert_eq!(fitting(parts(), ", ", 12), "rate 0.1, …");
        assert_eq!(fitting(parts(), ", ", 6), "rate …");
    }

    #[test]
    fn a_bar_is_full_only_at_its_end() {
        assert_eq!(bar(0.5, 4), ("━━".into(), "──".into()));
        assert_eq!(bar(0.99, 4), ("━━━".into(), "─".into()));
        assert_eq!(bar(7.0, 2), ("━━".into(), String::new()));
        assert_eq!(bar(f64::NAN, 2), (String::new(), "──".into()));
    }

    #[test]
    fn a_sparkline_shows_the_newest_value_last() {
        assert_eq!(sparkline(&[0.0, 0.5, f64::NAN, 1.0], 10), "▁▅·█");
        assert_eq!(sparkline(&[0.0, 1.0, 0.0, 1.0, 0.0, 0.0], 2), "▁▁");
        assert_eq!(sparkline(&[0.3, 0.3], 10), "▄▄");
        assert_eq!(sparkline(&[], 10), "");
        assert_eq!(sparkline(&[f64::MIN, f64::MAX], 2), "▁█");
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_its_room(text in "\\PC{0,40}", columns in 0usize..30) {
            prop_assert!(width(&cut(&text, columns)) <= columns);
            let parts = || text.split(' ').map(str::to_owned);
            prop_assert!(width(&fitting(parts(), "  ", columns)) <= columns);
            prop_assert!(wrapped(&text, columns).iter().all(|line| width(line) <= columns));
        }
    }
}
