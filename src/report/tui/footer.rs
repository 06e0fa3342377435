//! The last line: an open question, a notice about the last request, or the keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::report::State;
use crate::report::view::StudyView;

use super::panel::Panel;
use super::state::{Notice, Question, Screen};
use super::style::Look;
use super::text;

/// Draws the footer.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, view: &StudyView, screen: &Screen) {
    let width = usize::from(area.width);
    let line = if let Some(question) = screen.question() {
        Line::styled(text::cut(ask(question, screen, width), width), Look::reversed())
    } else if let Some(notice) = screen.notice() {
        Line::styled(text::cut(tell(notice), width), Look::strong())
    } else {
        keys(view, screen, width)
    };
    buffer.set_line(area.x, area.y, &line, area.width);
}

fn ask(question: Question, screen: &Screen, width: usize) -> &'static str {
    match question {
        Question::Stop if width < 70 => " stop the study?  y / n ",
        Question::Stop if screen.is_stopping() => " it is stopping already; ask once more?  y / n ",
        Question::Stop => " stop the study? what is trained is kept, and it can be resumed  y / n ",
        Question::Quit if width < 70 => " leave? the study continues  y / n ",
        Question::Quit => " leave the view? the study continues, with plain lines  y / n ",
    }
}

fn tell(notice: Notice) -> &'static str {
    match notice {
        Notice::Stopping => "stopping: trials under way finish their step and are kept",
        Notice::Holding => "held: running trials continue, no new ones are started",
        Notice::Continuing => "continuing: new trials are started again",
    }
}

/// Names of the panels on the left, keys on the right; the least important keys are dropped if they do not fit.
fn keys(view: &StudyView, screen: &Screen, width: usize) -> Line<'static> {
    let is_running = view.state == State::Running;
    let mut keys = vec!["? help", "q quit"];
    if is_running {
        keys.push("s stop");
        keys.push(if view.is_held { "p continue" } else { "p hold" });
    }
    keys.push("↑↓ scroll");
    let tabs = Panel::ALL.map(|panel| (panel, format!(" {} ", name(panel))));
    let tabs_width: usize = tabs.iter().map(|(_, name)| text::width(name)).sum();
    let mut line = Vec::new();
    let mut used = 0;
    if tabs_width + 12 <= width {
        used = tabs_width;
        line.extend(tabs.map(|(panel, name)| {
            let is_chosen = panel == screen.panel();
            Span::styled(name, if is_chosen { Look::reversed() } else { Look::plain() })
        }));
    } else {
        keys.insert(2, "Tab panel");
    }
    while keys.len() > 1 && used + 2 + text::width(&keys.join("  ")) > width {
        keys.pop();
    }
    keys.reverse();
    let keys = keys.join("  ");
    let gap = width.saturating_sub(used + text::width(&keys));
    line.push(Span::raw(" ".repeat(gap)));
    line.push(Span::styled(keys, Look::faint()));
    Line::from(line)
}

fn name(panel: Panel) -> &'static str {
    match panel {
        Panel::Incumbent => "1 best",
        Panel::Trials => "2 trials",
        Panel::Curves => "3 curves",
        Panel::Events => "4 events",
    }
}
