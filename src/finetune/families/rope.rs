//! Rotary positions in `config.json`: `rope_parameters` of newer files, `rope_theta` and `rope_scaling` of older ones.

use std::f64::consts::PI;

use serde_json::Value;

use super::{ConfigError, Fields};
use crate::layers::rotary::Rotary;

/// Rotary positions for `size` values per head; `theta` is the key of older files for the base, and its default.
pub(super) fn read(fields: &Fields<'_>, theta: (&str, f64), size: usize) -> Result<Rotary, ConfigError> {
    let parameters = fields.nested("rope_parameters")?;
    let scaling = fields.nested("rope_scaling")?;
    from(fields, parameters.as_ref().or(scaling.as_ref()), theta, size)
}

/// The same for the blocks of one kind, in files that have parameters for each kind.
pub(super) fn of_kind(fields: &Fields<'_>, kind: &str, theta: (&str, f64), size: usize) -> Result<Rotary, ConfigError> {
    match fields.nested("rope_parameters")? {
        Some(parameters) => {
            let own = parameters.nested(kind)?;
            from(fields, own.as_ref().or(Some(&parameters)), theta, size)
        }
        // Older files scale only the blocks that see everything.
        None if kind == "full_attention" => {
            let scaling = fields.nested("rope_scaling")?;
            from(fields, scaling.as_ref(), theta, size)
        }
        None => from(fields, None, theta, size),
    }
}

/// Which blocks see only a window: `layer_types` if the file has it, else `otherwise`.
pub(super) fn local_blocks(
    fields: &Fields<'_>,
    blocks: usize,
    otherwise: impl Fn(usize) -> bool,
) -> Result<Vec<bool>, ConfigError> {
    let Some(types) = fields.get("layer_types") else {
        return Ok((0..blocks).map(otherwise).collect());
    };
    let known = |kind: &Value| match kind.as_str() {
        Some("sliding_attention") => Some(true),
        Some("full_attention") => Some(false),
        Some(_) | None => None,
    };
    let items = types.as_array().map(Vec::as_slice).unwrap_or_default();
    let kinds: Option<Vec<bool>> = items.iter().map(known).collect();
    match kinds {
        Some(kinds) if kinds.len() == blocks => Ok(kinds),
        Some(_) | None => Err(ConfigError::Value {
            key: "layer_types".to_owned(),
            value: types.to_string(),
            expected: format!("a list of {blocks} items, each `full_attention` or `sliding_attention`"),
        }),
    }
}

fn from(
    fields: &Fields<'_>,
    parameters: Option<&Fields<'_>>,
    (theta_key, default): (&str, f64),
    size: usize,
) -> Result<Rotary, ConfigError> {
    let old = fields.number_or(theta_key, default)?;
    let theta = match parameters {
        Some(parameters) => parameters.number_or("rope_theta", old)?,
        None => old,
    };
    let share = match parameters.and_then(|parameters| parameters.get("partial_rotary_factor")) {
        Some(share) => share.as_f64().unwrap_or(1.0),
        None => fields.number_or("partial_rotary_factor", fields.number_or("rotary_pct", 1.0)?)?,
    };
    let size = (size as f64 * share.clamp(0.0, 1.0)) as usize;
    let mut frequencies = Rotary::frequencies(theta, size);
    let Some(parameters) = parameters else {
        return Ok(Rotary::new(frequencies, 1.0));
    };
    let kind = match parameters.get("rope_type").or(parameters.get("type")) {
        Some(kind) => kind.as_str().unwrap_or_default(),
        None => "default",
    };
    let number = |key: &str| match parameters.get(key).and_then(Value::as_f64) {
        Some(number) if number > 0.0 => Ok(number),
        Some(_) | None => Err(ConfigError::Missing {
            key: format!("rope_parameters.{key}"),
        }),
    };
    match kind {
        // The second kind changes only positions beyond those that the model was trained on.
        "default" | "dynamic" => {}
        "linear" => {
            let factor = number("factor")?;
            for frequency in &mut frequencies {
                *frequency = (f64::from(*frequency) / factor) as f32;
            }
        }
        "llama3" => {
            let bands = Bands {
                factor: number("factor")?,
                low: number("low_freq_factor")?,
                high: number("high_freq_factor")?,
                trained: number("original_max_position_embeddings")?,
            };
            for frequency in &mut frequencies {
                *frequency = bands.scaled(f64::from(*frequency)) as f32;
            }
        }
        other => {
            return Err(ConfigError::Unsupported {
                key: "rope_type".to_owned(),
                value: other.to_owned(),
                known: "`default`, `linear`, `dynamic`, `llama3`".to_owned(),
            });
        }
    }
    Ok(Rotary::new(frequencies, 1.0))
}

/// The scaling of Llama 3.1: low frequencies are divided, high ones stay, and those between are interpolated.
struct Bands {
    factor: f64,
    low: f64,
    high: f64,
    /// Number of positions that the model was trained on.
    trained: f64,
}

impl Bands {
    fn scaled(&self, frequency: f64) -> f64 {
        let turns = self.trained * frequency / (2.0 * PI);
        if turns < self.low {
            frequency / self.factor
        } else if turns > self.high {
            frequency
        } else {
            let share = (turns - self.low) / (self.high - self.low);
            (1.0 - share) * frequency / self.factor + share * frequency
        }
    }
}
