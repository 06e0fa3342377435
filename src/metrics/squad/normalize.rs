//! The form in which answers are compared.

/// Words that do not count.
const ARTICLES: [&str; 3] = ["a", "an", "the"];

/// An answer in lower case, without ASCII punctuation and English articles, its words separated by one space.
///
/// An article counts only between word boundaries, which are those of Python's `re`: a letter, digit or underscore
/// beside something else. (Letters are those of Unicode's `Alphabetic`, which for some marks of Indic scripts and
/// circled letters differ from Python's.)
pub fn normalize_answer(text: &str) -> String {
    let lower = text.to_lowercase();
    let plain: String = lower.chars().filter(|letter| !letter.is_ascii_punctuation()).collect();
    let bare = without_articles(&plain);
    bare.split(is_space)
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The text with every article replaced by a space.
fn without_articles(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = first.is_alphanumeric();
        let end = rest
            .find(|letter: char| letter.is_alphanumeric() != is_word)
            .unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        kept.push_str(if ARTICLES.contains(&run) { " " } else { run });
        rest = after;
    }
    kept
}

/// The characters by which Python's `str.split` separates words.
fn is_space(letter: char) -> bool {
    letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_punctuation_articles_and_spaces_do_not_count() {
        assert_eq!(
            normalize_answer("  The\tU.S.A. (a  \u{a0}country),\u{1c}an island "),
            "usa country island"
        );
    }

    #[test]
    fn articles_inside_words_stay() {
        assert_eq!(normalize_answer("Theatre an1 banana"), "theatre an1 banana");
        assert_eq!(normalize_answer("l’a–the…x"), "l’ – …x");
    }

    #[test]
    fn punctuation_goes_before_articles() {
        assert_eq!(normalize_answer("a-the"), "athe");
        assert_eq!(normalize_answer("The."), "");
    }
}
