//! Downloads models and data sets from a Hugging Face hub into the local cache, which it shares with
//! `huggingface_hub`: what one of them downloads, the other finds.
//!
//! Begin reading at [`Hub::snapshot`] (`hub`). From top to bottom:
//!
//! - `hub`: which files are missing, and who downloads them; `offline`: the same from the cache alone;
//! - `models`, `datasets`, `wanted`: which files are wanted; `card`, `splits`: what a data set's card and names tell;
//! - `download`: one file, from its checksum to its final name; `transfer`: its bytes, by ranges and over several connections;
//!   `partial`: what of it is on disk; `connections`, `failure`: bounds and repetitions;
//! - `client`: requests and redirections; `refusal`, `transport`: what a failed one means; `address`;
//! - `cached`: what is in the cache, for those that never download; `cache`, `lock`: the folders; `listing`: the files of a commit; `checksum`;
//! - `repository`, `names`, `settings`, `token`: parsed input. Names of a server become paths only after `names`.
//!
//! ```no_run
//! use automl_hub::{Hub, Silent, Wanted, choose_model_files, parse_model_id};
//!
//! let hub = Hub::from_environment(false)?;
//! let model = parse_model_id("google/bert_uncased_L-2_H-128_A-2")?;
//! let snapshot = hub.snapshot(&model, Wanted::Chosen(&choose_model_files), &Silent)?;
//! assert!(snapshot.folder.join("config.json").is_file());
//! # Ok::<(), automl_hub::HubError>(())
//! ```

mod address;
mod cache;
mod cached;
mod card;
mod checksum;
mod client;
mod connections;
mod datasets;
mod download;
mod errors;
mod failure;
mod hub;
mod listing;
mod lock;
mod models;
mod names;
mod offline;
mod partial;
mod progress;
mod refusal;
mod repository;
mod settings;
mod splits;
#[cfg(feature = "testing")]
pub mod testing;
mod token;
mod transfer;
mod transport;
mod wanted;

pub use cached::{Cache, Cached, sha256};
pub use datasets::{PARQUET_REVISION, Tables, choose_tables};
pub use errors::HubError;
pub use hub::{Hub, Snapshot};
pub use listing::{Listing, RemoteFile};
pub use models::{ChoiceError, choose_model_files};
pub use progress::{Progress, Silent};
pub use repository::{DEFAULT_REVISION, Kind, Repository, parse_model_id};
pub use settings::{Proxies, Retries, Settings};
pub use token::Token;
pub use wanted::{Chooser, Pattern, Wanted};
