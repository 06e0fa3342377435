//! A study on the whole terminal: what runs, how good it has become, all trials, and keys to hold or stop it.
//!
//! [`draw`] is a pure function of a [`StudyView`](super::view::StudyView) and a [`Screen`]: what the person at the keyboard
//! looks at. `layout` gives every panel its place, one file each draws it; `chart`, `scale` and `table` are what they draw
//! with, `style` and `text` the house's look. Only `terminal` has effects: [`run`] reads keys and redraws. Imports
//! `report::view` and `report::terminal::words`. Begin reading at [`draw`].

mod chart;
mod curves;
mod draw;
mod events;
mod footer;
mod header;
mod help;
mod incumbent;
mod layout;
mod panel;
mod rungs;
mod scale;
mod scroll;
mod slots;
mod state;
mod style;
mod table;
mod terminal;
mod text;
mod trials;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use draw::draw;
pub use state::{Action, Screen};
pub use terminal::{Flow, Update, run};
