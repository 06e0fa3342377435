//! Entities in sequences of tags: the schemes, the entities they spell, and where a sequence breaks the rules.

mod check;
mod scheme;
mod spans;

pub use check::{SchemeError, check_scheme};
pub use scheme::Scheme;
pub(crate) use spans::type_of;
pub use spans::{Mode, Span, spans};
