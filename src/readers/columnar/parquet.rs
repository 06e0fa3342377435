//! Opens Parquet files.

use std::fs::File;

use bytes::Bytes;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;

use super::classes::KEY;
use super::{BATCH, Columnar, guarded};
use crate::error::{Fault, ReadError};
use crate::formats::{Opening, Records};
use crate::position::At;
use crate::source::Origin;

/// The name in messages.
const NAME: &str = "Parquet";

/// A file, or bytes in memory if the source is compressed or a pipe: Parquet is read from its end.
enum Seekable {
    File(File),
    Memory(Bytes),
}

impl Seekable {
    fn new(opening: &mut Opening<'_>) -> Result<Self, ReadError> {
        match opening.origin {
            Origin::File(path) if opening.is_plain => {
                let file = File::open(path).map_err(|error| opening.input.error_of_file(Fault::Io(error)))?;
                Ok(Self::File(file))
            }
            _ => {
                let limit = opening.options.limits.document;
                let content = opening.input.fill_all(limit, "compressed or piped Parquet files")?;
                Ok(Self::Memory(Bytes::copy_from_slice(content)))
            }
        }
    }
}

/// Opens a Parquet file.
///
/// # Errors
/// If it is malformed or uses an unsupported feature.
pub(crate) fn open(mut opening: Opening<'_>) -> Result<Box<dyn Records>, ReadError> {
    let seekable = Seekable::new(&mut opening)?;
    let position = opening.input.position_at(At::File);
    let opened = guarded(|| match seekable {
        Seekable::File(file) => batches(file),
        Seekable::Memory(bytes) => batches(bytes),
    });
    let (reader, metadata) = opened.map_err(|message| {
        let format = NAME;
        ReadError::new(position.clone(), Fault::Columnar { format, message })
    })?;
    let schema = arrow_array::RecordBatchReader::schema(&reader);
    let limits = opening.options.limits;
    let columnar = Columnar::new(NAME, position, limits, &schema, metadata.as_deref(), Box::new(reader))?;
    Ok(Box::new(columnar))
}

fn batches(source: impl ChunkReader + 'static) -> Result<(ParquetRecordBatchReader, Option<String>), ParquetError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(source)?;
    check(builder.metadata())?;
    let pairs = builder
        .metadata()
        .file_metadata()
        .key_value_metadata()
        .into_iter()
        .flatten();
    let metadata = pairs.filter(|pair| pair.key == KEY).find_map(|pair| pair.value.clone());
    Ok((builder.with_batch_size(BATCH).build()?, metadata))
}

/// Checks the positions of the columns, which the decoder takes for granted.
fn check(metadata: &ParquetMetaData) -> Result<(), ParquetError> {
    let mut chunks = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let is_negative = chunks.any(|chunk| {
        let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        start < 0 || chunk.data_page_offset() < 0 || chunk.compressed_size() < 0
    });
    if is_negative {
        let problem = "a column lies before the beginning of the file".to_owned();
        return Err(ParquetError::General(problem));
    }
    Ok(())
}
