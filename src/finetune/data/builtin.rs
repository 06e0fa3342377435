//! Data compiled into the program, so that a first search needs no download.

use std::ops::Range;
use std::path::Path;

use super::error::DataError;
use super::examples::{Dataset, Examples, Inputs};
use super::image_size::ImageSize;
use super::images::{GreyImages, read_idx_images, read_idx_labels, to_rgb};
use super::pictures::encode_png;
use super::suggestion::closest;
use super::targets::Targets;
use crate::tasks::TaskKind;
use automl_catalogue::BUILTIN_IMAGES;
use automl_readers::Source;

/// The prefix of built-in data where a file could be named.
const PREFIX: &str = "builtin:";

/// The reviews: tab-separated, with the columns `label` and `text`, compressed.
const MOVIE_REVIEWS: &[u8] =
    include_bytes!("../../../search-spaces/text-classification/movie-reviews/movie-reviews.tsv.gz");

/// The source that a user means by an argument: a built-in table such as `builtin:movie-reviews`, else what
/// [`Source::parse`] says. `movie-reviews` has 3,000 sentences, half of them positive, in alternating order.
pub fn source(argument: &str) -> Source {
    match argument.strip_prefix(PREFIX) {
        Some("movie-reviews") => Source::memory(format!("{argument}.tsv"), MOVIE_REVIEWS),
        Some(_) | None => Source::parse(argument),
    }
}

/// Fashion-MNIST's classes in the order of its labels (Xiao, Rasul and Vollgraf 2017, table 2).
const FASHION_LABELS: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

/// One compiled-in file: its name for messages, and its bytes.
macro_rules! fashion {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!("../../../search-spaces/quickstart/fashion-mini/", $name)).as_slice(),
        )
    };
}

const TRAIN_IMAGES: (&str, &[u8]) = fashion!("fashion-train-images.idx3.gz");
const TRAIN_LABELS: (&str, &[u8]) = fashion!("fashion-train-labels.idx1.gz");
const VALIDATION_IMAGES: (&str, &[u8]) = fashion!("fashion-t10k-images.idx3.gz");
const VALIDATION_LABELS: (&str, &[u8]) = fashion!("fashion-t10k-labels.idx1.gz");

/// Built-in data by name, without `builtin:`. `fashion-mini` is 4,000 training and 1,000 validation images of
/// Fashion-MNIST.
///
/// The training images are in random order, and `train_limit` keeps only the first ones. The last `test` training
/// images are a separate test set and never trained on.
///
/// # Errors
/// If there are no such data, or no training examples would be left.
pub fn load(name: &str, train_limit: Option<usize>, test: Option<usize>) -> Result<Dataset, DataError> {
    let names: Vec<&str> = BUILTIN_IMAGES.iter().map(|images| images.name).collect();
    if !names.contains(&name) {
        return Err(DataError::UnknownBuiltin {
            name: name.to_owned(),
            available: names.iter().map(|&name| name.to_owned()).collect(),
            suggestion: closest(name, &names),
        });
    }
    if train_limit == Some(0) {
        return Err(DataError::NoTrainingExamples);
    }
    let all = examples(TRAIN_IMAGES, TRAIN_LABELS)?;
    let rest = all.len().saturating_sub(test.unwrap_or(0));
    if rest == 0 {
        return Err(DataError::NoTrainingExamples);
    }
    Ok(Dataset {
        task: TaskKind::Classification,
        train: range(&all, 0..train_limit.unwrap_or(usize::MAX).min(rest)),
        validation: examples(VALIDATION_IMAGES, VALIDATION_LABELS)?,
        test: test.map(|_| range(&all, rest..all.len())),
        labels: FASHION_LABELS.map(str::to_owned).to_vec(),
    })
}

fn examples(images: (&str, &[u8]), labels: (&str, &[u8])) -> Result<Examples, DataError> {
    let pixels = to_rgb(images.0, &read_idx_images(images.0, images.1)?)?;
    let classes = read_idx_labels(labels.0, labels.1)?;
    Ok(Examples {
        inputs: Inputs::Images {
            size: ImageSize::SMALL,
            pixels: pixels.into(),
        },
        targets: Targets::Classes(classes.into_iter().map(u32::from).collect()),
    })
}

fn range(examples: &Examples, range: Range<usize>) -> Examples {
    let indices: Vec<u32> = range.clone().map(|index| index as u32).collect();
    let targets = examples.targets.pick(&indices);
    let inputs = match &examples.inputs {
        Inputs::Images { size, pixels } => Inputs::Images {
            size: *size,
            pixels: pixels.pick(*size, range),
        },
        Inputs::Texts(texts) => Inputs::Texts(texts[range].to_vec()),
    };
    Examples { inputs, targets }
}

/// Writes the images of `fashion-mini` as PNG files into `train/` and `validation/` of a new folder, in a folder for each
/// class. Returns their number.
///
/// # Errors
/// If a file cannot be written.
pub fn write_pictures(folder: &Path) -> Result<usize, DataError> {
    let parts = [
        ("train", TRAIN_IMAGES, TRAIN_LABELS),
        ("validation", VALIDATION_IMAGES, VALIDATION_LABELS),
    ];
    let mut written = 0;
    for (part, images, labels) in parts {
        let GreyImages { rows, columns, pixels } = read_idx_images(images.0, images.1)?;
        let classes = read_idx_labels(labels.0, labels.1)?;
        for (number, (image, class)) in pixels.chunks_exact(rows * columns).zip(classes).enumerate() {
            // A class may be called `T-shirt/top`, and a folder may not.
            let class = FASHION_LABELS[usize::from(class)].replace('/', "-");
            let path = folder.join(part).join(class).join(format!("{number:04}.png"));
            let place = path.parent().unwrap_or(folder);
            std::fs::create_dir_all(place)
                .and_then(|()| std::fs::write(&path, encode_png(columns, image, true)))
                .map_err(|error| DataError::Idx {
                    name: path.display().to_string(),
                    problem: error.to_string(),
                })?;
            written += 1;
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use automl_catalogue::BUILTIN_TABLES;
    use automl_readers::{ReadError, ReadOptions, Record};

    use super::super::pixels::Pixels;
    use super::*;

    #[test]
    fn everything_in_the_catalogue_is_compiled_in() {
        for images in BUILTIN_IMAGES {
            assert_eq!(load(images.name, None, None).unwrap().train.len(), images.train);
        }
        for table in BUILTIN_TABLES {
            let source = source(&format!("{PREFIX}{}", table.name));
            assert!(matches!(source, Source::Memory { .. }), "{source:?}");
        }
    }

    #[test]
    fn fashion_mini_has_every_class_and_whole_images() {
        let data = load("fashion-mini", None, None).unwrap();
        assert_eq!(
            (data.train.len(), data.validation.len(), data.labels.len()),
            (BUILTIN_IMAGES[0].train, 1000, 10)
        );
        for part in [&data.train, &data.validation] {
            assert_eq!(part.inputs.len(), part.len());
            let mut classes = part.targets.classes().to_vec();
            classes.sort_unstable();
            classes.dedup();
            assert_eq!(classes, (0..10).collect::<Vec<u32>>());
            let Inputs::Images {
                pixels: Pixels::Values(pixels),
                ..
            } = &part.inputs
            else {
                unreachable!("fashion is images")
            };
            assert!(pixels.iter().all(|pixel| (-1.0..=1.0).contains(pixel)));
            assert!(pixels.contains(&-1.0) && pixels.contains(&(127.0 / 128.0)));
        }
    }

    #[test]
    fn a_limit_takes_the_first_training_images_only() {
        let (all, some) = (
            load("fashion-mini", None, None).unwrap(),
            load("fashion-mini", Some(300), None).unwrap(),
        );
        assert_eq!(some.train.targets.classes(), &all.train.targets.classes()[..300]);
        assert_eq!(some.train.inputs.len(), 300);
        assert_eq!(some.validation, all.validation);
        assert_eq!(load("fashion-mini", Some(5000), None).unwrap().train.len(), 4000);
        assert!(matches!(
            load("fashion-mini", Some(0), None),
            Err(DataError::NoTrainingExamples)
        ));
    }

    #[test]
    fn the_last_training_images_are_kept_apart_for_a_test() {
        let all = load("fashion-mini", None, None).unwrap();
        let apart = load("fashion-mini", Some(3_500), Some(1_000)).unwrap();
        assert_eq!(apart.train.targets.classes(), &all.train.targets.classes()[..3_000]);
        let test = apart.test.unwrap();
        assert_eq!(test.targets.classes(), &all.train.targets.classes()[3_000..]);
        assert_eq!(test.inputs.len(), 1_000);
    }

    #[test]
    fn the_reviews_are_a_table_of_two_classes_in_balance() {
        let records = automl_readers::open(&[source("builtin:movie-reviews")], &ReadOptions::default()).unwrap();
        let label = |record: Result<Record, ReadError>| {
            let record = record.unwrap();
            assert!(
                record
                    .get("text")
                    .and_then(|text| text.as_text())
                    .is_some_and(|text| !text.is_empty())
            );
            record
                .get("label")
                .and_then(|label| label.as_text())
                .map(str::to_owned)
                .unwrap()
        };
        let labels: Vec<String> = records.map(label).collect();
        let of = |class: &str| labels.iter().filter(|label| *label == class).count();
        assert_eq!((of("positive"), of("negative"), labels.len()), (1_500, 1_500, 3_000));
        assert!(labels.as_chunks::<2>().0.iter().all(|[first, second]| first != second));
        assert_eq!(source("reviews.csv"), Source::parse("reviews.csv"));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        insta::assert_snapshot!(
            load("fasion-mini", None, None).unwrap_err(),
            @"no built-in data `fasion-mini`; did you mean `fashion-mini`; there is only the set `fashion-mini`"
        );
    }
}
