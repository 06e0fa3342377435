//! What happened last, the newest at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::report::terminal::words;
use crate::report::view::{EventView, StudyView};

use super::panel::Extent;
use super::style::Look;
use super::{panel, text};

/// Rows from which long sentences are broken into lines; below, they are cut off.
const WITH_LINES: u16 = 9;

/// How far the events can be scrolled: back to the oldest one.
pub(super) fn extent(view: &StudyView, area: Rect) -> Extent {
    let room = usize::from(area.height).saturating_sub(1);
    let last = if area.height < WITH_LINES {
        view.events.len().saturating_sub(room)
    } else {
        // Of sentences in lines it is not known how many fill the panel, so the oldest one may stand alone.
        view.events.len().saturating_sub(1)
    };
    Extent { last, page: room }
}

/// Draws the events up to the `offset`-th from the end.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &StudyView, offset: usize, look: Look) {
    let offset = offset.min(extent(view, area).last);
    let title = if offset == 0 {
        "4 Events".to_owned()
    } else {
        format!("4 Events: {offset} newer below")
    };
    let inner = panel::titled(buffer, area, &title);
    if view.events.is_empty() {
        panel::empty(buffer, inner, "nothing happened yet");
        return;
    }
    let shown = &view.events[..view.events.len() - offset];
    let mut blocks: Vec<(&EventView, Vec<String>)> = Vec::new();
    let (mut rows, room) = (0, usize::from(inner.height));
    let stamp = stamp_width(view);
    let columns = usize::from(inner.width).saturating_sub(stamp + 3);
    for event in shown.iter().rev() {
        if rows >= room {
            break;
        }
        let lines = if area.height < WITH_LINES {
            vec![text::cut(&event.text, columns)]
        } else {
            text::wrapped(&event.text, columns)
        };
        rows += lines.len();
        blocks.push((event, lines));
    }
    // Of the uppermost one only the last lines may have room.
    let mut y = i32::from(inner.y) - rows.saturating_sub(room) as i32;
    for (event, lines) in blocks.into_iter().rev() {
        let (sign, style) = match event.kind {
            "improvement" => ("+", look.good()),
            "trouble" => ("!", look.bad()),
            _ => (" ", Look::plain()),
        };
        for (index, line) in lines.iter().enumerate() {
            if let Some(y) = u16::try_from(y)
                .ok()
                .filter(|y| (inner.top()..inner.bottom()).contains(y))
            {
                if index == 0 {
                    let time = format!("{:>stamp$}", words::stopwatch(event.seconds));
                    buffer.set_stringn(inner.x, y, time, inner.width.into(), Look::faint());
                    buffer.set_stringn(inner.x + stamp as u16 + 1, y, sign, 1, style);
                }
                buffer.set_stringn(inner.x + stamp as u16 + 3, y, line, columns, style);
            }
            y += 1;
        }
    }
}

/// Columns of the longest time.
fn stamp_width(view: &StudyView) -> usize {
    let widths = view
        .events
        .iter()
        .map(|event| text::width(&words::stopwatch(event.seconds)));
    widths.max().unwrap_or(0).clamp(5, 12)
}
