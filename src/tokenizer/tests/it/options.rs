//! Truncation, windows, origins and threads.

use automl_tokenizer::{EncodeOptions, Encoded, Input, Origin, Part, Tokenizer, TokenizerError, Truncation};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::model_folder::VOCABULARY;
use crate::support::{LONG, folder, whole};

fn bert() -> (TempDir, Tokenizer) {
    let folder = folder(&[("vocab.txt", VOCABULARY)]);
    let tokenizer = Tokenizer::from_folder(folder.path()).unwrap();
    (folder, tokenizer)
}

fn windows(input: Input<'_>, options: &EncodeOptions) -> Result<Vec<Vec<u32>>, TokenizerError> {
    let encoded = bert().1.encode(&[input], options)?.remove(0);
    Ok(encoded.windows.into_iter().map(|window| window.ids).collect())
}

fn ids(input: Input<'_>, max_length: usize, truncation: Truncation) -> Vec<Vec<u32>> {
    windows(input, &EncodeOptions::new(max_length, truncation)).unwrap()
}

#[test]
fn a_long_text_is_cut_and_keeps_its_special_tokens() {
    let text = Input::Text("a film a quiet film .");
    assert_eq!(ids(text, 4, Truncation::LongestFirst), [[2, 4, 5, 3]]);
    assert_eq!(ids(text, 6, Truncation::HeadTail), [[2, 4, 6, 5, 10, 3]]);
    assert_eq!(ids(text, 8, Truncation::HeadTail), [[2, 4, 5, 4, 6, 5, 10, 3]]);
}

#[test]
fn a_model_can_keep_the_end_of_a_text() {
    let folder = folder(&[
        ("vocab.txt", VOCABULARY),
        ("tokenizer_config.json", r#"{"truncation_side": "left"}"#),
    ]);
    let tokenizer = Tokenizer::from_folder(folder.path()).unwrap();
    let options = EncodeOptions::new(4, Truncation::LongestFirst);
    let encoded = tokenizer
        .encode(&[Input::Text("a film a quiet film .")], &options)
        .unwrap();
    assert_eq!(encoded[0].windows[0].ids, [2, 5, 10, 3]);
}

#[test]
fn a_model_can_keep_the_ends_of_a_pair() {
    let folder = folder(&[
        ("vocab.txt", VOCABULARY),
        ("tokenizer_config.json", r#"{"truncation_side": "left"}"#),
    ]);
    let tokenizer = Tokenizer::from_folder(folder.path()).unwrap();
    let options = EncodeOptions::new(8, Truncation::LongestFirst);
    let pairs = [
        Input::Pair("a film", "a quiet film a ."),
        Input::Pair("a film quiet .", "a quiet film a ."),
    ];
    let encoded = tokenizer.encode(&pairs, &options).unwrap();
    // What `BertTokenizer` of transformers 5.24 gives.
    assert_eq!(encoded[0].windows[0].ids, [2, 4, 5, 3, 5, 4, 10, 3]);
    assert_eq!(encoded[1].windows[0].ids, [2, 6, 10, 3, 5, 4, 10, 3]);
}

#[test]
fn of_a_pair_the_longer_text_is_cut_first() {
    let pair = Input::Pair("a film", "a quiet film a .");
    assert_eq!(ids(pair, 8, Truncation::LongestFirst), [[2, 4, 5, 3, 4, 6, 5, 3]]);
    assert_eq!(ids(pair, 8, Truncation::HeadTail), [[2, 4, 5, 3, 4, 4, 10, 3]]);
}

#[test]
fn windows_repeat_the_question() {
    let pair = Input::Pair("film", "a quiet film a .");
    let second = Truncation::Windows {
        of: Part::Second,
        stride: 1,
    };
    assert_eq!(ids(pair, 7, second), [[2, 5, 3, 4, 6, 5, 3], [2, 5, 3, 5, 4, 10, 3]]);
    let first = Truncation::Windows {
        of: Part::First,
        stride: 0,
    };
    assert_eq!(
        ids(Input::Text("a quiet film a ."), 5, first),
        [vec![2, 4, 6, 5, 3], vec![2, 4, 10, 3]]
    );
    assert_eq!(ids(Input::Text("a quiet"), 5, second), [[2, 4, 6, 3]]);
}

#[test]
fn options_without_room_are_refused() {
    let pair = Input::Pair("a a a", "film film");
    let fault = |input, max_length, truncation| {
        windows(input, &EncodeOptions::new(max_length, truncation))
            .unwrap_err()
            .to_string()
    };
    let second = |stride| Truncation::Windows {
        of: Part::Second,
        stride,
    };
    let faults = [
        fault(Input::Text("a"), 2, Truncation::LongestFirst),
        fault(pair, 3, Truncation::HeadTail),
        fault(pair, 6, second(0)),
        fault(pair, 7, second(1)),
        fault(Input::Pair("a a a", ""), 4, second(0)),
    ];
    insta::assert_snapshot!(faults.join("\n"), @r"
    a maximum length of 2 tokens leaves no room for text; use at least 3
    a maximum length of 3 tokens leaves no room for text; use at least 4
    input 0: its 6 tokens that are not cut leave no room for the other text within 6 tokens; raise the maximum length or shorten the text
    a stride of 1 tokens repeats whole windows: only 1 tokens of the text fit into one; lower the stride or raise the maximum length
    input 0: its 5 tokens that are not cut leave no room for the other text within 4 tokens; raise the maximum length or shorten the text
    ");
}

#[test]
fn no_number_is_too_large() {
    let endless = Truncation::Windows {
        of: Part::Second,
        stride: usize::MAX,
    };
    assert_eq!(ids(Input::Pair("a", "film"), usize::MAX, endless), [[2, 4, 3, 5, 3]]);
    assert!(windows(Input::Pair("a", "film"), &EncodeOptions::new(4, endless)).is_err());
}

#[test]
fn a_pair_without_a_second_text_is_a_text() {
    assert_eq!(
        ids(Input::Pair("a film", ""), 9, Truncation::LongestFirst),
        [[2, 4, 5, 3]]
    );
    assert_eq!(
        ids(Input::Pair("", "a film"), 9, Truncation::LongestFirst),
        [[2, 3, 4, 5, 3]]
    );
}

#[test]
fn tokens_know_their_part_word_and_characters() {
    let origins = |input| whole(&bert().1, input).origins.unwrap();
    let text = |part, word, characters| Origin::Text {
        part,
        word: Some(word),
        characters,
    };
    assert_eq!(
        origins(Input::Pair("好 quietly", "a")),
        [
            Origin::Added,
            text(Part::First, 0, 0..1),
            text(Part::First, 1, 2..7),
            text(Part::First, 1, 7..9),
            Origin::Added,
            text(Part::Second, 0, 0..1),
            Origin::Added,
        ]
    );
    assert_eq!(
        origins(Input::Words(&["a.", "quietly"])),
        [
            Origin::Added,
            text(Part::First, 0, 0..1),
            text(Part::First, 0, 1..2),
            text(Part::First, 1, 0..5),
            text(Part::First, 1, 5..7),
            Origin::Added,
        ]
    );
}

#[test]
fn an_empty_batch_needs_no_options() {
    assert_eq!(
        bert()
            .1
            .encode(&[], &EncodeOptions::new(0, Truncation::LongestFirst))
            .unwrap(),
        []
    );
}

#[test]
fn a_model_with_too_few_rows_is_refused() {
    let (_folder, tokenizer) = bert();
    tokenizer.check_rows(12).unwrap();
    let error = tokenizer.check_rows(11).unwrap_err();
    insta::assert_snapshot!(error, @"the tokenizer's token `[MASK]` has id 11, but the model has embeddings for 11 tokens only; use the tokenizer that belongs to the model");
}

fn encode_with(threads: usize, tokenizer: &Tokenizer, inputs: &[Input<'_>]) -> Vec<Encoded> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let options = EncodeOptions::new(
        9,
        Truncation::Windows {
            of: Part::Second,
            stride: 1,
        },
    )
    .with_origins();
    pool.install(|| tokenizer.encode(inputs, &options)).unwrap()
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let (_folder, tokenizer) = bert();
    let texts: Vec<String> = (0..500)
        .map(|n| format!("a {} film {}", "quietly ".repeat(n % 7), n))
        .collect();
    let inputs: Vec<Input<'_>> = texts.iter().map(|text| Input::Text(text)).collect();
    let one = encode_with(1, &tokenizer, &inputs);
    assert_eq!(one, encode_with(4, &tokenizer, &inputs));
    let single: Vec<Encoded> = inputs
        .iter()
        .flat_map(|input| encode_with(1, &tokenizer, &[*input]))
        .collect();
    assert_eq!(one, single);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn windows_lose_no_token_of_any_text(text in "[a-c好. filmquety]{0,60}", max_length in 3..12_usize, stride in 0..9_usize) {
        prop_assume!(stride < max_length - 2);
        let options = EncodeOptions::new(max_length, Truncation::Windows { of: Part::First, stride });
        let windows = windows(Input::Text(&text), &options).unwrap();
        let mut joined: Vec<u32> = Vec::new();
        for (window, number) in windows.iter().zip(0..) {
            prop_assert!(window.len() <= max_length);
            let inner = &window[1..window.len() - 1];
            joined.extend(&inner[if number == 0 { 0 } else { stride }..]);
        }
        let complete = ids(Input::Text(&text), LONG, Truncation::LongestFirst).remove(0);
        prop_assert_eq!(&complete[1..complete.len() - 1], &joined[..]);
    }

    #[test]
    fn characters_lie_in_the_text(text in "\\PC{0,40}") {
        let length = text.chars().count();
        for origin in whole(&bert().1, Input::Text(&text)).origins.unwrap() {
            if let Origin::Text { characters, .. } = origin {
                prop_assert!(characters.start <= characters.end && characters.end <= length);
            }
        }
    }
}
