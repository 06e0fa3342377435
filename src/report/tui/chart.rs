//! Curves of braille dots with axes. A character cell has two columns and four rows of dots.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::scale::{Range, Tick};
use super::style::Look;
use super::text;

/// Smallest distance between two numbers below the axis, in columns.
const TICK_COLUMNS: u16 = 10;

/// Distance between two numbers beside the axis, in rows.
const TICK_ROWS: u16 = 3;

/// Several curves over a common axis.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    /// Unit of the numbers below the axis.
    pub(super) unit: &'static str,
    /// True if the numbers are times.
    pub(super) is_time: bool,
    pub(super) x: Range,
    pub(super) y: Range,
    /// The curves; the last one is drawn on top.
    pub(super) curves: Vec<Curve>,
    /// The target value.
    pub(super) target: Option<f64>,
}

/// One curve.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    /// Points from left to right; those that are not finite are left out.
    pub(super) points: Vec<(f64, f64)>,
    /// True if a value holds until the next one.
    pub(super) is_stepped: bool,
    pub(super) style: Style,
    /// Label beside the end of the curve.
    pub(super) label: String,
}

impl Chart {
    /// Draws the chart, if the area is large enough.
    pub(super) fn draw(&self, buffer: &mut Buffer, area: Rect) {
        let ticks = self.y.ticks(usize::from((area.height / TICK_ROWS).max(2)));
        let margin = ticks.iter().map(|tick| text::width(&tick.label)).max().unwrap_or(0) as u16 + 1;
        if area.height < 3 || area.width < margin + 10 {
            return;
        }
        let plot = Rect {
            x: area.x + margin,
            y: area.y,
            width: area.width - margin,
            height: area.height - 2,
        };
        self.draw_y_axis(buffer, plot, &ticks);
        self.draw_x_axis(buffer, plot);
        let inner = Rect {
            x: plot.x + 1,
            width: plot.width - 1,
            ..plot
        };
        self.draw_target(buffer, inner);
        let mut dots = Dots::new(inner);
        for curve in &self.curves {
            dots.style = curve.style;
            self.trace(&mut dots, curve);
        }
        dots.draw(buffer);
        // Labels of the upper curves are placed first, so that they get the better positions.
        let mut taken = Vec::new();
        for curve in self.curves.iter().rev() {
            self.draw_end(buffer, inner, curve, &mut taken);
        }
    }

    fn draw_y_axis(&self, buffer: &mut Buffer, plot: Rect, ticks: &[Tick]) {
        for y in plot.top()..plot.bottom() {
            buffer.set_stringn(plot.x, y, "│", 1, Look::faint());
        }
        let corner = format!("└{}", "─".repeat(usize::from(plot.width) - 1));
        buffer.set_stringn(plot.x, plot.bottom(), corner, plot.width.into(), Look::faint());
        for tick in ticks {
            let y = self.row(plot, tick.at);
            let label = &tick.label;
            buffer.set_stringn(
                plot.x - 1 - text::width(label) as u16,
                y,
                label,
                label.len(),
                Look::plain(),
            );
            buffer.set_stringn(plot.x, y, "┤", 1, Look::faint());
        }
    }

    fn draw_x_axis(&self, buffer: &mut Buffer, plot: Rect) {
        let count = usize::from((plot.width / TICK_COLUMNS).max(1));
        let ticks = if self.is_time {
            self.x.time_ticks(count)
        } else {
            self.x.ticks(count)
        };
        let unit = text::width(self.unit) as u16;
        // The unit is at the right end; numbers that would touch it are left out.
        let end = plot.right().saturating_sub(unit + 1);
        let y = plot.bottom() + 1;
        buffer.set_stringn(
            plot.right() - unit.min(plot.width),
            y,
            self.unit,
            unit.into(),
            Look::faint(),
        );
        let mut free = plot.x.saturating_sub(1);
        for tick in ticks {
            let x = plot.x + 1 + (self.x.share(tick.at) * f64::from(plot.width - 2)).round() as u16;
            let width = text::width(&tick.label) as u16;
            let begin = x.saturating_sub(width / 2).max(plot.x);
            if begin < free || begin + width > end {
                continue;
            }
            buffer.set_stringn(begin, y, &tick.label, width.into(), Look::plain());
            buffer.set_stringn(x, plot.bottom(), "┴", 1, Look::faint());
            free = begin + width + 1;
        }
    }

    fn draw_target(&self, buffer: &mut Buffer, inner: Rect) {
        if let Some(target) = self.target.filter(|target| self.y.contains(*target)) {
            let y = self.row(inner, target);
            let rule = "╌".repeat(inner.width.into());
            buffer.set_stringn(inner.x, y, rule, inner.width.into(), Look::faint());
            buffer.set_stringn(inner.x + 1, y, " target ", 8, Look::plain());
        }
    }

    fn trace(&self, dots: &mut Dots, curve: &Curve) {
        let points = curve.points.iter().filter(|(x, y)| x.is_finite() && y.is_finite());
        let mut last: Option<(i32, i32)> = None;
        for &(x, y) in points {
            let to = dots.dot(self.x.share(x), self.y.share(y));
            match last {
                Some(from) if curve.is_stepped => {
                    dots.line(from, (to.0, from.1));
                    dots.line((to.0, from.1), to);
                }
                Some(from) => dots.line(from, to),
                None => dots.line(to, to),
            }
            last = Some(to);
        }
    }

    /// Draws a point at the end of the curve, and the label beside it if there is room.
    fn draw_end(&self, buffer: &mut Buffer, inner: Rect, curve: &Curve, taken: &mut Vec<Rect>) {
        let mut points = curve.points.iter().rev();
        let Some(&(x, y)) = points.find(|(x, y)| x.is_finite() && y.is_finite()) else {
            return;
        };
        if curve.label.is_empty() {
            return;
        }
        let column = inner.x + (self.x.share(x) * f64::from(inner.width - 1)).round() as u16;
        let row = self.row(inner, y);
        buffer.set_stringn(column, row, "•", 1, curve.style);
        let width = text::width(&curve.label) as u16;
        let begin = if column + 1 + width <= inner.right() {
            column + 1
        } else {
            column.saturating_sub(width).max(inner.x)
        };
        // Try the same row, then the one above, the one below, and so on.
        let rows = [0, -1, 1, -2, 2]
            .into_iter()
            .filter_map(|step| row.checked_add_signed(step));
        let free = rows.filter(|y| (inner.top()..inner.bottom()).contains(y));
        let label = free
            .map(|y| Rect::new(begin, y, width.min(inner.right() - begin), 1))
            .find(|label| taken.iter().all(|other| !label.intersects(*other)));
        if let Some(label) = label {
            buffer.set_stringn(label.x, label.y, &curve.label, label.width.into(), curve.style);
            taken.push(label);
        }
    }

    fn row(&self, area: Rect, value: f64) -> u16 {
        let rows = f64::from(area.height) * 4.0 - 1.0;
        // The row of the dot, so that a rule and a curve with the same value are in the same row.
        area.y + (((1.0 - self.y.share(value)) * rows).round() as u16) / 4
    }
}

/// Braille dots in an area.
struct Dots {
    area: Rect,
    cells: Vec<(u8, Style)>,
    style: Style,
}

impl Dots {
    fn new(area: Rect) -> Self {
        Self {
            area,
            cells: vec![(0, Style::new()); usize::from(area.width) * usize::from(area.height)],
            style: Style::new(),
        }
    }

    /// Position of the dot at shares of the width (from the left) and of the height (from below).
    fn dot(&self, x: f64, y: f64) -> (i32, i32) {
        let columns = f64::from(self.area.width) * 2.0 - 1.0;
        let rows = f64::from(self.area.height) * 4.0 - 1.0;
        ((x * columns).round() as i32, ((1.0 - y) * rows).round() as i32)
    }

    /// Bresenham's line algorithm, both ends included.
    fn line(&mut self, from: (i32, i32), to: (i32, i32)) {
        let (mut x, mut y) = from;
        let (width, height) = ((to.0 - x).abs(), -(to.1 - y).abs());
        let (right, down) = ((to.0 - x).signum(), (to.1 - y).signum());
        let mut error = width + height;
        loop {
            self.set(x, y);
            if (x, y) == to {
                return;
            }
            let doubled = 2 * error;
            if doubled >= height {
                error += height;
                x += right;
            }
            if doubled <= width {
                error += width;
                y += down;
            }
        }
    }

    fn set(&mut self, x: i32, y: i32) {
        const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        let cell = y / 4 * usize::from(self.area.width) + x / 2;
        if let Some((dots, style)) = self.cells.get_mut(cell) {
            *dots |= BITS[y % 4][x % 2];
            *style = self.style;
        }
    }

    fn draw(&self, buffer: &mut Buffer) {
        for (position, &(dots, style)) in self.area.positions().zip(&self.cells) {
            if dots > 0
                && let Some(sign) = char::from_u32(0x2800 + u32::from(dots))
                && let Some(cell) = buffer.cell_mut(position)
            {
                cell.reset();
                cell.set_char(sign).set_style(style);
            }
        }
    }
}
