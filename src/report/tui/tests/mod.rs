//! Snapshots of whole screens.

mod large;
mod odd;
mod signs;
mod small;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

use crate::report::view::StudyView;

use super::Screen;
use super::testing::lines;

/// A screen after these keys were pressed.
fn after(keys: &str, width: u16, height: u16, view: &StudyView) -> Screen {
    let mut screen = Screen::new(true);
    for key in keys.chars() {
        screen.see(view, Rect::new(0, 0, width, height));
        screen.key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE));
    }
    screen.see(view, Rect::new(0, 0, width, height));
    screen
}

fn seen(keys: &str, width: u16, height: u16, view: &StudyView) -> String {
    lines(width, height, view, &after(keys, width, height, view))
}
