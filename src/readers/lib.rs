//! Data files of many formats as streams of records with named fields.
//!
//! Start with [`open`], which reads any [`Source`], and [`sniff`], which describes one. Everything that a user would have
//! to say about a file is found: compression, encoding, format and delimiter. [`ReadOptions`] says what cannot be.
//!
//! The bytes of a source pass through `compression` and `encoding` into an `Input`, a window over UTF-8 text. Its
//! beginning, the `Head`, decides on one of the [`FORMATS`], which turns the input into [`Record`]s. A format is one file
//! in `formats` and one line in its registry; `json`, `delimited` and `columnar` hold what several formats share.
//!
//! ```
//! use automl_readers::{ReadOptions, Source, open};
//!
//! let source = Source::memory("reviews.csv", "text,label\ngood,1\n");
//! for record in open(&[source], &ReadOptions::default())? {
//!     let record = record?;
//!     assert_eq!(record.get("text").and_then(|text| text.as_text()), Some("good"));
//! }
//! # Ok::<(), automl_readers::ReadError>(())
//! ```

#[cfg(feature = "columnar")]
mod columnar;
mod compression;
mod delimited;
mod encoding;
mod error;
mod field;
mod foreign;
mod formats;
mod head;
mod input;
mod json;
mod opened;
mod options;
mod position;
mod reader;
mod record;
mod sniff;
mod source;
mod suggestion;
#[cfg(test)]
mod testing;
mod value;
mod within;

pub use compression::{COMPRESSIONS, Compression};
pub use error::{Fault, ReadError};
pub use field::{Field, Kind};
pub use formats::{FORMATS, Format};
pub use options::{Limits, ReadOptions, Unnamed};
pub use position::{At, Position};
pub use reader::{Reader, open};
pub use record::{Columns, Record};
pub use sniff::{Description, sniff};
pub use source::Source;
pub use value::{Number, Value};
