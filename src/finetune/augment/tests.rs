use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// The size of the image in `reference.json`.
const SIZE: ImageSize = ImageSize {
    channels: 3,
    height: 7,
    width: 9,
};

fn reference() -> BTreeMap<String, Vec<f32>> {
    serde_json::from_str(include_str!("reference.json")).unwrap()
}

fn unscaled() -> PixelScale {
    PixelScale::new(&[[1.0, 0.0]])
}

/// Applies the operation that `reference.json` has under this name.
fn operate(name: &str, picture: &mut Picture<'_>) {
    let area = |[top, left, height, width]: [usize; 4]| Area {
        top,
        left,
        height,
        width,
    };
    match name {
        "image" => {}
        "flip" => picture.flip(),
        "crop" => picture.crop(area([2, 1, 4, 6])),
        "crop_small" => picture.crop(area([0, 7, 1, 2])),
        "brightness" => picture.brighten(1.4),
        "contrast" => picture.contrast(1.5),
        "contrast_less" => picture.contrast(0.4),
        "saturation" => picture.saturate(1.9),
        "saturation_less" => picture.saturate(0.2),
        "hue" => picture.turn_hue(0.1),
        "hue_back" => picture.turn_hue(-0.35),
        "sharpness" => picture.sharpen(1.9),
        "sharpness_less" => picture.sharpen(0.1),
        "posterize" => picture.posterize(4),
        "solarize" => picture.solarize(0.5),
        "auto_contrast" => picture.auto_contrast(),
        "equalize" => picture.equalize(),
        "shear_x" => picture.shear_x(0.27),
        "shear_x_back" => picture.shear_x(-0.21),
        "shear_y" => picture.shear_y(0.27),
        "translate_x" => picture.translate(3, 0),
        "translate_y" => picture.translate(0, -2),
        "rotate" => picture.rotate(20.0),
        "rotate_back" => picture.rotate(-27.0),
        "erase" => picture.erase(area([1, 2, 3, 4])),
        other => panic!("unknown operation `{other}`"),
    }
}

#[test]
fn every_operation_gives_the_pixels_of_torchvision() {
    let reference = reference();
    let mut faults = Vec::new();
    for (name, expected) in &reference {
        let mut values = reference["image"].clone();
        let mut picture = Picture {
            values: &mut values,
            size: SIZE,
        };
        operate(name, &mut picture);
        let apart = values
            .iter()
            .zip(expected)
            .map(|(found, expected)| (found - expected).abs());
        let apart = apart.fold(0.0, f32::max);
        if apart > 1e-5 {
            faults.push(format!("{name}: {apart}"));
        }
    }
    assert!(faults.is_empty(), "{faults:?}");
}

fn everything() -> Augmentation {
    Augmentation {
        horizontal_flip: 0.5,
        crop_scale: 0.3,
        jitter_brightness: 0.4,
        jitter_contrast: 0.4,
        jitter_saturation: 0.4,
        jitter_hue: 0.1,
        randaugment_ops: 2,
        randaugment_magnitude: 15.0,
        random_erasing: 0.5,
        ..Augmentation::default()
    }
}

/// The image of the reference, changed.
fn changed(settings: Augmentation, scale: PixelScale, seed: u64, key: (u32, u64)) -> Vec<f32> {
    let mut values = reference()["image"].clone();
    if let Some(augmenter) = Augmenter::new(settings, scale, Seed(seed)) {
        augmenter.image(&mut values, SIZE, key);
    }
    values
}

#[test]
fn each_seed_example_and_pass_has_its_own_changes() {
    let of = |seed, key| changed(everything(), unscaled(), seed, key);
    assert_eq!(of(1, (2, 3)), of(1, (2, 3)));
    for (seed, key) in [(2, (2, 3)), (1, (1, 3)), (1, (2, 4))] {
        assert_ne!(of(seed, key), of(1, (2, 3)), "{seed} {key:?}");
    }
    assert_eq!(
        changed(Augmentation::default(), unscaled(), 1, (0, 0)),
        reference()["image"]
    );
    assert!(Augmenter::new(Augmentation::default(), unscaled(), Seed(1)).is_none());
}

#[test]
fn half_of_the_images_are_flipped() {
    let flips = Augmentation {
        horizontal_flip: 0.5,
        ..Augmentation::default()
    };
    let flipped = &reference()["flip"];
    let count = (0..400)
        .filter(|&example| &changed(flips, unscaled(), 1, (example, 0)) == flipped)
        .count();
    assert!((150..250).contains(&count), "{count}");
}

#[test]
fn a_view_has_another_fingerprint_for_other_changes() {
    let of = |settings, pass| {
        let augmenter = Augmenter::new(settings, unscaled(), Seed(0)).unwrap();
        augmenter.fingerprint(pass)
    };
    assert_eq!(of(everything(), 1), of(everything(), 1));
    assert_ne!(of(everything(), 1), of(everything(), 2));
    // Mixing does not change single images.
    let mixing = Augmentation {
        mixup_alpha: 0.2,
        views: 3,
        ..everything()
    };
    assert_eq!(of(everything(), 1), of(mixing, 1));
    for setting in 0..10 {
        let mut other = everything();
        match setting {
            0 => other.horizontal_flip = 0.4,
            1 => other.crop_scale = 0.4,
            2 => other.crop_ratio = 2.0,
            3 => other.jitter_brightness = 0.0,
            4 => other.jitter_contrast = 0.0,
            5 => other.jitter_saturation = 0.0,
            6 => other.jitter_hue = 0.0,
            7 => other.randaugment_ops = 1,
            8 => other.randaugment_magnitude = 3.0,
            _ => other.random_erasing = 1.0,
        }
        assert_ne!(of(everything(), 1), of(other, 1), "{other:?}");
    }
}

proptest! {
    #[test]
    fn changes_do_not_depend_on_the_scale_of_values(example in 0u32..200, pass in 0u64..4) {
        // Without erasing: its zeros are those of the scale.
        let settings = Augmentation { random_erasing: 0.0, ..everything() };
        let plain = changed(settings, unscaled(), 5, (example, pass));
        let scales = [[0.25, 0.5], [0.5, 0.25], [0.2, 0.1]];
        let mut values = reference()["image"].clone();
        for (channel, plane) in values.chunks_exact_mut(63).enumerate() {
            let [factor, offset] = scales[channel].map(|number: f64| number as f32);
            for value in plane.iter_mut() {
                *value = (*value - offset) / factor;
            }
        }
        let augmenter = Augmenter::new(settings, PixelScale::new(&scales), Seed(5)).unwrap();
        augmenter.image(&mut values, SIZE, (example, pass));
        for (channel, plane) in values.chunks_exact(63).enumerate() {
            let [factor, offset] = scales[channel].map(|number: f64| number as f32);
            for (value, plain) in plane.iter().zip(&plain[channel * 63..]) {
                // Rounding may move a value over a threshold of posterizing, solarizing or equalizing.
                let apart = (value * factor + offset - plain).abs();
                prop_assert!(apart < 1.01, "{apart}");
            }
        }
        prop_assert!(plain.iter().all(|value| (0.0..=1.0).contains(value)));
    }

    #[test]
    fn a_crop_has_an_area_and_a_ratio_in_the_ranges(least in 0.05..0.9_f64, seed in 0u64..1000) {
        let size = ImageSize { channels: 3, height: 40, width: 48 };
        let mut random = rng::stream(Seed(seed), "test", &[]);
        let area = resized_crop(size, [least, 1.0], 4.0 / 3.0, &mut random);
        prop_assert!(area.top + area.height <= 40 && area.left + area.width <= 48);
        let share = (area.height * area.width) as f64 / (40.0 * 48.0);
        let ratio = area.width as f64 / area.height as f64;
        // Sides are rounded to whole pixels.
        let slack = 1.0 / area.height.min(area.width) as f64;
        prop_assert!(share >= least * (1.0 - slack) - 1e-9, "{share} {least}");
        prop_assert!((0.75 * (1.0 - slack)..=4.0 / 3.0 * (1.0 + slack)).contains(&ratio), "{ratio}");
    }

    #[test]
    fn an_erased_rectangle_is_inside_and_has_an_area_in_the_range(seed in 0u64..2000) {
        let size = ImageSize { channels: 3, height: 40, width: 48 };
        let mut random = rng::stream(Seed(seed), "test", &[]);
        if let Some(area) = erased(size, &mut random) {
            prop_assert!(area.top + area.height <= 40 && area.left + area.width <= 48);
            let share = (area.height * area.width) as f64 / (40.0 * 48.0);
            prop_assert!((0.01..0.36).contains(&share), "{share}");
        }
    }
}

#[test]
fn a_crop_of_a_very_long_image_falls_back_to_the_middle() {
    let size = ImageSize {
        channels: 1,
        height: 4,
        width: 100,
    };
    let mut random = rng::stream(Seed(1), "test", &[]);
    let area = resized_crop(size, [0.9, 1.0], 4.0 / 3.0, &mut random);
    assert_eq!(
        area,
        Area {
            top: 0,
            left: 47,
            height: 4,
            width: 5
        }
    );
}

#[test]
fn images_of_any_number_of_channels_and_of_one_pixel_pass_through() {
    for (channels, height, width) in [(1, 5, 4), (4, 3, 3), (3, 1, 1), (3, 2, 7)] {
        let size = ImageSize {
            channels,
            height,
            width,
        };
        for example in 0..200 {
            let mut values = vec![0.5; size.values()];
            let augmenter = Augmenter::new(everything(), unscaled(), Seed(7)).unwrap();
            augmenter.image(&mut values, size, (example, 0));
            assert!(values.iter().all(|value| value.is_finite()), "{size} {values:?}");
        }
    }
}
