//! The panels that the user can select, and their titles.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::style::Look;
use super::text;

/// A panel for the large part of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Panel {
    /// The best value over time.
    Incumbent,
    /// All trials.
    Trials,
    /// Learning curves of the best and of the running trials.
    Curves,
    /// The latest events.
    Events,
}

impl Panel {
    /// All panels, in the order of their keys.
    pub(super) const ALL: [Self; 4] = [Self::Incumbent, Self::Trials, Self::Curves, Self::Events];

    /// The panel `step` positions later; after the last one comes the first.
    pub(super) fn next(self, step: usize) -> Self {
        Self::ALL[(self as usize + step) % Self::ALL.len()]
    }
}

/// Draws the title, and returns the remaining area of the panel.
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

/// Draws a line of text when there is nothing else to draw yet.
pub(super) fn empty(buffer: &mut Buffer, area: Rect, words: &str) {
    if !area.is_empty() {
        let words = text::cut(words, area.width.into());
        buffer.set_stringn(area.x, area.y, words, area.width.into(), Look::faint());
    }
}
