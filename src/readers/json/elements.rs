//! The elements of a list in a JSON document, one by one, without holding the document.

use memchr::memchr2;

use super::{Json, JsonFault, located, parse};
use crate::error::{Fault, ReadError};
use crate::input::Input;

/// Finds the end of a value without understanding it.
#[derive(Debug, Default)]
struct Scan {
    depth: usize,
    is_string: bool,
    is_escaped: bool,
    is_begun: bool,
}

impl Scan {
    /// Looks at further bytes; returns how many of them belong to the value once its end is there.
    fn end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if self.is_string {
                at += self.in_string(&bytes[at..]);
                if !self.is_string && self.depth == 0 {
                    return Some(at);
                }
                continue;
            }
            match byte {
                b'"' => self.is_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth == 0 => return Some(at),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(at + 1);
                    }
                }
                b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 && self.is_begun => return Some(at),
                _ => {}
            }
            self.is_begun = true;
            at += 1;
        }
        None
    }

    /// Moves on within a string, to behind its closing quote or to the end of the bytes.
    fn in_string(&mut self, bytes: &[u8]) -> usize {
        if std::mem::take(&mut self.is_escaped) {
            return 1;
        }
        match memchr2(b'"', b'\\', bytes) {
            None => bytes.len(),
            Some(found) => {
                self.is_string = bytes[found] == b'\\';
                self.is_escaped = self.is_string;
                found + 1
            }
        }
    }
}

/// Length of the value at the beginning of the window; it reaches to the end of the data if it is cut off.
fn value_length(input: &mut Input) -> Result<usize, ReadError> {
    let mut scan = Scan::default();
    let mut scanned = 0;
    loop {
        if let Some(end) = scan.end_in(&input.available()[scanned..]) {
            return Ok(scanned + end);
        }
        scanned = input.available().len();
        if !input.more()? {
            return Ok(scanned);
        }
    }
}

/// Passes over a value of any size.
fn skip_value(input: &mut Input) -> Result<(), ReadError> {
    let mut scan = Scan::default();
    loop {
        let available = input.available();
        let (length, is_end) = scan
            .end_in(available)
            .map_or((available.len(), false), |end| (end, true));
        input.advance(length);
        if is_end {
            return Ok(());
        }
        if !input.more()? {
            return Err(document_fault(input, "the file ends within a value; is it cut off"));
        }
    }
}

/// The next byte that is not blank, without passing over it.
fn peek(input: &mut Input) -> Result<Option<u8>, ReadError> {
    loop {
        let available = input.available();
        let blanks = available.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let next = available.get(blanks).copied();
        if blanks > 0 {
            input.advance(blanks);
        }
        if next.is_some() || !input.more()? {
            return Ok(next);
        }
    }
}

/// Passes over blanks and one byte, which must be `wanted`.
fn expect(input: &mut Input, wanted: u8, problem: &str) -> Result<(), ReadError> {
    if peek(input)? != Some(wanted) {
        return Err(document_fault(input, problem));
    }
    input.advance(1);
    Ok(())
}

fn document_fault(input: &Input, problem: &str) -> ReadError {
    let problem = problem.to_owned();
    input.error_at(0, Fault::Document { problem })
}

/// The position in a document that holds a list of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cursor {
    /// Before the first element.
    First,
    /// Behind an element.
    Next,
    /// Behind the last element.
    Behind,
}

/// The elements of one list in a document.
#[derive(Debug)]
pub(crate) struct Elements {
    cursor: Cursor,
    /// The keys of the object around the list; `None` if the list is the document.
    keys: Option<Vec<String>>,
    /// Length of the element that was handed out last.
    length: usize,
}

impl Elements {
    /// Enters the list that is the whole document.
    ///
    /// # Errors
    /// If the document is no list, or if reading fails.
    pub(crate) fn of_list(input: &mut Input) -> Result<Self, ReadError> {
        expect(input, b'[', "a list is expected; it begins with `[`")?;
        Ok(Self::new(None))
    }

    /// Enters the list of a key of the document's object; without a key, the first list of objects.
    ///
    /// # Errors
    /// If there is no such list, or if reading fails.
    pub(crate) fn of_key(input: &mut Input, wanted: Option<&str>) -> Result<Self, ReadError> {
        expect(input, b'{', "an object is expected; it begins with `{`")?;
        let mut keys = Vec::new();
        while peek(input)? == Some(b'"') {
            enter_key(input, &mut keys)?;
            let is_wanted = wanted.is_none_or(|wanted| keys.last().is_some_and(|key| key == wanted));
            if is_wanted && peek(input)? == Some(b'[') && (wanted.is_some() || begins_with_object(input)?) {
                input.advance(1);
                return Ok(Self::new(Some(keys)));
            }
            skip_value(input)?;
            if peek(input)? == Some(b',') {
                input.advance(1);
            }
        }
        let shown: Vec<String> = keys.iter().take(12).map(|key| format!("`{key}`")).collect();
        let problem = match wanted {
            Some(wanted) => format!("no key `{wanted}` with a list; the keys are {}", shown.join(", ")),
            None => format!("no key has a list of objects; the keys are {}", shown.join(", ")),
        };
        Err(input.error_of_file(Fault::NoRecords { problem }))
    }

    fn new(keys: Option<Vec<String>>) -> Self {
        Self {
            cursor: Cursor::First,
            keys,
            length: 0,
        }
    }

    /// Moves to the next element and returns its length: it lies at the beginning of the window. `None` behind the last
    /// one, once the rest of the document is seen to be complete.
    ///
    /// # Errors
    /// If a comma is missing, if the document is cut off, or if reading fails.
    pub(crate) fn next(&mut self, input: &mut Input) -> Result<Option<usize>, ReadError> {
        input.advance(std::mem::take(&mut self.length));
        let next = peek(input)?;
        match (self.cursor, next) {
            (Cursor::Behind, _) => return Ok(None),
            (Cursor::First | Cursor::Next, Some(b']')) => {
                input.advance(1);
                self.cursor = Cursor::Behind;
                self.finish(input)?;
                return Ok(None);
            }
            (Cursor::Next, Some(b',')) => {
                input.advance(1);
                if peek(input)? == Some(b']') {
                    return Err(document_fault(input, "a comma stands before `]`; remove it"));
                }
            }
            (Cursor::Next, Some(_)) => {
                return Err(document_fault(input, "a comma or `]` must follow the value"));
            }
            (_, None) => return Err(document_fault(input, "the file ends within the list; is it cut off")),
            (Cursor::First, Some(_)) => {}
        }
        self.cursor = Cursor::Next;
        self.length = value_length(input)?;
        match self.length {
            0 => Err(document_fault(input, "a value is expected")),
            length => Ok(Some(length)),
        }
    }

    /// Parses the element that was handed out last.
    ///
    /// # Errors
    /// If it is not valid JSON or not valid text.
    pub(crate) fn parse<'i>(&self, input: &'i Input) -> Result<Json<'i>, ReadError> {
        parse(input.text(self.length)?).map_err(|fault: JsonFault| located(input, 0, fault))
    }

    /// Passes over what stands behind the list.
    fn finish(&mut self, input: &mut Input) -> Result<(), ReadError> {
        if let Some(keys) = &mut self.keys {
            while peek(input)? == Some(b',') {
                input.advance(1);
                enter_key(input, keys)?;
                peek(input)?;
                skip_value(input)?;
            }
            expect(input, b'}', "a comma or `}` must follow the list; is the file cut off")?;
        }
        match peek(input)? {
            None => Ok(()),
            Some(_) => Err(document_fault(
                input,
                "the document has ended and more follows; for one object per line use `format: jsonl`",
            )),
        }
    }
}

/// Reads a key and its colon.
fn enter_key(input: &mut Input, keys: &mut Vec<String>) -> Result<(), ReadError> {
    const MOST_KEYS: usize = 1000;
    if peek(input)? != Some(b'"') {
        return Err(document_fault(input, "a key in double quotes is expected"));
    }
    let length = value_length(input)?;
    let parsed = parse(input.text(length)?).map_err(|fault| located(input, 0, fault))?;
    let Json::Text(key) = parsed else {
        return Err(document_fault(input, "a key in double quotes is expected"));
    };
    let key = key.into_owned();
    if keys.contains(&key) {
        let problem = format!("the key `{key}` is there twice");
        return Err(document_fault(input, &problem));
    }
    if keys.len() < MOST_KEYS {
        keys.push(key);
    }
    input.advance(length);
    expect(input, b':', "a colon must follow the key")?;
    peek(input)?;
    Ok(())
}

/// Returns whether the list at the beginning of the window begins with an object.
fn begins_with_object(input: &mut Input) -> Result<bool, ReadError> {
    loop {
        let first = input
            .available()
            .iter()
            .skip(1)
            .find(|byte| !byte.is_ascii_whitespace());
        if let Some(first) = first {
            return Ok(*first == b'{');
        }
        if !input.more()? {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::input;

    fn elements(content: &str, key: Option<&str>, is_list: bool) -> Result<Vec<String>, String> {
        let mut input = input(content.as_bytes(), 1000);
        let read = |input: &mut Input| -> Result<Vec<String>, ReadError> {
            let mut elements = if is_list {
                Elements::of_list(input)?
            } else {
                Elements::of_key(input, key)?
            };
            let mut found = Vec::new();
            while elements.next(input)?.is_some() {
                found.push(elements.parse(input)?.to_string());
            }
            Ok(found)
        };
        read(&mut input).map_err(|error| error.to_string())
    }

    #[test]
    fn elements_of_every_kind_are_separated() {
        let list = r#" [ {"a": "]}\"\\", "b": [1, {}]} , 12,"x,y" ,[ ], null,true] "#;
        let expected = [
            r#"{"a": "]}\"\\", "b": [1, {}]}"#,
            "12",
            r#""x,y""#,
            "[]",
            "null",
            "true",
        ];
        assert_eq!(elements(list, None, true).unwrap(), expected);
        assert!(elements("[]", None, true).unwrap().is_empty());
    }

    #[test]
    fn the_list_of_a_key_is_found_among_others() {
        let document = r#"{"version": "1.1", "meta": {"data": [{"no": 1}]}, "ids": [1, 2], "data": [{"a": 1}], "more": [{"b": 2}]}"#;
        assert_eq!(elements(document, None, false).unwrap(), [r#"{"a": 1}"#]);
        assert_eq!(elements(document, Some("more"), false).unwrap(), [r#"{"b": 2}"#]);
        assert_eq!(elements(document, Some("ids"), false).unwrap(), ["1", "2"]);
        let missing = elements(document, Some("rows"), false).unwrap_err();
        assert!(
            missing.contains("no key `rows` with a list; the keys are `version`, `meta`, `ids`"),
            "{missing}"
        );
    }

    #[test]
    fn a_damaged_document_is_named_with_its_place() {
        for (content, expected) in [
            (
                "[1, 2",
                "line 1, column 6: not valid JSON: the file ends within the list; is it cut off",
            ),
            (
                "[1,\n{\"a\": 1",
                "line 2, column 8: not valid JSON: a comma or `}` must follow",
            ),
            (
                "[1 2]",
                "column 4: not valid JSON: a comma or `]` must follow the value",
            ),
            ("[1,]", "column 4: not valid JSON: a comma stands before `]`; remove it"),
            ("[,]", "column 2: not valid JSON: a value is expected"),
            ("[:1]", "column 2: not valid JSON: a value is expected"),
            (
                "[1]]",
                "column 4: not valid JSON: the document has ended and more follows",
            ),
            ("{}", "column 1: not valid JSON: a list is expected"),
        ] {
            let message = elements(content, None, true).unwrap_err();
            assert!(message.contains(expected), "{content}: {message}");
        }
        for (content, expected) in [
            (r#"{"data": [{}]"#, "a comma or `}` must follow the list"),
            (r#"{"data": [{}], "data": 1}"#, "the key `data` is there twice"),
            (r#"{"a": 1, "a": 1, "data": [{}]}"#, "the key `a` is there twice"),
            (r#"{"a": [1, 2"#, "the file ends within a value"),
        ] {
            let message = elements(content, None, false).unwrap_err();
            assert!(message.contains(expected), "{content}: {message}");
        }
    }

    #[test]
    fn values_of_any_size_are_skipped() {
        let long = format!(
            "{{\"index\": [{}1], \"data\": [{{\"a\": 1}}]}}",
            "1, ".repeat(1_000_000)
        );
        assert_eq!(elements(&long, None, false).unwrap(), [r#"{"a": 1}"#]);
    }
}
