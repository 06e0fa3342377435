//! Tables with columns of equal width in all rows; the least important ones are dropped if they do not fit.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::style::Look;
use super::text;

/// Spaces between two columns.
const GAP: usize = 2;

/// One column of a table.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// 0 is never dropped; the highest rank is dropped first.
    rank: usize,
    title: String,
    is_right: bool,
    cells: Vec<(String, Style)>,
}

impl Column {
    /// A column of words, aligned left. The highest rank is dropped first, 0 never.
    pub(super) fn words(rank: usize, title: &str, cells: Vec<(String, Style)>) -> Self {
        Self {
            rank,
            title: title.to_owned(),
            is_right: false,
            cells,
        }
    }

    /// A column of numbers, aligned right.
    pub(super) fn numbers(rank: usize, title: &str, cells: Vec<(String, Style)>) -> Self {
        Self {
            is_right: true,
            ..Self::words(rank, title, cells)
        }
    }

    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|(cell, _)| text::width(cell));
        cells.chain([text::width(&self.title)]).max().unwrap_or(0)
    }
}

/// Draws the columns that fit; without titles if `has_titles` is false.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, columns: Vec<Column>, has_titles: bool) {
    let columns = fitting(columns, area.width.into());
    let mut x = area.x;
    for column in columns {
        let room = usize::from(area.right().saturating_sub(x));
        let width = column.width().min(room);
        let title = has_titles.then(|| (column.title.clone(), Look::faint()));
        for ((cell, style), y) in title.into_iter().chain(column.cells).zip(area.top()..area.bottom()) {
            let cell = text::cut(&cell, width);
            let indent = if column.is_right { width - text::width(&cell) } else { 0 };
            buffer.set_stringn(x + indent as u16, y, cell, width, style);
        }
        x = x.saturating_add((width + GAP) as u16).min(area.right());
    }
}

/// The columns that fit into `width`.
fn fitting(mut columns: Vec<Column>, width: usize) -> Vec<Column> {
    // Columns that are empty in all rows take no room.
    columns.retain(|column| column.width() > 0);
    let mut total: usize = columns.iter().map(|column| column.width() + GAP).sum();
    while total > width + GAP {
        let last = columns.iter().enumerate().max_by_key(|(_, column)| column.rank);
        let Some((index, _)) = last.filter(|(_, column)| column.rank > 0) else {
            break;
        };
        total -= columns.remove(index).width() + GAP;
    }
    columns
}
