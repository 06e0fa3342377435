//! The data doctor for images: their classes, and images that are there twice.

use automl_readers::{At, Position};

use super::super::examples::{Dataset, Examples, Inputs};
use super::super::targets::Targets;
use super::rows::{Names, Part, Row, Rows, Target};
use super::{Depth, Examination, checks, overview};

/// Examines images with their classes. A place is the number of an image in its part, counted from 1.
pub fn examine_images(name: &str, data: &Dataset) -> Examination {
    let mut rows = Rows {
        task: data.task,
        parts: Vec::new(),
        all: Vec::new(),
        names: Names::default(),
        damaged: Vec::new(),
        columns: Vec::new(),
        most_shown: usize::MAX,
    };
    for label in &data.labels {
        rows.names.number(label);
    }
    let parts = [
        ("train", Some(&data.train)),
        ("validation", Some(&data.validation)),
        ("test", data.test.as_ref()),
    ];
    for (part, examples) in parts {
        let Some(examples) = examples else { continue };
        let start = rows.all.len();
        rows.all.extend(images(&format!("{name} ({part})"), examples));
        rows.parts.push(Part {
            name: part,
            rows: start..rows.all.len(),
        });
    }
    let mut findings: Vec<_> = checks::OF_IMAGES
        .iter()
        .flat_map(|check| check(&rows, Depth::Quick))
        .collect();
    findings.sort_by_key(|finding| finding.severity);
    Examination {
        task: data.task,
        parts: overview::parts(&rows),
        classes: overview::classes(&rows),
        numbers: Vec::new(),
        lengths: None,
        sizes: None,
        findings,
    }
}

/// A row for each image. Its text is a hash of the pixels: equal images have equal texts.
fn images(name: &str, examples: &Examples) -> Vec<Row> {
    let (Inputs::Images { size, pixels }, Targets::Classes(classes)) = (&examples.inputs, &examples.targets) else {
        return Vec::new();
    };
    let place = Position::file(name);
    let row = |(number, (image, class)): (u64, (usize, &u32))| Row {
        place: Position {
            file: place.file.clone(),
            at: At::Row(number),
        },
        first: format!("image {:032x}", pixels.hash(*size, image)),
        second: None,
        target: Target::Class(*class),
    };
    (1..).zip((0..).zip(classes)).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::lines;
    use super::*;
    use crate::data::ImageSize;
    use crate::tasks::TaskKind;

    fn examples(images: &[(f32, u32)]) -> Examples {
        Examples {
            inputs: Inputs::Images {
                size: ImageSize::SMALL,
                pixels: images
                    .iter()
                    .flat_map(|(pixel, _)| vec![*pixel; ImageSize::SMALL.values()])
                    .collect::<Vec<f32>>()
                    .into(),
            },
            targets: Targets::Classes(images.iter().map(|(_, class)| *class).collect()),
        }
    }

    #[test]
    fn images_that_are_there_twice_are_found() {
        let train: Vec<(f32, u32)> = (0..40).map(|image| (image as f32, image % 2)).collect();
        let mut data = Dataset {
            task: TaskKind::Classification,
            train: examples(&train),
            validation: examples(&[(50.0, 0), (51.0, 1)]),
            test: None,
            labels: vec!["cat".to_owned(), "dog".to_owned()],
        };
        assert_eq!(lines(&examine_images("images", &data)), "");
        data.validation = examples(&[(3.0, 0), (51.0, 1)]);
        let examination = examine_images("images", &data);
        let kinds: Vec<&str> = examination.findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, ["leakage", "contradictions"]);
        assert_eq!(examination.findings[0].rows[0].place(), "images (validation):1");
    }
}
