//! How a model's images are prepared, as its files say: `preprocessor_config.json`, or `pretrained_cfg` of timm.
//!
//! This is data only. Whoever reads images applies it: resize, crop, pixels to 0..=1, then mean and deviation.

use std::path::Path;

use serde_json::Value;

use super::data::ImageSize;

/// The images that a model takes.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageInput {
    /// The size of every image.
    pub size: ImageSize,
    /// The preparation that the model was trained with.
    pub preprocessing: Preprocessing,
}

/// The preparation of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Preprocessing {
    /// The first step.
    pub resize: Resize,
    /// Height and width of the part in the middle that is kept; `None` keeps all.
    pub crop: Option<[usize; 2]>,
    /// The way of resizing.
    pub interpolation: Interpolation,
    /// The factor on bytes; `None` leaves them as they are.
    pub rescale: Option<f64>,
    /// The mean and the divisor of each channel after rescaling; `None` leaves values as they are.
    pub normalization: Option<Normalization>,
}

/// A change of size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resize {
    /// The size stays.
    None,
    /// To this height and width, whatever the proportions.
    To([usize; 2]),
    /// The shorter side to this length, with the proportions kept.
    ShortestEdge(usize),
}

/// The way of resizing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The nearest pixel.
    Nearest,
    /// Linear between pixels.
    Bilinear,
    /// Cubic between pixels.
    Bicubic,
    /// A windowed sinc.
    Lanczos,
    /// The mean over the pixels.
    Box,
    /// Hamming's window.
    Hamming,
}

/// Mean and deviation of each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalization {
    /// Taken off.
    pub mean: Vec<f64>,
    /// The divisor.
    pub deviation: Vec<f64>,
    /// True if values are divided a second time (`include_top` of `EfficientNet`'s processor in `transformers`).
    pub divides_twice: bool,
}

impl Interpolation {
    /// By the number that Pillow gives it.
    fn of_number(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Nearest,
            1 => Self::Lanczos,
            2 => Self::Bilinear,
            3 => Self::Bicubic,
            4 => Self::Box,
            5 => Self::Hamming,
            _ => return None,
        })
    }

    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "nearest" => Self::Nearest,
            "bilinear" => Self::Bilinear,
            "bicubic" => Self::Bicubic,
            "lanczos" => Self::Lanczos,
            "box" => Self::Box,
            "hamming" => Self::Hamming,
            _ => return None,
        })
    }
}

/// The preparation that a model's folder names. What no file names is that of most models: the shorter side is resized
/// by 256 / 224, the middle is kept, and values are normalized to those of `ImageNet`.
pub(crate) fn read(folder: Option<&Path>, config: &Value, size: ImageSize) -> Preprocessing {
    let file = folder.map(|folder| folder.join("preprocessor_config.json"));
    let text = file.and_then(|file| std::fs::read_to_string(file).ok());
    match text.and_then(|text| serde_json::from_str::<Value>(&text).ok()) {
        Some(processor) => of_processor(&processor, size),
        None => of_timm(config, size),
    }
}

fn numbers(value: &Value) -> Option<Vec<f64>> {
    let list: Option<Vec<f64>> = value.as_array()?.iter().map(Value::as_f64).collect();
    list.filter(|list| !list.is_empty() && list.iter().all(|number| number.is_finite()))
}

fn length(value: &Value) -> Option<usize> {
    value
        .as_u64()
        .filter(|length| (1..=1 << 16).contains(length))
        .map(|length| length as usize)
}

/// Height and width, or the length of the shorter side.
fn sides(value: &Value) -> Resize {
    let of = |key: &str| value.get(key).and_then(length);
    match (of("height"), of("width"), of("shortest_edge")) {
        (Some(height), Some(width), _) => Resize::To([height, width]),
        (_, _, Some(edge)) => Resize::ShortestEdge(edge),
        _ => length(value).map_or(Resize::None, |side| Resize::To([side, side])),
    }
}

fn of_processor(processor: &Value, size: ImageSize) -> Preprocessing {
    let flag = |key: &str, default: bool| processor.get(key).and_then(Value::as_bool).unwrap_or(default);
    let kind = processor.get("image_processor_type").and_then(Value::as_str);
    let kind = kind.or_else(|| processor.get("feature_extractor_type").and_then(Value::as_str));
    let kind = kind.unwrap_or_default();
    let mut resize = if flag("do_resize", true) {
        sides(&processor["size"])
    } else {
        Resize::None
    };
    let mut crop = flag("do_center_crop", false).then(|| match sides(&processor["crop_size"]) {
        Resize::To(sides) => sides,
        Resize::ShortestEdge(edge) => [edge, edge],
        Resize::None => [size.height, size.width],
    });
    // ConvNeXt's processor crops images below 384 by a share, and squeezes larger ones.
    if kind.starts_with("ConvNext")
        && let Resize::ShortestEdge(edge) = resize
    {
        let share = processor
            .get("crop_pct")
            .and_then(Value::as_f64)
            .unwrap_or(224.0 / 256.0);
        if edge < 384 && share > 0.0 {
            resize = Resize::ShortestEdge((edge as f64 / share) as usize);
            crop = Some([edge, edge]);
        } else {
            resize = Resize::To([edge, edge]);
        }
    }
    let normalization = || {
        Some(Normalization {
            mean: numbers(&processor["image_mean"])?,
            deviation: numbers(&processor["image_std"])?,
            divides_twice: kind.starts_with("EfficientNet") && flag("include_top", true),
        })
    };
    Preprocessing {
        resize,
        crop,
        interpolation: processor["resample"]
            .as_u64()
            .and_then(Interpolation::of_number)
            .unwrap_or(Interpolation::Bilinear),
        rescale: flag("do_rescale", true).then(|| processor["rescale_factor"].as_f64().unwrap_or(1.0 / 255.0)),
        normalization: flag("do_normalize", true).then(normalization).flatten(),
    }
}

fn of_timm(config: &Value, size: ImageSize) -> Preprocessing {
    let pretrained = config.get("pretrained_cfg").unwrap_or(config);
    let share = pretrained
        .get("crop_pct")
        .and_then(Value::as_f64)
        .filter(|share| *share > 0.0);
    let edge = size.height.min(size.width) as f64;
    let normalization = Normalization {
        mean: numbers(&pretrained["mean"]).unwrap_or_else(|| vec![0.485, 0.456, 0.406]),
        deviation: numbers(&pretrained["std"]).unwrap_or_else(|| vec![0.229, 0.224, 0.225]),
        divides_twice: false,
    };
    Preprocessing {
        resize: Resize::ShortestEdge((edge / share.unwrap_or(0.875)) as usize),
        crop: Some([size.height, size.width]),
        interpolation: pretrained["interpolation"]
            .as_str()
            .and_then(Interpolation::of_name)
            .unwrap_or(Interpolation::Bilinear),
        rescale: Some(1.0 / 255.0),
        normalization: Some(normalization),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SIZE: ImageSize = ImageSize {
        channels: 3,
        height: 224,
        width: 224,
    };

    #[test]
    fn a_share_of_the_shorter_side_becomes_its_length() {
        let config =
            json!({"pretrained_cfg": {"crop_pct": 0.9, "interpolation": "bicubic", "mean": [0.5], "std": [0.25]}});
        let found = of_timm(&config, SIZE);
        assert_eq!(
            (found.resize, found.crop),
            (Resize::ShortestEdge(248), Some([224, 224]))
        );
        assert_eq!(found.interpolation, Interpolation::Bicubic);
        assert_eq!(found.normalization.unwrap().deviation, [0.25]);
        let processor = json!({"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 224},
            "crop_pct": 0.875, "resample": 3});
        let found = of_processor(&processor, SIZE);
        assert_eq!(
            (found.resize, found.crop),
            (Resize::ShortestEdge(256), Some([224, 224]))
        );
        let large = json!({"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 384}});
        assert_eq!(of_processor(&large, SIZE).resize, Resize::To([384, 384]));
    }

    #[test]
    fn steps_that_a_processor_leaves_out_are_left_out() {
        let processor = json!({"do_resize": false, "do_rescale": false, "do_normalize": false,
            "image_mean": [0.5], "image_std": [0.5]});
        let found = of_processor(&processor, SIZE);
        assert_eq!((found.resize, found.crop, found.rescale), (Resize::None, None, None));
        assert_eq!(found.normalization, None);
        let squeezed = json!({"size": 24, "do_center_crop": true, "crop_size": {"height": 20, "width": 22}});
        let found = of_processor(&squeezed, SIZE);
        assert_eq!((found.resize, found.crop), (Resize::To([24, 24]), Some([20, 22])));
    }
}
