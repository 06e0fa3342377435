//! Splits a text into words.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

/// The words of a text, as ranges of its bytes: the segments of Unicode's Annex 29, cut again so that a word holds
/// either letters and digits or one other character. Blanks belong to no word. Names then begin and end where words do:
/// `Anna's` is three words.
pub(super) fn words(text: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    for (start, segment) in text.split_word_bound_indices() {
        if !segment.chars().all(char::is_whitespace) {
            pieces(segment, start, &mut words);
        }
    }
    words
}

/// The pieces of a segment that begins at `start`.
fn pieces(segment: &str, start: usize, words: &mut Vec<Range<usize>>) {
    let mut is_open = false;
    for (place, grapheme) in segment.grapheme_indices(true) {
        let bytes = start + place..start + place + grapheme.len();
        let is_letter = grapheme.chars().any(char::is_alphanumeric);
        match words.last_mut().filter(|_| is_open && is_letter) {
            Some(word) => word.end = bytes.end,
            None => words.push(bytes),
        }
        is_open = is_letter;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<&str> {
        words(text).into_iter().map(|word| &text[word]).collect()
    }

    #[test]
    fn words_are_letters_and_digits_or_one_sign() {
        assert_eq!(
            split("Anna's  U.S. visit: 3.5 km\t(né)"),
            [
                "Anna", "'", "s", "U", ".", "S", ".", "visit", ":", "3", ".", "5", "km", "(", "né", ")"
            ]
        );
        assert_eq!(split("我爱北京"), ["我", "爱", "北", "京"]);
        assert_eq!(split("हिन्दी भाषा"), ["हिन्दी", "भाषा"]);
        assert_eq!(split(" \n"), [""; 0]);
    }

    proptest! {
        #[test]
        fn every_character_that_is_no_blank_is_in_one_word(text in "\\PC{0,40}") {
            let words = words(&text);
            prop_assert!(words.iter().all(|word| !word.is_empty()));
            prop_assert!(words.windows(2).all(|pair| pair[0].end <= pair[1].start));
            let inside: usize = words.iter().map(|word| text[word.clone()].chars().filter(|c| !c.is_whitespace()).count()).sum();
            prop_assert_eq!(inside, text.chars().filter(|c| !c.is_whitespace()).count());
        }
    }
}
