//! The contents of a batch, how they are cut, and the result.

mod cut;
mod lengths;
mod options;
mod tokenized;
mod window;

pub use options::{EncodeOptions, Input, Part, Truncation};
pub use tokenized::Tokenized;
pub use window::{Encoded, Origin, Window};

pub(crate) use cut::{cut_one, encode_one, tokenize_one};
