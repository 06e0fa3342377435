//! The scheme of tags: checked, and brought into one of two forms.
//!
//! Tags of names are read in four forms: BIO, BIOES, BILOU (BIOES with `L` for `E` and `U` for `S`), and the older IOB of
//! CoNLL-2003, in which `B` only parts two names of one kind that follow each other. The latter two become BIOES and BIO.
//! Tags without such a beginning, as of parts of speech, are left as they are.

use automl_metrics::{Scheme, check_scheme};
use automl_readers::Position;

use super::sentence::OUTSIDE;
use super::{Sentence, TaggingError};

/// The beginnings of the tags of names.
const PREFIXES: &str = "BIOESLU";

/// Brings the tags of sentences into BIO or BIOES, and checks them.
///
/// # Errors
/// Returns [`TaggingError::Scheme`] for the first sentence that breaks the rules.
pub(super) fn check(sentences: &mut [Sentence]) -> Result<(), TaggingError> {
    match faults(sentences).next() {
        Some((_, fault)) => Err(fault),
        None => Ok(()),
    }
}

/// Brings the tags of sentences into BIO or BIOES; returns the places of those that break the rules, and how.
pub(in crate::data) fn faults(sentences: &mut [Sentence]) -> impl Iterator<Item = (Position, TaggingError)> {
    let has_names = all_tags(sentences).any(|tag| prefix(tag).is_some());
    let scheme = has_names.then(|| unified(sentences));
    sentences.iter().filter_map(move |sentence| {
        let tags: Vec<&str> = sentence.tags.iter().map(String::as_str).collect();
        let position = sentence.position.clone();
        check_scheme(&tags, scheme?).err().map(|source| {
            let fault = TaggingError::Scheme {
                position: position.clone(),
                source,
            };
            (position, fault)
        })
    })
}

/// Brings the tags into BIO or BIOES.
fn unified(sentences: &mut [Sentence]) -> Scheme {
    for tag in sentences.iter_mut().flat_map(|sentence| &mut sentence.tags) {
        match prefix(tag) {
            Some('L') => tag.replace_range(..1, "E"),
            Some('U') => tag.replace_range(..1, "S"),
            Some(_) | None => {}
        }
    }
    let scheme = Scheme::of(all_tags(sentences));
    if scheme == Scheme::Iob2 && is_older(sentences) {
        for sentence in &mut *sentences {
            begin_all(&mut sentence.tags);
        }
    }
    scheme
}

impl Sentence {
    /// Writes the tags of names in the form of a model's tags: BIOES if one of those begins with `E` or `S`, else BIO.
    pub fn follow(&mut self, names: &[String]) {
        let has_ends = names.iter().any(|name| matches!(prefix(name), Some('E' | 'S')));
        let kinds: Vec<Option<String>> = self.tags.iter().map(|tag| kind(tag).map(str::to_owned)).collect();
        let goes_on = |tags: &[String], index: usize| {
            let next = tags.get(index + 1).and_then(|tag| prefix(tag));
            matches!(next, Some('I' | 'E')) && kinds.get(index + 1) == kinds.get(index)
        };
        for index in 0..self.tags.len() {
            let is_last = !goes_on(&self.tags, index);
            let letter = match prefix(&self.tags[index]) {
                Some('B' | 'S') if !has_ends => "B",
                Some('I' | 'E') if !has_ends => "I",
                Some('B' | 'S') if is_last => "S",
                Some('B' | 'S') => "B",
                Some('I' | 'E') if is_last => "E",
                Some('I' | 'E') => "I",
                Some(_) | None => continue,
            };
            self.tags[index].replace_range(..1, letter);
        }
    }
}

fn all_tags(sentences: &[Sentence]) -> impl Iterator<Item = &str> {
    sentences.iter().flat_map(|sentence| &sentence.tags).map(String::as_str)
}

/// The letter before the hyphen, if the tag is that of a name.
fn prefix(tag: &str) -> Option<char> {
    let (letter, name) = tag.split_once('-')?;
    let mut letters = letter.chars();
    let first = letters.next().filter(|first| PREFIXES.contains(*first))?;
    (letters.next().is_none() && !name.is_empty()).then_some(first)
}

/// The kind of name; `None` outside of all names.
fn kind(tag: &str) -> Option<&str> {
    prefix(tag).map(|_| &tag[2..])
}

/// True if `B` never stands anywhere but directly behind a name of the same kind, and some name begins with `I`.
fn is_older(sentences: &[Sentence]) -> bool {
    let mut begins_inside = false;
    for Sentence { tags, .. } in sentences {
        for (index, tag) in tags.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| kind(&tags[before]));
            let follows = before.is_some() && before == kind(tag);
            match prefix(tag) {
                Some('B') if !follows => return false,
                Some('I') if !follows => begins_inside = true,
                Some(_) | None => {}
            }
        }
    }
    begins_inside
}

/// Lets every name begin with `B`.
fn begin_all(tags: &mut [String]) {
    let mut before: Option<String> = None;
    for tag in tags {
        let kind = kind(tag).map(str::to_owned);
        if prefix(tag) == Some('I') && kind != before {
            tag.replace_range(..1, "B");
        }
        before = kind;
    }
}

/// The names of tags in their order: `O`, then kind by kind, each as it goes through a name. Other tags are in the order
/// of their characters.
pub(in crate::data) fn names<'a>(tags: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<&str> = tags.into_iter().collect();
    let rank = |tag: &str| {
        let place = prefix(tag).and_then(|letter| PREFIXES.find(letter));
        (tag != OUTSIDE, kind(tag).unwrap_or(tag).to_owned(), place)
    };
    names.sort_by_cached_key(|tag| rank(tag));
    names.dedup();
    names.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use automl_readers::Position;

    use super::*;

    fn checked(tags: &[&str]) -> Result<Vec<String>, String> {
        let words: Vec<String> = tags.iter().map(|_| "w".to_owned()).collect();
        let tags = tags.iter().map(|&tag| tag.to_owned()).collect();
        let mut sentences = [Sentence::of_words(&words, tags, Position::file("t.conll")).unwrap()];
        check(&mut sentences).map_err(|error| error.to_string())?;
        let [sentence] = sentences;
        Ok(sentence.tags)
    }

    #[test]
    fn other_forms_become_bio_and_bioes() {
        assert_eq!(
            checked(&["I-PER", "I-PER", "B-PER", "O", "I-LOC", "I-PER"]).unwrap(),
            ["B-PER", "I-PER", "B-PER", "O", "B-LOC", "B-PER"]
        );
        assert_eq!(
            checked(&["B-PER", "I-PER", "L-PER", "U-LOC"]).unwrap(),
            ["B-PER", "I-PER", "E-PER", "S-LOC"]
        );
        let parts = ["NN", "VB-D", "NN"];
        assert_eq!(checked(&parts).unwrap(), parts);
    }

    #[test]
    fn tags_follow_the_form_of_a_model() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<String>>();
        let forms = [
            ["B-P", "I-P", "B-P", "O", "B-L", "I-L", "I-L"],
            ["B-P", "E-P", "S-P", "O", "B-L", "I-L", "E-L"],
        ];
        let known = [names(&["O", "B-P", "I-P"]), names(&["O", "S-P", "B-P", "E-P"])];
        for from in forms {
            for (to, known) in forms.iter().zip(&known) {
                let words = names(&["w"; 7]);
                let mut sentence = Sentence::of_words(&words, names(&from), Position::file("t")).unwrap();
                sentence.follow(known);
                assert_eq!(sentence.tags, *to);
            }
        }
    }

    #[test]
    fn a_name_that_never_begins_is_an_error() {
        insta::assert_snapshot!(
            checked(&["B-PER", "O", "I-PER"]).unwrap_err(),
            @"`t.conll`: token 3: `I-PER` cannot follow `O` in BIO"
        );
        assert!(checked(&["B-PER", "O", "S-PER"]).is_err());
    }

    #[test]
    fn names_are_in_the_order_of_kinds() {
        let tags = ["I-PER", "B-PER", "O", "B-LOC", "O", "I-LOC"];
        assert_eq!(names(tags), ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]);
        assert_eq!(names(["VB", "NN"]), ["NN", "VB"]);
    }
}
