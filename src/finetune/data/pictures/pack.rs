//! The cache of decoded pictures: one file for each set of pictures and preparation, with the bytes of every picture at the
//! size that the model takes.
//!
//! It is named after the contents of the pictures and the preparation, and appears only when it is complete. So processes
//! that make the same file at once disturb nobody; one of them waits for the other. Files that were not used for the longest
//! time are removed when a new one would exceed the limit.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rayon::prelude::*;
use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_128};

use super::address::Picture;
use super::prepare::prepare;
use super::problem::Problem;
use crate::cache_folder::{own_folder, user_cache};
use crate::data::pixels::PixelStore;
use crate::preprocessing::ImageInput;
use crate::{files, os};

/// The version of the format and of the decoders: it must change when the same key stands for other bytes.
const MAGIC: [u8; 8] = *b"AMPIX\0\0\x01";

/// Bytes of all files together: 50,000 pictures of 224 × 224 take 7 GiB.
const LIMIT: u64 = 20 << 30;

/// A new file takes at most this part of the free disk space, because a study needs room for other files too.
const SHARE_OF_FREE: u64 = 2;

/// Pictures that are decoded before they are written.
const AT_ONCE: usize = 64;

/// A folder for decoded pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureCache {
    folder: PathBuf,
    limit: u64,
}

/// Prepared pictures, and those that cannot be used, which are black.
pub(super) struct Packed {
    pub(super) store: Arc<PixelStore>,
    pub(super) problems: BTreeMap<u32, Problem>,
}

impl PictureCache {
    /// A cache in `folder` of at most `limit` bytes.
    pub fn new(folder: PathBuf, limit: u64) -> Self {
        Self { folder, limit }
    }

    /// The cache of this user; `None` if there is no home folder or no place to write.
    pub fn of_user() -> Option<Self> {
        let folder = own_folder(&user_cache()?, "pictures");
        std::fs::create_dir_all(&folder).ok()?;
        Some(Self::new(folder, LIMIT))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes the files that were not used for the longest time, until there is room for `bytes`.
    fn make_room(&self, bytes: u64) -> io::Result<()> {
        if bytes > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let entries = std::fs::read_dir(&self.folder)?.flatten();
        let mut known: Vec<(SystemTime, u64, PathBuf)> = entries
            .filter_map(|entry| {
                let metadata = entry.metadata().ok()?;
                let path = entry.path();
                let is_ours = path
                    .extension()
                    .is_some_and(|extension| extension == "pixels" || extension == "seen");
                is_ours.then_some((metadata.modified().ok()?, metadata.len(), path))
            })
            .collect();
        known.sort();
        let mut total: u64 = known.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, freed, path) in known {
            if total + bytes <= self.limit {
                break;
            }
            // Who has it open can still read it.
            std::fs::remove_file(path)?;
            total -= freed;
        }
        if automl_base::os::free_space(&self.folder).is_some_and(|free| bytes > free / SHARE_OF_FREE) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

/// Prepares pictures for a model: read from the cache where they are in it, otherwise decoded and cached.
pub(super) fn packed(
    pictures: &[Picture],
    hashes: &[u128],
    input: &ImageInput,
    cache: Option<&PictureCache>,
) -> Packed {
    if let Some(cache) = cache {
        let path = cache.folder.join(format!("{:032x}.pixels", key(hashes, input)));
        if let Some(packed) = open(&path, pictures.len(), input) {
            return packed;
        }
        // If the disk is full the pictures stay in memory.
        if let Ok(packed) = cached(pictures, input, cache, &path) {
            return packed;
        }
    }
    in_memory(pictures, input)
}

/// Prepares pictures in memory.
pub(super) fn in_memory(pictures: &[Picture], input: &ImageInput) -> Packed {
    let mut bytes = Vec::with_capacity(pictures.len() * input.size.values());
    let Made { problems, .. } = made(pictures, input, &mut bytes).unwrap_or_default();
    Packed {
        store: Arc::new(PixelStore::in_memory(bytes, input.size.values())),
        problems,
    }
}

fn key(hashes: &[u128], input: &ImageInput) -> u128 {
    let mut hash = Xxh3::new();
    hash.update(&MAGIC);
    hash.update(format!("{:?} {:?}", input.size, input.preprocessing.geometry()).as_bytes());
    for picture in hashes {
        hash.update(&picture.to_le_bytes());
    }
    hash.digest128()
}

#[derive(Default)]
struct Made {
    hashes: Vec<u128>,
    problems: BTreeMap<u32, Problem>,
}

/// Decodes pictures on all cores of this process and writes them in order.
fn made(pictures: &[Picture], input: &ImageInput, out: &mut impl Write) -> io::Result<Made> {
    let mut made = Made::default();
    let one = |picture: &Picture| -> Result<Vec<u8>, Problem> {
        let decoded = picture.decode()?;
        Ok(prepare(decoded, &input.preprocessing, input.size))
    };
    for some in pictures.chunks(AT_ONCE) {
        let prepared: Vec<Result<Vec<u8>, Problem>> = some.par_iter().map(one).collect();
        for prepared in prepared {
            let bytes = prepared.unwrap_or_else(|problem| {
                made.problems.insert(made.hashes.len() as u32, problem);
                vec![0; input.size.values()]
            });
            made.hashes.push(xxh3_128(&bytes));
            out.write_all(&bytes)?;
        }
    }
    Ok(made)
}

/// Bytes before the pictures: the magic bytes, their number, the bytes of one, the bytes of the problems, a checksum; then the
/// hashes.
fn header_bytes(count: usize) -> u64 {
    (8 + 3 * 8 + 8 + 16 * count) as u64
}

fn header(made: &Made, stride: usize, problems: usize) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    for number in [made.hashes.len(), stride, problems] {
        header.extend((number as u64).to_le_bytes());
    }
    let hashes: Vec<u8> = made.hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
    let checksum = xxh3_64(&[header.as_slice(), &hashes].concat());
    header.extend(checksum.to_le_bytes());
    header.extend(hashes);
    header
}

fn cached(pictures: &[Picture], input: &ImageInput, cache: &PictureCache, path: &Path) -> io::Result<Packed> {
    let stride = input.size.values();
    let from = header_bytes(pictures.len());
    cache.make_room(from + (pictures.len() * stride) as u64)?;
    let lock_path = path.with_extension("lock");
    let lock = File::create(&lock_path)?;
    lock.lock()?;
    if let Some(packed) = open(path, pictures.len(), input) {
        return Ok(packed);
    }
    let mut file = files::unfinished(path)?;
    file.as_file_mut().seek(SeekFrom::Start(from))?;
    let mut out = io::BufWriter::new(file.as_file_mut());
    let made = made(pictures, input, &mut out)?;
    let problems: Vec<(u32, &Problem)> = made.problems.iter().map(|(index, problem)| (*index, problem)).collect();
    let problems = problems_text(&problems);
    out.write_all(problems.as_bytes())?;
    out.flush()?;
    drop(out);
    let out = file.as_file_mut();
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&header(&made, stride, problems.len()))?;
    out.sync_data()?;
    file.persist(path).map_err(|error| error.error)?;
    let _ = std::fs::remove_file(lock_path);
    open(path, pictures.len(), input).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Opens a file of the cache; `None` if there is none, or if it is not whole.
fn open(path: &Path, count: usize, input: &ImageInput) -> Option<Packed> {
    let stride = input.size.values();
    let mut file = File::open(path).ok()?;
    let mut head = vec![0; header_bytes(count) as usize];
    file.read_exact(&mut head).ok()?;
    let (numbers, hashes) = head.split_at(8 + 3 * 8 + 8);
    let number = |index: usize| {
        let bytes = numbers[8 + 8 * index..][..8].try_into().ok();
        bytes.map(u64::from_le_bytes)
    };
    let problems = number(2)?;
    let is_whole = numbers.starts_with(&MAGIC)
        && number(0)? == count as u64
        && number(1)? == stride as u64
        && number(3)? == xxh3_64(&[&numbers[..8 + 3 * 8], hashes].concat())
        && file.metadata().ok()?.len() == head.len() as u64 + (count * stride) as u64 + problems;
    if !is_whole {
        return None;
    }
    let mut text = String::new();
    file.seek(SeekFrom::Start(head.len() as u64 + (count * stride) as u64))
        .ok()?;
    file.read_to_string(&mut text).ok()?;
    let problems = read_problems(&text)?;
    // What is used longest ago is removed first.
    os::touch(&file);
    let hashes = hashes
        .as_chunks::<16>()
        .0
        .iter()
        .map(|hash| u128::from_le_bytes(*hash))
        .collect();
    Some(Packed {
        store: Arc::new(PixelStore::in_file((file, head.len() as u64), stride, hashes)),
        problems,
    })
}

fn problems_text(problems: &[(u32, &Problem)]) -> String {
    let rows = problems
        .iter()
        .map(|(index, problem)| serde_json::json!([index, problem]).to_string());
    rows.collect::<Vec<String>>().join("\n")
}

fn read_problems(text: &str) -> Option<BTreeMap<u32, Problem>> {
    text.lines().map(|line| serde_json::from_str(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageSize;
    use crate::data::images::GreyImages;
    use crate::preprocessing::{Interpolation, Preprocessing, Resize};

    const SIZE: ImageSize = ImageSize {
        channels: 3,
        height: 4,
        width: 4,
    };

    fn input(side: usize) -> ImageInput {
        ImageInput {
            size: ImageSize {
                height: side,
                width: side,
                ..SIZE
            },
            preprocessing: Preprocessing {
                resize: Resize::To([side, side]),
                crop: None,
                rounds_crop: false,
                interpolation: Interpolation::Bilinear,
                rescale: None,
                normalization: None,
            },
        }
    }

    fn greys(count: usize) -> Vec<Picture> {
        let images = GreyImages {
            rows: 3,
            columns: 2,
            pixels: (0..count * 6).map(|pixel| pixel as u8).collect(),
        };
        let images = Arc::new(images);
        let picture = |index| Picture::Grey {
            file: Path::new("x").into(),
            images: Arc::clone(&images),
            index,
        };
        let mut pictures: Vec<Picture> = (0..count).map(picture).collect();
        pictures.push(Picture::File("does-not-exist.png".into()));
        pictures
    }

    fn files(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = folder
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    fn hashes(pictures: &[Picture]) -> Vec<u128> {
        pictures.iter().map(Picture::hash).collect()
    }

    fn bytes(packed: &Packed, count: u32) -> Vec<u8> {
        let pixels = crate::data::pixels::PixelBytes::new(&packed.store, 0..count, Arc::from([[0.0; 256]; 3]));
        let pixels = crate::data::Pixels::Bytes(pixels);
        (0..count as usize)
            .flat_map(|image| pixels.bytes_of(image).unwrap())
            .collect()
    }

    #[test]
    fn pictures_come_out_of_the_cache_as_they_went_in() {
        let folder = tempfile::tempdir().unwrap();
        let cache = PictureCache::new(folder.path().to_owned(), 1 << 20);
        let pictures = greys(100);
        let hashes = hashes(&pictures);
        let in_memory = packed(&pictures, &hashes, &input(4), None);
        let first = packed(&pictures, &hashes, &input(4), Some(&cache));
        let again = packed(&pictures, &hashes, &input(4), Some(&cache));
        assert_eq!(bytes(&first, 101), bytes(&in_memory, 101));
        assert_eq!(bytes(&again, 101), bytes(&in_memory, 101));
        assert_eq!(again.problems, in_memory.problems);
        assert_eq!(again.problems.keys().copied().collect::<Vec<u32>>(), [100]);
        assert_eq!(files(folder.path()).len(), 1);
    }

    #[test]
    fn a_damaged_file_is_made_again_and_the_oldest_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let pictures = greys(10);
        let hashes = hashes(&pictures);
        // One file of 4 × 4 takes about 750 bytes, one of 5 × 5 about 1,050.
        let cache = PictureCache::new(folder.path().to_owned(), 1_500);
        let whole = bytes(&packed(&pictures, &hashes, &input(4), Some(&cache)), 11);
        let name = folder.path().join(&files(folder.path())[0]);
        let content = std::fs::read(&name).unwrap();
        for damage in [
            content[..content.len() - 7].to_vec(),
            vec![0; content.len()],
            Vec::new(),
        ] {
            std::fs::write(&name, damage).unwrap();
            assert_eq!(bytes(&packed(&pictures, &hashes, &input(4), Some(&cache)), 11), whole);
            assert_eq!(std::fs::read(&name).unwrap(), content);
        }
        packed(&pictures, &hashes, &input(5), Some(&cache));
        assert!(
            !name.exists() && files(folder.path()).len() == 1,
            "{:?}",
            files(folder.path())
        );
        // Too large for the limit: nothing is written.
        packed(&pictures, &hashes, &input(20), Some(&cache));
        assert_eq!(files(folder.path()).len(), 1);
    }

    #[test]
    fn two_processes_make_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let cache = PictureCache::new(folder.path().to_owned(), 1 << 20);
        let pictures = greys(200);
        let hashes = hashes(&pictures);
        let all: Vec<Vec<u8>> = std::thread::scope(|scope| {
            let one = || bytes(&packed(&pictures, &hashes, &input(8), Some(&cache)), 201);
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
        let pixels = files(folder.path());
        assert_eq!(
            pixels.iter().filter(|name| name.ends_with(".pixels")).count(),
            1,
            "{pixels:?}"
        );
    }
}
