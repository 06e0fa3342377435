//! Few of the terminal's own sixteen colours; a word or a sign repeats everything that a colour says.

use ratatui::style::{Color, Modifier, Style};

/// Colours that are readable on light and dark backgrounds; without colour, only bold, dim and reversed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    is_coloured: bool,
}

/// Colours of curves, used in this order; green is reserved for the best trial.
const SERIES: [Color; 4] = [Color::Magenta, Color::Cyan, Color::Red, Color::Blue];

impl Look {
    /// A look with or without colours.
    pub(super) fn new(is_coloured: bool) -> Self {
        Self { is_coloured }
    }

    /// Plain text.
    pub(super) fn plain() -> Style {
        Style::new()
    }

    /// The most important names and numbers.
    pub(super) fn strong() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Rules, axes and details.
    pub(super) fn faint() -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// Selected, asked or active elements.
    pub(super) fn reversed() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The best result and improvements.
    pub(super) fn good(self) -> Style {
        self.coloured(Self::strong(), Color::Green)
    }

    /// Failures and problems.
    pub(super) fn bad(self) -> Style {
        self.coloured(Self::strong(), Color::Red)
    }

    /// Filled parts of bars and other changing elements.
    pub(super) fn live(self) -> Style {
        self.coloured(Self::plain(), Color::Cyan)
    }

    /// The colour of one curve.
    pub(super) fn series(self, index: usize) -> Style {
        self.coloured(Self::plain(), SERIES[index % SERIES.len()])
    }

    fn coloured(self, style: Style, colour: Color) -> Style {
        if self.is_coloured { style.fg(colour) } else { style }
    }
}
