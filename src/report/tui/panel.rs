//! The panels there are to choose from, and the title that each has.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::style::Look;
use super::text;

/// What the large part of the screen shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Panel {
    /// The best value over time.
    Incumbent,
    /// All trials.
    Trials,
    /// Learning curves of the best trials and of those that run.
    Curves,
    /// What happened last.
    Events,
}

impl Panel {
    /// All of them, in the order of their keys.
    pub(super) const ALL: [Self; 4] = [Self::Incumbent, Self::Trials, Self::Curves, Self::Events];

    /// The panel so many steps further on.
    pub(super) fn next(self, step: usize) -> Self {
        Self::ALL[(self as usize + step) % Self::ALL.len()]
    }
}

/// Writes the title, and gives back what is left for the panel.
pub(super) fn titled(buffer: &mut Buffer, area: Rect, title: &str) -> Rect {
    if area.is_empty() {
        return area;
    }
    let columns = usize::from(area.width);
    let title = text::cut(title, columns.saturating_sub(4));
    let rest = columns.saturating_sub(text::width(&title) + 4);
    let line = Line::from(vec![
        Span::styled("── ", Look::faint()),
        Span::styled(title, Look::strong()),
        Span::styled(format!(" {}", "─".repeat(rest)), Look::faint()),
    ]);
    buffer.set_line(area.x, area.y, &line, area.width);
    Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    }
}

/// A line of plain words where there is nothing to draw yet.
pub(super) fn empty(buffer: &mut Buffer, area: Rect, words: &str) {
    if !area.is_empty() {
        let words = text::cut(words, area.width.into());
        buffer.set_stringn(area.x, area.y, words, area.width.into(), Look::faint());
    }
}
