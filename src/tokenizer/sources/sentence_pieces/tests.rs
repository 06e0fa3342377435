use proptest::prelude::*;

use super::*;

/// A field that holds bytes.
fn bytes_field(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    assert!(length < 128);
    [&[number << 3 | 2, length], content].concat()
}

fn piece_field(text: &[u8], score: f32, kind: u8) -> Vec<u8> {
    let message = [
        bytes_field(1, text),
        vec![0x15],
        score.to_le_bytes().to_vec(),
        vec![0x18, kind],
    ]
    .concat();
    bytes_field(1, &message)
}

#[test]
fn a_model_is_read() {
    let content = [
        piece_field(b"<unk>", 0.0, 2),
        piece_field(b"<s>", 0.0, 3),
        piece_field("▁a".as_bytes(), -1.5, 1),
        piece_field(b"(", 0.0, 4),
        bytes_field(2, &[0x18, 2, 0xc0, 0x02, 1]),
        bytes_field(3, &bytes_field(2, b"table")),
    ]
    .concat();
    let model = parse(&content).unwrap();
    assert_eq!(model.scored()[2], ("▁a".to_owned(), -1.5));
    assert_eq!((model.unknown, model.is_unigram), (1, false));
    assert_eq!(model.charsmap.as_deref(), Some(&b"table"[..]));
    let whole: Vec<(String, bool)> = model
        .whole()
        .into_iter()
        .map(|token| (token.content, token.special))
        .collect();
    assert_eq!(whole, [("<s>".to_owned(), true), ("(".to_owned(), false)]);
}

#[test]
fn what_is_wrong_with_a_model_is_said() {
    let fault = |content: &[u8]| parse(content).unwrap_err();
    let faults = [
        fault(b""),
        fault(b"{\"version\": 1}"),
        fault(&[piece_field(b"a", 0.0, 1), piece_field(b"", 0.0, 1)].concat()),
        fault(&piece_field(b"\xff", 0.0, 1)),
        fault(&piece_field(b"a", f32::NAN, 1)),
        fault(&bytes_field(1, &[0x15, 0])),
    ];
    insta::assert_snapshot!(faults.join("\n"), @r"
    not a sentencepiece model, or cut short
    not a sentencepiece model, or cut short
    piece 1 is empty
    piece 0 is not valid UTF-8
    piece 0 has the score NaN
    piece 0 is cut short
    ");
}

#[test]
fn merges_come_in_the_order_of_ids_and_then_of_short_left_parts() {
    let ids = ["a", "b", "ab", "ba", "aba"]
        .into_iter()
        .map(str::to_owned)
        .zip(0..)
        .collect();
    assert_eq!(merges(&ids), [("a", "b"), ("b", "a"), ("a", "ba"), ("ab", "a")]);
}

proptest! {
    #[test]
    fn no_file_is_a_danger(content: Vec<u8>) {
        let _ = parse(&content);
    }
}
