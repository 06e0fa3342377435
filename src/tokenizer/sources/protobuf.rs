//! The wire format of protocol buffers, as far as sentencepiece models need it: fields one after the other, each a
//! number, a kind and a value (<https://protobuf.dev/programming-guides/encoding>).

/// A value as it lies in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Float(f32),
    /// A fixed 64-bit value, which no field here has.
    Other,
}

/// The message ends in the middle of a field, or has a kind of field that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// The fields of a message with their numbers.
pub(super) fn fields(message: &[u8]) -> Fields<'_> {
    Fields { rest: message }
}

#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Field<'a>), Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Result<(u64, Field<'a>), Broken> {
        let key = self.varint()?;
        let field = match key & 7 {
            0 => Field::Number(self.varint()?),
            1 => {
                self.take(8)?;
                Field::Other
            }
            2 => {
                let length = self.varint()?;
                Field::Bytes(self.take(usize::try_from(length).map_err(|_| Broken)?)?)
            }
            5 => {
                let bytes = self.take(4)?.first_chunk().ok_or(Broken)?;
                Field::Float(f32::from_le_bytes(*bytes))
            }
            _ => return Err(Broken),
        };
        Ok((key >> 3, field))
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    fn varint(&mut self) -> Result<u64, Broken> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Broken)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Broken> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Broken)?;
        self.rest = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(message: &[u8]) -> Result<Vec<(u64, Field<'_>)>, Broken> {
        fields(message).collect()
    }

    #[test]
    fn the_examples_of_the_specification_are_read() {
        assert_eq!(read(&[0x08, 0x96, 0x01]), Ok(vec![(1, Field::Number(150))]));
        let testing = [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67];
        assert_eq!(read(&testing), Ok(vec![(2, Field::Bytes(b"testing"))]));
        assert_eq!(read(&[0x15, 0, 0, 0x80, 0xbf]), Ok(vec![(2, Field::Float(-1.0))]));
        assert_eq!(read(&[0x09, 1, 2, 3, 4, 5, 6, 7, 8]), Ok(vec![(1, Field::Other)]));
    }

    #[test]
    fn a_message_that_ends_early_is_broken() {
        for message in [
            &[0x08][..],
            &[0x12, 9, 1],
            &[0x15, 0],
            &[0x0b],
            &[0xff; 11],
            &[0x12, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(read(message), Err(Broken), "{message:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_a_danger(message: Vec<u8>) {
            let _ = read(&message);
        }
    }
}
