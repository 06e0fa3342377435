//! The tags of tokens, window by window.

use crate::rng::Fingerprint;

/// The tag of a token that has none of its own: a special token, or a later piece of a word.
pub const UNTAGGED: u32 = u32::MAX;

/// The tags of one window of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagWindow {
    /// The tag of every token: an index into the names of the tags, or [`UNTAGGED`]. Every word of a sentence has its
    /// tag in one window only.
    pub tags: Box<[u32]>,
    /// True if it continues the sentence of the window before.
    pub continues: bool,
    /// Words of which the tokenizer leaves nothing, so that no model can find them. The first window of a sentence holds
    /// all of them.
    pub lost: Box<[LostWord]>,
}

/// A word of a sentence without a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostWord {
    /// Number of words with a token before it.
    pub before: u32,
    /// Its tag.
    pub tag: u32,
}

impl TagWindow {
    /// Each token with a tag: its position and its tag.
    pub fn tagged(&self) -> impl Iterator<Item = (usize, u32)> {
        let tokens = self.tags.iter().copied().enumerate();
        tokens.filter(|&(_, tag)| tag != UNTAGGED)
    }

    pub(in super::super) fn add_to(&self, fingerprint: &mut Fingerprint) {
        fingerprint.number(self.tags.len() as u64);
        fingerprint.bytes(&[u8::from(self.continues)]);
        for tag in &self.tags {
            fingerprint.bytes(&tag.to_le_bytes());
        }
    }
}
