//! JSON strings and their escapes.

use std::borrow::Cow;

use memchr::memchr2;

use super::parse::JsonFault;

/// Reads the string whose opening quote is at `start`; returns it and the offset behind its closing quote.
///
/// # Errors
/// If the string is not closed, has a control character, or has an invalid escape.
pub(super) fn string(text: &str, start: usize) -> Result<(Cow<'_, str>, usize), JsonFault> {
    let first = start + 1;
    let mut owned = String::new();
    let mut at = first;
    loop {
        let Some(found) = memchr2(b'"', b'\\', &text.as_bytes()[at..]) else {
            return Err(JsonFault::new(
                start,
                "a string begins here and is never closed; is the text cut off",
            ));
        };
        let stretch = &text[at..at + found];
        refuse_control_characters(stretch, at)?;
        at += found;
        if text.as_bytes()[at] == b'"' {
            let string = if owned.is_empty() && first + found == at {
                Cow::Borrowed(stretch)
            } else {
                owned.push_str(stretch);
                Cow::Owned(owned)
            };
            return Ok((string, at + 1));
        }
        owned.push_str(stretch);
        let (character, end) = escape(text, at)?;
        owned.push(character);
        at = end;
    }
}

fn refuse_control_characters(stretch: &str, at: usize) -> Result<(), JsonFault> {
    // A fold without an early end lets the compiler test many bytes at once.
    let has_some = stretch.bytes().fold(u8::MAX, u8::min) < 0x20;
    match stretch.bytes().position(|byte| has_some && byte < 0x20) {
        None => Ok(()),
        Some(offset) => {
            let problem =
                "a line break, tab or other control character in a string; write it as `\\n`, `\\t` or `\\u00…`";
            Err(JsonFault::new(at + offset, problem))
        }
    }
}

/// Reads the escape whose backslash is at `start`; returns its character and the offset behind it.
fn escape(text: &str, start: usize) -> Result<(char, usize), JsonFault> {
    let character = match text.as_bytes().get(start + 1) {
        None => return Err(JsonFault::new(start, "a string is never closed; is the text cut off")),
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(text, start),
        _ => {
            let problem = "a backslash begins no known escape; write a backslash of the text as `\\\\`";
            return Err(JsonFault::new(start, problem));
        }
    };
    Ok((character, start + 2))
}

/// Reads `\uXXXX`, or two of them that are a surrogate pair.
fn unicode(text: &str, start: usize) -> Result<(char, usize), JsonFault> {
    let unit = |start: usize| -> Result<u32, JsonFault> {
        let digits = text
            .get(start + 2..start + 6)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        digits
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| JsonFault::new(start, "four hexadecimal digits must follow `\\u`"))
    };
    let half = || JsonFault::new(start, "half of a surrogate pair, not a character; remove it");
    let first = unit(start)?;
    if !(0xd800..0xe000).contains(&first) {
        return char::from_u32(first)
            .map(|character| (character, start + 6))
            .ok_or_else(half);
    }
    if first >= 0xdc00 || !text[start + 6..].starts_with("\\u") {
        return Err(half());
    }
    let second = unit(start + 6)?;
    if !(0xdc00..0xe000).contains(&second) {
        return Err(half());
    }
    let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    char::from_u32(code)
        .map(|character| (character, start + 12))
        .ok_or_else(half)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, String> {
        match string(text, 0) {
            Ok((string, end)) => {
                assert_eq!(end, text.len());
                Ok(string.into_owned())
            }
            Err(fault) => Err(format!("{fault:?}")),
        }
    }

    #[test]
    fn a_string_without_escapes_is_borrowed() {
        assert!(matches!(string("\"naïve\"", 0), Ok((Cow::Borrowed("naïve"), 8))));
        assert!(matches!(string("\"\"", 0), Ok((Cow::Borrowed(""), 2))));
    }

    #[test]
    fn escapes_are_resolved() {
        assert_eq!(read(r#""\"\\\/\b\f\n\r\t é""#).unwrap(), "\"\\/\u{8}\u{c}\n\r\t é");
        assert_eq!(read(r#""\u00e9\ud83e\udd80\\""#).unwrap(), "é🦀\\");
    }

    #[test]
    fn malformed_strings_are_refused() {
        for (text, expected) in [
            ("\"a", "never closed"),
            ("\"a\\", "never closed"),
            (r#""\x41""#, "begins no known escape"),
            (r#""\u12""#, "four hexadecimal digits"),
            (r#""\u+123""#, "four hexadecimal digits"),
            (r#""\u12é""#, "four hexadecimal digits"),
            (r#""\ud83e""#, "half of a surrogate pair"),
            (r#""\ud83e\u0041""#, "half of a surrogate pair"),
            (r#""\udd80""#, "half of a surrogate pair"),
            ("\"a\tb\"", "control character"),
        ] {
            assert!(read(text).unwrap_err().contains(expected), "{text}");
        }
    }
}
