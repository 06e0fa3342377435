//! The contents of a batch, how they are cut, and the result.

mod cut;
mod lengths;
mod options;
mod window;

pub use options::{EncodeOptions, Input, Part, Truncation};
pub use window::{Encoded, Origin, Window};

pub(crate) use cut::encode_one;
