//! Models in the layouts of timm and of torchvision: `config.json` names an `architecture` in place of a `model_type`.
//!
//! timm writes such a file for the hub. torchvision writes only a state dict; its `config.json` is made by hand and says
//! `"library": "torchvision"` (or `"source"`) beside the `architecture`.

use serde_json::Value;

use super::{FAMILIES, Family};

/// The architecture that a configuration names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Architecture<'a> {
    pub(crate) library: &'a str,
    pub(crate) name: &'a str,
}

impl<'a> Architecture<'a> {
    /// `None` if the configuration has a `model_type`, or no architecture.
    pub(crate) fn of(config: &'a Value) -> Option<Self> {
        if config.get("model_type").is_some_and(|kind| !kind.is_null()) {
            return None;
        }
        let text = |key: &str| config.get(key).and_then(Value::as_str);
        Some(Self {
            name: text("architecture")?,
            library: text("library").or_else(|| text("source")).unwrap_or("timm"),
        })
    }

    /// The family that knows it.
    ///
    /// # Errors
    /// Returns the reason if there is none.
    pub(super) fn family(self) -> Result<&'static Family, String> {
        let full = format!("{}/{}", self.library, self.name);
        let known = |family: &&Family| {
            let mut beginnings = family.architectures.iter();
            beginnings.any(|beginning| full.starts_with(beginning))
        };
        FAMILIES.iter().copied().find(known).ok_or_else(|| {
            let all = FAMILIES.iter().flat_map(|family| family.architectures);
            let all: Vec<String> = all.map(|beginning| format!("`{beginning}…`")).collect();
            format!(
                "`architecture` is `{}` of {}; the supported ones begin with {}",
                self.name,
                self.library,
                all.join(", ")
            )
        })
    }
}
