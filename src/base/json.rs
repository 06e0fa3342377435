//! JSON as programs write it, with numbers that are not finite: `NaN`, `-inf`, `1e400` and other spellings.

use serde_json::Value;

/// Parses JSON; any spelling of a number that is not finite is read as `null`.
///
/// # Errors
/// If the text is not valid JSON apart from such numbers.
pub fn read(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(text).or_else(|error| serde_json::from_str(&with_nulls(text)).map_err(|_| error))
}

/// The text with `null` in place of every word outside of strings that spells a number that is not finite.
fn with_nulls(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '"' => text_length(rest),
            _ if is_of_word(letter) => rest.find(|letter| !is_of_word(letter)).unwrap_or(rest.len()),
            _ => letter.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        plain.push_str(if is_of_word(letter) && is_no_number(piece) {
            "null"
        } else {
            piece
        });
        rest = after;
    }
    plain
}

/// Length of the string at the beginning of `text`, with its quotation marks.
fn text_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, letter)| {
        let is_end = letter == '"' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |(index, _)| index + 1)
}

fn is_of_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.' | '#' | '(' | ')' | '_')
}

/// Returns whether a word spells a number that is not finite: `nan`, `-NaN`, `nan(0x1)`, `+Inf`, `Infinity`, `NA`,
/// `1.#QNAN`, `1e400`. Covers C, C++, Rust, Go, Java, Julia, Python, R and Windows.
pub fn is_no_number(word: &str) -> bool {
    let word = word.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let is_nan = word == "na" || word == "nan" || word.starts_with("nan(");
    let is_infinite = word == "inf" || word == "infinity" || word.starts_with("1.#");
    let is_huge =
        || word.starts_with(|first: char| first.is_ascii_digit()) && word.parse::<f64>().is_ok_and(f64::is_infinite);
    is_nan || is_infinite || is_huge()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_spelling_of_what_is_no_finite_number_is_understood_and_loses_nothing_else() {
        // printf of C and C++, format! of Rust, %v of Go, Double.toString, repr of Python and R, and Visual C++ before
        // 2015.
        for spelling in [
            "NaN",
            "nan",
            "-nan",
            "NAN",
            "nan(0x7ff8)",
            "-nan(ind)",
            "inf",
            "-inf",
            "+Inf",
            "INF",
            "Infinity",
            "-Infinity",
            "infinity",
            "NA",
            "1e400",
            "-1E+999",
            "1.#QNAN",
            "-1.#IND",
            "1.#INF",
        ] {
            let text = format!(r#"{{"loss": {spelling}, "note": "NaN \" inf, 1e400", "f1": [1, {spelling}]}}"#);
            let expected = json!({"loss": null, "note": "NaN \" inf, 1e400", "f1": [1, null]});
            assert_eq!(read(&text).unwrap(), expected, "{spelling}");
        }
    }

    #[test]
    fn what_only_looks_like_such_a_spelling_is_left_alone() {
        assert_eq!(read(r#"{"nan": 1, "x": 1e-400}"#).unwrap(), json!({"nan": 1, "x": 0.0}));
        assert!(read(r#"{"x": nano}"#).is_err() && read("inf inity").is_err());
    }

    proptest! {
        #[test]
        fn one_number_that_is_none_leaves_the_others(
            known in -1e300..1e300f64,
            spelling in "[+-]?([nN][aA][nN]|[iI][nN][fF]|[iI]nfinity|[1-9]e[4-9][0-9]{2})",
        ) {
            let value = read(&format!("{{\"a\": {known:?}, \"b\": {spelling}}}")).unwrap();
            prop_assert_eq!(value, json!({"a": known, "b": null}));
        }
    }
}
