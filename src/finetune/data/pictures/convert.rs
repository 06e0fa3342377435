//! The built-in images for a model that takes images of another kind.

use std::sync::Arc;

use rayon::prelude::*;

use super::decode::Decoded;
use super::prepare::{prepare, scale};
use crate::data::examples::{Dataset, Examples, Inputs};
use crate::data::pixels::{PixelBytes, PixelStore, Pixels};
use crate::preprocessing::ImageInput;

/// Built-in images, whose numbers are a byte less 128 by 128, prepared for a model.
#[must_use]
pub fn converted(data: Dataset, input: &ImageInput) -> Dataset {
    let part = |examples: Examples| {
        let Inputs::Images { size, pixels } = &examples.inputs else {
            return examples;
        };
        let one = |image: usize| {
            let values = pixels.image(*size, image);
            let plane = size.height * size.width;
            let byte = |place: usize| (0..3).map(move |channel| channel * plane + place);
            let bytes = (0..plane)
                .flat_map(byte)
                .map(|index| values[index].mul_add(128.0, 128.0) as u8);
            let decoded = Decoded {
                height: size.height,
                width: size.width,
                pixels: bytes.collect(),
            };
            prepare(decoded, &input.preprocessing, input.size)
        };
        let count = pixels.count(*size);
        let bytes: Vec<Vec<u8>> = (0..count).into_par_iter().map(one).collect();
        let store = Arc::new(PixelStore::in_memory(bytes.concat(), input.size.values()));
        let scale = scale(&input.preprocessing, input.size.channels);
        let pixels = PixelBytes::new(&store, 0..count as u32, scale);
        Examples {
            inputs: Inputs::Images {
                size: input.size,
                pixels: Pixels::Bytes(pixels),
            },
            targets: examples.targets,
        }
    };
    Dataset {
        train: part(data.train),
        validation: part(data.validation),
        test: data.test.map(part),
        ..data
    }
}
