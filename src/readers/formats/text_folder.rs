//! A folder with one subfolder per class and one text per file: `folder/class/file.txt`.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

use super::{Format, Open, Records};
use crate::compression;
use crate::error::{Fault, ReadError};
use crate::head::Match;
use crate::opened;
use crate::options::ReadOptions;
use crate::position::Position;
use crate::record::{Columns, Record};
use crate::value::Value;

pub(crate) const FORMAT: Format = Format {
    name: "text-folder",
    extensions: &[],
    about: "a folder with a subfolder of text files for each class; columns `text`, `label` and `file`",
    recognise: |_| Match::No,
    open: Open::Folder(open),
};

/// Endings of texts; a name without an ending, as in 20 Newsgroups, is a text too.
const EXTENSIONS: [&str; 3] = ["txt", "text", "md"];

/// Folders inside of a class's folder that are looked into; links may form a circle.
const DEEPEST: usize = 16;

struct TextFolder {
    files: IntoIter<(String, PathBuf)>,
    columns: Columns,
    options: ReadOptions,
}

fn open(folder: &Path, options: &ReadOptions) -> Result<Box<dyn Records>, ReadError> {
    let mut files = Vec::new();
    for class in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        let label = class
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let mut texts = Vec::new();
        gather(&class, DEEPEST, &mut texts)?;
        files.extend(texts.into_iter().map(|path| (label.clone(), path)));
    }
    if files.is_empty() {
        let problem = "a folder without a text file in a subfolder".to_owned();
        return Err(ReadError::new(Position::file(folder), Fault::Folder { problem }));
    }
    Ok(Box::new(TextFolder {
        files: files.into_iter(),
        columns: Columns::new(["text", "label", "file"]),
        options: options.clone(),
    }))
}

/// Gathers the texts in a folder and in the folders inside of it.
fn gather(folder: &Path, depth: usize, texts: &mut Vec<PathBuf>) -> Result<(), ReadError> {
    for path in entries(folder)? {
        if path.is_dir() && depth > 0 {
            gather(&path, depth - 1, texts)?;
        } else if path.is_file() && is_text(&path) {
            texts.push(path);
        }
    }
    Ok(())
}

/// The entries of a folder in the order of their names, without hidden ones.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let failed = |error: io::Error| ReadError::new(Position::file(folder), Fault::Io(error));
    let entries = folder
        .read_dir()
        .map_err(failed)?
        .collect::<io::Result<Vec<_>>>()
        .map_err(failed)?;
    let is_hidden = |path: &PathBuf| {
        path.file_name()
            .is_none_or(|name| name.to_string_lossy().starts_with('.'))
    };
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.retain(|path| !is_hidden(path));
    paths.sort_unstable();
    Ok(paths)
}

fn is_text(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Path::new(compression::plain_name(&name))
        .extension()
        .is_none_or(|extension| {
            let extension = extension.to_string_lossy().to_ascii_lowercase();
            EXTENSIONS.contains(&&*extension) || extension.bytes().all(|byte| byte.is_ascii_digit())
        })
}

impl Records for TextFolder {
    fn next(&mut self) -> Result<Option<Record>, ReadError> {
        let Some((label, path)) = self.files.next() else {
            return Ok(None);
        };
        let file = File::open(&path).map_err(|error| ReadError::new(Position::file(&path), Fault::Io(error)))?;
        let mut input = opened::text(&path, Box::new(file), false, &self.options)?.input;
        let length = input
            .fill_all(self.options.limits.record, "the texts of a folder")?
            .len();
        let text = input.text(length)?.replace("\r\n", "\n");
        let name = path.display().to_string();
        let values = vec![Value::Text(text), Value::Text(label), Value::Text(name)];
        Ok(Some(Record::new(Position::file(&path), self.columns.clone(), values)))
    }

    fn columns(&self) -> Columns {
        self.columns.clone()
    }
}

#[cfg(test)]
mod tests {
    use crate::{ReadOptions, Source, open};

    #[test]
    fn every_file_is_a_record_with_its_class() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("pos/2.txt", "good\r\nfilm"),
            ("neg/1.txt", "bad"),
            ("pos/1.txt", "fine"),
            ("pos/more/3.txt", "fair"),
            ("pos/.DS_Store", "x"),
            ("neg/notes.pdf", "x"),
            ("README.md", "x"),
        ] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let reader = open(&[Source::Path(folder.path().into())], &ReadOptions::default()).unwrap();
        let found: Vec<String> = reader
            .map(|record| {
                record.unwrap().values()[..2]
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("/")
            })
            .collect();
        assert_eq!(found, ["bad/neg", "fine/pos", "good\nfilm/pos", "fair/pos"]);
    }

    #[test]
    fn damage_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let open = || open(&[Source::Path(folder.path().into())], &ReadOptions::default());
        let message = open().unwrap_err().to_string();
        assert!(
            message.contains("a folder without a text file in a subfolder; use a folder with"),
            "{message}"
        );
        std::fs::create_dir(folder.path().join("pos")).unwrap();
        std::fs::write(folder.path().join("pos/1.txt"), b"caf\xe9").unwrap();
        let message = open().unwrap().next().unwrap().unwrap_err().to_string();
        assert!(
            message.contains("pos/1.txt`, line 1, column 4: not valid UTF-8 (byte 0xe9)"),
            "{message}"
        );
    }
}
