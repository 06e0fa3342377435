//! Number of trials that reached each rung, wait there, and were promoted.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::report::view::{RungView, StudyView};

use super::style::Look;
use super::table::{self, Column};
use super::{panel, text};

/// Draws the rungs, the lowest first; if not all fit, only the highest ones.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &StudyView) {
    let inner = panel::titled(buffer, area, "Rungs");
    let room = usize::from(inner.height).saturating_sub(1);
    let rungs = &view.rungs[view.rungs.len().saturating_sub(room)..];
    let column = |title, cell: &dyn Fn(&RungView) -> String| {
        let cells = rungs.iter().map(|rung| (cell(rung), Look::plain()));
        Column::numbers(0, title, cells.collect())
    };
    let columns = vec![
        column(if view.has_epochs { "epochs" } else { "level" }, &|rung| {
            text::level(rung.epochs)
        }),
        column("reached", &|rung| rung.reached.to_string()),
        column("wait", &|rung| rung.paused.to_string()),
        column("promoted", &|rung| rung.promoted.to_string()),
    ];
    table::draw(buffer, inner, columns, true);
}
