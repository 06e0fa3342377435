//! A JSON object with a key that holds the list of records, such as `{"data": [...]}`.

use super::json_array::{ListRecords, flattener};
use super::{Format, Open, Opening, Records};
use crate::error::ReadError;
use crate::head::{Head, Match};
use crate::json::elements::Elements;
use crate::json::outline::{Shape, outline};

pub(crate) const FORMAT: Format = Format {
    name: "json-wrapped",
    extensions: &["json"],
    about: "a JSON object such as {\"data\": [...]}; the first list of objects, or that of `records_key`",
    recognise,
    open: Open::Stream(open),
};

fn recognise(head: &Head<'_>) -> Match {
    let keys = outline(head.text);
    match keys.iter().find(|(_, shape, _)| *shape != Shape::Other) {
        // With the extension of JSONL one object is one record, whatever it holds.
        Some((_, Shape::Objects, _)) if head.extension == "json" || head.extension.is_empty() && head.is_whole => {
            Match::Strong
        }
        Some((_, Shape::Objects, _)) => Match::Weak,
        None if head.first() == Some(b'{') => Match::Weak,
        Some(_) | None => Match::No,
    }
}

fn open(opening: Opening<'_>) -> Result<Box<dyn Records>, ReadError> {
    let flattener = flattener(&opening);
    let key = opening.options.records_key.as_deref();
    let mut input = opening.input;
    let elements = Elements::of_key(&mut input, key)?;
    Ok(Box::new(ListRecords::new(input, elements, flattener)))
}

#[cfg(test)]
mod tests {
    use crate::ReadOptions;
    use crate::testing::{fault, read, rows};

    const DOCUMENT: &str = "{\"version\": 2,\n\"data\": [{\"a\": 1},\n{\"a\": 2}],\n\"test\": [{\"a\": 3}]}";

    #[test]
    fn the_list_is_found_by_itself_or_by_its_key() {
        assert_eq!(rows("a.json", DOCUMENT), ["2: a=1", "3: a=2"]);
        let options = ReadOptions {
            records_key: Some("test".into()),
            ..ReadOptions::default()
        };
        assert_eq!(read("a.json", DOCUMENT, &options).unwrap(), ["4: a=3"]);
        // The key says it, whatever the other lists hold.
        let options = ReadOptions {
            records_key: Some("rows".into()),
            ..ReadOptions::default()
        };
        let other = "{\"tags\": [\"x\"], \"rows\": [{\"a\": 5}]}";
        assert_eq!(read("a.json", other, &options).unwrap(), ["row 1: a=5"]);
        let options = ReadOptions {
            records_key: Some("dta".into()),
            ..ReadOptions::default()
        };
        let message = read("a.json", DOCUMENT, &options).unwrap_err().to_string();
        assert!(
            message.contains("no key `dta` with a list; the keys are `version`, `data`, `test`"),
            "{message}"
        );
    }

    #[test]
    fn a_document_that_breaks_off_is_named() {
        let message = fault("a.json", &DOCUMENT[..DOCUMENT.len() - 1]);
        assert!(
            message.contains("line 4, column 19: not valid JSON: a comma or `}` must follow the list"),
            "{message}"
        );
        assert!(fault("a.json", "{\n\"a\": 1\n}").contains("no key has a list of objects"));
    }
}
