//! Texts that fit: cut off at columns, not at characters, since some characters are two columns wide.

use console::{measure_text_width, truncate_str};

use crate::report::terminal::words;

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    measure_text_width(text)
}

/// A text of at most `columns` columns; an ellipsis shows that something is missing. What would move the cursor is a space.
pub(super) fn cut(text: &str, columns: usize) -> String {
    let text = text.replace(char::is_control, " ");
    if columns == 0 {
        return String::new();
    }
    truncate_str(&text, columns, "…").into_owned()
}

/// As many of `parts` as fit, from the first on; an ellipsis stands for the others. Only parts that fit are made.
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

/// A text as lines of at most `columns` columns, broken between words; a word that is longer is cut off.
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

/// A level in epochs, to two digits as everywhere, which is how losses are written too.
pub(super) fn level(epochs: f64) -> String {
    words::loss(epochs)
}

/// A bar of `columns` columns: its full part, and the rest.
pub(super) fn bar(share: f64, columns: usize) -> (String, String) {
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let full = (share * columns as f64).floor() as usize;
    ("━".repeat(full), "─".repeat(columns - full.min(columns)))
}

/// Values as a row of small columns from the lowest to the highest, the newest last; `·` is no number.
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
        // Halved first, since the difference of two large numbers may be none.
        let share = (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
        STEPS[((share * 8.0) as usize).min(7)]
    };
    // Where there are more values than columns, each column shows the last of its share of them.
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
