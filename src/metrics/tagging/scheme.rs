//! The schemes by which tags mark entities.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A scheme of tags, each a prefix and the entity's type: `B-PER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// BIO: every entity begins with `B` and goes on with `I`; `O` is outside. Ramshaw and Marcus 1995, second form.
    Iob2,
    /// BIOES: as IOB2, but an entity's last token is `E`, and an entity of one token is `S`.
    Iobes,
}

impl Scheme {
    /// The scheme of the tags: IOBES if one begins with `E` or `S`, else IOB2.
    pub fn of<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        let mut prefixes = tags.into_iter().map(Prefix::of);
        if prefixes.any(|prefix| matches!(prefix, Prefix::End | Prefix::Single)) {
            Self::Iobes
        } else {
            Self::Iob2
        }
    }

    /// True if the scheme has tags with the prefix.
    pub(super) fn allows(self, prefix: Prefix) -> bool {
        match prefix {
            Prefix::Outside | Prefix::Begin | Prefix::Inside => true,
            Prefix::End | Prefix::Single => self == Self::Iobes,
            Prefix::Other => false,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Iob2 => "BIO",
            Self::Iobes => "BIOES",
        })
    }
}

/// The meaning of a tag's first character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    Outside,
    Begin,
    Inside,
    End,
    Single,
    /// A character that no scheme here knows.
    Other,
}

impl Prefix {
    /// The prefix of a tag; an empty tag is outside, and so is a full stop, as in seqeval.
    pub(super) fn of(tag: &str) -> Self {
        match tag.chars().next() {
            None | Some('O' | '.') => Self::Outside,
            Some('B') => Self::Begin,
            Some('I') => Self::Inside,
            Some('E') => Self::End,
            Some('S') => Self::Single,
            Some(_) => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_or_a_single_token_tells_the_scheme() {
        assert_eq!(Scheme::of(["O", "B-PER", "I-PER"]), Scheme::Iob2);
        assert_eq!(Scheme::of(["O", "S-PER"]), Scheme::Iobes);
        assert_eq!(Scheme::of([]), Scheme::Iob2);
    }
}
