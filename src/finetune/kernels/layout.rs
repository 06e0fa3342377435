//! The texts of a batch as rows, one token per row.

use crate::{backend::Device, layers::Positions};

/// On a GPU the rows of a text are padded to a multiple of this, which products read together.
const BUCKET: usize = 8;

/// The rows of each text.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Number of tokens of each text.
    pub(crate) lengths: Vec<usize>,
    /// Index of each text's first row.
    pub(crate) starts: Vec<usize>,
    /// The position of each text's last token that is not padding.
    pub(crate) lasts: Vec<usize>,
    /// Number of rows, including padding.
    pub(crate) rows: usize,
}

impl Layout {
    /// Rows for texts of these lengths. On the CPU the texts follow each other without padding. On a GPU all texts are
    /// padded to the longest one, rounded up to a multiple of [`BUCKET`], so that one operation computes all texts.
    pub(crate) fn new(lengths: &[usize], device: Device) -> Self {
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let width = longest.next_multiple_of(BUCKET);
        let mut rows = 0;
        let starts = lengths.iter().map(|&length| {
            let start = rows;
            rows += if device.is_host() { length } else { width };
            start
        });
        Self {
            starts: starts.collect(),
            lengths: lengths.to_vec(),
            lasts: lengths.iter().map(|length| length.saturating_sub(1)).collect(),
            rows,
        }
    }

    /// Moves the last position of each text before its trailing tokens `padding`, as decoders do that mark the end of a
    /// text with the token for padding.
    pub(crate) fn ending_before(mut self, padding: u32, tokens: &[u32]) -> Self {
        let mut rest = tokens;
        for (last, &length) in self.lasts.iter_mut().zip(&self.lengths) {
            let (text, others) = rest.split_at(length);
            *last = text.iter().rposition(|&token| token != padding).unwrap_or(0);
            rest = others;
        }
        self
    }

    /// Number of texts.
    pub(crate) fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Number of tokens of the longest text.
    pub(crate) fn longest(&self) -> usize {
        self.lengths.iter().copied().max().unwrap_or(0)
    }

    /// Expands `values` (`width` per token) to all rows; padding rows get `padding`.
    pub(crate) fn spread<T: Copy>(&self, values: &[T], width: usize, padding: T) -> Vec<T> {
        let mut spread = Vec::with_capacity(self.rows * width);
        let mut rest = values;
        for (&start, &length) in self.starts.iter().zip(&self.lengths) {
            spread.resize(start * width, padding);
            let (text, others) = rest.split_at(length * width);
            spread.extend_from_slice(text);
            rest = others;
        }
        spread.resize(self.rows * width, padding);
        spread
    }

    /// The inverse of [`Self::spread`]: the values of all tokens without padding.
    pub(crate) fn gather(&self, spread: &[f32], width: usize) -> Vec<f32> {
        let texts = self.starts.iter().zip(&self.lengths);
        texts
            .flat_map(|(&start, &length)| &spread[start * width..(start + length) * width])
            .copied()
            .collect()
    }

    /// The position of every row within its text.
    pub(crate) fn positions(&self) -> Vec<u32> {
        self.spread(&self.token_indices(), 1, 0)
    }

    /// The position of every token within its text, without padding.
    pub(crate) fn token_indices(&self) -> Vec<u32> {
        self.lengths.iter().flat_map(|&length| 0..length as u32).collect()
    }

    /// The index of the row at the given position of every text; all rows for [`Positions::All`].
    pub(crate) fn selected(&self, positions: Positions) -> Vec<u32> {
        match positions {
            Positions::All => (0..self.rows as u32).collect(),
            Positions::First => self.starts.iter().map(|&start| start as u32).collect(),
            Positions::Last => {
                let rows = self.starts.iter().zip(&self.lasts);
                rows.map(|(&start, &last)| (start + last) as u32).collect()
            }
        }
    }

    /// The position within its text of every row that [`Self::selected`] names.
    pub(crate) fn positions_of(&self, positions: Positions) -> Vec<u32> {
        match positions {
            Positions::All => self.positions(),
            Positions::First => vec![0; self.len()],
            Positions::Last => self.lasts.iter().map(|&last| last as u32).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_spreads_texts_over_its_rows() {
        let padded = Layout {
            lengths: vec![1, 3],
            starts: vec![0, 3],
            lasts: vec![0, 2],
            rows: 6,
        };
        assert_eq!(padded.spread(&[5, 6, 7, 8], 1, 0), [5, 0, 0, 6, 7, 8]);
        assert_eq!(padded.positions(), [0, 0, 0, 0, 1, 2]);
        let packed = Layout::new(&[1, 3], Device::Cpu);
        assert_eq!((packed.starts.clone(), packed.rows), (vec![0, 1], 4));
        assert_eq!(packed.spread(&[5, 6, 7, 8], 1, 0), [5, 6, 7, 8]);
    }
    #[test]
    fn the_last_position_is_before_the_padding_of_its_text() {
        let layout = Layout::new(&[3, 2, 1], Device::Cpu).ending_before(9, &[9, 4, 9, 5, 6, 9]);
        assert_eq!(layout.lasts, [1, 1, 0]);
        assert_eq!(layout.selected(Positions::Last), [1, 4, 5]);
        assert_eq!(layout.selected(Positions::First), [0, 3, 5]);
    }
}
