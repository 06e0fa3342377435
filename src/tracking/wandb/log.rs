//! The transaction log of a run: its framing and its records.
//!
//! A record is cut into chunks so that none crosses a border of 32,768 bytes, counted from the file's beginning. A chunk
//! is a checksum (CRC-32 of kind and bytes), a length, a kind, and bytes. See `core/pkg/leveldb/record.go` of wandb.

use crate::tracking::protobuf::Message;

/// The beginning of a file: `:W&B`, a magic number and a version.
const HEADER: [u8; 7] = [0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0];

const BLOCK: usize = 32_768;

/// Bytes of a chunk before its content.
const CHUNK_HEADER: usize = 7;

/// Kinds of records: the field of `Record` in `wandb_internal.proto` that is set.
pub(super) const HISTORY: u64 = 2;
pub(super) const SUMMARY: u64 = 3;
pub(super) const FILES: u64 = 6;
pub(super) const METRIC: u64 = 12;
pub(super) const RUN: u64 = 17;
pub(super) const EXIT: u64 = 18;
const VERSIONS: u64 = 21;

/// The bytes of a log, which are written elsewhere.
#[derive(Debug)]
pub(super) struct Log {
    records: u64,
    length: usize,
}

impl Log {
    /// A new log, with the bytes of its beginning.
    pub(super) fn begin(version: &str) -> (Self, Vec<u8>) {
        let mut log = Self {
            records: 0,
            length: HEADER.len(),
        };
        let versions = Message::new().bytes(1, format!("automl {version}")).bytes(2, "0.0.0");
        let mut bytes = HEADER.to_vec();
        bytes.extend(log.record(VERSIONS, &Message::new().message(1, &versions)));
        (log, bytes)
    }

    /// The bytes of the next record.
    pub(super) fn record(&mut self, kind: u64, content: &Message) -> Vec<u8> {
        self.records += 1;
        let record = Message::new().integer(1, self.records).message(kind, content);
        let mut bytes = Vec::new();
        let mut rest = record.encoded();
        let mut is_first = true;
        while is_first || !rest.is_empty() {
            let mut left = BLOCK - (self.length + bytes.len()) % BLOCK;
            if left < CHUNK_HEADER {
                bytes.resize(bytes.len() + left, 0);
                left = BLOCK;
            }
            let (part, after) = rest.split_at(rest.len().min(left - CHUNK_HEADER));
            let kind = match (is_first, after.is_empty()) {
                (true, true) => 1_u8,
                (true, false) => 2,
                (false, false) => 3,
                (false, true) => 4,
            };
            let mut sum = crc32fast::Hasher::new();
            sum.update(&[kind]);
            sum.update(part);
            bytes.extend(sum.finalize().to_le_bytes());
            bytes.extend((part.len() as u16).to_le_bytes());
            bytes.push(kind);
            bytes.extend(part);
            rest = after;
            is_first = false;
        }
        self.length += bytes.len();
        bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tracking::protobuf::reading::{all, integer};

    /// The records of a file, read block by block.
    fn records(file: &[u8]) -> Vec<Vec<u8>> {
        assert_eq!(file[..7], HEADER);
        let (mut records, mut open) = (Vec::new(), Vec::new());
        for (number, block) in file.chunks(BLOCK).enumerate() {
            let mut rest = if number == 0 { &block[7..] } else { block };
            while rest.len() >= 7 {
                let length = usize::from(u16::from_le_bytes([rest[4], rest[5]]));
                let part = &rest[7..7 + length];
                assert_eq!(rest[..4], crc32fast::hash(&rest[6..7 + length]).to_le_bytes());
                open.extend_from_slice(part);
                if matches!(rest[6], 1 | 4) {
                    records.push(std::mem::take(&mut open));
                }
                rest = &rest[7 + length..];
            }
            assert!(rest.iter().all(|byte| *byte == 0));
        }
        records
    }

    proptest! {
        #[test]
        fn records_are_found_at_every_border(
            first in 32_640..32_780_usize,
            others in prop::collection::vec(0..70_000_usize, 0..3),
        ) {
            let (mut log, mut file) = Log::begin("0");
            let sizes: Vec<usize> = std::iter::once(first).chain(others).collect();
            for size in &sizes {
                file.extend(log.record(HISTORY, &Message::new().bytes(1, vec![7; *size])));
            }
            let found = records(&file);
            prop_assert_eq!(found.len(), sizes.len() + 1);
            for (number, (record, size)) in found[1..].iter().zip(&sizes).enumerate() {
                prop_assert_eq!(integer(record, 1), Some(number as u64 + 2));
                let content = all(record, HISTORY).remove(0);
                prop_assert_eq!(all(&content, 1).remove(0).len(), *size);
            }
        }
    }
}
