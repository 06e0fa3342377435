//! Draws the whole screen: all panels for which the layout has room.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::report::view::StudyView;

use super::layout::{self, LEAST};
use super::panel::Panel;
use super::state::Screen;
use super::style::Look;
use super::{curves, events, footer, header, help, incumbent, rungs, slots, text, trials};

/// Draws a study. Without colour the content is the same, in bold, dim and reversed text.
pub fn draw(frame: &mut Frame<'_>, view: &StudyView, screen: &Screen, is_coloured: bool) {
    let area = frame.area();
    let look = Look::new(is_coloured);
    let buffer = frame.buffer_mut();
    if is_too_small(area) {
        say(buffer, area, &format!("too small: {} × {} at least", LEAST.0, LEAST.1));
        return;
    }
    let areas = layout::areas(view, screen.panel(), area);
    header::draw(buffer, areas.header, view, screen, look);
    if !areas.slots.is_empty() {
        slots::draw(buffer, areas.slots, view, look);
    }
    if !areas.rungs.is_empty() {
        rungs::draw(buffer, areas.rungs, view);
    }
    let large = (screen.panel(), areas.large);
    for (panel, rect) in areas.others.into_iter().chain([large]) {
        match panel {
            Panel::Incumbent => incumbent::draw(buffer, rect, view, look),
            Panel::Trials => trials::draw(buffer, rect, view, screen.offset(panel), look),
            Panel::Curves => curves::draw(buffer, rect, view, screen.offset(panel), look),
            Panel::Events => events::draw(buffer, rect, view, screen.offset(panel), look),
        }
    }
    footer::draw(buffer, areas.footer, view, screen);
    if screen.is_help_open() {
        help::draw(buffer, area, screen);
    }
}

/// Draws a message while the study is not known yet.
pub(super) fn draw_waiting(frame: &mut Frame<'_>) {
    let area = frame.area();
    say(frame.buffer_mut(), area, "waiting for the study");
}

fn is_too_small(area: Rect) -> bool {
    area.width < LEAST.0 || area.height < LEAST.1
}

fn say(buffer: &mut Buffer, area: Rect, words: &str) {
    if !area.is_empty() {
        let words = text::cut(words, area.width.into());
        buffer.set_stringn(area.x, area.y, words, area.width.into(), Look::plain());
    }
}
