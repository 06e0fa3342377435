//! Inputs as token ids that are not cut yet, so that they can be cut to several lengths.

use tokenizers::Encoding;

/// The tokens of an input, without special tokens and not cut. It holds ids only: no window of it has origins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokenized {
    pub(super) first: Box<[u32]>,
    pub(super) second: Option<Box<[u32]>>,
    /// True for a pair whose second text is empty.
    pub(super) lacks_second: bool,
}

impl Tokenized {
    /// The ids of each text.
    pub fn texts(&self) -> impl Iterator<Item = &[u32]> {
        std::iter::once(&*self.first).chain(self.second.as_deref())
    }

    pub(crate) fn has_second(&self) -> bool {
        self.second.is_some()
    }
}

/// The tokens with these ids.
pub(super) fn of_ids(ids: &[u32]) -> Encoding {
    let length = ids.len();
    Encoding::new(
        ids.to_vec(),
        vec![0; length],
        vec![String::new(); length],
        vec![None; length],
        vec![(0, 0); length],
        vec![0; length],
        vec![1; length],
        Vec::new(),
        #[expect(clippy::default_trait_access, reason = "the map's type is not exported")]
        Default::default(),
    )
}
