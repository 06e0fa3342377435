//! Rows that are duplicates of each other: exact ones, and near ones by `MinHash`.
//!
//! [`exact`] compares texts after every run of white space has become one blank. [`near`] also ignores case and
//! punctuation, and calls texts duplicates that share [`NEAR`] of their pieces of five characters. Both are pure
//! functions of the rows and their order.

use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// The share of common pieces (Jaccard) from which on two texts are near duplicates. It is usual for the deduplication of
/// training data; Lee et al. 2022, <https://arxiv.org/abs/2107.06499>.
pub const NEAR: f64 = 0.8;

/// Characters of a piece of text.
const PIECE: usize = 5;

/// Bands of a signature. Two texts are compared if a whole band is equal: of pairs that share 0.8 of their pieces 99.96 %
/// are, of pairs that share 0.3 of them 5 % (1 − (1 − sʳ)ᵇ; Leskovec et al., Mining of Massive Datasets, §3.4).
const BANDS: usize = 20;

/// Numbers of a band.
const NUMBERS: usize = 5;

/// How many earlier rows with an equal band a row is compared with. So many rows of one template stay affordable.
const MOST_COMPARED: usize = 64;

/// Groups of rows that are duplicates of each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateGroups {
    /// The first row of the group of each row: the row itself, if it has no earlier duplicate.
    first: Vec<u32>,
}

impl DuplicateGroups {
    /// Rows of which each is a group of its own.
    pub fn none(rows: usize) -> Self {
        Self {
            first: (0..).take(rows).collect(),
        }
    }

    /// The groups with more than one row, each in ascending order, by their first rows.
    pub fn groups(&self) -> Vec<Vec<u32>> {
        let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (row, &first) in (0..).zip(&self.first) {
            groups.entry(first).or_default().push(row);
        }
        groups.into_values().filter(|group| group.len() > 1).collect()
    }

    /// For each row the first row of its group.
    pub fn firsts(&self) -> &[u32] {
        &self.first
    }

    /// Number of rows that have an earlier duplicate.
    pub fn repeated(&self) -> usize {
        (0..).zip(&self.first).filter(|(row, first)| row != *first).count()
    }

    /// Joins all groups that share a row with a group of `other`, which is about the same rows.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        let mut forest = Forest(self.first.clone());
        for (row, &first) in (0..).zip(&other.first) {
            forest.join(row, first);
        }
        forest.groups()
    }

    /// The groups of rows with equal keys.
    pub fn of_keys<Key: std::hash::Hash + Eq>(keys: impl IntoIterator<Item = Key>) -> Self {
        let mut known = HashMap::new();
        let keys = (0..).zip(keys);
        Self {
            first: keys.map(|(row, key)| *known.entry(key).or_insert(row)).collect(),
        }
    }
}

/// Rows whose texts are equal after every run of white space has become one blank, and blanks at the ends are removed.
/// `texts` gives all texts of a row, in an order that is the same for all rows.
pub fn exact<Row>(rows: &[Row], texts: impl Fn(&Row) -> Vec<&str>) -> DuplicateGroups {
    DuplicateGroups::of_keys(rows.iter().map(|row| key(&texts(row))))
}

/// Rows that are exact or near duplicates of each other, and those that are so by way of a third row. Of rows with several
/// texts every text must be a near duplicate.
pub fn near<Row: Sync>(rows: &[Row], texts: impl Fn(&Row) -> Vec<&str> + Sync) -> DuplicateGroups {
    let exact = exact(rows, &texts);
    let mut forest = Forest(exact.first.clone());
    let is_first = |row: &u32| exact.first[*row as usize] == *row;
    let firsts: Vec<u32> = (0..).take(rows.len()).filter(is_first).collect();
    let pieces = |row: u32| -> Vec<Vec<u32>> {
        let texts = texts(&rows[row as usize]);
        texts.into_iter().map(pieces).collect()
    };
    let signatures: Vec<Option<Signature>> = firsts.par_iter().map(|&row| signature(&pieces(row))).collect();
    let mut compared: HashMap<u32, Vec<Vec<u32>>> = HashMap::new();
    for band in 0..BANDS {
        let mut buckets: HashMap<&[u32], Vec<u32>> = HashMap::new();
        for (&row, signature) in firsts.iter().zip(&signatures) {
            let Some(signature) = signature else { continue };
            let numbers = &signature[band * NUMBERS..][..NUMBERS];
            let bucket = buckets.entry(numbers).or_default();
            for &earlier in bucket.iter().rev().take(MOST_COMPARED) {
                if forest.root(earlier) == forest.root(row) {
                    continue;
                }
                for row in [earlier, row] {
                    compared.entry(row).or_insert_with(|| pieces(row));
                }
                if are_near(&compared[&earlier], &compared[&row]) {
                    forest.join(earlier, row);
                }
            }
            bucket.push(row);
        }
    }
    forest.groups()
}

/// A hash of a row's texts without the differences that do not count.
fn key(texts: &[&str]) -> u128 {
    let mut hash = Xxh3::new();
    for text in texts {
        for word in text.split_whitespace() {
            hash.update(word.as_bytes());
            hash.update(b" ");
        }
        // No word holds it: it is white space itself.
        hash.update(b"\n");
    }
    hash.digest128()
}

/// The hashes of a text's pieces, each once, in ascending order. A shorter text is one piece.
fn pieces(text: &str) -> Vec<u32> {
    let mut letters: Vec<char> = Vec::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        if letter.is_alphanumeric() {
            letters.push(letter);
        } else if letters.last().is_some_and(|&last| last != ' ') {
            letters.push(' ');
        }
    }
    while letters.last() == Some(&' ') {
        letters.pop();
    }
    if letters.is_empty() {
        // Only marks, such as `:-)`.
        letters = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    }
    if letters.is_empty() {
        return Vec::new();
    }
    let mut bytes = String::new();
    let mut hash = |piece: &[char]| {
        bytes.clear();
        bytes.extend(piece);
        xxh3_64(bytes.as_bytes()) as u32
    };
    let mut pieces: Vec<u32> = if letters.len() < PIECE {
        vec![hash(&letters)]
    } else {
        letters.windows(PIECE).map(hash).collect()
    };
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

type Signature = [u32; BANDS * NUMBERS];

/// The smallest hash of all pieces under each of many hash functions; `None` without pieces.
fn signature(texts: &[Vec<u32>]) -> Option<Signature> {
    let mut signature = [u32::MAX; BANDS * NUMBERS];
    for (index, pieces) in (0_u32..).zip(texts) {
        for &piece in pieces {
            // The same piece of another text of a pair counts as another one.
            let piece = piece ^ index.wrapping_mul(0x9e37_79b9);
            for (function, smallest) in (1_u32..).zip(&mut signature) {
                *smallest = (*smallest).min(mixed(piece ^ function.wrapping_mul(0x85eb_ca6b)));
            }
        }
    }
    texts.iter().any(|pieces| !pieces.is_empty()).then_some(signature)
}

/// A bijection that spreads every bit over all others (the finaliser of `MurmurHash3`).
fn mixed(mut number: u32) -> u32 {
    number ^= number >> 16;
    number = number.wrapping_mul(0x85eb_ca6b);
    number ^= number >> 13;
    number = number.wrapping_mul(0xc2b2_ae35);
    number ^ (number >> 16)
}

/// Returns whether every text of one row shares enough pieces with that of the other.
fn are_near(one: &[Vec<u32>], other: &[Vec<u32>]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| shared(one, other) >= NEAR)
}

/// The share of common pieces among all pieces of two texts; 1 if both have none.
fn shared(one: &[u32], other: &[u32]) -> f64 {
    let common = one.iter().filter(|piece| other.binary_search(piece).is_ok()).count();
    let all = one.len() + other.len() - common;
    if all == 0 { 1.0 } else { common as f64 / all as f64 }
}

/// Rows joined into groups; each row points to an earlier row of its group, or to itself.
struct Forest(Vec<u32>);

impl Forest {
    fn root(&mut self, row: u32) -> u32 {
        let mut root = row;
        while self.0[root as usize] != root {
            let above = self.0[self.0[root as usize] as usize];
            self.0[root as usize] = above;
            root = above;
        }
        root
    }

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other) as usize] = one.min(other);
    }

    fn groups(mut self) -> DuplicateGroups {
        let rows = 0..self.0.len() as u32;
        DuplicateGroups {
            first: rows.map(|row| self.root(row)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one<'a>(text: &'a &str) -> Vec<&'a str> {
        vec![*text]
    }

    fn both<'a>(row: &'a (&str, &str)) -> Vec<&'a str> {
        vec![row.0, row.1]
    }

    #[test]
    fn white_space_does_not_make_a_text_another_one() {
        let rows = ["a b", " a\t b\n", "a  b.", "ab", "", " \n"];
        let groups = exact(&rows, one);
        assert_eq!(groups.groups(), [vec![0, 1], vec![4, 5]]);
        assert_eq!(groups.firsts(), [0, 0, 2, 3, 4, 4]);
        assert_eq!(groups.repeated(), 2);
    }

    #[test]
    fn all_texts_of_a_pair_count_and_each_by_itself() {
        let rows = [("a", "b c"), ("a b", "c"), ("a ", "b  c"), ("b c", "a")];
        assert_eq!(exact(&rows, both).groups(), [vec![0, 2]]);
        let long = "a premise that is long enough to outweigh what follows it by far, whatever that is";
        let rows = [
            (long, "it rains today"),
            (long, "a dog sleeps"),
            (long, "It rains today!"),
        ];
        assert_eq!(near(&rows, both).groups(), [vec![0, 2]]);
    }

    #[test]
    fn near_duplicates_differ_in_case_marks_or_a_word() {
        let text = "The acting was wonderful, but the story took far too long to get anywhere at all.";
        let other_word = text.replace("far", "much");
        let shouted = text.to_uppercase();
        let rows = [
            text,
            "Nothing in this film is worth a look.",
            &other_word,
            "",
            &shouted,
            ":-)",
            ":-(",
            ": - )",
        ];
        assert_eq!(near(&rows, one).groups(), [vec![0, 2, 4], vec![5, 7]]);
        assert_eq!(exact(&rows, one).repeated(), 0);
    }

    #[test]
    fn many_rows_of_one_template_are_found_in_time() {
        let template =
            |number: usize| format!("Your parcel with the number {number} will arrive tomorrow before noon.");
        let mut rows: Vec<String> = (0..3_000).map(|number| template(number % 1_000)).collect();
        rows.push("An entirely different text".to_owned());
        let groups = near(&rows, |row| vec![row.as_str()]);
        assert_eq!(groups.groups().len(), 1);
        assert_eq!(groups.repeated(), 2_999);
    }

    #[test]
    fn groups_of_two_kinds_are_joined() {
        let one = DuplicateGroups::of_keys([1, 2, 1, 3, 4]);
        let other = DuplicateGroups::of_keys(["a", "b", "c", "b", "c"]);
        assert_eq!(one.joined(&other).groups(), [vec![0, 2, 4], vec![1, 3]]);
        assert_eq!(DuplicateGroups::none(3).groups(), Vec::<Vec<u32>>::new());
    }

    proptest! {
        #[test]
        fn groups_are_equal_texts_and_near_ones_hold_them(
            rows in prop::collection::vec("[ab ]{0,6}", 0..40)
        ) {
            let texts = |row: &String| -> String { row.split_whitespace().collect::<Vec<_>>().join(" ") };
            let exact = exact(&rows, |row| vec![row.as_str()]);
            for (one, first) in rows.iter().zip(exact.firsts()) {
                prop_assert_eq!(texts(one), texts(&rows[*first as usize]));
            }
            let distinct: std::collections::BTreeSet<String> = rows.iter().map(texts).collect();
            prop_assert_eq!(rows.len() - exact.repeated(), distinct.len());
            let near = near(&rows, |row| vec![row.as_str()]);
            for (row, &first) in exact.firsts().iter().enumerate() {
                prop_assert_eq!(near.firsts()[row], near.firsts()[first as usize]);
            }
        }

        #[test]
        fn what_shares_enough_pieces_is_found(words in prop::collection::vec("[a-z]{3,8}", 20..60), at in 0_usize..20) {
            let mut other = words.clone();
            other[at] = "zz".to_owned();
            let rows = [words.join(" "), other.join(" ")];
            let is_near = shared(&pieces(&rows[0]), &pieces(&rows[1])) >= NEAR;
            // A pair that shares 0.8 is missed with a chance of 0.04 %; one changed word of many leaves more in common.
            prop_assert_eq!(near(&rows, |row| vec![row.as_str()]).repeated() == 1, is_near);
        }
    }
}
