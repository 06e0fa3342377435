//! The latest events, the newest at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::report::terminal::words;
use crate::report::view::{EventView, StudyView};

use super::scroll::Extent;
use super::style::Look;
use super::{panel, text};

/// Smallest height of the panel, in rows, at which long sentences are wrapped; in a lower panel they are cut off.
const WITH_LINES: u16 = 9;

/// Scroll range of the events: back until the oldest one is in the first line.
pub(super) fn extent(view: &StudyView, area: Rect) -> Extent {
    let room = usize::from(area.height).saturating_sub(1);
    let columns = columns(view, area);
    let mut rows = 0;
    let fill = view.events.iter().take_while(|event| {
        rows += lines(event, area, columns).len();
        rows <= room
    });
    Extent {
        last: view.events.len() - fill.count(),
        page: room,
    }
}

/// Draws the events up to the one that is `offset` before the last.
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
    let (stamp, columns) = (stamp_width(view), columns(view, area));
    for event in shown.iter().rev() {
        if rows >= room {
            break;
        }
        let lines = lines(event, area, columns);
        rows += lines.len();
        blocks.push((event, lines));
    }
    // Only the last lines of the uppermost event may fit.
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

/// The lines of an event's sentence.
fn lines(event: &EventView, area: Rect, columns: usize) -> Vec<String> {
    if area.height < WITH_LINES {
        vec![text::cut(&event.text, columns)]
    } else {
        text::wrapped(&event.text, columns)
    }
}

/// Columns for sentences, after the time and a sign.
fn columns(view: &StudyView, area: Rect) -> usize {
    usize::from(area.width).saturating_sub(stamp_width(view) + 3)
}

/// Columns of the longest time.
fn stamp_width(view: &StudyView) -> usize {
    let widths = view
        .events
        .iter()
        .map(|event| text::width(&words::stopwatch(event.seconds)));
    widths.max().unwrap_or(0).clamp(5, 12)
}
