//! Explanation of the keys and signs, on top of all panels.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::state::Screen;
use super::style::Look;
use super::text;

const KEYS: [(&str, &str); 9] = [
    ("1 2 3 4", "best value, trials, learning curves, events"),
    ("Tab ← →", "the next of these, or the one before"),
    ("↑ ↓ PgUp PgDn", "scroll; Home and End: to either end"),
    ("p", "hold: start nothing new; again: continue"),
    ("s, Ctrl-C", "stop the study; it can be resumed"),
    ("q, Esc", "leave the view"),
    ("17…", "beside a curve: trial 17, still running"),
    ("*", "beside a rank: no trial beats it in every metric"),
    ("+ !", "in events: an improvement, trouble"),
];

/// Draws a box in the middle of `area`.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, screen: &Screen) {
    let lines = KEYS.iter().map(|&(key, meaning)| {
        let meaning = match key {
            "q, Esc" if screen.is_owner() => "leave the view; the study continues, with plain lines",
            "q, Esc" => "leave the view; the study continues",
            _ => meaning,
        };
        format!(" {key:<15}{meaning} ")
    });
    let lines: Vec<String> = lines.chain([" any key closes this".to_owned()]).collect();
    let widest = lines.iter().map(|line| text::width(line)).max().unwrap_or(0);
    let (width, height) = (
        (widest as u16 + 2).min(area.width),
        (lines.len() as u16 + 2).min(area.height),
    );
    let frame = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    if width < 4 || height < 3 {
        return;
    }
    let inner = usize::from(width) - 2;
    let middle = lines.iter().take(usize::from(height) - 2);
    let middle = middle.map(|line| {
        let line = text::cut(line, inner);
        format!("│{line}{}│", " ".repeat(inner - text::width(&line)))
    });
    let top = [format!("┌{}┐", "─".repeat(inner))];
    let bottom = [format!("└{}┘", "─".repeat(inner))];
    for (line, y) in top
        .into_iter()
        .chain(middle)
        .chain(bottom)
        .zip(frame.top()..frame.bottom())
    {
        // Also clears the column to the left if it has a wide character that would reach into the box.
        for x in frame.left().saturating_sub(1)..frame.right() {
            if let Some(cell) = buffer.cell_mut((x, y))
                && (x >= frame.left() || text::width(cell.symbol()) > 1)
            {
                cell.reset();
            }
        }
        buffer.set_stringn(frame.x, y, line, width.into(), Look::plain());
    }
}
