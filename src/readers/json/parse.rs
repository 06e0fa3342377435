//! A parser of one JSON value.

use std::borrow::Cow;
use std::collections::HashSet;

use super::strings;

/// Deepest nesting. Deeper values are not data for training, and they must not exhaust the stack.
const DEEPEST: usize = 128;

/// Number of keys up to which comparing all pairs is faster than hashing.
const FEW_KEYS: usize = 16;

/// A JSON value that borrows from its text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'t> {
    Null,
    Boolean(bool),
    /// A number as it is written.
    Number(&'t str),
    Text(Cow<'t, str>),
    Array(Vec<Json<'t>>),
    /// Keys and values in the order of the text; no key is there twice.
    Object(Vec<(Cow<'t, str>, Json<'t>)>),
}

impl Json<'_> {
    /// The kind of the value with an article, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// The value of a key; `None` if there is none or this is not an object.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }
}

/// A fault in a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonFault {
    /// The byte where it is.
    pub(crate) offset: usize,
    pub(crate) problem: Problem,
}

/// The kind of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The fault and the fix.
    Syntax(String),
    RepeatedKey(String),
}

impl JsonFault {
    pub(super) fn new(offset: usize, problem: impl Into<String>) -> Self {
        let problem = Problem::Syntax(problem.into());
        Self { offset, problem }
    }
}

/// Parses a text that is one JSON value, with or without blanks around it.
///
/// # Errors
/// If the text is not valid JSON, nests more than 128 levels, or has an object with a repeated key.
pub(crate) fn parse(text: &str) -> Result<Json<'_>, JsonFault> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    parser.skip_blanks();
    let value = parser.value()?;
    parser.skip_blanks();
    if parser.peek().is_some() {
        let problem = format!("{} after the end of the value", parser.found());
        return Err(JsonFault::new(parser.at, problem));
    }
    Ok(value)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Json<'t>, JsonFault> {
        match self.peek() {
            Some(b'"') => self.string().map(Json::Text),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'-' | b'0'..=b'9' | b'N' | b'I') => self.number(),
            Some(b't') if self.has("true") => Ok(Json::Boolean(true)),
            Some(b'f') if self.has("false") => Ok(Json::Boolean(false)),
            Some(b'n') if self.has("null") => Ok(Json::Null),
            _ => Err(self.not_a_value()),
        }
    }

    /// Moves past a word if it stands here.
    fn has(&mut self, word: &str) -> bool {
        let rest = &self.text[self.at..];
        let is_here = rest.starts_with(word)
            && !rest[word.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_');
        if is_here {
            self.at += word.len();
        }
        is_here
    }

    fn string(&mut self) -> Result<Cow<'t, str>, JsonFault> {
        let (string, end) = strings::string(self.text, self.at)?;
        self.at = end;
        Ok(string)
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json<'t>, JsonFault>) -> Result<Json<'t>, JsonFault> {
        if self.depth == DEEPEST {
            return Err(JsonFault::new(
                self.at,
                format!("values are nested more than {DEEPEST} levels deep"),
            ));
        }
        self.depth += 1;
        self.at += 1;
        self.skip_blanks();
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Json<'t>, JsonFault> {
        let mut entries = Vec::new();
        if self.closes(b'}') {
            return Ok(Json::Object(entries));
        }
        let mut seen = HashSet::new();
        loop {
            let offset = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.not_a_key());
            }
            let key = self.string()?;
            if is_repeated(&key, &entries, &mut seen) {
                let problem = Problem::RepeatedKey(key.into_owned());
                return Err(JsonFault { offset, problem });
            }
            self.skip_blanks();
            if self.peek() != Some(b':') {
                return Err(self.fault("a colon must follow the key"));
            }
            self.at += 1;
            self.skip_blanks();
            entries.push((key, self.value()?));
            if self.is_last(b'}')? {
                return Ok(Json::Object(entries));
            }
        }
    }

    fn array(&mut self) -> Result<Json<'t>, JsonFault> {
        let mut values = Vec::new();
        if self.closes(b']') {
            return Ok(Json::Array(values));
        }
        loop {
            values.push(self.value()?);
            if self.is_last(b']')? {
                return Ok(Json::Array(values));
            }
        }
    }

    fn closes(&mut self, bracket: u8) -> bool {
        let closes = self.peek() == Some(bracket);
        self.at += usize::from(closes);
        closes
    }

    /// Moves past a comma, or past the closing bracket: then the value was the last one.
    fn is_last(&mut self, bracket: u8) -> Result<bool, JsonFault> {
        self.skip_blanks();
        if self.closes(bracket) {
            return Ok(true);
        }
        let comma = self.at;
        if !self.closes(b',') {
            return Err(self.fault(&format!("a comma or `{}` must follow the value", bracket as char)));
        }
        self.skip_blanks();
        if self.peek() == Some(bracket) {
            return Err(JsonFault::new(
                comma,
                format!("a comma before `{}`; remove it", bracket as char),
            ));
        }
        Ok(false)
    }

    fn number(&mut self) -> Result<Json<'t>, JsonFault> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        if !(self.has("Infinity") || self.at == start && self.has("NaN")) {
            self.plain_number(start)?;
        }
        Ok(Json::Number(&self.text[start..self.at]))
    }

    fn plain_number(&mut self, start: usize) -> Result<(), JsonFault> {
        let first = self.at;
        if self.digits() == 0 {
            self.at = start;
            return Err(self.not_a_value());
        }
        if self.text.as_bytes()[first] == b'0' && self.at - first > 1 {
            return Err(JsonFault::new(
                first,
                "a number begins with 0; write it without, or as a string in quotes",
            ));
        }
        if self.closes(b'.') && self.digits() == 0 {
            return Err(self.fault("digits must follow the decimal point"));
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            if self.digits() == 0 {
                return Err(self.fault("digits must follow the exponent's sign"));
            }
        }
        Ok(())
    }

    /// Moves past digits and returns their number.
    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn not_a_key(&self) -> JsonFault {
        match self.peek() {
            Some(b'\'') => self.fault("keys stand in double quotes, not in single ones"),
            _ => self.fault("a key in double quotes is expected"),
        }
    }

    fn not_a_value(&self) -> JsonFault {
        let rest = &self.text[self.at..];
        let word = |word: &str| rest.starts_with(word);
        if word("'") {
            self.fault("strings stand in double quotes, not in single ones")
        } else if word("None") || word("True") || word("False") {
            self.fault("this is Python; write `null`, `true` or `false`, as `json.dumps` does")
        } else {
            self.fault("a value is expected")
        }
    }

    /// A fault at this position: what is wanted and what is there instead.
    fn fault(&self, wanted: &str) -> JsonFault {
        JsonFault::new(self.at, format!("{wanted}, found {}", self.found()))
    }

    fn found(&self) -> String {
        match self.text[self.at..].chars().next() {
            None => "the end of the text (is it cut off)".to_owned(),
            Some(control) if control.is_control() => format!("`{}`", control.escape_debug()),
            Some(character) => format!("`{character}`"),
        }
    }
}

fn is_repeated<'t>(key: &str, entries: &[(Cow<'t, str>, Json<'t>)], seen: &mut HashSet<String>) -> bool {
    if entries.len() < FEW_KEYS {
        return entries.iter().any(|(other, _)| other == key);
    }
    if seen.is_empty() {
        seen.extend(entries.iter().map(|(key, _)| key.clone().into_owned()));
    }
    !seen.insert(key.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problem(text: &str) -> String {
        let fault = parse(text).unwrap_err();
        match fault.problem {
            Problem::Syntax(problem) => format!("{}: {problem}", fault.offset),
            Problem::RepeatedKey(key) => format!("{}: repeated {key}", fault.offset),
        }
    }

    #[test]
    fn numbers_keep_their_spelling() {
        let numbers = "[0, -0, 1.50, 1E+2, 123456789012345678901234567890, NaN, -Infinity]";
        let Json::Array(values) = parse(numbers).unwrap() else {
            unreachable!()
        };
        let spelled: Vec<_> = values
            .into_iter()
            .map(|value| match value {
                Json::Number(text) => text,
                _ => unreachable!(),
            })
            .collect();
        assert_eq!(
            spelled,
            [
                "0",
                "-0",
                "1.50",
                "1E+2",
                "123456789012345678901234567890",
                "NaN",
                "-Infinity"
            ]
        );
    }

    #[test]
    fn every_fault_has_its_place_and_its_fix() {
        let faults = [
            ("{\"a\": 1,}", "7: a comma before `}`; remove it"),
            (
                "{\"a\": 'b'}",
                "6: strings stand in double quotes, not in single ones, found `'`",
            ),
            (
                "{'a': 1}",
                "1: keys stand in double quotes, not in single ones, found `'`",
            ),
            (
                "[None]",
                "1: this is Python; write `null`, `true` or `false`, as `json.dumps` does, found `N`",
            ),
            (
                "{\"a\": 1",
                "7: a comma or `}` must follow the value, found the end of the text (is it cut off)",
            ),
            ("{\"a\" 1}", "5: a colon must follow the key, found `1`"),
            ("[1 2]", "3: a comma or `]` must follow the value, found `2`"),
            (
                "[01]",
                "1: a number begins with 0; write it without, or as a string in quotes",
            ),
            ("[1.]", "3: digits must follow the decimal point, found `]`"),
            ("[1e]", "3: digits must follow the exponent's sign, found `]`"),
            ("[-]", "1: a value is expected, found `-`"),
            ("1 2", "2: `2` after the end of the value"),
            ("", "0: a value is expected, found the end of the text (is it cut off)"),
            ("nulls", "0: a value is expected, found `n`"),
            ("{\"a\":1,\"b\":2,\"a\":3}", "13: repeated a"),
        ];
        for (text, expected) in faults {
            assert_eq!(problem(text), expected, "{text}");
        }
    }

    #[test]
    fn a_repeated_key_among_many_is_found() {
        let keys: Vec<String> = (0..100).map(|index| format!("\"k{index}\": 1, ")).collect();
        let keys = keys.concat();
        assert!(parse(&format!("{{{keys}\"z\": 1}}")).is_ok());
        assert!(problem(&format!("{{{keys}\"k50\": 1}}")).ends_with("repeated k50"));
    }

    #[test]
    fn deep_nesting_is_refused_before_the_stack_ends() {
        assert!(problem(&"[".repeat(1_000_000)).contains("nested more than 128"));
        assert!(parse(&format!("{}{}", "[".repeat(128), "]".repeat(128))).is_ok());
    }

    fn same(ours: &Json<'_>, theirs: &serde_json::Value) -> bool {
        use serde_json::Value as Theirs;
        match (ours, theirs) {
            (Json::Null, Theirs::Null) => true,
            (Json::Boolean(ours), Theirs::Bool(theirs)) => ours == theirs,
            (Json::Number(ours), Theirs::Number(theirs)) => ours.parse::<f64>().ok() == theirs.as_f64(),
            (Json::Text(ours), Theirs::String(theirs)) => ours == theirs,
            (Json::Array(ours), Theirs::Array(theirs)) => {
                ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
            }
            (Json::Object(ours), Theirs::Object(theirs)) => {
                ours.len() == theirs.len()
                    && ours
                        .iter()
                        .all(|(key, value)| theirs.get(&**key).is_some_and(|theirs| same(value, theirs)))
            }
            _ => false,
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(|float| serde_json::json!(float)),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_serde_writes_is_read_back(value in any_json(), is_pretty in any::<bool>()) {
            let text = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = text.unwrap();
            prop_assert!(same(&parse(&text).unwrap(), &value), "{}", text);
        }

        #[test]
        fn what_we_refuse_serde_refuses_too(text in r#"[\[\]{},:"\\a0-9.eE+ \-unltrfs]{0,12}"#) {
            let ours = parse(&text);
            let theirs: Result<serde_json::Value, _> = serde_json::from_str(&text);
            match (ours, theirs) {
                (Ok(ours), Ok(theirs)) => prop_assert!(same(&ours, &theirs)),
                (Err(JsonFault { problem: Problem::RepeatedKey(_), .. }), _) | (Err(_), Err(_)) => {}
                // serde_json refuses numbers that no 64-bit float holds.
                (Ok(_), Err(error)) => prop_assert!(error.to_string().contains("number out of range"), "{} {}", text, error),
                (Err(fault), Ok(_)) => prop_assert!(false, "{} {:?}", text, fault),
            }
        }
    }
}
