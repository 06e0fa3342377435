//! The strings by which timm describes the blocks of mobile networks, such as `ir_r2_k3_s2_e6_c24_se0.25`.

use super::ConfigError;
use crate::kernels::ActivationKind;

/// The kind of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `ds`: a depthwise convolution and a projection.
    Separable,
    /// `ir`: the same after an expansion.
    Inverted,
    /// `cn`: a convolution.
    Convolution,
}

/// A block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    pub(super) kind: Kind,
    pub(super) kernel: usize,
    pub(super) stride: usize,
    pub(super) expansion: f64,
    pub(super) channels: usize,
    /// The width of the gate as a share of channels.
    pub(super) gate: Option<f64>,
    /// `None` for the activation of the whole network.
    pub(super) activation: Option<ActivationKind>,
}

/// The blocks of a stage. `depth` is the factor on their number.
///
/// # Errors
/// If a string has an option that is not known.
pub(super) fn stage(strings: &[&str], depth: f64) -> Result<Vec<Unit>, ConfigError> {
    let parsed: Vec<(Unit, usize)> = strings
        .iter()
        .map(|text| parse(text).ok_or_else(|| unknown(text)))
        .collect::<Result<_, _>>()?;
    // The factor is for all blocks of the stage, and is shared out from the last kind of block to the first.
    let mut left: usize = parsed.iter().map(|(_, repeats)| repeats).sum();
    let mut scaled = (left as f64 * depth).ceil() as usize;
    let mut repeats = Vec::new();
    for (_, own) in parsed.iter().rev() {
        let share = (*own as f64 / left as f64 * scaled as f64).round_ties_even().max(1.0) as usize;
        repeats.push(share);
        left -= own;
        scaled = scaled.saturating_sub(share);
    }
    repeats.reverse();
    let units = parsed.iter().zip(repeats);
    Ok(units
        .flat_map(|((unit, _), repeats)| first_strides(*unit, repeats))
        .collect())
}

/// A block several times; only the first has its stride.
fn first_strides(unit: Unit, repeats: usize) -> impl Iterator<Item = Unit> {
    (0..repeats).map(move |number| Unit {
        stride: if number == 0 { unit.stride } else { 1 },
        ..unit
    })
}

fn unknown(text: &str) -> ConfigError {
    ConfigError::Unsupported {
        key: "block_args".to_owned(),
        value: text.to_owned(),
        known: "blocks `ds`, `ir` and `cn` with `r`, `k`, `s`, `e`, `c`, `se` and `n`".to_owned(),
    }
}

fn parse(text: &str) -> Option<(Unit, usize)> {
    let mut parts = text.split('_');
    let kind = match parts.next()? {
        "ds" => Kind::Separable,
        "ir" => Kind::Inverted,
        "cn" => Kind::Convolution,
        _ => return None,
    };
    let mut unit = Unit {
        kind,
        kernel: 3,
        stride: 1,
        expansion: 1.0,
        channels: 0,
        gate: None,
        activation: None,
    };
    let mut repeats = 1;
    let size = |text: &str| text.parse().ok().filter(|size| (1..=1 << 16).contains(size));
    for part in parts {
        let share = |text: &str| text.parse().ok().filter(|share: &f64| *share > 0.0 && *share < 1e3);
        if let Some(rest) = part.strip_prefix("se") {
            unit.gate = Some(share(rest)?);
        } else if let Some(rest) = part.strip_prefix('n') {
            unit.activation = Some(match rest {
                "re" => ActivationKind::Relu,
                "r6" => ActivationKind::Relu6,
                "sw" => ActivationKind::Silu,
                "hs" => ActivationKind::HardSwish,
                _ => return None,
            });
        } else if let Some(rest) = part.strip_prefix('r') {
            repeats = size(rest).filter(|repeats| *repeats <= 256)?;
        } else if let Some(rest) = part.strip_prefix('k') {
            unit.kernel = size(rest).filter(|kernel| kernel % 2 == 1)?;
        } else if let Some(rest) = part.strip_prefix('s') {
            unit.stride = size(rest)?;
        } else if let Some(rest) = part.strip_prefix('e') {
            unit.expansion = share(rest)?;
        } else if let Some(rest) = part.strip_prefix('c') {
            unit.channels = size(rest)?;
        } else {
            return None;
        }
    }
    (unit.channels > 0).then_some((unit, repeats))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_block_of_a_kind_strides_and_more_depth_goes_to_the_last() {
        let units = stage(&["ir_r2_k5_s2_e6_c40_se0.25_nre"], 1.0).unwrap();
        let strides: Vec<usize> = units.iter().map(|unit| unit.stride).collect();
        assert_eq!(strides, [2, 1]);
        assert_eq!(
            (units[0].gate, units[0].activation),
            (Some(0.25), Some(ActivationKind::Relu))
        );
        let units = stage(&["ir_r1_k3_s2_e4_c24", "ir_r2_k3_s1_e3_c24"], 1.4).unwrap();
        let expansions: Vec<f64> = units.iter().map(|unit| unit.expansion).collect();
        assert_eq!(expansions, [4.0, 4.0, 3.0, 3.0, 3.0][..expansions.len()]);
        assert_eq!(units.len(), 5);
    }

    #[test]
    fn an_unknown_option_is_named() {
        let error = stage(&["er_r1_k3_s1_e1_c16"], 1.0).unwrap_err().to_string();
        assert!(error.contains("`block_args` is `er_r1_k3_s1_e1_c16`"), "{error}");
        assert!(stage(&["ir_r1_k3_s1_e1"], 1.0).is_err());
    }
}
