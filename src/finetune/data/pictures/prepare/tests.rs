use std::path::Path;

use serde_json::json;

use super::super::decode::decode_file;
use super::*;
use crate::data::testing::shared;
use crate::preprocessing::{ImageInput, Interpolation, Normalization};
use crate::{Device, Pretrained};

fn preparation(resize: Resize, crop: Option<[usize; 2]>) -> Preprocessing {
    Preprocessing {
        resize,
        crop,
        rounds_crop: false,
        interpolation: Interpolation::Nearest,
        rescale: None,
        normalization: None,
    }
}

/// An image whose red counts its columns and whose green counts its rows.
fn numbered(height: usize, width: usize) -> Decoded {
    let pixels = (0..height).flat_map(|row| (0..width).flat_map(move |column| [column as u8, row as u8, 7]));
    Decoded {
        height,
        width,
        pixels: pixels.collect(),
    }
}

fn size(height: usize, width: usize) -> ImageSize {
    ImageSize {
        channels: 3,
        height,
        width,
    }
}

/// Red and green of the first and the last pixel.
fn corners(bytes: &[u8]) -> [u8; 4] {
    let last = &bytes[bytes.len() - 3..];
    [bytes[0], bytes[1], last[0], last[1]]
}

#[test]
fn the_middle_is_kept_and_a_small_image_is_framed_in_black() {
    let crop =
        |image, sides: [usize; 2]| prepare(image, &preparation(Resize::None, Some(sides)), size(sides[0], sides[1]));
    assert_eq!(corners(&crop(numbered(5, 9), [2, 4])), [2, 1, 5, 2]);
    let framed = crop(numbered(1, 2), [3, 4]);
    assert_eq!(framed[..12], [0; 12]);
    assert_eq!(framed[12..24], [0, 0, 0, 0, 0, 7, 1, 0, 7, 0, 0, 0]);
    let rounded = Preprocessing {
        rounds_crop: true,
        ..preparation(Resize::None, Some([2, 2]))
    };
    // 1.5 and 2.5 pixels before: to the even one, as Python rounds.
    assert_eq!(corners(&prepare(numbered(5, 7), &rounded, size(2, 2))), [2, 2, 3, 3]);
}

#[test]
fn every_kind_of_resizing_ends_at_the_size_of_the_model() {
    for resize in [
        Resize::None,
        Resize::To([6, 6]),
        Resize::ShortestEdge(6),
        Resize::Cover([6, 8]),
        Resize::Down([6, 6]),
    ] {
        for crop in [None, Some([4, 5])] {
            for (height, width) in [(3, 3), (20, 7), (1, 50)] {
                let bytes = prepare(numbered(height, width), &preparation(resize, crop), size(4, 5));
                assert_eq!(bytes.len(), 4 * 5 * 3, "{resize:?} {crop:?} {height} {width}");
            }
        }
    }
    let grey = ImageSize {
        channels: 1,
        ..size(1, 2)
    };
    let colours = Decoded {
        height: 1,
        width: 2,
        pixels: vec![255, 0, 0, 10, 200, 90],
    };
    assert_eq!(prepare(colours, &preparation(Resize::None, None), grey), [76, 131]);
}

#[test]
fn a_byte_stands_for_a_number_of_its_channel() {
    let mut preparation = preparation(Resize::None, None);
    assert_eq!(scale(&preparation, 3)[2][200], 200.0);
    preparation.rescale = Some(1.0 / 255.0);
    preparation.normalization = Some(Normalization {
        mean: vec![0.5, 0.0],
        deviation: vec![0.25, 0.5],
        divides_twice: true,
    });
    let scale = scale(&preparation, 2);
    assert_eq!((scale[0][255], scale[1][255]), (8.0, 4.0));
}

/// The largest difference from the pixels that the real processors give.
fn difference(folder: &Path, reference: &Path) -> f32 {
    let labels = ["a", "b", "c"].map(str::to_owned);
    let model = Pretrained::load_directory(folder, &labels, Device::Cpu).unwrap();
    let ImageInput { size, preprocessing } = model.for_pictures(None).unwrap().image_input().unwrap();
    let image = decode_file(&folder.join("image.png")).unwrap();
    let bytes = prepare(image, &preprocessing, size);
    let scale = scale(&preprocessing, size.channels);
    let found: Vec<f32> = scale
        .iter()
        .enumerate()
        .flat_map(|(channel, scale)| bytes[channel..].iter().step_by(3).map(|&byte| scale[usize::from(byte)]))
        .collect();
    let file = std::fs::read(reference).unwrap();
    let file = safetensors::SafeTensors::deserialize(&file).unwrap();
    let names = ["png/pixel_values", "png/pixel_values_pil"];
    let of = names.iter().filter_map(|name| file.tensor(name).ok()).map(|tensor| {
        let (values, _) = tensor.data().as_chunks::<4>();
        assert_eq!(tensor.shape()[2..], [size.height, size.width], "{}", folder.display());
        // In proportion to values above 1: those of a double normalization reach 11.
        let differences = values.iter().zip(&found).map(|(value, found)| {
            let value = f32::from_le_bytes(*value);
            (value - found).abs() / value.abs().max(1.0)
        });
        differences.fold(0.0, f32::max)
    });
    of.fold(f32::INFINITY, f32::min)
}

#[test]
fn pixels_are_those_of_the_real_processors() {
    let Some(tiny) = shared("tiny") else { return };
    let mut families = 0;
    let mut largest = 0.0_f32;
    for entry in std::fs::read_dir(tiny).unwrap() {
        let family = entry.unwrap().path();
        let folder = family.join("image-classification");
        if !folder.join("image.png").exists() {
            continue;
        }
        let found = difference(&folder, &family.join("reference.safetensors"));
        println!("{}: {found:e}", family.display());
        assert!(found < 1e-6, "{}: {found:e}", family.display());
        largest = largest.max(found);
        families += 1;
    }
    println!("largest difference: {largest:e}");
    assert!(families >= 17, "{families}");
}

#[test]
fn the_size_of_a_processor_is_that_of_the_images() {
    let folder = tempfile::tempdir().unwrap();
    let config = json!({"model_type": "resnet", "num_channels": 3, "embedding_size": 4, "hidden_sizes": [4, 8],
        "depths": [1, 1], "layer_type": "basic", "hidden_act": "relu"});
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    let size = |processor: &serde_json::Value, asked| {
        std::fs::write(folder.path().join("preprocessor_config.json"), processor.to_string()).unwrap();
        crate::preprocessing::working(Some(folder.path()), &config, size(224, 224), asked).size
    };
    let shortest = json!({"size": {"shortest_edge": 32}, "do_center_crop": true, "crop_size": 28});
    assert_eq!(size(&shortest, None), self::size(28, 28));
    assert_eq!(size(&shortest, Some([40, 40])), self::size(40, 40));
    assert_eq!(size(&json!({"do_resize": false}), None), self::size(224, 224));
}
