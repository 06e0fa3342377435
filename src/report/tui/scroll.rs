//! Scroll offsets of the panels.

use ratatui::crossterm::event::KeyCode;

use super::panel::Panel;

/// Scroll range of a panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// Largest offset.
    pub(super) last: usize,
    /// Number of rows per page.
    pub(super) page: usize,
}

/// Offsets of all panels: the number of hidden rows before the first shown one; for events, after the last shown one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scroll {
    offsets: [usize; Panel::ALL.len()],
    /// Scroll range of the panel that was shown last.
    extent: Extent,
}

impl Scroll {
    /// Stores the current scroll range of the panel.
    pub(super) fn see(&mut self, panel: Panel, extent: Extent) {
        self.extent = extent;
        let offset = &mut self.offsets[panel as usize];
        *offset = (*offset).min(extent.last);
    }

    /// Handles a key; ignores keys that do not scroll.
    pub(super) fn key(&mut self, panel: Panel, code: KeyCode) {
        let page = isize::try_from(self.extent.page.max(1)).unwrap_or(isize::MAX);
        let down = match code {
            KeyCode::Up | KeyCode::Char('k') => -1,
            KeyCode::Down | KeyCode::Char('j') => 1,
            KeyCode::PageUp => -page,
            KeyCode::PageDown | KeyCode::Char(' ') => page,
            KeyCode::Home => -isize::MAX,
            KeyCode::End => isize::MAX,
            _ => return,
        };
        let step = match panel {
            Panel::Events => -down,
            Panel::Incumbent | Panel::Trials | Panel::Curves => down,
        };
        let offset = &mut self.offsets[panel as usize];
        *offset = offset.saturating_add_signed(step).min(self.extent.last);
    }

    /// Scroll offset of a panel.
    pub(super) fn offset(&self, panel: Panel) -> usize {
        self.offsets[panel as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The offsets after each of these keys.
    fn offsets<const N: usize>(panel: Panel, keys: [KeyCode; N]) -> [usize; N] {
        let mut scroll = Scroll::default();
        scroll.see(panel, Extent { last: 80, page: 20 });
        keys.map(|code| {
            scroll.key(panel, code);
            scroll.offset(panel)
        })
    }

    #[test]
    fn a_table_scrolls_to_its_end_and_no_further() {
        use KeyCode::{Down, End, Home, PageDown, Up};
        let keys = [Up, Down, PageDown, End, Down, Up, Home];
        assert_eq!(offsets(Panel::Trials, keys), [0, 1, 21, 80, 80, 79, 0]);
    }

    #[test]
    fn events_scroll_from_their_end() {
        use KeyCode::{Down, End, Home, PageUp, Up};
        let keys = [Down, Up, PageUp, Home, Up, End];
        assert_eq!(offsets(Panel::Events, keys), [0, 1, 21, 80, 80, 0]);
    }

    #[test]
    fn what_has_become_shorter_shows_its_end() {
        let mut scroll = Scroll::default();
        scroll.see(Panel::Trials, Extent { last: 80, page: 20 });
        scroll.key(Panel::Trials, KeyCode::End);
        scroll.see(Panel::Trials, Extent { last: 60, page: 40 });
        assert_eq!(scroll.offset(Panel::Trials), 60);
    }
}
