//! The look: few of the terminal's own sixteen colours, and none that says what no word or sign says too.

use ratatui::style::{Color, Modifier, Style};

/// Colours that are readable on light and on dark ground; without colour, bold, dim and reversed text alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    is_coloured: bool,
}

/// Colours of curves, one after the other; green is the best trial's.
const SERIES: [Color; 4] = [Color::Magenta, Color::Cyan, Color::Red, Color::Blue];

impl Look {
    /// With or without colours.
    pub(super) fn new(is_coloured: bool) -> Self {
        Self { is_coloured }
    }

    /// Plain text.
    pub(super) fn plain() -> Style {
        Style::new()
    }

    /// Names and numbers that matter most.
    pub(super) fn strong() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Rules, axes, and what may be overlooked.
    pub(super) fn faint() -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What is chosen, asked or switched on.
    pub(super) fn reversed() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What is best, and what improved.
    pub(super) fn good(self) -> Style {
        self.coloured(Self::strong(), Color::Green)
    }

    /// What went wrong.
    pub(super) fn bad(self) -> Style {
        self.coloured(Self::strong(), Color::Red)
    }

    /// The full part of a bar, and what moves.
    pub(super) fn live(self) -> Style {
        self.coloured(Self::plain(), Color::Cyan)
    }

    /// One of several curves.
    pub(super) fn series(self, index: usize) -> Style {
        self.coloured(Self::plain(), SERIES[index % SERIES.len()])
    }

    fn coloured(self, style: Style, colour: Color) -> Style {
        if self.is_coloured { style.fg(colour) } else { style }
    }
}
