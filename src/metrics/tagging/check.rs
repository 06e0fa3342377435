//! Where a sequence of tags breaks the rules of its scheme.

use super::{
    scheme::{Prefix, Scheme},
    spans::type_of,
};

/// The first tag that breaks the rules of a scheme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemeError {
    /// The tag has a prefix that the scheme does not have.
    #[error("token {}: `{tag}` is not a tag of {scheme}; tags begin with {prefixes}", .position + 1, prefixes = prefixes(*scheme))]
    Prefix {
        /// The index of the token, from 0.
        position: usize,
        /// The tag.
        tag: String,
        /// The scheme.
        scheme: Scheme,
    },
    /// The tag must not follow the one before it.
    #[error("token {}: `{tag}` cannot follow {previous} in {scheme}", .position + 1, previous = or_start(previous.as_deref()))]
    Transition {
        /// The index of the token, from 0.
        position: usize,
        /// The tag before it; `None` at the start of the sentence.
        previous: Option<String>,
        /// The tag.
        tag: String,
        /// The scheme.
        scheme: Scheme,
    },
    /// The sentence ends before its last entity does.
    #[error(
        "token {}: the sentence ends after `{tag}`, but {scheme} needs a token with `E` at the end of an entity",
        .position + 1
    )]
    Unfinished {
        /// The index of the last token, from 0.
        position: usize,
        /// The last tag.
        tag: String,
        /// The scheme.
        scheme: Scheme,
    },
}

fn prefixes(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Iob2 => "`B-`, `I-` or are `O`",
        Scheme::Iobes => "`B-`, `I-`, `E-`, `S-` or are `O`",
    }
}

fn or_start(previous: Option<&str>) -> String {
    previous.map_or_else(|| "the start of the sentence".to_owned(), |tag| format!("`{tag}`"))
}

/// Checks that one sentence's tags obey a scheme.
///
/// # Errors
/// Names the first tag that does not.
pub fn check_scheme(tags: &[&str], scheme: Scheme) -> Result<(), SchemeError> {
    let mut previous = None;
    for (position, &tag) in tags.iter().enumerate() {
        if !scheme.allows(Prefix::of(tag)) {
            return Err(SchemeError::Prefix {
                position,
                tag: tag.to_owned(),
                scheme,
            });
        }
        if !may_follow(previous, tag, scheme) {
            let previous = previous.map(str::to_owned);
            return Err(SchemeError::Transition {
                position,
                previous,
                tag: tag.to_owned(),
                scheme,
            });
        }
        previous = Some(tag);
    }
    match previous {
        Some(tag) if must_go_on(Prefix::of(tag), scheme) => Err(SchemeError::Unfinished {
            position: tags.len() - 1,
            tag: tag.to_owned(),
            scheme,
        }),
        _ => Ok(()),
    }
}

fn may_follow(previous: Option<&str>, tag: &str, scheme: Scheme) -> bool {
    let before = previous.map_or(Prefix::Outside, Prefix::of);
    if matches!(Prefix::of(tag), Prefix::Inside | Prefix::End) {
        let is_open = matches!(before, Prefix::Begin | Prefix::Inside);
        is_open && previous.is_some_and(|previous| type_of(previous) == type_of(tag))
    } else {
        !must_go_on(before, scheme)
    }
}

/// True if the entity is not over after a tag with the prefix.
fn must_go_on(prefix: Prefix, scheme: Scheme) -> bool {
    scheme == Scheme::Iobes && matches!(prefix, Prefix::Begin | Prefix::Inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(tags: &[&str], scheme: Scheme) -> String {
        check_scheme(tags, scheme).unwrap_err().to_string()
    }

    #[test]
    fn well_formed_tags_pass() {
        assert_eq!(
            check_scheme(&["B-PER", "I-PER", "B-PER", "O", "B-LOC"], Scheme::Iob2),
            Ok(())
        );
        assert_eq!(
            check_scheme(&["B-PER", "I-PER", "E-PER", "S-PER", "O"], Scheme::Iobes),
            Ok(())
        );
        assert_eq!(check_scheme(&[], Scheme::Iobes), Ok(()));
    }

    #[test]
    fn the_first_wrong_tag_is_named() {
        assert_eq!(
            message(&["I-PER"], Scheme::Iob2),
            "token 1: `I-PER` cannot follow the start of the sentence in BIO"
        );
        assert_eq!(
            message(&["B-PER", "I-LOC"], Scheme::Iob2),
            "token 2: `I-LOC` cannot follow `B-PER` in BIO"
        );
        assert_eq!(
            message(&["B-PER", "O"], Scheme::Iobes),
            "token 2: `O` cannot follow `B-PER` in BIOES"
        );
        assert_eq!(
            message(&["O", "S-PER"], Scheme::Iob2),
            "token 2: `S-PER` is not a tag of BIO; tags begin with `B-`, `I-` or are `O`"
        );
    }

    #[test]
    fn an_entity_must_end_before_the_sentence() {
        let error = check_scheme(&["O", "B-PER"], Scheme::Iobes).unwrap_err();
        assert!(matches!(error, SchemeError::Unfinished { position: 1, .. }), "{error}");
    }
}
