//! Opens one source: decompresses it, finds its encoding and its format.

use std::fs::File;
use std::io::{self, Cursor};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use automl_base::os;

use crate::compression::{self, Bytes, Compression};
use crate::encoding;
use crate::error::{Fault, ReadError};
use crate::foreign;
use crate::formats::{self, Format, Open, Opening, Records};
use crate::head::{HEAD, Head};
use crate::input::Input;
use crate::options::ReadOptions;
use crate::position::Position;
use crate::record::Columns;
use crate::source::Origin;
use crate::within::Within;

/// How long a named pipe may be without a writer.
const WRITER_PATIENCE: Duration = Duration::from_secs(20);

/// A source that is ready to be read.
pub(crate) struct Opened {
    pub(crate) records: Box<dyn Records>,
    pub(crate) format: &'static Format,
    pub(crate) compression: Option<&'static Compression>,
    pub(crate) encoding: &'static str,
    /// True if records may arrive slowly.
    pub(crate) is_live: bool,
}

/// Opens a source; `columns` are those of the sources before it.
///
/// # Errors
/// If it cannot be read, if an option is wrong, or if the beginning of the data is malformed.
pub(crate) fn open(origin: &Origin, options: &ReadOptions, columns: &Columns) -> Result<Opened, ReadError> {
    match origin {
        Origin::Folder(path) => open_folder(path, options),
        Origin::Rows { path, rows } => {
            let opened = open_stream(&Origin::File(path.clone()), options, columns)?;
            Ok(Opened {
                records: Box::new(Within::new(opened.records, rows.clone())),
                ..opened
            })
        }
        Origin::File(_) | Origin::StandardInput | Origin::Memory { .. } => open_stream(origin, options, columns),
    }
}

fn open_folder(path: &Path, options: &ReadOptions) -> Result<Opened, ReadError> {
    let of_folders = |format: &&Format| matches!(format.open, Open::Folder(_));
    let format = match &options.format {
        Some(name) => formats::named(name, Position::file(path))?,
        None => formats::FORMATS
            .iter()
            .find(of_folders)
            .unwrap_or(&formats::text_folder::FORMAT),
    };
    let Open::Folder(open) = format.open else {
        let problem = format!("a folder, and `{}` is a format of files", format.name);
        return Err(ReadError::new(Position::file(path), Fault::Folder { problem }));
    };
    Ok(Opened {
        records: open(path, options)?,
        format,
        compression: None,
        encoding: encoding_rs::UTF_8.name(),
        is_live: false,
    })
}

fn open_stream(origin: &Origin, options: &ReadOptions, columns: &Columns) -> Result<Opened, ReadError> {
    let failed = |error: io::Error| ReadError::new(Position::file(origin.name()), Fault::Io(error));
    let (bytes, is_regular) = bytes(origin).map_err(failed)?;
    let is_live = matches!(origin, Origin::StandardInput);
    let Text {
        mut input,
        compression,
        encoding,
    } = text(origin.name(), bytes, is_live, options)?;
    let extension = extension(origin.name());
    let length = input.fill(HEAD)?.len();
    let is_whole = length < HEAD && (!is_live || input.is_ended());
    let head = Head::new(input.available(), is_whole, &extension);
    let format = format(&head, options, origin)?;
    let Open::Stream(open) = format.open else {
        let problem = format!("a file, and `{}` is a format of folders", format.name);
        return Err(ReadError::new(Position::file(origin.name()), Fault::Folder { problem }));
    };
    let is_plain = is_regular && compression.is_none() && encoding == encoding_rs::UTF_8.name();
    let records = open(Opening {
        input,
        origin,
        is_plain,
        options,
        columns,
    })?;
    Ok(Opened {
        records,
        format,
        compression,
        encoding,
        is_live,
    })
}

/// The bytes of a source, and whether they are a file that can be opened again.
fn bytes(origin: &Origin) -> io::Result<(Bytes, bool)> {
    match origin {
        Origin::File(path) | Origin::Folder(path) | Origin::Rows { path, .. } => {
            let file = opened_file(path)?;
            let is_regular = file.metadata()?.is_file();
            Ok((Box::new(file), is_regular))
        }
        Origin::StandardInput => Ok((Box::new(io::stdin()), false)),
        Origin::Memory { content, .. } => Ok((Box::new(Cursor::new(content.clone())), false)),
    }
}

/// Opens a file. To open a named pipe waits for its writer: without one that would be for ever.
fn opened_file(path: &Path) -> io::Result<File> {
    if !os::is_pipe(path) {
        return File::open(path);
    }
    let (opened, ready) = mpsc::channel();
    let pipe = path.to_owned();
    // If no writer comes, this thread waits until the process ends.
    thread::spawn(move || opened.send(File::open(pipe)));
    ready.recv_timeout(WRITER_PATIENCE).unwrap_or_else(|_| {
        let seconds = WRITER_PATIENCE.as_secs();
        let message = format!(
            "it is a named pipe, and no program has opened it for writing within {seconds} s; start that program first"
        );
        Err(io::Error::new(io::ErrorKind::TimedOut, message))
    })
}

/// The text of a source, decompressed and in UTF-8.
pub(crate) struct Text {
    pub(crate) input: Input,
    pub(crate) compression: Option<&'static Compression>,
    pub(crate) encoding: &'static str,
}

/// Decompresses bytes and translates them to UTF-8.
///
/// # Errors
/// If reading fails, or if there is no such encoding.
pub(crate) fn text(name: &Path, bytes: Bytes, is_live: bool, options: &ReadOptions) -> Result<Text, ReadError> {
    let refused = |fault| ReadError::new(Position::file(name), fault);
    let declared = match &options.encoding {
        None => None,
        Some(name) => {
            Some(encoding::named(name).ok_or_else(|| refused(Fault::UnknownEncoding { name: name.clone() }))?)
        }
    };
    let failed = |error: io::Error| match error.downcast::<compression::Damage>() {
        Ok(compression::Damage { compression, source }) => refused(Fault::Damaged { compression, source }),
        Err(error) => refused(Fault::Io(error)),
    };
    let (bytes, compression) = compression::decompressed(bytes).map_err(failed)?;
    let (bytes, encoding) = encoding::as_utf8(bytes, declared).map_err(failed)?;
    Ok(Text {
        input: Input::new(name, bytes, is_live, options.limits.record),
        compression,
        encoding: encoding.name(),
    })
}

/// The extension in lower case, without that of a compression.
fn extension(name: &Path) -> String {
    let name = name
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let plain = compression::plain_name(&name);
    plain
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase())
        .unwrap_or_default()
}

fn format(head: &Head<'_>, options: &ReadOptions, origin: &Origin) -> Result<&'static Format, ReadError> {
    let position = || Position::file(origin.name());
    if head.bytes.is_empty() {
        return Err(ReadError::new(position(), Fault::Empty));
    }
    let format = match &options.format {
        Some(name) => formats::named(name, position())?,
        // A key of the records says that they are inside of a document.
        None if options.records_key.is_some() && head.first() == Some(b'{') => &formats::json_wrapped::FORMAT,
        None => match foreign::fault(head.bytes) {
            Some(fault) => return Err(ReadError::new(position(), fault)),
            None => formats::recognise(head, &options.unnamed),
        },
    };
    if head.is_text() && head.has_old_line_ends() {
        return Err(ReadError::new(position(), Fault::CarriageReturns));
    }
    Ok(format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_of_a_compression_does_not_count() {
        for (name, expected) in [
            ("a/b.JSONL.gz", "jsonl"),
            ("b.csv", "csv"),
            ("b", ""),
            (".hidden", "hidden"),
            ("b.gz", ""),
        ] {
            assert_eq!(extension(Path::new(name)), expected, "{name}");
        }
    }
}
