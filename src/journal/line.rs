//! One line of the journal: `{"seq":…,"elapsed":…,"event":{…},"crc":"xxxxxxxx"}`.
//!
//! The checksum (CRC-32) covers every byte before `,"crc"`.

use serde::{Deserialize, Serialize};

use crate::study::Event;

/// An event with its sequence number and its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// 0 for the first event of a study, then one more each.
    pub seq: u64,
    /// Seconds that the study had run; time between an interruption and a resumption does not count.
    pub elapsed: f64,
    /// The event.
    pub event: Event,
}

const TAIL_START: &[u8] = b",\"crc\":\"";
const TAIL_END: &[u8] = b"\"}";
const TAIL_LENGTH: usize = TAIL_START.len() + 8 + TAIL_END.len();

impl Entry {
    /// The line, with its newline.
    ///
    /// # Errors
    /// If the line could not be read again: JSON cannot represent a number that is not finite.
    pub(super) fn to_line(&self) -> std::io::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        serde_json::from_slice::<Self>(&line).map_err(|error| {
            std::io::Error::other(format!(
                "an event could not be read again ({error}): please report this"
            ))
        })?;
        line.pop();
        let checksum = crc32fast::hash(&line);
        line.extend_from_slice(TAIL_START);
        line.extend_from_slice(format!("{checksum:08x}").as_bytes());
        line.extend_from_slice(TAIL_END);
        line.push(b'\n');
        Ok(line)
    }

    /// The entry of a line without its newline, or a description of the damage.
    pub(super) fn from_line(line: &[u8]) -> Result<Self, String> {
        let length = line.len().checked_sub(TAIL_LENGTH).ok_or("the line is too short")?;
        let (body, tail) = line.split_at(length);
        let checksum = tail
            .strip_prefix(TAIL_START)
            .and_then(|tail| tail.strip_suffix(TAIL_END))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .ok_or("the line has no checksum at its end")?;
        if checksum != format!("{:08x}", crc32fast::hash(body)) {
            return Err("the checksum does not match".into());
        }
        let mut body = body.to_vec();
        body.push(b'}');
        serde_json::from_slice(&body).map_err(|error| format!("not an event of this version: {error}"))
    }
}
