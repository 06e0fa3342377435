//! A study on the whole terminal: its activity, its progress, all trials, and keys to hold or stop it.
//!
//! [`draw`] is a pure function of a [`StudyView`](super::view::StudyView) and a [`Screen`], which is the state of the
//! user interface. `layout` computes the area of each panel, and one file draws each of them. They draw with `chart`,
//! `scale` and `table`, and share the look of `style` and `text`. Only `terminal` has side effects: [`run`] reads keys
//! and redraws. Begin reading at [`draw`].

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
