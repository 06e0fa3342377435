//! The pictures in a folder: which folders are parts, which are classes, and which files are pictures.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::error::PictureError;
use super::idx;

/// The endings of files that are decoded, in lower case.
pub const EXTENSIONS: [&str; 9] = ["jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "tif"];

/// A further ending, which has one letter more than another.
const TIFF: &str = "tiff";

/// The names of the folders of each part.
const TRAIN: [&str; 2] = ["train", "training"];
const VALIDATION: [&str; 4] = ["val", "validation", "valid", "dev"];
const TEST: [&str; 2] = ["test", "testing"];

/// Tables beside the pictures that they name (`imagefolder` of Hugging Face's `datasets`).
const TABLES: [&str; 3] = ["metadata.csv", "metadata.jsonl", "metadata.parquet"];

/// Folders in folders that are looked through, so that a link to a folder above ends.
const DEEPEST: usize = 16;

/// Returns whether the ending of a name is that of a picture.
pub fn is_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let extension = extension.map(str::to_ascii_lowercase).unwrap_or_default();
    EXTENSIONS.contains(&extension.as_str()) || extension == TIFF
}

/// Returns whether a folder holds pictures, in folders of classes or beside a table that names them.
pub fn is_picture_folder(folder: &Path) -> bool {
    folder.is_dir()
        && Layout::of(folder).is_ok_and(|layout| match layout {
            Layout::Parts(folders) => has_picture(&folders.train, 0),
            Layout::Table(_) => has_picture(folder, 0),
            Layout::Classes | Layout::Flat | Layout::Idx(_) => true,
            Layout::Other => false,
        })
}

/// The contents of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Folders of parts, each with folders of classes.
    Parts(Folders),
    /// A folder for each class.
    Classes,
    /// Pictures without folders.
    Flat,
    /// A table that names pictures.
    Table(PathBuf),
    /// IDX files.
    Idx(Folders),
    /// No pictures.
    Other,
}

/// Folders or files of parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// The training pictures.
    pub train: PathBuf,
    /// The validation pictures.
    pub validation: Option<PathBuf>,
    /// The test pictures.
    pub test: Option<PathBuf>,
}

impl Layout {
    /// Finds out how a folder is laid out.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn of(folder: &Path) -> Result<Self, PictureError> {
        let table = TABLES.iter().map(|name| folder.join(name)).find(|path| path.is_file());
        if let Some(table) = table {
            return Ok(Self::Table(table));
        }
        let entries = entries(folder)?;
        let folders: Vec<&Entry> = entries.iter().filter(|entry| entry.is_folder).collect();
        let of_part = |names: &[&str]| {
            let is_called = |entry: &&&Entry| names.contains(&entry.name().to_lowercase().as_str());
            folders.iter().find(is_called).map(|entry| entry.path.clone())
        };
        if let Some(train) = of_part(&TRAIN)
            && (has_folders(&train) || folders.len() == 1)
        {
            return Ok(Self::Parts(Folders {
                train,
                validation: of_part(&VALIDATION),
                test: of_part(&TEST),
            }));
        }
        if folders.iter().any(|entry| has_picture(&entry.path, 0)) {
            return Ok(Self::Classes);
        }
        if entries.iter().any(|entry| !entry.is_folder && is_picture(&entry.path)) {
            return Ok(Self::Flat);
        }
        Ok(idx::of_folder(folder).map_or(Self::Other, Self::Idx))
    }
}

/// A picture in the folder of its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) path: PathBuf,
    pub(super) class: String,
}

/// The pictures of a folder, and the files of other kinds.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing {
    pub(super) pictures: Vec<Listed>,
    /// Files of other kinds, and pictures outside of folders of classes.
    pub(super) others: Vec<PathBuf>,
}

/// The pictures in the folder of each class, in the order of their names. A class may have folders in its folder.
///
/// # Errors
/// If a folder cannot be read, has no pictures, or a name is not Unicode.
pub(super) fn of_classes(folder: &Path) -> Result<Listing, PictureError> {
    let mut listing = Listing::default();
    let mut lying = 0;
    for entry in entries(folder)? {
        if !entry.is_folder {
            lying += usize::from(is_picture(&entry.path));
            listing.others.push(entry.path);
            continue;
        }
        let Some(class) = entry.path.file_name().and_then(|name| name.to_str()).map(str::to_owned) else {
            return Err(PictureError::Name { path: entry.path });
        };
        let (mut pictures, mut others) = (Vec::new(), Vec::new());
        walk(&entry.path, (&mut pictures, &mut others), &mut HashSet::new(), 0)?;
        let listed = pictures.into_iter().map(|path| Listed {
            path,
            class: class.clone(),
        });
        listing.pictures.extend(listed);
        listing.others.extend(others);
    }
    if !listing.pictures.is_empty() {
        return Ok(listing);
    }
    let folder = folder.to_owned();
    Err(if lying > 0 {
        PictureError::NoClasses {
            folder,
            pictures: lying,
        }
    } else {
        let files = listing.others.len();
        PictureError::Empty { folder, files }
    })
}

/// All pictures in a folder and the folders in it, in the order of their names.
///
/// # Errors
/// If a folder cannot be read or there are no pictures.
pub(super) fn all(folder: &Path) -> Result<Vec<PathBuf>, PictureError> {
    let (mut pictures, mut others) = (Vec::new(), Vec::new());
    walk(folder, (&mut pictures, &mut others), &mut HashSet::new(), 0)?;
    if pictures.is_empty() {
        let (folder, files) = (folder.to_owned(), others.len());
        return Err(PictureError::Empty { folder, files });
    }
    Ok(pictures)
}

fn walk(
    folder: &Path,
    (pictures, others): (&mut Vec<PathBuf>, &mut Vec<PathBuf>),
    seen: &mut HashSet<PathBuf>,
    depth: usize,
) -> Result<(), PictureError> {
    // A link may lead to a folder that contains it.
    let is_new = folder.canonicalize().is_ok_and(|folder| seen.insert(folder));
    if !is_new || depth > DEEPEST {
        return Ok(());
    }
    for entry in entries(folder)? {
        if entry.is_folder {
            walk(&entry.path, (&mut *pictures, &mut *others), seen, depth + 1)?;
        } else if !is_picture(&entry.path) {
            others.push(entry.path);
        } else if entry.path.to_str().is_none() {
            return Err(PictureError::Name { path: entry.path });
        } else {
            pictures.push(entry.path);
        }
    }
    Ok(())
}

struct Entry {
    path: PathBuf,
    is_folder: bool,
}

impl Entry {
    fn name(&self) -> String {
        self.path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }
}

/// The entries of a folder in the order of their names, without hidden ones. A link counts as what it leads to.
fn entries(folder: &Path) -> Result<Vec<Entry>, PictureError> {
    let fault = |error: std::io::Error| PictureError::Folder {
        folder: folder.to_owned(),
        problem: error.to_string(),
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        let is_folder = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => path.is_dir(),
            Ok(kind) => kind.is_dir(),
            Err(_) => false,
        };
        found.push(Entry { path, is_folder });
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

fn has_folders(folder: &Path) -> bool {
    entries(folder).is_ok_and(|entries| entries.iter().any(|entry| entry.is_folder))
}

/// Returns whether there is a picture somewhere in a folder.
fn has_picture(folder: &Path, depth: usize) -> bool {
    let Ok(entries) = entries(folder) else { return false };
    let is_there = entries.iter().any(|entry| !entry.is_folder && is_picture(&entry.path));
    let deeper = || {
        let mut folders = entries.iter().filter(|entry| entry.is_folder);
        folders.any(|entry| has_picture(&entry.path, depth + 1))
    };
    is_there || (depth < DEEPEST / 4 && deeper())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(root: &Path, names: &[&str]) {
        for name in names {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"x").unwrap();
        }
    }

    fn layout(names: &[&str]) -> String {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), names);
        let name = |path: &PathBuf| path.strip_prefix(root.path()).unwrap().display().to_string();
        match Layout::of(root.path()).unwrap() {
            Layout::Parts(Folders {
                train,
                validation,
                test,
            }) => format!(
                "parts {} {:?} {:?}",
                name(&train),
                validation.as_ref().map(name),
                test.as_ref().map(name)
            ),
            Layout::Table(table) => format!("table {}", name(&table)),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_folder_is_understood_by_the_names_in_it() {
        assert_eq!(
            layout(&["Train/cat/a.JPG", "valid/cat/b.png", "test/cat/c.tiff"]),
            "parts Train Some(\"valid\") Some(\"test\")"
        );
        assert_eq!(layout(&["cat/a.jpg", "dog/b.jpg", "notes.txt"]), "Classes");
        assert_eq!(
            layout(&["bus/a.jpg", "train/b.jpg"]),
            "Classes",
            "a class that is called train"
        );
        assert_eq!(layout(&["a.jpg", "b.png"]), "Flat");
        assert_eq!(layout(&["metadata.csv", "a.jpg"]), "table metadata.csv");
        assert_eq!(layout(&["a.txt", "b/c.txt"]), "Other");
        assert_eq!(layout(&[]), "Other");
    }

    #[test]
    fn classes_are_folders_whatever_their_names() {
        let root = tempfile::tempdir().unwrap();
        put(
            root.path(),
            &[
                "new york/b.png",
                "new york/deep er/a.png",
                "東京/Ä b.jpg",
                "東京/.hidden.jpg",
                "東京/Thumbs.db",
                "lying.png",
            ],
        );
        let listing = of_classes(root.path()).unwrap();
        let found: Vec<(String, &str)> = listing
            .pictures
            .iter()
            .map(|listed| {
                (
                    listed.path.strip_prefix(root.path()).unwrap().display().to_string(),
                    listed.class.as_str(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("new york/b.png".to_owned(), "new york"),
                ("new york/deep er/a.png".to_owned(), "new york"),
                ("東京/Ä b.jpg".to_owned(), "東京"),
            ]
        );
        assert_eq!(listing.others.len(), 2);
        assert_eq!(all(root.path()).unwrap().len(), 4);
    }

    #[test]
    fn a_folder_without_pictures_or_classes_is_refused() {
        let message = |names: &[&str]| {
            let root = tempfile::tempdir().unwrap();
            put(root.path(), names);
            let error = of_classes(root.path()).unwrap_err();
            error.to_string().replace(&root.path().display().to_string(), "x")
        };
        insta::assert_snapshot!(
            [message(&[]), message(&["cat/a.txt", "b.txt"]), message(&["a.jpg", "b.jpg"])].join("\n"),
            @"
        `x` has no pictures: it needs a folder for each class with files such as `.jpg` or `.png`
        `x` has no pictures: it needs a folder for each class with files such as `.jpg` or `.png`; it has 2 files of other kinds
        `x` has pictures (2), but no folder for each class: move each into the folder of its class, or name a table of paths and labels in `train`
        "
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_a_circle_of_them_ends() {
        let (root, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        put(outside.path(), &["a.jpg"]);
        put(root.path(), &["cat/b.jpg"]);
        let link = |target: &Path, name: &str| std::os::unix::fs::symlink(target, root.path().join(name)).unwrap();
        link(outside.path(), "dog");
        link(root.path(), "cat/circle");
        link(&outside.path().join("a.jpg"), "cat/a.jpg");
        let listing = of_classes(root.path()).unwrap();
        let cats = listing.pictures.iter().filter(|listed| listed.class == "cat").count();
        assert!(
            cats >= 2 && listing.pictures.iter().any(|listed| listed.class == "dog"),
            "{listing:?}"
        );
    }
}
