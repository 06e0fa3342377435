//! Names of classes in the metadata that Hugging Face `datasets` writes into its files.

use std::sync::Arc;

use crate::json::{Json, parse};

/// The key of the metadata in Parquet and Arrow schemas.
pub(super) const KEY: &str = "huggingface";

/// The features in the metadata of a file.
pub(super) struct Features<'m>(Option<Json<'m>>);

impl<'m> Features<'m> {
    /// Reads the metadata; malformed metadata name no classes.
    pub(super) fn new(metadata: Option<&'m str>) -> Self {
        let document = metadata.and_then(|text| parse(text).ok());
        Self(document.and_then(|document| document.get("info")?.get("features").cloned()))
    }

    /// The names of the classes of a column: it has a path of names, since structs have columns of their own.
    pub(super) fn classes(&self, path: &[&str]) -> Option<Arc<[String]>> {
        let mut feature = self.0.as_ref()?;
        for name in path {
            feature = of_elements(feature).get(name)?;
        }
        let feature = of_elements(feature);
        let is_label = feature.get("_type") == Some(&Json::Text("ClassLabel".into()));
        let names = if is_label { feature.get("names")? } else { return None };
        let Json::Array(names) = names else { return None };
        let text = |name: &Json<'_>| match name {
            Json::Text(name) => Some(name.clone().into_owned()),
            _ => None,
        };
        names.iter().map(text).collect()
    }
}

/// The feature of a list's elements; other features are returned as they are.
fn of_elements<'f, 'm>(mut feature: &'f Json<'m>) -> &'f Json<'m> {
    loop {
        feature = match feature {
            // Older files write a list as a JSON list of one feature.
            Json::Array(features) if features.len() == 1 => &features[0],
            // A column may be called `feature` too; lists say what they are.
            _ if feature.get("_type").is_some() => match feature.get("feature") {
                Some(inner) => inner,
                None => return feature,
            },
            _ => return feature,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_found_in_labels_lists_and_structs() {
        let text = r#"{"info": {"features": {
            "label": {"names": ["neg", "pos"], "_type": "ClassLabel"},
            "tags": {"feature": {"names": ["O", "B"], "_type": "ClassLabel"}, "_type": "Sequence"},
            "old": [{"names": ["x"], "_type": "ClassLabel"}],
            "spans": {"feature": {"kind": {"names": ["y"], "_type": "ClassLabel"}}, "_type": "List"},
            "text": {"dtype": "string", "_type": "Value"}}}}"#;
        let features = Features::new(Some(text));
        let classes = |path: &[&str]| features.classes(path).map(|names| names.join(" "));
        assert_eq!(classes(&["label"]).unwrap(), "neg pos");
        assert_eq!(classes(&["tags"]).unwrap(), "O B");
        assert_eq!(classes(&["old"]).unwrap(), "x");
        assert_eq!(classes(&["spans", "kind"]).unwrap(), "y");
        assert_eq!(
            (classes(&["text"]), classes(&["none"]), classes(&[])),
            (None, None, None)
        );
    }

    #[test]
    fn malformed_metadata_name_no_classes() {
        for text in ["", "{", "{\"info\": 3}"] {
            assert_eq!(Features::new(Some(text)).classes(&["label"]), None);
        }
    }
}
