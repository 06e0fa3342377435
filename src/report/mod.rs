//! What a study shows to people and to other programs while it runs and afterwards.
//!
//! Imports `engine` and what lies below. `terminal`: what is seen on stderr while a study runs.

pub mod terminal;
