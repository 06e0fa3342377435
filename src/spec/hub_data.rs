//! The keys of `data` for a data set of the hub.

use serde::{Deserialize, Serialize};

use super::diagnostics::Diagnostic;
use super::raw::Node;
use super::reader::{self, Fields, Problems};
use super::split_slice::SplitSlice;

/// The split of the training examples if none is named.
pub(super) const TRAIN: &str = "train";

/// The keys that only data of the hub have.
const OF_HUB: [&str; 2] = ["config", "licence"];

/// A data set of the hub. The names of its splits stand where other data have files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubData {
    /// Its id, `org/name`, or the id and a revision, `org/name@revision`.
    pub id: String,
    /// The configuration; `None`: the only one, or the default one.
    pub config: Option<String>,
    /// The licence, as the author names it.
    pub licence: Option<String>,
}

/// Reads the data set of the hub; `Some(None)` for other data.
#[expect(
    clippy::option_option,
    reason = "the key may be missing, and its value may be an error"
)]
pub(super) fn read(fields: &Fields<'_>, problems: &mut Problems) -> Option<Option<HubData>> {
    let Some(node) = fields.get("hub") else {
        let misplaced = OF_HUB.iter().find_map(|key| fields.entry(key));
        if let Some(entry) = misplaced {
            problems.error(
                Diagnostic::error(
                    &entry.key_location,
                    format!("`{}` is for data sets of the hub", entry.key),
                )
                .with_help("name the data set with `hub: org/name`"),
            );
            return None;
        }
        return Some(None);
    };
    let id = reader::text(node, "hub", problems)?;
    let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '@');
    let name = id.split('@').next().unwrap_or_default();
    if !id.chars().all(is_id) || name.matches('/').count() > 1 || name.is_empty() {
        problems.error(
            Diagnostic::error(&node.location, "this is not the id of a data set")
                .with_help("write an id of the hub such as `org/name` or `org/name@revision`"),
        );
        return None;
    }
    let mut text = |key: &str| match fields.get(key) {
        Some(node) => reader::text(node, key, problems).map(Some),
        None => Some(None),
    };
    let (config, licence) = (text("config"), text("licence"));
    Some(Some(HubData {
        id,
        config: config?,
        licence: licence?,
    }))
}

/// Checks the name of a split, or of a part of one.
pub(super) fn is_split(name: &str, node: &Node, problems: &mut Problems) -> bool {
    if SplitSlice::parse(name).is_some() {
        return true;
    }
    let help = if name.contains('+') {
        "write several splits as a list, such as `train: [train, validation]`"
    } else if name.contains('[') {
        "a part of a split is written as `train[:1000]`, `train[10%:20%]` or `train[-500:]`"
    } else {
        "with `hub`, these are names of splits, such as `train`, and not files"
    };
    problems.error(Diagnostic::error(&node.location, format!("`{name}` is not the name of a split")).with_help(help));
    false
}
