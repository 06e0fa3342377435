//! Event files: their records and the events in them.
//!
//! A record is its length (8 bytes), a checksum of the length, the event, and a checksum of the event. See
//! `tensorflow/core/lib/io/record_writer.h` and `tensorboard/compat/proto/event.proto`.

use crate::tracking::protobuf::Message;

/// The first event of a file has this version.
const VERSION: &str = "brain.Event:2";

/// The polynomial of CRC-32C, reversed (Castagnoli; RFC 3720, §12.1).
const CASTAGNOLI: u32 = 0x82f6_3b78;

/// Added to a rotated checksum, so that checksums of checksums stay good (`tensorflow/core/lib/hash/crc32c.h`).
const MASK: u32 = 0xa282_ead8;

/// The plugins that show a value.
const SCALARS: &str = "scalars";
const TEXT: &str = "text";
const HPARAMS: &str = "hparams";

/// Classes of data (`DataClass` in `summary.proto`), by which the server picks its readers.
const CLASS_SCALAR: u64 = 1;
const CLASS_TENSOR: u64 = 2;

/// Types of tensors (`DataType` in `types.proto`).
const FLOAT: u64 = 1;
const STRING: u64 = 7;

/// The first record of a file.
pub(super) fn beginning(time: i64) -> Vec<u8> {
    record(event(time, 0).bytes(3, VERSION).encoded())
}

/// A point of a curve.
pub(super) fn scalar(time: i64, step: u64, tag: &str, value: f64) -> Vec<u8> {
    // The page shows 32 bits, whatever is written.
    let value = named(tag).float(2, value as f32);
    shown(time, step, &value.message(9, &plugin(SCALARS, CLASS_SCALAR, None)))
}

/// A text in Markdown.
pub(super) fn text(time: i64, tag: &str, markdown: &str) -> Vec<u8> {
    let tensor = Message::new().integer(1, STRING).bytes(2, b"").bytes(8, markdown);
    let value = named(tag).message(8, &tensor);
    shown(time, 0, &value.message(9, &plugin(TEXT, CLASS_TENSOR, None)))
}

/// A message for the page of hyperparameters: `content` is a field of `HParamsPluginData`.
pub(super) fn hparams(time: i64, tag: &str, content: &Message) -> Vec<u8> {
    let tensor = Message::new().integer(1, FLOAT).bytes(2, b"");
    let value = named(&format!("_hparams_/{tag}")).message(8, &tensor);
    shown(time, 0, &value.message(9, &plugin(HPARAMS, 0, Some(content))))
}

fn named(tag: &str) -> Message {
    Message::new().bytes(1, tag)
}

fn plugin(name: &str, class: u64, content: Option<&Message>) -> Message {
    let mut data = Message::new().bytes(1, name);
    if let Some(content) = content {
        data = data.message(2, content);
    }
    let metadata = Message::new().message(1, &data);
    if class == 0 {
        metadata
    } else {
        metadata.integer(4, class)
    }
}

fn shown(time: i64, step: u64, value: &Message) -> Vec<u8> {
    let summary = Message::new().message(1, value);
    record(event(time, step).message(5, &summary).encoded())
}

fn event(time: i64, step: u64) -> Message {
    Message::new().double(1, time as f64 / 1e3).integer(2, step)
}

fn record(event: &[u8]) -> Vec<u8> {
    let length = (event.len() as u64).to_le_bytes();
    let mut record = length.to_vec();
    record.extend(masked(&length).to_le_bytes());
    record.extend(event);
    record.extend(masked(event).to_le_bytes());
    record
}

fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(MASK)
}

fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    let step = |sum: u32, byte: &u8| TABLE[usize::from(sum as u8 ^ byte)] ^ sum >> 8;
    !bytes.iter().fold(!0, step)
}

/// The checksums of single bytes.
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ CASTAGNOLI } else { sum >> 1 };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
}

#[cfg(test)]
pub(super) mod reading {
    use super::*;

    /// The events of a file. Panics at a damaged record.
    pub(in crate::tracking::tensorboard) fn events(mut rest: &[u8]) -> Vec<Vec<u8>> {
        let mut events = Vec::new();
        while !rest.is_empty() {
            let (head, after) = rest.split_at(12);
            let length = u64::from_le_bytes(head[..8].try_into().unwrap()) as usize;
            assert_eq!(unmasked(&head[8..]), slow_crc32c(&head[..8]));
            let (event, after) = after.split_at(length);
            let (sum, after) = after.split_at(4);
            assert_eq!(unmasked(sum), slow_crc32c(event));
            events.push(event.to_vec());
            rest = after;
        }
        events
    }

    fn unmasked(bytes: &[u8]) -> u32 {
        let sum = u32::from_le_bytes(bytes.try_into().unwrap()).wrapping_sub(MASK);
        sum.rotate_left(15)
    }

    /// Bit by bit, as the definition says.
    fn slow_crc32c(bytes: &[u8]) -> u32 {
        let mut sum = u32::MAX;
        for byte in bytes {
            for bit in 0..8 {
                let out = (sum ^ u32::from(byte >> bit)) & 1;
                sum = (sum >> 1) ^ (CASTAGNOLI * out);
            }
        }
        !sum
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tracking::protobuf::reading::{Field, all, fields, text as text_of};

    #[test]
    fn checksums_are_those_of_the_standard() {
        // RFC 3720, B.4.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    proptest! {
        #[test]
        fn another_reader_finds_the_points(step in any::<u32>(), value in -1.0e30..1.0e30, tag in "[a-z/]{1,9}") {
            let mut file = beginning(1_500);
            file.extend(scalar(2_500, u64::from(step), &tag, value));
            let events = reading::events(&file);
            prop_assert_eq!(events.len(), 2);
            prop_assert_eq!(text_of(&events[0], 3).unwrap(), VERSION);
            let found = fields(&events[1]);
            prop_assert_eq!(&found[..2], &[Field::Double(1, 2.5), Field::Integer(2, u64::from(step))]);
            let value_found = all(&all(&events[1], 5)[0], 1).remove(0);
            prop_assert_eq!(text_of(&value_found, 1).unwrap(), tag);
            prop_assert!(fields(&value_found).contains(&Field::Float(2, value as f32)));
        }
    }
}
