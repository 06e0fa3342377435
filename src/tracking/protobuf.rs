//! Messages of Protocol Buffers: the encoding of the few types of fields that trackers need.

/// Kinds of fields on the wire.
const VARINT: u64 = 0;
const DOUBLE: u64 = 1;
const BYTES: u64 = 2;
const FLOAT: u64 = 5;

/// A message that is being built. Fields are written in the order of the calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// A message without fields.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// A text or bytes.
    pub(super) fn bytes(mut self, number: u64, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref();
        self.varint(number << 3 | BYTES);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    /// A message inside this one.
    pub(super) fn message(self, number: u64, value: &Self) -> Self {
        self.bytes(number, &value.0)
    }

    /// A whole number or a truth value. Zero is written too: some fields exist only if they are written.
    pub(super) fn integer(mut self, number: u64, value: u64) -> Self {
        self.varint(number << 3 | VARINT);
        self.varint(value);
        self
    }

    /// A number of 64 bits.
    pub(super) fn double(mut self, number: u64, value: f64) -> Self {
        self.varint(number << 3 | DOUBLE);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// A number of 32 bits.
    pub(super) fn float(mut self, number: u64, value: f32) -> Self {
        self.varint(number << 3 | FLOAT);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    /// The encoded message.
    pub(super) fn encoded(&self) -> &[u8] {
        &self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value > 127 {
            self.0.push(value as u8 & 127 | 128);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// A reader for tests, written from the format and not from the code above.
#[cfg(test)]
pub(super) mod reading {
    /// A field: its number and its value.
    #[derive(Clone, Debug, PartialEq)]
    pub(in crate::tracking) enum Field {
        Integer(u64, u64),
        Double(u64, f64),
        Bytes(u64, Vec<u8>),
        Float(u64, f32),
    }

    /// All fields of a message, in order.
    pub(in crate::tracking) fn fields(mut rest: &[u8]) -> Vec<Field> {
        let mut fields = Vec::new();
        while !rest.is_empty() {
            let key = varint(&mut rest);
            let number = key / 8;
            fields.push(match key % 8 {
                0 => Field::Integer(number, varint(&mut rest)),
                1 => Field::Double(number, f64::from_le_bytes(take(&mut rest, 8).try_into().unwrap())),
                2 => {
                    let length = varint(&mut rest) as usize;
                    Field::Bytes(number, take(&mut rest, length).to_vec())
                }
                5 => Field::Float(number, f32::from_le_bytes(take(&mut rest, 4).try_into().unwrap())),
                other => panic!("wire type {other}"),
            });
        }
        fields
    }

    /// The bytes of every field with that number.
    pub(in crate::tracking) fn all(message: &[u8], number: u64) -> Vec<Vec<u8>> {
        let fields = fields(message).into_iter();
        fields
            .filter_map(|field| match field {
                Field::Bytes(found, bytes) if found == number => Some(bytes),
                _ => None,
            })
            .collect()
    }

    /// The bytes of the first field with that number, as text.
    pub(in crate::tracking) fn text(message: &[u8], number: u64) -> Option<String> {
        let first = all(message, number).into_iter().next()?;
        String::from_utf8(first).ok()
    }

    /// The first whole number of the field with that number.
    pub(in crate::tracking) fn integer(message: &[u8], number: u64) -> Option<u64> {
        fields(message).into_iter().find_map(|field| match field {
            Field::Integer(found, value) if found == number => Some(value),
            _ => None,
        })
    }

    fn take<'a>(rest: &mut &'a [u8], count: usize) -> &'a [u8] {
        let (taken, after) = rest.split_at(count);
        *rest = after;
        taken
    }

    fn varint(rest: &mut &[u8]) -> u64 {
        let end = rest.iter().position(|byte| byte & 0x80 == 0).unwrap();
        let bytes = take(rest, end + 1);
        bytes
            .iter()
            .rev()
            .fold(0, |value, byte| value * 128 + u64::from(byte % 128))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::reading::{Field, fields};
    use super::*;

    #[test]
    fn messages_are_those_of_the_encoding_guide() {
        // protobuf.dev, "Encoding": `150` in field 1, and `testing` in field 2.
        assert_eq!(Message::new().integer(1, 150).encoded(), [0x08, 0x96, 0x01]);
        let text = Message::new().bytes(2, "testing");
        assert_eq!(text.encoded(), b"\x12\x07testing");
    }

    proptest! {
        #[test]
        fn another_reader_finds_what_was_written(
            number in 1..2_000_u64,
            value in any::<u64>(),
            double in -1.0e300..1.0e300,
            bytes in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let inner = Message::new().integer(number, value).double(number, double);
            let message = Message::new().bytes(number, &bytes).float(number, double as f32).message(number, &inner);
            let expected = [
                Field::Bytes(number, bytes),
                Field::Float(number, double as f32),
                Field::Bytes(number, inner.encoded().to_vec()),
            ];
            prop_assert_eq!(fields(message.encoded()), expected);
            prop_assert_eq!(fields(inner.encoded()), [Field::Integer(number, value), Field::Double(number, double)]);
        }
    }
}
