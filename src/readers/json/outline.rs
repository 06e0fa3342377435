//! The keys at the beginning of a JSON document, as far as its head shows them.

/// The kind of a key's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A list that begins with an object; the rest of the text begins with that object.
    Objects,
    /// Another list.
    List,
    /// An object whose first key is a whole number, as pandas numbers its rows.
    Numbered,
    /// Another value.
    Other,
}

/// The keys of the document's object in order, their kinds, and the text from the inside of their values.
pub(crate) fn outline(text: &str) -> Vec<(&str, Shape, &str)> {
    let mut keys = Vec::new();
    let mut rest = text.trim_start();
    if !rest.starts_with('{') {
        return keys;
    }
    while let Some((key, value)) = key_and_value(rest.get(1..).unwrap_or_default().trim_start()) {
        let inside = value.get(1..).unwrap_or_default().trim_start();
        let shape = match (value.as_bytes().first(), inside.as_bytes().first()) {
            (Some(b'['), Some(b'{')) => Shape::Objects,
            (Some(b'['), _) => Shape::List,
            (Some(b'{'), Some(b'"')) if inside[1..].starts_with(|digit: char| digit.is_ascii_digit()) => {
                Shape::Numbered
            }
            _ => Shape::Other,
        };
        keys.push((key, shape, inside));
        rest = value[value_end(value)..].trim_start();
        if !rest.starts_with(',') {
            break;
        }
    }
    keys
}

/// The key at the beginning of the text and the text from its value on.
fn key_and_value(text: &str) -> Option<(&str, &str)> {
    let end = text.starts_with('"').then(|| string_end(text))??;
    let value = text[end..].trim_start().strip_prefix(':')?.trim_start();
    (!value.is_empty()).then_some((&text[1..end - 1], value))
}

/// The offset behind the closing quote.
fn string_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The offset behind the value; the end of the text if it is cut off.
fn value_end(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    let bytes = text.as_bytes();
    while at < bytes.len() {
        match bytes[at] {
            b'"' => match string_end(&text[at..]) {
                None => return text.len(),
                Some(end) => {
                    at += end;
                    if depth == 0 {
                        return at;
                    }
                    continue;
                }
            },
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return at + depth,
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<(&str, Shape)> {
        outline(text).into_iter().map(|(key, shape, _)| (key, shape)).collect()
    }

    #[test]
    fn keys_are_seen_as_far_as_the_text_goes() {
        let text = r#"{"v": "1,1", "n": 1, "c": [1, [2]], "p": {"0": "a", "x": []}, "d": [ {"title": "x", "q": ["#;
        let expected = [
            ("v", Shape::Other),
            ("n", Shape::Other),
            ("c", Shape::List),
            ("p", Shape::Numbered),
            ("d", Shape::Objects),
        ];
        assert_eq!(keys(text), expected);
        let (_, _, inside) = outline(text)[4];
        assert_eq!(keys(inside), [("title", Shape::Other), ("q", Shape::List)]);
        for end in 0..text.len() {
            assert!(keys(&text[..end]).len() <= 5);
        }
    }
}
