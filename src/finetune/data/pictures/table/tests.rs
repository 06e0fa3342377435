use std::path::Path;

use super::super::png::encode_png;
use automl_readers::ReadOptions;

use super::*;
use crate::data::labels::LabelKind;
use crate::data::split::{Held, SplitOptions};
use crate::data::text::TextColumns;
use crate::preprocessing::{Interpolation, Preprocessing, Resize};
use crate::units::Seed;

fn png(path: &Path, grey: u8) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, encode_png(3, &[grey; 6], true)).unwrap();
}

fn input() -> ImageInput {
    ImageInput {
        size: ImageSize {
            channels: 3,
            height: 2,
            width: 3,
        },
        preprocessing: Preprocessing {
            resize: Resize::To([2, 3]),
            crop: None,
            rounds_crop: false,
            interpolation: Interpolation::Bilinear,
            rescale: None,
            normalization: None,
        },
    }
}

fn options(train: &Path) -> PictureOptions {
    PictureOptions {
        table: TableOptions {
            train: vec![train.into()],
            validation: Vec::new(),
            test: Vec::new(),
            read: ReadOptions::default(),
            text: TextColumns::one("text"),
            label: vec!["label".to_owned()],
            labels: LabelKind::Class,
            on_missing: None,
            train_limit: None,
            split: SplitOptions {
                validation: Held::Share(0.25),
                test: Held::NONE,
                stratify: true,
                seed: Seed(1),
            },
            together: None,
            folds: None,
        },
        column: None,
        on_bad: OnBadImage::Error,
    }
}

fn load(options: PictureOptions) -> Result<Dataset, DataError> {
    Ok(PictureTable::load(options, None)?.prepare(&input())?.data)
}

/// The first value of each image.
fn greys(examples: &Examples) -> Vec<u8> {
    let Inputs::Images { pixels, size } = &examples.inputs else {
        unreachable!("pictures are images")
    };
    (0..examples.len())
        .map(|image| pixels.image(*size, image)[0] as u8)
        .collect()
}

/// Two classes with `count` pictures each; greys below 100 are cats.
fn pets(folder: &Path, count: u8) {
    for number in 0..count {
        png(&folder.join(format!("cat/{number}.png")), number);
        png(&folder.join(format!("dog/{number}.png")), 100 + number);
    }
}

#[test]
fn a_folder_of_classes_is_split_with_every_class_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    pets(folder.path(), 8);
    let data = load(options(folder.path())).unwrap();
    assert_eq!(data.labels, ["cat", "dog"]);
    assert_eq!((data.train.len(), data.validation.len()), (12, 4));
    for part in [&data.train, &data.validation] {
        for (grey, &class) in greys(part).iter().zip(part.targets.classes()) {
            assert_eq!(u32::from(*grey >= 100), class);
        }
    }
    assert_eq!(data.validation.targets.classes().iter().sum::<u32>(), 2);
}

#[test]
fn folders_of_parts_are_found_and_unseen_classes_are_told() {
    let folder = tempfile::tempdir().unwrap();
    pets(&folder.path().join("train"), 4);
    png(&folder.path().join("val/cat/9.png"), 9);
    png(&folder.path().join("test/dog/9.png"), 109);
    let table = PictureTable::load(options(folder.path()), None).unwrap();
    let data = table.prepare(&input()).unwrap().data;
    assert_eq!((data.train.len(), greys(&data.validation)), (8, vec![9]));
    assert_eq!(greys(&data.test.unwrap()), [109]);
    assert_eq!(table.notes(), ["the class `dog` has no validation pictures"]);
    png(&folder.path().join("val/cow/9.png"), 9);
    let error = PictureTable::load(options(folder.path()), None).unwrap_err();
    assert!(
        matches!(&error, DataError::UnknownLabel { label, .. } if label == "cow"),
        "{error}"
    );
}

#[test]
fn a_table_names_pictures_from_its_own_folder() {
    let folder = tempfile::tempdir().unwrap();
    pets(&folder.path().join("a b"), 8);
    let rows = |of: fn(u8) -> String| -> String {
        let row = |number: u8| format!("a b/cat/{number}.png,{}\na b/dog/{number}.png,x\n", of(number));
        (0..8).map(row).collect()
    };
    let table = folder.path().join("t.csv");
    std::fs::write(&table, format!("path,label\n{}", rows(|_| "y".to_owned()))).unwrap();
    let data = load(options(&table)).unwrap();
    assert_eq!(data.labels, ["x", "y"]);
    assert!(
        data.train
            .targets
            .classes()
            .iter()
            .zip(greys(&data.train))
            .all(|(class, grey)| (*class == 0) == (grey >= 100))
    );

    let several = PictureOptions {
        table: TableOptions {
            labels: LabelKind::Several {
                separator: "+".to_owned(),
            },
            ..options(&table).table
        },
        ..options(&table)
    };
    std::fs::write(
        &table,
        format!("path,label\n{}", rows(|number| format!("y{}+z", number % 2))),
    )
    .unwrap();
    let data = load(several).unwrap();
    assert_eq!(
        (data.task, data.labels.join(" ")),
        (TaskKind::MultiLabel, "x y0 y1 z".to_owned())
    );

    let numbers = PictureOptions {
        table: TableOptions {
            labels: LabelKind::Number,
            label: vec!["price".to_owned()],
            ..options(&table).table
        },
        column: Some("where".to_owned()),
        ..options(&table)
    };
    let rows: Vec<String> = (0..8)
        .map(|number| format!("{number}.5,a b/cat/{number}.png\n"))
        .collect();
    std::fs::write(&table, format!("price,where\n{}", rows.concat())).unwrap();
    let data = load(numbers).unwrap();
    let Targets::Values { values, .. } = &data.train.targets else {
        unreachable!("numbers")
    };
    assert!(
        values
            .iter()
            .zip(greys(&data.train))
            .all(|(value, grey)| *value == f32::from(grey) + 0.5)
    );
    let error = load(PictureOptions {
        column: Some("were".to_owned()),
        ..options(&table)
    });
    assert!(matches!(error, Err(DataError::UnknownColumn { .. })));
}

#[test]
fn bad_pictures_are_named_or_left_out() {
    let folder = tempfile::tempdir().unwrap();
    pets(folder.path(), 8);
    let bad = folder.path().join("cat/broken one.jpg");
    std::fs::write(&bad, "not a picture").unwrap();
    let error = load(options(folder.path())).unwrap_err().to_string();
    assert!(
        error.contains("broken one.jpg") && error.contains("on_bad_image: skip"),
        "{error}"
    );
    let skipping = || PictureOptions {
        on_bad: OnBadImage::Skip,
        ..options(folder.path())
    };
    let prepared = PictureTable::load(skipping(), None).unwrap().prepare(&input()).unwrap();
    assert_eq!(prepared.data.train.len() + prepared.data.validation.len(), 16);
    assert_eq!(prepared.notes.len(), 1, "{:?}", prepared.notes);
    for number in 0..8 {
        for class in ["cat", "dog"] {
            std::fs::write(folder.path().join(format!("{class}/{number}.png")), "x").unwrap();
        }
    }
    let error = load(skipping()).unwrap_err();
    assert!(
        matches!(&error, DataError::Picture(PictureError::AllBad { part: "train", .. })),
        "{error}"
    );
}

#[test]
fn copies_stay_on_one_side_of_a_split_that_says_by_what_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    pets(folder.path(), 12);
    for number in 0..12 {
        let from = folder.path().join(format!("cat/{number}.png"));
        std::fs::copy(&from, folder.path().join(format!("cat/copy {number}.png"))).unwrap();
    }
    let mut options = options(folder.path());
    options.table.together = Some(Together::default());
    let table = PictureTable::load(options.clone(), None).unwrap();
    assert_eq!(
        table.notes(),
        ["12 pictures are copies of others: they are on one side of the split with them"]
    );
    let data = table.prepare(&input()).unwrap().data;
    let train = greys(&data.train);
    assert!(greys(&data.validation).iter().all(|grey| !train.contains(grey)));
    options.table.together = Some(Together {
        near: true,
        ..Together::default()
    });
    assert!(PictureTable::load(options, None).is_err());
}

#[test]
fn the_numbers_are_the_same_with_and_without_a_cache() {
    let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    pets(folder.path(), 8);
    let cached = || {
        let cache = PictureCache::new(cache.path().to_owned(), 1 << 20);
        let table = PictureTable::load(options(folder.path()), Some(cache)).unwrap();
        table.prepare(&input()).unwrap().data
    };
    let plain = load(options(folder.path())).unwrap();
    assert_eq!(cached(), plain);
    assert_eq!(cached(), plain);
    // Another content under the same name is another picture.
    png(&folder.path().join("cat/3.png"), 77);
    let changed = cached();
    assert_ne!(changed, plain);
    assert!(greys(&changed.train).contains(&77) || greys(&changed.validation).contains(&77));
}

#[test]
fn idx_files_are_read_packed_and_plain_with_their_labels() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let images: Vec<u8> = [0_u32, 20, 2, 3].map(u32::to_be_bytes).concat();
    let mut images = [images.as_slice(), &(0..120).map(|pixel| pixel / 6).collect::<Vec<u8>>()].concat();
    images[..4].copy_from_slice(&[0, 0, 8, 3]);
    let labels = [[0, 0, 8, 1].as_slice(), &20_u32.to_be_bytes(), &[5, 7].repeat(10)].concat();
    std::fs::write(folder.path().join("train-images-idx3-ubyte"), &images).unwrap();
    let gz = std::fs::File::create(folder.path().join("train-labels-idx1-ubyte")).unwrap();
    let mut gz = flate2::write::GzEncoder::new(gz, flate2::Compression::fast());
    gz.write_all(&labels).unwrap();
    gz.finish().unwrap();
    for source in [folder.path().to_owned(), folder.path().join("train-images-idx3-ubyte")] {
        let data = load(options(&source)).unwrap();
        assert_eq!((data.labels.join(" "), data.train.len()), ("5 7".to_owned(), 15));
        let rows = greys(&data.train).into_iter().zip(data.train.targets.classes());
        for (grey, class) in rows {
            assert_eq!(u32::from(grey % 2), *class);
        }
    }
    std::fs::remove_file(folder.path().join("train-labels-idx1-ubyte")).unwrap();
    let error = load(options(&folder.path().join("train-images-idx3-ubyte"))).unwrap_err();
    assert!(
        matches!(&error, DataError::Picture(PictureError::NoIdxLabels { .. })),
        "{error}"
    );
}
