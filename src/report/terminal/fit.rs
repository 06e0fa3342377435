//! Lines that fit a terminal: the least important parts are dropped first, then the line is cut off at its end.

use std::borrow::Cow;

use console::{measure_text_width, truncate_str};

/// A part of a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    /// 0 is never dropped; the highest rank is dropped first.
    rank: u8,
    text: String,
}

impl Part {
    /// A part that is never dropped.
    pub(super) fn always(text: impl Into<String>) -> Self {
        Self::optional(0, text)
    }

    /// A part that is dropped if the line is too long; the highest rank is dropped first.
    pub(super) fn optional(rank: u8, text: impl Into<String>) -> Self {
        Self {
            rank,
            text: text.into(),
        }
    }
}

/// A line of at most `width` columns. It has the parts that fit, separated by two spaces.
pub(super) fn fit(mut parts: Vec<Part>, width: usize) -> String {
    parts.retain(|part| !part.text.is_empty());
    loop {
        let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
        let line = texts.join("  ");
        let line = line.trim_end();
        let least = parts.iter().map(|part| part.rank).max().unwrap_or(0);
        if least == 0 || measure_text_width(line) <= width {
            return cut(line, width).into_owned();
        }
        parts.retain(|part| part.rank != least);
    }
}

/// A line cut off at `width` columns, with an ellipsis at the end.
pub(super) fn cut(line: &str, width: usize) -> Cow<'_, str> {
    if measure_text_width(line) <= width {
        return Cow::Borrowed(line);
    }
    if width == 0 {
        return Cow::Borrowed("");
    }
    truncate_str(line, width, "…")
}

/// Wraps a text between words into lines of at most `width` columns; all lines but the first are indented.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    const INDENT: &str = "  ";
    if measure_text_width(text) <= width || width < 20 {
        return vec![text.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if measure_text_width(line) + 1 + measure_text_width(word) <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(format!("{INDENT}{word}"));
        }
    }
    lines
}

/// A progress bar of `width` columns, including the brackets: `[=====>     ]`.
pub(super) fn bar(share: f64, width: usize) -> String {
    let inner = width.saturating_sub(2);
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let full = (share * inner as f64).floor() as usize;
    let mut bar = "=".repeat(full);
    if full < inner {
        bar.push('>');
        bar.push_str(&" ".repeat(inner - full - 1));
    }
    format!("[{bar}]")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_least_important_goes_first() {
        let parts = || {
            vec![
                Part::always("trial 12"),
                Part::optional(2, "loss 0.61"),
                Part::optional(1, "ETA 4 s"),
            ]
        };
        assert_eq!(fit(parts(), 40), "trial 12  loss 0.61  ETA 4 s");
        assert_eq!(fit(parts(), 20), "trial 12  ETA 4 s");
        assert_eq!(fit(parts(), 10), "trial 12");
        assert_eq!(fit(parts(), 6), "trial…");
    }

    #[test]
    fn a_bar_is_full_only_at_its_end() {
        assert_eq!(bar(0.0, 12), "[>         ]");
        assert_eq!(bar(0.5, 12), "[=====>    ]");
        assert_eq!(bar(0.999, 12), "[=========>]");
        assert_eq!(bar(1.0, 12), "[==========]");
        assert_eq!(bar(f64::NAN, 4), "[> ]");
    }

    #[test]
    fn a_long_text_breaks_between_words() {
        let text = "trial 3 failed (diverged): the training loss is NaN";
        let lines = ["trial 3 failed", "  (diverged): the", "  training loss is NaN"];
        assert_eq!(wrap(text, 22), lines);
        assert_eq!(wrap(text, 80), [text]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_its_terminal(texts in prop::collection::vec((0u8..3, "\\PC{0,12}"), 0..6), width in 0usize..80) {
            let parts = texts.into_iter().map(|(rank, text)| Part::optional(rank, text)).collect();
            prop_assert!(measure_text_width(&fit(parts, width)) <= width);
        }
    }
}
