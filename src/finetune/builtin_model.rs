//! The text model that is compiled into the program: a small BERT.
//!
//! It is laid out as a folder when it is first used, because tokenizers and exports read folders. Everything after that is
//! the same as for any other model.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use automl_catalogue::{ModelInput, builtin_model};
use flate2::read::GzDecoder;

use super::cache_folder::{own_folder, user_cache};
use crate::files;

/// The folder in a cache that holds the built-in models.
const FOLDER: &str = "builtin";

/// One compiled-in file: its name in the folder, and its bytes.
macro_rules! file {
    ($name:literal, $source:literal) => {
        (
            $name,
            include_bytes!(concat!("../../search-spaces/text-classification/bert-tiny/", $source)).as_slice(),
        )
    };
}

/// The files of `bert-tiny`, compressed ones with a source that ends in `.gz`. `config.json` is the last one: a folder
/// without it is clearly incomplete.
const BERT_TINY: [(&str, &[u8]); 4] = [
    file!("vocab.txt", "vocab.txt.gz"),
    file!("tokenizer_config.json", "tokenizer_config.json"),
    file!("model.safetensors", "model.safetensors.gz"),
    file!("config.json", "config.json"),
];

/// The first bytes of every gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The folder of a built-in text model; `None` if there is no such model. It is in the cache of this user, or in the
/// folder for temporary files if there is no cache that can be written to.
///
/// A file that is not as it was compiled in is written anew, and is never seen by halves.
///
/// # Errors
/// If the files cannot be written anywhere.
pub fn text_model(name: &str) -> io::Result<Option<PathBuf>> {
    if builtin_model(name).is_none_or(|model| model.input != ModelInput::Texts) {
        return Ok(None);
    }
    let temporary = std::env::temp_dir().join("automl");
    let caches = user_cache().into_iter().chain([temporary]);
    let mut failure = None;
    for cache in caches {
        let folder = own_folder(&cache, FOLDER).join(folder_name(name));
        match lay_out(&folder) {
            Ok(()) => return Ok(Some(folder)),
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

/// The name of the folder. It has a checksum, so that programs of several versions do not disturb each other.
fn folder_name(name: &str) -> String {
    let mut checksum = crc32fast::Hasher::new();
    for (_, bytes) in BERT_TINY {
        checksum.update(bytes);
    }
    format!("{name}-{:08x}", checksum.finalize())
}

fn lay_out(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (name, packed) in BERT_TINY {
        let path = folder.join(name);
        if !is_whole(&path, packed) {
            files::replace(&path, &unpacked(packed)?)?;
        }
    }
    Ok(())
}

/// Returns whether a file has the content that was compiled in.
fn is_whole(path: &Path, packed: &[u8]) -> bool {
    let Ok(found) = std::fs::read(path) else { return false };
    match trailer(packed) {
        Some((checksum, length)) => found.len() == length && crc32fast::hash(&found) == checksum,
        None => found == packed,
    }
}

/// The checksum and the length of the content at the end of a gzip file (RFC 1952, section 2.3.1).
fn trailer(packed: &[u8]) -> Option<(u32, usize)> {
    let (_, last) = packed.split_last_chunk::<8>().filter(|_| packed.starts_with(&GZIP))?;
    let (checksum, length) = last.split_at(4);
    let number = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).ok();
    Some((number(checksum)?, number(length)? as usize))
}

fn unpacked(packed: &[u8]) -> io::Result<Vec<u8>> {
    if !packed.starts_with(&GZIP) {
        return Ok(packed.to_vec());
    }
    let mut content = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use automl_catalogue::BUILTIN_MODELS;

    use super::*;
    use crate::Pretrained;
    use crate::backend::Device;
    use crate::data::{EncoderOptions, TextEncoder, Truncation};
    use crate::tasks::TASKS;
    use crate::testing;

    #[test]
    fn the_model_loads_with_its_tokenizer() {
        let folder = tempfile::tempdir().unwrap();
        lay_out(folder.path()).unwrap();
        let labels = ["no".to_owned(), "yes".to_owned()];
        let model = Pretrained::load(folder.path(), (TASKS[0], &labels), Device::Cpu).unwrap();
        assert_eq!(
            (model.freeze_depths(), model.max_length(), model.vocabulary()),
            (2, Some(512), Some(30_522))
        );
        let options = EncoderOptions {
            max_windows: 1,
            max_length: 8,
            truncation: Truncation::LongestFirst,
            is_pair: false,
            token_types: model.token_types(),
        };
        let encoder = TextEncoder::from_folder(folder.path(), options).unwrap();
        encoder.tokenizer().check_rows(30_522).unwrap();
    }

    #[test]
    fn a_damaged_file_is_written_again_and_a_whole_one_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        lay_out(folder.path()).unwrap();
        let (weights, words) = (folder.path().join("model.safetensors"), folder.path().join("vocab.txt"));
        let modified = |path: &Path| path.metadata().unwrap().modified().unwrap();
        let (before, whole) = (modified(&words), std::fs::read(&weights).unwrap());
        std::fs::write(&weights, &whole[..whole.len() / 2]).unwrap();
        lay_out(folder.path()).unwrap();
        assert_eq!(std::fs::read(&weights).unwrap(), whole);
        assert_eq!(modified(&words), before);
    }

    #[test]
    fn the_catalogue_knows_the_depth_of_every_model() {
        for known in BUILTIN_MODELS {
            let model = match text_model(known.name).unwrap() {
                Some(folder) => Pretrained::load(&folder, (TASKS[0], &["no".to_owned()]), Device::Cpu).unwrap(),
                None => testing::resnet8(3),
            };
            assert_eq!(model.freeze_depths() as i64, known.most_frozen, "{}", known.name);
        }
        assert!(text_model("resnet8-cifar10").unwrap().is_none());
    }
}
