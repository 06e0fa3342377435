//! The files that a caller wants: all, those that match a pattern, or those that a function chooses.

use crate::HubError;
use crate::listing::Listing;
use crate::models::ChoiceError;

/// A pattern of paths as `huggingface_hub`'s `allow_patterns` has them: `*` stands for any characters, slashes
/// included, `?` for one, `[abc]`, `[a-c]` and `[!abc]` for one of a set. A pattern that ends in a slash stands for all
/// files below a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
}

impl Pattern {
    /// A pattern.
    pub fn new(text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.ends_with('/') {
            text.push('*');
        }
        Self { text }
    }

    /// True if the whole path matches.
    pub fn matches(&self, path: &str) -> bool {
        let pattern: Vec<char> = self.text.chars().collect();
        let path: Vec<char> = path.chars().collect();
        matches(&pattern, &path)
    }

    /// The path itself, if the pattern stands for one only.
    pub(crate) fn exact(&self) -> Option<&str> {
        (!self.text.contains(['*', '?', '['])).then_some(self.text.as_str())
    }
}

impl From<&str> for Pattern {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

/// Matches from left to right. On a mismatch the last `*` takes one more character, so that time is bounded by the
/// product of the lengths.
fn matches(pattern: &[char], path: &[char]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < path.len() {
        if pattern.get(at) == Some(&'*') {
            star = Some((at, seen));
            at += 1;
        } else if let Some(length) = pattern.get(at..).and_then(|rest| matches_one(rest, path[seen])) {
            at += length;
            seen += 1;
        } else if let Some((star_at, taken)) = star {
            star = Some((star_at, taken + 1));
            at = star_at + 1;
            seen = taken + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|&character| character == '*')
}

/// The length of the pattern's first item if it matches the character.
fn matches_one(pattern: &[char], character: char) -> Option<usize> {
    match pattern.first()? {
        '?' => Some(1),
        '[' => match set(pattern) {
            Some((members, is_negated)) => {
                (is_member(members, character) != is_negated).then_some(members.len() + 2 + usize::from(is_negated))
            }
            None => (character == '[').then_some(1),
        },
        &literal => (literal == character).then_some(1),
    }
}

/// The members of the set at the pattern's start, and whether it begins with `!`. `None` if it is not closed.
fn set(pattern: &[char]) -> Option<(&[char], bool)> {
    let is_negated = pattern.get(1) == Some(&'!');
    let start = 1 + usize::from(is_negated);
    // A bracket at the first position is a member.
    let length = pattern
        .get(start + 1..)?
        .iter()
        .position(|&character| character == ']')?
        + 1;
    Some((&pattern[start..start + length], is_negated))
}

fn is_member(mut members: &[char], character: char) -> bool {
    loop {
        match members {
            [] => return false,
            [first, '-', last, rest @ ..] => {
                if (*first..=*last).contains(&character) {
                    return true;
                }
                members = rest;
            }
            [member, rest @ ..] => {
                if *member == character {
                    return true;
                }
                members = rest;
            }
        }
    }
}

/// A function that chooses paths from a list of files.
pub type Chooser<'a> = &'a dyn Fn(&Listing) -> Result<Vec<String>, ChoiceError>;

/// The files of a repository that are wanted.
#[derive(Clone, Copy)]
pub enum Wanted<'a> {
    /// Every file.
    All,
    /// Files that match one of the patterns. A pattern without `*`, `?` and `[` names a file that may be absent.
    Matching(&'a [Pattern]),
    /// The files that a function chooses.
    Chosen(Chooser<'a>),
}

impl Wanted<'_> {
    /// The wanted files that are in the list.
    pub(crate) fn choose(&self, listing: &Listing) -> Result<Vec<String>, HubError> {
        let chosen = match self {
            Self::All => Ok(listing.files.iter().map(|file| file.path.clone()).collect()),
            Self::Matching(patterns) => matching(patterns, listing),
            Self::Chosen(chooser) => chooser(listing),
        };
        chosen.map_err(|source| HubError::Choice {
            repository: listing.repository.to_string(),
            source,
        })
    }

    /// The files that are wanted by name and are not in the list.
    pub(crate) fn absent(&self, listing: &Listing) -> Vec<String> {
        let Self::Matching(patterns) = self else {
            return Vec::new();
        };
        let exact = patterns.iter().filter_map(Pattern::exact);
        exact.filter(|path| !listing.has(path)).map(str::to_owned).collect()
    }
}

fn matching(patterns: &[Pattern], listing: &Listing) -> Result<Vec<String>, ChoiceError> {
    let paths = listing.files.iter().map(|file| file.path.as_str());
    let chosen: Vec<String> = paths
        .filter(|path| patterns.iter().any(|pattern| pattern.matches(path)))
        .map(str::to_owned)
        .collect();
    if chosen.is_empty() {
        let patterns = patterns.iter().map(|pattern| format!("`{}`", pattern.text)).collect();
        return Err(ChoiceError::NothingMatches { patterns });
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::repository::parse_model_id;

    #[test]
    fn patterns_match_as_fnmatch_does() {
        // Expected values: Python's `fnmatch.fnmatchcase`.
        let cases = [
            ("*.json", "config.json", true),
            ("*.json", "a/config.json", true),
            ("*.json", "config.jsonl", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[ab]x", "bx", true),
            ("[!ab]x", "bx", false),
            ("[!ab]x", "cx", true),
            ("[a-c]x", "bx", true),
            ("[]]x", "]x", true),
            ("[x", "[x", true),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "ab", true),
            ("", "", true),
            ("", "a", false),
            ("**", "", true),
            ("a", "ab", false),
            ("[!]]", "]", false),
            ("[a-]", "-", true),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(Pattern::new(pattern).matches(path), expected, "{pattern} {path}");
        }
        assert!(Pattern::new("data/").matches("data/x/y.parquet"));
    }

    #[test]
    fn a_hostile_pattern_takes_no_time() {
        let pattern = Pattern::new("*a".repeat(200) + "b");
        assert!(!pattern.matches(&"a".repeat(2_000)));
    }

    #[test]
    fn names_without_wildcards_may_be_absent() {
        let listing = Listing::of_paths(&parse_model_id("org/name").unwrap(), "c0", ["config.json"]);
        let patterns = ["config.json".into(), "generation_config.json".into(), "*.txt".into()];
        let wanted = Wanted::Matching(&patterns);
        assert_eq!(wanted.choose(&listing).unwrap(), ["config.json"]);
        assert_eq!(wanted.absent(&listing), ["generation_config.json"]);
        let error = Wanted::Matching(&patterns[1..])
            .choose(&listing)
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "model `org/name`: no file matches `generation_config.json`, `*.txt`"
        );
    }

    proptest! {
        #[test]
        fn any_pattern_is_harmless_and_a_plain_one_matches_itself(pattern in "[a\\[\\]!*?/-]{0,8}", path in "[a/b!-]{0,8}") {
            Pattern::new(pattern).matches(&path);
            prop_assert!(path.ends_with('/') || Pattern::new(path.clone()).matches(&path));
        }
    }
}
