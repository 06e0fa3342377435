//! How a model's images are prepared, as its files say: `preprocessor_config.json`, or `pretrained_cfg` of timm.
//!
//! This is data only; `data::pictures` applies it: resize, crop, pixels to 0..=1, then mean and deviation.

use std::path::Path;

use serde_json::{Value, json};

use super::data::ImageSize;

/// The file of a model's folder that says how images are prepared.
pub(crate) const FILE: &str = "preprocessor_config.json";

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
    /// Height and width of the part in the middle that is kept; `None` keeps all. What a smaller image lacks is black.
    pub crop: Option<[usize; 2]>,
    /// True if the part begins at the nearest whole pixel, as in torchvision; otherwise at the one before.
    pub rounds_crop: bool,
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
    /// To the smallest size that covers this height and width, with the proportions kept (`ResizeKeepRatio` of timm).
    Cover([usize; 2]),
    /// To this height and width if the image is larger; a smaller one stays as it is.
    Down([usize; 2]),
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

    /// The number that Pillow gives it.
    fn number(self) -> u64 {
        match self {
            Self::Nearest => 0,
            Self::Lanczos => 1,
            Self::Bilinear => 2,
            Self::Bicubic => 3,
            Self::Box => 4,
            Self::Hamming => 5,
        }
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
    let file = folder.map(|folder| folder.join(FILE));
    let text = file.and_then(|file| std::fs::read_to_string(file).ok());
    match text.and_then(|text| serde_json::from_str::<Value>(&text).ok()) {
        Some(processor) => of_processor(&processor, size),
        None if config["model_type"] == "resnet8" => of_resnet8(size),
        None => of_timm(config, size),
    }
}

/// The preparation of the built-in `ResNet8`: a byte less 128, by 128. It classifies 82 % of CIFAR-10's test images so, and
/// 69 % with bytes / 255. Smaller images keep every pixel: scaling 28 to 32 would blur the edges that its stem looks for.
fn of_resnet8(size: ImageSize) -> Preprocessing {
    let sides = [size.height, size.width];
    Preprocessing {
        resize: Resize::Down(sides),
        crop: Some(sides),
        rounds_crop: false,
        interpolation: Interpolation::Bilinear,
        rescale: Some(1.0 / 128.0),
        normalization: Some(Normalization {
            mean: vec![1.0],
            deviation: vec![1.0],
            divides_twice: false,
        }),
    }
}

impl Preprocessing {
    /// The steps that decide the bytes of a prepared image; what a byte stands for is applied later.
    pub(crate) fn geometry(&self) -> (Resize, Option<[usize; 2]>, bool, Interpolation) {
        (self.resize, self.crop, self.rounds_crop, self.interpolation)
    }

    /// Height and width of prepared images; `None` if they depend on the image.
    pub(crate) fn sides(&self) -> Option<[usize; 2]> {
        match (self.crop, self.resize) {
            (Some(sides), _) | (None, Resize::To(sides)) => Some(sides),
            (None, Resize::None | Resize::ShortestEdge(_) | Resize::Cover(_) | Resize::Down(_)) => None,
        }
    }

    /// The same preparation for images of this height and width instead of `from`: lengths keep their share of the side.
    #[must_use]
    pub(crate) fn at(self, from: [usize; 2], to: [usize; 2]) -> Self {
        if self.sides() == Some(to) && from == to {
            return self;
        }
        let scaled = |length: usize, side: usize| (length * to[side]).div_ceil(from[side].max(1)).max(1);
        let both = |[height, width]: [usize; 2]| [scaled(height, 0), scaled(width, 1)];
        let resize = match self.resize {
            Resize::None => Resize::None,
            Resize::To(sides) => Resize::To(both(sides)),
            // A shorter side that covers a square does not cover other proportions.
            Resize::ShortestEdge(edge) if to[0] != to[1] => Resize::Cover(both([edge, edge])),
            Resize::ShortestEdge(edge) => {
                let shorter = usize::from(from[1] < from[0]);
                Resize::ShortestEdge(scaled(edge, shorter).max(to[0]))
            }
            Resize::Cover(sides) => Resize::Cover(both(sides)),
            Resize::Down(_) => Resize::Down(to),
        };
        let is_whole = matches!(resize, Resize::To(sides) if sides == to) && self.crop.is_none();
        Self {
            resize,
            crop: (!is_whole).then_some(to),
            ..self
        }
    }

    /// The preparation as a `preprocessor_config.json` that [`read`] and `transformers` understand.
    pub(crate) fn to_json(&self) -> Value {
        let sides = |[height, width]: [usize; 2]| json!({ "height": height, "width": width });
        let divides_twice = self.normalization.as_ref().is_some_and(|found| found.divides_twice);
        let kind = match (divides_twice, self.crop) {
            (true, _) => "EfficientNetImageProcessor",
            (false, Some(_)) => "BitImageProcessor",
            (false, None) => "ViTImageProcessor",
        };
        let mut processor = json!({
            "image_processor_type": kind,
            "do_resize": self.resize != Resize::None,
            "resample": self.interpolation.number(),
            "do_center_crop": self.crop.is_some(),
            "do_rescale": self.rescale.is_some(),
            "do_normalize": self.normalization.is_some(),
        });
        let mut insert = |key: &str, value: Value| processor[key] = value;
        match self.resize {
            Resize::None => {}
            Resize::To(to) => insert("size", sides(to)),
            Resize::ShortestEdge(edge) => insert("size", json!({ "shortest_edge": edge })),
            Resize::Cover(to) => {
                insert("size", sides(to));
                insert(MODE, json!(COVER));
            }
            Resize::Down(to) => {
                insert("size", sides(to));
                insert(MODE, json!(DOWN));
            }
        }
        if let Some(crop) = self.crop {
            insert("crop_size", sides(crop));
        }
        if self.rounds_crop {
            insert(ROUNDS, json!(true));
        }
        if let Some(factor) = self.rescale {
            insert("rescale_factor", json!(factor));
        }
        if let Some(found) = &self.normalization {
            insert("image_mean", json!(found.mean));
            insert("image_std", json!(found.deviation));
        }
        if divides_twice {
            insert("include_top", json!(true));
        }
        processor
    }
}

/// Keys of our own in a `preprocessor_config.json`, for what `transformers` has no word for.
const MODE: &str = "resize_mode";
const COVER: &str = "cover";
const DOWN: &str = "down";
const ROUNDS: &str = "rounds_crop";

/// The images that a model is trained on: of the size asked for, else of the size that its files prepare, else of the
/// size in its configuration.
pub(crate) fn working(folder: Option<&Path>, config: &Value, own: ImageSize, asked: Option<[usize; 2]>) -> ImageInput {
    let preprocessing = read(folder, config, own);
    let prepared = preprocessing.sides().unwrap_or([own.height, own.width]);
    let [height, width] = asked.unwrap_or(prepared);
    ImageInput {
        size: ImageSize { height, width, ..own },
        preprocessing: preprocessing.at(prepared, [height, width]),
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
        Resize::None | Resize::Cover(_) | Resize::Down(_) => [size.height, size.width],
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
    if let Resize::To(sides) = resize {
        resize = match processor[MODE].as_str() {
            Some(COVER) => Resize::Cover(sides),
            Some(DOWN) => Resize::Down(sides),
            _ => resize,
        };
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
        rounds_crop: flag(ROUNDS, false),
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
    // As timm's `transforms_imagenet_eval`: other proportions than a square's are covered.
    let scaled = [size.height, size.width].map(|side| (side as f64 / share.unwrap_or(0.875)) as usize);
    let resize = match pretrained["crop_mode"].as_str() {
        Some("squash") => Resize::To(scaled),
        _ if scaled[0] == scaled[1] => Resize::ShortestEdge(scaled[0]),
        _ => Resize::Cover(scaled),
    };
    let normalization = Normalization {
        mean: numbers(&pretrained["mean"]).unwrap_or_else(|| vec![0.485, 0.456, 0.406]),
        deviation: numbers(&pretrained["std"]).unwrap_or_else(|| vec![0.229, 0.224, 0.225]),
        divides_twice: false,
    };
    Preprocessing {
        resize,
        crop: Some([size.height, size.width]),
        rounds_crop: true,
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

    #[test]
    fn a_preparation_is_read_as_it_was_written() {
        let timm = of_timm(
            &json!({"pretrained_cfg": {"crop_pct": 0.9, "interpolation": "bicubic"}}),
            SIZE,
        );
        let wide = ImageSize { width: 320, ..SIZE };
        let all = [
            timm.clone(),
            of_timm(&json!({"crop_mode": "squash"}), wide),
            of_timm(&Value::Null, wide),
            of_resnet8(ImageSize::SMALL),
            of_processor(
                &json!({"size": 24, "image_mean": [0.5], "image_std": [0.25], "do_rescale": false}),
                SIZE,
            ),
            of_processor(
                &json!({"size": 24, "image_processor_type": "EfficientNetImageProcessor", "image_mean": [0.5],
                    "image_std": [0.25]}),
                SIZE,
            ),
            timm.at([224, 224], [96, 128]),
        ];
        for preparation in all {
            assert_eq!(of_processor(&preparation.to_json(), SIZE), preparation);
        }
    }

    #[test]
    fn another_size_keeps_the_share_that_is_cut_off() {
        let timm = of_timm(&json!({"crop_pct": 0.875}), SIZE);
        let small = timm.clone().at([224, 224], [96, 96]);
        assert_eq!((small.resize, small.crop), (Resize::ShortestEdge(110), Some([96, 96])));
        let wide = timm.clone().at([224, 224], [96, 192]);
        assert_eq!(
            (wide.resize, wide.sides()),
            (Resize::Cover([110, 220]), Some([96, 192]))
        );
        assert_eq!(timm.clone().at([224, 224], [224, 224]), timm);
        let squeezed = of_processor(&json!({"size": 24}), SIZE).at([24, 24], [48, 36]);
        assert_eq!((squeezed.resize, squeezed.crop), (Resize::To([48, 36]), None));
    }
}
