//! Signs and words carry all information; colours only repeat it.

use ratatui::buffer::Buffer;
use ratatui::style::Color;

use crate::report::tui::testing::{drawn, under_way};

use super::after;

#[test]
fn without_colours_none_is_used_and_with_them_only_readable_ones() {
    let view = under_way(23);
    let screen = after("3", 160, 50, &view);
    let plain = drawn(160, 50, &view, &screen, false);
    assert!(
        plain
            .content()
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
    let readable = [
        Color::Reset,
        Color::Green,
        Color::Red,
        Color::Magenta,
        Color::Cyan,
        Color::Blue,
    ];
    let coloured = drawn(160, 50, &view, &screen, true);
    assert!(
        coloured
            .content()
            .iter()
            .all(|cell| readable.contains(&cell.fg) && cell.bg == Color::Reset)
    );
    let signs =
        |buffer: &Buffer| -> Vec<String> { buffer.content().iter().map(|cell| cell.symbol().to_owned()).collect() };
    assert_eq!(signs(&plain), signs(&coloured));
}
