//! The entities that a sequence of tags spells.

use serde::Serialize;

use super::scheme::{Prefix, Scheme};

/// How entities are read where tags break the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every run of tags of one type is an entity, whatever its first prefix; seqeval's default, which follows the
    /// script of CoNLL-2000. Tags with a prefix other than `B`, `I`, `E`, `S` and `O` are read as `I`.
    Default,
    /// Only what obeys the scheme is an entity; seqeval's strict mode. Tags with another prefix are in no entity.
    Strict(Scheme),
}

/// An entity: its type and the tokens `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span<'a> {
    /// The type, such as `PER`; `_` for tags without one.
    pub entity: &'a str,
    /// The index of the first token.
    pub start: usize,
    /// The index after the last token.
    pub end: usize,
}

/// The entities in one sentence's tags, in order.
pub fn spans<'a>(tags: &[&'a str], mode: Mode) -> Vec<Span<'a>> {
    match mode {
        Mode::Default => runs(tags),
        Mode::Strict(scheme) => well_formed(tags, scheme),
    }
}

/// The type in a tag, read as seqeval's default mode does: what follows the first hyphen.
pub(crate) fn type_of(tag: &str) -> &str {
    let rest = after_prefix(tag);
    let entity = rest.split_once('-').map_or(rest, |(_, entity)| entity);
    if entity.is_empty() { "_" } else { entity }
}

/// The type in a tag, read as seqeval's strict mode does: without hyphens at its ends.
fn strict_type_of(tag: &str) -> &str {
    let entity = after_prefix(tag).trim_matches('-');
    if entity.is_empty() { "_" } else { entity }
}

fn after_prefix(tag: &str) -> &str {
    let mut characters = tag.chars();
    characters.next();
    characters.as_str()
}

fn runs<'a>(tags: &[&'a str]) -> Vec<Span<'a>> {
    let mut found = Vec::new();
    let mut open: Option<Span<'a>> = None;
    let mut last = Prefix::Outside;
    for (index, tag) in tags.iter().enumerate() {
        let entity = type_of(tag);
        let prefix = match Prefix::of(tag) {
            // A word such as `x` marks nothing.
            Prefix::Other if entity == "_" => Prefix::Outside,
            prefix => prefix,
        };
        open = match open.take() {
            Some(span) if continues(last, prefix) && span.entity == entity => Some(Span { end: index + 1, ..span }),
            ended => {
                found.extend(ended);
                (prefix != Prefix::Outside).then_some(Span {
                    entity,
                    start: index,
                    end: index + 1,
                })
            }
        };
        last = prefix;
    }
    found.extend(open);
    found
}

/// True if an entity goes on from one prefix to the next, given the same type.
fn continues(last: Prefix, next: Prefix) -> bool {
    let is_over = matches!(last, Prefix::Outside | Prefix::End | Prefix::Single);
    let is_new = matches!(next, Prefix::Outside | Prefix::Begin | Prefix::Single);
    !is_over && !is_new
}

fn well_formed<'a>(tags: &[&'a str], scheme: Scheme) -> Vec<Span<'a>> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < tags.len() {
        let end = tags.len().min(start + extent(&tags[start..], scheme));
        if is_entity(&tags[start..end], scheme) {
            found.push(Span {
                entity: strict_type_of(tags[start]),
                start,
                end,
            });
        }
        start = end;
    }
    found
}

/// The number of tags, at least 1, from a beginning on to where its entity cannot go on.
fn extent(tags: &[&str], scheme: Scheme) -> usize {
    let goes_on = |pair: &&[&str]| {
        let (last, next) = (Prefix::of(pair[0]), Prefix::of(pair[1]));
        matches!(last, Prefix::Begin | Prefix::Inside)
            && matches!(next, Prefix::Inside | Prefix::End)
            && scheme.allows(next)
            && strict_type_of(pair[0]) == strict_type_of(pair[1])
    };
    1 + tags.windows(2).take_while(goes_on).count()
}

fn is_entity(tags: &[&str], scheme: Scheme) -> bool {
    let first = tags.first().map(|tag| Prefix::of(tag));
    let last = tags.last().map(|tag| Prefix::of(tag));
    match scheme {
        Scheme::Iob2 => first == Some(Prefix::Begin),
        Scheme::Iobes => match first {
            Some(Prefix::Single) => true,
            Some(Prefix::Begin) => last == Some(Prefix::End),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(tags: &[&'static str], mode: Mode) -> Vec<(&'static str, usize, usize)> {
        spans(tags, mode)
            .iter()
            .map(|span| (span.entity, span.start, span.end))
            .collect()
    }

    #[test]
    fn a_run_of_one_type_is_an_entity_by_default() {
        let tags = [
            "I-PER", "I-PER", "I-LOC", "O", "B-LOC", "B-LOC", "E-LOC", "I-LOC", "S-LOC",
        ];
        let expected = [
            ("PER", 0, 2),
            ("LOC", 2, 3),
            ("LOC", 4, 5),
            ("LOC", 5, 7),
            ("LOC", 7, 8),
            ("LOC", 8, 9),
        ];
        assert_eq!(found(&tags, Mode::Default), expected);
    }

    #[test]
    fn only_what_begins_with_b_is_an_entity_in_strict_iob2() {
        let tags = ["I-PER", "B-PER", "I-PER", "I-LOC", "O", "B-LOC"];
        assert_eq!(found(&tags, Mode::Strict(Scheme::Iob2)), [("PER", 1, 3), ("LOC", 5, 6)]);
    }

    #[test]
    fn a_prefix_of_another_scheme_ends_an_entity_in_strict_iob2() {
        let tags = ["B-PER", "E-PER", "S-PER"];
        assert_eq!(found(&tags, Mode::Strict(Scheme::Iob2)), [("PER", 0, 1)]);
    }

    #[test]
    fn an_unfinished_entity_is_none_in_strict_iobes() {
        let tags = ["B-PER", "I-PER", "O", "B-PER", "E-PER", "E-PER", "S-LOC", "B-LOC"];
        assert_eq!(
            found(&tags, Mode::Strict(Scheme::Iobes)),
            [("PER", 3, 5), ("LOC", 6, 7)]
        );
    }

    #[test]
    fn tags_without_a_type_are_of_one_type() {
        assert_eq!(found(&["B", "I", "O"], Mode::Default), [("_", 0, 2)]);
        assert_eq!(found(&["B", "I", "O"], Mode::Strict(Scheme::Iob2)), [("_", 0, 2)]);
        assert_eq!(found(&["", "é", "-", "é-PER"], Mode::Default), [("PER", 3, 4)]);
    }
}
