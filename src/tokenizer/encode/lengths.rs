//! Decides which tokens are kept. Nothing here knows what a token is.

use std::iter;
use std::ops::Range;

/// The lengths of a pair's texts when `room` tokens fit: the longer text is cut first, until both are equally long
/// (`longest_first` in `truncate_encodings` of the crate `tokenizers`).
pub(super) fn longest_first(first: usize, second: usize, room: usize) -> (usize, usize) {
    if first + second <= room {
        return (first, second);
    }
    let short = first.min(second);
    let long = if short > room { short } else { short.max(room - short) };
    let (short, long) = if short + long > room {
        (room / 2, room - room / 2)
    } else {
        (short, long)
    };
    if first > second { (long, short) } else { (short, long) }
}

/// The first and the last tokens of a text of `length` when `room` fit: a quarter from the beginning, rounded.
pub(super) fn head_and_tail(length: usize, room: usize) -> [Range<usize>; 2] {
    if length <= room {
        return [0..length, length..length];
    }
    let head = ((room + 2) / 4).max(1).min(room);
    [0..head, length - (room - head)..length]
}

/// Windows of at most `room` tokens that cover a text; each repeats `stride` tokens of the one before. `stride` must be
/// less than `room`.
pub(super) fn windows(length: usize, room: usize, stride: usize) -> Vec<Range<usize>> {
    let step = room.saturating_sub(stride).max(1);
    let next = |last: &Range<usize>| {
        let start = last.start + step;
        (last.end < length).then(|| start..length.min(start.saturating_add(room)))
    };
    iter::successors(Some(0..length.min(room)), next).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokenizers::{Encoding, Token, TruncationParams, truncate_encodings};

    use super::*;

    fn encoding(length: usize) -> Encoding {
        Encoding::from_tokens(vec![Token::new(0, String::new(), (0, 0)); length], 0)
    }

    #[test]
    fn a_quarter_comes_from_the_beginning() {
        assert_eq!(head_and_tail(1000, 510), [0..128, 618..1000]);
        assert_eq!(head_and_tail(9, 4), [0..1, 6..9]);
        assert_eq!(head_and_tail(9, 1), [0..1, 9..9]);
        assert_eq!(head_and_tail(4, 4), [0..4, 4..4]);
    }

    #[test]
    fn windows_overlap_by_the_stride() {
        assert_eq!(windows(10, 4, 1), [0..4, 3..7, 6..10]);
        assert_eq!(windows(11, 4, 1), [0..4, 3..7, 6..10, 9..11]);
        assert_eq!(windows(5, 4, 3), [0..4, 1..5]);
    }

    #[test]
    fn a_text_that_fits_is_one_window() {
        let only = |length| {
            let windows = windows(length, 4, 3);
            (windows.len(), windows[0].clone())
        };
        assert_eq!(only(4), (1, 0..4));
        assert_eq!(only(0), (1, 0..0));
    }

    proptest! {
        #[test]
        fn pairs_are_cut_as_the_crate_cuts_them(first in 0..50_usize, second in 0..50_usize, room in 2..60_usize) {
            let parameters = TruncationParams { max_length: room, ..TruncationParams::default() };
            let (one, other) = truncate_encodings(encoding(first), Some(encoding(second)), &parameters).unwrap();
            prop_assert_eq!(longest_first(first, second, room), (one.len(), other.unwrap().len()));
        }

        #[test]
        fn windows_lose_no_token(length in 0..200_usize, room in 1..50_usize, stride in 0..50_usize) {
            prop_assume!(stride < room);
            let windows = windows(length, room, stride);
            prop_assert!(windows.iter().all(|window| window.len() <= room));
            prop_assert_eq!(windows[0].start, 0);
            prop_assert_eq!(windows[windows.len() - 1].end, length);
            prop_assert!(windows.windows(2).all(|two| two[1].start + stride == two[0].end && two[1].end > two[0].end));
        }

        #[test]
        fn head_and_tail_fill_the_room(length in 0..200_usize, room in 1..100_usize) {
            let [head, tail] = head_and_tail(length, room);
            prop_assert_eq!(head.len() + tail.len(), length.min(room));
            prop_assert!(head.end <= tail.start && tail.end == length);
        }
    }
}
