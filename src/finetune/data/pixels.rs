//! The pixels of images of one size: numbers in memory, or bytes that become numbers when a batch is made.

use std::{borrow::Cow, fs::File, io, sync::Arc};

use xxhash_rust::xxh3::xxh3_128;

use super::image_size::ImageSize;
use crate::{os, rng::Fingerprint};

/// The pixels of images of one size.
#[derive(Clone, Debug, PartialEq)]
pub enum Pixels {
    /// `[n, channels, height, width]`, row-major, scaled as the model expects them.
    Values(Vec<f32>),
    /// Bytes, in memory or in a file, which are scaled when they are needed.
    Bytes(PixelBytes),
}

impl From<Vec<f32>> for Pixels {
    fn from(values: Vec<f32>) -> Self {
        Self::Values(values)
    }
}

/// The number that each byte of each channel stands for.
pub type Scale = Arc<[[f32; 256]]>;

/// Images as bytes, with the number that each byte stands for.
#[derive(Clone, Debug)]
pub struct PixelBytes {
    /// The place of each image.
    images: Vec<(Arc<PixelStore>, u32)>,
    /// `[channels, 256]`.
    scale: Scale,
}

/// Images of one size as bytes, `[n, height, width, channels]`.
#[derive(Debug)]
pub struct PixelStore {
    storage: Storage,
    /// Bytes of an image.
    stride: usize,
    /// A hash of the bytes of each image.
    hashes: Vec<u128>,
}

#[derive(Debug)]
enum Storage {
    Memory(Vec<u8>),
    /// A file with the images behind its first bytes.
    File {
        file: File,
        from: u64,
    },
}

impl PixelStore {
    /// Images in memory, each of `stride` bytes.
    pub(super) fn in_memory(bytes: Vec<u8>, stride: usize) -> Self {
        let hashes = bytes.chunks_exact(stride.max(1)).map(xxh3_128).collect();
        Self {
            storage: Storage::Memory(bytes),
            stride,
            hashes,
        }
    }

    /// Images in a file, each of `stride` bytes, behind its first `from` bytes.
    pub(super) fn in_file((file, from): (File, u64), stride: usize, hashes: Vec<u128>) -> Self {
        Self {
            storage: Storage::File { file, from },
            stride,
            hashes,
        }
    }

    /// Appends the bytes of an image.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn read(&self, image: u32, bytes: &mut Vec<u8>) -> io::Result<()> {
        let start = image as usize * self.stride;
        match &self.storage {
            Storage::Memory(all) => bytes.extend_from_slice(&all[start..start + self.stride]),
            Storage::File { file, from } => {
                let begin = bytes.len();
                bytes.resize(begin + self.stride, 0);
                os::read_at(file, &mut bytes[begin..], from + start as u64)?;
            }
        }
        Ok(())
    }
}

impl PixelBytes {
    /// These images of a store.
    pub(super) fn new(store: &Arc<PixelStore>, images: impl IntoIterator<Item = u32>, scale: Scale) -> Self {
        Self {
            images: images.into_iter().map(|image| (Arc::clone(store), image)).collect(),
            scale,
        }
    }

    fn hash(&self, image: usize) -> u128 {
        let (store, index) = &self.images[image];
        store.hashes[*index as usize]
    }

    /// The bytes of an image, `[height, width, channels]`.
    ///
    /// # Panics
    /// If the file of the images cannot be read any more: it was open before, so the disk is damaged.
    fn bytes(&self, image: usize) -> Vec<u8> {
        let (store, index) = &self.images[image];
        let mut bytes = Vec::with_capacity(store.stride);
        if let Err(error) = store.read(*index, &mut bytes) {
            panic!("the cache of decoded images cannot be read: {error}");
        }
        bytes
    }

    /// The numbers of an image, `[channels, height, width]`.
    fn values(&self, image: usize) -> Vec<f32> {
        let bytes = self.bytes(image);
        let channels = self.scale.len().max(1);
        let mut values = Vec::with_capacity(bytes.len());
        for (channel, scale) in self.scale.iter().enumerate() {
            values.extend(
                bytes
                    .iter()
                    .skip(channel)
                    .step_by(channels)
                    .map(|&byte| scale[usize::from(byte)]),
            );
        }
        values
    }
}

impl PartialEq for PixelBytes {
    fn eq(&self, other: &Self) -> bool {
        self.scale == other.scale
            && self.images.len() == other.images.len()
            && (0..self.images.len()).all(|image| self.hash(image) == other.hash(image))
    }
}

impl Pixels {
    /// Number of images of this size.
    pub fn count(&self, size: ImageSize) -> usize {
        match self {
            Self::Values(values) => values.len() / size.values().max(1),
            Self::Bytes(bytes) => bytes.images.len(),
        }
    }

    /// The numbers of an image, `[channels, height, width]`.
    pub fn image(&self, size: ImageSize, image: usize) -> Cow<'_, [f32]> {
        match self {
            Self::Values(values) => Cow::Borrowed(&values[image * size.values()..][..size.values()]),
            Self::Bytes(bytes) => Cow::Owned(bytes.values(image)),
        }
    }

    /// For each channel the factor and the offset that turn its numbers back into pixels in 0..=1; the last one serves
    /// channels that are not listed.
    pub(crate) fn unit_scale(&self) -> Vec<[f64; 2]> {
        match self {
            // `images` scales bytes by (byte - 128) / 128.
            Self::Values(_) => vec![[128.0 / 255.0; 2]],
            Self::Bytes(bytes) => {
                let inverse = |scale: &[f32; 256]| {
                    let [darkest, brightest] = [scale[0], scale[255]].map(f64::from);
                    let factor = 1.0 / (brightest - darkest);
                    [factor, -darkest * factor]
                };
                bytes.scale.iter().map(inverse).collect()
            }
        }
    }

    /// The bytes of an image, `[height, width, channels]`, before they are scaled; `None` if only numbers are known.
    pub fn bytes_of(&self, image: usize) -> Option<Vec<u8>> {
        match self {
            Self::Values(_) => None,
            Self::Bytes(bytes) => Some(bytes.bytes(image)),
        }
    }

    /// A hash of an image: equal images have equal hashes.
    pub(super) fn hash(&self, size: ImageSize, image: usize) -> u128 {
        match self {
            Self::Values(_) => {
                let values = self.image(size, image);
                let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                xxh3_128(&bytes)
            }
            Self::Bytes(bytes) => bytes.hash(image),
        }
    }

    /// The images at these indices.
    #[must_use]
    pub fn pick(&self, size: ImageSize, images: impl Iterator<Item = usize>) -> Self {
        match self {
            Self::Values(_) => Self::Values(images.flat_map(|image| self.image(size, image).into_owned()).collect()),
            Self::Bytes(bytes) => Self::Bytes(PixelBytes {
                images: images.map(|image| bytes.images[image].clone()).collect(),
                scale: Arc::clone(&bytes.scale),
            }),
        }
    }

    /// These images, then `other`, all of one size.
    #[must_use]
    pub(super) fn concat(&self, other: &Self, size: ImageSize) -> Self {
        match (self, other) {
            (Self::Bytes(ours), Self::Bytes(theirs)) if ours.scale == theirs.scale => Self::Bytes(PixelBytes {
                images: [ours.images.as_slice(), &theirs.images].concat(),
                scale: Arc::clone(&ours.scale),
            }),
            _ => {
                let all = [self, other].into_iter();
                let images = all
                    .flat_map(|part| (0..part.count(size)).flat_map(move |image| part.image(size, image).into_owned()));
                Self::Values(images.collect())
            }
        }
    }

    /// Adds all images to a fingerprint.
    pub(super) fn add_to(&self, fingerprint: &mut Fingerprint) {
        match self {
            Self::Values(values) => {
                for value in values {
                    fingerprint.bytes(&value.to_le_bytes());
                }
            }
            Self::Bytes(bytes) => {
                for scale in bytes.scale.iter().flatten() {
                    fingerprint.bytes(&scale.to_le_bytes());
                }
                for image in 0..bytes.images.len() {
                    fingerprint.bytes(&bytes.hash(image).to_le_bytes());
                }
            }
        }
    }

    /// Bytes in memory. What lies in a file is not counted: the system gives its memory back when others need it.
    pub(crate) fn memory(&self) -> usize {
        match self {
            Self::Values(values) => size_of_val(values.as_slice()),
            Self::Bytes(bytes) => {
                let held = bytes.images.iter().map(|(store, _)| match store.storage {
                    Storage::Memory(_) => store.stride,
                    Storage::File { .. } => 0,
                });
                held.sum::<usize>() + size_of_val(bytes.images.as_slice())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const SIZE: ImageSize = ImageSize {
        channels: 2,
        height: 1,
        width: 3,
    };

    fn scale() -> Scale {
        let channel = |shift: f32| std::array::from_fn(|byte| byte as f32 + shift);
        Arc::new([channel(0.0), channel(0.5)])
    }

    #[test]
    fn bytes_become_numbers_channel_by_channel_wherever_they_lie() {
        let bytes = vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        let memory = Arc::new(PixelStore::in_memory(bytes.clone(), 6));
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[0; 9]).unwrap();
        file.write_all(&bytes).unwrap();
        let hashes = bytes.chunks(6).map(xxh3_128).collect();
        let stored = Arc::new(PixelStore::in_file((file, 9), 6, hashes));
        let [memory, stored] = [memory, stored].map(|store| Pixels::Bytes(PixelBytes::new(&store, [1, 0], scale())));
        for pixels in [&memory, &stored] {
            assert_eq!(pixels.count(SIZE), 2);
            assert_eq!(*pixels.image(SIZE, 0), [7.0, 9.0, 11.0, 8.5, 10.5, 12.5]);
            assert_eq!(pixels.bytes_of(1).unwrap(), [1, 2, 3, 4, 5, 6]);
            let [[factor, offset], [_, second]] = pixels.unit_scale().try_into().unwrap();
            assert!((factor - 1.0 / 255.0).abs() < 1e-9 && offset == 0.0 && (second + 0.5 / 255.0).abs() < 1e-9);
        }
        assert_eq!(memory, stored);
        assert!(stored.memory() < memory.memory());
        let both = memory.concat(&stored, SIZE);
        assert_eq!(both.count(SIZE), 4);
        assert_eq!(
            both.pick(SIZE, [2, 1].into_iter()).image(SIZE, 0),
            memory.image(SIZE, 0)
        );
        let numbers = Pixels::Values(vec![0.5; 6]);
        assert_eq!(both.concat(&numbers, SIZE).count(SIZE), 5);
        assert_ne!(memory, memory.pick(SIZE, [0, 0].into_iter()));
    }
}
