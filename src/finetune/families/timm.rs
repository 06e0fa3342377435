//! The keys of timm's `config.json`.

use super::{ConfigError, Fields};
use crate::data::ImageSize;

/// The name of the architecture, without the tag of its weights.
///
/// # Errors
/// If there is none.
pub(super) fn name<'a>(fields: &Fields<'a>) -> Result<&'a str, ConfigError> {
    let name = fields.text_or("architecture", "")?;
    if name.is_empty() {
        return Err(ConfigError::Missing {
            key: "architecture".to_owned(),
        });
    }
    Ok(name.split('.').next().unwrap_or(name))
}

/// The error for an architecture of a family that has other sizes or parts than we know.
pub(super) fn unsupported(name: &str, known: &str) -> ConfigError {
    ConfigError::Unsupported {
        key: "architecture".to_owned(),
        value: name.to_owned(),
        known: known.to_owned(),
    }
}

/// Names for a message.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The arguments by which the model differs from its architecture.
///
/// # Errors
/// If one of them is not in `known`.
pub(super) fn arguments<'a>(fields: &Fields<'a>, known: &[&str]) -> Result<Fields<'a>, ConfigError> {
    let arguments = fields.nested("model_args")?.unwrap_or(Fields::EMPTY);
    let Some(unknown) = arguments.names().find(|name| !known.contains(name)) else {
        return Ok(arguments);
    };
    Err(ConfigError::Unsupported {
        key: "model_args".to_owned(),
        value: unknown.to_owned(),
        known: listed(known.iter().copied()),
    })
}

/// The size of the images: `img_size`, or `input_size` of `pretrained_cfg`, or a square of this side.
///
/// # Errors
/// If a key has another kind of value.
pub(super) fn image_size(
    fields: &Fields<'_>,
    arguments: &Fields<'_>,
    default: usize,
) -> Result<ImageSize, ConfigError> {
    let pretrained = fields.nested("pretrained_cfg")?.unwrap_or(Fields::EMPTY);
    let input = pretrained.sizes_or("input_size", &[3, default, default])?;
    let [channels, height, width] = input.as_slice() else {
        return Err(ConfigError::Value {
            key: "input_size".to_owned(),
            value: format!("{input:?}"),
            expected: "channels, height and width".to_owned(),
        });
    };
    let [height, width] = match arguments.get("img_size") {
        Some(_) => arguments.sides_or("img_size", default)?,
        None => [*height, *width],
    };
    Ok(ImageSize {
        channels: arguments.size_or("in_chans", *channels)?,
        height,
        width,
    })
}
