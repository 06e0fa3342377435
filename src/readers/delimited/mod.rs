//! Tables with a delimiter: how they are written, and their rows.

pub(crate) mod dialect;
pub(crate) mod row;
