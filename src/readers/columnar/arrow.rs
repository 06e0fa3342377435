//! Opens Arrow IPC files and streams.
//!
//! A file is a stream between two marks, so both are read message by message, in constant memory. The sizes in a message
//! are checked before its buffers are decoded: the decoder takes the memory that they ask for.

use std::collections::HashMap;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::reader::{read_dictionary, read_record_batch};
use arrow_ipc::{Message, MessageHeader, convert, root_as_message};
use arrow_schema::{ArrowError, SchemaRef};

use super::classes::KEY;
use super::{Batches, Columnar, guarded};
use crate::error::{Fault, ReadError};
use crate::formats::arrow::FILE;
use crate::formats::{Opening, Records};
use crate::input::Input;
use crate::position::At;

/// The name in messages.
const NAME: &str = "Arrow";

/// The mark and its padding at the beginning of a file.
const FILE_HEADER: usize = 8;

/// A piece of the padding before the first message of a file.
const PADDING: [u8; 8] = [0; 8];

/// The first four bytes of a message.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// Bytes of the uncompressed length before a compressed buffer.
const LENGTH: usize = 8;

/// Opens an Arrow IPC file or stream.
///
/// # Errors
/// If it is malformed or uses an unsupported feature.
pub(crate) fn open(opening: Opening<'_>) -> Result<Box<dyn Records>, ReadError> {
    let Opening { mut input, options, .. } = opening;
    let position = input.position_at(At::File);
    let is_file = input.fill(FILE.len())?.starts_with(FILE);
    if is_file {
        input.take(FILE_HEADER)?;
        // Writers align the first message, some to 64 bytes.
        while input.fill(PADDING.len())?.starts_with(&PADDING) {
            input.take(PADDING.len())?;
        }
    }
    let mut messages = Messages {
        input,
        is_file,
        largest: options.limits.document,
    };
    let failed = |message: String| ReadError::new(position.clone(), Fault::Columnar { format: NAME, message });
    let schema = guarded(|| messages.schema()).map_err(failed)?;
    let metadata = schema.metadata().get(KEY).cloned();
    let batches: Batches = Box::new(Stream {
        messages,
        schema: SchemaRef::clone(&schema),
        dictionaries: HashMap::new(),
    });
    let columnar = Columnar::new(NAME, position, options.limits, &schema, metadata.as_deref(), batches)?;
    Ok(Box::new(columnar))
}

/// The batches of a stream.
struct Stream {
    messages: Messages,
    schema: SchemaRef,
    dictionaries: HashMap<i64, ArrayRef>,
}

impl Stream {
    fn next_batch(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        while let Some((metadata, body)) = self.messages.next()? {
            let message = message(&metadata)?;
            let version = message.version();
            if let Some(batch) = message.header_as_record_batch() {
                check(batch, &body, self.messages.largest)?;
                let schema = SchemaRef::clone(&self.schema);
                return read_record_batch(&body, batch, schema, &self.dictionaries, None, &version).map(Some);
            }
            if let Some(dictionary) = message.header_as_dictionary_batch() {
                if let Some(batch) = dictionary.data() {
                    check(batch, &body, self.messages.largest)?;
                }
                read_dictionary(&body, dictionary, &self.schema, &mut self.dictionaries, &version)?;
            }
        }
        Ok(None)
    }
}

impl Iterator for Stream {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}

/// The messages of a stream: metadata, and the body that they describe.
struct Messages {
    input: Input,
    is_file: bool,
    /// Largest body and largest buffer, in bytes.
    largest: usize,
}

impl Messages {
    /// The schema, which is the first message.
    fn schema(&mut self) -> Result<SchemaRef, ArrowError> {
        let missing = || malformed("the schema is missing");
        let (metadata, _) = self.next()?.ok_or_else(missing)?;
        let schema = message(&metadata)?.header_as_schema().ok_or_else(missing)?;
        convert::try_fb_to_schema(schema).map(Into::into)
    }

    /// The next message; `None` behind the mark of the end. A stream may also end without it, but a file may not.
    fn next(&mut self) -> Result<Option<(Vec<u8>, Buffer)>, ArrowError> {
        let prefix = self.take(LENGTH)?;
        let length = match prefix.as_slice() {
            [] if !self.is_file => return Ok(None),
            [mark @ .., a, b, c, d] if *mark == CONTINUATION => u32::from_le_bytes([*a, *b, *c, *d]) as usize,
            [0, 0, 0, 0, ..] => return Ok(None),
            _ => return Err(malformed("a message is missing; is the file cut off")),
        };
        if length == 0 {
            return Ok(None);
        }
        let metadata = self.exactly(length)?;
        let body = usize::try_from(message(&metadata)?.bodyLength()).unwrap_or(usize::MAX);
        let body = self.exactly(body)?;
        Ok(Some((metadata, Buffer::from_vec(body))))
    }

    fn exactly(&mut self, count: usize) -> Result<Vec<u8>, ArrowError> {
        if count > self.largest {
            return Err(malformed(&format!(
                "a message has {count} bytes, and at most {} are read",
                self.largest
            )));
        }
        let bytes = self.take(count)?;
        if bytes.len() < count {
            return Err(malformed("the last message is cut off"));
        }
        Ok(bytes)
    }

    fn take(&mut self, count: usize) -> Result<Vec<u8>, ArrowError> {
        self.input
            .take(count)
            .map_err(|error| malformed(&error.fault().to_string()))
    }
}

fn message(metadata: &[u8]) -> Result<Message<'_>, ArrowError> {
    let message = root_as_message(metadata).map_err(|error| malformed(&error.to_string()))?;
    match message.header_type() {
        MessageHeader::Schema | MessageHeader::RecordBatch | MessageHeader::DictionaryBatch => Ok(message),
        _ => Err(malformed("a message is neither a schema nor a batch")),
    }
}

/// Checks that every buffer lies within the body and is not too large when it is decompressed.
fn check(batch: arrow_ipc::RecordBatch<'_>, body: &[u8], largest: usize) -> Result<(), ArrowError> {
    let rows = usize::try_from(batch.length()).unwrap_or(usize::MAX);
    // A value takes a bit at least; only columns without values take nothing.
    if rows > largest {
        return Err(malformed(&format!("a batch of {} rows", batch.length())));
    }
    for buffer in batch.buffers().into_iter().flatten() {
        let start = usize::try_from(buffer.offset()).unwrap_or(usize::MAX);
        let length = usize::try_from(buffer.length()).unwrap_or(usize::MAX);
        let bytes = start.checked_add(length).and_then(|end| body.get(start..end));
        let bytes = bytes.ok_or_else(|| malformed("a buffer lies outside of its batch"))?;
        if let (Some(_), Some(length)) = (batch.compression(), bytes.first_chunk::<LENGTH>()) {
            let length = i64::from_le_bytes(*length);
            if usize::try_from(length).is_ok_and(|length| length > largest) {
                return Err(malformed(&format!(
                    "a buffer of {length} bytes, and at most {largest} are read"
                )));
            }
        }
    }
    Ok(())
}

fn malformed(problem: &str) -> ArrowError {
    ArrowError::IpcError(problem.to_owned())
}
