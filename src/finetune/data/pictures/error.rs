//! Errors in sets of pictures.

use std::path::PathBuf;

use super::problem::Problem;

/// The reason why pictures cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// A folder holds no picture.
    #[error(
        "`{}` has no pictures: it needs a folder for each class with files such as `.jpg` or `.png`{}",
        folder.display(),
        others(*files)
    )]
    Empty {
        /// The folder.
        folder: PathBuf,
        /// Number of files of other kinds.
        files: usize,
    },
    /// A folder holds pictures, but no folders of classes.
    #[error(
        "`{}` has pictures ({pictures}), but no folder for each class: move each into the folder of its class, or name a \
         table of paths and labels in `train`",
        folder.display()
    )]
    NoClasses {
        /// The folder.
        folder: PathBuf,
        /// Number of pictures in it.
        pictures: usize,
    },
    /// A folder cannot be read.
    #[error("cannot read the folder `{}`: {problem}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The reason of the system.
        problem: String,
    },
    /// The name of a file or class is not Unicode.
    #[error("the name of `{}` is not valid Unicode: rename it", path.display())]
    Name {
        /// The file or folder.
        path: PathBuf,
    },
    /// Classes are not numbers.
    #[error("`{}` has a folder for each class, and `task: regression` predicts numbers: name a table of paths and numbers", folder.display())]
    NotNumbers {
        /// The folder.
        folder: PathBuf,
    },
    /// Pictures cannot be used.
    #[error(
        "cannot use the picture `{picture}`: {problem}{}; repair or remove it, or leave such pictures out with \
         `on_bad_image: skip` in `data`",
        more(*others)
    )]
    Bad {
        /// The first of them.
        picture: String,
        /// The problem.
        problem: Problem,
        /// Number of others.
        others: usize,
    },
    /// No picture of a part can be used.
    #[error("none of the {count} {part} pictures can be used; the first is `{picture}`: {problem}")]
    AllBad {
        /// The part.
        part: &'static str,
        /// Number of pictures.
        count: usize,
        /// The first of them.
        picture: String,
        /// The problem.
        problem: Problem,
    },
    /// The labels of an IDX file are missing.
    #[error(
        "`{}` has pictures without labels: the labels belong into `{}`",
        images.display(),
        labels.display()
    )]
    NoIdxLabels {
        /// The file of the pictures.
        images: PathBuf,
        /// The missing file.
        labels: PathBuf,
    },
    /// There are more or fewer labels than pictures.
    #[error("`{}` has {images_count} pictures, and `{}` has {labels_count} labels", images.display(), labels.display())]
    IdxCounts {
        /// The file of the pictures.
        images: PathBuf,
        /// The file of the labels.
        labels: PathBuf,
        /// Number of pictures.
        images_count: usize,
        /// Number of labels.
        labels_count: usize,
    },
    /// A split looks for texts that are nearly equal.
    #[error("`near_duplicates` compares texts: equal pictures are kept together without it, with `by` in `split`")]
    NearDuplicates,
    /// A split goes by a column, and there are no columns.
    #[error("`split` goes by the column `{column}`, and `{}` has no columns: name a table of paths, labels and `{column}`", source_name.display())]
    NoColumns {
        /// The column.
        column: String,
        /// The folder or file.
        source_name: PathBuf,
    },
    /// The model takes images with another number of channels than 1 or 3.
    #[error("the model takes images with {channels} channels, and pictures have 3 colours or are grey")]
    Channels {
        /// The channels of the model.
        channels: usize,
    },
}

fn others(files: usize) -> String {
    match files {
        0 => String::new(),
        1 => "; it has 1 file of another kind".to_owned(),
        files => format!("; it has {files} files of other kinds"),
    }
}

fn more(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => ", and 1 more cannot be used".to_owned(),
        others => format!(", and {others} more cannot be used"),
    }
}
